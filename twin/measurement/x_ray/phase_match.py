"""Which of the candidate phases are in a pattern, and what no candidate explains."""

import math
from collections.abc import Mapping, Sequence
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
LIKE_POWDER: Final = 0.5
"""Relative standard deviation of such lines about those of a powder."""
OWN_SIZE: Final = 25.0
"""Likewise, from which it has a size of its own."""
COARSE: Final = 3
"""Intervals that are added up for these trials."""
MOST_CANDIDATES: Final = 3
LONG_TAIL: Final = 0.7
EDGES: Final = (":a_m", ":b_m", ":c_m")
CONTESTED: Final = 1.5
"""χ² for each interval from which a first look at fixed cells does not decide."""
LEAST_MERIT: Final = 0.3
"""Below it a phase was only bent onto lines of another."""
FARTHEST_STRAIN: Final = 4.0
"""Largest strain of a cell, over its expected standard deviation."""
STRONGEST_MISSING: Final = 12.0
"""What counts, on the scale of χ², against a phase whose strongest line is not there: only texture could hide it."""
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
    """Phases of a fit, the first the one that explains most; none where that is not significant."""

    phases: tuple[str, ...]
    fit: Fit
    merit: float
    """Share of what stands over the background that they explain."""


def identify(grid: Grid, background: Floats, names: Sequence[str], instrument: Instrument, expected: Expected) -> Found:
    """Every candidate is tried alone at several sizes; the one that explains most is fitted with all others beside it.

    The others share its size and strain and keep the ratios of a powder: left out, what little there is of them would
    be taken for tails of the first. Those that turn out rich are then let loose.
    """
    coarse, hidden = coarser(grid, background)
    trials = []
    for name in names:
        for size in SIZES_M:
            lines = _lines(name, coarse, instrument, expected, size)
            if lines is not None:
                trials.append((_alone(coarse, hidden, lines, instrument, expected, size), name, size))
    if not trials or (best := min(trials, key=lambda trial: trial[0].score))[0].significance < SIGNIFICANT:
        return Found((), linear_fit(grid, background, [], instrument, expected, expected.size_m), 0.0)
    if best[0].score > CONTESTED * len(coarse.counts):
        # So many counts that it matters where each cell's lines would come to lie.
        sizes = {name: size for _, name, size in sorted(trials, key=lambda trial: -trial[0].score)}
        moved = [_moved(coarse, hidden, name, instrument, expected, size) for name, size in sizes.items()]
        best = min(moved, key=lambda trial: trial[0].score)
    _, first, size = best

    def together(spreads: Mapping[str, float], own_size: Sequence[str]) -> tuple[tuple[str, ...], list[PhaseLines]]:
        ordered = (first, *(name for name in names if name != first))
        found: list[tuple[str, PhaseLines]] = []
        for name in ordered:
            sizes = len(found) if name in own_size or name == first else 0
            lines = _lines(name, grid, instrument, expected, size, sizes, spreads.get(name, 0.0))
            if lines is not None:
                found.append((name, lines))
        return tuple(name for name, _ in found), [lines for _, lines in found]

    present, phases = together({first: math.inf}, ())
    # Broad lines meet those of a strained film; narrow ones might miss them.
    places = fit(coarse, hidden, phases, instrument, expected, min(size, FIRST_SIZE_M), held=True)
    result = fit(grid, background, phases, instrument, expected, size, start=_cells(places))
    amounts = {name: amount(result, index) for index, name in enumerate(present)}
    rich = [name for name in present[1:] if amounts[name].value > OWN_RATIOS * amounts[name].u]
    if rich:
        spreads = {name: LIKE_POWDER * amounts[name].value for name in rich}
        own_size = [name for name in rich if amounts[name].value > OWN_SIZE * amounts[name].u]
        start = dict(zip(result.names, result.values.tolist(), strict=False))
        present, phases = together({first: math.inf, **spreads}, own_size)
        result = fit(grid, background, phases, instrument, expected, size, start=start)
    merit = _merit(result, linear_fit(grid, background, [], instrument, expected, expected.size_m))
    strained = max(abs(value) for value in _cells(result).values()) > FARTHEST_STRAIN * expected.lattice_strain
    if strained or merit < LEAST_MERIT or amount(result, 0).value <= 0.0:
        return Found((), linear_fit(grid, background, [], instrument, expected, expected.size_m), 0.0)
    return Found(present, result, merit)


def _merit(found: Fit, bare: Fit) -> float:
    """What the phases take off the misfit of a bare background, over that and what is left beyond chance."""
    gained = max(bare.chi_squared - found.chi_squared, 1e-9)
    left = max(found.chi_squared - 1.0 - 2.0 * math.sqrt(2.0 / found.degrees), 0.0)
    return gained / (gained + left)


class Trial(NamedTuple):
    """One phase alone."""

    score: float
    """Akaike's: misfit and what every free number adds."""
    significance: float


def _moved(
    grid: Grid, background: Floats, name: str, instrument: Instrument, expected: Expected, size_m: float
) -> tuple[Trial, str, float]:
    """Trial of one phase whose cell, size and strain may move."""
    lines = _lines(name, grid, instrument, expected, size_m)
    assert lines is not None
    places = fit(grid, background, [lines], instrument, expected, min(size_m, FIRST_SIZE_M), held=True)
    moved = fit(grid, background, [lines], instrument, expected, size_m, start=_cells(places))
    return _trial(moved), name, size_m


def _cells(found: Fit) -> dict[str, float]:
    return {name: float(found.values[i]) for i, name in enumerate(found.names) if name.endswith(EDGES)}


def _alone(
    grid: Grid, background: Floats, lines: PhaseLines, instrument: Instrument, expected: Expected, size_m: float
) -> Trial:
    return _trial(linear_fit(grid, background, [lines], instrument, expected, size_m))


def _trial(trial: Fit) -> Trial:
    lines = trial.phases[0]
    score = trial.chi_squared * trial.degrees + 2.0 * len(trial.values)
    strongest = trial.areas[0].start + int(lines.group_powder.argmax())
    if trial.values[strongest] < 2.0 * math.sqrt(trial.covariance[strongest, strongest]):
        score += STRONGEST_MISSING
    return Trial(score, _significance(trial, 0))


def _significance(found: Fit, index: int) -> float:
    """Of the amount in standard uncertainties, or of all lines together on the same scale, whatever their ratios."""
    one, area = amount(found, index), found.areas[index]
    scores = np.maximum(found.values[area], 0.0) / np.sqrt(np.diag(found.covariance)[area])
    number = len(scores)
    # χ² has a longer tail than a normal number: 5 stands for chances below 1e-5 with ten or more lines.
    either = LONG_TAIL * (float(scores @ scores) - number) / math.sqrt(2.0 * number)
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
                scores.append(_alone(coarse, hidden, lines, instrument, expected, size).score)
        if scores:
            gains.append((min(scores), name))
    return [name for _, name in sorted(gains)[:MOST_CANDIDATES]]


def coarser(grid: Grid, background: Floats) -> tuple[Grid, Floats]:
    """The same scan in wider intervals."""
    number = len(grid.counts) // COARSE
    kept = COARSE * number
    step = grid.step_rad * COARSE
    counts = grid.counts[:kept].reshape(number, COARSE).sum(axis=1)
    used = np.asarray(grid.used[:kept].reshape(number, COARSE).all(axis=1))
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
        scores = signal / np.maximum(noise, 1.0)
        top = int(scores.argmax())
        if scores[top] > best[0]:
            best = float(scores[top]), top, width
    score, place, breadth = best
    if place < 0:
        return None
    u = math.degrees(math.hypot(breadth / score, grid.step_rad / math.sqrt(12.0)))
    return Derived(math.degrees(grid.first_rad + place * grid.step_rad), u, "deg")


def _lines(
    name: str,
    grid: Grid,
    instrument: Instrument,
    expected: Expected,
    size_m: float,
    sizes: int = 0,
    spread: float = math.inf,
) -> PhaseLines | None:
    crystal = open_crystal(name)
    table = reflections(crystal, LEAST_SPACING_M)
    return phase_lines(crystal, table, grid, instrument, size_m, expected, sizes, spread)
