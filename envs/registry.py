"""Problems by id: ``tansaki/<Task>-v<N>`` for the twin's, ``dataset:PATH`` for a table of measurements."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Literal

from tansaki.envs.problem import Problem
from tansaki.envs.system_problem import SystemProblem, system_problems
from tansaki.twin.errors import InvalidInputError, unknown_name

FLAGSHIP: Final = "tansaki/NbTiO2-Oxygen-v0"
MODULES: Final[Mapping[str, str]] = {
    FLAGSHIP: "nb_tio2_oxygen:NbTiO2Oxygen",
    "tansaki/NbTiO2-Transparent-v0": "nb_tio2_transparent:NbTiO2Transparent",
    "tansaki/LiCoO2-Orientation-v0": "licoo2_orientation:LiCoO2Orientation",
    "tansaki/LiCoO2-Scan-Time-v0": "licoo2_orientation:LiCoO2ScanTime",
    "tansaki/OpticalStack-Spectrum-v0": "optical_stack_spectrum:OpticalStackSpectrum",
}
"""Problems with a module of their own; the others are tables."""
PROBLEMS: Final = (*MODULES, *system_problems())
ASK_TELL_ONLY: Final = ("tansaki/LiCoO2-Scan-Time-v0",)
"""Problems whose points choose their price: an episode of theirs has no fixed length."""
ENVIRONMENTS: Final = (
    *(name for name in MODULES if name not in ASK_TELL_ONLY),
    *(name for name, table in system_problems().items() if len(table["objectives"]) == 1),
)
"""Problems that are Gymnasium environments too: those with one objective and one price."""
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
    if problem_id in MODULES:
        module, _, kind = MODULES[problem_id].partition(":")
        made: Problem = getattr(import_module(f"tansaki.envs.{module}"), kind)()
        return made
    return SystemProblem(problem_id)
