"""Four-point probe as an instrument: hidden film → voltages as the meter reads them → record.

Order of events: the head comes down (`Mounting`: tip positions, contact resistances, thermal voltage, and the
step for the thickness), the source looks for its current range, then reads with alternating current. Errors of
the instrument's calibration (`Errors`) stay for a session, those of the mounting until the head is lifted,
noise changes with every reading. The analysis knows the specified sizes of these errors and never their values.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import four_point_geometry, step_height
from tansaki.twin.measurement.electrical.four_point_analysis import analyse, tip_positions
from tansaki.twin.measurement.electrical.source_meter import MeterErrors, Ranges, ThermalVoltage, source_meter
from tansaki.twin.measurement.electrical.step_height import Stylus
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen


class Tips(NamedTuple):
    """Section [tips]: the head and how it meets the sample."""

    spacing_m: float
    tip_radius_m: float
    offset_m: float
    rotation_rad: float
    pin_m: float
    contact_ohm: float
    contact_spread: float


class Method(NamedTuple):
    """Section [method]: how a measurement is carried out."""

    reversals: float
    readings: float
    reading_s: float
    handling_s: float
    limit_voltage_v: float
    target_voltage_v: float
    temperature_k: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    meter: MeterErrors
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
        self.thermal = file.parameters("thermal_voltage", ThermalVoltage)
        self.meter = source_meter()

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Source, meter and height standard of the stylus."""
        meter = self.meter.calibrate(rng)
        return Errors(meter, 0.0 if rng is None else self.stylus.gain * rng.standard_normal())

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
        return Mounting(tips, float(contacts.sum()), self.thermal.emf_v * normals[13], self.stylus.step_m * normals[14])

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Voltages with alternating current, and the traces of the stylus across a step."""
        compiled = bind(four_point_geometry, "numba")
        thickness = specimen.thickness_m
        sheet = specimen.sheet_resistance_ohm_sq / compiled.thickness_factor(thickness, self.tips.spacing_m)
        sensed_ohm = sheet * compiled.transfer_ratio(mounting.tips_m, specimen.length_m, specimen.width_m)
        driven_ohm = sheet * compiled.outer_ratio(self.tips.spacing_m, self.tips.tip_radius_m) + mounting.contact_ohm
        m = self.method
        ranges = self.meter.ranges(sensed_ohm, driven_ohm, mounting.emf_v, m.target_voltage_v, m.limit_voltage_v)
        pairs = int(m.reversals)
        number = 2 * pairs if pairs > 0 else int(m.readings)
        sign = np.where(np.arange(number) % 2 == 1, -1.0, 1.0) if pairs > 0 else np.ones(number)
        current = self.meter.flowing_a(sign, ranges, driven_ohm, m.limit_voltage_v, errors.meter)
        raw = {
            "time_s": m.reading_s * np.arange(1, number + 1),
            "current_a": sign * self.meter.current[ranges.source].full_scale_a,
            "voltage_v": self.meter.readings_v(
                current * sensed_ohm + mounting.emf_v,
                sensed_ohm,
                ranges.meter,
                errors.meter,
                self.thermal,
                m.reading_s,
                m.temperature_k,
                rng,
            ),
            "compliance": np.full(number, ranges.limited),
            "step_height_m": step_height.traces(thickness, self.stylus, errors.stylus_gain, mounting.step_error_m, rng),
        }
        return Acquisition(raw, self._known(specimen, ranges, pairs, ranges.searched + number))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.electrical.four_point_analysis`."""
        return analyse(raw, settings)

    def _known(self, specimen: Specimen, ranges: Ranges, pairs: int, readings: int) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        return {
            "sample_length_m": specimen.length_m,
            "sample_width_m": specimen.width_m,
            "spacing_m": self.tips.spacing_m,
            "tip_radius_m": self.tips.tip_radius_m,
            "offset_m": self.tips.offset_m,
            "rotation_rad": self.tips.rotation_rad,
            "pin_m": self.tips.pin_m,
            "emf_v": self.thermal.emf_v,
            "reversals": pairs,
            "limit_voltage_v": self.method.limit_voltage_v,
            **self.meter.known(ranges),
            **step_height.known(self.stylus),
            "duration_s": self.method.handling_s + self.method.reading_s * readings + self.stylus.duration_s,
        }
