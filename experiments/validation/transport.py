"""Sputtered atoms on their way: sources (V10), collisions (V11, V12), Keller-Simmons, prototype and surrogate (V14)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.deposition.particle_transport import Arrivals

COSINE: Final = "cosine law, integrated over the emitting surface"
COLLISION: Final = "elastic collision, isotropic in the centre of mass"
KELLER: Final = "Keller & Simmons, IBM J. Res. Dev. 23, 24 (1979), fitted to the Monte Carlo of the twin"
PROTOTYPE: Final = "prototype Monte Carlo of the same equations: ring 2-3 cm, h 10 cm, 400 K, 400 eV, collector 5 cm"
TABLE: Final = "Monte Carlo points of twin/deposition/transport_tables.toml that the fit has not seen"
BOLTZMANN_EV_K: Final = 8.617333262e-5
ATOMS: Final = 100_000
PRESSURES_PA: Final = (0.5, 1.0, 2.0, 4.0)
PROTOTYPES: Final[Mapping[str, tuple[float, tuple[float, ...]]]] = {
    "ti": (25.8, (16.5, 12.9, 8.7, 3.9)),
    "al": (17.2, (13.8, 11.5, 7.8, 3.8)),
    "cu": (29.1, (12.3, 9.7, 6.1, 2.6)),
    "nb": (55.9, (19.5, 15.4, 9.5, 4.2)),
    "zn": (21.4, (5.9, 5.0, 2.6, 1.3)),
}
"""p₀d₀ (Pa cm) and mean energies (eV) at `PRESSURES_PA`."""


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _sources()
    yield from _free_flight()
    yield from _collisions()
    yield from _prototype()
    yield from _surrogate()


def _sources() -> Iterator[Row]:
    """V10: point, ring and disc in closed form, flattest ring."""
    import numpy as np

    from tansaki.twin.deposition import sources

    radius, height, size = 0.03, 0.08, 0.025
    angle = np.arange(256) * 2.0 * np.pi / 256
    square = height**2 + (radius - size * np.cos(angle)) ** 2 + (size * np.sin(angle)) ** 2
    ring = float(np.mean(height**2 / (np.pi * square**2)))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    rings = sources.ring_flux_m2(radius, height, size * np.sqrt(0.5 * (nodes + 1.0)))
    disc = float(np.sum(0.5 * weights * rings))
    point = float(sources.point_flux_m2(radius, height) / sources.point_flux_m2(0.0, height))
    for name, target, twin in (
        ("point source, flux at r = 0.375 h over that at the centre", (1.0 + (radius / height) ** 2) ** -2, point),
        ("ring source, flux at r = 3 cm, 1/m²", ring, float(sources.ring_flux_m2(radius, height, size))),
        ("disc source, flux at r = 3 cm, 1/m²", disc, float(sources.disc_flux_m2(radius, height, size))),
    ):
        yield relative("V10", "transport", name, target, twin, 1e-10, COSINE, "exact")
    flat = sources.FLATTEST_HEIGHT_PER_RADIUS * size
    centre = sources.ring_flux_m2(0.0, flat, size)
    for part, target in ((0.4, 0.9954), (0.6, 0.9783)):
        twin = float(sources.ring_flux_m2(part * size, flat, size) / centre)
        label = f"ring at h = √2 R, flux at {part} R over that at the centre"
        ok = abs(twin - target) <= 5e-5
        yield Row("V10", "transport", label, target, twin, "5e-5 (rounding)", COSINE, "exact", ok)
    small, twice = (float(sources.ring_flux_m2(f * size, flat, size) / centre) - 1.0 for f in (0.05, 0.1))
    label = "ring at h = √2 R, growth of the deviation with r doubled (no curvature: 16)"
    yield relative("V10", "transport", label, 16.0, twice / small, 0.02, COSINE, "exact")


def _arrivals(symbol: str, pressure_pa: float, atoms: int, seed: int) -> "Arrivals":
    from tansaki.twin.deposition import particle_transport as transport
    from tansaki.twin.deposition.sources import facing_cathode

    return transport.trace(
        transport.atom_of(symbol),
        facing_cathode(0.02, 0.03),
        transport.Room(0.1, 0.25),
        transport.argon(pressure_pa, 400.0),
        transport.scattering_of(),
        atoms=atoms,
        seed=seed,
    )


def _free_flight() -> Iterator[Row]:
    """V10: the Monte Carlo without gas is the ring formula."""
    import numpy as np

    from tansaki.twin.deposition.particle_transport import radial_flux_m2
    from tansaki.twin.deposition.sources import annulus_flux_m2

    edges = np.linspace(0.0, 0.06, 4)
    flux, error = radial_flux_m2(_arrivals("ti", 1e-7, 200_000, 1), edges)
    inside = np.sqrt(np.linspace(edges[:-1] ** 2, edges[1:] ** 2, 101))
    exact = annulus_flux_m2(inside, 0.1, 0.02, 0.03).mean(axis=0)
    for k, (target, twin, sigma) in enumerate(zip(exact, flux, error, strict=True)):
        label = f"Monte Carlo without gas, flux for r {2 * k} to {2 * k + 2} cm, 1/m²"
        ok = bool(abs(twin - target) <= 3.0 * sigma)
        yield Row("V10", "transport", label, float(target), float(twin), "3 sigma", COSINE, "exact", ok)


def _collisions() -> Iterator[Row]:
    """V11: energy kept in a collision with gas at rest; V12: equilibrium with the gas."""
    from tansaki.twin.deposition import particle_transport as transport

    law = transport.scattering_of()
    for k, symbol in enumerate(("li", "al", "ti", "cu", "nb", "pt")):
        atom, cold = transport.atom_of(symbol), transport.argon(1.0, 1e-6)
        energies, _ = transport.relaxation(atom, cold, law, energy_ev=10.0, collisions=1, atoms=100_000, seed=k)
        lost = 2.0 * atom.mass_u * cold.mass_u / (atom.mass_u + cold.mass_u) ** 2
        # E'/E is uniform between 1 − 2·lost and 1.
        sigma = 2.0 * lost / math.sqrt(12.0 * 100_000)
        twin = float(energies[0]) / 10.0
        ok = abs(twin - (1.0 - lost)) <= 3.0 * sigma
        label = f"{symbol} in argon at rest: ⟨E'/E⟩ of a collision"
        yield Row("V11", "transport", label, 1.0 - lost, twin, "3 sigma", COLLISION, "exact", ok)
    for k, symbol in enumerate(("li", "ti", "pt")):
        warm = transport.argon(1.0, 500.0)
        atom = transport.atom_of(symbol)
        _, twin = transport.relaxation(atom, warm, law, energy_ev=1.0, collisions=2000, atoms=400, seed=k)
        label = f"{symbol} in argon of 500 K: mean energy in the long run, eV"
        target = 1.5 * BOLTZMANN_EV_K * 500.0
        yield relative("V12", "transport", label, target, twin, 0.01, "equipartition, 3/2 k_BT", "exact")


def _prototype() -> Iterator[Row]:
    """V14: Keller-Simmons fits the Monte Carlo; V14b: p₀d₀ and mean energies of the reference prototype."""
    import numpy as np
    from scipy.optimize import minimize_scalar

    from tansaki.twin.deposition.sources import annulus_flux_m2, keller_simmons

    inside = np.sqrt(np.linspace(0.0, 0.05**2, 401))
    free = np.pi * 0.05**2 * float(annulus_flux_m2(inside, 0.1, 0.02, 0.03).mean())
    for symbol, (length, energies) in PROTOTYPES.items():
        fractions: list[float] = []
        means: list[tuple[float, float]] = []
        for k, pressure in enumerate(PRESSURES_PA):
            arrivals = _arrivals(symbol, pressure, ATOMS, 100 + k)
            energy = arrivals.energy_ev[np.hypot(arrivals.x_m, arrivals.y_m) < 0.05]
            fractions.append(energy.size / (ATOMS * free))
            means.append((float(energy.mean()), float(energy.std()) / math.sqrt(energy.size)))

        def misfit(pa_cm: float, found: Sequence[float] = fractions) -> float:
            expected = [keller_simmons(10.0 * pressure, pa_cm) for pressure in PRESSURES_PA]
            return float(np.sum(np.square(np.array(expected) - found)))

        fitted = float(minimize_scalar(misfit, bounds=(1.0, 500.0), method="bounded").x)
        expected = [float(keller_simmons(10.0 * pressure, fitted)) for pressure in PRESSURES_PA]
        worst = max(abs(a - b) for a, b in zip(expected, fractions, strict=True))
        label = f"{symbol}: Keller-Simmons fitted to the Monte Carlo at 0.5 to 4 Pa, worst deviation of F/F₀"
        yield Row("V14", "transport", label, 0.0, worst, "0.05", KELLER, "own reference", worst <= 0.05)
        label = f"{symbol}: p₀d₀ fitted to the Monte Carlo, Pa cm"
        yield relative("V14b", "transport", label, length, fitted, 0.1, PROTOTYPE, "own reference")
        for pressure, target, (mean, sigma) in zip(PRESSURES_PA, energies, means, strict=True):
            label = f"{symbol}: mean energy of arriving atoms at {pressure:g} Pa, eV"
            # Few fast atoms carry the mean in thick gas; the prototype's own scatter is not known.
            ok = abs(mean - target) <= 0.1 * target + 2.0 * sigma
            yield Row("V14b", "transport", label, target, mean, "10 % + 2 sigma", PROTOTYPE, "own reference", ok)


def _surrogate() -> Iterator[Row]:
    """The smooth forms against points they were not fitted to: one row an element and quantity, the worst point."""
    from tansaki.twin.deposition import gas_path as forms
    from tansaki.twin.deposition.transport_table import ELEMENTS, gas_path, points

    for symbol in ELEMENTS:
        path, held = gas_path(symbol), points(symbol, "held_out")
        place = (held["pressure_pa"], held["distance_m"], held["gas_temperature_k"])
        for name, column, form, tolerance in (
            ("rate at the centre over collision-free", "rate", forms.arriving_fraction, 0.05),
            ("mean energy, eV", "energy_ev", forms.mean_energy_ev, 0.08),
            ("thickness at 5 cm over centre", "edge", forms.edge_to_centre, 0.05),
        ):
            twin = form(*place, path)
            for k, (target, found) in enumerate(zip(held[column], twin, strict=True)):
                where = f"{place[0][k]:.2g} Pa, {100 * place[1][k]:.1f} cm, {place[2][k]:.0f} K"
                label = f"{symbol} at {where}: {name}, smooth form"
                yield relative(
                    "V14c", "transport", label, float(target), float(found), tolerance, TABLE, "own reference"
                )
