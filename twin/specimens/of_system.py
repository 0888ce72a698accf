"""Specimens of the systems at surrogate fidelity, for laboratories that measure them with the whole chain."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.surrogate import Prediction, Surrogate

MAKERS: Final[Mapping[str, str]] = {
    "tio2_al2o3": "coating:specimen_of_coating",
    "licoo2": "lithium_cobaltate:specimen_of_cobaltate",
}
"""By system: who makes a specimen of inputs, outputs and parameters of its module."""


def specimen_of_system(
    surrogate: Surrogate,
    settings: Mapping[str, float],
    made: Prediction,
    sample_id: str,
    length_m: float,
    width_m: float,
) -> Specimen:
    """The sample that `made` predicts for `settings`; the system is one of `MAKERS`."""
    module, _, name = MAKERS[surrogate.system].partition(":")
    maker = getattr(import_module(f"tansaki.twin.specimens.{module}"), name)
    inputs = surrogate.inputs_of(settings)
    outputs = surrogate.outputs_of(made)
    specimen: Specimen = maker(inputs, outputs, surrogate.parameters, sample_id, length_m, width_m)
    return specimen
