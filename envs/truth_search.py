"""How the known optima and fronts were found; the tests find them again.

`dense_search` over a grid, for one parameter; `wide_search` and `front_search` for the problems at surrogate fidelity,
which give a million values a second, with more patience for those that give a hundred. ``python -m
tansaki.envs.truth_search ID`` prints the table to store in ``truths.toml``.
"""

from collections.abc import Callable
from itertools import product
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Front, Objective, Problem, Truth
from tansaki.envs.space import Point, SearchSpace


class Effort(NamedTuple):
    """How much is looked at."""

    samples: int
    """Sobol points of the first look at a space."""
    kept: int
    children: int
    """Points drawn around each kept one in a refinement."""
    refinements: int


WIDE: Final = Effort(1 << 18, 64, 256, 24)
"""For a million values a second."""
PATIENT: Final = Effort(1 << 12, 8, 48, 14)
"""For a hundred values a second."""
SHRINKING: Final = tuple(0.15 * 0.6**k for k in range(24))
"""Standard deviations, in the unit cube, of the refinements."""
Rows = NDArray[np.float64]


class Evaluated(Protocol):
    """A problem that gives the true objectives of many points at once."""

    space: SearchSpace
    objectives: tuple[Objective, ...]

    def true_values(self, units: Rows) -> Rows:
        """Rows of the unit cube (n, width) to objectives (n, objectives)."""


def dense_search(problem: Problem, points_per_axis: int, refinements: int = 3) -> Truth:
    """Noise-free extremes over a regular grid of the unit cube; the best is refined on ever smaller grids.

    Each refinement spans one step of the grid before it to either side of the best point.
    """
    axes = [np.linspace(0.0, 1.0, points_per_axis)] * problem.space.width
    sign = problem.objectives[0].sign
    best_unit, best, worst = _extremes(problem, axes, sign)
    step = 1.0 / (points_per_axis - 1)
    for _ in range(refinements):
        axes = [np.linspace(max(0.0, u - step), min(1.0, u + step), points_per_axis) for u in best_unit]
        step = 2.0 * step / (points_per_axis - 1)
        unit, value, _ = _extremes(problem, axes, sign)
        if sign * value < sign * best:
            best_unit, best = unit, value
    point = problem.space.decode(np.asarray([best_unit]))[0]
    method = f"dense search: {points_per_axis} points an axis, {refinements} refinements around the best"
    return Truth(point, best, worst, method)


def wide_search(problem: Evaluated, seed: int = 0, effort: Effort = WIDE) -> Truth:
    """Noise-free extremes of one objective: Sobol points, then ever closer points around the best and the worst."""
    sign = problem.objectives[0].sign
    units = _sobol(problem.space.width, seed, effort)
    losses = sign * problem.true_values(units)[:, 0]
    best, loss = _refined(units, losses, lambda rows: sign * problem.true_values(rows)[:, 0], seed, effort)
    _, gain = _refined(units, -losses, lambda rows: -sign * problem.true_values(rows)[:, 0], seed, effort)
    counts = f"{effort.samples} Sobol points, {effort.refinements} refinements around the {effort.kept} best and worst"
    method = f"wide search: {counts}"
    return Truth(problem.space.decode(best)[0], sign * loss, -sign * gain, method)


def front_search(problem: Evaluated, size: int = 60, seed: int = 0) -> Front:
    """Noise-free Pareto front of two objectives: Sobol points, then ever closer points around those not dominated."""
    signs = np.array([objective.sign for objective in problem.objectives])
    rng = np.random.default_rng(seed)
    units = _sobol(problem.space.width, seed, WIDE)
    values = signs * problem.true_values(units)
    for spread in SHRINKING[: WIDE.refinements]:
        front = _not_dominated(values)
        units, values = units[front], values[front]
        parents = units[_evenly(values, 4 * WIDE.kept)]
        children = _around(parents, spread, rng, WIDE.children)
        units = np.vstack((units, children))
        values = np.vstack((values, signs * problem.true_values(children)))
    front = _not_dominated(values)
    units, values = units[front], values[front]
    shown = _evenly(values, size)
    rows = tuple(tuple(float(v) for v in row) for row in signs * values[shown])
    worst = tuple(float(v) for v in signs * values.max(axis=0))
    method = f"front search: {WIDE.samples} Sobol points, {WIDE.refinements} refinements around those not dominated"
    return Front(tuple(problem.space.decode(units[shown])), rows, worst, method)


def _extremes(problem: Problem, axes: list[Any], sign: float) -> tuple[tuple[float, ...], float, float]:
    units = np.asarray(list(product(*axes)))
    values = np.asarray([problem.true_value(point) for point in problem.space.decode(units)])
    best, worst = int(np.argmin(sign * values)), int(np.argmax(sign * values))
    return tuple(units[best]), float(values[best]), float(values[worst])


def _sobol(width: int, seed: int, effort: Effort) -> Rows:
    from scipy.stats.qmc import Sobol

    return np.asarray(Sobol(width, rng=seed).random(effort.samples), dtype=np.float64)


def _around(parents: Rows, spread: float, rng: np.random.Generator, children: int) -> Rows:
    steps = spread * rng.standard_normal((len(parents) * children, parents.shape[1]))
    # Some coordinates stay: a ridge along one axis is found sooner so.
    steps *= rng.random(steps.shape) < 0.7
    return np.clip(np.repeat(parents, children, axis=0) + steps, 0.0, 1.0)


def _refined(units: Rows, found: Rows, losses: Callable[[Rows], Rows], seed: int, effort: Effort) -> tuple[Rows, float]:
    """The row of least loss, and its loss; `found` are those of `units`."""
    rng = np.random.default_rng(seed)
    for spread in SHRINKING[: effort.refinements]:
        order = np.argsort(found)[: effort.kept]
        children = _around(units[order], spread, rng, effort.children)
        units = np.vstack((units[order], children))
        found = np.concatenate((found[order], losses(children)))
    best = int(np.argmin(found))
    return units[best : best + 1], float(found[best])


def _not_dominated(values: Rows) -> NDArray[np.intp]:
    """Rows of two minimised objectives that no other row beats, in the order of the first objective."""
    order = np.lexsort((values[:, 1], values[:, 0]))
    second = values[order, 1]
    before = np.concatenate(([np.inf], np.minimum.accumulate(second)[:-1]))
    return np.asarray(order[second < before])


def _evenly(values: Rows, size: int) -> NDArray[np.intp]:
    """At most `size` rows of a front, evenly spaced along it; the ends are kept."""
    span = np.ptp(values, axis=0)
    steps = np.linalg.norm(np.diff(values / np.where(span > 0.0, span, 1.0), axis=0), axis=1)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    wanted = np.linspace(0.0, along[-1], size)
    return np.unique(np.searchsorted(along, wanted).clip(0, len(values) - 1))


def _table(problem_id: str) -> str:
    """The table of a problem, as it stands in ``truths.toml``."""
    from tansaki.envs.registry import open_problem
    from tansaki.envs.system_problem import SystemProblem

    problem: Any = open_problem(problem_id)
    lines = [f'["{problem_id}"]']
    if len(problem.objectives) == 1:
        truth = wide_search(problem, effort=WIDE if isinstance(problem, SystemProblem) else PATIENT)
        lines += [
            f"best_point = {_inline(truth.best_point)}",
            f"best_value = {truth.best_value!r}",
            f"worst_value = {truth.worst_value!r}",
            f'method = "{truth.method}"',
        ]
    else:
        front = front_search(problem)
        lines += [
            "points = [",
            *(f"    {_inline(point)}," for point in front.points),
            "]",
            "values = [",
            *(f"    {list(row)}," for row in front.values),
            "]",
            f"worst = {list(front.worst)}",
            f'method = "{front.method}"',
        ]
    return "\n".join(lines)


def _inline(point: Point) -> str:
    return "{ " + ", ".join(f"{name} = {value!r}" for name, value in point.items()) + " }"


if __name__ == "__main__":
    import sys

    for _name in sys.argv[1:]:
        sys.stdout.write(_table(_name) + "\n\n")
