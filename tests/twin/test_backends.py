import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError

BASE = """
import numpy as xp

def half(x):
    return 0.5 * x
"""

PHYSICS = """
from typing import NamedTuple
import numpy as xp
from base_physics import half

FLOOR = 1.0

class Pair(NamedTuple):
    a: float
    b: float

def _inner(x):
    return xp.where(x > FLOOR, xp.log(xp.maximum(x, FLOOR)), 0)

def outer(pair, scale=2.0):
    return Pair(scale * _inner(pair.a) + xp.exp(-pair.b), half(pair.a))
"""


@pytest.fixture
def physics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    for name, text in (("base_physics", BASE), ("pair_physics", PHYSICS)):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("a", [0.3, 2.5])
def test_nested_and_imported_calls_where_defaults_and_named_tuples_agree(physics: ModuleType, a: float) -> None:
    import jax

    expected = (2.0 * np.log(max(a, 1.0)) + np.exp(-0.7), 0.5 * a)
    pair = physics.Pair(a, 0.7)
    for backend in ("numpy", "numba"):
        result = bind(physics, backend).outer(pair)
        assert result == pytest.approx(expected, rel=1e-15)
        assert isinstance(result, physics.Pair)
        assert all(isinstance(value, float) for value in result)
    with jax.enable_x64(True):
        assert jax.jit(bind(physics, "jax").outer)(pair) == pytest.approx(expected, rel=1e-15)
        slope = jax.grad(lambda x: bind(physics, "jax").outer(physics.Pair(x, 0.7)).a)(a)
    assert slope == pytest.approx(2.0 / a if a > 1 else 0.0)


def test_a_traceable_function_can_be_called_as_it_is() -> None:
    program = (
        "from tansaki.twin.backends import bind; from tansaki.twin.film import structure;"
        "print(float(bind(structure, 'jax').logistic(0.0)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0.5"


def test_binding_twice_gives_the_same_object_and_leaves_the_source_alone(physics: ModuleType) -> None:
    before = physics.outer
    assert bind(physics, "numba") is bind(physics, "numba")
    assert physics.outer is before
    assert physics.xp is np


def test_a_changed_callee_in_another_file_is_not_served_from_the_disk_cache(tmp_path: Path) -> None:
    (tmp_path / "pair_physics.py").write_text(PHYSICS)
    program = (
        "import pair_physics; from tansaki.twin.backends import bind;"
        "f = bind(pair_physics, 'numba').outer; r = f(pair_physics.Pair(2.0, 0.7));"
        "print(r.b, sum(f.stats.cache_hits.values()))"
    )

    def run() -> list[str]:
        environment = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    (tmp_path / "base_physics.py").write_text(BASE)
    assert run() == ["1.0", "0"]
    assert run() == ["1.0", "1"]
    (tmp_path / "base_physics.py").write_text(BASE.replace("0.5", "0.25"))
    assert run() == ["0.5", "0"]


def test_bad_input_is_named() -> None:
    import json

    with pytest.raises(InvalidInputError, match="import numpy as xp"):
        bind(json, "numpy")
    with pytest.raises(InvalidInputError, match="did you mean 'numba'"):
        bind(json, "nunba")


def test_importing_the_module_loads_no_engine() -> None:
    program = "import sys, tansaki.twin.backends; print(sorted({'jax', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
