"""The shortcut beside the measurement chain: true value times a log-normal factor that was fitted to the chain.

For each system, instrument and derived value, ``fast_readings.toml`` holds what `tansaki tabulate readings` found when
it sent random films through the whole chain: `bias` and `spread` of ln(value/truth), the part of the spread that an
instrument keeps for a session, and `distance`, the largest difference between the distribution of the standardised
logarithms and the normal one (Kolmogorov): the error of the shortcut. It has no raw record, no failures and no
correlation between the values of one instrument; its records say ``fast``.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from tansaki.twin.errors import unknown_name
from tansaki.twin.randomness import generator
from tansaki.twin.records import Derived, Measurement, MeasurementRequest

FILE: Final = "fast_readings.toml"


class Source(NamedTuple):
    """Where the truth of a derived value stands among the outputs of a system."""

    output: str
    factor: float
    unit: str


SOURCES: Final[Mapping[str, Mapping[str, Source]]] = {
    "four_point_probe": {
        "sheet_resistance": Source("sheet_resistance_ohm_sq", 1.0, "ohm/sq"),
        "thickness": Source("thickness_m", 1e9, "nm"),
        "resistivity": Source("resistivity_ohm_m", 100.0, "ohm cm"),
    },
    "hall_station": {
        "sheet_resistance": Source("sheet_resistance_ohm_sq", 1.0, "ohm/sq"),
        "carrier_density": Source("carrier_density_m3", 1e-6, "1/cm3"),
        "hall_mobility": Source("mobility_m2_vs", 1e4, "cm2/(V s)"),
    },
    "spectrophotometer": {
        "visible_transmittance": Source("visible_transmittance", 1.0, "1"),
    },
    "x_ray_diffractometer": {
        # Grains are columns, coherent along the normal over less than their width: a bias, and no normal distribution.
        "crystallite_size": Source("grain_size_m", 1e9, "nm"),
    },
}
"""By instrument and derived value."""


class Reading(NamedTuple):
    """What was fitted of ln(value/truth)."""

    bias: float
    spread: float
    systematic: float
    """Part of `spread` that the instrument keeps for a session."""
    distance: float
    missing: float
    """Share of the films for which the chain gave no value."""


@cache
def table() -> Mapping[str, Any]:
    """The stored fits: system, then instrument."""
    return tomllib.loads(files("tansaki.hardware").joinpath(FILE).read_text(encoding="utf-8"))


class FastReadings:
    """The instruments of a system whose readings were fitted."""

    def __init__(self, system: str, seed: int) -> None:
        self.seed = seed
        self._fitted: Mapping[str, Any] = table().get(system, {})
        self.measurements = tuple(self._fitted)

    def check(self, requests: Sequence[MeasurementRequest]) -> None:
        """Names alone: a shortcut has no settings."""
        for request in requests:
            if request.instrument not in self._fitted:
                raise unknown_name("measurement", request.instrument, self.measurements)
            for name in request.settings:
                raise unknown_name(f"setting of {request.instrument} at surrogate fidelity", name, ())

    def measure(
        self, values: Mapping[str, float], number: int, requests: Sequence[MeasurementRequest]
    ) -> list[Measurement]:
        """Readings of sample `number`, whose true outputs are `values`."""
        return [self._read(request.instrument, values, number) for request in requests]

    def _read(self, instrument: str, values: Mapping[str, float], number: int) -> Measurement:
        fitted = self._fitted[instrument]
        kept = generator(self.seed, f"calibration of {instrument}")
        fresh = generator(self.seed, f"measurement by {instrument}", number)
        derived = {}
        for name, source in SOURCES[instrument].items():
            reading = Reading(**fitted[name])
            random = math.sqrt(max(reading.spread**2 - reading.systematic**2, 0.0))
            error = reading.systematic * kept.standard_normal() + random * fresh.standard_normal()
            value = values[source.output] * source.factor * math.exp(reading.bias + error)
            spread = math.hypot(reading.bias, reading.spread)
            derived[name] = Derived(
                value, spread * value, source.unit, math.hypot(reading.bias, reading.systematic) * value
            )
        settings = {"duration_s": float(fitted["duration_s"])}
        return Measurement(instrument, settings, "surrogate", {}, derived, ("fast",))
