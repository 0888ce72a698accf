"""What every agent has to keep, as checks that name the likely mistake.

The suite plays short campaigns on four small spaces (numbers, a mix of kinds, categories alone, a pool) and
returns its findings; none means that the agent keeps the contract of `tansaki.agents.agent.Agent`. It says
nothing about how well the agent searches.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from tansaki.agents.agent import Agent
from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Categorical, Continuous, Integer, Point, SearchSpace
from tansaki.twin.errors import StateError, TansakiError

BUDGET: Final = 8
SEED: Final = 7
OBJECTIVES: Final = (Objective("resistivity", "min", "ohm m"),)
_GAS: Final = Categorical("gas", ("argon", "krypton", "xenon"))
_TWO: Final = (Continuous("pressure", 1e-3, 1.0, "Pa", log=True), Continuous("power", 20.0, 200.0, "W"))
SPACES: Final = {
    "two numbers": SearchSpace(_TWO),
    "number, whole number and category": SearchSpace((_TWO[0], Integer("layers", 1, 6), _GAS)),
    "categories alone": SearchSpace((_GAS, Categorical("substrate", ("glass", "silicon", "sapphire", "strontia")))),
    "pool of 14 points": SearchSpace(
        (Continuous("power", 20.0, 200.0, "W"), _GAS),
        tuple({"power": 20.0 + 12.0 * i, "gas": _GAS.choices[i % 3]} for i in range(14)),
    ),
}

AgentClass = Callable[[SearchSpace, tuple[Objective, ...], int, int], Agent]


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of the contract: which check, and in one line what happened and the likely mistake."""

    check: str
    message: str


def check_agent(agent_class: type[Agent]) -> list[Finding]:
    """Findings of the contract suite on `agent_class`; of each check the first space that shows a breach.

    An agent that does not get through a plain campaign is not asked for more.
    """
    for label, space in SPACES.items():
        if breach := _first_breach(_plain_campaign, agent_class, space):
            return [Finding("plain campaign", f"{breach} ({label}); nothing else was checked")]
    findings = []
    for name, (check, likely_mistake) in CHECKS.items():
        for label, space in SPACES.items():
            breach = _first_breach(check, agent_class, space)
            if breach:
                message = " ".join(f"{breach} ({label}); likely mistake: {likely_mistake}".split())
                findings.append(Finding(name, message))
                break
    return findings


def _first_breach(check: "Check", agent_class: AgentClass, space: SearchSpace) -> str:
    kept = random.getstate(), np.random.get_state()
    try:
        return next(check(agent_class, space), "")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])


Check = Callable[[AgentClass, SearchSpace], Iterator[str]]


def _make(agent_class: AgentClass, space: SearchSpace, seed: int = SEED) -> Agent:
    return agent_class(space, OBJECTIVES, BUDGET, seed)


def _result(space: SearchSpace, trial: Trial, status: Any = "ok") -> Trial:
    """The trial with its end: a bowl over the unit cube; a failure has no value."""
    value = float(np.sum((space.encode([trial.point])[0] - 0.3) ** 2))
    values = () if status == "failed" else (value,)
    return replace(trial, status=status, values=values, u=tuple(0.01 for _ in values))


def _play(agent: Agent, turns: int, statuses: Sequence[str] = ("ok",)) -> list[Point]:
    """Points asked for in `turns` turns, told with the statuses in rotation."""
    points: list[Point] = []
    for turn in range(turns):
        (trial,) = agent.ask()
        points.append(dict(trial.point))
        agent.tell([_result(agent.space, trial, statuses[turn % len(statuses)])])
    return points


def _outside(space: SearchSpace, points: Sequence[Point]) -> str:
    for point in points:
        try:
            space.check(point)
        except TansakiError as error:
            return f"{error}"
    return ""


def _plain_campaign(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    for _ in range(3):
        (trial,) = agent.ask()
        if _outside(space, [trial.point]):
            return  # That is for the check of its own to say.
        agent.tell([_result(space, trial)])
    yield from ()


def _asks_in_space(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    for _ in range(BUDGET):
        (trial,) = agent.ask()
        if breach := _outside(space, [trial.point]):
            yield breach
        agent.tell([_result(space, trial)])


def _number_of_asks(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    for n in (1, 3):
        agent = _make(agent_class, space)
        for _ in range(2):
            trials = agent.ask(n)
            if len(trials) != n:
                yield f"ask({n}) returned {len(trials)} trials"
            agent.tell([_result(space, trial) for trial in trials])


def _numbers(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    trials = [*agent.ask(3), *agent.ask(2)]
    # A campaign may begin with the trials of another.
    agent.tell([_result(space, replace(trials[0], number=6))])
    trials += agent.ask(2)
    numbers = [trial.number for trial in trials]
    if len(set(numbers)) < len(numbers) or 6 in numbers:
        yield f"trial numbers {numbers} after number 6 had been told"
    if any(trial.status != "pending" for trial in trials):
        yield f"ask() returned a trial with status {next(t.status for t in trials if t.status != 'pending')!r}"


def _same_seed(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    runs = []
    for world in (1, 2):
        random.seed(world)
        np.random.seed(world)
        runs.append(_play(_make(agent_class, space), BUDGET))
    for turn, (one, other) in enumerate(zip(*runs, strict=True)):
        if one != other:
            yield f"two agents with seed {SEED} and the same results part at turn {turn}: {one} and {other}"


def _global_random_state(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # type: ignore[index]
    agent = _make(agent_class, space)
    _play(agent, 6)
    agent.recommend()
    after = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # type: ignore[index]
    if before != after:
        yield "the global random state of random or numpy.random moved"


def _told_unchanged(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    for _ in range(5):
        told = [_result(space, trial) for trial in agent.ask(2)]
        before = deepcopy(told)
        for act in (lambda told=told: agent.tell(told), agent.ask, agent.recommend):
            act()
            if told != before:
                yield "a told trial or the list that held it was changed"


def _pending(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    _play(agent, 4)
    waiting = [trial.point for _ in range(4) for trial in agent.ask()]
    if breach := _outside(space, waiting):
        yield breach
    if len({tuple(sorted(point.items())) for point in waiting}) == 1:
        yield f"four asks in a row without a result all gave {dict(waiting[0])}"


def _failed(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    for statuses in (("failed",), ("ok", "failed"), ("failed", "failed", "failed", "ok")):
        agent = _make(agent_class, space)
        points = _play(agent, BUDGET, statuses)
        if breach := _outside(space, [*points, agent.recommend()]):
            yield breach


def _censored(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    for statuses in (("censored",), ("ok", "censored"), ("censored", "failed", "partial")):
        agent = _make(agent_class, space)
        points = _play(agent, BUDGET, statuses)
        if breach := _outside(space, [*points, agent.recommend()]):
            yield breach


def _recommend(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    try:
        agent.recommend()
    except StateError:
        pass
    else:
        yield "recommend() gave a point before anything had been asked or told"
    for _ in range(BUDGET):
        _play(agent, 1)
        if breach := _outside(space, [agent.recommend()]):
            yield breach


def _recommend_is_silent(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    plain, asked_often = _make(agent_class, space), _make(agent_class, space)
    for turn in range(BUDGET):
        one, other = _play(plain, 1), _play(asked_often, 1)
        if one != other:
            yield f"after recommend() the ask of turn {turn} was {other[0]} instead of {one[0]}"
        asked_often.recommend()


def _state_is_json(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    agent = _make(agent_class, space)
    for _ in range(3):
        _play(agent, 2)
        state = agent.state()
        if json.loads(json.dumps(state, allow_nan=False)) != _lists(state):
            yield "state() is not the same after a way through JSON"


def _lists(value: Any) -> Any:
    """`value` with lists for tuples, which JSON does not tell apart."""
    if isinstance(value, dict):
        return {name: _lists(entry) for name, entry in value.items()}
    return [_lists(entry) for entry in value] if isinstance(value, list | tuple) else value


def _restore(agent_class: AgentClass, space: SearchSpace) -> Iterator[str]:
    for turns, waiting in ((1, 0), (5, 2), (7, 1)):
        agent = _make(agent_class, space)
        _play(agent, turns)
        pending = [trial for _ in range(waiting) for trial in agent.ask()]
        text = json.dumps(agent.state())
        other = _make(agent_class, space, seed=SEED + 1)
        other.restore(json.loads(text))
        if json.dumps(other.state()) != text:
            yield f"state() after restore() differs from what was restored, at turn {turns}"
        if other.recommend() != agent.recommend():
            yield f"a restored agent recommends another point at turn {turns}"
        for one in (agent, other):
            one.tell([_result(space, trial) for trial in pending])
        mine, theirs = _play(agent, 3), _play(other, 3)
        if mine != theirs:
            yield f"restored after {turns} turns with {waiting} pending, the agent asks {theirs[0]}, not {mine[0]}"


CHECKS: Final[dict[str, tuple[Check, str]]] = {
    "asks in the space": (
        _asks_in_space,
        "points are not clipped, rounded or mapped to the pool; build them with space.decode()",
    ),
    "number of asks": (_number_of_asks, "ask(n) ignores n, or propose(n) does"),
    "trial numbers": (
        _numbers,
        "numbers are counted anew instead of from the largest number asked or told; leave ask() to the base class",
    ),
    "same seed": (
        _same_seed,
        "a generator that is not made from the seed, such as np.random.default_rng() or global np.random",
    ),
    "global random state": (
        _global_random_state,
        "np.random.seed, np.random.rand or the random module; draw from self.rng()",
    ),
    "told trials unchanged": (_told_unchanged, "told points are edited or sorted in place; copy them first"),
    "pending trials": (_pending, "pending trials are overlooked, so that workers in parallel all do the same"),
    "failed trials": (_failed, "trial.values[0] is read without looking at the status; a failure has no values"),
    "censored trials": (_censored, "only 'ok' is expected of a status; 'censored' and 'partial' are ordinary too"),
    "recommend": (
        _recommend,
        "without trials recommend() shall raise StateError, afterwards return a point of the space",
    ),
    "recommend is silent": (_recommend_is_silent, "recommend() draws random numbers or moves memory that ask() uses"),
    "state is JSON": (
        _state_is_json,
        "state() holds arrays, tuples, NumPy numbers, NaN or keys that are not strings; use lists, floats and names",
    ),
    "restore": (_restore, "memory that decides the next ask is not in extra_state(), or a generator lives on"),
}
