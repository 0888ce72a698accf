"""The image that a blunt tip gives of a surface: grey dilation by a paraboloid.

A tip of radius R touches where its distance to the surface is least, so its apex stands at

    i(x, y) = max over (u, v) of s(u, v) − [(x − u)² + (y − v)²]/2R.

A sphere is a paraboloid as far as it is steep no more than some tenths. The paraboloid, unlike the sphere, falls into
a sum, so the maximum over a map is that along the rows and then along the columns, and each line takes one pass:
parabolas of one curvature cross once, and the upper envelope of them is found by a stack (Felzenszwalb and
Huttenlocher, Theory of Computing 8, 415 (2012), for the same sum with a minimum). No limit on the reach of the tip.

Loops, hence `bind(..., "numba")`.
"""

import numpy as xp
from numpy.typing import NDArray


def dilated_line(line: NDArray[xp.float64], curvature: float) -> NDArray[xp.float64]:
    """max_j line[j] − curvature·(i − j)² for every i; curvature = pixel²/2R in the unit of `line`, above 0."""
    count = len(line)
    apex = xp.empty(count, xp.int64)
    start = xp.empty(count, xp.float64)
    top = 0
    apex[0], start[0] = 0, -xp.inf
    for j in range(1, count):
        crossing = _crossing(line, apex[top], j, curvature)
        while crossing <= start[top]:
            top -= 1
            crossing = _crossing(line, apex[top], j, curvature)
        top += 1
        apex[top], start[top] = j, crossing
    image = xp.empty(count, xp.float64)
    last, top = top, 0
    for i in range(count):
        while top < last and start[top + 1] < i:
            top += 1
        image[i] = line[apex[top]] - curvature * (i - apex[top]) * (i - apex[top])
    return image


def _crossing(line: NDArray[xp.float64], left: int, right: int, curvature: float) -> float:
    """Where the parabola with its apex at `right` becomes the higher one; −∞ never comes, as right > left."""
    lead = (line[left] - line[right]) / (2.0 * curvature * (right - left))
    return float(lead + 0.5 * (left + right))


def dilated_map(heights: NDArray[xp.float64], curvature: float) -> NDArray[xp.float64]:
    """max over (k, l) of heights[k, l] − curvature·[(i − k)² + (j − l)²]; not periodic."""
    rows, columns = heights.shape
    along = xp.empty((rows, columns), xp.float64)
    for i in range(rows):
        along[i] = dilated_line(heights[i], curvature)
    image = xp.empty((rows, columns), xp.float64)
    for j in range(columns):
        image[:, j] = dilated_line(along[:, j].copy(), curvature)
    return image
