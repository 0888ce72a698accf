"""Roughness from a height map: flatten each line, allow for what that took away, and judge what the tip hid.

Works on the raw map and settings alone. Lengths derived are in nm; heights are those of the face, not of the film.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.roughness import excess_kurtosis, power_spectrum
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.surface import dilation
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]

_SETTINGS = (
    "tip_radius_m",
    "tip_radius_spread",
    "height_gain",
    "lateral_gain",
    "noise_m",
    "wander_m_sqrt_s",
    "line_rate_hz",
)
_TWICE = 0.47
"""What a tip hides over what it hides when it dilates its own image again, while both are small."""
_FORGOTTEN = 0.15
"""What the second dilation hides once the image holds no more of the surface than of the tip."""
_JUDGED = 0.11
"""Beyond which the image no longer tells the tip's share."""
_SHARPEST = 0.13
"""R·Sq/ξ² of an image: the hills that a tip leaves reach 0.16 to 0.25, however sharp those of the surface."""
_U_SHARE = 0.5
"""Relative uncertainty of the share so found."""
_FINE_SLOPE = -3.2
"""A spectrum that falls more slowly goes on below what the tip resolves."""
_FINE = 0.24
"""Share of Sq that the tip hides of such surfaces, over R/ξ: fitted to 35 grown surfaces, R of 8 nm."""
_U_FINE = 0.45
"""Relative scatter of the same."""
_U_COVARIANCE = 0.9
"""Uncertainty of ρ where it has fallen to 1/e over the relative one of Sq; found on normal surfaces."""
_NM_PER_M = 1e9


class Covariance(NamedTuple):
    """Of heights along the fast axis."""

    squared_m2: float
    """Mean square of the height, free of noise, with what the flattening took."""
    relative: Floats
    """At shifts of 0, 1, … pixels, up to where it has fallen to nothing."""


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values of one map.

    ``roughness_sq`` and ``roughness_sa`` (nm) are root mean square and mean of the height about the flattened plane;
    ``tip_bias`` (nm) is the share of Sq that the tip is thought to hide, already added; ``correlation_length`` (nm)
    is the shift along the lines at which the covariance has fallen to 1/e; ``spectral_slope`` that of ln C over ln k
    from there to half the highest wavenumber; ``kurtosis`` the excess of the heights.

    All of u but noise and wander is systematic, as repeats on one mounting see the same spot: height gain, some six
    tenths of the tip's share, and Sq of one spot for that of the film, u/Sq = ½·√(2Σρ²/N). Flags: ``small_scan`` (no
    correlation length: none within a fifth of the scan), ``noise`` (no values but ``roughness_sq_upper_bound``:
    no more than noise and wander), ``coarse_pixels`` (correlation length below two pixels), ``tip`` (no values but
    ``roughness_sq_lower_bound``: the map shows the tip more than the surface), ``unresolved`` (the spectrum says that
    there is more than the tip can reach: its share is a guess from like surfaces).
    """
    number = {name: float(value) for name, value in settings.items() if not isinstance(value, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a height map", sorted(number), f"a number {name!r} too")
    heights = np.asarray(raw["height_m"], dtype=float)
    x = np.asarray(raw["x_m"], dtype=float)
    if heights.ndim != 2 or min(heights.shape) < 32 or heights.shape[1] != x.size:
        raise InvalidInputError("raw height_m", heights.shape, "a map of 32 x 32 or more, a column for each x_m")
    pixel = float(x[1] - x[0])
    flat = flattened(heights)
    noise2 = number["noise_m"] ** 2
    seen = covariance(flat, noise2)
    points = flat.size
    # Mean square of a random walk about its mean over a line, and three standard errors of what is left without it.
    wander2 = number["wander_m_sqrt_s"] ** 2 / number["line_rate_hz"] / 6.0
    least = 3.0 * math.hypot(noise2 * math.sqrt(2.0 / points), wander2)
    squared = seen.squared_m2 - wander2
    if squared <= least:
        return Analysis({"roughness_sq_upper_bound": _nm(math.sqrt(max(squared, 0.0) + least), 0.0, 0.0)}, ("noise",))
    sq = math.sqrt(squared)
    curvature = pixel * pixel / (2.0 * number["tip_radius_m"])
    again = taken_again(flat, curvature)
    spot = 0.5 * math.sqrt(2.0 * _squared_area(seen.relative) / points)
    random = math.hypot(noise2 / math.sqrt(points), wander2 / math.sqrt(heights.shape[0])) / math.sqrt(2.0) / sq
    sharpness = number["tip_radius_m"] * sq / (fallen(seen.relative) * pixel) ** 2
    if again > _JUDGED or sharpness > _SHARPEST:
        systematic = math.hypot(number["height_gain"], spot) * sq
        return Analysis({"roughness_sq_lower_bound": _nm(sq, random, systematic)}, ("tip",))
    # The share goes with R^1.5 where it is small.
    hidden, relative_u = tip_share(again), math.hypot(_U_SHARE, 1.5 * number["tip_radius_spread"])
    slope = _spectral_slope(flat, pixel, fallen(seen.relative))
    flags: list[str] = []
    level = math.exp(-1.0)
    if slope is not None and slope.value > _FINE_SLOPE:
        flags.append("unresolved")
        hidden, relative_u = _FINE * number["tip_radius_m"] / (fallen(seen.relative) * pixel), _U_FINE
        # What is finer than the tip adds to ρ at no shift alone.
        level *= 1.0 + hidden
    bias, u_bias = sq * hidden, sq * hidden * relative_u
    true_sq = sq + bias
    systematic = math.hypot(math.hypot(number["height_gain"], spot) * true_sq, u_bias)
    ratio = float(np.mean(np.abs(flat))) / float(np.sqrt(np.mean(flat**2)))
    derived = {
        "roughness_sq": _nm(true_sq, random, systematic),
        "roughness_sa": _nm(ratio * true_sq, ratio * random, ratio * systematic),
        "tip_bias": _nm(bias, 0.0, u_bias),
        "kurtosis": _kurtosis(flat, seen.relative),
    }
    length = fallen(seen.relative, level)
    if not math.isfinite(length) or length > 0.2 * x.size:
        return Analysis(derived, (*flags, "small_scan"))
    if length < 2.0:
        flags.append("coarse_pixels")
    u_level = math.hypot(_U_COVARIANCE * spot, 2.0 * level * hidden * relative_u)
    # Pixels over which ρ is off by its uncertainty, from the fall about there.
    before, after = (float(np.interp(f * length, np.arange(seen.relative.size), seen.relative)) for f in (0.7, 1.3))
    u_length = 0.6 * length * u_level / (before - after)
    u_m = math.hypot(number["lateral_gain"] * length, u_length) * pixel
    derived["correlation_length"] = _nm(length * pixel, 0.0, u_m)
    if slope is not None:
        derived["spectral_slope"] = slope
    return Analysis(derived, tuple(flags))


def flattened(heights: Floats) -> Floats:
    """Each line less its mean, then the map less the best parabola along the lines that all share: tilt and bow."""
    level = heights - heights.mean(axis=1, keepdims=True)
    basis = _basis(heights.shape[1])
    return np.asarray(level - (level.mean(axis=0) @ basis) @ basis.T)


def covariance(flat: Floats, noise_m2: float) -> Covariance:
    """Covariance along the lines of a flattened map of white noise `noise_m2`.

    The mean of a line of n points takes Σ_s (1 − |s|/n)·ρ(s)/n of the mean square with it; the same is added at every
    shift, until it changes no more.
    """
    rows, n = flat.shape
    spectrum = np.abs(np.fft.rfft(flat, 2 * n, axis=1)) ** 2
    sums = np.fft.irfft(spectrum.sum(axis=0), 2 * n)[:n]
    measured = sums / (rows * np.arange(n, 0, -1))
    measured[0] -= noise_m2
    if measured[0] <= 0.0:
        return Covariance(0.0, np.ones(1))
    taken = 0.0
    for _ in range(4):
        shifted = measured + taken
        relative = shifted[: _end(shifted, n // 3)] / shifted[0]
        taken = shifted[0] * _taken_share(relative, n)
    return Covariance(float(measured[0] + taken), np.asarray(relative))


def taken_again(flat: Floats, curvature: float) -> float:
    """e = Sq/Sq' − 1, where Sq' is that of the image dilated once more by the same tip.

    Paraboloids add: the second dilation shows what a tip of twice the radius would have seen.
    """
    again = bind(dilation, "numba").dilated_map(flat, curvature)
    first, second = float(flat.std()), float(flattened(again).std())
    return max(first / second - 1.0, 0.0) if second > 0.0 else 0.0


def tip_share(again: float) -> float:
    """Share of Sq that the tip hid, 0.47e/(1 − (e/0.15)³) of `taken_again`; e at most 0.11.

    Fitted to normal surfaces with a normal covariance, for which the share is a function of R·Sq/ξ² alone.
    """
    return _TWICE * again / (1.0 - (again / _FORGOTTEN) ** 3)


@lru_cache(maxsize=8)
def _basis(n: int) -> Floats:
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n), 3))
    return np.asarray(basis)


def _taken_share(relative: Floats, n: int) -> float:
    shift = np.arange(1, relative.size)
    return float(1.0 + 2.0 * np.sum((1.0 - shift / n) * relative[1:])) / n


def _end(shifted: Floats, most: int) -> int:
    below = np.flatnonzero(shifted[:most] <= 0.0)
    return max(int(below[0]) if below.size else most, 1)


def _squared_area(relative: Floats) -> float:
    """Σρ² over all shifts in the plane, in pixels, for a covariance that is the same in all directions."""
    shift = np.arange(relative.size)
    return float(1.0 + 2.0 * math.pi * np.sum(shift * relative**2))


def fallen(relative: Floats, level: float = math.exp(-1.0)) -> float:
    """Shift in pixels at which ρ has fallen to `level`; infinite where it has not."""
    below = np.flatnonzero(relative < level)
    if below.size == 0:
        return math.inf
    first = int(below[0])
    upper, lower = float(relative[first - 1]), float(relative[first])
    return first - 1 + (upper - level) / (upper - lower)


def _kurtosis(flat: Floats, relative: Floats) -> Derived:
    """Standard error √(24/M) of M independent heights; the area of ρ⁴ is at most that of ρ²."""
    independent = max(flat.size / _squared_area(relative), 1.0)
    u = math.sqrt(24.0 / independent)
    return Derived(excess_kurtosis(flat), u, "1", u)


def _spectral_slope(flat: Floats, pixel_m: float, length: float) -> Derived | None:
    n = flat.shape[1]
    if flat.shape[0] != n or not math.isfinite(length):
        return None
    window = np.hanning(n)
    k, density = power_spectrum(SurfaceMap(flat * np.outer(window, window), pixel_m))
    high = 0.5 * math.pi / pixel_m
    used = (k > 1.0 / (length * pixel_m)) & (k < high) & (density > 0.0)
    if np.count_nonzero(used) < 5:
        return None
    (slope, _), square = np.polyfit(np.log(k[used]), np.log(density[used]), 1, cov=True)
    u = math.sqrt(float(square[0, 0]))
    return Derived(float(slope), u, "1", u)


def _nm(value_m: float, random_m: float, systematic_m: float) -> Derived:
    total = math.hypot(random_m, systematic_m)
    return Derived(value_m * _NM_PER_M, total * _NM_PER_M, "nm", systematic_m * _NM_PER_M)
