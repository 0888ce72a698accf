"""Least-squares fit of a diffraction pattern: lines of known phases on a background, with everything free that errs.

The model of the counts at 2θ is Σ cₖ bₖ + Σ Iⱼ φⱼ, with the bₖ of the background and the Iⱼ of groups of lines free and
linear. The φⱼ, doublets of pseudo-Voigts, depend on a few shared numbers: the edges of each cell, size and microstrain
of its crystals, and the errors of the instrument (displacement, zero, width), which are held by what is specified of
them. So a covariance that the counting statistics give, and the part of it that the specified errors make, come out of
one step of Gauss and Newton.
"""

from collections.abc import Sequence
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
APART: Final = 0.35
"""Lines nearer than this part of their width are fitted as one."""
WEAK: Final = 0.01
"""Lines below this part of the strongest keep the ratios of a powder among each other."""
ABSENT: Final = 0.001
BEYOND_RAD: Final = 0.02
"""Lines as far outside the scan still reach into it."""
EIGHT_LN2: Final = 2.0 * pattern.FOUR_LN2
LEAST_WIDTH_RAD: Final = 1e-6


class Instrument(NamedTuple):
    """What the analysis knows of the machine; specified errors are standard deviations."""

    wavelength_1_m: float
    wavelength_2_m: float
    ratio_2: float
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
        return self.first_rad + self.step_rad * np.arange(len(self.counts))


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

    @property
    def group_powder(self) -> Floats:
        """Area of each group in a powder."""
        return np.bincount(self.group, self.powder, self.groups)


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
    powder_ratios: bool,
) -> PhaseLines | None:
    """Lines that reach into the scan, grouped for crystals of `size_m`; None where there is none.

    With `powder_ratios` all lines are one group.
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
    strong = powder >= (np.inf if powder_ratios else WEAK * powder.max())
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
    return PhaseLines(crystal, spacing, _edge_shares(crystal, hkl, spacing), powder, hkl, group, groups + 1, sizes)


def fit(
    grid: Grid,
    background: Floats,
    phases: Sequence[PhaseLines],
    instrument: Instrument,
    expected: Expected,
    size_m: float,
    steps: int,
) -> Fit:
    """`steps` steps of Gauss and Newton from crystals of `size_m`; with 0 only the linear numbers are fitted.

    `background` has one row a function. Weights are those of Poisson counts of the model itself.
    """
    names, values, prior, precision = _start(phases, instrument, expected, size_m)
    shared = len(values)
    used = grid.used
    counts = grid.counts[used]
    edges = np.cumsum([shared, len(background), *(lines.groups for lines in phases)])
    areas = tuple(slice(low, high) for low, high in pairwise(edges[1:]))
    total = int(edges[-1])
    values = np.concatenate([values, np.zeros(total - shared)])
    prior = np.concatenate([prior, np.zeros(total - shared)])
    precision = np.concatenate([precision, np.zeros(total - shared)])
    expectation = np.maximum(_smoothed(grid.counts, round(np.deg2rad(0.5) / grid.step_rad)), 1.0)
    design, curvature = np.zeros((total, len(grid.counts))), np.zeros((total, total))
    design[edges[0] : edges[1]] = background
    free = slice(shared, total)
    for step in range(steps + 1):
        slopes = []
        for lines, shape, area in zip(phases, _shapes(phases, values), areas, strict=True):
            design[area], of_phase = _groups_of(grid, lines, shape, instrument, values[: len(INSTRUMENT)])
            slopes.append(of_phase)
        # The linear numbers for these shapes, then all together.
        seen = design[free][:, used]
        weighted = seen / expectation[used]
        flat = weighted @ seen.T
        values[free] = _solve(flat, weighted @ counts)
        expectation = np.maximum(values[free] @ design[free], 1.0)
        if steps == 0:
            break
        design[:shared] = 0.0
        for of_phase, area in zip(slopes, areas, strict=True):
            for index, by_group in of_phase:
                design[index] += values[area] @ by_group
        seen = design[:, used]
        weighted = seen / expectation[used]
        curvature = weighted @ seen.T
        if step == steps:
            break
        residual = counts - values[free] @ design[free][:, used]
        gradient = weighted @ residual - precision * (values - prior)
        move = _solve(curvature + np.diag(precision), gradient)
        values[:shared] += _limited(names, move[:shared], values[:shared])
    model = values[free] @ design[free]
    misfit = (counts - model[used]) ** 2 / np.maximum(model[used], 1.0)
    degrees = max(int(used.sum()) - (total - shared) - (3 if steps else 0), 1)
    chi_squared = float(misfit.sum() / degrees)
    if steps == 0:
        full = np.zeros((total, total))
        full[free, free] = _inverse(flat)
        return Fit(names, values, full, np.zeros_like(full), tuple(phases), model, chi_squared, degrees, areas)
    covariance = _inverse(curvature + np.diag(precision))
    systematic = (covariance * precision) @ covariance
    return Fit(names, values, covariance, systematic, tuple(phases), model, chi_squared, degrees, areas)


class _Shape(NamedTuple):
    """What the lines of one phase depend on, and where it stands among the shared numbers."""

    stretch: Floats
    inverse_size_per_m: float
    microstrain: float
    first_edge: int
    at_size: int


def _start(
    phases: Sequence[PhaseLines], instrument: Instrument, expected: Expected, size_m: float
) -> tuple[tuple[str, ...], Floats, Floats, Floats]:
    """Names, first values, expected values and precisions (1/variance) of the shared numbers."""
    rows = [
        ("displacement_m", 0.0, 0.0, instrument.displacement_m),
        ("zero_rad", 0.0, 0.0, instrument.zero_rad),
        ("width_scale", 1.0, 1.0, instrument.width_scale),
    ]
    for index, lines in enumerate(phases):
        rows += [(f"{index}:{edge}", 0.0, 0.0, expected.lattice_strain) for edge in lines.crystal.edges_m]
        if lines.sizes == index:
            rows.append((f"{index}:inverse_size_per_m", 1.0 / size_m, 1.0 / size_m, np.inf))
            strain = expected.microstrain
            rows.append((f"{index}:microstrain", strain, strain, expected.microstrain_spread))
    names = tuple(name for name, *_ in rows)
    first, mean, spread = (np.array([row[column] for row in rows], dtype=np.float64) for column in (1, 2, 3))
    return names, first, mean, np.asarray(spread, dtype=np.float64) ** -2


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


def _groups_of(
    grid: Grid, lines: PhaseLines, shape: _Shape, instrument: Instrument, errors: Floats
) -> tuple[Floats, list[tuple[int, Floats]]]:
    """Counts of each group at unit area, and ∂/∂ shared number: (its index, rows of the groups)."""
    displacement, zero, scale = errors
    weight = lines.powder / lines.group_powder[lines.group]
    rows = []
    for wavelength, ratio in ((instrument.wavelength_2_m, instrument.ratio_2), (instrument.wavelength_1_m, 1.0)):
        theta = pattern.bragg_angle_rad(lines.spacing_m * (1.0 + shape.stretch), wavelength)
        gauss, lorentz = _gauss_lorentz(
            theta, instrument, scale, shape.inverse_size_per_m, shape.microstrain, grid.variance_rad2
        )
        profile = pattern.voigt_profile(gauss, lorentz)
        centre = 2.0 * theta + pattern.shift_rad(theta, displacement, instrument.radius_m, zero)
        share = ratio / (1.0 + instrument.ratio_2) * weight
        rows.append(np.stack([centre, share, profile.width_rad, profile.mixing], axis=-1))
    basis_of = bind(diffraction_grid, "numba").line_basis
    group = np.concatenate([lines.group, lines.group])
    basis = basis_of(
        grid.first_rad,
        grid.step_rad,
        len(grid.counts),
        np.concatenate(rows),
        group,
        lines.groups,
        diffraction_grid.NEAR,
    )
    value, by_centre, by_width, by_mixing = basis * grid.step_rad
    gauss_slope, lorentz_slope = _slope(gauss, lorentz, 0), _slope(gauss, lorentz, 1)

    def mean(per_line: Floats) -> Floats:
        return np.bincount(lines.group, weight * per_line, lines.groups)[:, None]

    def widened(by_gauss: Floats, by_lorentz: Floats) -> Floats:
        """Slope from those of both widths of each line; the lines of a group are taken as one."""
        width, mixing = (by_gauss * gauss_slope[i] + by_lorentz * lorentz_slope[i] for i in (0, 1))
        return np.asarray(mean(width) * by_width + mean(mixing) * by_mixing)

    still, tangent = np.zeros_like(theta), np.tan(theta)
    own = pattern.gauss_width_rad(theta, instrument.resolution)
    natural = np.full_like(theta, instrument.resolution.lorentz_rad)
    slopes = [
        (0, mean(-2.0 * np.cos(theta) / instrument.radius_m) * by_centre),
        (1, by_centre),
        (2, widened(scale * own**2 / gauss, natural)),
        (shape.at_size, widened(still, instrument.shape_factor * instrument.wavelength_1_m / np.cos(theta))),
        (shape.at_size + 1, widened(still, 4.0 * tangent)),
    ]
    for edge, shares in enumerate(lines.edge_shares.T):
        slopes.append((shape.first_edge + edge, mean(-2.0 * tangent * shares) * by_centre))
    return value, slopes


def _slope(gauss: Floats, lorentz: Floats, of: int) -> tuple[Floats, Floats]:
    """∂ (width, mixing)/∂ (Gaussian or Lorentzian width), central difference."""
    step = 1e-5 * (gauss + lorentz)
    up = pattern.voigt_profile(gauss + step, lorentz) if of == 0 else pattern.voigt_profile(gauss, lorentz + step)
    down = pattern.voigt_profile(gauss - step, lorentz) if of == 0 else pattern.voigt_profile(gauss, lorentz - step)
    return (up.width_rad - down.width_rad) / (2.0 * step), (up.mixing - down.mixing) / (2.0 * step)


def _limited(names: tuple[str, ...], move: Floats, values: Floats) -> Floats:
    """A step that does not leave the sizes for which the linearisation holds."""
    limited = move.copy()
    for index, name in enumerate(names):
        if name.endswith("inverse_size_per_m"):
            limited[index] = np.clip(move[index], -0.7 * values[index], 1.5 * values[index])
    return limited


def _solve(matrix: Floats, right: Floats) -> Floats:
    scale = np.sqrt(np.diag(matrix)) + 1e-300
    return np.asarray(
        np.linalg.solve(matrix / np.outer(scale, scale) + 1e-10 * np.eye(len(scale)), right / scale) / scale
    )


def _inverse(matrix: Floats) -> Floats:
    scale = np.sqrt(np.diag(matrix)) + 1e-300
    inverse = np.linalg.inv(matrix / np.outer(scale, scale) + 1e-10 * np.eye(len(scale)))
    return np.asarray(inverse / np.outer(scale, scale))


def _smoothed(counts: Floats, width: int) -> Floats:
    """Running mean over 2·`width` + 1 intervals."""
    sums = np.concatenate([[0.0], np.cumsum(counts)])
    index = np.arange(len(counts))
    low, high = np.maximum(index - width, 0), np.minimum(index + width + 1, len(counts))
    return np.asarray((sums[high] - sums[low]) / (high - low))


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
