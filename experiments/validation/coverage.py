"""Do the stated uncertainties hold? Random films through the whole measurement chain, against the hidden truth.

Two questions a quantity. Over films, does value ± 1.96 u hold the truth in 95 % (92 to 98 %) of those for which the
instrument gives a value, every film in a session and on a mounting of its own? On one mounting, does the mean of a
hundred repeats keep the error that the stated systematic part says, instead of shrinking below it?
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tansaki.experiments.validation.row import Row
from tansaki.twin.records import Film
from tansaki.twin.specimens.specimen import Specimen

FILMS: Final = 300
MOUNTINGS: Final = 8
REPEATS: Final = 100
UNEVEN_PER_M2: Final = 200.0
"""Standard deviation of how fast a film thins from its centre: 0.5 % at the edge of the sample."""
SOURCE: Final = "random titania films grown by the twin, whole measurement chain at default noise"


@dataclass(frozen=True, slots=True)
class Claim:
    """A derived value of an instrument, and the truth that it is about."""

    name: str
    instrument: str
    derived: str
    truth: Callable[[Film, Specimen], float]
    """In the unit of the derived value."""
    thickness_m: tuple[float, float] = (30e-9, 180e-9)
    """Films for which the method is meant."""


def _index(_: Film, specimen: Specimen) -> float:
    return float(specimen.layers[0].refractive_index(np.array([600e-9]))[0].real)


def _light(_: Film, specimen: Specimen) -> float:
    from tansaki.twin.measurement.optical.visible import visible_transmittance

    return visible_transmittance(specimen)


def _size(_: Film, specimen: Specimen) -> float:
    """Of the anatase, nm."""
    return 1e9 * specimen.layers[0].crystals[0].size_m


def _lattice_a(_: Film, specimen: Specimen) -> float:
    return _strained(specimen, "a_m")


def _lattice_c(_: Film, specimen: Specimen) -> float:
    return _strained(specimen, "c_m")


def _strained(specimen: Specimen, edge: str) -> float:
    """Edge of the cell of the anatase, nm."""
    from tansaki.twin.measurement.x_ray.crystal import open_crystal

    grains = specimen.layers[0].crystals[0]
    return 1e9 * open_crystal(grains.phase).edges_m[edge] * (1.0 + grains.normal_strain)


CLAIMS: Final = (
    Claim("sheet resistance", "four_point_probe", "sheet_resistance", lambda film, _: film.sheet_resistance_ohm_sq),
    Claim("stylus thickness", "four_point_probe", "thickness", lambda film, _: 1e9 * film.thickness_m),
    Claim("resistivity", "four_point_probe", "resistivity", lambda film, _: 100.0 * film.resistivity_ohm_m),
    Claim("sheet resistance", "hall_station", "sheet_resistance", lambda film, _: film.sheet_resistance_ohm_sq),
    Claim("carrier density", "hall_station", "carrier_density", lambda film, _: 1e-6 * film.carrier_density_m3),
    Claim("Hall mobility", "hall_station", "hall_mobility", lambda film, _: 1e4 * film.mobility_m2_vs),
    Claim("refractive index at 600 nm", "spectrophotometer", "refractive_index_600nm", _index),
    Claim("optical thickness", "spectrophotometer", "thickness", lambda film, _: 1e9 * film.thickness_m),
    Claim(
        "optical resistivity",
        "spectrophotometer",
        "optical_resistivity",
        lambda film, _: 100.0 * film.resistivity_ohm_m,
    ),
    Claim("visible transmittance", "spectrophotometer", "visible_transmittance", _light),
    Claim("size of the crystals", "x_ray_diffractometer", "crystallite_size", _size, (30e-9, 300e-9)),
    Claim("lattice parameter a", "x_ray_diffractometer", "lattice_parameter_a", _lattice_a, (30e-9, 300e-9)),
    Claim("lattice parameter c", "x_ray_diffractometer", "lattice_parameter_c", _lattice_c, (30e-9, 300e-9)),
)


def random_films(number: int, seed: int, thickness_m: tuple[float, float]) -> Iterator[tuple[Film, Specimen]]:
    """Crystallised titania films: growth, doping and anneal drawn over the range of usual recipes; log-uniform
    in thickness, so that thin films count."""
    from tansaki.twin.film.grow import NO_VARIATION, grow
    from tansaki.twin.quantities import load
    from tansaki.twin.records import Anneal, GrowthConditions
    from tansaki.twin.specimens.titania import specimen_of_film

    rng, uneven = np.random.default_rng(seed), np.random.default_rng([seed, 2])
    material = load("materials", "nb_tio2")
    for i in range(number):
        conditions = GrowthConditions(
            thickness_m=float(np.exp(rng.uniform(*np.log(thickness_m)))),
            rate_m_s=rng.uniform(3e-11, 1e-10),
            pressure_pa=rng.uniform(0.3, 2.0),
            oxygen_pressure_pa=float(np.exp(rng.uniform(math.log(0.005), math.log(0.1)))),
            oxygen_coverage=rng.uniform(0.985, 1.0),
            energy_per_atom_ev=rng.uniform(8.0, 20.0),
            substrate_temperature_k=rng.uniform(300.0, 500.0),
            dopant_fraction=rng.uniform(0.02, 0.1),
        )
        anneal = Anneal(rng.uniform(300.0, 600.0), 3600.0, "hydrogen")
        film = grow([conditions], anneal, "glass", material, tuple(rng.standard_normal(len(NO_VARIATION))))
        fall_per_m2 = UNEVEN_PER_M2 * float(uneven.standard_normal())
        name = f"random-{seed}-{i}"
        yield film, specimen_of_film(film, name, "glass", 0.01, 0.01, thickness_curvature_per_m2=fall_per_m2)


def coverage(claim: Claim, films: int = FILMS, seed: int = 1) -> tuple[float, int]:
    """(share of the films whose 95 % interval holds the truth, number of films with a value)."""
    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument(claim.instrument)
    rng = np.random.default_rng([seed, 1])
    held = []
    for film, specimen in random_films(films, seed, claim.thickness_m):
        found = instrument.measure(specimen, rng).derived.get(claim.derived)
        if found is not None:
            held.append(abs(found.value - claim.truth(film, specimen)) <= 1.96 * found.u)
    return (float(np.mean(held)) if held else math.nan), len(held)


def kept_error(claim: Claim, mountings: int = MOUNTINGS, repeats: int = REPEATS, seed: int = 2) -> float:
    """Error of the mean of `repeats` on one mounting over the stated systematic part, rms over `mountings`."""
    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument(claim.instrument)
    rng = np.random.default_rng([seed, 1])
    ratios = []
    for film, specimen in random_films(mountings, seed, claim.thickness_m):
        session, mounting = instrument.session(rng, "session"), instrument.mount(specimen, rng)
        taken = [
            instrument.measure(specimen, rng, calibration=session, mounting=mounting).derived.get(claim.derived)
            for _ in range(repeats)
        ]
        values = [found for found in taken if found is not None]
        if values and (systematic := float(np.mean([found.u_systematic for found in values]))) > 0.0:
            mean = float(np.mean([found.value for found in values]))
            ratios.append((mean - claim.truth(film, specimen)) / systematic)
    return math.sqrt(float(np.mean(np.square(ratios)))) if ratios else math.nan


def rows() -> Iterator[Row]:
    """Two rows a claim."""
    for claim in CLAIMS:
        share, values = coverage(claim)
        note = f"{values} of {FILMS} films gave a value"
        ok = 0.92 <= share <= 0.98
        label = f"{claim.instrument}: {claim.name}, share of films whose 95 % interval holds the truth"
        yield Row("coverage", "coverage", label, 0.95, share, "0.92 to 0.98", SOURCE, "exact", ok, note)
        kept = kept_error(claim)
        # The rms of eight standard normal numbers lies between 0.5 and 1.6 in 99 % of cases.
        ok = 0.5 <= kept <= 1.6
        label = f"{claim.instrument}: {claim.name}, error of the mean of {REPEATS} repeats over its systematic part"
        yield Row("coverage", "coverage", label, 1.0, kept, "0.5 to 1.6", SOURCE, "exact", ok)
