"""The Monte Carlo of sputtered atoms on a designed grid, kept as a table, and the smooth forms fitted to it.

One table an element, at 9 pressures (Chebyshev in ln p), 4 distances and 2 gas temperatures; the column of gas p·d/k_BT
runs from 3·10¹⁷ to 2·10²⁰ m⁻². `tansaki tabulate transport` writes the file beside this module. Each number stands
with its standard error and everything it was made from; points that the fit never sees are kept under `held_out`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from tomllib import loads
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.deposition import gas_path as forms
from tansaki.twin.deposition.gas_path import HIGHEST, LOWEST, TERMS, GasPath
from tansaki.twin.deposition.sources import annulus_flux_m2, facing_cathode
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.quantities import load

Floats = NDArray[np.float64]

ELEMENTS: Final = ("ti", "nb", "al", "zn", "cu", "co", "li", "ni", "pd", "pt", "ru")
FILE: Final = "transport_tables.toml"
ATOMS: Final = 150_000
HELD_OUT_EACH: Final = 2
HELD_OUT_ATOMS: Final = 6
"""Atoms of a held-out point, in those of a point of the grid."""
_SEED: Final = 20260
_MODEL_ERROR: Final = 0.005
"""Relative error granted to the forms, beside the standard errors, as the weight of a point."""


class Chamber(NamedTuple):
    """The geometry of the table (twin/instruments/gas_scattering.toml)."""

    inner_radius_m: float
    outer_radius_m: float
    wall_radius_m: float
    wafer_radius_m: float
    ion_energy_ev: float


class Point(NamedTuple):
    """One run of the Monte Carlo: where, and what arrived with which standard error."""

    pressure_pa: float
    distance_m: float
    gas_temperature_k: float
    rate: float
    rate_error: float
    energy_ev: float
    energy_error_ev: float
    edge: float
    edge_error: float


class Progress(NamedTuple):
    """How far `tabulate` has come."""

    done: int
    total: int
    symbol: str
    held_out: bool
    point: Point


def chamber() -> Chamber:
    """The geometry of the table."""
    return load("instruments", "gas_scattering").parameters("chamber", Chamber)


def grid() -> list[tuple[float, float, float]]:
    """(p, d, T_g) of the table: extremes of Chebyshev polynomials in ln p and d, zeros of the second one in T_g."""

    def between(which: int, positions: Sequence[float]) -> list[float]:
        low, high = LOWEST[which], HIGHEST[which]
        return [0.5 * (low + high) + 0.5 * (high - low) * position for position in positions]

    def extremes(number: int) -> list[float]:
        return [-float(np.cos(np.pi * k / (number - 1))) for k in range(number)]

    middle, half = forms.LN_PRESSURE_MIDDLE, forms.LN_PRESSURE_HALF
    pressures = [float(np.exp(middle + half * position)) for position in extremes(9)]
    distances, temperatures = between(1, extremes(4)), between(2, (-(0.5**0.5), 0.5**0.5))
    return [
        (float(f"{p:.4g}"), float(f"{d:.4g}"), float(f"{t:.4g}"))
        for p in pressures
        for d in distances
        for t in temperatures
    ]


def held_out_places(symbol: str) -> list[tuple[float, float, float]]:
    """Points of the range drawn at random with a seed of the element's own, which the fit does not use."""
    rng = np.random.default_rng([_SEED, *symbol.encode()])
    low, high = np.array(LOWEST), np.array(HIGHEST)
    low[0], high[0] = np.log(low[0]), np.log(high[0])
    places = rng.uniform(low, high, (HELD_OUT_EACH, 3))
    return [(float(f"{np.exp(p):.4g}"), float(f"{d:.4g}"), float(f"{t:.4g}")) for p, d, t in places]


def run_point(symbol: str, place: tuple[float, float, float], atoms: int, seed: int) -> Point:
    """Follow `atoms` atoms and reduce them to rate at the centre, mean energy on the wafer and edge over centre."""
    from tansaki.twin.deposition import particle_transport as monte_carlo

    pressure_pa, distance_m, gas_temperature_k = place
    room = chamber()
    arrivals = monte_carlo.trace(
        monte_carlo.atom_of(symbol),
        facing_cathode(room.inner_radius_m, room.outer_radius_m),
        monte_carlo.Room(distance_m, room.wall_radius_m),
        monte_carlo.argon(pressure_pa, gas_temperature_k),
        monte_carlo.scattering_of(),
        atoms=atoms,
        seed=seed,
        ion_energy_ev=room.ion_energy_ev,
    )
    radius = np.hypot(arrivals.x_m, arrivals.y_m)
    energies = arrivals.energy_ev[radius < room.wafer_radius_m]
    profile, covariance = relative_profile(radius, atoms, distance_m, room)
    free = annulus_flux_m2(np.array([0.0, room.wafer_radius_m]), distance_m, room.inner_radius_m, room.outer_radius_m)
    edge = profile[1] / profile[0] * free[1] / free[0]
    spread = covariance[1, 1] / profile[1] ** 2 + covariance[0, 0] / profile[0] ** 2
    spread -= 2.0 * covariance[0, 1] / (profile[0] * profile[1])
    return Point(
        *place,
        float(profile[0]),
        float(np.sqrt(covariance[0, 0])),
        float(energies.mean()),
        float(energies.std() / np.sqrt(energies.size)),
        float(edge),
        float(edge * np.sqrt(spread)),
    )


def relative_profile(radius_m: Floats, emitted: int, distance_m: float, room: Chamber) -> tuple[Floats, Floats]:
    """Flux over that without collisions at the centre and at the edge of the wafer [2], and its covariance [2, 2].

    A cubic in r² is fitted, weighted, to the counts in 30 rings of equal area out to 1.2 wafer radii or 0.7 of the
    distance: the flux itself is peaked over the racetrack, its ratio to the collision-free flux is not.
    """
    reach = max(1.2 * room.wafer_radius_m, 0.7 * distance_m) ** 2
    edges = np.linspace(0.0, reach, 31)
    counts, _ = np.histogram(np.square(radius_m), bins=edges)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    inside = edges[:-1, None] + 0.5 * (nodes + 1.0) * (edges[1] - edges[0])
    flux = annulus_flux_m2(np.sqrt(inside), distance_m, room.inner_radius_m, room.outer_radius_m)
    expected = emitted * np.pi * (edges[1] - edges[0]) * (flux @ (0.5 * weights))
    ratio = counts / expected
    middle = 0.5 * (edges[:-1] + edges[1:]) / reach
    # The variance of a ratio is its mean over the expected count; the mean is taken from a plain straight line.
    line = np.polynomial.Polynomial.fit(middle, ratio, 1, w=np.sqrt(expected))
    weight = np.sqrt(expected / np.maximum(line(middle), 0.1 * ratio.mean()))
    basis = np.vander(middle, 4, increasing=True)
    covariance = np.linalg.inv((basis * weight[:, None] ** 2).T @ basis)
    coefficients = covariance @ (basis.T @ (weight**2 * ratio))
    ends: Floats = np.vander(np.array([0.0, room.wafer_radius_m**2 / reach]), 4, increasing=True)
    return ends @ coefficients, ends @ covariance @ ends.T


def tabulate(atoms: int = ATOMS, symbols: Sequence[str] = ELEMENTS) -> Iterator[Progress]:
    """Run the Monte Carlo over the grid and the held-out points of each element, one `Progress` a point."""
    if atoms < 1000:
        raise InvalidInputError("atoms", atoms, "1000 or more", "fewer give profiles with empty rings")
    for symbol in symbols:
        if symbol not in ELEMENTS:
            raise unknown_name("element of the transport table", symbol, ELEMENTS)
    places = grid()
    each = len(places) + HELD_OUT_EACH
    for k, symbol in enumerate(symbols):
        for i, place in enumerate(places + held_out_places(symbol)):
            held = i >= len(places)
            seed = _SEED + 1000 * ELEMENTS.index(symbol) + i
            point = run_point(symbol, place, atoms * (HELD_OUT_ATOMS if held else 1), seed)
            yield Progress(k * each + i + 1, len(symbols) * each, symbol, held, point)


def as_toml(found: Sequence[Progress], atoms: int) -> str:
    """The text of the table file."""
    inputs: dict[str, Any] = {
        "gas": "ar",
        "atoms_per_point": atoms,
        "atoms_per_held_out_point": HELD_OUT_ATOMS * atoms,
        "seed": _SEED,
        "code": code_digest(),
        **chamber()._asdict(),
    }
    for name, quantity in load("instruments", "gas_scattering").section("scattering").items():
        inputs[name] = quantity.value
    lines = [
        'title = "Sputtered atoms through argon: Monte Carlo with standard errors, by tansaki tabulate transport"',
        "",
        "[inputs]",
        *(f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value!r}" for name, value in inputs.items()),
    ]
    for section, held in (("grid", False), ("held_out", True)):
        for symbol in dict.fromkeys(step.symbol for step in found):
            points = [step.point for step in found if step.symbol == symbol and step.held_out == held]
            lines += ["", f"[{section}.{symbol}]"]
            for name, values in zip(Point._fields, zip(*points, strict=True), strict=True):
                lines += [f"{name} = [", *_rows([f"{value:.4g}" for value in values]), "]"]
    return "\n".join(lines) + "\n"


def _rows(values: Sequence[str]) -> list[str]:
    # TOML tells a float from an integer by the point.
    plain = [value if "." in value or "e" in value else f"{value}.0" for value in values]
    return [f"  {', '.join(plain[i : i + 12])}," for i in range(0, len(plain), 12)]


def code_digest() -> str:
    """Of the Monte Carlo, its sources and its numbers: what the values of the table depend on."""
    digest = sha256()
    for package, name in (
        ("tansaki.twin.deposition", "atom_flight.py"),
        ("tansaki.twin.deposition", "particle_transport.py"),
        ("tansaki.twin.instruments", "gas_scattering.toml"),
    ):
        digest.update(files(package).joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


@cache
def table() -> Mapping[str, Any]:
    """The table file as it is."""
    return loads(files("tansaki.twin.deposition").joinpath(FILE).read_text(encoding="utf-8"))


def points(symbol: str, section: str = "grid") -> dict[str, Floats]:
    """The points of an element, one array a field of `Point`; `section` is grid or held_out."""
    if symbol not in table()["grid"]:
        raise unknown_name("element of the transport table", symbol, table()["grid"])
    columns = table()[section][symbol]
    return {name: np.array(columns[name]) for name in Point._fields}


@cache
def gas_path(symbol: str) -> GasPath:
    """The smooth forms of an element, fitted to the table by weighted least squares (deterministic)."""
    known = points(symbol)
    inputs = table()["inputs"]
    geometry = (inputs["inner_radius_m"], inputs["outer_radius_m"], inputs["wafer_radius_m"])
    emitted = mean_emitted_energy_ev(symbol, inputs["ion_energy_ev"])
    distance_m, gas_temperature_k = known["distance_m"], known["gas_temperature_k"]
    place = (known["pressure_pa"], distance_m, gas_temperature_k)
    crossed = forms.column(*place)
    variables = forms.scaled(*place)
    design = np.stack([forms.polynomial(tuple(row), *variables) * np.ones_like(crossed) for row in np.eye(TERMS)]).T
    blank = GasPath((), (), (), emitted, *geometry)
    free = forms.free_edge_to_centre(distance_m, blank)
    return blank._replace(
        rate=_fit(design, lambda q: forms.rate_form(crossed, q), known["rate"], known["rate_error"]),
        energy=_fit(
            design,
            lambda q: forms.energy_form(crossed, q, gas_temperature_k, emitted),
            known["energy_ev"],
            known["energy_error_ev"],
        ),
        edge=_fit(design, lambda q: forms.edge_form(crossed, q, free), known["edge"], known["edge_error"]),
    )


def mean_emitted_energy_ev(symbol: str, ion_energy_ev: float) -> float:
    """Mean of the Thompson distribution that is cut off at the largest energy transfer, eV.

    With E = Ur/(1 − r) the density is r·[1 − √(U/(γE_i(1 − r)))] on 0 < r < 1 − U/(γE_i).
    """
    gas_u = load("elements", "ar").section("atom")["mass_u"].value
    mass_u = load("elements", symbol).section("atom")["mass_u"].value
    binding = load("elements", symbol).section("sputtering")["surface_binding_ev"].value
    share = binding / (4.0 * mass_u * gas_u / (mass_u + gas_u) ** 2 * ion_energy_ev)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    # r = (1 − share)(1 − t²): the mean over t stays smooth where the bracket ends in a root.
    t = 0.5 * (nodes + 1.0)
    r = (1.0 - share) * (1.0 - t * t)
    density = weights * t * r * (1.0 - np.sqrt(share / (1.0 - r)))
    return float(binding * np.sum(density * r / (1.0 - r)) / np.sum(density))


def _fit(design: Floats, form: Callable[[Floats], Floats], value: Floats, error: Floats) -> tuple[float, ...]:
    """Coefficients by Gauss-Newton with a damped step.

    Thin gas hardly tells how it scatters. There a prior of the coefficients decides, of zero mean and standard
    deviation 1 (10 for the constant): it keeps the forms smooth and is weak beside the points of denser gas.
    """
    weight = 1.0 / np.hypot(error, _MODEL_ERROR * value)
    pull = np.eye(TERMS)
    pull[0, 0] = 0.1
    coefficients = np.zeros(TERMS)

    def misfit(c: Floats) -> Floats:
        return np.concatenate([weight * (form(design @ c) - value), pull @ c])

    here = misfit(coefficients)
    for _ in range(100):
        q = design @ coefficients
        slope = (form(q + 1e-5) - form(q - 1e-5)) / 2e-5
        jacobian = np.concatenate([(weight * slope)[:, None] * design, pull])
        step = np.linalg.lstsq(jacobian, -here, rcond=None)[0]
        length = 1.0
        while length > 1e-6 and not np.sum(misfit(coefficients + length * step) ** 2) < np.sum(here**2):
            length *= 0.5
        if length <= 1e-6 or np.abs(step).max() < 1e-10:
            break
        coefficients = coefficients + length * step
        here = misfit(coefficients)
    return tuple(float(c) for c in coefficients)
