"""One physics source, three engines: bind a module of scalar functions to NumPy, Numba or JAX.

A physics module holds branch-free functions of scalars (and NamedTuples of scalars) that reach all mathematics
through the module-level name ``xp``::

    import numpy as xp

    def decay(time_s, rate_s):
        return xp.where(time_s > 0.0, xp.exp(-rate_s * time_s), 1.0)

`bind` rebuilds every function of such a module over a namespace in which ``xp`` is the wanted engine and the
other functions are the rebuilt ones, so nested calls and functions imported from another physics module follow.

Rules for the modules: no closures, no ``if`` on values (`xp.where` evaluates both arms, so keep both finite), no
random numbers, no input or output, module constants are Python floats. A Numba-only module may loop and branch.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from inspect import getsource
from sys import modules
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np

from tansaki.twin.errors import InvalidInputError, unknown_name

Backend = Literal["numpy", "numba", "jax"]
Scalar = Any
"""One number of whichever engine: a float, a NumPy scalar, a traced JAX value."""


@cache
def bind(module: ModuleType, backend: Backend) -> SimpleNamespace:
    """The functions of a physics module, bound to one engine.

    ``"numpy"`` gives the functions as they are written, ``"numba"`` compiled dispatchers (compiled at the first
    call, kept on disk between processes), ``"jax"`` traceable functions to put under `jax.jit`, `jax.vmap` or
    `jax.grad` (not jitted here: a jit around the outermost call compiles better than one around each).

    Raises `InvalidInputError` when the module does not follow the rules above or the engine is unknown.
    """
    if backend not in get_args(Backend):
        raise unknown_name("backend", str(backend), get_args(Backend))
    if not _is_physics(module):
        raise InvalidInputError("module to bind", module.__name__, "a module with `import numpy as xp`")
    functions = _own_functions(module)
    if backend == "numpy":
        return SimpleNamespace(**functions)
    namespace = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    namespace["__builtins__"] = vars(module)["__builtins__"]
    for name, value in namespace.items():
        home = _home(value)
        if home is not None and home is not module:
            namespace[name] = getattr(bind(home, backend), value.__name__)
    namespace["xp"], decorate = _jax_engine() if backend == "jax" else _numba_engine(_fingerprint(module))
    bound = {name: decorate(_rebuilt(function, namespace)) for name, function in functions.items()}
    namespace.update(bound)
    return SimpleNamespace(**bound)


def _is_physics(module: ModuleType) -> bool:
    return vars(module).get("xp") is np


def _home(value: object) -> ModuleType | None:
    """The physics module in which a function is written, or None for anything else."""
    if not isinstance(value, FunctionType):
        return None
    home = modules.get(value.__module__)
    return home if home is not None and _is_physics(home) else None


def _own_functions(module: ModuleType) -> dict[str, FunctionType]:
    own = {name: value for name, value in vars(module).items() if _home(value) is module}
    for name, function in own.items():
        if function.__closure__ is not None:
            raise InvalidInputError(f"{module.__name__}.{name}", "a closure", "a plain module-level function")
    return own


def _rebuilt(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    rebuilt = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__)
    rebuilt.__kwdefaults__ = function.__kwdefaults__
    rebuilt.__module__ = function.__module__
    rebuilt.__qualname__ = function.__qualname__
    rebuilt.__doc__ = function.__doc__
    return rebuilt


def _fingerprint(module: ModuleType) -> str:
    """Digest of the sources of a module and of the physics modules it takes functions from."""
    homes = {module.__name__: module}
    waiting = [module]
    while waiting:
        for value in vars(waiting.pop()).values():
            home = _home(value)
            if home is not None and home.__name__ not in homes:
                homes[home.__name__] = home
                waiting.append(home)
    text = "".join(getsource(homes[name]) for name in sorted(homes))
    return sha256(text.encode()).hexdigest()[:12]


def _jax_engine() -> tuple[ModuleType, Callable[[FunctionType], Any]]:
    import jax.numpy

    return jax.numpy, lambda function: function


@cache
def _numba_xp() -> ModuleType:
    """NumPy with a `where` of scalars: Numba's own turns three scalars into an array of no dimension."""
    from numba import njit

    def where(condition: Any, chosen: Any, other: Any) -> Any:
        return chosen if condition else other

    engine = ModuleType("xp")
    vars(engine).update({name: value for name, value in vars(np).items() if not name.startswith("_")})
    vars(engine)["where"] = njit(where)
    return engine


def _numba_engine(fingerprint: str) -> tuple[ModuleType, Callable[[FunctionType], Any]]:
    from numba import njit

    def compiled(function: FunctionType) -> Any:
        # Numba checks only the calling file when it looks for a compiled function on disk. With the digest of all
        # sources in the name, a change in a callee of another file cannot revive machine code of before.
        function.__qualname__ = f"{function.__qualname__}_{fingerprint}"
        try:
            return njit(function, cache=True, error_model="numpy")
        except RuntimeError:
            # No folder to keep compiled code in (read-only installation without a home): compile every time.
            return njit(function, error_model="numpy")

    return _numba_xp(), compiled
