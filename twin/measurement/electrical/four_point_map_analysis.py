"""Analysis of a four-point map: raw voltages over a grid to mean sheet resistance and its nonuniformity.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical.four_point_analysis import largest_sheet_resistance, tip_positions
from tansaki.twin.measurement.electrical.four_point_geometry import transfer_ratio
from tansaki.twin.measurement.electrical.source_meter import OVERFLOW, Floats
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.records import Array, Derived

FEWEST: Final = 8
"""Points with a reading that the surface of four coefficients asks for."""
NONUNIFORMITY: Final = "sheet_resistance_nonuniformity"
DETECTED: Final = 3.0
"""Standard uncertainties of the variance over the sample from which on nonuniformity has a value."""

_PLACEMENTS: Final = 512
_PLACES: Final = ("spacing_m", "sample_length_m", "sample_width_m", "offset_m", "rotation_rad", "pin_m")
_SETTINGS: Final = (
    *_PLACES,
    "tip_radius_m",
    "limit_voltage_v",
    "over_range",
    "voltage_range_v",
    "voltage_gain",
    "current_gain",
)


class _Geometry(NamedTuple):
    """What the specified placement does on one grid."""

    factor: Floats
    """C of the nominal position over the mean of what the specified placement reads there [points]."""
    basis: Floats
    """Orthonormal columns over the grid [points, 4]: mean, slopes along x and y, curvature."""
    along: Floats
    """What the columns grow by per metre along x and y [2, 4], means over the grid."""
    slopes: Floats
    """Relative change of Rs with offset along x, along y and rotation, per standard deviation [points, 3]."""
    placed: Floats
    """Relative errors of Rs from offset and rotation [draws, points]."""
    landed: Floats
    """Relative errors of Rs from where the tips land [draws, points]."""


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds the axes ``y_m`` and ``x_m`` (of the grid, from the middle of the sample) and ``reading``,
    ``current_a`` [reading] (as set, pairs of opposite sign), ``voltage_v`` [y, x, reading] and ``compliance`` [y, x].
    `settings` is what `tansaki.twin.measurement.electrical.four_point_map` writes; `InvalidInputError` names what is
    missing.

    Each point gives Rs = C(x, y)·V/I with the factor of its nominal position. A surface a + bx + cy + d(x² + y²) is
    fitted by least squares, together with offset and rotation of the sample at their specified sizes: near the edges
    these show. ``mean_sheet_resistance`` (ohm/sq) is its mean over the grid and
    ``sheet_resistance_nonuniformity`` (%) its standard deviation over the grid relative to the mean, with the
    variance that errors alone would give subtracted. Where that variance is less than 3 of its standard uncertainties,
    there is ``sheet_resistance_nonuniformity_upper_bound`` with the flag ``nonuniformity_not_resolved``.

    Uncertainties by Monte Carlo (GUM Supplement 1): the random part from where the tips land, scaled to what the fit
    leaves over; the systematic one from what the fit does not find of offset and rotation, and from source and meter.

    Flags: ``points_missing`` where some points have no reading (overflow, source at its limit, head off the sample);
    where fewer than 8 are left, ``over_range`` or ``compliance`` and ``mean_sheet_resistance_lower_bound``.
    """
    number = {k: float(v) for k, v in settings.items() if not isinstance(v, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a four-point map", sorted(number), f"a number {name!r} too")
    x_m, y_m = (np.asarray(raw[name], dtype=np.float64) for name in ("x_m", "y_m"))
    voltage, current = (np.asarray(raw[name], dtype=np.float64) for name in ("voltage_v", "current_a"))
    if voltage.shape != (len(y_m), len(x_m), len(current)) or np.any(current[0::2] != -current[1::2]):
        raise InvalidInputError("raw record", voltage.shape, "[y, x, reading] with pairs of opposite currents")
    level_a = abs(float(current[0]))
    geometry = _geometry(tuple(x_m.tolist()), tuple(y_m.tolist()), *(number[name] for name in _PLACES))
    limited = np.asarray(raw["compliance"], dtype=bool).ravel()
    overflow = (np.abs(voltage) >= OVERFLOW).any(axis=2).ravel()
    good = ~(limited | overflow)
    if good.sum() < FEWEST:
        bound = largest_sheet_resistance(float(geometry.factor.min()), level_a, bool(limited.any()), number)
        flags = tuple(name for name, hit in (("over_range", overflow & ~limited), ("compliance", limited)) if hit.any())
        return Analysis({"mean_sheet_resistance_lower_bound": bound}, flags)
    signal = (0.5 * np.sign(current[0::2]) * (voltage[:, :, 0::2] - voltage[:, :, 1::2])).mean(axis=2).ravel()
    sheet = geometry.factor * np.where(good, signal, 0.0) / level_a
    derived = _surface(sheet, good, geometry, number)
    flags = () if good.all() else ("points_missing",)
    return Analysis(derived, flags if NONUNIFORMITY in derived else (*flags, "nonuniformity_not_resolved"))


@lru_cache(maxsize=64)
def _geometry(
    x_m: tuple[float, ...],
    y_m: tuple[float, ...],
    spacing_m: float,
    length_m: float,
    width_m: float,
    offset_m: float,
    rotation_rad: float,
    pin_m: float,
) -> _Geometry:
    """The draws are the same in every process, so that an analysis can be repeated."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.array(x_m), np.array(y_m)))
    head = (spacing_m, length_m, width_m)
    nominal = transfer_ratio(tip_positions(np.zeros(11), *head, 0.0, 0.0, 0.0, x, y), length_m, width_m)
    surface = np.stack([np.ones_like(x), x / length_m, y / width_m, (x * x + y * y) / (length_m * width_m)], axis=1)
    basis, triangle = np.linalg.qr(surface)
    # The grid is centred: the curvature has no mean slope.
    rises = np.array([[0.0, 1.0 / length_m, 0.0, 0.0], [0.0, 0.0, 1.0 / width_m, 0.0]])
    along = rises @ np.linalg.inv(triangle)
    rng = np.random.default_rng(0)

    def errors(normals: list[Floats], pin: float) -> Floats:
        tips = tip_positions(normals, *head, offset_m, rotation_rad, pin, x, y)
        return _kept(transfer_ratio(tips, length_m, width_m) / nominal - 1.0, tips, length_m, width_m)

    still = [*np.zeros((8, 1, 1))]
    steps = [[*0.5 * sign * np.eye(3)[:, :, None], *still] for sign in (1.0, -1.0)]
    slopes = errors(steps[0], 0.0) - errors(steps[1], 0.0)
    placed = errors([*rng.standard_normal((3, _PLACEMENTS, 1)), *still], 0.0)
    landed = errors([*np.zeros((3, 1, 1)), *rng.standard_normal((8, _PLACEMENTS, len(x)))], pin_m)
    # Curved in the offset, readings near an edge are too high on average.
    expected = 1.0 + placed.mean(axis=0) + landed.mean(axis=0)
    factor = 1.0 / (nominal * expected)
    return _Geometry(factor, basis, along, slopes.T, placed - placed.mean(axis=0), landed - landed.mean(axis=0))


def _kept(errors: Floats, tips: tuple[Floats, ...], length_m: float, width_m: float) -> Floats:
    """Errors of heads that land on the sample; a head beside it has no reading."""
    on = np.ones(errors.shape, dtype=bool)
    for along, across in zip(tips[0::2], tips[1::2], strict=True):
        on &= (along > 0.0) & (along < length_m) & (across > 0.0) & (across < width_m)
    return np.where(on, errors, 0.0)


def _surface(
    sheet: Floats, good: NDArray[np.bool_], geometry: _Geometry, number: Mapping[str, float]
) -> dict[str, Derived]:
    """Mean and nonuniformity of the fitted surface, both over the whole grid."""
    points = len(sheet)
    spread = np.maximum(np.sqrt(np.mean(geometry.landed[:, good] ** 2, axis=0)), 1e-9)[:, None]
    # Offset and rotation, in standard deviations, are expected to be 0 ± 1.
    design = np.block(
        [
            [geometry.basis[good] / spread, geometry.slopes[good] / spread],
            [np.zeros((3, 4)), np.eye(3)],
        ]
    )
    solve = np.linalg.pinv(design)
    rough = float(sheet[good].mean())
    seen = np.concatenate([sheet[good] / rough / spread[:, 0], np.zeros(3)])
    fitted = solve @ seen
    # The first column of the basis is constant: its coefficient is ∓mean·√points.
    mean = float(fitted[0] * geometry.basis[0, 0])
    shape = fitted[1:4] / mean / math.sqrt(points)
    left = seen - design @ fitted
    degrees = int(good.sum()) - 4
    # What few points leave over is itself uncertain; what the tips do is known beforehand, as if from 4 more.
    scale = (float(left @ left) + 4.0) / (degrees + 4.0)
    errors = solve[:4, :-3] / spread.T / math.sqrt(points) / mean
    random, systematic = (
        weight * (draws[:, good] @ errors.T).T @ (draws[:, good] @ errors.T) / len(draws)
        for weight, draws in ((scale, geometry.landed), (1.0, geometry.placed))
    )
    gains = math.hypot(number["voltage_gain"], number["current_gain"]) / math.sqrt(3.0)
    # A grid that is offset on a film with a slope has another mean.
    moved = number["offset_m"] * float(np.linalg.norm(geometry.along @ fitted[:4])) / mean
    sigma = math.hypot(math.sqrt(float(systematic[0, 0])), gains, moved)
    total = math.hypot(sigma, math.sqrt(float(random[0, 0])))
    value = rough * mean
    found = {"mean_sheet_resistance": Derived(value, value * total, "ohm/sq", value * sigma)}
    uneven = _uneven(shape, random[1:, 1:], systematic[1:, 1:])
    return {**found, **uneven}


def _uneven(shape: Floats, random: Floats, systematic: Floats) -> dict[str, Derived]:
    """Length of the vector of slopes and curvature, in %, where it is longer than its errors make it."""
    both = random + systematic
    square = float(shape @ shape - np.trace(both))
    # At the edge of detection the part that belongs to no shape counts too: 2 tr Σ².
    u_square = math.sqrt(float(4.0 * shape @ both @ shape + 2.0 * np.trace(both @ both)))
    held = math.sqrt(float(4.0 * shape @ systematic @ shape + 2.0 * np.trace(systematic @ systematic)))
    if square < DETECTED * u_square:
        bound = math.sqrt(max(square, 0.0) + 1.96 * u_square)
        return {
            f"{NONUNIFORMITY}_upper_bound": Derived(100.0 * bound, 50.0 * u_square / bound, "%", 50.0 * held / bound)
        }
    size = math.sqrt(square)
    return {NONUNIFORMITY: Derived(100.0 * size, 50.0 * u_square / size, "%", 50.0 * held / size)}
