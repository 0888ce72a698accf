"""Who carries out recipes: one interface for the twin, for tables of past measurements and for instruments."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from tansaki.twin.errors import StateError
from tansaki.twin.provenance import SCHEMA, Commission, record_id
from tansaki.twin.records import AnyRecipe, Experiment, MeasurementRequest, Origin, as_request

Fidelity = Literal["surrogate", "standard"]
"""How the twin makes and measures a sample: ``surrogate`` in closed form with readings of a stated uncertainty,
``standard`` with a chamber stepped in time and the whole measurement chain."""


@dataclass(frozen=True, slots=True)
class LaboratoryDescription:
    """What a laboratory is and can measure."""

    name: str
    origin: Origin
    measurements: tuple[str, ...]
    details: Mapping[str, str]


class Laboratory(ABC):
    """A laboratory accepts recipes and gives back experiments in order of completion.

    A sample whose plasma did not ignite or whose film peeled is an `Experiment` with status ``failed``, not
    an exception; exceptions are for recipes that cannot be carried out at all.
    """

    commission: Commission | None = None
    """For whom it works: written into every record, and moves no value."""

    @abstractmethod
    def describe(self) -> LaboratoryDescription:
        """Name, origin and available measurements."""

    @abstractmethod
    def submit(self, recipe: AnyRecipe, measurements: Sequence[str | MeasurementRequest]) -> int:
        """Accept one sample; a measurement by name alone has its usual settings.

        Returns its ticket, which is `Experiment.number`.
        """

    @abstractmethod
    def collect(self) -> list[Experiment]:
        """Experiments finished since the last call, in order of completion; empty if nothing is under way."""

    @abstractmethod
    def now(self) -> float:
        """Laboratory time, s."""

    @abstractmethod
    def safe_state(self) -> None:
        """Bring everything that can do harm to rest; safe to call at any time and twice."""

    @abstractmethod
    def close(self) -> None:
        """Release the laboratory; it is not used afterwards."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Memory of the laboratory (clock, wear, counters) as JSON; empty where the world itself remembers."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to a state that `state` gave."""

    def run(self, recipe: AnyRecipe, measurements: Sequence[str | MeasurementRequest]) -> Experiment:
        """Submit one sample and wait for it; nothing else may be under way."""
        ticket = self.submit(recipe, measurements)
        finished = self.collect()
        if [experiment.number for experiment in finished] != [ticket]:
            raise StateError("run() needs an idle laboratory: other samples were under way; use collect()")
        return finished[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ImmediateLaboratory(Laboratory):
    """A laboratory that works on one sample at a time and finishes it within `submit`; it can do no harm."""

    def __init__(self) -> None:
        self._submitted = 0
        self._finished: list[Experiment] = []

    @abstractmethod
    def carry_out(self, number: int, recipe: AnyRecipe, measurements: Sequence[MeasurementRequest]) -> Experiment:
        """Make and measure sample `number`; raises, changing nothing, for a recipe that cannot be carried out."""

    def submit(self, recipe: AnyRecipe, measurements: Sequence[str | MeasurementRequest]) -> int:
        """Carry the recipe out."""
        number = self._submitted
        made = self.carry_out(number, recipe, [as_request(measurement) for measurement in measurements])
        self._finished.append(identified(made, self.commission))
        self._submitted += 1
        return number

    def collect(self) -> list[Experiment]:
        """Everything submitted since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def safe_state(self) -> None:
        """Nothing moves between calls."""

    def close(self) -> None:
        """Nothing to release."""

    def state(self) -> dict[str, Any]:
        """Number of samples so far: it decides the next draw."""
        return {"submitted": self._submitted}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to what `state` gave."""
        self._submitted = int(state["submitted"])
        self._finished = []


def identified(experiment: Experiment, commission: Commission | None) -> Experiment:
    """`experiment` with its identifiers and those of its measurements, and for whom it was made.

    They follow from campaign, sample and order alone: the same campaign run again gives the same ones.
    """
    campaign = commission.campaign_id if commission else ""
    own = record_id("experiment", campaign, experiment.sample_id)
    taken = tuple(
        replace(measurement, id=record_id("measurement", own, index, measurement.instrument))
        for index, measurement in enumerate(experiment.measurements)
    )
    return replace(experiment, schema=SCHEMA, id=own, measurements=taken, commission=commission)
