"""One campaign of a benchmark: what is to be run, and the compact rows that come of it.

Runs in memory, in a worker process: no journal and no tracking. Whatever decides the result goes into the
content key, so that a finished task is known again.
"""

import hashlib
import inspect
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from tansaki.agents.registry import AGENTS, agent_class, make_agent
from tansaki.envs.problem import Problem, Session
from tansaki.envs.registry import open_problem
from tansaki.envs.space import Point, Scalar
from tansaki.experiments.loop import play
from tansaki.twin.errors import TansakiError
from tansaki.twin.fingerprint import package_digest
from tansaki.twin.records import Experiment

TOP_SHARE = 0.05
"""Share of a pool whose points count as discoveries (Liang et al. 2021)."""


@dataclass(frozen=True, slots=True)
class Task:
    """One campaign: seed s meets the same world whatever the agent."""

    agent: str
    problem: str
    goal: Literal["min", "max"] | None
    objective: str | None
    seed: int
    budget: int
    keep_experiment: bool = False
    """Whether the best experiment is to come back whole, with its trace and raw data."""

    def key(self, code: str, fingerprint: str) -> str:
        """Content key: agent and its `code`, what is measured and wanted (`fingerprint`), seed, budget."""
        # A data set is what it holds, wherever its file lies.
        problem = "dataset" if self.problem.startswith("dataset:") else self.problem
        content = [self.agent, code, problem, fingerprint, self.seed, self.budget]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StepRow:
    """One unit of a run's budget; regrets are fractions of the objective's range, against the noise-free truth.

    An experiment takes one unit, unless the problem says otherwise: until it is paid for, its rows are ``pending``
    and show what was known before.
    """

    number: int
    point: Point
    status: str
    value: float | None
    u: float | None
    regret_simple: float
    """Of the best point that has given a sample so far; 1 as long as there is none."""
    regret_recommended: float
    """Of the point that the agent would go with after this experiment."""
    lab_time_s: float
    suggest_s: float
    discovered: float | None
    """Share of the best 5 % of the pool asked for so far; None where there is no pool."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a task."""

    task: Task
    steps: tuple[StepRow, ...]
    recommended: Point
    experiment: Experiment | None = None


class TaskError(TansakiError, RuntimeError):
    """A campaign of a benchmark that could not be carried out."""


@lru_cache(maxsize=8)
def problem_of(problem_id: str, goal: Literal["min", "max"] | None, objective: str | None) -> Problem:
    """The problem, made once in a process."""
    return open_problem(problem_id, goal, objective)


def agent_code(name: str) -> str:
    """Version of tansaki and digest of the agent's code: of all our agents, or of the file of somebody else's."""
    if name in AGENTS:
        return f"{version('tansaki')} {package_digest('tansaki.agents')[:16]}"
    source = inspect.getsourcefile(agent_class(name))
    digest = hashlib.sha256(Path(source).read_bytes() if source else b"").hexdigest()
    return f"{version('tansaki')} {digest[:16]}"


@lru_cache(maxsize=8)
def top_of_pool(problem: Problem) -> frozenset[int]:
    """Positions of the best ceil(5 %) candidates by truth; with ties at the edge, the earlier ones."""
    candidates = problem.space.candidates or ()
    order = sorted(range(len(candidates)), key=lambda i: problem.regret(candidates[i]))
    return frozenset(order[: math.ceil(TOP_SHARE * len(candidates))])


def regret_at(problem: Problem, point: Point) -> float:
    """Regret of a point; agents recommend what they visited and grids visit the same, and the truth may be dear."""
    return _regret(problem, tuple(point.items()))


@lru_cache(maxsize=8192)
def _regret(problem: Problem, setting: tuple[tuple[str, Scalar], ...]) -> float:
    return problem.regret(dict(setting))


def carry_out(task: Task) -> Run:
    """Run one campaign from start to end."""
    problem = problem_of(task.problem, task.goal, task.objective)
    agent = make_agent(task.agent, problem, task.seed, task.budget)
    session = Session.open(problem, task.seed, budget=task.budget)
    top = top_of_pool(problem) if problem.space.candidates else frozenset()
    rows: list[StepRow] = []
    best, found, kept = 1.0, set[int](), None

    def waiting(point: Point, status: str) -> StepRow:
        regret = rows[-1].regret_recommended if rows else 1.0
        known = rows[-1].discovered if rows else (0.0 if top else None)
        return StepRow(len(rows) + 1, dict(point), status, None, None, best, regret, 0.0, 0.0, known)

    with session.laboratory:
        for step in play(agent, session):
            trial = step.trial
            while len(rows) + 1 < session.used:
                rows.append(waiting(trial.point, "pending"))
            regret = 1.0 if trial.status == "failed" else regret_at(problem, trial.point)
            if task.keep_experiment and trial.status != "failed" and (kept is None or regret < best):
                kept = step.experiment
            best = min(best, regret)
            if top:
                found |= {problem.space.candidate_index(trial.point)} & top
            rows.append(
                StepRow(
                    number=len(rows) + 1,
                    point=dict(trial.point),
                    status=trial.status,
                    value=trial.values[0] if trial.values else None,
                    u=trial.u[0] if trial.u else None,
                    regret_simple=best,
                    regret_recommended=regret_at(problem, agent.recommend()),
                    lab_time_s=trial.lab_time_s,
                    suggest_s=step.suggest_s,
                    discovered=len(found) / len(top) if top else None,
                )
            )
    while rows and len(rows) < session.budget:  # what was left was too little for the next trial
        rows.append(waiting(rows[-1].point, "unspent"))
    return Run(task, tuple(rows), dict(agent.recommend()), kept)


def carry_out_all(tasks: Sequence[Task]) -> list[Run | str]:
    """Run a few campaigns one after the other; one that fails becomes its reason and stops no other."""
    done: list[Run | str] = []
    for task in tasks:
        try:
            done.append(carry_out(task))
        except Exception as error:  # a foreign agent may fail with anything
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            done.append(f"{task.agent} on {task.problem}, seed {task.seed}: {reason}")
    return done
