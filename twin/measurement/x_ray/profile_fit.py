"""Least-squares fit of a diffraction pattern: lines of known phases on a background, with everything free that errs.

The model of the counts at 2θ is Σ cₖ bₖ + Σ Iⱼ φⱼ, with the bₖ of the background and the Iⱼ of groups of lines free and
linear. The φⱼ, doublets of pseudo-Voigts, depend on a few shared numbers: the edges of each cell, size and microstrain
of its crystals, and the errors of the instrument (displacement, zero, width), which are held by what is specified of
them. So a covariance that the counting statistics give, and the part of it that the specified errors make, come out of
one step of Gauss and Newton.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import diffraction_grid
from tansaki.twin.measurement.x_ray import diffraction_pattern as pattern
from tansaki.twin.measurement.x_ray.crystal import Crystal, Reflections
from tansaki.twin.measurement.x_ray.diffraction_pattern import Resolution

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INSTRUMENT: Final = ("displacement_m", "zero_rad", "width_scale")
APART: Final = 0.2
"""Lines nearer than this part of their width are fitted as one."""
WEAK: Final = 0.01
"""Lines below this part of the strongest keep the ratios of a powder among each other."""
ABSENT: Final = 0.001
BEYOND_RAD: Final = 0.02
"""Lines as far outside the scan still reach into it."""
EIGHT_LN2: Final = 2.0 * pattern.FOUR_LN2
LEAST_WIDTH_RAD: Final = 1e-6
MOST_STEPS: Final = 14
HELD_STEPS: Final = 4
WIDTHS: Final = ("inverse_size_per_m", "microstrain")
"""Ends of the names of what makes the lines of a phase broad."""
HELD: Final = 1e40
TIED: Final = 1e9
"""1/variance of what must not move, and of edges of a cell against each other."""
MOVED: Final = 0.05
SETTLED: Final = 0.02
"""Or until −2 ln of the likelihood changes by no more than this."""
FARTHEST: Final = {"displacement_m": 1e-4, "zero_rad": 2e-4, "width_scale": 0.1}
EDGE: Final = 0.005
STRAIN: Final = 0.002
"""Largest steps; those of edges relative."""
RIDGE: Final = 1e-10
"""Added to a curvature of unit diagonal: two lines that the counts cannot tell apart share what there is."""


class Instrument(NamedTuple):
    """What the analysis knows of the machine; specified errors are standard deviations."""

    wavelength_1_m: float
    wavelength_2_m: float
    wavelength_beta_m: float
    ratio_2: float
    ratio_beta: float
    radius_m: float
    resolution: Resolution
    displacement_m: float
    zero_rad: float
    width_scale: float
    shape_factor: float


class Expected(NamedTuple):
    """What is known of sputtered films before a measurement: mean and standard deviations."""

    microstrain: float
    microstrain_spread: float
    lattice_strain: float
    size_m: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Counts of evenly spaced intervals of 2θ."""

    first_rad: float
    step_rad: float
    counts: Floats
    used: NDArray[np.bool_]
    """False where lines of the plate or a blind detector hide the film."""
    variance_rad2: float
    """Of the positions of the steps that one interval holds."""

    @property
    def angle_rad(self) -> Floats:
        """2θ of each interval."""
        return np.asarray(self.first_rad + self.step_rad * np.arange(len(self.counts)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PhaseLines:
    """Lines of one phase within the scan, and how they are grouped; the last group may hold all weak ones."""

    crystal: Crystal
    spacing_m: Floats
    edge_shares: Floats
    """∂ ln d/∂ ln edge, (n, edges)."""
    powder: Floats
    """Areas of the same volume of a powder, rₑ² rad/m, without absorption: (n,)."""
    hkl: Integers
    group: Integers
    groups: int
    sizes: int
    """Index of the phase whose size and microstrain it shares."""
    spread: float
    """Standard deviation of the areas of groups about those of a powder, rₑ² rad/m; infinite where they are free."""

    @property
    def group_powder(self) -> Floats:
        """Area of each group in a powder."""
        return np.asarray(np.bincount(self.group, self.powder, self.groups), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Fit:
    """Best values in the order of `names`, with covariances."""

    names: tuple[str, ...]
    values: Floats
    covariance: Floats
    systematic: Floats
    """Part of `covariance` that stays when the measurement is repeated on the same mounting."""
    phases: tuple[PhaseLines, ...]
    model: Floats
    chi_squared: float
    """Per degree of freedom, of the intervals used."""
    degrees: int
    areas: tuple[slice, ...]
    """Where the group areas of each phase stand in `values`."""


def phase_lines(
    crystal: Crystal,
    table: Reflections,
    grid: Grid,
    instrument: Instrument,
    size_m: float,
    expected: Expected,
    sizes: int,
    spread: float,
) -> PhaseLines | None:
    """Lines that reach into the scan, grouped for crystals of `size_m`; None where there is none.

    With a `spread` of 0 all lines are one group.
    """
    angle = grid.angle_rad
    theta = pattern.bragg_angle_rad(table.spacing_m, instrument.wavelength_1_m)
    inside = (2.0 * theta > angle[0] - BEYOND_RAD) & (2.0 * theta < angle[-1] + BEYOND_RAD)
    # A thin film: the path t/sin θ is all that absorption leaves.
    powder = pattern.line_area(
        theta, instrument.wavelength_1_m, table.multiplicity * table.structure_factor_squared, crystal.volume_m3, 1.0
    ) / np.sin(theta)
    if not inside.any():
        return None
    inside &= powder > ABSENT * powder[inside].max()
    spacing, powder, hkl, theta = (part[inside] for part in (table.spacing_m, powder, table.hkl, theta))
    widths = _gauss_lorentz(theta, instrument, 1.0, 1.0 / size_m, expected.microstrain, grid.variance_rad2)
    width = pattern.voigt_profile(*widths).width_rad
    strong = powder >= (np.inf if spread == 0.0 else WEAK * powder.max())
    group = np.full(len(powder), -1)
    groups, centre, weight = -1, -1.0, 0.0
    for index in np.flatnonzero(strong)[np.argsort(theta[strong], kind="stable")]:
        place, mass = 2.0 * theta[index], powder[index]
        if groups < 0 or place - centre > APART * width[index]:
            groups, centre, weight = groups + 1, place, mass
        else:
            centre = (centre * weight + place * mass) / (weight + mass)
            weight += mass
        group[index] = groups
    if not strong.all():
        groups += 1
        group[~strong] = groups
    return PhaseLines(
        crystal, spacing, _edge_shares(crystal, hkl, spacing), powder, hkl, group, groups + 1, sizes, spread
    )


def linear_fit(
    grid: Grid,
    background: Floats,
    phases: Sequence[PhaseLines],
    instrument: Instrument,
    expected: Expected,
    size_m: float,
) -> Fit:
    """Areas and background alone, for crystals of `size_m` and a perfect instrument."""
    shared = _shared(phases, instrument, expected, size_m)
    design, areas = _empty_design(grid, background, phases, 0)
    shapes = _shapes(phases, shared.values)
    for lines, shape, area in zip(phases, shapes, areas, strict=True):
        design[area] = _groups_of(grid, lines, shape, instrument, shared.values[: len(INSTRUMENT)]).basis[0]
    expectation = _first_expectation(grid)
    for _ in range(2):
        values, curvature = _linear(design, grid, expectation, np.zeros((len(design), len(design))))
        expectation = np.maximum(values @ design, 1.0)
    chi_squared, degrees = _misfit(grid, expectation, len(values))
    covariance = _inverse(curvature)
    none = np.zeros_like(covariance)
    return Fit((), values, covariance, none, tuple(phases), expectation, chi_squared, degrees, areas)


def fit(
    grid: Grid,
    background: Floats,
    phases: Sequence[PhaseLines],
    instrument: Instrument,
    expected: Expected,
    size_m: float,
    held: bool = False,
    start: Mapping[str, float] | None = None,
) -> Fit:
    """All numbers, from crystals of `size_m`, until a step moves none by more than `MOVED` of its uncertainty.

    `background` has one row a function. Weights are those of Poisson counts of the model itself. With `held`
    only the cells move, each in proportion; `start` gives numbers by name to start from.
    """
    shared = _shared(phases, instrument, expected, size_m)
    number = len(shared.values)
    design, areas = _empty_design(grid, background, phases, number)
    total, used = len(design), grid.used
    fixed = np.zeros(total, dtype=np.bool_)
    fixed[:number] = [name in INSTRUMENT or name.endswith(WIDTHS) for name in shared.names]
    values = np.concatenate([shared.values, np.zeros(total - number)])
    values[:number] = [(start or {}).get(name, value) for name, value in zip(shared.names, shared.values, strict=True)]
    mean = np.concatenate([shared.values, np.zeros(total - number)])
    known = np.diag(np.concatenate([shared.precision, np.zeros(total - number)]))
    for lines, area in zip(phases, areas, strict=True):
        if 0.0 < lines.spread < np.inf:
            # What the areas, over those of a powder, differ from their mean.
            apart = np.eye(lines.groups) - 1.0 / lines.groups
            known[area, area] = apart / np.outer(lines.group_powder, lines.group_powder) / lines.spread**2
    if held:
        known[fixed, fixed] = HELD
        for shape, lines in zip(_shapes(phases, values), phases, strict=True):
            edges = slice(shape.first_edge, shape.first_edge + len(lines.crystal.edges_m))
            known[edges, edges] += TIED * (np.eye(edges.stop - edges.start) - 1.0 / (edges.stop - edges.start))
    expectation = _first_expectation(grid)
    move, best = np.zeros(number), np.inf
    last = (HELD_STEPS if held else MOST_STEPS) - 1
    for step in range(last + 1):
        design[:number] = 0.0
        slopes = []
        for lines, shape, area in zip(phases, _shapes(phases, values), areas, strict=True):
            groups = _groups_of(grid, lines, shape, instrument, values[: len(INSTRUMENT)])
            design[area] = groups.basis[0]
            slopes.append(groups)
        # The linear numbers for these shapes, then all together.
        values[number:], _ = _linear(design[number:], grid, expectation, known[number:, number:])
        reached = np.maximum(values[number:] @ design[number:], 1.0)
        worth = _deviance(grid, reached) + float((values - mean) @ known @ (values - mean))
        if worth > best + 1e-3 * step and step < last:
            # Too far: half way back.
            move *= 0.5
            values[:number] -= move
            continue
        settled = step == last or abs(worth - best) < SETTLED
        best, expectation = min(worth, best), reached
        for groups, area in zip(slopes, areas, strict=True):
            factors = (groups.factors * values[area]).reshape(len(groups.numbers), -1)
            design[groups.numbers] += factors @ groups.basis[1:].reshape(-1, design.shape[1])
        seen = design[:, used]
        weighted = seen / expectation[used]
        curvature = weighted @ seen.T
        residual = grid.counts[used] - values[number:] @ seen[number:]
        covariance = _inverse(curvature + known)
        # While the model is still far off, the counts say less than their statistics.
        trust = 1.0 / max(1.0, float(residual @ (residual / expectation[used])) / len(residual))
        gradient = trust * (weighted @ residual) - known @ (values - mean)
        tempered = covariance if trust > 0.5 else _inverse(trust * curvature + known)
        move = _limited(shared.names, (tempered @ gradient)[:number], values)
        if settled or np.all(np.abs(move) < MOVED * np.sqrt(np.diag(covariance)[:number])):
            break
        values[:number] += move
    chi_squared, degrees = _misfit(grid, expectation, total)
    systematic = covariance @ known @ covariance
    return Fit(shared.names, values, covariance, systematic, tuple(phases), expectation, chi_squared, degrees, areas)


def _empty_design(
    grid: Grid, background: Floats, phases: Sequence[PhaseLines], shared: int
) -> tuple[Floats, tuple[slice, ...]]:
    """Rows of ∂ counts/∂ number with those of the background filled in, and where the groups of each phase stand."""
    edges = np.cumsum([shared, len(background), *(lines.groups for lines in phases)])
    design = np.zeros((int(edges[-1]), len(grid.counts)))
    design[edges[0] : edges[1]] = background
    return design, tuple(slice(int(low), int(high)) for low, high in pairwise(edges[1:]))


def _linear(design: Floats, grid: Grid, expectation: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Weighted least squares of the counts beside what is `known`, and its curvature."""
    seen = design[:, grid.used]
    weighted = seen / expectation[grid.used]
    curvature = weighted @ seen.T + known
    scale = _scale(curvature)
    scaled = curvature / np.outer(scale, scale) + RIDGE * np.eye(len(scale))
    return np.linalg.solve(scaled, weighted @ grid.counts[grid.used] / scale) / scale, curvature


def _first_expectation(grid: Grid) -> Floats:
    """Counts smoothed over a degree."""
    width = round(math.radians(0.5) / grid.step_rad)
    sums = np.concatenate([[0.0], np.cumsum(grid.counts)])
    index = np.arange(len(grid.counts))
    low, high = np.maximum(index - width, 0), np.minimum(index + width + 1, len(grid.counts))
    return np.asarray(np.maximum((sums[high] - sums[low]) / (high - low), 1.0))


def _deviance(grid: Grid, expectation: Floats) -> float:
    """−2 ln of the likelihood of Poisson counts, over that of the counts themselves."""
    counts, mean = grid.counts[grid.used], expectation[grid.used]
    return float(2.0 * (mean - counts + counts * np.log(np.maximum(counts, 1e-9) / mean)).sum())


def _misfit(grid: Grid, expectation: Floats, numbers: int) -> tuple[float, int]:
    """χ² per degree of freedom, and how many there are."""
    part = expectation[grid.used]
    degrees = max(len(part) - numbers, 1)
    return float(((grid.counts[grid.used] - part) ** 2 / part).sum() / degrees), degrees


class _Shape(NamedTuple):
    """What the lines of one phase depend on, and where it stands among the shared numbers."""

    stretch: Floats
    inverse_size_per_m: float
    microstrain: float
    first_edge: int
    at_size: int


class _Shared(NamedTuple):
    """Numbers that shape the lines: first (and expected) values, and 1/variance of what is known of them before."""

    names: tuple[str, ...]
    values: Floats
    precision: Floats


def _shared(phases: Sequence[PhaseLines], instrument: Instrument, expected: Expected, size_m: float) -> _Shared:
    rows = [
        (INSTRUMENT[0], 0.0, instrument.displacement_m),
        (INSTRUMENT[1], 0.0, instrument.zero_rad),
        (INSTRUMENT[2], 1.0, instrument.width_scale),
    ]
    for index, lines in enumerate(phases):
        rows += [(f"{index}:{edge}", 0.0, expected.lattice_strain) for edge in lines.crystal.edges_m]
        if lines.sizes == index:
            rows.append((f"{index}:inverse_size_per_m", 1.0 / size_m, np.inf))
            rows.append((f"{index}:microstrain", expected.microstrain, expected.microstrain_spread))
    values = np.array([value for _, value, _ in rows])
    return _Shared(tuple(name for name, _, _ in rows), values, np.array([spread for _, _, spread in rows]) ** -2)


def _gauss_lorentz(
    theta: Floats, instrument: Instrument, scale: float, inverse_size: float, microstrain: float, variance: float
) -> tuple[Floats, Floats]:
    own = pattern.gauss_width_rad(theta, instrument.resolution)
    gauss = np.sqrt((scale * own) ** 2 + EIGHT_LN2 * variance)
    lorentz = instrument.shape_factor * instrument.wavelength_1_m * inverse_size / np.cos(theta)
    lorentz = lorentz + pattern.strain_width_rad(theta, microstrain) + scale * instrument.resolution.lorentz_rad
    return gauss, np.maximum(lorentz, LEAST_WIDTH_RAD)


def _shapes(phases: Sequence[PhaseLines], values: Floats) -> list[_Shape]:
    found: list[_Shape] = []
    position = len(INSTRUMENT)
    for index, lines in enumerate(phases):
        after = position + len(lines.crystal.edges_m)
        at_size = after if lines.sizes == index else found[lines.sizes].at_size
        stretch = lines.edge_shares @ values[position:after]
        found.append(_Shape(stretch, values[at_size], values[at_size + 1], position, at_size))
        position = after + (2 if lines.sizes == index else 0)
    return found


class _Groups(NamedTuple):
    """Counts of the groups of a phase at unit area, and what the shared numbers do to them."""

    basis: Floats
    """Value, ∂ centre, ∂ width, ∂ mixing: (4, groups, intervals)."""
    numbers: list[int]
    """Index of the shared numbers that the phase depends on."""
    factors: Floats
    """∂ (centre, width, mixing)/∂ shared number, mean of each group: (numbers, 3, groups)."""


def _groups_of(grid: Grid, lines: PhaseLines, shape: _Shape, instrument: Instrument, errors: Floats) -> _Groups:
    """The lines of a group are shifted and widened as one, by the mean of what each would be."""
    displacement, zero, scale = errors
    weight = lines.powder / lines.group_powder[lines.group]
    rows = []
    for wavelength, ratio in (
        (instrument.wavelength_beta_m, instrument.ratio_beta),
        (instrument.wavelength_2_m, instrument.ratio_2),
        (instrument.wavelength_1_m, 1.0),
    ):
        theta = pattern.bragg_angle_rad(lines.spacing_m * (1.0 + shape.stretch), wavelength)
        gauss, lorentz = _gauss_lorentz(
            theta, instrument, scale, shape.inverse_size_per_m, shape.microstrain, grid.variance_rad2
        )
        profile = pattern.voigt_profile(gauss, lorentz)
        centre = 2.0 * theta + pattern.shift_rad(theta, displacement, instrument.radius_m, zero)
        share = ratio / (1.0 + instrument.ratio_2 + instrument.ratio_beta) * weight
        rows.append(np.stack([centre, share, profile.width_rad, profile.mixing], axis=-1))
    basis_of = bind(diffraction_grid, "numba").line_basis
    group = np.concatenate([lines.group] * len(rows))
    table = np.concatenate(rows)
    basis = basis_of(grid.first_rad, grid.step_rad, len(grid.counts), table, group, lines.groups, diffraction_grid.NEAR)
    basis *= grid.step_rad
    own = pattern.gauss_width_rad(theta, instrument.resolution)
    by_gauss, by_lorentz = (np.stack(slope) for slope in pattern.voigt_slopes(gauss, lorentz, profile))
    still, moved, tangent = np.zeros_like(theta), np.ones_like(theta), np.tan(theta)
    sized = instrument.shape_factor * instrument.wavelength_1_m / np.cos(theta)
    natural = instrument.resolution.lorentz_rad
    index = [0, 1, 2, shape.at_size, shape.at_size + 1]
    slopes = [
        (-2.0 * np.cos(theta) / instrument.radius_m, still, still),
        (moved, still, still),
        (still, *(scale * own**2 / gauss * by_gauss + natural * by_lorentz)),
        (still, *(sized * by_lorentz)),
        (still, *(4.0 * tangent * by_lorentz)),
    ]
    for edge, shares in enumerate(lines.edge_shares.T):
        index.append(shape.first_edge + edge)
        slopes.append((-2.0 * tangent * shares, still, still))
    mean = np.zeros((len(theta), lines.groups))
    mean[np.arange(len(theta)), lines.group] = weight
    return _Groups(basis, index, np.array(slopes) @ mean)


def _limited(names: tuple[str, ...], move: Floats, values: Floats) -> Floats:
    """A step within which the linearisation holds."""
    low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    for index, name in enumerate(names):
        if name.endswith("inverse_size_per_m"):
            low[index], high[index] = -0.7 * values[index], 1.5 * values[index]
        elif name in FARTHEST:
            low[index], high[index] = -FARTHEST[name], FARTHEST[name]
        elif name.endswith("_m"):
            low[index], high[index] = -EDGE, EDGE
        else:
            low[index], high[index] = -STRAIN, STRAIN
    return np.clip(move, low, high)


def _scale(matrix: Floats) -> Floats:
    """Root of the diagonal; 1 where it is 0, for lines that only reach into hidden intervals."""
    diagonal = np.diag(matrix)
    return np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))


def _inverse(matrix: Floats) -> Floats:
    scale = _scale(matrix)
    inverse = np.linalg.inv(matrix / np.outer(scale, scale) + RIDGE * np.eye(len(scale)))
    return np.asarray(inverse / np.outer(scale, scale))


def _edge_shares(crystal: Crystal, hkl: Integers, spacing_m: Floats) -> Floats:
    metric = crystal.reciprocal_metric
    planar = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    parts = {
        "c_m": metric[2, 2] * hkl[:, 2] ** 2,
        "b_m": metric[1, 1] * hkl[:, 1] ** 2 if crystal.lattice == "orthorhombic" else np.zeros(len(hkl)),
        "a_m": np.einsum("ni,ij,nj->n", hkl, metric * planar, hkl),
    }
    if crystal.lattice == "cubic":
        return np.ones((len(hkl), 1))
    if crystal.lattice == "orthorhombic":
        parts["a_m"] = metric[0, 0] * hkl[:, 0] ** 2
    return np.stack([parts[edge] * spacing_m**2 for edge in crystal.edges_m], axis=-1)
