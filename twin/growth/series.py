"""Surfaces that grow step by step: maps at given times, and widths of many runs.

Time is counted in layers: as many particles (for "restricted" attempts) as there are sites.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from time import perf_counter
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.growth import ballistic, relaxation, restricted, solid_on_solid
from tansaki.twin.growth.roughness import bin_maxima, squared_width
from tansaki.twin.growth.solid_on_solid import Hopping
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.randomness import generator

Model = Literal["random", "relaxation", "restricted", "ballistic"]
MOST_EVENTS: Final = 400_000_000
"""Events in one step of `crystal_maps` (a minute or so) before it gives up."""


@cache
def _kernel(model: Model) -> Any:
    """The compiled deposition kernel of a model."""
    if model not in get_args(Model):
        raise unknown_name("growth model", model, get_args(Model))
    module, name = {
        "random": (relaxation, "deposit_randomly"),
        "relaxation": (relaxation, "deposit_relaxing"),
        "restricted": (restricted, "deposit_restricted"),
        "ballistic": (ballistic, "deposit_ballistic"),
    }[model]
    return getattr(bind(module, "numba"), name)


def grown(
    model: Model, shape: tuple[int, int], layers: Sequence[float], seed: int, run: int = 0
) -> Iterator[NDArray[np.int32]]:
    """Heights (rows × columns, in layers) of one surface that starts flat, at each of the times `layers`.

    `shape` (1, L) is the model in 1+1 dimensions. The same array grows on: copy what is to be kept. Deterministic in
    (`model`, `shape`, `layers`, `seed`, `run`). Raises `InvalidInputError` for times that fall and empty shapes.
    """
    kernel = _kernel(model)
    if min(shape) < 1:
        raise InvalidInputError("shape", shape, "at least one row and one column")
    _check_rising(layers)
    numbers = generator(seed, "growth", run)
    heights = np.zeros(shape, np.int32)
    done = 0
    for time in layers:
        due = round(time * heights.size)
        kernel(heights, due - done, numbers)
        done = due
        yield heights


def squared_widths(
    model: Model, shape: tuple[int, int], layers: Sequence[float], runs: int, seed: int, bin_edge: int = 1
) -> NDArray[np.float64]:
    """W² (runs × times) of independent surfaces; of the maxima in bins of `bin_edge` cells if that is not 1."""
    return np.array(
        [[squared_width(bin_maxima(h, bin_edge)) for h in grown(model, shape, layers, seed, r)] for r in range(runs)]
    )


def saturated_widths(
    model: Model, shape: tuple[int, int], settle: float, apart: float, samples: int, seed: int
) -> NDArray[np.float64]:
    """W² of one surface `samples` times, `apart` layers apart, after it grew `settle` layers."""
    times = settle + apart * np.arange(samples)
    return np.array([squared_width(h) for h in grown(model, shape, times.tolist(), seed)])


def crystal_maps(
    shape: tuple[int, int],
    layers: Sequence[float],
    rate_layers_s: float,
    temperature_k: float,
    hopping: Hopping,
    lattice_m: float,
    seed: int,
) -> Iterator[SurfaceMap]:
    """Surface of a crystal at each of the mean coverages `layers`, grown at `rate_layers_s` from a flat face.

    Kinetic Monte Carlo of `tansaki.twin.growth.solid_on_solid`; the lattice constant `lattice_m` serves along and
    across the surface. Raises `InvalidInputError` for input that is not positive, times that fall, and where atoms hop
    so often in a layer that the events of one step exceed `MOST_EVENTS`.
    """
    for name, value in (("rate_layers_s", rate_layers_s), ("temperature_k", temperature_k), ("lattice_m", lattice_m)):
        if not 0.0 < value < np.inf:
            raise InvalidInputError(name, value, "more than 0")
    _check_rising(layers)
    advance = bind(solid_on_solid, "numba").advance
    numbers = generator(seed, "crystal growth")
    heights = np.zeros(shape, np.int32)
    before = 0.0
    for coverage in layers:
        duration_s = (coverage - before) / rate_layers_s
        events = advance(heights, duration_s, rate_layers_s, temperature_k, hopping, MOST_EVENTS, numbers)
        if events.elapsed_s < duration_s:
            cause = f"atoms hop {events.hops / max(events.deposited, 1):.3g} times each; grow faster or colder"
            raise InvalidInputError("temperature_k", temperature_k, f"fewer than {MOST_EVENTS:.0e} events", cause)
        before = coverage
        yield SurfaceMap(heights.astype(np.float64) * lattice_m, lattice_m)


def attempts_per_second(model: Model = "restricted", edge: int = 512, layers: float = 40.0) -> float:
    """Speed of a lattice model on a map of `edge`² sites, after a first call that compiles."""
    for _ in grown(model, (4, 4), [1.0], 0):
        pass
    start = perf_counter()
    for _ in grown(model, (edge, edge), [layers], 0):
        pass
    return layers * edge * edge / (perf_counter() - start)


def _check_rising(layers: Sequence[float]) -> None:
    if not all(earlier <= later for earlier, later in zip([0.0, *layers], layers, strict=False)):
        raise InvalidInputError("layers", list(layers), "times from 0 on that do not fall")
