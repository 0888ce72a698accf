"""Size of the features in a picture, from its power spectrum.

Works on raw counts and settings alone. Each ring of the spectrum of the relative brightness is freed of the counting
noise N, of the beam's blur σ and of the surroundings of width w against which brightness counts,

    S(k) = (C(k) − N)·exp(k²σ²)/(1 − exp(−k²w²/2))²,

up to the first ring that does not stand out of the noise; below the first ring S is taken to stay. The covariance
ρ(r) = Σ n·S·J₀(kr)/Σ n·S over rings of n modes falls to 1/e at ξ, and 2ξ is called the size of the features: for domes
side by side it is about their width.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import j0

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]

_SETTINGS = ("blur_m", "u_blur_m", "magnification", "shadow_width_m")
_RINGS = 40
_TOP = 0.8
"""Highest wavenumber used, over that of Nyquist."""
_WINDOWED = (18.0 / 35.0) ** 2
"""Independent modes under a Hann window in both directions over those that are counted: [(Σw²)²/(NΣw⁴)]²."""
_MODEL = 0.05
"""Relative uncertainty of ξ because brightness is no straight copy of the height."""
_PASSED = 0.1
"""Rings of which the surroundings take more are not used."""
_UNSURE = 0.35
"""Relative uncertainty beyond which there is no one size to speak of."""
_SEEN = 3.0
"""Standard errors of the noise by which a ring must stand out of it."""
_STREAKED = 4.0
"""Change from line to line over that from column to column, in squares."""
_NM_PER_M = 1e9


class Spectrum(NamedTuple):
    """Ring averages."""

    k: Floats
    """rad/m."""
    density: Floats
    """m²."""
    modes: Floats
    """Area of the ring in the plane of k, 1/m²: not all of its modes need to be at hand."""
    independent: Floats


class Features(NamedTuple):
    """What a spectrum says of the features."""

    length_m: float
    """ξ."""
    random: float
    """Standard uncertainty of ln ξ by counting."""
    spot: float
    """Standard uncertainty of ln ξ as there are so many features in the picture."""


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """``feature_size`` (nm), 2ξ.

    Systematic in u: magnification, the beam's blur, what else is bright than hills, and that a spot holds so many
    features. Flags: ``charging`` (lines differ from each other more than columns do: no value), ``no_contrast`` (no
    ring stands out of the noise: no value), ``small_field`` (features above a fifth of the field: only
    ``feature_size_lower_bound``), ``blurred`` (features finer than the beam: only
    ``feature_size_upper_bound``), ``several_scales`` (ξ is uncertain by a third or more: no value).
    """
    number = {name: float(value) for name, value in settings.items() if not isinstance(value, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a picture", sorted(number), f"a number {name!r} too")
    counts = np.asarray(raw["electrons"], dtype=float)
    x = np.asarray(raw["x_m"], dtype=float)
    if counts.ndim != 2 or counts.shape != (x.size, x.size) or x.size < 64 or not counts.mean() > 0.0:
        raise InvalidInputError("raw electrons", counts.shape, "a square picture of 64 x 64 or more, not dark")
    pixel, n = float(x[1] - x[0]), x.size
    if streaks(counts) > _STREAKED:
        return Analysis({}, ("charging",))
    found = spectrum(counts, pixel)
    floor = pixel * pixel / float(counts.mean())
    fit = features(found, number["blur_m"], number["shadow_width_m"], floor)
    if fit is None:
        return Analysis({}, ("no_contrast",))
    moved = features(found, number["blur_m"] + number["u_blur_m"], number["shadow_width_m"], floor)
    blur = 0.0 if moved is None else math.log(moved.length_m / fit.length_m)
    systematic = math.sqrt(number["magnification"] ** 2 + blur * blur + _MODEL**2 + fit.spot**2)
    total = math.hypot(systematic, fit.random)
    if total > _UNSURE:
        return Analysis({}, ("several_scales",))
    field = n * pixel

    def size(length_m: float) -> Derived:
        value = 2.0 * length_m * _NM_PER_M
        return Derived(value, total * value, "nm", systematic * value)

    if fit.length_m < number["blur_m"]:
        return Analysis({"feature_size_upper_bound": size(number["blur_m"])}, ("blurred",))
    if 2.0 * fit.length_m > 0.2 * field:
        return Analysis({"feature_size_lower_bound": size(0.1 * field)}, ("small_field",))
    return Analysis({"feature_size": size(fit.length_m)}, ())


def streaks(counts: Floats) -> float:
    """Mean squared change from line to line over that from column to column, of the mean brightness."""
    lines = float(np.mean(np.diff(counts.mean(axis=1)) ** 2))
    columns = float(np.mean(np.diff(counts.mean(axis=0)) ** 2))
    return lines / columns if columns > 0.0 else 1.0


def spectrum(counts: Floats, pixel_m: float) -> Spectrum:
    """Power spectrum of the brightness over its mean, per ring; lines and columns less their means."""
    n = counts.shape[0]
    relative = counts / counts.mean()
    relative = relative - relative.mean(axis=1, keepdims=True)
    relative = relative - relative.mean(axis=0, keepdims=True)
    window, ring, number, wavenumber, area = _rings(n)
    power = np.abs(np.fft.rfft2(relative * window)) ** 2 * pixel_m**2 / np.sum(window**2)
    density = np.bincount(ring, power.ravel(), _RINGS + 2)[1:-1]
    filled = number > 0.0
    return Spectrum(
        wavenumber[filled] / pixel_m,
        density[filled] / number[filled],
        area[filled] / pixel_m**2,
        np.maximum(_WINDOWED * number[filled], 0.5),
    )


def features(s: Spectrum, blur_m: float, width_m: float, floor_m2: float) -> Features | None:
    """Size of what the spectrum shows above the noise `floor_m2`; None where nothing stands out of it."""
    passed = (-np.expm1(-0.5 * (s.k * width_m) ** 2)) ** 2
    first = int(np.searchsorted(passed, _PASSED))
    faint = np.flatnonzero(s.density[first:] < floor_m2 * (1.0 + _SEEN / np.sqrt(s.independent[first:])))
    last = first + (int(faint[0]) if faint.size else s.k.size - first)
    if last - first < 3:
        return None
    used = slice(first, last)
    k, density = s.k[used], s.density[used]
    sharpened = np.exp((k * blur_m) ** 2) / passed[used]
    # The modes below the first ring count as its own.
    modes = s.modes[used].copy()
    modes[0] = np.pi * k[0] * k[1]
    weight = modes * sharpened / float(np.sum(modes * (density - floor_m2) * sharpened))

    def above(r: float) -> float:
        return float(np.sum(weight * (density - floor_m2) * j0(k * r))) - math.exp(-1.0)

    shifts = np.geomspace(0.1 / k[-1], 3.0 / k[0], 200)
    below = [r for r in shifts if above(float(r)) < 0.0]
    if not below:
        return None
    length = float(brentq(above, 0.01 / k[-1], below[0])) if above(0.01 / k[-1]) > 0.0 else 0.01 / float(k[-1])
    fall = (above(0.95 * length) - above(1.05 * length)) / 0.1
    # Of ln ξ by the standard error of each ring, and which share of that is in the surface.
    error = weight * (j0(k * length) - math.exp(-1.0)) * density / np.sqrt(s.independent[used]) / fall
    share = 1.0 - floor_m2 / density
    random = math.sqrt(float(np.sum(error**2 * (1.0 - share**2))))
    return Features(length, random, math.sqrt(float(np.sum((error * share) ** 2))))


@lru_cache(maxsize=4)
def _rings(n: int) -> tuple[Floats, NDArray[np.int64], Floats, Floats, Floats]:
    """(window, ring of each mode, modes, mean wavenumber in rad per pixel, area of each ring)."""
    hann = np.hanning(n)
    k_y, k_x = 2.0 * np.pi * np.fft.fftfreq(n), 2.0 * np.pi * np.fft.rfftfreq(n)
    k = np.hypot(k_y[:, None], k_x[None, :])
    # Means of lines and columns are gone, so are the modes on the axes and, by the window, those beside them.
    k[:2], k[-1], k[:, :2] = 0.0, 0.0, 0.0
    edges = np.geomspace(4.0 * np.pi / n, _TOP * np.pi, _RINGS + 1)
    ring = np.digitize(k.ravel(), edges)
    number = np.bincount(ring, minlength=_RINGS + 2)[1:-1].astype(float)
    total = np.bincount(ring, k.ravel(), _RINGS + 2)[1:-1]
    return np.outer(hann, hann), ring, number, total / np.maximum(number, 1.0), np.pi * np.diff(edges**2)
