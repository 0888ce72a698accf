"""Instruments that look at one film agree within what they state: direct current, Hall effect and the Drude tail."""

import math
from collections.abc import Iterator
from typing import Final

from tansaki.experiments.validation.row import Row

GROUP: Final = "consistency"
SOURCE: Final = "one film of the twin, seen by several instruments at default noise"
COVERAGE_FACTOR: Final = 1.96
FILMS: Final = 25


def rows() -> Iterator[Row]:
    """For one film, and over random films: the difference of two resistivities over its standard uncertainty."""
    import numpy as np

    from tansaki.experiments.validation.coverage import random_films
    from tansaki.experiments.validation.spectrophotometry import published_film
    from tansaki.twin.measurement.instrument import open_instrument
    from tansaki.twin.specimens.specimen import Specimen
    from tansaki.twin.specimens.titania import specimen_of_film

    rng = np.random.default_rng(8)

    def seen(specimen: Specimen) -> dict[str, tuple[float, float]]:
        """Value and standard uncertainty by instrument, ohm cm."""
        found = {}
        for name, derived in (
            ("four_point_probe", "resistivity"),
            ("hall_station", "resistivity"),
            ("spectrophotometer", "optical_resistivity"),
        ):
            value = open_instrument(name).measure(specimen, rng).derived.get(derived)
            if value is not None:
                found[name] = (value.value, value.u)
        return found

    film = published_film()
    readings = seen(specimen_of_film(film, "published", "glass", 0.01, 0.01))
    pairs = (
        ("spectrophotometer", "four_point_probe"),
        ("spectrophotometer", "hall_station"),
        ("hall_station", "four_point_probe"),
    )
    for one, other in pairs:
        deviation = _deviation(readings, one, other)
        label = f"published film: resistivity by {one} less that by {other}, over its standard uncertainty"
        ok = abs(deviation) <= COVERAGE_FACTOR
        yield Row("M-film", GROUP, label, 0.0, deviation, f"± {COVERAGE_FACTOR}", SOURCE, "exact", ok)
    many = [seen(specimen) for _, specimen in random_films(FILMS, 8, (40e-9, 180e-9))]
    for one, other in pairs:
        deviations = [_deviation(found, one, other) for found in many]
        known = [deviation for deviation in deviations if math.isfinite(deviation)]
        rms = math.sqrt(sum(deviation**2 for deviation in known) / len(known)) if known else math.nan
        label = f"{FILMS} films: rms difference of resistivity by {one} and {other}, over its standard uncertainty"
        # The rms of 25 standard normal numbers lies between 0.65 and 1.4 in 99 % of cases.
        ok = 0.65 <= rms <= 1.4
        note = f"{len(known)} films with both values"
        yield Row("M-films", GROUP, label, 1.0, rms, "0.65 to 1.4", SOURCE, "exact", ok, note)


def _deviation(readings: dict[str, tuple[float, float]], one: str, other: str) -> float:
    if one not in readings or other not in readings:
        return math.nan
    return (readings[one][0] - readings[other][0]) / math.hypot(readings[one][1], readings[other][1])
