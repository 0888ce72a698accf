"""Problems on the material systems at surrogate fidelity; each is a table in ``system_problems.toml``::

["tansaki/<Task>-v0"]
title = "what is wanted"
system = "nb_tio2"                       # a name of tansaki.twin.systems.registry
budget = 40
options = { anneal = "hydrogen" }        # sections of the material file, where not the default
fixed = { thickness_nm = 100.0 }         # inputs that are not searched; the rest have their usual value

[["tansaki/<Task>-v0".parameters]]       # one an input that is searched
name = "oxygen_pressure_pa"
low = 5e-4
high = 1.0
log = true                               # optional

[["tansaki/<Task>-v0".objectives]]       # one or two; an output of the system
output = "resistivity_ohm_m"
goal = "min"
unit = "log10 ohm m"
log10 = true                             # optional: the decimal logarithm is asked for
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Front, Objective, Problem, Trial, Truth
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.truths import stored_front, stored_truth
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.twin.errors import StateError, unknown_name
from tansaki.twin.fingerprint import package_digest
from tansaki.twin.quantities import SETTINGS, load
from tansaki.twin.records import AnyRecipe, Experiment, SystemRecipe

PLACES: Final = ("twin",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output of the system as an objective."""

    output: str
    goal: Literal["min", "max"]
    unit: str
    log10: bool = False

    @property
    def objective(self) -> Objective:
        """As agents see it."""
        unit = "" if self.unit == "1" else self.unit
        return Objective(f"log10 {self.output}" if self.log10 else self.output, self.goal, unit)


@cache
def system_problems() -> Mapping[str, Mapping[str, Any]]:
    """The tables of ``system_problems.toml`` by problem id."""
    return tomllib.loads(files("tansaki.envs").joinpath("system_problems.toml").read_text(encoding="utf-8"))


class SystemProblem(Problem):
    """Settings of one material system, and one or two of its outputs to be made small or large."""

    fidelities = ("surrogate",)

    def __init__(self, problem_id: str) -> None:
        table = system_problems()[problem_id]
        self.id = problem_id
        self.title = table["title"]
        self.system: str = table["system"]
        self.options: Mapping[str, str] = table.get("options", {})
        self.fixed: Mapping[str, float] = table.get("fixed", {})
        self.budget = table["budget"]
        self.space = SearchSpace(tuple(self._parameter(entry) for entry in table["parameters"]))
        self.wanted = tuple(Wanted(**entry) for entry in table["objectives"])
        self.objectives = tuple(wanted.objective for wanted in self.wanted)
        self.measurements = tuple(dict.fromkeys(wanted.output for wanted in self.wanted))

    def _parameter(self, entry: Mapping[str, Any]) -> Continuous:
        unit = load("materials", self.system).section(SETTINGS)[entry["name"]].unit
        shown = "" if unit == "1" else unit
        return Continuous(entry["name"], entry["low"], entry["high"], shown, entry.get("log", False))

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """Known optimum, from the store; raises `StateError` where there are two objectives."""
        if len(self.objectives) > 1:
            raise StateError(f"{self.id} has {len(self.objectives)} objectives: its truth is a front, not an optimum")
        return stored_truth(self.id)

    @cached_property
    def front(self) -> Front | None:  # type: ignore[override]
        """Known Pareto front, from the store; None where there is one objective."""
        return stored_front(self.id) if len(self.objectives) > 1 else None

    @property
    def fingerprint(self) -> str:
        """Id, definition, and digest of the physics behind it."""
        return f"{self.id} {system_problems()[self.id]} {package_digest('tansaki.twin')}"

    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The laboratory at surrogate fidelity; it exists in the twin alone."""
        if where not in PLACES:
            raise unknown_name(f"laboratory for {self.id}", where, PLACES)
        from tansaki.hardware.surrogate_laboratory import SurrogateLaboratory

        return SurrogateLaboratory(self.system, seed, self.options)

    def recipe(self, point: Point) -> AnyRecipe:
        """The searched and the fixed settings."""
        self.space.check(point)
        settings = {**self.fixed, **{name: float(value) for name, value in point.items()}}
        return SystemRecipe(self.system, settings)

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """The readings as objectives."""
        values, spreads = [], []
        for wanted in self.wanted:
            derived = experiment.derived(wanted.output)
            if derived is None:
                return replace(trial, status="failed")
            values.append(math.log10(derived.value) if wanted.log10 else derived.value)
            spreads.append(derived.u / (derived.value * math.log(10.0)) if wanted.log10 else derived.u)
        return replace(trial, status=experiment.status, values=tuple(values), u=tuple(spreads))

    def true_value(self, point: Point) -> float:
        """Noise-free first objective at `point`."""
        return float(self.true_values(self.space.encode([point]))[0, 0])

    def true_values(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise-free objectives at rows of the unit cube: (n, width) to (n, objectives)."""
        columns = {parameter.name: _values(parameter, units[:, i]) for i, parameter in enumerate(self.space.parameters)}
        predicted = self._surrogate.predict_batch({**self.fixed, **columns})
        found = [predicted.values[wanted.output] for wanted in self.wanted]
        return np.stack(
            [np.log10(v) if wanted.log10 else v for v, wanted in zip(found, self.wanted, strict=True)], axis=1
        )

    @cached_property
    def _surrogate(self) -> Any:
        from tansaki.twin.surrogate import open_surrogate

        return open_surrogate(self.system, self.options)


def _values(parameter: Any, u: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = parameter.low, parameter.high
    inside = low * (high / low) ** u if parameter.log else low + (high - low) * u
    return np.asarray(np.clip(inside, low, high), dtype=np.float64)
