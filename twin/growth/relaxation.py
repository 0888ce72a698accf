"""Deposition without memory, and with relaxation to the lowest neighbour (Family; Edwards-Wilkinson class).

Kernels of integer heights (rows × columns, periodic) in units of one layer. A map of a single row is the model in
1+1 dimensions: its neighbours along the column are the site itself, which never is lower nor in the way.
Loops, hence `bind(..., "numba")`; every kernel changes `heights` in place.
"""

from typing import Any

import numpy as xp
from numpy.typing import NDArray


def deposit_randomly(heights: NDArray[xp.int32], particles: int, generator: Any) -> None:
    """Drop `particles` one by one on random sites. Heights are Poisson: W² = t after t layers, exactly."""
    rows, columns = heights.shape
    for _ in range(particles):
        place = generator.random() * rows
        y = int(place)
        heights[y, int((place - y) * columns)] += 1


def lowest_nearby(heights: NDArray[xp.int32], y: int, x: int, generator: Any) -> tuple[int, int]:
    """Where a particle comes to rest: (y, x) or its lowest neighbour if that is lower, ties drawn."""
    rows, columns = heights.shape
    lowest, ties, at_y, at_x = heights[y, x], 0, y, x
    for direction in range(4):
        ny, nx = y, x
        if direction == 0:
            ny = y + 1 if y + 1 < rows else 0
        elif direction == 1:
            ny = y - 1 if y > 0 else rows - 1
        elif direction == 2:
            nx = x + 1 if x + 1 < columns else 0
        else:
            nx = x - 1 if x > 0 else columns - 1
        if heights[ny, nx] < lowest:
            lowest, ties, at_y, at_x = heights[ny, nx], 1, ny, nx
        elif ties > 0 and heights[ny, nx] == lowest:
            ties += 1
            if generator.random() * ties < 1.0:
                at_y, at_x = ny, nx
    return at_y, at_x


def deposit_relaxing(heights: NDArray[xp.int32], particles: int, generator: Any) -> None:
    """Drop `particles`; each rests on the lowest of its site and the four neighbours.

    Family, J. Phys. A 19, L441 (1986): a discrete form of ∂h/∂t = ν∇²h + noise. W² ~ t^½ in 1+1 dimensions
    (β = ¼, α = ½), logarithmic in 2+1 (Edwards and Wilkinson 1982).
    """
    rows, columns = heights.shape
    for _ in range(particles):
        place = generator.random() * rows
        y = int(place)
        at_y, at_x = lowest_nearby(heights, y, int((place - y) * columns), generator)
        heights[at_y, at_x] += 1
