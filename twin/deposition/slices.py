"""A growing film as a short stack of slices, each with its own means. Loops, hence Numba (or NumPy).

A slice takes what arrives as long as that is like what the slice already holds; what differs begins the next one. So
steady growth is one slice however long it lasts, and a change leaves its mark where it happened. With all rows
taken, the two neighbours whose merging loses least become one: the stack stays short and nothing of the film is lost.
"""

import numpy as xp
from numpy.typing import NDArray

MOST_SLICES = 24
THICKNESS, DURATION, OXYGEN, COVERAGE, ENERGY = range(5)
"""Columns: thickness (m), time (s), and oxygen pressure (10⁻³ Pa), coverage and energy (eV) times the thickness."""
COLUMNS = 5
LEAST_THICKNESS_M = 0.5e-9
"""About the height of half a unit cell of an oxide: what grows in less is one mixture."""
COVERAGE_TOLERANCE = 0.01
RELATIVE_TOLERANCE = 0.2
"""Of oxygen pressure and of energy; the noise of a regulated pressure stays below it."""


def relative_difference(one: float, other: float) -> float:
    """|a − b| over the mean of both, for a, b >= 0; 0 where both are 0."""
    return abs(one - other) / max(0.5 * (one + other), 1e-30)


def unlikeness(
    oxygen: float, coverage: float, energy: float, other_oxygen: float, other_coverage: float, other_energy: float
) -> float:
    """Largest of the three differences, each over its tolerance: above 1, two pieces of film are not the same."""
    return max(
        abs(coverage - other_coverage) / COVERAGE_TOLERANCE,
        relative_difference(oxygen, other_oxygen) / RELATIVE_TOLERANCE,
        relative_difference(energy, other_energy) / RELATIVE_TOLERANCE,
    )


def merging_loss(one: NDArray[xp.float64], other: NDArray[xp.float64]) -> float:
    """What is lost when two rows become one: squared difference × reduced thickness (Ward's criterion)."""
    a, b = one[THICKNESS], other[THICKNESS]
    apart = unlikeness(
        one[OXYGEN] / a,
        one[COVERAGE] / a,
        one[ENERGY] / a,
        other[OXYGEN] / b,
        other[COVERAGE] / b,
        other[ENERGY] / b,
    )
    return float(apart * apart * a * b / (a + b))


def merge_most_alike(slices: NDArray[xp.float64], count: int) -> int:
    """Join the two neighbours that lose least; returns the new number of rows in use (`count` − 1)."""
    best, least = 0, xp.inf
    for k in range(count - 1):
        loss = merging_loss(slices[k], slices[k + 1])
        if loss < least:
            best, least = k, loss
    for column in range(COLUMNS):
        slices[best, column] += slices[best + 1, column]
    for k in range(best + 1, count - 1):
        for column in range(COLUMNS):
            slices[k, column] = slices[k + 1, column]
    return count - 1


def lay_down(
    slices: NDArray[xp.float64],
    count: int,
    thickness_m: float,
    duration_s: float,
    oxygen_millipa: float,
    coverage: float,
    energy_ev: float,
) -> int:
    """Put a piece of film on top; returns the number of rows in use."""
    is_new = count == 0
    if not is_new:
        top = slices[count - 1]
        height = top[THICKNESS]
        is_new = (
            height >= LEAST_THICKNESS_M
            and unlikeness(
                top[OXYGEN] / height, top[COVERAGE] / height, top[ENERGY] / height, oxygen_millipa, coverage, energy_ev
            )
            > 1.0
        )
    if is_new:
        if count == slices.shape[0]:
            count = merge_most_alike(slices, count)
        for column in range(COLUMNS):
            slices[count, column] = 0.0
        count += 1
    top = slices[count - 1]
    top[THICKNESS] += thickness_m
    top[DURATION] += duration_s
    top[OXYGEN] += thickness_m * oxygen_millipa
    top[COVERAGE] += thickness_m * coverage
    top[ENERGY] += thickness_m * energy_ev
    return count
