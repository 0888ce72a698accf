"""Statistics of rough surfaces: width, correlations, spectrum, exponents with their uncertainty.

Heights are arrays of rows × columns, periodic; a map of a single row is a surface in 1+1 dimensions. Dynamic scaling
(Family and Vicsek 1985): W ~ t^β until the correlation length has grown to the size L, then W ~ L^α; z = α/β.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.surface_map import SurfaceMap

Heights = NDArray[Any]
Floats = NDArray[np.float64]


class Exponent(NamedTuple):
    """An exponent and its standard error."""

    value: float
    u: float


def squared_width(heights: Heights) -> float:
    """W² = ⟨(h − ⟨h⟩)²⟩, in the square of the unit of `heights`."""
    return float(np.var(heights))


def skewness(heights: Heights) -> float:
    """⟨(h − ⟨h⟩)³⟩/W³; 0 where hills and valleys are alike, and for a flat surface."""
    return _moment(heights, 3)


def excess_kurtosis(heights: Heights) -> float:
    """⟨(h − ⟨h⟩)⁴⟩/W⁴ − 3; 0 for normal heights."""
    return _moment(heights, 4) - 3.0


def _moment(heights: Heights, order: int) -> float:
    deviation = np.asarray(heights, float) - np.mean(heights)
    variance = float(np.mean(deviation**2))
    return float(np.mean(deviation**order)) / variance ** (order / 2) if variance > 0.0 else 0.0


def bin_maxima(heights: Heights, edge: int) -> Heights:
    """The highest cell of each bin of `edge` × `edge` cells (of 1 × `edge` in a single row).

    Takes the intrinsic width out of ballistic surfaces (Alves, Oliveira and Ferreira, Phys. Rev. E 90, 052405, 2014).
    Raises `InvalidInputError` where the bins do not fill the map.
    """
    rows, columns = heights.shape
    tall = min(edge, rows)
    if edge < 1 or rows % tall or columns % edge:
        raise InvalidInputError("edge of a bin", edge, f"a divisor of the map's {rows} rows and {columns} columns")
    maxima: Heights = heights.reshape(rows // tall, tall, columns // edge, edge).max(axis=(1, 3))
    return maxima


def autocovariance(heights: Heights) -> Floats:
    """⟨δh(r₀)·δh(r₀ + r)⟩ over all r₀ for every shift r, of the shape of `heights`; exact for periodic heights."""
    spectrum = np.fft.fft2(np.asarray(heights, float) - np.mean(heights))
    return np.asarray(np.fft.ifft2(np.abs(spectrum) ** 2).real / heights.size)


def height_height_correlation(heights: Heights) -> Floats:
    """G(r) = ⟨(h(r₀ + r) − h(r₀))²⟩ for r = 0, 1, … cells along the axes, up to half the map.

    The mean over both axes where both are long enough. G ~ r^{2α} below the correlation length, 2W² far above.
    """
    shifted = autocovariance(heights)
    rows, columns = heights.shape
    along = shifted[0, : columns // 2 + 1]
    if rows > 1:
        shorter = min(rows, columns) // 2 + 1
        along = 0.5 * (along[:shorter] + shifted[:shorter, 0])
    return np.asarray(2.0 * (shifted[0, 0] - along))


def correlation_length(heights: Heights) -> float:
    """Shift along the axes, in cells, at which the autocovariance has fallen to W²/e (interpolated).

    Infinite for a flat surface and where the map is too small to see the fall.
    """
    relative = 1.0 - height_height_correlation(heights) / max(2.0 * squared_width(heights), 1e-300)
    below = np.flatnonzero(relative < np.exp(-1.0))
    if squared_width(heights) == 0.0 or below.size == 0:
        return float("inf")
    first = int(below[0])
    upper, lower = relative[first - 1], relative[first]
    return float(first - 1 + (upper - np.exp(-1.0)) / (upper - lower))


def power_spectrum(surface: SurfaceMap, bins: int = 32) -> tuple[Floats, Floats]:
    """(wavenumber k in rad/m, spectral density C in m⁴), C averaged over rings of equal width in ln k.

    C(k) = |Δ²·Σ h e^{−ikr}|²/A with pixel Δ and area A, so that the mean of δh² is Σ_k C(k)/A over all k ≠ 0
    (Parseval). Empty rings are left out; meant for maps of many rows.
    """
    rows, columns = surface.heights_m.shape
    area = rows * columns * surface.pixel_m**2
    density = np.abs(np.fft.fft2(surface.heights_m - surface.heights_m.mean())) ** 2 * surface.pixel_m**4 / area
    k_y, k_x = (2.0 * np.pi * np.fft.fftfreq(n, surface.pixel_m) for n in (rows, columns))
    wavenumber = np.hypot(k_y[:, None], k_x[None, :]).ravel()[1:]
    edges = np.geomspace(wavenumber.min() * 0.999, wavenumber.max() * 1.001, bins + 1)
    ring = np.digitize(wavenumber, edges) - 1
    count = np.bincount(ring, minlength=bins)
    filled = count > 0
    k = np.bincount(ring, wavenumber, bins)[filled] / count[filled]
    return k, np.bincount(ring, density.ravel()[1:], bins)[filled] / count[filled]


def power_law(x: ArrayLike, runs: ArrayLike) -> Exponent:
    """Exponent p of y ~ x^p from independent runs (runs × points) of y.

    The slope of the logarithm of the mean over the runs; the standard error is that of a jackknife over the runs, so
    points of one run may be correlated, as the widths of one growing surface are. It does not contain the bend of a
    curve that is no power law; see `local_exponents`. Raises `InvalidInputError` for fewer than two runs or points.
    """
    log_x, y = np.log(np.asarray(x, float)), np.atleast_2d(np.asarray(runs, float))
    if y.shape[0] < 2 or y.shape[1] < 2 or y.shape[1] != log_x.size:
        raise InvalidInputError("runs", y.shape, f"at least two runs of {log_x.size} (at least two) points")
    total = y.sum(axis=0)

    def slope(mean: Floats) -> float:
        return float(np.polyfit(log_x, np.log(mean), 1)[0])

    without = np.array([slope((total - one) / (len(y) - 1)) for one in y])
    spread = float(np.sqrt((len(y) - 1) * np.mean((without - without.mean()) ** 2)))
    return Exponent(slope(total / len(y)), spread)


def local_exponents(x: ArrayLike, y: ArrayLike) -> Floats:
    """Slopes d ln y/d ln x between successive points: constant only where there is one power law."""
    return np.asarray(np.diff(np.log(np.asarray(y, float))) / np.diff(np.log(np.asarray(x, float))))


def size_exponent(sizes: Sequence[float], squared_widths: Sequence[Floats]) -> Exponent:
    """α of W² = c·L^{2α} from independent values of the saturated W² at each size (weighted straight line)."""
    means = np.array([np.mean(values) for values in squared_widths])
    errors = np.array([np.std(values, ddof=1) / np.sqrt(np.size(values)) for values in squared_widths])
    log_size, log_width, u = np.log(np.asarray(sizes, float)), np.log(means), errors / means
    weight = 1.0 / u**2
    centre = float(np.sum(weight * log_size) / np.sum(weight))
    scatter = float(np.sum(weight * (log_size - centre) ** 2))
    slope = float(np.sum(weight * (log_size - centre) * log_width)) / scatter
    return Exponent(0.5 * slope, 0.5 / np.sqrt(scatter))


def island_density(heights: Heights, level: int) -> float:
    """Connected regions (over edges, periodic) higher than `level`, a site."""
    from scipy.ndimage import label

    regions, count = label(heights > level)
    parent = list(range(int(count) + 1))

    def root(region: int) -> int:
        while parent[region] != region:
            region = parent[region]
        return region

    # The label function knows no periodic edges: join what meets across them.
    across = [*zip(regions[0], regions[-1], strict=True), *zip(regions[:, 0], regions[:, -1], strict=True)]
    for one, other in across:
        if one and other:
            parent[root(int(one))] = root(int(other))
    islands = sum(parent[region] == region for region in range(1, int(count) + 1))
    return islands / heights.size
