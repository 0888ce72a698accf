"""Known optima of the twin's problems: found once by dense search, stored beside the problems, re-findable.

``truths.toml`` holds one table a problem. `dense_search` is how they were made; the tests repeat it.
"""

import tomllib
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import numpy as np

from tansaki.envs.problem import Problem, Truth
from tansaki.twin.errors import unknown_name


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files("tansaki.envs").joinpath("truths.toml").read_text(encoding="utf-8"))


def stored_truth(problem_id: str) -> Truth:
    """The stored optimum of a problem."""
    if problem_id not in _document():
        raise unknown_name("problem with a stored optimum", problem_id, _document())
    entry = _document()[problem_id]
    return Truth(entry["best_point"], entry["best_value"], entry["worst_value"], entry["method"])


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


def _extremes(problem: Problem, axes: list[Any], sign: float) -> tuple[tuple[float, ...], float, float]:
    units = np.asarray(list(product(*axes)))
    values = np.asarray([problem.true_value(point) for point in problem.space.decode(units)])
    best, worst = int(np.argmin(sign * values)), int(np.argmax(sign * values))
    return tuple(units[best]), float(values[best]), float(values[worst])
