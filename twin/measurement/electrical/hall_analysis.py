"""Analysis of a van der Pauw and Hall record: raw voltages to sheet resistance, carrier density and mobility.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import step_height, van_der_pauw
from tansaki.twin.measurement.electrical.source_meter import OVERFLOW
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.records import Array, Derived
from tansaki.twin.units import ELEMENTARY_CHARGE_C

SIDES: Final = (1243, 4312, 2314, 1423)
"""Terminals along the edges: R_A and its reciprocal, R_B and its reciprocal; positive on any sample."""
DIAGONALS: Final = (1324, 2431)
"""Terminals across: a field towards the viewer raises both for positive carriers, the misalignment only one."""
RECIPROCITY: Final = 0.05
"""Largest relative difference between a resistance and its reciprocal, beyond what noise explains."""
FAINT: Final = 0.2
"""Relative uncertainty of the Hall voltage beyond which it only bounds the carriers."""

_SETTINGS = (
    "sample_side_m",
    "arm_m",
    "arm_spread",
    "field_gain",
    "temperature_coefficient_per_k",
    "thermal_k_w",
    "wander_k",
    "wander_s",
    "uneven",
    "limit_voltage_v",
    "over_range",
    "voltage_range_v",
    "voltage_gain",
    "hall_voltage_range_v",
    "hall_voltage_gain",
    "current_gain",
    *step_height.SETTINGS,
)
_CM_PER_M = 100.0
_NM_PER_M = 1e9

Numbers = Mapping[str, float]


class _Block(NamedTuple):
    """Current-reversed readings with one pair of terminals at one field: (V₊ − V₋)/2I in ohm."""

    mean_ohm: float
    error_ohm: float
    time_s: float


class _Corners(NamedTuple):
    """What contacts of the specified size do to a reading, and by how much that is uncertain (relative)."""

    resistance: float
    resistance_u: float
    hall: float
    hall_u: float
    driven: float
    """V/I that the source must drive between neighbours, over Rs."""
    driven_across: float
    side_u: float
    """Of R_A or R_B alone, from contacts off their corners."""


class _Value(NamedTuple):
    """A value with relative standard uncertainties."""

    value: float
    random: float
    systematic: float

    def derived(self, unit: str, scale: float = 1.0) -> Derived:
        size = abs(self.value) * scale
        total = size * math.hypot(self.random, self.systematic)
        return Derived(self.value * scale, total, unit, size * self.systematic)


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds, per reading, ``time_s``, ``terminals`` (four digits: current in and out, V₊, V₋), ``field_t`` (0 or
    ±B, towards the viewer who counts the contacts counterclockwise), ``current_a`` (as set, pairs of opposite sign),
    ``voltage_v``, ``compliance``; and ``step_height_m``. `settings` is what
    `tansaki.twin.measurement.electrical.hall_station` writes; `InvalidInputError` names what is missing.

    Each block of readings gives (V₊ − V₋)/2I, free of offsets and thermal voltages. R_A and R_B are means of a pair of
    terminals and its reciprocal; van der Pauw gives Rs. The Hall resistance is the part of the two diagonals that
    turns with the field: misalignment, alike at ±B and opposite on the two, drops out. Contacts of the specified size
    are corrected for. With B the field and t the stylus height: n_s = B/(e·R_xy), n = n_s/t, μ = R_xy/(B·Rs), ρ = Rs·t.

    Derived: ``sheet_resistance`` (ohm/sq), ``thickness`` (nm), ``resistivity`` (ohm cm), ``hall_coefficient`` (cm3/C,
    negative for electrons), ``sheet_carrier_density`` (1/cm2), ``carrier_density`` (1/cm3), ``hall_mobility``
    (cm2/(V s)); the last three without sign. Current errors and the thickness drop out of μ. All
    belong to the middle of the film, as far as it is as even as the settings say.

    Flags: ``over_range`` and ``compliance`` leave bounds of Rs and ρ only (over-range at ±B alone leaves no Hall
    values); ``reciprocity`` where a resistance and its reciprocal differ by more than 5 % and 5 standard errors: no
    electrical value; ``hall_signal_weak`` where the Hall voltage is uncertain by more than 20 %: bounds of μ and n.
    """
    number = {k: float(v) for k, v in settings.items() if not isinstance(v, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a Hall record", sorted(number), f"a number {name!r} too")
    terminals = np.asarray(raw["terminals"], dtype=np.int64)
    field = np.asarray(raw["field_t"], dtype=np.float64)
    height = step_height.thickness_m(np.asarray(raw["step_height_m"]), settings)
    derived = {
        "thickness": Derived(height.value * _NM_PER_M, height.u * _NM_PER_M, "nm", height.u_systematic * _NM_PER_M)
    }
    thick = _relative(height)
    level_a = abs(float(np.asarray(raw["current_a"])[0]))
    corners = _corners(number["sample_side_m"], number["arm_m"], number["arm_spread"])
    overflow = np.abs(np.asarray(raw["voltage_v"], dtype=np.float64)) >= OVERFLOW
    limited = bool(np.any(raw["compliance"]))
    flags = ["over_range"] if overflow.any() else []
    flags += ["compliance"] if limited else []
    if limited or overflow[field == 0.0].any():
        bound = _largest(level_a, limited, corners, number)
        derived["sheet_resistance_lower_bound"] = bound.derived("ohm/sq")
        derived["resistivity_lower_bound"] = _product(bound, thick).derived("ohm cm", _CM_PER_M)
        return Analysis(derived, tuple(flags))
    sides = [_block(raw, (terminals == t) & (field == 0.0), f"terminals {t} without field") for t in SIDES]
    if not _reciprocal(sides):
        return Analysis(derived, (*flags, "reciprocity"))
    sheet = _sheet(sides, level_a, corners, number)
    fall = 4.0 * number["uneven"]
    gains = _bounded(number["current_gain"], number["voltage_gain"])
    absolute = _with(sheet, gains, van_der_pauw.SIDES_MEAN_SQUARE * fall)
    derived["sheet_resistance"] = absolute.derived("ohm/sq")
    derived["resistivity"] = _product(absolute, thick).derived("ohm cm", _CM_PER_M)
    if overflow.any():
        return Analysis(derived, tuple(flags))
    hall, field_t = _hall(raw, terminals, field, corners, number)
    carriers, faint = _carriers(hall, field_t, sheet, thick, number)
    return Analysis({**derived, **carriers}, (*flags, "hall_signal_weak") if faint else tuple(flags))


@lru_cache(maxsize=256)
def _corners(side_m: float, arm_m: float, arm_spread: float) -> _Corners:
    arc = float(van_der_pauw.corner_angle(arm_m, side_m))
    # Arcs go as the squares of the arms, whose logarithms scatter by `arm_spread`; a contact has two arms.
    scatter = arc * math.sqrt(math.expm1(4.0 * arm_spread**2))
    halves = (arc, arc, arc, arc)
    resistance, hall = float(van_der_pauw.resistance_factor(halves)), float(van_der_pauw.hall_factor(halves))
    driven, across = (float(van_der_pauw.driven_resistance(0.0, turn * math.pi, arc, arc)) for turn in (0.5, 1.0))
    # ∂ln R_A/∂φ of each contact is 1/(2 ln 2), and its middle scatters by scatter/√2.
    return _Corners(
        resistance,
        1.0 - resistance,
        hall,
        2.0 / math.pi**2 * math.sqrt(2.0) * scatter,
        driven,
        across,
        scatter / math.sqrt(2.0) / math.log(2.0),
    )


def _block(raw: Mapping[str, Array], chosen: NDArray[np.bool_], what: str) -> _Block:
    voltage = np.asarray(raw["voltage_v"], dtype=np.float64)[chosen]
    current = np.asarray(raw["current_a"], dtype=np.float64)[chosen]
    if len(current) < 4 or len(current) % 2 or np.any(current[0::2] != -current[1::2]) or np.any(current == 0.0):
        raise InvalidInputError(f"raw record: {what}", current.tolist(), "two or more pairs of opposite currents")
    ohm = 0.5 * (voltage[0::2] / current[0::2] + voltage[1::2] / current[1::2])
    error = float(ohm.std(ddof=1)) / math.sqrt(len(ohm))
    return _Block(float(ohm.mean()), error, float(np.asarray(raw["time_s"], dtype=np.float64)[chosen].mean()))


def _pooled(blocks: list[_Block], pairs: int) -> float:
    """Standard error of the sum of the means, widened for few pairs as the 95 % interval of Student's t asks for."""
    degrees = len(blocks) * (pairs - 1)
    widened = math.sqrt(degrees / (degrees - 2.0)) if degrees > 2 else 2.0
    return widened * math.sqrt(sum(block.error_ohm**2 for block in blocks))


def _reciprocal(sides: list[_Block]) -> bool:
    for one, other in (sides[:2], sides[2:]):
        noise = 5.0 * math.hypot(one.error_ohm, other.error_ohm)
        if abs(one.mean_ohm - other.mean_ohm) > RECIPROCITY * 0.5 * abs(one.mean_ohm + other.mean_ohm) + noise:
            return False
    return all(one.mean_ohm + other.mean_ohm > 0.0 for one, other in (sides[:2], sides[2:]))


def _sheet(sides: list[_Block], level_a: float, corners: _Corners, number: Numbers) -> _Value:
    """Rs without the errors of source and meter, which are counted where they do not drop out."""
    first, second = (0.5 * (one.mean_ohm + other.mean_ohm) for one, other in (sides[:2], sides[2:]))
    apparent = float(van_der_pauw.sheet_resistance(first, second))
    slopes = [float(s) for s in van_der_pauw.sensitivity(first, second, apparent)]
    pairs = int(number["reversals"])
    noise = math.hypot(slopes[0] * 0.5 * _pooled(sides[:2], pairs), slopes[1] * 0.5 * _pooled(sides[2:], pairs))
    value = apparent / corners.resistance
    warm_k = number["thermal_k_w"] * level_a**2 * value * corners.driven
    coefficient = number["temperature_coefficient_per_k"]
    random = math.hypot(noise / apparent, coefficient * number["wander_k"])
    return _Value(value, random, math.hypot(corners.resistance_u, coefficient * warm_k))


def _hall(
    raw: Mapping[str, Array],
    terminals: NDArray[np.int64],
    field: NDArray[np.float64],
    corners: _Corners,
    number: Numbers,
) -> tuple[_Value, float]:
    """(Hall resistance at +B in ohm, B): free of misalignment and of the size of the contacts."""
    applied = np.unique(np.abs(field[field != 0.0]))
    if len(applied) != 1:
        raise InvalidInputError("raw field_t", applied.tolist(), "one field, with both signs")
    keys = [(t, s) for s in (1.0, -1.0) for t in DIAGONALS]
    blocks = [_block(raw, (terminals == t) & (field == s * applied[0]), f"terminals {t} at {s:+g} B") for t, s in keys]
    weights = np.array([0.25 * s for _, s in keys])
    ohm = np.array([block.mean_ohm for block in blocks])
    apparent = float(weights @ ohm)
    noise = 0.25 * _pooled(blocks, int(number["reversals"]))
    # Between the blocks the film's temperature wanders, and the misalignment with it.
    misaligned = np.array([0.5 * (ohm[k] + ohm[(k + 2) % 4]) for k in range(4)])
    pull = weights * misaligned * number["temperature_coefficient_per_k"] * number["wander_k"]
    times = np.array([block.time_s for block in blocks])
    alike = np.exp(-np.abs(times[:, None] - times[None, :]) / number["wander_s"])
    wandering = math.sqrt(max(float(pull @ alike @ pull), 0.0))
    random = math.hypot(noise, wandering) / max(abs(apparent), 1e-300)
    systematic = math.hypot(number["field_gain"], corners.hall_u)
    return _Value(apparent / corners.hall, random, systematic), float(applied[0])


def _carriers(
    hall: _Value, field_t: float, sheet: _Value, thick: _Value, number: Numbers
) -> tuple[dict[str, Derived], bool]:
    """Derived values of the carriers, and whether the Hall voltage is too weak for more than bounds."""
    faint = math.hypot(hall.random, hall.systematic) > FAINT
    size = abs(hall.value)
    if faint:
        # The 95 % upper end of the size; its own uncertainty is the systematic part.
        size = size * (1.0 + 1.96 * hall.random)
        hall = _Value(size, 0.0, hall.systematic)
    fall = 4.0 * number["uneven"]
    gains = _bounded(number["current_gain"], number["hall_voltage_gain"])
    absolute = _with(hall._replace(value=size), gains, van_der_pauw.DIAGONALS_MEAN_SQUARE * fall)
    sheet_density = _power(absolute, -1)._replace(value=field_t / (ELEMENTARY_CHARGE_C * size))
    # The current is the same in both voltages; so is the gain of the meter in one range.
    same = number["hall_voltage_range_v"] == number["voltage_range_v"]
    gains = 0.0 if same else _bounded(number["voltage_gain"], number["hall_voltage_gain"])
    left = (van_der_pauw.DIAGONALS_MEAN_SQUARE - van_der_pauw.SIDES_MEAN_SQUARE) * fall
    mobility = _with(_product(hall._replace(value=size / field_t), _power(sheet, -1)), gains, left)
    density = _product(sheet_density, _power(thick, -1))
    found = {
        "sheet_carrier_density": sheet_density.derived("1/cm2", 1.0 / _CM_PER_M**2),
        "carrier_density": density.derived("1/cm3", 1.0 / _CM_PER_M**3),
        "hall_mobility": mobility.derived("cm2/(V s)", _CM_PER_M**2),
    }
    if faint:
        ends = {"sheet_carrier_density": "lower", "carrier_density": "lower", "hall_mobility": "upper"}
        return {f"{name}_{end}_bound": found[name] for name, end in ends.items()}, True
    signed = _product(absolute._replace(value=hall.value / field_t), thick)
    return {"hall_coefficient": signed.derived("cm3/C", _CM_PER_M**3), **found}, False


def _largest(level_a: float, limited: bool, corners: _Corners, number: Numbers) -> _Value:
    """The largest Rs that these settings can measure on a sample with good contacts."""
    side = math.log(2.0) / math.pi
    bounds = [number["over_range"] * number["voltage_range_v"] / level_a / side]
    if limited:
        bounds.append(number["limit_voltage_v"] / level_a / corners.driven_across)
    return _Value(min(bounds), 0.0, corners.side_u)


def _relative(value: Derived) -> _Value:
    random = math.sqrt(max(value.u**2 - value.u_systematic**2, 0.0))
    size = max(abs(value.value), 1e-300)
    return _Value(value.value, random / size, value.u_systematic / size)


def _bounded(*bounds: float) -> float:
    """Standard deviation of the sum of errors that are rectangular within ±bound."""
    return math.hypot(*bounds) / math.sqrt(3.0)


def _with(value: _Value, *errors: float) -> _Value:
    """With more systematic errors (relative, standard deviations)."""
    return value._replace(systematic=math.hypot(value.systematic, *errors))


def _product(one: _Value, other: _Value) -> _Value:
    return _Value(
        one.value * other.value,
        math.hypot(one.random, other.random),
        math.hypot(one.systematic, other.systematic),
    )


def _power(value: _Value, exponent: int) -> _Value:
    return value._replace(value=value.value**exponent)
