"""The gauges of a chamber and what its data logger keeps: true course → lagging, erring, noisy readings → means.

`ProcessGauges.measure` reads all gauges at an even rate and says how well the means of the plasma are known.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition.course import Course, at_instants
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Settings
from tansaki.twin.measurement.process import gauges
from tansaki.twin.measurement.process.instrument import ProcessInstrument
from tansaki.twin.measurement.process.record import numbers, series
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column, Derived
from tansaki.twin.units import SECONDS_PER_HOUR

Floats = NDArray[np.float64]
_RECTANGLE = math.sqrt(3.0)
"""A bound over this is the standard uncertainty of a rectangular distribution."""
_LIT_V = 10.0
"""No discharge burns below."""
_SETTINGS = (
    "manometer_gain",
    "manometer_zero_pa_s",
    "manometer_full_scale_pa",
    "oxygen_gauge_gain",
    "flow_gain",
    "flow_lag_s",
    "supply_gain",
    "lead",
    "lead_spread",
    "thermocouple_gain",
    "thermocouple_lag_s",
    "monitor_gain",
    "idle_temperature_c",
)


class Manometer(NamedTuple):
    """Section [manometer]: capacitance gauge of the total pressure."""

    full_scale_pa: float
    gain: float
    zero_drift_per_h: float
    """Of full scale."""
    noise_pa: float
    lag_s: float


class FlowController(NamedTuple):
    """Section [flow_controller]: thermal meter of the reactive gas."""

    full_scale_sccm: float
    gain: float
    noise_sccm: float
    lag_s: float
    dead_s: float


class Thermocouple(NamedTuple):
    """Section [thermocouple]: in the heater, corrected to the surface of the substrate."""

    lag_s: float
    lead: float
    """Excess of the heater over the rise of the surface, as the laboratory corrects for it."""
    lead_spread: float
    gain: float
    noise_c: float


class Pirani(NamedTuple):
    """Section [pirani]: heat carried away, in equivalents of nitrogen."""

    gain: float
    noise: float
    lag_s: float
    least_pa: float


class IonGauge(NamedTuple):
    """Section [ion_gauge]: ions made by electrons, in equivalents of nitrogen."""

    gain: float
    noise: float
    lag_s: float
    largest_pa: float


class Supply(NamedTuple):
    """Section [supply]: readings of the power supply."""

    gain: float
    ripple: float


class GaugeErrors(NamedTuple):
    """Actual errors of one session, each a fraction of the reading."""

    manometer: float
    flow: float
    lead: float
    """Excess of the heater as it truly is."""
    thermocouple: float
    pirani: float
    ion_gauge: float
    voltage: float
    current: float


class ProcessGauges(ProcessInstrument[GaugeErrors, float]):
    """Pressures, flow, temperature and supply; what `mount` draws is the drift of the manometer's zero, Pa/s."""

    name = "process_gauges"
    columns: ClassVar = {
        "time_s": Column("s", role="axis"),
        "pressure_pa": Column("Pa", ("time_s",)),
        "pirani_pa": Column("Pa", ("time_s",)),
        "ion_gauge_pa": Column("Pa", ("time_s",)),
        "oxygen_pressure_pa": Column("Pa", ("time_s",)),
        "oxygen_flow_sccm": Column("sccm", ("time_s",)),
        "voltage_v": Column("V", ("time_s",)),
        "current_a": Column("A", ("time_s",)),
        "substrate_temperature_c": Column("degC", ("time_s",)),
        "deposited_nm": Column("nm", ("time_s",)),
        "arcs": Column("1", ("time_s",)),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.manometer = file.parameters("manometer", Manometer)
        self.flow = file.parameters("flow_controller", FlowController)
        self.thermocouple = file.parameters("thermocouple", Thermocouple)
        self.pirani = file.parameters("pirani", Pirani)
        self.ion_gauge = file.parameters("ion_gauge", IonGauge)
        self.supply = file.parameters("supply", Supply)
        self.factors = {
            kind: {gas: quantity.value for gas, quantity in file.section(f"{kind}_factor").items()}
            for kind in ("pirani", "ion_gauge")
        }
        self.kept_gains = {kind: file.section(kind)["gain"].value for kind in ("oxygen_gauge", "monitor")}

    def calibrate(self, rng: np.random.Generator | None) -> GaugeErrors:
        """Gains within their bounds, and how far the heater truly runs ahead of the surface."""
        thermocouple = self.thermocouple
        if rng is None:
            return GaugeErrors(0.0, 0.0, thermocouple.lead, 0.0, 0.0, 0.0, 0.0, 0.0)
        uniform = rng.uniform(-1.0, 1.0, 7)
        return GaugeErrors(
            self.manometer.gain * uniform[0],
            self.flow.gain * uniform[1],
            thermocouple.lead + thermocouple.lead_spread * rng.standard_normal(),
            thermocouple.gain * uniform[2],
            self.pirani.gain * uniform[3],
            self.ion_gauge.gain * uniform[4],
            self.supply.gain * uniform[5],
            self.supply.gain * uniform[6],
        )

    def mount(self, subject: Course, rng: np.random.Generator | None) -> float:
        """The manometer is zeroed before the run; how fast its zero then moves."""
        per_s = self.manometer.zero_drift_per_h * self.manometer.full_scale_pa / SECONDS_PER_HOUR
        return 0.0 if rng is None else float(per_s * rng.standard_normal())

    def acquire(
        self,
        subject: Course,
        chosen: Mapping[str, float],
        errors: GaugeErrors,
        mounting: float,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """All channels at an even rate over the course."""
        start, end = float(subject.time_s[0]), float(subject.time_s[-1])
        count = int((end - start) * chosen["rate_hz"]) + 1
        course = at_instants(subject, start + np.arange(count) / chosen["rate_hz"])
        raw = {"time_s": course.time_s, **self.readings(course, errors, mounting, rng)}
        known = {
            "manometer_gain": self.manometer.gain,
            "manometer_zero_pa_s": self.manometer.zero_drift_per_h * self.manometer.full_scale_pa / SECONDS_PER_HOUR,
            "manometer_full_scale_pa": self.manometer.full_scale_pa,
            "oxygen_gauge_gain": self.kept_gains["oxygen_gauge"],
            "flow_gain": self.flow.gain,
            "flow_lag_s": self.flow.lag_s + self.flow.dead_s,
            "supply_gain": self.supply.gain,
            "lead": self.thermocouple.lead,
            "lead_spread": self.thermocouple.lead_spread,
            "thermocouple_gain": self.thermocouple.gain,
            "thermocouple_lag_s": self.thermocouple.lag_s,
            "monitor_gain": self.kept_gains["monitor"],
            "idle_temperature_c": course.idle_temperature_c,
            "duration_s": end - start,
        }
        return Acquisition(raw, known)

    def readings(
        self, course: Course, errors: GaugeErrors, zero_pa_s: float, rng: np.random.Generator | None
    ) -> dict[str, Floats]:
        """What every gauge shows at the instants of the course."""
        time = course.time_s
        noise = np.zeros((7, len(time))) if rng is None else rng.standard_normal((7, len(time)))
        manometer, flow, thermocouple, pirani, ion = (
            self.manometer,
            self.flow,
            self.thermocouple,
            self.pirani,
            self.ion_gauge,
        )
        lag = bind(gauges, "numba").lagged
        seen_pa = lag(time, course.pressure_pa, manometer.lag_s, 0.0)
        zero_pa = zero_pa_s * (time - time[0]) + manometer.noise_pa * noise[0]
        equivalent = {
            kind: lag(time, self._nitrogen_pa(course, factors), getattr(self, kind).lag_s, 0.0)
            for kind, factors in self.factors.items()
        }
        pirani_pa = equivalent["pirani"] * (1.0 + errors.pirani) * (1.0 + pirani.noise * noise[1])
        ion_pa = equivalent["ion_gauge"] * (1.0 + errors.ion_gauge) * (1.0 + ion.noise * noise[2])
        flow_sccm = lag(time, course.oxygen_flow_sccm, flow.lag_s, flow.dead_s)
        flow_sccm = flow_sccm * (1.0 + errors.flow) + flow.noise_sccm * noise[3]
        surface_c = lag(time, course.substrate_temperature_c, thermocouple.lag_s, 0.0)
        heater_c = gauges.heater_reading_c(surface_c, course.idle_temperature_c, errors.lead, thermocouple.lead)
        return {
            "pressure_pa": gauges.manometer_pa(seen_pa, errors.manometer, zero_pa, manometer.full_scale_pa),
            "pirani_pa": np.maximum(pirani_pa, pirani.least_pa),
            "ion_gauge_pa": np.minimum(ion_pa, ion.largest_pa),
            "oxygen_pressure_pa": course.oxygen_reading_pa,
            "oxygen_flow_sccm": np.clip(flow_sccm, 0.0, flow.full_scale_sccm),
            "voltage_v": course.voltage_v * (1.0 + errors.voltage) * (1.0 + self.supply.ripple * noise[4]),
            "current_a": course.current_a * (1.0 + errors.current) * (1.0 + self.supply.ripple * noise[5]),
            "substrate_temperature_c": heater_c * (1.0 + errors.thermocouple) + thermocouple.noise_c * noise[6],
            "deposited_nm": course.deposited_reading_nm,
            "arcs": course.arcs,
        }

    def _nitrogen_pa(self, course: Course, factors: Mapping[str, float]) -> Floats:
        return cast(Floats, sum(factors[gas] * pressure for gas, pressure in course.pressures_pa.items()))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """Means over the burning plasma, with the standard error of the readings and the specified errors.

        ``pressure`` (Pa), ``oxygen_pressure`` (Pa), ``oxygen_flow`` (sccm), ``voltage`` (V), ``current`` (A),
        ``power`` (W), ``substrate_temperature`` (degC), ``deposited`` (nm, at the end) and ``arc_rate`` (1/s). Flags:
        ``no_plasma`` (then the temperature alone), ``over_range`` (then a lower bound for the pressure).
        """
        return _means(raw, settings)


def _means(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    known = numbers(settings, _SETTINGS, "the gauges")
    channels = series(raw, ProcessGauges.columns, "the gauges")
    time, lit = channels["time_s"], channels["voltage_v"] > _LIT_V
    flags = []
    chosen = lit
    if not np.any(lit):
        flags.append("no_plasma")
        chosen = np.ones(len(time), bool)
    count = int(np.sum(chosen))

    def mean(name: str, unit: str, systematic: Any) -> Derived:
        values = channels[name][chosen]
        value = float(values.mean())
        random = float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else 0.0
        fixed = float(systematic(value))
        return Derived(value, math.hypot(random, fixed), unit, fixed)

    surface = known["idle_temperature_c"]

    def of_heater(value: float) -> float:
        lead = (value - surface) * known["lead_spread"] / (1.0 + known["lead"])
        changing = known["thermocouple_lag_s"] * abs(_slope(time[chosen], channels["substrate_temperature_c"][chosen]))
        return math.hypot(lead, known["thermocouple_gain"] * value / _RECTANGLE, changing)

    derived = {"substrate_temperature": mean("substrate_temperature_c", "degC", of_heater)}
    if "no_plasma" in flags:
        return Analysis(derived, tuple(flags))
    middle_s = float(np.mean(time[chosen])) - float(time[0])
    zero_pa = known["manometer_zero_pa_s"] * middle_s
    gain = known["manometer_gain"] / _RECTANGLE
    pressure = mean("pressure_pa", "Pa", lambda value: math.hypot(gain * value, zero_pa))
    if np.any(channels["pressure_pa"] >= known["manometer_full_scale_pa"]):
        flags.append("over_range")
        derived["pressure_lower_bound"] = pressure
    else:
        derived["pressure"] = pressure
    derived["oxygen_pressure"] = mean("oxygen_pressure_pa", "Pa", lambda value: known["oxygen_gauge_gain"] * value)
    lag_sccm = known["flow_lag_s"] * abs(_slope(time[chosen], channels["oxygen_flow_sccm"][chosen]))
    flow_gain = known["flow_gain"] / _RECTANGLE
    derived["oxygen_flow"] = mean("oxygen_flow_sccm", "sccm", lambda value: math.hypot(flow_gain * value, lag_sccm))
    supply = known["supply_gain"] / _RECTANGLE
    derived["voltage"] = mean("voltage_v", "V", lambda value: supply * value)
    derived["current"] = mean("current_a", "A", lambda value: supply * value)
    channels["power_w"] = channels["voltage_v"] * channels["current_a"]
    derived["power"] = mean("power_w", "W", lambda value: math.sqrt(2.0) * supply * value)
    end_nm = float(channels["deposited_nm"][-1])
    derived["deposited"] = Derived(end_nm, known["monitor_gain"] * end_nm, "nm", known["monitor_gain"] * end_nm)
    span_s = float(time[chosen][-1] - time[chosen][0])
    arcs = float(channels["arcs"][chosen][-1] - channels["arcs"][chosen][0])
    if span_s > 0.0:
        derived["arc_rate"] = Derived(arcs / span_s, math.sqrt(arcs + 1.0) / span_s, "1/s")
    return Analysis(derived, tuple(flags))


def _slope(time_s: Floats, values: Floats) -> float:
    """Change over time from first to last."""
    return float((values[-1] - values[0]) / (time_s[-1] - time_s[0])) if len(time_s) > 1 else 0.0
