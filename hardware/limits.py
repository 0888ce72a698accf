"""What the apparatus allows: a recipe is checked before anything moves."""

import math
from dataclasses import fields
from typing import get_args

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.quantities import DataFile, available
from tansaki.twin.records import Anneal, Deposition, Recipe


def check_recipe(recipe: Recipe, laboratory: DataFile) -> None:
    """Raise `InvalidInputError`, naming field, value and range, unless every setting of `recipe` is permitted.

    Ranges are the `valid` entries of section ``setting`` of the laboratory's file.
    """
    if recipe.material not in available("materials"):
        raise unknown_name("material", recipe.material, available("materials"))
    if not recipe.layers:
        raise InvalidInputError("layers", recipe.layers, "at least one deposition")
    for number, layer in enumerate(recipe.layers):
        if (layer.oxygen_pressure_pa is None) == (layer.oxygen_flow_sccm is None):
            got = (layer.oxygen_pressure_pa, layer.oxygen_flow_sccm)
            raise InvalidInputError(
                f"layer {number}: (oxygen_pressure_pa, oxygen_flow_sccm)", got, "exactly one of the two"
            )
        for field in fields(Deposition):
            value = getattr(layer, field.name)
            if value is not None:
                _check(f"layer {number}: {field.name}", value, laboratory, field.name)
    if recipe.anneal is not None:
        _check("anneal: temperature_c", recipe.anneal.temperature_c, laboratory, "anneal_temperature_c")
        _check("anneal: duration_s", recipe.anneal.duration_s, laboratory, "anneal_duration_s")
        atmospheres = get_args(Anneal.__annotations__["atmosphere"])
        if recipe.anneal.atmosphere not in atmospheres:
            raise unknown_name("anneal: atmosphere", recipe.anneal.atmosphere, atmospheres)


def _check(what: str, value: float, laboratory: DataFile, setting: str) -> None:
    quantity = laboratory.section("setting")[setting]
    low, high = quantity.valid if quantity.valid is not None else (-math.inf, math.inf)
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInputError(what, value, f"{low:g} to {high:g} {quantity.unit}", "is it in the unit of its name?")
