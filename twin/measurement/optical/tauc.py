"""Absorption coefficient of a film from T and R, and its gap from a Tauc plot with the choice of window as uncertainty.

With R of the same sample, α = ln[(1 − R)/T]/d is nearly free of interference (Hishikawa et al., Jpn. J. Appl. Phys.
30, 1008 (1991)); light that the back face returns is neglected. (αE)^(1/m) is drawn over the photon energy E, m = 2
for an indirect and ½ for a direct gap, and a straight part is followed down to zero. Where the part begins and ends is
a choice: every window that is straight enough gives a gap, and their spread is the uncertainty.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M

Floats = NDArray[np.float64]

LEAST_POINTS: Final = 4
LEAST_WIDTH_EV: Final = 0.12
STRAIGHT: Final = 0.99
"""Least coefficient of determination of a window."""
_FOOT: Final = 0.3
"""A window begins above this share of the highest point."""
_STEEP: Final = 0.7
"""Least slope of a window over that of the steepest."""


class Gap(NamedTuple):
    """A gap with the spread over the windows (`window_ev`) and the standard error of a typical one."""

    gap_ev: float
    window_ev: float
    noise_ev: float


def absorption_per_m(transmittance: Floats, reflectance: Floats, thickness_m: float) -> Floats:
    """α; zero where no light is lost."""
    lost = np.maximum((1.0 - reflectance) / np.maximum(transmittance, 1e-12), 1.0)
    return np.asarray(np.log(lost) / thickness_m)


def tauc_gap(wavelength_m: Floats, absorption: Floats, readable: NDArray[np.bool_], direct: bool) -> Gap | None:
    """Gap from all straight windows; `readable` marks where T can be told from zero. None without such a window."""
    order = np.argsort(-wavelength_m[readable])
    energy = PLANCK_TIMES_LIGHT_EV_M / wavelength_m[readable][order]
    height = (absorption[readable][order] * energy) ** (2.0 if direct else 0.5)
    if len(energy) < LEAST_POINTS or height.max() <= 0.0:
        return None
    # From the last point below the foot of the edge to the highest.
    begin = int(np.max(np.flatnonzero(height < _FOOT * height.max()), initial=-1)) + 1
    x, y = energy[begin:], height[begin:] / height.max()
    number = len(x)
    if begin == 0 or number < LEAST_POINTS:
        return None
    # Sums over each window i..j from running sums, about the middle to keep digits.
    middle = float(x.mean())
    x = x - middle
    running = np.cumsum(np.stack([np.ones(number), x, y, x * x, x * y, y * y]), axis=1)
    running = np.concatenate([np.zeros((6, 1)), running], axis=1)
    i, j = np.triu_indices(number, LEAST_POINTS - 1)
    n, sx, sy, sxx, sxy, syy = running[:, j + 1] - running[:, i]
    vx, vy, vxy = sxx - sx * sx / n, syy - sy * sy / n, sxy - sx * sy / n
    slope = vxy / vx
    straight = (vxy * vxy >= STRAIGHT * vx * vy) & (slope > 0.0) & (x[j] - x[i] >= LEAST_WIDTH_EV)
    if not straight.any():
        return None
    straight &= slope >= _STEEP * slope[straight].max()
    n, vx, vy, slope = n[straight], vx[straight], vy[straight], slope[straight]
    mean_x, mean_y = sx[straight] / n, sy[straight] / n
    gap = mean_x - mean_y / slope
    scatter = np.maximum(vy - slope * slope * vx, 0.0) / (n - 2.0)
    error = np.sqrt(scatter / n + scatter * (mean_x - gap) ** 2 / vx) / slope
    # One window alone tells nothing of its choice: then its own error stands for it.
    window = float(gap.std()) if len(gap) > 1 else float(error[0])
    return Gap(float(gap.mean()) + middle, window, math.sqrt(float(np.mean(error**2))))
