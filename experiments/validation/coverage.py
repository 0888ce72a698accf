"""Do the stated uncertainties hold? Random films through the whole measurement chain, against the hidden truth.

Two questions a quantity. Over films, does value ± 1.96 u hold the truth in 95 % (92 to 98 %) of those for which the
instrument gives a value, every film in a session and on a mounting of its own? On one mounting, does the mean of a
hundred repeats keep the error that the stated systematic part says, instead of shrinking below it?
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
MICROSTRAIN_SPREAD: Final = 0.5
"""Standard deviation of ln(microstrain) between films: an analysis that expects the usual one must not live on it."""
SOURCE: Final = "random titania films grown by the twin, whole measurement chain at default noise"


@dataclass(frozen=True, slots=True)
class Claim:
    """A derived value of an instrument, and the truth that it is about."""

    name: str
    derived: str
    truth: Callable[[Film, Specimen], float]
    """In the unit of the derived value."""


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


def _thickness(film: Film, _: Specimen) -> float:
    return 1e9 * film.thickness_m


def _sheet(film: Film, _: Specimen) -> float:
    return film.sheet_resistance_ohm_sq


def _resistivity(film: Film, _: Specimen) -> float:
    return 100.0 * film.resistivity_ohm_m


CLAIMS: Final[Mapping[str, tuple[Claim, ...]]] = {
    "four_point_probe": (
        Claim("sheet resistance", "sheet_resistance", _sheet),
        Claim("thickness of a stylus", "thickness", _thickness),
        Claim("resistivity", "resistivity", _resistivity),
    ),
    "hall_station": (
        Claim("sheet resistance", "sheet_resistance", _sheet),
        Claim("carrier density", "carrier_density", lambda film, _: 1e-6 * film.carrier_density_m3),
        Claim("Hall mobility", "hall_mobility", lambda film, _: 1e4 * film.mobility_m2_vs),
    ),
    "x_ray_reflectometer": (Claim("thickness", "thickness", _thickness),),
    "x_ray_diffractometer": (
        Claim("size of the crystals", "crystallite_size", _size),
        Claim("lattice parameter a", "lattice_parameter_a", _lattice_a),
        Claim("lattice parameter c", "lattice_parameter_c", _lattice_c),
    ),
    "spectrophotometer": (
        Claim("refractive index at 600 nm", "refractive_index_600nm", _index),
        Claim("thickness", "thickness", _thickness),
        Claim("resistivity", "optical_resistivity", _resistivity),
        Claim("visible transmittance", "visible_transmittance", _light),
    ),
    "ellipsometer": (
        Claim("refractive index at 600 nm", "refractive_index_600nm", _index),
        Claim("thickness", "thickness", _thickness),
    ),
}
"""By instrument."""
USUAL_M: Final = (30e-9, 180e-9)
MEANT_FOR_M: Final[Mapping[str, tuple[float, float]]] = {
    "x_ray_reflectometer": (10e-9, 180e-9),
    "x_ray_diffractometer": (30e-9, 300e-9),
}
"""Thickness of the films for which a method is meant, where it is not the usual one."""


def random_films(number: int, seed: int, thickness_m: tuple[float, float]) -> Iterator[tuple[Film, Specimen]]:
    """Titania films: growth, doping and anneal drawn over the range of usual recipes; log-uniform in thickness, so that
    thin films count."""
    from tansaki.twin.film.grow import NO_VARIATION, grow
    from tansaki.twin.quantities import load
    from tansaki.twin.records import Anneal, GrowthConditions
    from tansaki.twin.specimens.titania import specimen_of_film

    rng = np.random.default_rng(seed)
    uneven, strained = np.random.default_rng([seed, 2]), np.random.default_rng([seed, 3])
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
        usual = specimen_of_film(film, name, "glass", 0.01, 0.01, thickness_curvature_per_m2=fall_per_m2)
        yield film, _strained_by(usual, math.exp(MICROSTRAIN_SPREAD * strained.standard_normal()))


def _strained_by(specimen: Specimen, factor: float) -> Specimen:
    layers = tuple(
        layer._replace(crystals=tuple(c._replace(microstrain=factor * c.microstrain) for c in layer.crystals))
        for layer in specimen.layers
    )
    return replace(specimen, layers=layers)


def coverage(instrument: str, films: int = FILMS, seed: int = 1) -> dict[str, tuple[float, int]]:
    """By derived value: share of the films whose 95 % interval holds the truth, number of films with a value."""
    from tansaki.twin.measurement.instrument import open_instrument

    opened = open_instrument(instrument)
    rng = np.random.default_rng([seed, 1])
    held: dict[str, list[bool]] = {claim.derived: [] for claim in CLAIMS[instrument]}
    for film, specimen in random_films(films, seed, MEANT_FOR_M.get(instrument, USUAL_M)):
        record = opened.measure(specimen, rng)
        for claim in CLAIMS[instrument]:
            found = record.derived.get(claim.derived)
            if found is not None:
                held[claim.derived].append(abs(found.value - claim.truth(film, specimen)) <= 1.96 * found.u)
    return {name: (float(np.mean(hits)) if hits else math.nan, len(hits)) for name, hits in held.items()}


def kept_error(instrument: str, mountings: int = MOUNTINGS, repeats: int = REPEATS, seed: int = 2) -> dict[str, float]:
    """By derived value: error of the mean of `repeats` on one mounting over the stated systematic part, rms over
    `mountings`."""
    from tansaki.twin.measurement.instrument import open_instrument

    opened = open_instrument(instrument)
    rng = np.random.default_rng([seed, 1])
    ratios: dict[str, list[float]] = {claim.derived: [] for claim in CLAIMS[instrument]}
    for film, specimen in random_films(mountings, seed, MEANT_FOR_M.get(instrument, USUAL_M)):
        session, mounting = opened.session(rng, "session"), opened.mount(specimen, rng)
        records = [
            opened.measure(specimen, rng, calibration=session, mounting=mounting).derived for _ in range(repeats)
        ]
        for claim in CLAIMS[instrument]:
            values = [record[claim.derived] for record in records if claim.derived in record]
            if values and (systematic := float(np.mean([found.u_systematic for found in values]))) > 0.0:
                mean = float(np.mean([found.value for found in values]))
                ratios[claim.derived].append((mean - claim.truth(film, specimen)) / systematic)
    return {name: math.sqrt(float(np.mean(np.square(r)))) if r else math.nan for name, r in ratios.items()}


def rows() -> Iterator[Row]:
    """Two rows a claim."""
    for instrument, claims in CLAIMS.items():
        shares, kept = coverage(instrument), kept_error(instrument)
        for claim in claims:
            share, values = shares[claim.derived]
            note = f"{values} of {FILMS} films gave a value"
            ok = 0.92 <= share <= 0.98
            label = f"{instrument}: {claim.name}, share of films whose 95 % interval holds the truth"
            yield Row("coverage", "coverage", label, 0.95, share, "0.92 to 0.98", SOURCE, "exact", ok, note)
            ratio = kept[claim.derived]
            # The rms of eight standard normal numbers lies between 0.5 and 1.6 in 99 % of cases.
            ok = 0.5 <= ratio <= 1.6
            label = f"{instrument}: {claim.name}, error of the mean of {REPEATS} repeats over its systematic part"
            yield Row("coverage", "coverage", label, 1.0, ratio, "0.5 to 1.6", SOURCE, "exact", ok)
