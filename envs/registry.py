"""Problems by id: ``tansaki/<Task>-v<N>`` for the twin's, ``dataset:PATH`` for a table of measurements."""

from importlib import import_module
from typing import Final, Literal, cast

from tansaki.envs.problem import Problem
from tansaki.twin.errors import InvalidInputError, unknown_name

PROBLEMS: Final = {
    "tansaki/NbTiO2-Oxygen-v0": "tansaki.envs.nb_tio2_oxygen:NbTiO2Oxygen",
}
DATASET: Final = "dataset:"


def open_problem(problem_id: str, goal: Literal["min", "max"] | None = None, objective: str | None = None) -> Problem:
    """The problem behind an id.

    `goal` and `objective` (a column name) belong to data sets, whose files may not state them.
    """
    if problem_id.startswith(DATASET):
        from tansaki.envs.dataset import DatasetProblem

        return DatasetProblem.open(problem_id.removeprefix(DATASET), goal=goal, objective=objective)
    if problem_id not in PROBLEMS:
        raise unknown_name("problem", problem_id, [*PROBLEMS, "dataset:PATH"])
    if goal is not None or objective is not None:
        raise InvalidInputError("--goal/--objective", goal or objective, f"data sets only, not {problem_id}")
    module_name, _, class_name = PROBLEMS[problem_id].partition(":")
    return cast(Problem, getattr(import_module(module_name), class_name)())
