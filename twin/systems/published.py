"""A published number, and the recipe that stands for it in a material system."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from tansaki.twin.calibration import agrees
from tansaki.twin.quantities import SETTINGS, DataFile, load
from tansaki.twin.systems.registry import system_module, system_parameters


class SystemRow(NamedTuple):
    """One published number; inputs that are not among `settings` have their usual value."""

    id: str
    quantity: str
    unit: str
    published: float
    tolerance: float
    comparison: Literal["ratio", "difference"]
    """``ratio``: ok within a factor `tolerance`; ``difference``: ok within ± `tolerance`."""
    source: str
    kind: Literal["fitted", "predicted"]
    """Whether the row took part in fitting the free coefficients of the material file."""
    assumed: str
    settings: Mapping[str, float]
    value: Callable[[Any], float]
    """From the system's outputs to the number, in `unit`."""
    note: str = ""
    """Why the row does not agree, where it does not."""

    def twin(self, material: DataFile) -> float:
        """The twin's number, in `unit`."""
        return float(self.value(outputs_of(material, self.settings)))

    def agrees(self, material: DataFile) -> bool:
        """Whether the twin lies within the tolerance."""
        return agrees(self, material)


def outputs_of(material: DataFile, settings: Mapping[str, float]) -> Any:
    """The system's outputs for a recipe, with the coefficients of `material`."""
    module = system_module(material.name)
    parameters = system_parameters(module, material, load("instruments", module.CHAMBER), {})
    usual = material.section(SETTINGS)
    inputs = (float(settings.get(name, usual[name].value)) for name in module.Inputs._fields)
    return module.evaluate(module.Inputs(*inputs), parameters)
