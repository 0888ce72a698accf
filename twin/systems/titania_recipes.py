"""From the recipe of a doped-titania film to the inputs of its closed form."""

from typing import Final

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Deposition, Recipe, SystemRecipe

SYSTEM: Final = "nb_tio2"
_SHARED: Final = ("power_w", "pressure_pa", "substrate_temperature_c", "dopant_fraction")


def options_of(recipe: Recipe) -> dict[str, str]:
    """Sections of the material file that the recipe names."""
    options = {"substrate": recipe.substrate}
    return options if recipe.anneal is None else {**options, "anneal": recipe.anneal.atmosphere}


def system_recipe(recipe: Recipe) -> SystemRecipe:
    """One layer, or a seed layer and a film that differ in oxygen and thickness alone; oxygen regulated.

    Raises `InvalidInputError` for what the closed form does not cover.
    """
    if recipe.material != SYSTEM or not 1 <= len(recipe.layers) <= 2:
        raise InvalidInputError("recipe", (recipe.material, len(recipe.layers)), f"one or two layers of {SYSTEM}")
    film = recipe.layers[-1]
    settings = {name: float(getattr(film, name)) for name in _SHARED}
    settings |= {"oxygen_pressure_pa": _oxygen_pa(film), "thickness_nm": _thickness_nm(film)}
    settings |= {"anneal_duration_s": 0.0}
    if recipe.anneal is not None:
        settings |= {
            "anneal_temperature_c": recipe.anneal.temperature_c,
            "anneal_duration_s": recipe.anneal.duration_s,
        }
    if len(recipe.layers) == 2:
        seed = recipe.layers[0]
        unlike = [name for name in _SHARED if getattr(seed, name) != getattr(film, name)]
        if unlike:
            raise InvalidInputError("seed layer", unlike, "the same as those of the film at surrogate fidelity")
        settings |= {"seed_oxygen_pressure_pa": _oxygen_pa(seed), "seed_thickness_nm": _thickness_nm(seed)}
    return SystemRecipe(SYSTEM, settings)


def _oxygen_pa(layer: Deposition) -> float:
    if layer.oxygen_pressure_pa is None:
        raise InvalidInputError("oxygen", layer.oxygen_flow_sccm, "a regulated pressure at surrogate fidelity")
    return layer.oxygen_pressure_pa


def _thickness_nm(layer: Deposition) -> float:
    if layer.thickness_nm is None:
        raise InvalidInputError("thickness_nm", None, "a thickness at surrogate fidelity: the shutter waits for it")
    return layer.thickness_nm
