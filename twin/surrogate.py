"""A material system in closed form: one recipe in microseconds through Numba, millions a second through JAX.

The equations are those of twin/systems, bound to the engine; here inputs are checked, what lies outside the range for
which the material file claims validity is marked, and what no sample can have is refused: with an error for one
recipe, with a mark and no numbers for the one element of a batch.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.backends import bind
from tansaki.twin.draw import drawn_chamber
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.quantities import SETTINGS, load
from tansaki.twin.systems.registry import open_system, system_module

Floats = NDArray[np.floating[Any]]
Precision = Literal["float32", "float64"]
SMALLEST_BLOCK: Final = 1 << 8
BLOCK: Final = 1 << 16
"""A batch is filled up to a power of two between these, or cut into pieces of the larger: few shapes are compiled, and
a piece fits the cache."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one recipe gives, by the names of the system's outputs."""

    values: Mapping[str, float]
    extrapolated: tuple[str, ...]
    """Inputs outside their valid range: the numbers are guesses there."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What many recipes give; every array has one entry a recipe."""

    values: Mapping[str, Floats]
    """NaN where the recipe is not possible."""
    possible: NDArray[np.bool_]
    extrapolated: NDArray[np.bool_]


def open_surrogate(system: str, options: Mapping[str, str] | None = None, world: int | None = None) -> "Surrogate":
    """The surrogate of a system; the same arguments give the same object, so that it is compiled once a process."""
    return _opened(system, tuple(sorted((options or {}).items())), world)


@cache
def _opened(system: str, options: tuple[tuple[str, str], ...], world: int | None) -> "Surrogate":
    return Surrogate(system, dict(options), world=world)


class Surrogate:
    """One system with its parameters, by the names of its inputs and outputs."""

    def __init__(self, system: str, options: Mapping[str, str] | None = None, *, world: int | None = None) -> None:
        """`options` choose sections of the material file (``{"substrate": "glass"}``); `world` draws another chamber.

        Raises `InvalidInputError` for a system, an option or a choice that does not exist.
        """
        self.system = system
        chamber = load("instruments", system_module(system).CHAMBER)
        self._module, self.parameters = open_system(
            system, options or {}, chamber if world is None else drawn_chamber(chamber, world)
        )
        self.settings = load("materials", system).section(SETTINGS)
        self.inputs: tuple[str, ...] = self._module.Inputs._fields
        self.outputs: tuple[str, ...] = self._module.Outputs._fields
        self._defaults = np.array([self.settings[name].value for name in self.inputs])
        self._valid = np.array([self._range(name, "valid") for name in self.inputs]).T
        self._possible = np.array([self._range(name, "possible") for name in self.inputs]).T

    def predict(self, **settings: float) -> Prediction:
        """One recipe; inputs that are not given have their usual value.

        Raises `InvalidInputError`, naming field, value and range, for a recipe that is not possible.
        """
        self._refuse_unknown(settings)
        values = tuple(float(settings.get(name, self.settings[name].value)) for name in self.inputs)
        for name, value in zip(self.inputs, values, strict=True):
            low, high = self._range(name, "possible")
            if not low <= value <= high:
                unit = self.settings[name].unit
                raise InvalidInputError(
                    f"{self.system} {name}", value, f"{low:g} to {high:g} {unit}", "is it in the unit of its name?"
                )
        outside = tuple(
            name
            for name, value in zip(self.inputs, values, strict=True)
            if not self._range(name, "valid")[0] <= value <= self._range(name, "valid")[1]
        )
        return Prediction(dict(zip(self.outputs, self.one(*values), strict=True)), outside)

    def inputs_of(self, settings: Mapping[str, float]) -> Any:
        """``Inputs`` of the system's module; what is not given has its usual value."""
        self._refuse_unknown(settings)
        return self._module.Inputs(*(float(settings.get(name, self.settings[name].value)) for name in self.inputs))

    def outputs_of(self, made: Prediction) -> Any:
        """``Outputs`` of the system's module."""
        return self._module.Outputs(*(made.values[name] for name in self.outputs))

    def predict_batch(self, settings: Mapping[str, ArrayLike], precision: Precision = "float64") -> Predictions:
        """Many recipes: an array or one number an input; arrays have one length.

        Only the elements that are not possible are marked and left without numbers.
        """
        self._refuse_unknown(settings)
        columns = [np.asarray(settings.get(name, self.settings[name].value), dtype=np.float64) for name in self.inputs]
        try:
            rows = np.stack(np.broadcast_arrays(*np.atleast_1d(*columns)), axis=-1)
        except ValueError as error:
            shapes = {name: column.shape for name, column in zip(self.inputs, columns, strict=True) if column.shape}
            raise InvalidInputError(f"{self.system} settings", shapes, "arrays of one length, or one number") from error
        if rows.ndim != 2:
            raise InvalidInputError(f"{self.system} settings", rows.shape[:-1], "arrays of one dimension")
        possible = np.all((rows >= self._possible[0]) & (rows <= self._possible[1]), axis=1)
        valid = np.all((rows >= self._valid[0]) & (rows <= self._valid[1]), axis=1)
        results = self.batch(np.where(possible[:, None], rows, self._defaults), precision)
        results[~possible] = np.nan
        return Predictions(dict(zip(self.outputs, results.T, strict=True)), possible, possible & ~valid)

    @cached_property
    def one(self) -> Callable[..., tuple[float, ...]]:
        """Inputs in order to outputs in order, compiled for one recipe (Numba); unchecked."""
        from numba import njit

        evaluate, parameters, kind = bind(self._module, "numba").evaluate, self.parameters, self._module.Inputs

        # Parameters are constants of the compiled function: handing them over at each call takes ten times as long
        # as the physics.
        @njit
        def run(*values):  # type: ignore[no-untyped-def]
            return evaluate(kind(*values), parameters)

        return cast(Callable[..., tuple[float, ...]], run)

    def batch(self, rows: ArrayLike, precision: Precision = "float32") -> Floats:
        """Array (n, inputs) to a new array (n, outputs), compiled for many recipes (JAX); unchecked."""
        import jax

        given = np.atleast_2d(np.asarray(rows, dtype=precision))
        block = min(BLOCK, 1 << max(len(given) - 1, SMALLEST_BLOCK - 1).bit_length())
        results = np.empty((len(given), len(self.outputs)), dtype=precision)
        with jax.enable_x64(precision == "float64"):
            for start in range(0, len(given), block):
                part = given[start : start + block]
                filled = np.concatenate((part, np.repeat(part[-1:], block - len(part), axis=0)))
                results[start : start + len(part)] = self._compiled(filled)[: len(part)]
        return results

    def traced(self, values: Any) -> Any:
        """One recipe, shape (inputs,) to (outputs,), for `jax.jit`, `jax.vmap` and `jax.grad`; unchecked."""
        import jax.numpy as jnp

        evaluate = bind(self._module, "jax").evaluate
        outputs = evaluate(self._module.Inputs(*(values[i] for i in range(len(self.inputs)))), self.parameters)
        return jnp.stack([jnp.asarray(output, dtype=values.dtype) for output in outputs])

    @cached_property
    def _compiled(self) -> Any:
        import jax

        return jax.jit(jax.vmap(self.traced))

    def _range(self, name: str, which: Literal["valid", "possible"]) -> tuple[float, float]:
        found = getattr(self.settings[name], which)
        return (-math.inf, math.inf) if found is None else found

    def _refuse_unknown(self, names: Sequence[str] | Mapping[str, Any]) -> None:
        for name in names:
            if name not in self.inputs:
                raise unknown_name(f"{self.system} setting", name, self.inputs)
