"""Steps of a held oxygen flow while the film grows: which ones a recipe may ask for."""

import math

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Deposition

MOST_FLOW_STEPS = 8
"""More would neither fit into the slices of a film nor into the trace of a run."""


def check_flow_steps(deposition: Deposition, largest_flow_sccm: float) -> None:
    """Raise `InvalidInputError` unless the steps of `deposition` can be carried out; none always can.

    A step needs a held flow, and times that rise between the opening of the shutter and its latest closing.
    """
    steps = deposition.oxygen_flow_steps
    what = "deposition oxygen_flow_steps"
    if not steps:
        return
    if deposition.oxygen_flow_sccm is None:
        raise InvalidInputError(what, steps, "none", "a regulated pressure leaves no flow to step")
    if len(steps) > MOST_FLOW_STEPS:
        raise InvalidInputError(what, f"{len(steps)} steps", f"at most {MOST_FLOW_STEPS}")
    before = 0.0
    for step in steps:
        if not (isinstance(step, tuple) and len(step) == 2):
            raise InvalidInputError(what, step, "pairs (seconds after the shutter opened, flow in sccm)")
        time_s, flow_sccm = step
        if not before < time_s < deposition.duration_s:
            raise InvalidInputError(
                what, steps, f"times that rise, above 0 and below duration_s ({deposition.duration_s:g} s)"
            )
        if not (math.isfinite(flow_sccm) and 0.0 <= flow_sccm <= largest_flow_sccm):
            raise InvalidInputError(what, flow_sccm, f"flows of 0 to {largest_flow_sccm:g} sccm")
        before = time_s


def as_array(deposition: Deposition) -> NDArray[np.float64]:
    """(steps, 2): seconds after the shutter opened, flow in sccm."""
    return np.array(deposition.oxygen_flow_steps, np.float64).reshape(-1, 2)
