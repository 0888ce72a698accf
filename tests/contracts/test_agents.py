"""The contract suite over every agent of ours, and over agents broken on purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from tansaki.agents.agent import Agent
from tansaki.agents.contract import CHECKS, check_agent
from tansaki.agents.random import Random
from tansaki.agents.registry import AGENTS, agent_class
from tansaki.envs.problem import Trial
from tansaki.envs.space import Point


@pytest.mark.parametrize("name", AGENTS)
def test_our_agents_keep_the_contract(name: str) -> None:
    assert check_agent(agent_class(name)) == []


class Outside(Random):
    """Asks beyond the upper end."""

    def propose(self, n: int) -> list[Point]:
        names = [parameter.name for parameter in self.space.parameters]
        return [{**point, names[0]: 1e6} for point in super().propose(n)]


class One(Random):
    """Ignores n."""

    def propose(self, n: int) -> list[Point]:
        return super().propose(1)


class Recounting(Random):
    """Numbers its trials by how many it has."""

    def ask(self, n: int = 1) -> list[Trial]:
        first = len(self.trials)
        trials = [replace(trial, number=first + i) for i, trial in enumerate(super().ask(n))]
        self.trials.update({trial.number: trial for trial in trials})
        return trials


class Unseeded(Random):
    """Takes its generator from the machine."""

    def rng(self, purpose: str = "propose") -> np.random.Generator:
        return np.random.default_rng()


class Global(Random):
    """Draws from NumPy's global state."""

    def rng(self, purpose: str = "propose") -> np.random.Generator:
        np.random.seed(self.seed + len(self.trials))
        return np.random.default_rng(np.random.randint(1 << 30))


class Editing(Random):
    """Writes into the points it is told."""

    def tell(self, trials: Iterable[Trial]) -> None:
        trials = list(trials)
        super().tell(trials)
        for trial in trials:
            trial.point["seen"] = 1  # type: ignore[index]

    def propose(self, n: int) -> list[Point]:
        for trial in self.trials.values():
            trial.point.pop("seen", None)  # type: ignore[attr-defined]
        return [dict(point) for point in super().propose(n)]


class Stubborn(Random):
    """Does not look at pending trials: the next point follows from what was told."""

    def propose(self, n: int) -> list[Point]:
        told = sum(trial.status != "pending" for trial in self.trials.values())
        return self.space.decode(np.random.default_rng(self.seed + told).random((n, self.space.width)))


class Trusting(Random):
    """Reads a value from every trial."""

    def tell(self, trials: Iterable[Trial]) -> None:
        trials = list(trials)
        super().tell(trials)
        self.best = min(trial.values[0] for trial in trials)


class Exacting(Random):
    """Knows no status but ok and failed."""

    def tell(self, trials: Iterable[Trial]) -> None:
        trials = list(trials)
        super().tell(trials)
        assert all(trial.status in ("ok", "failed") for trial in trials)


class Early(Random):
    """Recommends before anything is known."""

    def recommend(self) -> Point:
        return super().recommend() if self.trials else self.space.decode(np.full((1, self.space.width), 0.5))[0]


class Loud(Random):
    """Recommending moves what the next ask uses."""

    moved = 0

    def recommend(self) -> Point:
        self.moved += 1
        return super().recommend()

    def rng(self, purpose: str = "propose") -> np.random.Generator:
        return np.random.default_rng([self.seed, self.moved, len(self.trials)])

    def extra_state(self) -> dict[str, Any]:
        return {"moved": self.moved}

    def restore_extra(self, state: Mapping[str, Any]) -> None:
        self.moved = state["moved"]


class Arrays(Random):
    """Keeps arrays in its state."""

    def extra_state(self) -> dict[str, Any]:
        return {"weights": np.zeros(3)}


class Forgetful(Random):
    """Has a memory that it does not save: a generator that lives on."""

    generator: ClassVar[None] = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lasting = np.random.default_rng(self.seed)

    def rng(self, purpose: str = "propose") -> np.random.Generator:
        return self.lasting


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Outside, "asks in the space"),
        (One, "number of asks"),
        (Recounting, "trial numbers"),
        (Unseeded, "same seed"),
        (Global, "global random state"),
        (Editing, "told trials unchanged"),
        (Stubborn, "pending trials"),
        (Trusting, "failed trials"),
        (Exacting, "censored trials"),
        (Early, "recommend"),
        (Loud, "recommend is silent"),
        (Arrays, "state is JSON"),
        (Forgetful, "restore"),
    ],
)
def test_each_mistake_is_found_and_named(broken: type[Agent], check: str) -> None:
    found = {finding.check: finding.message for finding in check_agent(broken)}
    assert check in found
    assert CHECKS[check][1].partition(" ")[0] in found[check]
    assert "\n" not in found[check]


def test_every_check_is_shown_to_find_something() -> None:
    parameters = test_each_mistake_is_found_and_named.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {check for _, check in parameters} == set(CHECKS)


def test_the_suite_leaves_global_random_state_alone() -> None:
    np.random.seed(5)
    expected = np.random.RandomState(5).random()
    check_agent(Global)
    assert np.random.random() == expected


def test_an_agent_that_cannot_play_gets_one_finding() -> None:
    class Idle(Agent):
        name = "idle"

        def propose(self, n: int) -> list[Point]:
            raise ZeroDivisionError("no idea")

    (finding,) = check_agent(Idle)
    assert finding.check == "plain campaign"
    assert "ZeroDivisionError" in finding.message
