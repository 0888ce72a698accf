"""The material systems of the twin: a module of equations each, and where its numbers come from.

A system module holds, in the style of `tansaki.twin.backends`: ``Inputs`` (what is set), ``Outputs`` (what comes of
it), ``Parameters`` and ``evaluate(inputs, parameters)``; and three constants:

- ``CHAMBER``, its file in twin/instruments;
- ``OPTIONS``, names to choose from the material's file, with their defaults: sections of fields of ``Parameters``, or
  answers to what the literature disputes (`tansaki.twin.film.alternatives`);
- ``ELEMENTS``, of which element a field of ``Parameters`` is: a `GasPath`, or a NamedTuple whose fields are sections of
  the element's file or a `GasPath`.

The other fields of ``Parameters`` name sections of the files of material and chamber.
"""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final, get_type_hints

from tansaki.twin.errors import unknown_name
from tansaki.twin.film.alternatives import with_alternatives
from tansaki.twin.quantities import DataFile, load

SYSTEMS: Final = ("nb_tio2", "al_zno", "tin", "licoo2", "tio2_al2o3", "cu_ti", "ni_pd_pt_ru")
"""Names of the modules beside this one, and of the files in twin/materials."""


def system_module(name: str) -> ModuleType:
    """The equations of a system."""
    if name not in SYSTEMS:
        raise unknown_name("system", name, SYSTEMS)
    return import_module(f"tansaki.twin.systems.{name}")


def system_parameters(module: ModuleType, material: DataFile, chamber: DataFile, options: Mapping[str, str]) -> Any:
    """``module.Parameters`` filled from the two files; `options` chooses among sections ``<field>_<choice>``.

    Raises `InvalidInputError` for an option or a choice that the system does not have.
    """
    for name in options:
        if name not in module.OPTIONS:
            raise unknown_name(f"option of {material.name}", name, module.OPTIONS)
    chosen = {**module.OPTIONS, **options}
    hints = get_type_hints(module.Parameters)
    questions = {name: choice for name, choice in chosen.items() if name not in hints}
    if questions:
        material = with_alternatives(material, **questions)
    return module.Parameters(*(_section(field, hints[field], module, material, chamber, chosen) for field in hints))


def open_system(name: str, options: Mapping[str, str], chamber: DataFile | None = None) -> tuple[ModuleType, Any]:
    """Module and parameters of a system; `chamber` stands in for the file that the system names."""
    module = system_module(name)
    parameters = system_parameters(
        module, load("materials", name), chamber or load("instruments", module.CHAMBER), options
    )
    return module, parameters


def _section(
    field: str, kind: Any, module: ModuleType, material: DataFile, chamber: DataFile, chosen: Mapping[str, str]
) -> Any:
    if field in module.ELEMENTS:
        return _of_element(module.ELEMENTS[field], kind)
    if field in chosen:
        known = [s.removeprefix(f"{field}_") for s in material.sections if s.startswith(f"{field}_")]
        if chosen[field] not in known:
            raise unknown_name(f"{field} for {material.name}", chosen[field], known)
        return material.parameters(f"{field}_{chosen[field]}", kind)
    # A field may go by the choice of another option: the refractive index of the plate by the substrate.
    for choice in chosen.values():
        if f"{field}_{choice}" in material.sections:
            return material.parameters(f"{field}_{choice}", kind)
    for file in (material, chamber):
        if field in file.sections:
            return file.parameters(field, kind)
    return material.assembled(kind)


def _of_element(symbol: str, kind: Any) -> Any:
    from tansaki.twin.deposition.gas_path import GasPath
    from tansaki.twin.deposition.transport_table import gas_path

    if kind is GasPath:
        return gas_path(symbol)
    file, hints = load("elements", symbol), get_type_hints(kind)
    return kind(*(gas_path(symbol) if hints[name] is GasPath else file.parameters(name, hints[name]) for name in hints))
