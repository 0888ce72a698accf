"""The command line as scripts and people meet it: its own process, exit codes, one line for each refusal."""

import json
import os
import pty
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import pytest

from tansaki.experiments import campaign  # also so that a test that steps down from superuser need not import it
from tansaki.experiments.cli import main
from tansaki.experiments.journal import FILE_NAME, Journal, JournalError
from tansaki.twin.errors import InvalidInputError

TANSAKI = Path(sys.executable).parent / "tansaki"
WALKER = '''
from time import sleep
from tansaki.agents.agent import Agent

class Walker(Agent):
    """Memory of its own, moved by what it was told; waits a little, so that there is time to be killed in."""

    name = "walker"
    position = 0.5

    def propose(self, n):
        sleep(0.004)
        values = [trial.values[0] for trial in self.trials.values() if trial.values]
        self.position = (3.9 * self.position * (1 - self.position) + 1e-3 * sum(values)) % 1.0
        return self.space.decode(self.rng().random((n, self.space.width)) * self.position)

    def extra_state(self):
        return {"position": self.position}

    def restore_extra(self, state):
        self.position = state["position"]
'''
PROBLEM = ("--problem", "dataset:table.csv", "--goal", "min")
WALK = ("run", *PROBLEM, "--agent", "walking:Walker", "--seed", "3", "--tracking", "off", "--json")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small table of measurements with replicates, and an agent of one's own."""
    rows = [f"{x},{y},{(x - 3) ** 2 + y + 0.1 * r}" for x in range(20) for y in range(20) for r in range(3)]
    (tmp_path / "table.csv").write_text("x,y,loss\n" + "\n".join(rows) + "\n")
    (tmp_path / "walking.py").write_text(WALKER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def tansaki(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TANSAKI, *arguments], capture_output=True, text=True, check=False)


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line of a refusal; there must be nothing else."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def results(out: Path) -> int:
    """Experiments in the journal so far; 0 while there is none yet."""
    try:
        with Journal.open(out) as journal:
            return journal.finished()
    except (InvalidInputError, JournalError):
        return 0


def assert_same_trajectory(a: Path, b: Path) -> None:
    """Points, values, uncertainties and whole experiments with their arrays (by digest), as the journals hold them."""
    with Journal.open(a) as one, Journal.open(b) as other:
        one.verify()
        for left, right in zip(one.events("result"), other.events("result"), strict=True):
            assert (left.trial, left.lab_s, left.body) == (right.trial, right.lab_s, right.body)


HEED_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
"""What a shell starts in the background ignores Ctrl-C, and so would all that it starts in turn."""


def stop_after(
    arguments: tuple[str, ...], out: Path, count: int, how: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """Start a campaign and send it a signal at a random moment once `count` experiments are in its journal."""
    command = [sys.executable, "-c", HEED_CTRL_C, str(TANSAKI), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while results(out) < count and process.poll() is None:
        sleep(0.002)
    sleep(random.uniform(0.0, 0.02))
    process.send_signal(how)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def killed_again_and_again(campaign: tuple[str, ...], kills: int, budget: int) -> None:
    """SIGKILL at random moments spread over the campaign, and the end compared with that of one left alone."""
    whole = json.loads(tansaki(*campaign, "--budget", str(budget), "--out", "whole").stdout)
    arguments: tuple[str, ...] = (*campaign, "--budget", str(budget), "--out", "killed")
    for kill in range(kills):
        # At least one more experiment than before, so that the kill hits the campaign and not the start of Python.
        count = max(1 + kill * budget // (kills + 1), results(Path("killed")) + 1)
        done = stop_after(arguments, Path("killed"), count, signal.SIGKILL)
        assert done.returncode == -signal.SIGKILL, (kill, done.stderr)
        assert count <= results(Path("killed")) < budget
        arguments = ("resume", "killed", "--json")
    end = tansaki("resume", "killed", "--json")
    assert end.returncode == 0, end.stderr
    assert {**json.loads(end.stdout), "out": "whole"} == whole
    with Journal.open(Path("killed")) as journal:
        assert len(list(journal.events("resumed"))) >= kills
    assert_same_trajectory(Path("killed"), Path("whole"))


def test_killed_three_times_it_goes_on_to_the_same_end() -> None:
    killed_again_and_again(WALK, kills=3, budget=60)


TWIN = ("run", "--problem", "tansaki/NbTiO2-Oxygen-v0", "--seed", "3", "--tracking", "off", "--json", "--agent")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("campaign", "kills", "budget"),
    [(WALK, 20, 420), ((*TWIN, "walking:Walker"), 20, 420), ((*TWIN, "gp"), 6, 20)],
    ids=["table", "twin", "twin-gp"],
)
def test_killed_many_times_it_goes_on_to_the_same_end(campaign: tuple[str, ...], kills: int, budget: int) -> None:
    killed_again_and_again(campaign, kills, budget)


def test_ctrl_c_says_how_to_go_on() -> None:
    done = stop_after((*WALK, "--budget", "60", "--out", "run"), Path("run"), 5, signal.SIGINT)
    line = refused(done, 130)
    made = results(Path("run"))
    assert line.endswith(f"stopped; {made} of 60 experiments are in the journal; go on with: tansaki resume run")
    assert json.loads(tansaki("resume", "run", "--json").stdout)["experiments"] == 60


def test_a_second_process_is_refused() -> None:
    with subprocess.Popen([TANSAKI, *WALK, "--budget", "300", "--out", "run"], stdout=subprocess.PIPE) as first:
        while results(Path("run")) < 1:
            sleep(0.01)
        line = refused(tansaki("resume", "run"), 1)
        assert "another process is running this campaign" in line
        first.kill()
    assert results(Path("run")) >= 1


def test_json_is_all_there_is_on_stdout() -> None:
    walk = ("run", *PROBLEM, "--agent", "walking:Walker", "--budget", "4", "--seed", "1", "--tracking", "off", "--json")
    done = tansaki(*walk)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result)[:4] == ["problem", "agent", "seed", "budget"]
    assert {"recommended", "best", "regret_recommended", "experiments", "lab_hours", "out"} <= result.keys()
    assert result["out"] == "runs/table_Walker_seed1"
    assert [file.name for file in Path(result["out"]).iterdir()] == [FILE_NAME]


def test_a_tracking_server_out_of_reach_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = tansaki("run", *PROBLEM, "--agent", "walking:Walker", "--budget", "4", "--out", "run", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["experiments"] == 4
    told = [line for line in done.stderr.splitlines() if "tracking" in line or "log it" in line]
    assert told[0].startswith("warning: tracking store http://127.0.0.1:9 cannot be written to")
    assert told[1].endswith("to log it when the store can be reached: tansaki resume run")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    again = tansaki("resume", "run", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) == json.loads(done.stdout)
    assert again.stderr == "run: finished, nothing left to do\n"  # MLflow, too, is quiet
    assert Path("run/mlflow.db").exists()


def test_a_full_disk_stops_with_one_line_and_loses_nothing() -> None:
    whole = json.loads(tansaki(*WALK, "--budget", "60", "--out", "whole").stdout)
    # The kernel refuses what would make a file longer than the limit; to SQLite that is a failing disk.
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    limited = f"import os, resource, sys; {limit}; os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", limited, TANSAKI, *WALK, "--budget", "60", "--out", "run"]
    line = refused(subprocess.run(command, capture_output=True, text=True, check=False), 1)
    assert "campaign.db: disk I/O error; is the disk full" in line
    assert line.endswith("what was done until then is kept; go on with: tansaki resume run")
    assert 0 < results(Path("run")) < 60
    again = json.loads(tansaki("resume", "run", "--json").stdout)
    assert {**again, "out": "whole"} == whole
    assert_same_trajectory(Path("run"), Path("whole"))


@contextmanager
def unprivileged() -> Iterator[None]:
    """The superuser may write anywhere; tests of permissions step down for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_read_only_folder_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "table.csv").write_bytes((folder / "table.csv").read_bytes())
        monkeypatch.chdir(place)
        monkeypatch.syspath_prepend(str(folder))
        walk = ["run", *PROBLEM, "--agent", "walking:Walker", "--budget", "3", "--tracking", "off"]
        assert main([*walk, "--out", "before"]) == 0
        capsys.readouterr()
        for path in (place, place / "before"):
            path.chmod(0o555)
        with unprivileged():
            codes = main([*walk, "--out", "new"]), main(walk)
        for path in (place, place / "before"):
            path.chmod(0o755)
    assert codes == (2, 2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("a folder that can be written to; Permission denied" in line for line in lines)


BAD: list[tuple[tuple[str, ...], str]] = [
    (("run", "--problem", "tansaki/NbTiO2-Oxigen-v0", "--agent", "random"), "did you mean 'tansaki/NbTiO2-Oxygen-v0'?"),
    (("run", *PROBLEM, "--agent", "rondom"), "did you mean 'random'?"),
    (("run", *PROBLEM, "--agent", "nowhere:Agent"), "No module named 'nowhere'"),
    (("run", *PROBLEM), "'agent'; it is missing"),
    (("run", *PROBLEM, "--agent", "walking:Walker", "--budget", "-1"), "budget: got -1"),
    (("run", *PROBLEM, "--agent", "walking:Walker", "--budget", "ten"), "'--budget'"),
    (("run", *PROBLEM, "--agent", "walking:Walker", "--set", "problem.gaol=min"), "did you mean 'goal'?"),
    (("run", *PROBLEM, "--agent", "walking:Walker", "--lab", "moon"), "laboratory: got 'moon'"),
    (("run", *PROBLEM, "--agent", "walking:Walker", "--out", "."), "a new or an empty folder; it holds files"),
    (("run", "--problem", "dataset:none.csv", "--agent", "walking:Walker"), "No such file"),
    (("run", "none.toml"), "readable TOML file"),
    (("run", "--bugdet", "3"), "--bugdet"),
    (("resume", "."), "a folder with a campaign.db"),
    (("resume", "nowhere"), "a folder with a campaign.db"),
    (("resum",), "resume"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(arguments[-2:]) for arguments, _ in BAD])
def test_bad_input_is_one_line_and_exit_2(
    arguments: tuple[str, ...],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert {file.name for file in folder.iterdir()} <= {"table.csv", "walking.py", "__pycache__"}


def test_a_campaign_file_with_changes(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    text = 'agent = "walking:Walker"\nbudget = 5\ntracking = false\n[problem]\nid = "dataset:table.csv"\n'
    (folder / "campaign.toml").write_text(text)
    assert (
        main(["run", "campaign.toml", "--set", "problem.goal=min", "--set", "budget=3", "--seed", "8", "--json"]) == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert (result["seed"], result["budget"], result["objective"]["goal"]) == (8, 3, "min")


def test_a_person_is_told_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    assert main(["run", *PROBLEM, "--agent", "walking:Walker", "--budget", "3", "--tracking", "off"]) == 0
    said = capsys.readouterr()
    assert "recommended  x = " in said.out
    assert said.out.endswith("written to runs/table_Walker_seed0\n")
    assert said.err == "3/3 best loss " + said.err.split()[-1] + "\n"


def test_a_disk_that_fills_up_while_logging_does_not_take_the_result_away(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))

    def full(*_: object) -> None:
        raise JournalError("campaign.db: database or disk is full")

    monkeypatch.setattr(campaign.Campaign, "log", full)
    assert main(["run", *PROBLEM, "--agent", "walking:Walker", "--budget", "3", "--out", "run", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["experiments"] == 3
    assert said.err.splitlines()[-2:] == [
        "warning: campaign.db: database or disk is full",
        "the campaign is complete; to log it when the store can be reached: tansaki resume run",
    ]


def test_a_terminal_gets_a_bar_and_stdout_stays_clean() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [TANSAKI, *WALK, "--budget", "30"], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the end of a terminal whose other side is closed
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    assert json.loads(done.stdout)["experiments"] == 30
    assert b"30/30" in shown
    assert "━".encode() in shown


def test_an_agent_that_fails_is_not_called_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "straying.py").write_text(
        "from walking import Walker\n\nclass Stray(Walker):\n    def propose(self, n):\n"
        "        return [{'x': -1, 'y': 0}] if self.trials else super().propose(n)\n"
    )
    assert main(["run", *PROBLEM, "--agent", "straying:Stray", "--out", "run", "--tracking", "off"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "got -1" in line or "'x': -1" in line
    assert line.endswith("go on with: tansaki resume run")
    assert results(Path("run")) == 1


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "tansaki 0.1.0\n"
    assert main([]) == 0
    assert "resume" in capsys.readouterr().out


HEAVY = ("numpy", "scipy", "jax", "numba", "mlflow", "pandas", "pyarrow", "plotly", "dask", "sqlite3", "gymnasium")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; from tansaki.experiments.cli import main; main({arguments!r});"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
