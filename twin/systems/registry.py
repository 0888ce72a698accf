"""The material systems of the twin: a module of equations each, and where its numbers come from.

A system module holds, in the style of `tansaki.twin.backends`: ``Inputs`` (what is set), ``Outputs`` (what comes of
it), ``Parameters`` and ``evaluate(inputs, parameters)``; and the constants ``CHAMBER`` (its file in twin/instruments),
``OPTIONS`` (names to choose from the material's file, with their defaults) and ``ELEMENTS`` (whose way through the gas
each `GasPath` is). The fields of ``Parameters`` name sections of the two files.
"""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final, get_type_hints

from tansaki.twin.errors import unknown_name
from tansaki.twin.quantities import DataFile, load

SYSTEMS: Final = ("nb_tio2",)
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
        from tansaki.twin.deposition.transport_table import gas_path

        return gas_path(module.ELEMENTS[field])
    if field in chosen:
        known = [s.removeprefix(f"{field}_") for s in material.sections if s.startswith(f"{field}_")]
        if chosen[field] not in known:
            raise unknown_name(f"{field} for {material.name}", chosen[field], known)
        return material.parameters(f"{field}_{chosen[field]}", kind)
    for file in (material, chamber):
        if field in file.sections:
            return file.parameters(field, kind)
    return material.assembled(kind)
