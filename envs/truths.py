"""Known optima and fronts of the twin's problems, stored beside the problems; `truth_search` found them."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from tansaki.envs.problem import Front, Truth
from tansaki.twin.errors import unknown_name


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files("tansaki.envs").joinpath("truths.toml").read_text(encoding="utf-8"))


def _stored(problem_id: str) -> dict[str, Any]:
    if problem_id not in _document():
        raise unknown_name("problem with a stored truth", problem_id, _document())
    entry: dict[str, Any] = _document()[problem_id]
    return entry


def stored_truth(problem_id: str) -> Truth:
    """The stored optimum of a problem."""
    entry = _stored(problem_id)
    return Truth(entry["best_point"], entry["best_value"], entry["worst_value"], entry["method"])


def stored_front(problem_id: str) -> Front:
    """The stored Pareto front of a problem with two objectives."""
    entry = _stored(problem_id)
    values = tuple(tuple(row) for row in entry["values"])
    return Front(tuple(entry["points"]), values, tuple(entry["worst"]), entry["method"])
