"""Which of the candidate phases are in a pattern, and what no candidate explains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.measurement.x_ray import diffraction_pattern as pattern
from tansaki.twin.measurement.x_ray.crystal import open_crystal, reflections
from tansaki.twin.measurement.x_ray.profile_fit import (
    Expected,
    Fit,
    Grid,
    Instrument,
    PhaseLines,
    fit,
    linear_fit,
    phase_lines,
)
from tansaki.twin.measurement.x_ray.scattering_specimen import LEAST_SPACING_M
from tansaki.twin.records import Derived

Floats = NDArray[np.float64]

SIZES_M: Final = (4e-9, 9e-9, 20e-9, 45e-9)
"""Tried to see which phases there are."""
FIRST_SIZE_M: Final = 1e-8
"""For which lines are so broad that they meet those of a film strained by a per cent."""
SIGNIFICANT: Final = 5.0
"""Amount over its standard uncertainty from which a phase is there."""
OWN_RATIOS: Final = 8.0
"""Likewise, from which the lines of a phase beside the first are fitted one by one."""
OWN_SIZE: Final = 25.0
"""Likewise, from which it has a size of its own."""
COARSE: Final = 3
"""Intervals that are added up for these trials."""
MOST_CANDIDATES: Final = 3
LONG_TAIL: Final = 0.7
PEAK: Final = 6.0
"""Significance from which a peak is no chance."""
PEAK_WIDTHS_RAD: Final = tuple(math.radians(width) for width in (0.15, 0.3, 0.6, 1.2))


class Amount(NamedTuple):
    """Volume of a phase, in the common scale of a scan."""

    value: float
    u: float
    texture: float
    """What the scatter of its lines about those of a powder leaves open."""


@dataclass(frozen=True, slots=True)
class Found:
    """Phases of a fit by falling significance; none where the first is not significant."""

    phases: tuple[str, ...]
    fit: Fit


def identify(grid: Grid, background: Floats, names: Sequence[str], instrument: Instrument, expected: Expected) -> Found:
    """Every candidate is tried at several sizes; if one is significant, all are fitted together.

    Candidates that are weak beside the first share its size and strain, and the weakest keep the ratios of a powder:
    left out, what little there is of them would be taken for tails of the others.
    """
    best: tuple[float, Fit, list[str], float] | None = None
    coarse, hidden = coarser(grid, background)
    for size in SIZES_M:
        own = [(name, lines) for name in names if (lines := _lines(name, coarse, instrument, expected, size))]
        trial = linear_fit(coarse, hidden, [lines for _, lines in own], instrument, expected, size)
        numbers = len(trial.values)
        score = trial.chi_squared * trial.degrees + 2.0 * numbers
        if best is None or score < best[0]:
            best = score, trial, [name for name, _ in own], size
    assert best is not None
    _, trial, present, size = best
    significance = {name: _significance(trial, index) for index, name in enumerate(present)}
    names = sorted(present, key=lambda name: -significance[name])
    if not names or significance[names[0]] < SIGNIFICANT:
        return Found((), linear_fit(grid, background, [], instrument, expected, size))
    phases: list[PhaseLines] = []
    for index, name in enumerate(names):
        own = index if significance[name] > OWN_SIZE else 0
        as_powder = index > 0 and significance[name] < OWN_RATIOS
        lines = _lines(name, grid, instrument, expected, size, own, as_powder)
        assert lines is not None
        phases.append(lines)
    # Broad lines meet those of a strained film; narrow ones might miss them.
    places = fit(coarse, hidden, phases, instrument, expected, min(size, FIRST_SIZE_M), held=True)
    return Found(tuple(names), fit(grid, background, phases, instrument, expected, size, start=places))


def _significance(found: Fit, index: int) -> float:
    """Of the amount in standard uncertainties, or of all lines together on the same scale, whatever their ratios."""
    one, area = amount(found, index), found.areas[index]
    areas = found.values[area]
    number = len(areas)
    together = float(areas @ np.linalg.pinv(found.covariance[area, area]) @ areas)
    # χ² has a longer tail than a normal number: 5 stands for chances below 1e-5 with ten or more lines.
    either = LONG_TAIL * (together - number) / math.sqrt(2.0 * number)
    return max(one.value / one.u if one.u > 0.0 else 0.0, either)


def likely(
    grid: Grid, background: Floats, names: Sequence[str], instrument: Instrument, expected: Expected
) -> list[str]:
    """The few of many candidates that explain most when each is fitted alone."""
    gains: list[tuple[float, str]] = []
    coarse, hidden = coarser(grid, background)
    for name in names:
        scores = []
        for size in SIZES_M[1::2]:
            lines = _lines(name, coarse, instrument, expected, size)
            if lines is not None:
                alone = linear_fit(coarse, hidden, [lines], instrument, expected, size)
                scores.append(alone.chi_squared * alone.degrees + 2.0 * lines.groups)
        if scores:
            gains.append((min(scores), name))
    return [name for _, name in sorted(gains)[:MOST_CANDIDATES]]


def coarser(grid: Grid, background: Floats) -> tuple[Grid, Floats]:
    """The same scan in wider intervals."""
    number = len(grid.counts) // COARSE
    kept = COARSE * number
    step = grid.step_rad * COARSE
    counts = grid.counts[:kept].reshape(number, COARSE).sum(axis=1)
    used = grid.used[:kept].reshape(number, COARSE).all(axis=1)
    first = grid.first_rad + 0.5 * (COARSE - 1) * grid.step_rad
    variance = grid.variance_rad2 + grid.step_rad**2 * (COARSE**2 - 1) / 12.0
    return Grid(first, step, counts, used, variance), background[:, :kept].reshape(-1, number, COARSE).mean(axis=2)


def amount(found: Fit, index: int) -> Amount:
    """Volume of one phase from the areas of all its lines, weighted by what they tell of a powder."""
    lines, area = found.phases[index], found.areas[index]
    powder, areas = lines.group_powder, found.values[area]
    variance = np.diag(found.covariance)[area]
    information = powder / np.maximum(variance, 1e-300)
    weight = float(information @ powder)
    value = float(information @ areas) / weight
    block = found.covariance[area, area]
    u = math.sqrt(max(float(information @ block @ information), 0.0)) / weight
    if len(areas) == 1:
        # Lines fitted as a powder's do not tell how far they are from it.
        return Amount(value, u, abs(value) * _orientation_scatter(found))
    share = information * powder / weight
    scatter = (areas / powder - value) ** 2 - variance / powder**2
    return Amount(value, u, math.sqrt(max(float((share**2) @ scatter), 0.0)))


def _orientation_scatter(found: Fit) -> float:
    """Relative scatter of the lines of the first phase about those of a powder."""
    lines, area = found.phases[0], found.areas[0]
    if lines.groups == 1:
        return 1.0
    ratios = found.values[area] / lines.group_powder
    noise = np.diag(found.covariance)[area] / lines.group_powder**2
    weights = 1.0 / (noise + noise.min())
    mean = float(weights @ ratios / weights.sum())
    return math.sqrt(max(float(weights @ ((ratios - mean) ** 2 - noise) / weights.sum()), 0.0)) / max(mean, 1e-300)


def strongest_peak(grid: Grid, model: Floats) -> Derived | None:
    """Angle in degrees of the most significant peak above `model`, or None where there is none."""
    excess = np.where(grid.used, grid.counts - model, 0.0)
    expectation = np.where(grid.used, np.maximum(model, 1.0), 0.0)
    best: tuple[float, int, float] = (PEAK, -1, 0.0)
    for width in PEAK_WIDTHS_RAD:
        reach = int(3.0 * width / grid.step_rad) + 1
        x = np.arange(-reach, reach + 1) * grid.step_rad / width
        shape = np.exp(-pattern.FOUR_LN2 * x * x)
        # Against its own surroundings: what the background misses slowly is no peak.
        shape = shape - shape.mean()
        signal = np.convolve(excess, shape, mode="same")
        noise = np.sqrt(np.convolve(expectation, shape * shape, mode="same"))
        significance = signal / np.maximum(noise, 1.0)
        top = int(significance.argmax())
        if significance[top] > best[0]:
            best = float(significance[top]), top, width
    significance, top, width = best
    if top < 0:
        return None
    place = math.degrees(grid.first_rad + top * grid.step_rad)
    u = math.degrees(math.hypot(width / significance, grid.step_rad / math.sqrt(12.0)))
    return Derived(place, u, "deg")


def _lines(
    name: str,
    grid: Grid,
    instrument: Instrument,
    expected: Expected,
    size_m: float,
    sizes: int = 0,
    powder_ratios: bool = False,
) -> PhaseLines | None:
    crystal = open_crystal(name)
    table = reflections(crystal, LEAST_SPACING_M)
    return phase_lines(crystal, table, grid, instrument, size_m, expected, sizes, powder_ratios)
