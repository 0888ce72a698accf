"""Index and thickness of a film from the fringes of its transmittance.

Swanepoel, J. Phys. E 16, 1214 (1983): on a thick transparent plate of index s the envelopes T_M and T_m through the
maxima and minima of T give the index of a film that absorbs little (k² ≪ n²)::

    N = 2s(T_M − T_m)/(T_M·T_m) + (s² + 1)/2,   n² = N + √(N² − s²)

and the extrema, at 2nd = mλ with m whole for maxima and half-odd for minima (n > s), give the thickness. A straight
line through ℓ/2 over n/λ, ℓ counting the extrema from the red, has the slope 2d and starts at the order of the first
one; orders are then made exact, and the mean d of all extrema improves n. Envelopes are straight between extrema.
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
_SMOOTHED: Final = 3
_NEAR: Final = 0.06
"""Relative photon energy from an extremum within which the parabola is fitted, at most."""
_CLOSE: Final = 0.3
"""How far the curve may fall there, over the prominence."""
_LEAST_POINTS: Final = 3
_LEAST_LIGHT: Final = 1e-3
_LARGEST_SPREAD: Final = 0.03
"""Of the thicknesses of single extrema, relative: beyond it the envelopes are not what the theory takes them for."""
_CLEAR: Final = 1.5
"""How much larger the spread with the next best orders must be."""
_FALL: Final = 0.98
"""Of the index from red to blue, at most: the accuracy of the method."""


class Extrema(NamedTuple):
    """Where T turns, from the red."""

    wavelength_m: Floats
    transmittance: Floats
    maximum: NDArray[np.bool_]

    def part(self, chosen: slice) -> "Extrema":
        """Some of them."""
        return Extrema(self.wavelength_m[chosen], self.transmittance[chosen], self.maximum[chosen])


class Fringes(NamedTuple):
    """What the fringes tell."""

    wavelength_m: Floats
    """Of the extrema, from the red."""
    order: Floats
    refractive_index: Floats
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


def extrema(wavelength_m: Floats, transmittance: Floats, reflectance: Floats, noise: Floats) -> Extrema:
    """Maxima and minima that stand out of the noise, refined by a parabola over photon energy; wavelengths rising.

    They are sought in T/(T + R), which absorption that changes with the wavelength does not tilt: there they lie
    where T touches its envelopes.
    """
    share = transmittance / np.maximum(transmittance + reflectance, _LEAST_LIGHT)
    kernel = np.ones(_SMOOTHED) / _SMOOTHED
    smooth = np.convolve(share, kernel, mode="valid")
    half = _SMOOTHED // 2
    light = wavelength_m[half : len(wavelength_m) - half]
    energy = 1.0 / light
    threshold = _PROMINENCE * float(np.median(noise)) / np.sqrt(_SMOOTHED)
    found: list[tuple[float, float, bool]] = []
    for sign in (1.0, -1.0):
        peaks, properties = find_peaks(sign * smooth, prominence=threshold)
        for peak, prominence in zip(peaks, properties["prominences"], strict=True):
            # As wide as the curve stays close to the extremum, so that noise does not move it.
            fall = np.abs(smooth - smooth[peak])
            far = np.flatnonzero((np.abs(energy * light[peak] - 1.0) > _NEAR) | (fall > _CLOSE * prominence))
            right = int(np.searchsorted(far, peak))
            begin = far[right - 1] + 1 if right > 0 else 0
            near = slice(begin, far[right] if right < len(far) else len(light))
            if near.stop - near.start < _LEAST_POINTS:
                continue
            x = energy[near] * light[peak] - 1.0
            bend, slope, _ = np.polyfit(x, share[half:-half][near], 2)
            top = -0.5 * slope / bend if bend != 0.0 else np.inf
            if sign * bend >= 0.0 or not x.min() <= top <= x.max():
                continue
            height = np.polyval(np.polyfit(x, transmittance[half:-half][near], 2), top)
            found.append((light[peak] / (1.0 + top), float(height), sign > 0.0))
    found.sort(reverse=True)
    where, heights, upper = (np.array(column) for column in zip(*found, strict=True)) if found else ([], [], [])
    return Extrema(np.asarray(where, float), np.asarray(heights, float), np.asarray(upper, bool))


def fringes(turns: Extrema, plate_index: Floats) -> Fringes | None:
    """Index and thickness; `plate_index` at each extremum. None where they tell nothing.

    Of extrema that do not alternate, those before the first that was missed are taken.
    """
    missed = np.flatnonzero(turns.maximum[1:] == turns.maximum[:-1])
    number = int(missed[0]) + 1 if len(missed) else len(turns.maximum)
    if number < LEAST_EXTREMA:
        return None
    light, height, upper = turns.part(slice(number))
    energy = 1.0 / light
    highest, lowest = (np.interp(energy, energy[kind], height[kind]) for kind in (upper, ~upper))
    index = index_from_envelopes(highest, lowest, plate_index[:number])
    if not np.isfinite(index).all():
        return None
    count = 0.5 * np.arange(len(light))
    slope, start = np.polyfit(index / light, count, 1)
    if slope <= 0.0:
        return None
    # Whole for a maximum, half-odd for a minimum; of the orders about the line's, the one that agrees best on d.
    shift = 0.0 if upper[0] else 0.5
    nearest = round(-start - shift) + shift
    candidates = []
    for first in (nearest + step for step in (-2.0, -1.0, 0.0, 1.0, 2.0)):
        if first <= 0.0:
            continue
        orders = first + count
        thicknesses = 0.5 * orders * light / index
        thickness = float(thicknesses.mean())
        spread = float(thicknesses.std(ddof=1))
        candidates.append(Fringes(light, orders, 0.5 * orders * light / thickness, thickness, spread))
    candidates.sort(key=lambda one: one.spread_m / one.thickness_m)
    if not candidates:
        return None
    found = candidates[0]
    if len(candidates) > 1 and candidates[1].spread_m * found.thickness_m < _CLEAR * (
        found.spread_m * candidates[1].thickness_m
    ):
        return None
    # The index of a transparent film rises towards the blue: if not, the orders are wrong.
    if (
        found is None
        or found.spread_m > _LARGEST_SPREAD * found.thickness_m
        or found.refractive_index[-1] < _FALL * found.refractive_index[0]
    ):
        return None
    return found
