"""The shape of the house: arrows one way, heavy libraries only where they belong, quick imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("jax", "numba", "mlflow", "pandas", "plotly", "dask", "distributed", "scipy.optimize", "pyarrow", "torch")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_floors_import_only_the_floors_below() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bare_import_of_a_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bare.py"
    file.write_text("import twin\nfrom envs.space import SearchSpace\n")
    done = run(sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(file))
    assert done.stdout.count("TID251") == 2, done.stdout


@pytest.mark.parametrize("module", ["tansaki.envs", "tansaki.agents.registry", "tansaki.experiments.cli"])
def test_import_leaves_heavy_libraries_alone(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = run(sys.executable, "-c", code)
    assert done.stdout.split() == [], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "limit_s"),
    [(("-c", "import tansaki.envs"), 0.4), (("-c", "from tansaki.experiments.cli import main; main(['--help'])"), 0.5)],
)
def test_import_is_quick(arguments: tuple[str, ...], limit_s: float) -> None:
    # CPU time, not wall time: what else the machine does is left out. The best of five is the program itself.
    assert min(cpu_seconds(*arguments) for _ in range(5)) < limit_s


def cpu_seconds(*arguments: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
