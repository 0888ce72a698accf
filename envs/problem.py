"""What is wanted: a problem, its known truth, and the session in which its budget is spent.

A `Problem` is a definition and never changes. A `Session` is one attempt at it in one laboratory: it turns
points into recipes, recipes into experiments and experiments into values, and it alone counts the budget. The
Gymnasium environments and the ask/tell loop are two views of the same session.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from tansaki.envs.space import Point, SearchSpace
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.twin.errors import BudgetExhaustedError, StateError, unknown_name
from tansaki.twin.records import AnyRecipe, Experiment, MeasurementRequest, Status


@dataclass(frozen=True, slots=True)
class Objective:
    """One quantity to be made small or large, in the unit in which agents are told it."""

    name: str
    goal: Literal["min", "max"]
    unit: str = ""

    @property
    def sign(self) -> float:
        """Factor that turns the objective into one to be minimised."""
        return 1.0 if self.goal == "min" else -1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One point on its way through the laboratory, and what came of it.

    `values` and `u` (standard uncertainties) hold one entry an objective. A ``censored`` trial carries the
    bound that its instrument could still state: the truth is worse than that. A ``failed`` trial has no value.
    """

    number: int
    point: Point
    status: Status | Literal["pending"] = "pending"
    values: tuple[float, ...] = ()
    u: tuple[float, ...] = ()
    lab_time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """The noise-free extremes of a single-objective problem over its whole space, and how they were found."""

    best_point: Point
    best_value: float
    worst_value: float
    method: str

    @property
    def span(self) -> float:
        """Range of the objective: regrets are quoted as fractions of it."""
        return abs(self.worst_value - self.best_value)


@dataclass(frozen=True, slots=True)
class Front:
    """The noise-free Pareto front of a problem with several objectives: a thinned set of points on it."""

    points: tuple[Point, ...]
    values: tuple[tuple[float, ...], ...]
    """One row a point, in the order of the objectives."""
    worst: tuple[float, ...]
    """The worst value of each objective on the front: the reference point of its hypervolume."""
    method: str


class Problem(ABC):
    """A search space, objectives, a budget, and the way from a point to an experiment to a value."""

    id: str
    title: str
    space: SearchSpace
    objectives: tuple[Objective, ...]
    budget: int
    budget_unit: str = "experiments"
    """What `price` counts."""
    measurements: tuple[str | MeasurementRequest, ...]
    truth: Truth
    fidelities: tuple[Fidelity, ...] = ()
    """At which the twin can carry it out, the usual one first; empty where the laboratory is not the twin."""
    front: Front | None = None
    """Known Pareto front, where there are several objectives."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Changes whenever the same seed could give other results: physics, data, objective."""

    @abstractmethod
    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The laboratory `where` (``"twin"``, ...) for this problem, with the world drawn from `seed`.

        `fidelity` is one of `fidelities`; the first of them if not given.
        """

    @abstractmethod
    def recipe(self, point: Point) -> AnyRecipe:
        """What the laboratory is told to do for `point`; raises `InvalidInputError` outside the space."""

    def requested(self, point: Point) -> tuple[str | MeasurementRequest, ...]:
        """The measurements to be taken at `point`: the same everywhere, unless the point chooses them."""
        return self.measurements

    def price(self, point: Point) -> int:
        """What a trial at `point` takes from the budget: one, unless the point chooses its measurements."""
        return 1

    @abstractmethod
    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """`trial` with the status, values and uncertainties that its experiment yielded."""

    @abstractmethod
    def true_value(self, point: Point) -> float:
        """Noise-free objective at `point`; for scoring, never shown to agents."""

    def regret(self, point: Point) -> float:
        """Shortfall of `point` against the known optimum as a fraction of the objective's range, >= 0."""
        sign = self.objectives[0].sign
        return sign * (self.true_value(point) - self.truth.best_value) / self.truth.span + 0.0  # no minus zero


class Session:
    """One attempt at a problem: the laboratory, the trials under way and the budget.

    A trial takes its price from the budget when it is submitted, whatever becomes of it.
    """

    def __init__(self, problem: Problem, laboratory: Laboratory, budget: int | None = None) -> None:
        self.problem = problem
        self.laboratory = laboratory
        self.budget = problem.budget if budget is None else budget
        self.used = 0
        self.ended = False
        """Whether the rest of the budget was given up, because what was asked for costs more."""
        self._under_way: dict[int, Trial] = {}

    @classmethod
    def open(
        cls,
        problem: Problem,
        seed: int,
        where: str = "twin",
        budget: int | None = None,
        fidelity: Fidelity | None = None,
    ) -> Self:
        """A session in a fresh laboratory whose world is drawn from `seed`."""
        if fidelity is not None and fidelity not in problem.fidelities:
            raise unknown_name(f"fidelity of {problem.id}", fidelity, problem.fidelities)
        return cls(problem, problem.open_laboratory(where, seed, fidelity), budget)

    @property
    def left(self) -> int:
        """What is still to be spent."""
        return self.budget - self.used

    def affords(self, trial: Trial) -> bool:
        """Whether the rest of the budget is enough for `trial`."""
        return self.problem.price(trial.point) <= self.left

    def submit(self, trial: Trial) -> int:
        """Hand `trial` to the laboratory; returns the ticket. Nothing is spent if the point is refused."""
        price = self.problem.price(trial.point)
        if price > self.left:
            rest = f"{self.left} of {self.budget} left, the trial takes {price}"
            raise BudgetExhaustedError(f"the budget of {self.problem.id} is spent: {rest}")
        recipe = self.problem.recipe(trial.point)
        ticket = self.laboratory.submit(recipe, self.problem.requested(trial.point))
        self.used += price
        self._under_way[ticket] = trial
        return ticket

    def collect(self) -> list[tuple[Trial, Experiment]]:
        """Finished trials with their experiments, in order of completion."""
        finished = []
        for experiment in self.laboratory.collect():
            trial = self.problem.outcome(self._under_way.pop(experiment.number), experiment)
            finished.append((replace(trial, lab_time_s=experiment.cost.lab_time_s), experiment))
        return finished

    def evaluate(self, point: Point) -> tuple[Trial, Experiment]:
        """Submit one point and wait for it; the session must be idle."""
        if self._under_way:
            raise StateError("evaluate() needs an idle session: trials are under way; use submit() and collect()")
        self.submit(Trial(self.used, point))
        return self.collect()[0]

    def state(self) -> dict[str, Any]:
        """Budget used and laboratory memory as JSON; only between experiments."""
        if self._under_way:
            raise StateError("state() needs an idle session: trials are under way")
        return {"used": self.used, "laboratory": self.laboratory.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to what `state` gave."""
        self.used = int(state["used"])
        self.laboratory.restore(state["laboratory"])
        self._under_way.clear()
