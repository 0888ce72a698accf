"""What a compound of given composition and density does to X-rays of Cu Kα.

Compositions are atoms by element symbol in any multiple of the formula; the elements are files in twin/elements.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.x_ray.scattering_factors import ATOMIC_MASS_KG, ELECTRON_RADIUS_M, XRay
from tansaki.twin.quantities import load

_TERM: Final = re.compile(r"([A-Z][a-z]?)(\d+\.?\d*|\.\d+)?")
_ANIONS: Final = ("O", "N")


class Element(NamedTuple):
    """Atomic number and mass of one element, and its scattering."""

    atomic_number: float
    mass_u: float
    x_ray: XRay


class ScatteringLengthDensity(NamedTuple):
    """r_e Σ nⱼ fⱼ in 1/m²: the real part bends, the imaginary part (> 0) absorbs."""

    real_per_m2: float
    imaginary_per_m2: float


@cache
def element(symbol: str) -> Element:
    """The element `symbol` ("Ti")."""
    file = load("elements", symbol.lower())
    atom = file.section("atom")
    return Element(atom["atomic_number"].value, atom["mass_u"].value, file.parameters("x_ray", XRay))


def scattering_length_density(composition: Mapping[str, float], density_kg_m3: float) -> ScatteringLengthDensity:
    """Forward scattering by all electrons: f = Z + f′ + if″; errors of f′ reach 0.5 % of the real part at most."""
    amounts = _amounts(composition)
    atoms = [element(symbol) for symbol in amounts]
    # Formula units per volume times r_e.
    scale = ELECTRON_RADIUS_M * density_kg_m3 / (ATOMIC_MASS_KG * _mass_u(amounts))
    real = sum(x * (a.atomic_number + a.x_ray.f_prime) for x, a in zip(amounts.values(), atoms, strict=True))
    imaginary = sum(x * a.x_ray.f_double_prime for x, a in zip(amounts.values(), atoms, strict=True))
    return ScatteringLengthDensity(scale * real, scale * imaginary)


def linear_attenuation_per_m(composition: Mapping[str, float], density_kg_m3: float) -> float:
    """μ = ρ Σ wⱼ (μ/ρ)ⱼ with the mass fractions w."""
    amounts = _amounts(composition)
    total = sum(x * element(s).mass_u * element(s).x_ray.mass_attenuation_m2_kg for s, x in amounts.items())
    return density_kg_m3 * total / _mass_u(amounts)


def parsed(text: str) -> dict[str, float]:
    """Atoms by element symbol of a formula without brackets: "Ti0.94Nb0.06O2"."""
    terms = _TERM.findall(text)
    if not terms or "".join(symbol + amount for symbol, amount in terms) != text:
        raise InvalidInputError("formula", text, "element symbols with amounts, as Ti0.94Nb0.06O2")
    composition: dict[str, float] = {}
    for symbol, amount in terms:
        composition[symbol] = composition.get(symbol, 0.0) + float(amount or 1.0)
    return composition


def formula(composition: Mapping[str, float]) -> str:
    """What is written on the box: metals to 0.01 of their sum, oxygen and nitrogen to the nearest half per metal.

    So the stoichiometry of a film, which its operator does not know, does not get out by its name.
    """
    held = _amounts(composition)
    metals = sum(amount for symbol, amount in held.items() if symbol not in _ANIONS) or 1.0
    text = ""
    for symbol, amount in held.items():
        each = amount / metals
        stated = round(2.0 * each) / 2.0 if symbol in _ANIONS else round(each, 2)
        if stated > 0.0:
            text += symbol if stated == 1.0 else f"{symbol}{stated:g}"
    return text


def _amounts(composition: Mapping[str, float]) -> Mapping[str, float]:
    held = {symbol: amount for symbol, amount in composition.items() if amount != 0.0}
    if not held or not all(0.0 < amount < float("inf") for amount in held.values()):
        raise InvalidInputError("composition", dict(composition), "amounts >= 0, one of them > 0")
    return held


def _mass_u(amounts: Mapping[str, float]) -> float:
    return sum(x * element(symbol).mass_u for symbol, x in amounts.items())
