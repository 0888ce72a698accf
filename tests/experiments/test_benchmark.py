"""Benchmarks: pairing, content keys, resumption, scores of runs whose outcome is known by hand."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tansaki.experiments import cli
from tansaki.experiments.benchmark import Benchmark, BenchmarkConfig, Chunk, chunks
from tansaki.experiments.report import write_benchmark_report
from tansaki.experiments.tasks import Run, Task, TaskError, agent_code, carry_out, carry_out_all, problem_of
from tansaki.twin.errors import InvalidInputError, StateError

AGENTS = """
from tansaki.agents.agent import Agent
from tansaki.envs.space import Point


class Down(Agent):
    name = "down"

    def propose(self, n: int) -> list[Point]:
        first = len(self.trials)
        return [{"x": float(9 - (first + i) % 10)} for i in range(n)]


class DownToo(Down):
    name = "down-too"


class Up(Agent):
    name = "up"

    def propose(self, n: int) -> list[Point]:
        first = len(self.trials)
        return [{"x": float((first + i) % 10)} for i in range(n)]


class Broken(Agent):
    name = "broken"

    def propose(self, n: int) -> list[Point]:
        raise ZeroDivisionError("no idea")
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ten settings x = 0..9 with y = x on average, three noisy replicates each; agents to go with it."""
    lines = [f"{x},{x + noise}" for x in range(10) for noise in (-0.4, 0.0, 0.4)]
    (tmp_path / "line.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    (tmp_path / "table_agents.py").write_text(AGENTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "table_agents", raising=False)
    problem_of.cache_clear()
    return f"dataset:{tmp_path / 'line.csv'}"


def config(problem: str, *agents: str, seeds: int = 3, budget: int = 6) -> BenchmarkConfig:
    return BenchmarkConfig(
        (problem,), agents or ("random", "sobol"), seeds, budget, "max", reference=(agents or ("random",))[0]
    )


def here(work: Sequence[Chunk]) -> Iterator[list[Run | str]]:
    for chunk in work:
        yield carry_out_all(chunk)


def told(benchmark: Benchmark) -> list[object]:
    """Everything but the CPU time."""
    return [[replace(step, suggest_s=0.0) for step in run.steps] for cell in benchmark.cells for run in cell.runs]


def test_a_seed_is_the_same_world_for_every_agent(table: str) -> None:
    def values(agent: str, seed: int) -> list[float | None]:
        return [step.value for step in carry_out(Task(agent, table, "max", None, seed, 8)).steps]

    worlds = [values("table_agents:Down", seed) for seed in range(6)]
    assert worlds == [values("table_agents:DownToo", seed) for seed in range(6)]
    assert len({tuple(world) for world in worlds}) > 1


def test_rows_of_a_run_known_by_hand(table: str) -> None:
    run = carry_out(Task("table_agents:Up", table, "max", None, 0, 5, keep_experiment=True))
    assert [step.point["x"] for step in run.steps] == [0, 1, 2, 3, 4]
    assert [step.regret_simple for step in run.steps] == pytest.approx([1, 8 / 9, 7 / 9, 6 / 9, 5 / 9])
    # The replicates of neighbours do not overlap, so the best value told belongs to the last setting.
    assert [step.regret_recommended for step in run.steps] == pytest.approx([1, 8 / 9, 7 / 9, 6 / 9, 5 / 9])
    assert [step.discovered for step in run.steps] == [0, 0, 0, 0, 0]
    assert run.recommended == {"x": 4}
    assert run.experiment is not None
    assert run.experiment.recipe.point == {"x": 4}
    assert carry_out(Task("table_agents:Down", table, "max", None, 0, 2)).steps[0].discovered == 1.0


def test_scores_known_by_hand(table: str, tmp_path: Path) -> None:
    with Benchmark.start(
        config(table, "table_agents:Up", "table_agents:Down", budget=10), tmp_path / "out"
    ) as benchmark:
        benchmark.run(here)
        reference, down = benchmark.scores.cells
    # Up reaches x = 9 at its tenth experiment, Down at its first.
    assert (reference["experiments_to_95_median"], down["experiments_to_95_median"]) == (10, 1)
    assert (down["af"], down["af_low"], down["af_high"], down["af_censored"]) == (10, 10, 10, False)
    assert down["af_restricted_mean"] == 10
    assert (reference["af"], reference["af_low"], reference["af_high"]) == (1, 1, 1)
    assert down["regret_recommended_median"] == 0.0
    assert down["recommended_within_5_percent"] == 1.0
    assert down["discovery_enhancement"] == 1.0
    assert down["normalised_value_gain"] == 0.0
    assert down["lab_hours_to_95_median"] is None  # a table does not say how long its rows took


def test_a_reference_that_never_gets_there_gives_a_bound(table: str, tmp_path: Path) -> None:
    with Benchmark.start(config(table, "table_agents:Up", "table_agents:Down"), tmp_path / "out") as benchmark:
        benchmark.run(here)
        reference, down = benchmark.scores.cells
    assert reference["experiments_to_95_median"] is None
    assert reference["experiments_to_95_at_least"] == 7
    assert (down["af"], down["af_low"], down["af_high"], down["af_censored"]) == (7, 7, np.inf, True)
    assert down["af_restricted_mean"] == 6
    # y at the end: 9 against 5; optimum 9, median of the table 4.5
    assert down["normalised_value_gain"] == pytest.approx((9 - 5) / (9 - 4.5))


def test_finished_tasks_are_skipped_and_a_stopped_benchmark_goes_on_to_the_same_result(
    table: str, tmp_path: Path
) -> None:
    with Benchmark.start(config(table), tmp_path / "whole") as whole:
        assert whole.run(here) == 6
        assert whole.run(here) == 0
        expected, scores = told(whole), whole.scores

    def interrupted(work: Sequence[Chunk]) -> Iterator[list[Run | str]]:
        yield next(here(work))
        raise KeyboardInterrupt

    with Benchmark.start(config(table), tmp_path / "cut") as cut, pytest.raises(KeyboardInterrupt):
        cut.run(interrupted)
    with Benchmark.start(config(table), tmp_path / "cut") as again:
        assert len(again.left()) == 3
        with pytest.raises(StateError, match="3 of 6 campaigns are not finished; go on with: tansaki benchmark"):
            write_benchmark_report(again)
        assert again.run(here) == 3
        assert told(again) == expected
        assert [row["af"] for row in again.scores.cells] == [row["af"] for row in scores.cells]


def test_folders_that_hold_something_else_are_refused(table: str, tmp_path: Path) -> None:
    Benchmark.start(config(table), tmp_path / "out").close()
    with pytest.raises(InvalidInputError, match="it holds another one: tansaki benchmark"):
        Benchmark.start(config(table, budget=7), tmp_path / "out")
    (tmp_path / "line.csv").write_text("x,y\n0,0\n1,1\n2,5\n")
    problem_of.cache_clear()
    with pytest.raises(InvalidInputError, match="its problems or data have changed"):
        Benchmark.start(config(table), tmp_path / "out")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("")
    with pytest.raises(InvalidInputError, match="it holds other files"):
        Benchmark.start(config(table), tmp_path / "other")
    assert [file.name for file in (tmp_path / "other").iterdir()] == ["thesis.txt"]


def test_content_key_is_of_content() -> None:
    task = Task("random", "dataset:a/line.csv", "max", None, 1, 10)
    key = task.key("code", "data")
    assert replace(task, problem="dataset:b/line.csv").key("code", "data") == key
    assert replace(task, keep_experiment=True).key("code", "data") == key
    others = [task.key("code", "other"), task.key("newer", "data"), replace(task, seed=2).key("code", "data")]
    others += [replace(task, budget=11).key("code", "data"), replace(task, agent="sobol").key("code", "data")]
    assert len({key, *others}) == 6


def test_code_of_an_agent_is_what_its_file_holds(table: str, tmp_path: Path) -> None:
    before = agent_code("table_agents:Up")
    (tmp_path / "table_agents.py").write_text(AGENTS + "\n# changed\n")
    assert agent_code("table_agents:Up") != before


def test_one_failing_agent_costs_the_others_nothing(table: str, tmp_path: Path) -> None:
    with Benchmark.start(config(table, "random", "table_agents:Broken"), tmp_path / "out") as benchmark:
        with pytest.raises(
            TaskError, match=r"3 of 6 campaigns failed, the others are kept.*ZeroDivisionError: no idea"
        ):
            benchmark.run(here)
        assert {task.agent for task in benchmark.left().values()} == {"table_agents:Broken"}


def test_the_dear_ones_go_first_and_alone() -> None:
    tasks = [Task(agent, "p", None, None, seed, 10) for agent in ("random", "gp") for seed in range(7)]
    work = chunks(tasks)
    assert [[task.agent for task in chunk] for chunk in work[:7]] == [["gp"]] * 7
    assert [len(chunk) for chunk in work[7:]] == [5, 2]
    assert sorted(task.seed for chunk in work for task in chunk) == sorted(task.seed for task in tasks)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--seeds", "0"], "--seeds: got 0; allowed: a whole number of at least 1"),
        (["--agents", "random,random"], "--agents: got 'random,random'; allowed: at least one, all different"),
        (["--agents", "rendom"], "did you mean 'random'?"),
        (["--reference", "gp"], "--reference: got 'gp'; allowed: one of the agents: random, sobol"),
        (["--preset", "quik"], "did you mean 'quick'?"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    given = {"--problems": table, "--agents": "random,sobol", "--seeds": "2", "--goal": "max"}
    given |= dict(zip(options[::2], options[1::2], strict=True))
    out = tmp_path / "out"
    code = cli.main(["benchmark", *(word for pair in given.items() for word in pair), "--out", str(out)])
    stderr = capsys.readouterr().err
    assert code == 2
    assert stderr.count("\n") == 1
    assert reason in stderr
    assert not out.exists()


def test_steps_table_holds_every_experiment(table: str, tmp_path: Path) -> None:
    import pandas as pd

    with Benchmark.start(config(table), tmp_path / "out") as benchmark:
        benchmark.run(here)
        frame = pd.read_parquet(benchmark.write_steps())
    assert len(frame) == 2 * 3 * 6
    last = frame[(frame.agent == "sobol") & (frame.seed == 2) & (frame.number == 6)].iloc[0]
    assert last.regret_simple == frame[(frame.agent == "sobol") & (frame.seed == 2)].regret_simple.min()
    assert set(json.loads(last.point)) == {"x"}


def test_tracking_has_a_run_for_each_cell(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tansaki.experiments import tracking

    seen = {}

    def track(out, experiment, parent, children=(), artifacts=()):  # type: ignore[no-untyped-def]
        seen.update(parent=parent, children=children, artifacts=artifacts)
        return "id"

    monkeypatch.setattr(tracking, "track", track)
    with Benchmark.start(config(table), tmp_path / "out") as benchmark:
        benchmark.run(here)
        assert benchmark.track([benchmark.write_steps()]) == "id"
        medians = [np.median(cell.simple, axis=0).tolist() for cell in benchmark.cells]
    assert [child.name.partition(" on ")[0] for child in seen["children"]] == ["random", "sobol"]
    assert [list(child.metrics["regret_simple_median"]) for child in seen["children"]] == medians
    assert seen["artifacts"][0].name == "steps.parquet"
