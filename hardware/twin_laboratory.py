"""The twin as a laboratory: one chamber and its instruments, physics called directly, time from an accounted clock."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Any, Final, NamedTuple

from tansaki.hardware.laboratory import ImmediateLaboratory, LaboratoryDescription
from tansaki.hardware.limits import check_recipe
from tansaki.hardware.stations import SAMPLE_M, FullChain, ProcessStation, judged, timed
from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import SIMULATED, Environment, Provenance, software
from tansaki.twin.quantities import load
from tansaki.twin.randomness import generator
from tansaki.twin.records import (
    AnyRecipe,
    Cost,
    Experiment,
    Measurement,
    MeasurementRequest,
    Recipe,
)
from tansaki.twin.specimens.titania import specimen_of_film
from tansaki.twin.synthesis import Synthesis, synthesise

FIDELITY: Final = "standard"


class Room(NamedTuple):
    """Section [room] of the laboratory's file."""

    temperature_k: float
    relative_humidity: float


class TwinLaboratory(ImmediateLaboratory):
    """Deposits and measures in the twin; samples are worked on one after the other.

    What happens to sample number i depends on the seed, on i, on its recipe and on what the chamber has been
    through (`drift`); never on who asked.
    """

    def __init__(
        self, seed: int, chamber: str = "sputter_tio2_2inch", drift: bool = True, world: int | None = None
    ) -> None:
        """`world` draws the sputter yields of another chamber than the nominal one."""
        super().__init__()
        self.seed = seed
        self.drift = drift
        self.chamber = open_chamber(chamber, world)
        self._file = load("instruments", "laboratory")
        self._room = self._file.parameters("room", Room)
        self._stations = FullChain(seed)
        self._process = ProcessStation(seed)
        self._state = ChamberState()
        self._now_s = 0.0

    def describe(self) -> LaboratoryDescription:
        """Chamber and instruments."""
        details = {"chamber": self.chamber.name, "drift": str(self.drift), "fidelity": FIDELITY}
        offered = (*self._stations.measurements, *self._process.measurements)
        return LaboratoryDescription("twin", "twin", offered, details)

    def carry_out(self, number: int, recipe: AnyRecipe, measurements: Sequence[MeasurementRequest]) -> Experiment:
        """Deposit, anneal and measure; the clock moves on by the time it takes."""
        if not isinstance(recipe, Recipe):
            raise InvalidInputError("recipe", type(recipe).__name__, "a Recipe: this laboratory makes films")
        watching = [request for request in measurements if request.instrument in self._process.measurements]
        measuring = [request for request in measurements if request.instrument not in self._process.measurements]
        self._process.check(watching)
        self._stations.check(measuring)
        check_recipe(recipe, self._file)
        made = synthesise(
            recipe, self.chamber, self._state, generator(self.seed, "synthesis", number), drift=self.drift
        )
        sample_id = f"twin-{self.seed}-{number}"
        taken: tuple[Measurement, ...] = ()
        if made.film is not None:
            # Layers thin nearly alike: pressure changes the curvature by a tenth.
            curvature = fmean(map(self.chamber.thickness_curvature_per_m2, recipe.layers))
            specimen = specimen_of_film(
                made.film,
                sample_id,
                recipe.substrate,
                *SAMPLE_M,
                surface=made.surface,
                thickness_curvature_per_m2=curvature,
            )
            taken = tuple(self._stations.measure(specimen, number, measuring))
        status, message = judged(made.status, made.message, taken)
        cost = self._cost(recipe, made, taken)
        watched = self._process.measure(made.course, number, watching)
        heating_s = self._now_s + self._before_s()
        experiment = Experiment(
            number=number,
            sample_id=sample_id,
            recipe=recipe,
            status=status,
            origin="twin",
            started_s=self._now_s,
            cost=cost,
            trace=self._process.trace(made.course, number),
            measurements=(
                *(replace(record, started_s=heating_s) for record in watched),
                *timed(taken, self._now_s + cost.lab_time_s),
            ),
            message=message,
            notes={"extrapolated": ", ".join(made.film.extrapolated)} if made.film and made.film.extrapolated else {},
            provenance=Provenance(software(), self.seed, FIDELITY),
            clock=SIMULATED,
            environment=Environment(*self._room),
        )
        self._state = made.state
        self._now_s += cost.lab_time_s
        return experiment

    def now(self) -> float:
        """Sum of the times that the samples took, s."""
        return self._now_s

    def state(self) -> dict[str, Any]:
        """Clock, number of samples, condition of the chamber."""
        return {**super().state(), "now_s": self._now_s, "chamber": asdict(self._state)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to what `state` gave."""
        super().restore(state)
        self._now_s = float(state["now_s"])
        self._state = ChamberState(**state["chamber"])

    def _before_s(self) -> float:
        """From the arrival of a sample to its heating."""
        return sum(self._file.section("step")[name].value for name in ("load_s", "pump_down_s", "gas_settle_s"))

    def _cost(self, recipe: Recipe, made: Synthesis, taken: Sequence[Measurement]) -> Cost:
        """Handling and chamber time, anneal and measurement; a sample that failed is neither annealed nor measured."""
        step = {name: quantity.value for name, quantity in self._file.section("step").items()}
        price = {name: quantity.value for name, quantity in self._file.section("cost").items()}
        chamber_s = self._before_s() + step["cool_s"] + made.duration_s
        after_s = 0.0
        if made.film is not None:
            after_s += step["transfer_s"]
            if recipe.anneal is not None:
                after_s += step["anneal_overhead_s"] + recipe.anneal.duration_s
            after_s += sum(float(measurement.settings["duration_s"]) for measurement in taken)
        money = price["substrate_eur"] + price["chamber_eur_h"] * chamber_s / 3600.0
        return Cost(chamber_s + after_s, money)
