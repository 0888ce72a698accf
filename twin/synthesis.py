"""From recipe to film: the layers are deposited one after the other, slice by slice, then the sample is annealed.

Nothing here is measured or paid for; that is the laboratory's business.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from tansaki.twin.deposition.chamber import Chamber, DepositionRun
from tansaki.twin.deposition.course import Course, joined
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.film.grow import NO_VARIATION, grow, peeling_probability
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.growth.surface_of_film import surface_of_film
from tansaki.twin.quantities import load
from tansaki.twin.records import Film, Recipe, Status


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What came of one recipe; `film` is None where nothing usable was made."""

    status: Status
    message: str
    film: Film | None
    course: Course
    """What truly happened in the chamber."""
    duration_s: float
    """Time in the chamber, heating included, without handling and without the anneal."""
    state: ChamberState
    """The chamber afterwards."""
    surface: Callable[[], SurfaceMap] | None = None
    """Of the film: grown at the first call, which takes tenths of a second. None without a film."""


def synthesise(
    recipe: Recipe, chamber: Chamber, state: ChamberState, rng: np.random.Generator, *, drift: bool = True
) -> Synthesis:
    """Carry out `recipe` with the noise and failures that `rng` draws.

    ``failed``: the plasma did not ignite, or the film peeled off. ``partial``: a layer grew before the chamber
    had settled, or missed a step of the flow; the film is there, its recipe was not quite the one asked for.
    """
    film_normals = tuple(rng.standard_normal(len(NO_VARIATION)))
    peel_chance = rng.random()
    runs: list[DepositionRun] = []
    for layer in recipe.layers:
        run = chamber.deposit(layer, state, rng, drift=drift)
        runs.append(run)
        state = run.state
        if not run.conditions:
            return _ended("failed", run.message, None, runs)
    material = load("materials", recipe.material)
    conditions = [piece for run in runs for piece in run.conditions]
    film = grow(conditions, recipe.anneal, recipe.substrate, material, film_normals)
    if peel_chance < peeling_probability(film, material):
        stress = f"{film.stress_pa / 1e6:.0f} MPa over {film.thickness_m * 1e9:.0f} nm"
        return _ended("failed", f"film peeled off its substrate: {stress}", None, runs)
    unsettled = [run.message for run in runs if run.status != "ok"]
    made = _ended("partial" if unsettled else "ok", "; ".join(unsettled), film, runs)
    passage, seed = chamber.passage(recipe.layers[-1]), int(rng.integers(2**31))

    @cache
    def surface() -> SurfaceMap:
        return surface_of_film(conditions, material, passage, film.grain_size_m, seed)

    return replace(made, surface=surface)


def true_film(recipe: Recipe, chamber: Chamber) -> Film | None:
    """The film of `recipe` without noise, failures or drift: what the optimum of a problem refers to."""
    rng = np.random.default_rng(0)  # drawn from, never looked at
    fresh = ChamberState()
    runs = [chamber.deposit(layer, fresh, rng, noise=False, drift=False) for layer in recipe.layers]
    if not all(run.conditions for run in runs):
        return None
    conditions = [piece for run in runs for piece in run.conditions]
    return grow(conditions, recipe.anneal, recipe.substrate, load("materials", recipe.material))


def _ended(status: Status, message: str, film: Film | None, runs: list[DepositionRun]) -> Synthesis:
    starts_s = [0.0, *np.cumsum([run.duration_s for run in runs])]
    course = joined([run.course for run in runs], starts_s[:-1])
    return Synthesis(status, message, film, course, float(starts_s[-1]), runs[-1].state)
