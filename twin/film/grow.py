"""From growth conditions and anneal to the hidden truth of a sample."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.film import charge, structure
from tansaki.twin.film.charge import Carriers, Mobility, Phases
from tansaki.twin.film.structure import Atmosphere, Crystallisation, Oxygen, Stress
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Anneal, Film, GrowthConditions

KELVIN_OFFSET = 273.15


class Substrate(NamedTuple):
    """What a substrate does to the film on it."""

    epitaxy: float
    thermal_expansion_per_k: float


class Variation(NamedTuple):
    """Spread between films of one recipe, as standard deviations of logarithms."""

    activation: float
    mobility: float
    thickness: float


class _Layer(NamedTuple):
    conductance_s: float
    electrons_m2: float
    thickness_m: float
    crystalline: float
    rutile: float
    oxygen_ratio: float
    stress_pa: float


NO_VARIATION = (0.0,) * len(Variation._fields)


def grow(
    layers: Sequence[GrowthConditions],
    anneal: Anneal | None,
    substrate: str,
    material: DataFile,
    normals: Sequence[float] = NO_VARIATION,
) -> Film:
    """The film that grows from `layers` (bottom first) on `substrate`, after `anneal`.

    `normals` are standard normal numbers, one for each field of `Variation`; zeros give the mean film. A layer
    grows crystalline where it is hot long enough, and crystallises more easily on anatase than on glass, so
    an oxygen-rich bottom layer is a seed for the layer above it. Layers conduct side by side:
    ρ = h / Σ σᵢhᵢ; n is the mean over the thickness and μ = 1/(neρ), as a Hall measurement would give.

    Inputs outside the ranges in section [inputs] of the material file are used and listed in
    `Film.extrapolated`. Raises `InvalidInputError` for inputs that no film can have.
    """
    _check(layers, anneal, normals)
    oxygen = material.parameters("oxygen", Oxygen)
    atmosphere = None
    if anneal is not None:
        atmosphere = material.parameters(_option(material, "anneal", anneal.atmosphere), Atmosphere)
    base = material.parameters(_option(material, "substrate", substrate), Substrate)
    spread = material.parameters("variation", Variation)
    activation, mobility, thickness = (math.exp(s * z) for s, z in zip(spread, normals, strict=True))
    grown: list[_Layer] = []
    seed, epitaxy = base.epitaxy, base.epitaxy
    for number in range(len(layers)):
        layer = _layer(
            layers[number:], anneal, atmosphere, seed, epitaxy, base, (activation, mobility), oxygen, material
        )
        seed = layer.crystalline * (1.0 - layer.rutile)
        epitaxy *= seed
        grown.append(layer._replace(**{k: getattr(layer, k) * thickness for k in _EXTENSIVE}))
    total = sum(layer.thickness_m for layer in grown)
    resistivity = total / sum(layer.conductance_s for layer in grown)
    density = sum(layer.electrons_m2 for layer in grown) / total

    def mean(name: str) -> float:
        return float(sum(getattr(layer, name) * layer.thickness_m for layer in grown) / total)

    return Film(
        material=material.name,
        thickness_m=float(total),
        dopant_fraction=sum(c.dopant_fraction * c.thickness_m for c in layers) / sum(c.thickness_m for c in layers),
        oxygen_ratio=mean("oxygen_ratio"),
        crystalline_fraction=mean("crystalline"),
        rutile_fraction=mean("rutile"),
        carrier_density_m3=float(density),
        mobility_m2_vs=float(1.0 / (density * charge.ELEMENTARY_CHARGE_C * resistivity)),
        resistivity_ohm_m=float(resistivity),
        stress_pa=mean("stress_pa"),
        extrapolated=_extrapolated(layers, anneal, material),
    )


_EXTENSIVE = ("conductance_s", "electrons_m2", "thickness_m")


def peeling_probability(film: Film, material: DataFile) -> float:
    """Probability that `film` comes off its substrate; the caller draws."""
    stress = material.parameters("stress", Stress)
    return float(structure.peeling_probability(film.stress_pa, film.thickness_m, stress))


def _layer(
    stack: Sequence[GrowthConditions],
    anneal: Anneal | None,
    atmosphere: Atmosphere | None,
    seed: float,
    epitaxy: float,
    base: Substrate,
    factors: tuple[float, float],
    oxygen: Oxygen,
    material: DataFile,
) -> _Layer:
    """The bottom layer of `stack`; the layers above it only keep it hot."""
    at = stack[0]
    c = material.parameters("crystallisation", Crystallisation)
    carriers = material.parameters("carriers", Carriers)
    deficit_grown = 1.0 - at.oxygen_coverage
    exposure = sum(
        structure.crystallisation_rate(above.substrate_temperature_k, deficit_grown, seed, c)
        * (above.thickness_m / above.rate_m_s)
        for above in stack
    )
    as_grown = structure.crystallised_fraction(exposure, c)
    occupation_grown = structure.interstitial_occupation(at.oxygen_pressure_pa, deficit_grown, oxygen)
    crystalline, occupation, deficit = as_grown, occupation_grown, deficit_grown
    if anneal is not None and atmosphere is not None:
        hot = anneal.temperature_c + KELVIN_OFFSET
        exposure += structure.crystallisation_rate(hot, deficit_grown, seed, c) * anneal.duration_s
        crystalline = structure.crystallised_fraction(exposure, c)
        exchanged = structure.exchange_exposure(hot, anneal.duration_s, atmosphere, oxygen)
        occupation = structure.annealed_occupation(occupation_grown, exchanged, atmosphere)
        deficit = structure.annealed_deficit(deficit_grown, exchanged, atmosphere)
    # What crystallised while growing chose its phase under bombardment and with the oxygen it had then.
    early = as_grown / max(crystalline, 1e-12)
    rutile = early * structure.rutile_fraction_grown(at.energy_per_atom_ev, deficit_grown, seed, c)
    rutile += (1.0 - early) * structure.rutile_fraction_annealed(deficit, seed, c)
    metal = structure.metal_fraction(deficit, c)
    anatase, per_cation = charge.anatase_conductivity_s_m(
        at.dopant_fraction,
        occupation,
        deficit,
        epitaxy,
        *factors,
        carriers,
        material.parameters("mobility", Mobility),
    )
    conductivity = charge.film_conductivity_s_m(
        anatase, crystalline, rutile, metal, material.parameters("phases", Phases)
    )
    stress = structure.film_stress(
        at.energy_per_atom_ev,
        at.substrate_temperature_k,
        crystalline - as_grown,
        base.thermal_expansion_per_k,
        material.parameters("stress", Stress),
    )
    return _Layer(
        conductance_s=conductivity * at.thickness_m,
        electrons_m2=per_cation * carriers.cation_density_m3 * at.thickness_m,
        thickness_m=at.thickness_m,
        crystalline=crystalline,
        rutile=1.0 - (1.0 - rutile) * (1.0 - metal),
        oxygen_ratio=2.0 * (1.0 - deficit) + at.dopant_fraction * occupation,
        stress_pa=stress,
    )


def _option(material: DataFile, kind: str, name: str) -> str:
    section = f"{kind}_{name}"
    if section not in material.sections:
        known = [s.removeprefix(f"{kind}_") for s in material.sections if s.startswith(f"{kind}_")]
        raise unknown_name(f"{kind} for {material.name}", name, known)
    return section


def _check(layers: Sequence[GrowthConditions], anneal: Anneal | None, normals: Sequence[float]) -> None:
    if not layers:
        raise InvalidInputError("layers", layers, "at least one")
    if len(normals) != len(Variation._fields):
        raise InvalidInputError("normals", normals, f"{len(Variation._fields)} numbers: {', '.join(Variation._fields)}")
    for layer in layers:
        for name in GrowthConditions.__dataclass_fields__:
            value = getattr(layer, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InvalidInputError(name, value, "a finite number >= 0")
        for name in ("thickness_m", "rate_m_s", "substrate_temperature_k"):
            if getattr(layer, name) == 0.0:
                raise InvalidInputError(name, 0.0, "a number > 0")
        for name in ("oxygen_coverage", "dopant_fraction"):
            if getattr(layer, name) > 1.0:
                raise InvalidInputError(name, getattr(layer, name), "a fraction from 0 to 1")
    if anneal is not None:
        if not anneal.temperature_c > -KELVIN_OFFSET:
            raise InvalidInputError("anneal temperature_c", anneal.temperature_c, f"above -{KELVIN_OFFSET}")
        if not (math.isfinite(anneal.duration_s) and anneal.duration_s >= 0.0):
            raise InvalidInputError("anneal duration_s", anneal.duration_s, "a finite number >= 0")


def _extrapolated(layers: Sequence[GrowthConditions], anneal: Anneal | None, material: DataFile) -> tuple[str, ...]:
    values = [(name, getattr(c, name)) for c in layers for name in GrowthConditions.__dataclass_fields__]
    if anneal is not None:
        values += [
            ("anneal_temperature_k", anneal.temperature_c + KELVIN_OFFSET),
            ("anneal_duration_s", anneal.duration_s),
        ]
    bounds = {name: quantity.valid for name, quantity in material.section("inputs").items() if quantity.valid}
    outside = [n for n, value in values if n in bounds and not bounds[n][0] <= value <= bounds[n][1]]
    return tuple(dict.fromkeys(outside))
