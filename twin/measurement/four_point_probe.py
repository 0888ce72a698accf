"""Four-point probe as an instrument: hidden film → voltages as the meter reads them → record.

Order of events: the head comes down (`Mounting`: tip positions, contact resistances, thermal voltage, and the
step for the thickness), the source looks for its current range, then reads with alternating current. Errors of
the instrument's calibration (`Calibration`) stay for a session, those of the mounting until the head is lifted,
noise changes with every reading. The analysis knows the specified sizes of these errors and never their values.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement import four_point_geometry, step_height
from tansaki.twin.measurement.four_point_analysis import OVERFLOW, analyse, tip_positions
from tansaki.twin.measurement.step_height import Stylus
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Film, Measurement

BOLTZMANN_J_K = 1.380649e-23


class Sample(NamedTuple):
    """Outline of the film; the tips stand in line along `length_m`."""

    length_m: float
    width_m: float


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


class Instrument(NamedTuple):
    """An instrument file, read once."""

    name: str
    tips: Tips
    method: Method
    stylus: Stylus
    voltage: tuple[VoltageRange, ...]
    current: tuple[CurrentRange, ...]


class Calibration(NamedTuple):
    """Actual errors of one instrument for one session, a pair (relative gain, offset) for every range."""

    id: str
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


def instrument_from(file: DataFile) -> Instrument:
    """Read the sections of an instrument file; ranges are sorted by full scale."""
    held = _READ.get(id(file))
    if held is not None and held[0] is file:
        return held[1]
    voltage = [file.parameters(s, VoltageRange) for s in file.sections if s.startswith("voltage_range_")]
    current = [file.parameters(s, CurrentRange) for s in file.sections if s.startswith("current_range_")]
    if not voltage or not current:
        raise InvalidInputError(file.name, sorted(file.sections), "sections voltage_range_<n> and current_range_<n>")
    instrument = Instrument(
        file.name,
        file.parameters("tips", Tips),
        file.parameters("method", Method),
        file.parameters("stylus", Stylus),
        tuple(sorted(voltage)),
        tuple(sorted(current)),
    )
    _READ[id(file)] = (file, instrument)
    return instrument


# By identity, since a mapping has no hash; the file is kept with it so that its identity stays its own.
_READ: dict[int, tuple[DataFile, Instrument]] = {}


def calibrate(instrument: DataFile, rng: np.random.Generator | None, calibration_id: str) -> Calibration:
    """The errors left after a calibration: uniform within the data-sheet bounds; none without `rng`."""
    i = instrument_from(instrument)

    def within(bound: float) -> float:
        return 0.0 if rng is None else bound * rng.uniform(-1.0, 1.0)

    return Calibration(
        calibration_id,
        tuple((within(r.gain), within(r.offset_v)) for r in i.voltage),
        tuple((within(r.gain), within(r.offset_a)) for r in i.current),
        0.0 if rng is None else i.stylus.gain * rng.standard_normal(),
    )


def mount(sample: Sample, instrument: DataFile, rng: np.random.Generator | None) -> Mounting:
    """Lower the head onto the sample; without `rng` exactly onto its centre."""
    i = instrument_from(instrument)
    if min(sample) <= 0.0 or sample.length_m <= 3.0 * i.tips.spacing_m:
        raise InvalidInputError("sample", tuple(sample), f"longer than three spacings of {i.tips.spacing_m} m")
    normals = np.zeros(15) if rng is None else rng.standard_normal(15)
    t = i.tips
    placed = tip_positions(normals, t.spacing_m, *sample, t.offset_m, t.rotation_rad, t.pin_m)
    tips = tuple(float(x) for x in placed)
    if not (min(tips) > 0.0 and max(tips[0::2]) < sample.length_m and max(tips[1::2]) < sample.width_m):
        raise InvalidInputError("sample", tuple(sample), "large enough that every tip lands on it")
    contacts = t.contact_ohm * np.exp(t.contact_spread * normals[11:13])
    return Mounting(tips, float(contacts.sum()), t.emf_v * normals[13], i.stylus.step_m * normals[14])


def measure(
    film: Film,
    sample: Sample,
    instrument: DataFile,
    rng: np.random.Generator | None,
    *,
    mounting: Mounting | None = None,
    calibration: Calibration | None = None,
) -> Measurement:
    """Measure sheet resistance, thickness and resistivity of a film.

    Without `mounting` the head is lowered anew, without `calibration` the instrument is calibrated anew; pass
    them to repeat on one mounting or in one session. With ``rng=None`` nothing errs: the ideal reading.
    The raw record holds ``time_s``, ``current_a`` (as set), ``voltage_v``, ``compliance`` and ``step_height_m``;
    settings["duration_s"] is the laboratory time taken.
    """
    if not (0.0 < film.resistivity_ohm_m < math.inf and 0.0 < film.thickness_m < math.inf):
        raise InvalidInputError("film", (film.resistivity_ohm_m, film.thickness_m), "finite and positive")
    i = instrument_from(instrument)
    mounted = mount(sample, instrument, rng) if mounting is None else mounting
    state = calibrate(instrument, rng, "single use") if calibration is None else calibration
    compiled = bind(four_point_geometry, "numba")
    sheet = film.sheet_resistance_ohm_sq / compiled.thickness_factor(film.thickness_m, i.tips.spacing_m)
    sensed_ohm = sheet * compiled.transfer_ratio(mounted.tips_m, *sample)
    driven_ohm = sheet * compiled.outer_ratio(i.tips.spacing_m, i.tips.tip_radius_m) + mounted.contact_ohm
    source, meter, limited, searched = _ranges(sensed_ohm, driven_ohm, mounted.emf_v, i, state)
    pairs = int(i.method.reversals)
    number = 2 * pairs if pairs > 0 else int(i.method.readings)
    level = i.current[source].full_scale_a
    sign = np.where(np.arange(number) % 2 == 1, -1.0, 1.0) if pairs > 0 else np.ones(number)
    current = sign * level * (1.0 + state.current[source][0]) + state.current[source][1]
    if limited:
        current = sign * i.method.limit_voltage_v / driven_ohm
    voltage = _readings(current * sensed_ohm + mounted.emf_v, sensed_ohm, meter, i, state, rng)
    raw = {
        "time_s": i.method.reading_s * np.arange(1, number + 1),
        "current_a": sign * level,
        "voltage_v": voltage,
        "compliance": np.full(number, limited),
        "step_height_m": step_height.traces(film.thickness_m, i.stylus, state.stylus_gain, mounted.step_error_m, rng),
    }
    settings = _settings(sample, source, meter, pairs, searched + number, i)
    derived, flags = analyse(raw, settings)
    return Measurement(i.name, settings, state.id, raw, derived, flags)


def _ranges(
    sensed_ohm: float, driven_ohm: float, emf_v: float, i: Instrument, state: Calibration
) -> tuple[int, int, bool, int]:
    """(current range, voltage range, source at its limit, readings spent): auto-ranging from the smallest current.

    The current is raised as long as the next range keeps the reading below its target and the source below
    its limit; then the meter takes the smallest range that shows the voltage.
    """
    limit = i.method.limit_voltage_v
    source = 0
    while source + 1 < len(i.current):
        here, following = i.current[source].full_scale_a, i.current[source + 1].full_scale_a
        shown = abs(here * sensed_ohm + emf_v) * following / here
        if shown > i.method.target_voltage_v or following * driven_ohm > limit:
            break
        source += 1
    level = i.current[source].full_scale_a
    limited = level * driven_ohm > limit
    expected = abs(min(level, limit / driven_ohm) * sensed_ohm) + abs(emf_v)
    meter = 0
    while meter + 1 < len(i.voltage) and expected > i.voltage[meter].full_scale_v:
        meter += 1
    return source, meter, limited, source + meter


def _readings(
    voltage: NDArray[np.float64],
    sensed_ohm: float,
    meter: int,
    i: Instrument,
    state: Calibration,
    rng: np.random.Generator | None,
) -> NDArray[np.float64]:
    """What the meter shows: wandering thermal voltage, gain and offset of the range, noise, overflow."""
    span = i.voltage[meter]
    gain, offset = state.voltage[meter]
    if rng is not None:
        johnson = math.sqrt(4.0 * BOLTZMANN_J_K * i.method.temperature_k * sensed_ohm * i.method.bandwidth_hz)
        drift = _wander(i.tips.emf_drift_v, i.method.reading_s / i.tips.emf_drift_s, rng.standard_normal(len(voltage)))
        voltage = voltage + drift + math.hypot(johnson, span.noise_v) * rng.standard_normal(len(voltage))
    shown = voltage * (1.0 + gain) + offset
    return np.where(np.abs(shown) > i.method.over_range * span.full_scale_v, OVERFLOW, shown)


def _wander(sigma: float, steps: float, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stationary AR(1) sequence of standard deviation `sigma`; `steps` is the interval over the correlation time."""
    keep = math.exp(-steps)
    fresh = math.sqrt(1.0 - keep * keep)
    values = [sigma * float(normals[0])]
    for z in normals[1:].tolist():
        values.append(keep * values[-1] + sigma * fresh * z)
    return np.array(values)


def _settings(
    sample: Sample, source: int, meter: int, pairs: int, readings: int, i: Instrument
) -> dict[str, float | int | str]:
    """What the operator and the data sheet know, in the names that the analysis asks for."""
    span, drive = i.voltage[meter], i.current[source]
    return {
        "sample_length_m": sample.length_m,
        "sample_width_m": sample.width_m,
        "spacing_m": i.tips.spacing_m,
        "tip_radius_m": i.tips.tip_radius_m,
        "offset_m": i.tips.offset_m,
        "rotation_rad": i.tips.rotation_rad,
        "pin_m": i.tips.pin_m,
        "emf_v": i.tips.emf_v,
        "reversals": pairs,
        "limit_voltage_v": i.method.limit_voltage_v,
        "over_range": i.method.over_range,
        "voltage_range_v": span.full_scale_v,
        "voltage_gain": span.gain,
        "voltage_offset_v": span.offset_v,
        "current_range_a": drive.full_scale_a,
        "current_gain": drive.gain,
        "current_offset_a": drive.offset_a,
        "stylus_step_m": i.stylus.step_m,
        "stylus_gain": i.stylus.gain,
        "stylus_repeatability_m": i.stylus.repeatability_m,
        "duration_s": i.method.handling_s + i.method.reading_s * readings + i.stylus.duration_s,
    }
