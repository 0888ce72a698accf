"""Fits the shortcut of `tansaki.hardware.fast_readings` to the measurement chain: random films in several sessions."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from tansaki.experiments.validation.coverage import random_films
from tansaki.hardware.fast_readings import SOURCES, Reading, Source
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.optical.visible import visible_transmittance
from tansaki.twin.randomness import generator
from tansaki.twin.records import Film
from tansaki.twin.specimens.specimen import Specimen

SESSIONS: Final = 20
FILMS: Final = 20
"""In each session."""
SEED: Final = 4
SYSTEM: Final = "nb_tio2"
THICKNESS_M: Final = (30e-9, 200e-9)
"""Films of the usual recipes."""


class Fitted(NamedTuple):
    """One instrument."""

    instrument: str
    duration_s: float
    readings: dict[str, Reading]


def fitted() -> Iterator[Fitted]:
    """Every instrument that the shortcut knows, one after the other."""
    films = list(random_films(SESSIONS * FILMS, SEED, THICKNESS_M))
    for name, sources in SOURCES.items():
        instrument = open_instrument(name)
        errors: dict[str, list[float]] = {derived: [] for derived in sources}
        durations = []
        for i, (film, specimen) in enumerate(films):
            session = instrument.session(generator(SEED, f"calibration of {name}", i // FILMS), "session")
            rng = generator(SEED, f"measurement by {name}", i)
            record = instrument.measure(specimen, rng, calibration=session)
            durations.append(float(record.settings["duration_s"]))
            for derived, kept in errors.items():
                found = record.derived.get(derived)
                truth = _truth(sources[derived], film, specimen)
                kept.append(math.log(found.value / truth) if found is not None and found.value > 0.0 else math.nan)
        yield Fitted(name, float(np.mean(durations)), {derived: _reading(kept) for derived, kept in errors.items()})


def _truth(source: Source, film: Film, specimen: Specimen) -> float:
    """What the closed form gives as this output, of a film that the chamber made."""
    if source.output == "visible_transmittance":
        return source.factor * visible_transmittance(specimen)
    return source.factor * float(getattr(film, source.output))


def _reading(errors: list[float]) -> Reading:
    """Bias, spread, session part (analysis of variance), distance from the normal distribution, missing share."""
    from scipy.stats import kstest

    table = np.asarray(errors).reshape(SESSIONS, FILMS)
    known = table[np.isfinite(table)]
    bias, spread = float(known.mean()), float(known.std(ddof=1))
    within = float(np.nanmean(np.nanvar(table, axis=1, ddof=1)))
    between = float(np.nanvar(np.nanmean(table, axis=1), ddof=1)) - within / FILMS
    systematic = min(math.sqrt(max(between, 0.0)), spread)
    distance = float(kstest((known - bias) / spread, "norm").statistic)
    return Reading(bias, spread, systematic, distance, float(np.mean(~np.isfinite(table))))


def as_toml(found: list[Fitted]) -> str:
    """The file that `tansaki.hardware.fast_readings` reads."""
    lines = [
        'title = "Readings fitted to the measurement chain, by tansaki tabulate readings"',
        f'method = "{SESSIONS} sessions of {FILMS} random films each, seed {SEED}; bias and spread of ln(value/truth)"',
    ]
    for entry in found:
        lines += ["", f"[{SYSTEM}.{entry.instrument}]", f"duration_s = {entry.duration_s:.6g}"]
        for derived, reading in entry.readings.items():
            numbers = ", ".join(f"{name} = {value:.4g}" for name, value in reading._asdict().items())
            lines.append(f"{derived} = {{ {numbers} }}")
    return "\n".join(lines) + "\n"
