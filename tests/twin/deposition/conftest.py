"""Shared: the reference parameter set, and the comparison of the three engines on 1000 inputs."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition.reactive_gas import BergParameters
from tansaki.twin.quantities import load

N = 1000
Floats = NDArray[np.float64]


@pytest.fixture(scope="session")
def t3() -> BergParameters:
    """Ti/O2 on a 3-inch magnetron: the reference set."""
    return load("instruments", "sputter_t3").parameters("reactive_gas", BergParameters)


def columns(result: Any) -> list[Floats]:
    return [np.asarray(v, np.float64) * np.ones(N) for v in (result if isinstance(result, tuple) else (result,))]


def at(arguments: Any, i: int) -> Any:
    def one(value: Any) -> Any:
        return type(value)(*(one(field) for field in value)) if isinstance(value, tuple) else float(value[i])

    return tuple(one(value) for value in arguments)


def in_jax(function: Callable[..., Any], arguments: Any, dtype: Any) -> list[Floats]:
    import jax
    import jax.numpy as jnp

    return columns(jax.jit(jax.vmap(function))(*jax.tree.map(lambda value: jnp.asarray(value, dtype), arguments)))


def compare(module: ModuleType, name: str, arguments: Any, scales: Sequence[Any] | None = None) -> None:
    """NumPy = Numba = JAX in double to 1e-12 and in single precision to 1e-5 of `scales` (default: the result)."""
    import jax

    reference = columns(getattr(module, name)(*arguments))
    compiled, traced = getattr(bind(module, "numba"), name), getattr(bind(module, "jax"), name)
    numba = [columns(compiled(*at(arguments, i))) for i in range(N)]
    with jax.enable_x64(True):
        double = in_jax(traced, arguments, np.float64)
    single = in_jax(traced, arguments, np.float32)
    for k, (expected, size) in enumerate(zip(reference, scales or [np.abs(v) for v in reference], strict=True)):
        assert np.all(np.isfinite(expected))
        assert np.all(np.abs(np.array([row[k][0] for row in numba]) - expected) <= 1e-12 * size)
        assert np.all(np.abs(double[k] - expected) <= 1e-12 * size)
        assert np.all(np.abs(single[k] - expected) <= 1e-5 * size)


@pytest.fixture(scope="session")
def engines_agree() -> Callable[..., None]:
    return compare
