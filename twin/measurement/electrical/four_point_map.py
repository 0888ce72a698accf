"""Four-point probe on a stage: hidden film → voltages at every point of a grid → record.

The sample is clamped (`Mounting`: where it lies under the stage, thermal voltage) and the head comes down once a
point, each time with other landing errors and contacts: these are noise of the map, not of its mounting. Source and
meter keep one range, that of the point that needs most. A head with a tip beyond the edge has an open circuit.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import four_point_geometry, four_point_map_analysis
from tansaki.twin.measurement.electrical.four_point_analysis import tip_positions
from tansaki.twin.measurement.electrical.four_point_probe import Method, Tips
from tansaki.twin.measurement.electrical.source_meter import (
    OVERFLOW,
    Floats,
    MeterErrors,
    Ranges,
    ThermalVoltage,
    source_meter,
)
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen


class Mounting(NamedTuple):
    """Where the sample lies, and what stays as long as it does."""

    placement: tuple[float, float, float]
    """Offset along x and y and rotation, in their standard deviations."""
    emf_v: float


class FourPointMap(Instrument[MeterErrors, Mounting]):
    """Mean sheet resistance of a film and how much it varies over the sample."""

    name = "four_point_map"
    columns: ClassVar = {
        "y_m": Column("m", role="axis"),
        "x_m": Column("m", role="axis"),
        "reading": Column("1", role="axis"),
        "current_a": Column("A", ("reading",)),
        "voltage_v": Column("V", ("y_m", "x_m", "reading")),
        "compliance": Column("1", ("y_m", "x_m"), "status"),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        head = load("instruments", "four_point_probe")
        self.tips = head.parameters("tips", Tips)
        self.method = head.parameters("method", Method)
        self.thermal = head.parameters("thermal_voltage", ThermalVoltage)
        self.meter = source_meter()

    def calibrate(self, rng: np.random.Generator | None) -> MeterErrors:
        """Source and meter."""
        return self.meter.calibrate(rng)

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Clamp the specimen; exactly in place without `rng`."""
        x, y, rotation, emf = (np.zeros(4) if rng is None else rng.standard_normal(4)).tolist()
        return Mounting((x, y, rotation), self.thermal.emf_v * emf)

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: MeterErrors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Voltages with alternating current at every point."""
        m, points, pairs = self.method, int(chosen["points"]), int(chosen["reversals"])
        x_m, y_m = self._grid(specimen, points, chosen["margin_m"])
        normals = np.zeros((10, points, points)) if rng is None else rng.standard_normal((10, points, points))
        on, sensed, driven = self._resistances(specimen, x_m, y_m, normals, mounting)
        most_sensed, most_driven = (float(ohm[on].max(initial=1.0)) for ohm in (sensed, driven))
        ranges = self.meter.ranges(most_sensed, most_driven, mounting.emf_v, m.target_voltage_v, m.limit_voltage_v)
        level = self.meter.current[ranges.source].full_scale_a
        sign = np.where(np.arange(2 * pairs) % 2 == 1, -1.0, 1.0)
        voltage = np.full((points, points, 2 * pairs), OVERFLOW)
        compliance = ~on
        for row, column in np.argwhere(on):
            ohm, load_ohm = float(sensed[row, column]), float(driven[row, column])
            here = ranges._replace(limited=level * load_ohm > m.limit_voltage_v)
            compliance[row, column] = here.limited
            current = self.meter.flowing_a(sign, here, load_ohm, m.limit_voltage_v, errors)
            voltage[row, column] = self.meter.readings_v(
                current * ohm + mounting.emf_v,
                ohm,
                ranges.meter,
                errors,
                self.thermal,
                m.reading_s,
                m.temperature_k,
                rng,
            )
        raw: Mapping[str, Array] = {
            "y_m": y_m,
            "x_m": x_m,
            "reading": np.arange(2 * pairs),
            "current_a": sign * level,
            "voltage_v": voltage,
            "compliance": compliance,
        }
        return Acquisition(raw, self._known(specimen, ranges, points * points, 2 * pairs))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.electrical.four_point_map_analysis`."""
        return four_point_map_analysis.analyse(raw, settings)

    def _grid(self, specimen: Specimen, points: int, margin_m: float) -> tuple[Floats, Floats]:
        reach = 0.5 * specimen.length_m - margin_m - 1.5 * self.tips.spacing_m
        across = 0.5 * specimen.width_m - margin_m
        if not (reach > 0.0 and across > 0.0):
            sample = (specimen.length_m, specimen.width_m)
            least = (
                f"room for the head, three spacings of {self.tips.spacing_m} m long, within a margin of {margin_m} m"
            )
            raise InvalidInputError("specimen", sample, least)
        return np.linspace(-reach, reach, points), np.linspace(-across, across, points)

    def _resistances(
        self, specimen: Specimen, x_m: Floats, y_m: Floats, normals: Floats, mounting: Mounting
    ) -> tuple[NDArray[np.bool_], Floats, Floats]:
        """[rows, columns]: all tips on the film, V/I sensed, V/I driven (ohm)."""
        t, length, width, thickness = self.tips, specimen.length_m, specimen.width_m, specimen.thickness_m
        place = [*mounting.placement, *normals[:8]]
        grid = (x_m[None, :], y_m[:, None])
        tips = tip_positions(place, t.spacing_m, length, width, t.offset_m, t.rotation_rad, t.pin_m, *grid)
        on = np.ones(normals.shape[1:], dtype=bool)
        for along, across in zip(tips[0::2], tips[1::2], strict=True):
            on &= (along > 0.0) & (along < length) & (across > 0.0) & (across < width)
        x, y = sum(tips[0::2]) / 4.0 - 0.5 * length, sum(tips[1::2]) / 4.0 - 0.5 * width
        compiled = bind(four_point_geometry, "numba")
        sheet = specimen.sheet_resistance_ohm_sq / compiled.thickness_factor(thickness, t.spacing_m)
        sheet = sheet / np.vectorize(specimen.relative_thickness)(x, y)
        sensed = sheet * four_point_geometry.transfer_ratio(tips, length, width)
        contacts = t.contact_ohm * np.exp(t.contact_spread * normals[8:]).sum(axis=0)
        return on, sensed, sheet * compiled.outer_ratio(t.spacing_m, t.tip_radius_m) + contacts

    def _known(self, specimen: Specimen, ranges: Ranges, points: int, readings: int) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        read_s = self.method.reading_s * (points * readings + ranges.searched)
        return {
            "sample_length_m": specimen.length_m,
            "sample_width_m": specimen.width_m,
            "spacing_m": self.tips.spacing_m,
            "tip_radius_m": self.tips.tip_radius_m,
            "offset_m": self.tips.offset_m,
            "rotation_rad": self.tips.rotation_rad,
            "pin_m": self.tips.pin_m,
            "limit_voltage_v": self.method.limit_voltage_v,
            **self.meter.known(ranges),
            "duration_s": self.method.handling_s * points + read_s,
        }
