"""Four-point probe as an instrument: hidden film → voltages as the meter reads them → record.

Order of events: the head comes down (`Mounting`: tip positions, contact resistances, thermal voltage, and the
step for the thickness), the source looks for its current range, then reads with alternating current. Errors of
the instrument's calibration (`Errors`) stay for a session, those of the mounting until the head is lifted,
noise changes with every reading. The analysis knows the specified sizes of these errors and never their values.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import four_point_geometry, step_height
from tansaki.twin.measurement.electrical.four_point_analysis import OVERFLOW, analyse, tip_positions
from tansaki.twin.measurement.electrical.step_height import Stylus
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen

BOLTZMANN_J_K = 1.380649e-23


class Tips(NamedTuple):
    """Section [tips]: the head and how it meets the sample."""

    spacing_m: float
    tip_radius_m: float
    offset_m: float
    rotation_rad: float
    pin_m: float
    contact_ohm: float
    contact_spread: float
    emf_v: float
    emf_drift_v: float
    emf_drift_s: float


class Method(NamedTuple):
    """Section [method]: how a measurement is carried out."""

    reversals: float
    readings: float
    reading_s: float
    handling_s: float
    limit_voltage_v: float
    target_voltage_v: float
    over_range: float
    bandwidth_hz: float
    temperature_k: float


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


class Errors(NamedTuple):
    """Actual errors of one session: a pair (relative gain, offset) for every range."""

    voltage: tuple[tuple[float, float], ...]
    current: tuple[tuple[float, float], ...]
    stylus_gain: float


class Mounting(NamedTuple):
    """Where the head came down, and what stays as long as it does."""

    tips_m: tuple[float, ...]
    contact_ohm: float
    """Of the two current contacts together."""
    emf_v: float
    step_error_m: float


class FourPointProbe(Instrument[Errors, Mounting]):
    """Sheet resistance, thickness and resistivity of a film; the tips stand in line along the specimen's length."""

    name = "four_point_probe"
    columns: ClassVar = {
        "time_s": Column("s", role="axis"),
        "current_a": Column("A", ("time_s",)),
        "voltage_v": Column("V", ("time_s",)),
        "compliance": Column("1", ("time_s",), "status"),
        "step_height_m": Column("m"),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.tips = file.parameters("tips", Tips)
        self.method = file.parameters("method", Method)
        self.stylus = file.parameters("stylus", Stylus)
        # Sorted by full scale.
        self.voltage = sorted(file.parameters(s, VoltageRange) for s in file.sections if s.startswith("voltage_range_"))
        self.current = sorted(file.parameters(s, CurrentRange) for s in file.sections if s.startswith("current_range_"))
        if not self.voltage or not self.current:
            raise InvalidInputError(
                file.name, sorted(file.sections), "sections voltage_range_<n> and current_range_<n>"
            )

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Uniform within the data-sheet bounds."""

        def within(bound: float) -> float:
            return 0.0 if rng is None else bound * rng.uniform(-1.0, 1.0)

        return Errors(
            tuple((within(r.gain), within(r.offset_v)) for r in self.voltage),
            tuple((within(r.gain), within(r.offset_a)) for r in self.current),
            0.0 if rng is None else self.stylus.gain * rng.standard_normal(),
        )

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Lower the head onto the specimen; without `rng` exactly onto its centre."""
        sample, t = (specimen.length_m, specimen.width_m), self.tips
        if specimen.length_m <= 3.0 * t.spacing_m:
            raise InvalidInputError("specimen", sample, f"longer than three spacings of {t.spacing_m} m")
        normals = np.zeros(15) if rng is None else rng.standard_normal(15)
        placed = tip_positions(normals, t.spacing_m, *sample, t.offset_m, t.rotation_rad, t.pin_m)
        tips = tuple(float(x) for x in placed)
        if not (min(tips) > 0.0 and max(tips[0::2]) < sample[0] and max(tips[1::2]) < sample[1]):
            raise InvalidInputError("specimen", sample, "large enough that every tip lands on it")
        contacts = t.contact_ohm * np.exp(t.contact_spread * normals[11:13])
        return Mounting(tips, float(contacts.sum()), t.emf_v * normals[13], self.stylus.step_m * normals[14])

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Voltages with alternating current, and the traces of the stylus across a step."""
        if specimen.charge is None:
            raise InvalidInputError("specimen", specimen.id, "a film that conducts")
        compiled = bind(four_point_geometry, "numba")
        thickness = specimen.thickness_m
        sheet = specimen.charge.resistivity_ohm_m / thickness
        sheet = sheet / compiled.thickness_factor(thickness, self.tips.spacing_m)
        sensed_ohm = sheet * compiled.transfer_ratio(mounting.tips_m, specimen.length_m, specimen.width_m)
        driven_ohm = sheet * compiled.outer_ratio(self.tips.spacing_m, self.tips.tip_radius_m) + mounting.contact_ohm
        source, meter, limited, searched = self._ranges(sensed_ohm, driven_ohm, mounting.emf_v)
        pairs = int(self.method.reversals)
        number = 2 * pairs if pairs > 0 else int(self.method.readings)
        level = self.current[source].full_scale_a
        sign = np.where(np.arange(number) % 2 == 1, -1.0, 1.0) if pairs > 0 else np.ones(number)
        current = sign * level * (1.0 + errors.current[source][0]) + errors.current[source][1]
        if limited:
            current = sign * self.method.limit_voltage_v / driven_ohm
        voltage = self._readings(current * sensed_ohm + mounting.emf_v, sensed_ohm, meter, errors, rng)
        raw = {
            "time_s": self.method.reading_s * np.arange(1, number + 1),
            "current_a": sign * level,
            "voltage_v": voltage,
            "compliance": np.full(number, limited),
            "step_height_m": step_height.traces(thickness, self.stylus, errors.stylus_gain, mounting.step_error_m, rng),
        }
        return Acquisition(raw, self._known(specimen, source, meter, pairs, searched + number))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.electrical.four_point_analysis`."""
        return analyse(raw, settings)

    def _ranges(self, sensed_ohm: float, driven_ohm: float, emf_v: float) -> tuple[int, int, bool, int]:
        """(current range, voltage range, source at its limit, readings spent): auto-ranging from the smallest current.

        The current is raised as long as the next range keeps the reading below its target and the source below
        its limit; then the meter takes the smallest range that shows the voltage.
        """
        limit = self.method.limit_voltage_v
        source = 0
        while source + 1 < len(self.current):
            here, following = self.current[source].full_scale_a, self.current[source + 1].full_scale_a
            shown = abs(here * sensed_ohm + emf_v) * following / here
            if shown > self.method.target_voltage_v or following * driven_ohm > limit:
                break
            source += 1
        level = self.current[source].full_scale_a
        limited = level * driven_ohm > limit
        expected = abs(min(level, limit / driven_ohm) * sensed_ohm) + abs(emf_v)
        meter = 0
        while meter + 1 < len(self.voltage) and expected > self.voltage[meter].full_scale_v:
            meter += 1
        return source, meter, limited, source + meter

    def _readings(
        self,
        voltage: NDArray[np.float64],
        sensed_ohm: float,
        meter: int,
        errors: Errors,
        rng: np.random.Generator | None,
    ) -> NDArray[np.float64]:
        """What the meter shows: wandering thermal voltage, gain and offset of the range, noise, overflow."""
        span, t, method = self.voltage[meter], self.tips, self.method
        gain, offset = errors.voltage[meter]
        if rng is not None:
            johnson = math.sqrt(4.0 * BOLTZMANN_J_K * method.temperature_k * sensed_ohm * method.bandwidth_hz)
            drift = _wander(t.emf_drift_v, method.reading_s / t.emf_drift_s, rng.standard_normal(len(voltage)))
            voltage = voltage + drift + math.hypot(johnson, span.noise_v) * rng.standard_normal(len(voltage))
        shown = voltage * (1.0 + gain) + offset
        return np.where(np.abs(shown) > method.over_range * span.full_scale_v, OVERFLOW, shown)

    def _known(self, specimen: Specimen, source: int, meter: int, pairs: int, readings: int) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        span, drive = self.voltage[meter], self.current[source]
        return {
            "sample_length_m": specimen.length_m,
            "sample_width_m": specimen.width_m,
            "spacing_m": self.tips.spacing_m,
            "tip_radius_m": self.tips.tip_radius_m,
            "offset_m": self.tips.offset_m,
            "rotation_rad": self.tips.rotation_rad,
            "pin_m": self.tips.pin_m,
            "emf_v": self.tips.emf_v,
            "reversals": pairs,
            "limit_voltage_v": self.method.limit_voltage_v,
            "over_range": self.method.over_range,
            "voltage_range_v": span.full_scale_v,
            "voltage_gain": span.gain,
            "voltage_offset_v": span.offset_v,
            "current_range_a": drive.full_scale_a,
            "current_gain": drive.gain,
            "current_offset_a": drive.offset_a,
            "stylus_step_m": self.stylus.step_m,
            "stylus_gain": self.stylus.gain,
            "stylus_repeatability_m": self.stylus.repeatability_m,
            "duration_s": self.method.handling_s + self.method.reading_s * readings + self.stylus.duration_s,
        }


def _wander(sigma: float, steps: float, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stationary AR(1) sequence of standard deviation `sigma`; `steps` is the interval over the correlation time."""
    keep = math.exp(-steps)
    fresh = math.sqrt(1.0 - keep * keep)
    values = [sigma * float(normals[0])]
    for z in normals[1:].tolist():
        values.append(keep * values[-1] + sigma * fresh * z)
    return np.array(values)
