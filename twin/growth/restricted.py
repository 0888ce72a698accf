"""Restricted solid-on-solid growth: no step higher than one layer (Kardar-Parisi-Zhang class).

Kernel of integer heights (rows × columns, periodic) in layers; a single row is the model in 1+1 dimensions. Loops,
hence `bind(..., "numba")`.
"""

from typing import Any

import numpy as xp
from numpy.typing import NDArray


def deposit_restricted(heights: NDArray[xp.int32], attempts: int, generator: Any) -> int:
    """Try `attempts` random sites, in place; a particle stays where no step to a neighbour exceeds one layer.

    Kim and Kosterlitz, Phys. Rev. Lett. 62, 2289 (1989). Time is attempts a site. Returns the particles that stayed.
    """
    rows, columns = heights.shape
    stayed = 0
    for _ in range(attempts):
        place = generator.random() * rows
        y = int(place)
        x = int((place - y) * columns)
        height = heights[y, x]
        # Four comparisons without a branch each: their outcome is as good as random, and a misprediction costs more.
        free = heights[y + 1 if y + 1 < rows else 0, x] >= height
        free &= heights[y - 1 if y > 0 else rows - 1, x] >= height
        free &= heights[y, x + 1 if x + 1 < columns else 0] >= height
        free &= heights[y, x - 1 if x > 0 else columns - 1] >= height
        if free:
            heights[y, x] = height + 1
            stayed += 1
    return stayed
