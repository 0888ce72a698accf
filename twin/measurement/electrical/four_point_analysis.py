"""Analysis of a four-point record: raw voltages to sheet resistance and resistivity with uncertainty.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import step_height
from tansaki.twin.measurement.electrical.four_point_geometry import outer_ratio, rectangle_factor, transfer_ratio
from tansaki.twin.measurement.electrical.source_meter import OVERFLOW
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.records import Array, Derived

_PLACEMENTS = 4096
_SETTINGS = (
    "sample_length_m",
    "sample_width_m",
    "spacing_m",
    "tip_radius_m",
    "offset_m",
    "rotation_rad",
    "pin_m",
    "emf_v",
    "reversals",
    "limit_voltage_v",
    "over_range",
    "voltage_range_v",
    "voltage_gain",
    "voltage_offset_v",
    "current_gain",
    "current_offset_a",
    *step_height.SETTINGS,
)
_CM_PER_M = 100.0
_NM_PER_M = 1e9


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``current_a`` (as set, signed), ``voltage_v``, ``compliance`` (1 where the source was at its
    limit) and ``step_height_m``; `settings` is what `tansaki.twin.measurement.electrical.four_point_probe` writes;
    `InvalidInputError` names what is missing.

    With current reversal each pair of readings gives (V₊ − V₋)/2, free of the voltmeter's offset and of thermal
    voltages (delta mode); without, both stay in the value and, at their specified size, in the uncertainty.
    Rs = C·V/I with the factor C of the nominal position. Derived are ``sheet_resistance`` (ohm/sq),
    ``thickness`` (nm) and ``resistivity`` (ohm cm). Where readings overflowed or the source was at its limit
    there is no value but ``sheet_resistance_lower_bound`` and ``resistivity_lower_bound``: the largest ones
    that these settings can measure on a sample with good contacts.

    Random part: standard error of the pairs, widened by √((N−1)/(N−3)) for few pairs. Data-sheet bounds enter
    as rectangular distributions (bound/√3).
    """
    number = {k: float(v) for k, v in settings.items() if not isinstance(v, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a four-point record", sorted(number), f"a number {name!r} too")
    voltage = np.asarray(raw["voltage_v"], dtype=float)
    current = np.asarray(raw["current_a"], dtype=float)
    if voltage.shape != current.shape or voltage.size == 0:
        raise InvalidInputError("raw record", (voltage.shape, current.shape), "as many voltages as currents, >= 1")
    if number["reversals"] > 0 and (len(current) % 2 or np.any(current[0::2] != -current[1::2])):
        raise InvalidInputError("raw current_a", current, "pairs of opposite currents, since settings ask for reversal")
    height = step_height.thickness_m(np.asarray(raw["step_height_m"]), settings)
    derived = {"thickness": _scaled(height, _NM_PER_M, "nm")}
    factor = nominal_factor(number["spacing_m"], number["sample_length_m"], number["sample_width_m"])
    flags = []
    if np.any(np.abs(voltage) >= OVERFLOW):
        flags.append("over_range")
    if np.any(raw["compliance"]):
        flags.append("compliance")
    if flags:
        bound = largest_sheet_resistance(factor, abs(float(current[0])), "compliance" in flags, number)
        derived["sheet_resistance_lower_bound"] = bound
        derived["resistivity_lower_bound"] = _product(bound, height)
        return Analysis(derived, tuple(flags))
    sheet = _sheet_resistance(voltage, current, factor, number)
    derived["sheet_resistance"] = sheet
    derived["resistivity"] = _product(sheet, height)
    return Analysis(derived, ())


@lru_cache(maxsize=256)
def nominal_factor(spacing_m: float, length_m: float, width_m: float) -> float:
    """C of the centred head."""
    return float(rectangle_factor(spacing_m, length_m, width_m))


@lru_cache(maxsize=256)
def placement_uncertainty(
    spacing_m: float, length_m: float, width_m: float, offset_m: float, rotation_rad: float, pin_m: float
) -> float:
    """Relative rms error of Rs from using the nominal C: Monte Carlo over placements (GUM Supplement 1).

    The draws are the same in every process, so that an analysis can be repeated.
    """
    normals = np.random.default_rng(0).standard_normal((11, _PLACEMENTS))
    tips = tip_positions(normals, spacing_m, length_m, width_m, offset_m, rotation_rad, pin_m)
    error = transfer_ratio(tips, length_m, width_m) * nominal_factor(spacing_m, length_m, width_m) - 1.0
    return float(np.sqrt(np.mean(error**2)))


def tip_positions(
    normals: Sequence[float | NDArray[np.float64]] | NDArray[np.float64],
    spacing_m: float,
    length_m: float,
    width_m: float,
    offset_m: float,
    rotation_rad: float,
    pin_m: float,
    x_m: float | NDArray[np.float64] = 0.0,
    y_m: float | NDArray[np.float64] = 0.0,
) -> tuple[NDArray[np.float64], ...]:
    """x₁, y₁ … x₄, y₄ from a corner (m), for 11 standard normals: offset x, y, rotation, and two a tip.

    The head is meant to stand at (`x_m`, `y_m`) from the middle of the sample, about which the sample is rotated.
    """
    cos, sin = np.cos(rotation_rad * normals[2]), np.sin(rotation_rad * normals[2])
    placed = []
    for tip in range(4):
        along = x_m + (tip - 1.5) * spacing_m + pin_m * normals[3 + 2 * tip]
        across = y_m + pin_m * normals[4 + 2 * tip]
        placed.append(0.5 * length_m + offset_m * normals[0] + cos * along - sin * across)
        placed.append(0.5 * width_m + offset_m * normals[1] + sin * along + cos * across)
    return tuple(placed)


def _sheet_resistance(
    voltage: NDArray[np.float64], current: NDArray[np.float64], factor: float, number: Mapping[str, float]
) -> Derived:
    level = abs(float(current[0]))
    gains = (number["voltage_gain"] ** 2 + number["current_gain"] ** 2) / 3.0
    relative = math.sqrt(gains + _placement(number) ** 2)
    absolute_v = 0.0
    if number["reversals"] > 0:
        signals = np.sign(current[0::2]) * 0.5 * (voltage[0::2] - voltage[1::2])
    else:
        signals = np.sign(current) * voltage
        absolute_v = math.hypot(number["voltage_offset_v"] / math.sqrt(3.0), number["emf_v"])
        relative = math.hypot(relative, number["current_offset_a"] / level / math.sqrt(3.0))
    count = len(signals)
    scale = factor / level
    value = scale * float(signals.mean())
    random = 0.0
    if count > 3:
        random = scale * float(signals.std(ddof=1)) * math.sqrt((count - 1) / (count - 3) / count)
    systematic = math.hypot(relative * value, scale * absolute_v)
    return Derived(value, math.hypot(random, systematic), "ohm/sq", systematic)


def _placement(number: Mapping[str, float]) -> float:
    names = ("spacing_m", "sample_length_m", "sample_width_m", "offset_m", "rotation_rad", "pin_m")
    return placement_uncertainty(*(number[name] for name in names))


def largest_sheet_resistance(factor: float, level_a: float, limited: bool, number: Mapping[str, float]) -> Derived:
    """The largest Rs (ohm/sq) that these ranges can measure on a sample with good contacts."""
    bounds = [factor * number["over_range"] * number["voltage_range_v"] / level_a]
    if limited:
        drive = float(outer_ratio(number["spacing_m"], number["tip_radius_m"]))
        bounds.append(number["limit_voltage_v"] / level_a / drive)
    uncertainty = _placement(number) * min(bounds)
    return Derived(min(bounds), uncertainty, "ohm/sq", uncertainty)


def _product(sheet: Derived, height: Derived) -> Derived:
    """Rs·t in ohm cm; relative uncertainties add in squares, systematic parts apart."""
    value = sheet.value * height.value * _CM_PER_M
    total = math.hypot(sheet.u * height.value, sheet.value * height.u) * _CM_PER_M
    systematic = math.hypot(sheet.u_systematic * height.value, sheet.value * height.u_systematic) * _CM_PER_M
    return Derived(value, total, "ohm cm", systematic)


def _scaled(value: Derived, factor: float, unit: str) -> Derived:
    return Derived(value.value * factor, value.u * factor, unit, value.u_systematic * factor)
