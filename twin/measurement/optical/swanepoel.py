"""Index and thickness of a film from the fringes of its transmittance.

Swanepoel, J. Phys. E 16, 1214 (1983): on a thick transparent plate of index s the envelopes T_M and T_m through the
maxima and minima of T give the index of a film that absorbs little (k² ≪ n²)::

    N = 2s(T_M − T_m)/(T_M·T_m) + (s² + 1)/2,   n² = N + √(N² − s²)

and the extrema, at 2nd = mλ with m whole for maxima and half-odd for minima (n > s), give the thickness. A straight
line through ℓ/2 over n/λ, ℓ counting the extrema from the red, has the slope 2d and starts at the order of the first
one; orders are then made exact, and the mean d of all extrema improves n.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

Floats = NDArray[np.float64]

LEAST_EXTREMA: Final = 4
"""Fewer leave the orders to guesswork."""
_PROMINENCE: Final = 8.0
"""Of an extremum, over the noise after smoothing."""
_SMOOTHED: Final = 5
_OF_ORDER: Final = 0.25
"""Farthest that the line may miss a possible order."""


class Extrema(NamedTuple):
    """Where T turns, from the red."""

    wavelength_m: Floats
    transmittance: Floats
    maximum: NDArray[np.bool_]


class Fringes(NamedTuple):
    """What the fringes tell."""

    wavelength_m: Floats
    """Of the extrema, from the red."""
    order: Floats
    index: Floats
    """At the extrema, improved by the orders."""
    thickness_m: float
    spread_m: float
    """Standard deviation of the thicknesses of the single extrema."""


def index_from_envelopes(upper: Any, lower: Any, plate_index: Any) -> Any:
    """n of the film from T_M and T_m at one wavelength; NaN where no film above the plate's index has them."""
    s2 = plate_index * plate_index
    total = 2.0 * plate_index * (upper - lower) / (upper * lower) + 0.5 * (s2 + 1.0)
    with np.errstate(invalid="ignore"):
        return np.sqrt(total + np.sqrt(total * total - s2))


def extrema(wavelength_m: Floats, transmittance: Floats, noise: Floats) -> Extrema:
    """Maxima and minima of T that stand out of the noise, refined by a parabola over photon energy."""
    kernel = np.ones(_SMOOTHED) / _SMOOTHED
    smooth = np.convolve(transmittance, kernel, mode="valid")
    half = _SMOOTHED // 2
    light = wavelength_m[half : len(wavelength_m) - half]
    threshold = _PROMINENCE * float(np.median(noise)) / np.sqrt(_SMOOTHED)
    found: list[tuple[float, float, bool]] = []
    for sign in (1.0, -1.0):
        for peak in find_peaks(sign * smooth, prominence=threshold)[0]:
            # As wide as the curve stays close to the extremum, so that noise does not move it.
            near = np.abs(1.0 / light - 1.0 / light[peak]) * light[peak] <= 0.06
            near &= np.abs(smooth - smooth[peak]) <= max(4.0 * threshold, 0.02)
            if near.sum() < 5 or peak < 2 or peak > len(light) - 3:
                continue
            x = 1e-6 * (1.0 / light[near] - 1.0 / light[peak])
            bend, slope, level = np.polyfit(x, smooth[near], 2)
            if sign * bend >= 0.0:
                continue
            top = float(np.clip(-0.5 * slope / bend, x.min(), x.max()))
            found.append((1.0 / (1.0 / light[peak] + 1e6 * top), level + 0.5 * slope * top, sign > 0.0))
    found.sort(reverse=True)
    where, height, upper = (np.array(column) for column in zip(*found, strict=True)) if found else ([], [], [])
    return Extrema(np.asarray(where, float), np.asarray(height, float), np.asarray(upper, bool))


def fringes(turns: Extrema, plate_index: Floats) -> Fringes | None:
    """Index and thickness from alternating extrema; `plate_index` at each of them. None where they tell nothing."""
    light, height, upper = turns
    if len(light) < LEAST_EXTREMA or not (upper[1:] != upper[:-1]).all():
        return None
    energy = 1.0 / light
    envelopes = [np.interp(energy, energy[kind], height[kind]) for kind in (upper, ~upper)]
    index = index_from_envelopes(*envelopes, plate_index)
    if not np.isfinite(index).all():
        return None
    count = 0.5 * np.arange(len(light))
    slope, start = np.polyfit(index / light, count, 1)
    first = -start
    # Whole for a maximum, half-odd for a minimum.
    shift = 0.0 if upper[0] else 0.5
    order = round(first - shift) + shift
    if slope <= 0.0 or abs(first - order) > _OF_ORDER or order <= 0.0:
        return None
    orders = order + count
    thicknesses = 0.5 * orders * light / index
    thickness = float(thicknesses.mean())
    return Fringes(light, orders, 0.5 * orders * light / thickness, thickness, float(thicknesses.std(ddof=1)))
