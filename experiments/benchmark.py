"""A benchmark: agents × problems × paired seeds, in its folder, resumable, with its evidence.

Every run is written down as soon as it is finished; scores, report, tracking and tables are derived from the
results and can be made again from them.
"""

import json
import math
import platform
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np

from tansaki.agents.registry import agent_class
from tansaki.envs.problem import Problem
from tansaki.envs.space import Categorical
from tansaki.experiments.results import FILE_NAME, Results
from tansaki.experiments.scores import Cell, Scores, score
from tansaki.experiments.tasks import Run, Task, TaskError, agent_code, problem_of
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Experiment

CHEAP: Final = ("random", "sobol", "grid", "one-factor")
"""Agents whose suggestions cost next to nothing: their campaigns go to the workers last and several at a time."""
CHUNK: Final = 5
RESPONSE_POINTS: Final = 201
MEDIAN_POINTS: Final = 256
LIBRARIES: Final = ("tansaki", "numpy", "scipy", "jax", "numba", "distributed")

Chunk = Sequence[Task]
CarryOut = Callable[[Sequence[Chunk]], Iterator[list[Run | str]]]


@dataclass(frozen=True)
class BenchmarkConfig:
    """What is compared. `budget` None takes each problem's own; `reference` is whom the others are measured by."""

    problems: tuple[str, ...]
    agents: tuple[str, ...]
    seeds: int
    budget: int | None = None
    goal: Literal["min", "max"] | None = None
    objective: str | None = None
    reference: str = "random"

    def check(self) -> None:
        """Refuse what cannot be run, before anything is written."""
        for what, names in (("--problems", self.problems), ("--agents", self.agents)):
            if not names or len(set(names)) != len(names):
                raise InvalidInputError(what, ",".join(names), "at least one, all different")
        for what, number in (("--seeds", self.seeds), ("--budget", self.budget)):
            if number is not None and number < 1:
                raise InvalidInputError(what, number, "a whole number of at least 1")
        if self.reference not in self.agents:
            raise InvalidInputError("--reference", self.reference, f"one of the agents: {', '.join(self.agents)}")
        for agent in self.agents:
            agent_class(agent)
        for problem in self.problems:
            problem_of(problem, self.goal, self.objective)

    def command(self, out: Path | None = None) -> str:
        """The command that repeats the benchmark."""
        words = ["tansaki", "benchmark", "--problems", ",".join(self.problems), "--agents", ",".join(self.agents)]
        words += ["--seeds", str(self.seeds)]
        for name in ("budget", "goal", "objective"):
            if getattr(self, name) is not None:
                words += [f"--{name}", str(getattr(self, name))]
        words += ["--reference", self.reference]
        return shlex.join(words + (["--out", str(out)] if out else []))


class Benchmark:
    """A benchmark in its folder `out`. Use as a context manager; `run`, then read `scores`."""

    def __init__(self, config: BenchmarkConfig, out: Path, results: Results) -> None:
        self.config = config
        self.out = out
        self.results = results

    @classmethod
    def start(cls, config: BenchmarkConfig, out: Path | None = None) -> Self:
        """Begin in `out` (new, empty, or holding the same benchmark), or in a fresh folder under ``runs``."""
        config.check()
        problems = {name: _description(problem_of(name, config.goal, config.objective)) for name in config.problems}
        code = {agent: agent_code(agent) for agent in config.agents}
        folder = _fresh_folder() if out is None else out
        try:
            folder.mkdir(parents=True, exist_ok=True)
            empty = next(folder.iterdir(), None) is None
        except OSError as error:
            raise InvalidInputError(
                "--out", str(folder), "a folder that can be written to", str(error.strerror)
            ) from error
        if empty:
            notes = {"config": asdict(config), "problems": problems, "code": code, "versions": versions()}
            return cls(config, folder, Results.create(folder, notes))
        if not (folder / FILE_NAME).exists():
            raise InvalidInputError(
                "--out", str(folder), "a new folder, or one with this benchmark", "it holds other files"
            )
        results = Results.open(folder)
        there = _config(results.note("config"))
        # JSON has no tuples: what was noted is compared with what would be.
        if there != config or results.note("problems") != json.loads(json.dumps(problems)):
            results.close()
            cause = (
                f"it holds another one: {there.command()}" if there != config else "its problems or data have changed"
            )
            raise InvalidInputError("--out", str(folder), "a new folder, or one with this benchmark", cause)
        results.keep("code", code)
        results.keep("versions", versions())
        return cls(config, folder, results)

    @classmethod
    def open(cls, out: Path) -> Self:
        """A benchmark that was run before, to be read."""
        results = Results.open(out)
        return cls(_config(results.note("config")), out, results)

    def problem(self, name: str) -> Problem:
        """One of the problems."""
        return problem_of(name, self.config.goal, self.config.objective)

    @cached_property
    def problems(self) -> dict[str, dict[str, Any]]:
        """What the problems are, as noted when the benchmark was begun; see `_description`."""
        return dict(self.results.note("problems"))

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """All campaigns by content key; the first seed's keep their best experiment."""
        config, code, found = self.config, self.results.note("code"), {}
        for problem, described in self.problems.items():
            budget = config.budget or described["budget"]
            for agent in config.agents:
                for seed in range(config.seeds):
                    task = Task(agent, problem, config.goal, config.objective, seed, budget, keep_experiment=seed == 0)
                    found[task.key(code[agent], described["fingerprint"])] = task
        return found

    def left(self) -> dict[str, Task]:
        """Campaigns not finished yet, by content key."""
        done = self.results.keys()
        return {key: task for key, task in self.tasks.items() if key not in done}

    def run(self, carry_out: CarryOut, on_done: Callable[[int], None] = lambda count: None) -> int:
        """Run what is left; returns how many campaigns that was. Each is written down as soon as it is finished."""
        keys = {task: key for key, task in self.left().items()}
        failures: list[str] = []
        if keys:
            for results in carry_out(chunks(list(keys))):
                runs = [result for result in results if isinstance(result, Run)]
                failures += [result for result in results if isinstance(result, str)]
                self.results.add([(keys[run.task], run) for run in runs])
                on_done(len(results))
        if failures:
            raise TaskError(
                f"{len(failures)} of {len(keys)} campaigns failed, the others are kept; first: {failures[0]}"
            )
        return len(keys)

    @cached_property
    def cells(self) -> list[Cell]:
        """All runs, by agent and problem."""
        found: dict[tuple[str, str], list[Run]] = {}
        for key, task in self.tasks.items():
            found.setdefault((task.agent, task.problem), []).append(self.results.run(key, task))
        return [Cell(agent, problem, tuple(runs)) for (agent, problem), runs in found.items()]

    @cached_property
    def scores(self) -> Scores:
        """What it came to."""
        median = {name: self.response(name)["median_regret"] for name in self.config.problems}
        return score(self.cells, self.config.reference, median)

    def response(self, name: str) -> dict[str, Any]:
        """Noise-free truth over the space of a problem, evaluated once and kept.

        ``points`` and ``values`` (all candidates of a pool, a regular grid of one parameter, else Sobol points),
        and ``median_regret``, the regret of the median over them.
        """
        kept = self.results.note(f"response {name}")
        if kept is None:
            kept = _response(self.problem(name))
            self.results.keep(f"response {name}", kept)
        return dict(kept)

    def experiment(self, agent: str, problem: str) -> Experiment | None:
        """The best experiment of the first seed."""
        for key, task in self.tasks.items():
            if (task.agent, task.problem, task.seed) == (agent, problem, 0):
                return self.results.experiment(key)
        return None

    def write_steps(self) -> Path:
        """All steps of all runs as one table, ``steps.parquet``."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [
            {"agent": cell.agent, "problem": cell.problem, "seed": run.task.seed, **asdict(step)}
            | {"point": json.dumps(dict(step.point))}
            for cell in self.cells
            for run in cell.runs
            for step in run.steps
        ]
        path = self.out / "steps.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
        return path

    def track(self, artifacts: Sequence[Path]) -> str | None:
        """Log to the tracking store: the benchmark as a run, each cell as a run under it."""
        from tansaki.experiments.tracking import RunLog, track

        config = {name: _text(value) for name, value in asdict(self.config).items() if value is not None}
        tags = {f"version {name}": number for name, number in versions().items()}
        children = []
        for cell, row in zip(self.cells, self.scores.cells, strict=True):
            curves = {
                f"{name}_{label}": np.quantile(getattr(cell, curve), q, axis=0).tolist()
                for name, curve in (("regret_simple", "simple"), ("regret_recommended", "recommended"))
                for label, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))
            }
            numbers = {
                f"final_{name}": [float(value)]
                for name, value in row.items()
                if isinstance(value, int | float) and math.isfinite(value)
            }
            params = {
                "agent": cell.agent,
                "problem": cell.problem,
                "seeds": str(row["seeds"]),
                "budget": str(cell.budget),
            }
            children.append(RunLog(f"{cell.agent} on {cell.problem}", params, {}, curves | numbers))
        best = {f"mean_rank {row['agent']}": [row["mean_rank"]] for row in self.scores.ranking}
        parent = RunLog(self.out.resolve().name, config, tags, best)
        return track(self.out, "benchmark", parent, children, artifacts)

    def close(self) -> None:
        """Release the results."""
        self.results.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def chunks(tasks: Sequence[Task]) -> list[Chunk]:
    """Tasks as they go to the workers: the slow ones first and alone, the quick ones a few at a time."""
    slow: list[Chunk] = [[task] for task in tasks if task.agent not in CHEAP]
    quick: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        if task.agent in CHEAP:
            quick.setdefault((task.problem, task.agent), []).append(task)
    return slow + [group[i : i + CHUNK] for group in quick.values() for i in range(0, len(group), CHUNK)]


def versions() -> dict[str, str]:
    """Versions that results may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _description(problem: Problem) -> dict[str, Any]:
    """What a report needs to know of a problem, so that it can be made where its data are not."""
    objective, truth = problem.objectives[0], problem.truth
    return {
        "fingerprint": problem.fingerprint,
        "title": problem.title,
        "budget": problem.budget,
        "objective": asdict(objective),
        "parameters": [{"kind": type(it).__name__, **asdict(it)} for it in problem.space.parameters],
        "pool": None if problem.space.candidates is None else len(problem.space.candidates),
        "truth": {**asdict(truth), "best_point": dict(truth.best_point)},
    }


def _response(problem: Problem) -> dict[str, Any]:
    space = problem.space
    if space.candidates is not None:
        points = [dict(point) for point in space.candidates]
    elif space.dimensions == 1 and not isinstance(space.parameters[0], Categorical):
        points = [dict(point) for point in space.decode(np.linspace(0.0, 1.0, RESPONSE_POINTS)[:, None])]
    else:
        from scipy.stats.qmc import Sobol

        points = [dict(point) for point in space.decode(Sobol(space.width, seed=0).random(MEDIAN_POINTS))]
    values = [problem.true_value(point) for point in points]
    sign = problem.objectives[0].sign
    median_regret = sign * (float(np.median(values)) - problem.truth.best_value) / problem.truth.span
    return {"points": points, "values": values, "median_regret": median_regret}


def _config(note: Mapping[str, Any]) -> BenchmarkConfig:
    return BenchmarkConfig(**{**note, "problems": tuple(note["problems"]), "agents": tuple(note["agents"])})


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _fresh_folder() -> Path:
    count = 1
    while (folder := Path("runs") / ("benchmark" + (f"-{count}" if count > 1 else ""))).exists():
        count += 1
    return folder
