"""Source-measure unit: ranges with gain, offset and noise, auto-ranging, overflow, thermal voltages in its leads.

Gains and offsets err alike for a session, within the bounds of the data sheet; every reading has its own noise.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.units import BOLTZMANN_J_K

OVERFLOW = 9.91e37
"""What the instrument writes where it has no number (SCPI not-a-number)."""

FILE = "source_meter_2450"

Floats = NDArray[np.float64]


class VoltageRange(NamedTuple):
    """One range of the voltmeter; gain and offset are bounds of the error."""

    full_scale_v: float
    gain: float
    offset_v: float
    noise_v: float


class CurrentRange(NamedTuple):
    """One range of the current source; gain and offset are bounds of the error."""

    full_scale_a: float
    gain: float
    offset_a: float


class Meter(NamedTuple):
    """Section [meter]."""

    over_range: float
    """Largest reading that is shown, over the full scale."""
    bandwidth_hz: float


class ThermalVoltage(NamedTuple):
    """Section [thermal_voltage] of an instrument: constant for a mounting, and a wandering part."""

    emf_v: float
    drift_v: float
    drift_s: float


class MeterErrors(NamedTuple):
    """Actual errors of one session: a pair (relative gain, offset) for every range."""

    voltage: tuple[tuple[float, float], ...]
    current: tuple[tuple[float, float], ...]


class Ranges(NamedTuple):
    """What auto-ranging settled on: positions in `SourceMeter.current` and `SourceMeter.voltage`."""

    source: int
    meter: int
    limited: bool
    """The source stopped at its voltage limit."""
    searched: int
    """Readings spent on the search."""


class SourceMeter:
    """Current source and voltmeter with the numbers of one file, ranges sorted by full scale."""

    def __init__(self, file: DataFile) -> None:
        self.meter = file.parameters("meter", Meter)
        self.voltage = sorted(file.parameters(s, VoltageRange) for s in file.sections if s.startswith("voltage_range_"))
        self.current = sorted(file.parameters(s, CurrentRange) for s in file.sections if s.startswith("current_range_"))
        if not self.voltage or not self.current:
            raise InvalidInputError(
                file.name, sorted(file.sections), "sections voltage_range_<n> and current_range_<n>"
            )

    def calibrate(self, rng: np.random.Generator | None) -> MeterErrors:
        """Uniform within the data-sheet bounds; none without `rng`."""

        def within(bound: float) -> float:
            return 0.0 if rng is None else bound * rng.uniform(-1.0, 1.0)

        return MeterErrors(
            tuple((within(r.gain), within(r.offset_v)) for r in self.voltage),
            tuple((within(r.gain), within(r.offset_a)) for r in self.current),
        )

    def ranges(
        self, sensed_ohm: float, driven_ohm: float, emf_v: float, target_voltage_v: float, limit_voltage_v: float
    ) -> Ranges:
        """Auto-ranging from the smallest current.

        The current is raised as long as the next range keeps the reading below `target_voltage_v` and the source
        below `limit_voltage_v`; then the meter takes the smallest range that shows the voltage.
        """
        source = 0
        while source + 1 < len(self.current):
            here, following = self.current[source].full_scale_a, self.current[source + 1].full_scale_a
            shown = abs(here * sensed_ohm + emf_v) * following / here
            if shown > target_voltage_v or following * driven_ohm > limit_voltage_v:
                break
            source += 1
        level = self.current[source].full_scale_a
        limited = level * driven_ohm > limit_voltage_v
        expected = abs(min(level, limit_voltage_v / driven_ohm) * sensed_ohm) + abs(emf_v)
        meter = self.voltage_range(expected)
        return Ranges(source, meter, limited, source + meter)

    def voltage_range(self, expected_v: float) -> int:
        """The smallest range that shows `expected_v`, or the largest of all."""
        meter = 0
        while meter + 1 < len(self.voltage) and expected_v > self.voltage[meter].full_scale_v:
            meter += 1
        return meter

    def flowing_a(
        self, sign: Floats, ranges: Ranges, driven_ohm: float, limit_voltage_v: float, errors: MeterErrors
    ) -> Floats:
        """The current that flows when ±full scale is asked for."""
        if ranges.limited:
            return sign * limit_voltage_v / driven_ohm
        gain, offset_a = errors.current[ranges.source]
        return sign * self.current[ranges.source].full_scale_a * (1.0 + gain) + offset_a

    def readings_v(
        self,
        voltage_v: Floats,
        sensed_ohm: float,
        meter: int,
        errors: MeterErrors,
        thermal: ThermalVoltage,
        interval_s: float,
        temperature_k: float,
        rng: np.random.Generator | None,
    ) -> Floats:
        """What the meter shows of `voltage_v` [readings], `interval_s` apart, `OVERFLOW` beyond its range.

        Wandering thermal voltage, Johnson noise of `sensed_ohm`, noise, gain and offset of the range.
        """
        span = self.voltage[meter]
        gain, offset_v = errors.voltage[meter]
        if rng is not None:
            johnson = math.sqrt(4.0 * BOLTZMANN_J_K * temperature_k * sensed_ohm * self.meter.bandwidth_hz)
            drift = wander(thermal.drift_v, interval_s / thermal.drift_s, rng.standard_normal(len(voltage_v)))
            noise = math.hypot(johnson, span.noise_v) * rng.standard_normal(len(voltage_v))
            voltage_v = voltage_v + drift + noise
        shown = voltage_v * (1.0 + gain) + offset_v
        return np.where(np.abs(shown) > self.meter.over_range * span.full_scale_v, OVERFLOW, shown)

    def known(self, ranges: Ranges) -> dict[str, float]:
        """What the data sheet tells of the ranges in use, in the names that the analyses ask for."""
        span, drive = self.voltage[ranges.meter], self.current[ranges.source]
        return {
            "over_range": self.meter.over_range,
            "voltage_range_v": span.full_scale_v,
            "voltage_gain": span.gain,
            "voltage_offset_v": span.offset_v,
            "current_range_a": drive.full_scale_a,
            "current_gain": drive.gain,
            "current_offset_a": drive.offset_a,
        }


def source_meter() -> SourceMeter:
    """The one that every electrical instrument uses."""
    return SourceMeter(load("instruments", FILE))


def wander(sigma: float, steps: float, normals: Floats) -> Floats:
    """Stationary AR(1) sequence of standard deviation `sigma`; `steps` is the interval over the correlation time."""
    keep = math.exp(-steps)
    fresh = math.sqrt(1.0 - keep * keep)
    values = [sigma * float(normals[0])]
    for z in normals[1:].tolist():
        values.append(keep * values[-1] + sigma * fresh * z)
    return np.array(values)
