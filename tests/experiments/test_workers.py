"""Worker processes: none is missed when it dies, none outlives its parent, none knows of tracking."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tansaki.experiments import cli
from tansaki.experiments.tasks import Run, Task, carry_out
from tansaki.experiments.workers import carry_out_chunks
from tansaki.twin.errors import InvalidInputError

AGENTS = """
import os
import signal
import sys
import time
from pathlib import Path

from tansaki.agents.random import Random

HERE = Path(__file__).parent


class Fatal(Random):
    name = "random"

    def propose(self, n):
        mark = HERE / "died"
        if self.seed == 1 and len(self.trials) == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().propose(n)


class Slow(Random):
    name = "random"

    def propose(self, n):
        time.sleep(0.1)
        (HERE / f"ran-{self.seed}-{os.getpid()}").touch()
        return super().propose(n)


class Curious(Random):
    name = "random"

    def propose(self, n):
        (HERE / "threads").write_text(os.environ["OMP_NUM_THREADS"] + os.environ["NUMBA_NUM_THREADS"])
        assert "mlflow" not in sys.modules
        return super().propose(n)
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "line.csv").write_text("x,y\n" + "".join(f"{i % 20},{i}\n" for i in range(60)))
    (tmp_path / "worker_agents.py").write_text(AGENTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "worker_agents", raising=False)
    return f"dataset:{tmp_path / 'line.csv'}"


def steps(run: Run | str) -> list[object]:
    assert isinstance(run, Run), run
    return [replace(step, suggest_s=0.0) for step in run.steps]


def test_a_killed_worker_loses_nothing(table: str, tmp_path: Path) -> None:
    tasks = [Task("worker_agents:Fatal", table, "max", None, seed, 6) for seed in range(4)]
    tasks.append(Task("worker_agents:Curious", table, "max", None, 0, 6))
    before = dict(os.environ)
    found = {run.task: run for runs in carry_out_chunks([[task] for task in tasks], workers=2) for run in runs}
    assert dict(os.environ) == before
    assert (tmp_path / "died").exists()
    assert (tmp_path / "threads").read_text() == "11"
    assert len(found) == len(tasks)
    # In this process the mark is there, so the same campaigns run through undisturbed.
    for task in tasks[:-1]:
        assert steps(found[task]) == steps(carry_out(task))


def test_a_scheduler_out_of_reach_is_refused_in_one_line(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tansaki.experiments import workers

    monkeypatch.setattr(workers, "CONNECT_S", 1)
    task = Task("random", table, "max", None, 0, 2)
    with pytest.raises(InvalidInputError, match=r"--scheduler: got 'tcp://127\.0\.0\.1:9'; allowed: the address"):
        next(carry_out_chunks([[task]], scheduler="tcp://127.0.0.1:9"))


def test_a_killed_parent_loses_what_was_under_way_and_nothing_else(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["benchmark", "--problems", table, "--goal", "max", "--agents", "worker_agents:Slow", "--seeds", "12"]
    command += ["--budget", "5", "--out", str(out), "--tracking", "off", "--workers", "2"]
    code = "import sys; from tansaki.experiments.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code, *command], env=environment, stderr=subprocess.DEVNULL)
    try:
        done = _wait(lambda: _count(out / "results.db") >= 2 and _count(out / "results.db"))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert done < 12
    marks = list(tmp_path.glob("ran-*"))
    workers = {int(file.name.split("-")[2]) for file in marks}
    _wait(lambda: not any(_alive(pid) for pid in workers))
    kept = _count(out / "results.db")
    for mark in marks:
        mark.unlink()
    capsys.readouterr()
    assert cli.main([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len({file.name.split("-")[1] for file in tmp_path.glob("ran-*")}) == 12 - kept
    assert answer["cells"][0]["seeds"] == 12
    assert cli.main([*command, "--json"]) == 0
    again = capsys.readouterr()
    assert "all 12 campaigns are finished" in again.err
    assert json.loads(again.out) == answer


def _count(path: Path) -> int:
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM run").fetchone()[0])
    except sqlite3.Error:
        return 0


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def _wait(condition, limit_s: float = 60.0):  # type: ignore[no-untyped-def]
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")
