"""Diffraction lines on the steps of a scan: loops for Numba around `diffraction_pattern`."""

from typing import Any

import numpy as xp

from tansaki.twin.measurement.x_ray.diffraction_pattern import FOUR_LN2, GAUSS_PEAK, LORENTZ_PEAK

NEAR = 40.0
"""Half of the usual window of a line, in its widths: beyond it less than 1e-4 of the peak is left."""
FAR = 1e4
"""Likewise for lines of which less than that is still much."""


def sum_of_lines(first_rad: float, step_rad: float, number: int, lines: Any, reach: float) -> Any:
    """Σ area · profile at `number` steps of 2θ; `lines` has rows centre, area, width, mixing (n, 4).

    A line is left out beyond `reach` widths from its centre.
    """
    total = xp.zeros(number)
    for k in range(len(lines)):
        centre, area, width, mixing = lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3]
        low = max(0, int((centre - reach * width - first_rad) / step_rad) + 1)
        high = min(number, int((centre + reach * width - first_rad) / step_rad) + 1)
        for i in range(low, high):
            x = (first_rad + i * step_rad - centre) / width
            value = mixing * LORENTZ_PEAK / (1.0 + 4.0 * x * x)
            # Beyond three widths the Gaussian is below 1e-10.
            if abs(x) < 3.0:
                value += (1.0 - mixing) * GAUSS_PEAK * xp.exp(-FOUR_LN2 * x * x)
            total[i] += area * value / width
    return total


def line_basis(
    first_rad: float, step_rad: float, number: int, lines: Any, group: Any, groups: int, reach: float
) -> Any:
    """Profiles of groups of lines and their derivatives, (4, groups, number): value, ∂ centre, ∂ width, ∂ mixing.

    Each row of `lines` (centre, share, width, mixing) is added to the group whose index is in `group`.
    """
    basis = xp.zeros((4, groups, number))
    for k in range(len(lines)):
        centre, share, width, mixing = lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3]
        j = group[k]
        low = max(0, int((centre - reach * width - first_rad) / step_rad) + 1)
        high = min(number, int((centre + reach * width - first_rad) / step_rad) + 1)
        for i in range(low, high):
            x = (first_rad + i * step_rad - centre) / width
            fall = 1.0 / (1.0 + 4.0 * x * x)
            lorentz = LORENTZ_PEAK * fall / width
            gauss = GAUSS_PEAK * xp.exp(-FOUR_LN2 * x * x) / width if abs(x) < 3.0 else 0.0
            value = mixing * lorentz + (1.0 - mixing) * gauss
            slope = x / width * (8.0 * fall * mixing * lorentz + 2.0 * FOUR_LN2 * (1.0 - mixing) * gauss)
            basis[0, j, i] += share * value
            basis[1, j, i] += share * slope
            basis[2, j, i] += share * (x * slope - value / width)
            basis[3, j, i] += share * (lorentz - gauss)
    return basis
