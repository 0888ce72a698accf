"""What the apparatus allows: a recipe is checked before anything moves."""

import math
from dataclasses import fields

from tansaki.twin.deposition.flow_steps import check_flow_steps
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.quantities import DataFile, available, load
from tansaki.twin.records import Deposition, Recipe


def check_recipe(recipe: Recipe, laboratory: DataFile) -> None:
    """Raise `InvalidInputError`, naming field, value and range, unless every setting of `recipe` is permitted.

    Ranges are the `valid` entries of section ``setting`` of the laboratory's file.
    """
    if recipe.material not in available("materials"):
        raise unknown_name("material", recipe.material, available("materials"))
    if not recipe.layers:
        raise InvalidInputError("layers", recipe.layers, "at least one deposition")
    _known("substrate", recipe.substrate, recipe.material)
    for number, layer in enumerate(recipe.layers):
        if (layer.oxygen_pressure_pa is None) == (layer.oxygen_flow_sccm is None):
            got = (layer.oxygen_pressure_pa, layer.oxygen_flow_sccm)
            raise InvalidInputError(
                f"layer {number}: (oxygen_pressure_pa, oxygen_flow_sccm)", got, "exactly one of the two"
            )
        for field in fields(Deposition):
            value = getattr(layer, field.name)
            if field.name != "oxygen_flow_steps" and value is not None:
                _check(f"layer {number}: {field.name}", value, laboratory, field.name)
        check_flow_steps(layer, math.inf)
        for _, flow_sccm in layer.oxygen_flow_steps:
            _check(f"layer {number}: oxygen_flow_steps", flow_sccm, laboratory, "oxygen_flow_sccm")
    if recipe.anneal is not None:
        _check("anneal: temperature_c", recipe.anneal.temperature_c, laboratory, "anneal_temperature_c")
        _check("anneal: duration_s", recipe.anneal.duration_s, laboratory, "anneal_duration_s")
        _known("anneal", recipe.anneal.atmosphere, recipe.material)


def _known(kind: str, name: str, material: str) -> None:
    """Substrates and anneals are sections of the material's file, named ``<kind>_<name>``."""
    sections = load("materials", material).sections
    known = [section.removeprefix(f"{kind}_") for section in sections if section.startswith(f"{kind}_")]
    if name not in known:
        raise unknown_name(f"{kind} for {material}", name, known)


def _check(what: str, value: float, laboratory: DataFile, setting: str) -> None:
    quantity = laboratory.section("setting")[setting]
    low, high = quantity.valid if quantity.valid is not None else (-math.inf, math.inf)
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInputError(what, value, f"{low:g} to {high:g} {quantity.unit}", "is it in the unit of its name?")
