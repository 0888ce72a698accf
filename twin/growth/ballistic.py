"""Ballistic growth: atoms fly straight, shadow each other, and stay where they touch or slip down to rest.

Kernels of integer heights (rows × columns, periodic) in cells, the edge of a cell being the same along and across the
surface; a single row is the model in 1+1 dimensions when atoms fall straight down. Only the highest cell of a column
is kept, so voids under overhangs count as filled. Loops, hence `bind(..., "numba")`; `heights` changes in place.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import Any, NamedTuple

import numpy as xp
from numpy.typing import NDArray

from tansaki.twin.growth.relaxation import lowest_nearby

GRAZING_COSINE = 0.02
"""Atoms closer to the horizon (89 degrees) are drawn again; they would fly on for thousands of cells."""


class Arrival(NamedTuple):
    """Where atoms come from, and what they do where they touch."""

    tilt_rad: float
    """Angle of the beam's axis to the surface normal, towards +x (along a row)."""
    cosine_power: float
    """m of the arrivals per solid angle, ∝ cosᵐ about the axis: 1 is the flux from a gas, ∞ a parallel beam."""
    mobility: float
    """Share of the atoms that, instead of staying where they touch, drop to the lowest cell beside their column."""


def highest_beside(heights: NDArray[xp.int32], y: int, x: int) -> int:
    """The highest of the four neighbours of (y, x)."""
    rows, columns = heights.shape
    highest = max(heights[y + 1 if y + 1 < rows else 0, x], heights[y - 1 if y > 0 else rows - 1, x])
    highest = max(highest, heights[y, x + 1 if x + 1 < columns else 0])
    return max(highest, heights[y, x - 1 if x > 0 else columns - 1])


def deposit_ballistic(heights: NDArray[xp.int32], particles: int, generator: Any) -> None:
    """Drop `particles` straight down; each stays at its first touch: h ← max(h + 1, highest neighbour).

    Vold (1959), Sutherland (1966); Kardar-Parisi-Zhang class. The jumps of h are as large as the surface is rough
    and add an intrinsic width that hides the exponents of the plain W (Alves, Oliveira and Ferreira, Phys. Rev. E 90,
    052405, 2014); maxima of bins (`tansaki.twin.growth.roughness.bin_maxima`) show them.
    """
    rows, columns = heights.shape
    for _ in range(particles):
        place = generator.random() * rows
        y = int(place)
        x = int((place - y) * columns)
        heights[y, x] = max(heights[y, x] + 1, highest_beside(heights, y, x))


def direction(arrival: Arrival, first: float, second: float) -> tuple[float, float, float]:
    """Unit vector (x, y, down) of a flight from two uniform numbers; `down` ≤ 0 if it comes from below the surface.

    About the axis cos θ = u^{1/(m+1)}, whose density is (m + 1)·cosᵐθ, and φ is even.
    """
    cosine = first ** (1.0 / (arrival.cosine_power + 1.0))
    sine = xp.sqrt(max(0.0, 1.0 - cosine * cosine))
    azimuth = 2.0 * xp.pi * second
    along, aside = sine * xp.cos(azimuth), sine * xp.sin(azimuth)
    tilt_cos, tilt_sin = xp.cos(arrival.tilt_rad), xp.sin(arrival.tilt_rad)
    return along * tilt_cos + cosine * tilt_sin, aside, cosine * tilt_cos - along * tilt_sin


def deposit_oblique(heights: NDArray[xp.int32], particles: int, arrival: Arrival, generator: Any) -> None:
    """Send `particles` on straight flights over the columns; each ends where it first touches.

    A flight starts over a random place above the highest column and passes from column to column (Amanatides and Woo
    1987). Its end is the column over which it first finds a neighbour beside it or the top below it. There it stays,
    at the height of the touch, or with probability `mobility` drops to the lowest of the column and its neighbours.
    `tilt_rad` 0 and a large `cosine_power` give `deposit_ballistic` (mobility 0) and the Family model (mobility 1).
    """
    rows, columns = heights.shape
    summit = 0
    for y in range(rows):
        for x in range(columns):
            summit = max(summit, heights[y, x])
    for _ in range(particles):
        place_y, place_x = generator.random() * rows, generator.random() * columns
        ux, uy, down = direction(arrival, generator.random(), generator.random())
        while down < GRAZING_COSINE:
            ux, uy, down = direction(arrival, generator.random(), generator.random())
        y, x = int(place_y), int(place_x)
        level = summit + 1.0
        # Depth of the flight to the next border of a column, and from one border to the next, along each axis.
        across_x, across_y = down / max(abs(ux), 1e-12), down / max(abs(uy), 1e-12)
        next_x = across_x * (x + 1 - place_x if ux > 0.0 else place_x - x)
        next_y = across_y * (y + 1 - place_y if uy > 0.0 else place_y - y)
        fallen = 0.0
        while True:
            touch = max(heights[y, x] + 1, highest_beside(heights, y, x))
            if level - min(next_x, next_y) <= touch:
                break
            if next_x < next_y:
                fallen = next_x
                next_x += across_x
                x += 1 if ux > 0.0 else -1
                x = 0 if x == columns else (columns - 1 if x < 0 else x)
            else:
                fallen = next_y
                next_y += across_y
                y += 1 if uy > 0.0 else -1
                y = 0 if y == rows else (rows - 1 if y < 0 else y)
        if arrival.mobility > 0.0 and generator.random() < arrival.mobility:
            at_y, at_x = lowest_nearby(heights, y, x, generator)
            heights[at_y, at_x] += 1
            summit = max(summit, heights[at_y, at_x])
        else:
            # A flight that comes in below the highest neighbour touches it there.
            entered = int(xp.ceil(level - fallen))
            heights[y, x] = max(heights[y, x] + 1, min(touch, entered))
            summit = max(summit, heights[y, x])
