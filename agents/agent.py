"""What every agent is: ask for points, be told what came of them, recommend one, save and restore.

An agent sees a search space, objectives and told trials; never a twin, never the truth. What it does next is a
function of (seed, what it asked, what it was told): `state` holds exactly that, as JSON.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Point, SearchSpace
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.randomness import generator

_TRIAL_FIELDS = tuple(field.name for field in fields(Trial))


class Agent(ABC):
    """Base of all agents; a strategy implements `propose` and, where it has memory of its own, `extra_state`.

    `trials` holds every trial asked for or told, by number; pending ones have status ``pending``. Trials that
    the agent did not ask for may be told as well (earlier campaigns, a person's choice).
    """

    name: ClassVar[str]
    """Name on the command line."""

    def __init__(self, space: SearchSpace, objectives: tuple[Objective, ...], budget: int, seed: int) -> None:
        self.space = space
        self.objectives = objectives
        self.budget = budget
        self.seed = seed
        self.trials: dict[int, Trial] = {}

    @abstractmethod
    def propose(self, n: int) -> list[Point]:
        """The next `n` points, all in the space."""

    def ask(self, n: int = 1) -> list[Trial]:
        """`n` new pending trials."""
        if n < 1:
            raise InvalidInputError("ask(n)", n, "a whole number of at least 1")
        first = max(self.trials, default=-1) + 1
        trials = [Trial(first + i, point) for i, point in enumerate(self.propose(n))]
        self.trials.update({trial.number: trial for trial in trials})
        return trials

    def tell(self, trials: Iterable[Trial]) -> None:
        """Take in what became of trials, in any order; nothing is taken in if one of them cannot be."""
        trials = list(trials)
        for trial in trials:
            self.space.check(trial.point)
            if trial.status in ("ok", "partial", "censored") and len(trial.values) != len(self.objectives):
                raise InvalidInputError(
                    f"values of trial {trial.number}", trial.values, f"{len(self.objectives)} of them"
                )
            if not np.all(np.isfinite(trial.values)):
                raise InvalidInputError(
                    f"values of trial {trial.number}",
                    trial.values,
                    "finite numbers",
                    "tell a failure as status 'failed'",
                )
        self.trials.update({trial.number: trial for trial in trials})

    def recommend(self) -> Point:
        """The point to go with: by default that of the best value told."""
        told = [trial for trial in self.trials.values() if trial.status in ("ok", "partial")]
        if told:
            return min(told, key=lambda trial: self.objectives[0].sign * trial.values[0]).point
        if self.trials:
            return next(iter(self.trials.values())).point
        raise StateError("nothing to recommend: no trial has been told yet")

    def rng(self, purpose: str = "propose") -> np.random.Generator:
        """Generator for the present moment: depends on the seed, the purpose and the number of trials so far."""
        return generator(self.seed, f"agent {self.name} {purpose}", len(self.trials))

    def extra_state(self) -> dict[str, Any]:
        """Memory beyond the trials, as JSON; none by default."""
        return {}

    def restore_extra(self, state: Mapping[str, Any]) -> None:
        """Take back what `extra_state` gave; an agent without memory of its own has nothing to take."""
        if state:
            raise InvalidInputError("extra state", sorted(state), f"nothing: {self.name!r} keeps no memory of its own")

    def state(self) -> dict[str, Any]:
        """Everything that decides what the agent does next, as JSON."""
        # Not dataclasses.asdict: it copies deeply, and a journal asks for the state twice an experiment.
        trials = [
            {**{name: getattr(trial, name) for name in _TRIAL_FIELDS}, "point": dict(trial.point)}
            for trial in self.trials.values()
        ]
        return {"agent": self.name, "seed": self.seed, "trials": trials, "extra": self.extra_state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to what `state` gave; the agent must have been made for the same space."""
        if state["agent"] != self.name:
            raise InvalidInputError("state", state["agent"], f"a state of {self.name!r}")
        self.seed = int(state["seed"])
        self.trials = {
            int(trial["number"]): Trial(
                **{**trial, "values": tuple(trial["values"]), "u": tuple(trial["u"]), "point": dict(trial["point"])}
            )
            for trial in state["trials"]
        }
        self.restore_extra(state["extra"])
