"""A table of past measurements as a laboratory: asked for a row it has, it answers with a measured value.

Rows with equal inputs are replicates; each request draws one of them, so the noise is the measured one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tansaki.hardware.laboratory import ImmediateLaboratory, LaboratoryDescription
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import Provenance, software
from tansaki.twin.randomness import generator
from tansaki.twin.records import AnyRecipe, Cost, Derived, Experiment, Measurement, MeasurementRequest, TableRequest

Scalar = float | int | str


@dataclass(frozen=True)
class Table:
    """Measured rows: input names, and for each distinct setting of the inputs its measured values."""

    name: str
    digest: str
    """SHA-256 of the bytes the table was read from."""
    inputs: tuple[str, ...]
    output: str
    unit: str
    replicates: Mapping[tuple[Scalar, ...], tuple[float, ...]]

    def values(self, point: Mapping[str, Scalar]) -> tuple[float, ...]:
        """All measured values at `point`; raises if the table has no such row."""
        found = self.replicates.get(tuple(point.get(name, "") for name in self.inputs))
        if found is None:
            raise InvalidInputError("point", dict(point), f"one of the {len(self.replicates)} settings in {self.name}")
        return found


class TableLaboratory(ImmediateLaboratory):
    """Replays a `Table`. Laboratory time does not pass: a table does not say how long its rows took."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__()
        self.table = table
        self.seed = seed

    def describe(self) -> LaboratoryDescription:
        """Name and size of the table."""
        details = {"settings": str(len(self.table.replicates)), "sha256": self.table.digest}
        return LaboratoryDescription(self.table.name, "replay", (self.table.output,), details)

    def carry_out(self, number: int, recipe: AnyRecipe, measurements: Sequence[MeasurementRequest]) -> Experiment:
        """Draw one replicate of the requested row."""
        if not isinstance(recipe, TableRequest):
            raise InvalidInputError("recipe", type(recipe).__name__, "a TableRequest: this laboratory is a table")
        for request in measurements:
            if request.instrument != self.table.output:
                raise InvalidInputError("measurement", request.instrument, self.table.output)
        values = self.table.values(recipe.point)
        drawn = values[int(generator(self.seed, "measurement noise", number).integers(len(values)))]
        measurement = Measurement(
            instrument="table",
            settings={"replicates": len(values)},
            calibration_id=self.table.digest,
            raw={self.table.output: np.asarray([drawn])},
            # The table states no uncertainty; zero says so.
            derived={self.table.output: Derived(drawn, 0.0, self.table.unit)},
        )
        return Experiment(
            number=number,
            sample_id=f"{self.table.name}-{self.seed}-{number}",
            recipe=recipe,
            status="ok",
            origin="replay",
            started_s=0.0,
            cost=Cost(),
            measurements=(measurement,),
            provenance=Provenance(software(), self.seed),
        )

    def now(self) -> float:
        """Always 0."""
        return 0.0
