"""A laboratory at surrogate fidelity: closed-form physics, and readings with a stated relative uncertainty.

Two documented shortcuts beside the measurement chain, both flagged ``fast``: an instrument whose readings were fitted
to the chain (`tansaki.hardware.fast_readings`), and, for outputs that no instrument of the twin measures, a reading by
the name of the output, the truth times a log-normal factor of a size stated in the material file.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tansaki.hardware.fast_readings import FastReadings
from tansaki.hardware.laboratory import ImmediateLaboratory, LaboratoryDescription
from tansaki.hardware.stations import SAMPLE_M, FullChain, judged
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.provenance import SIMULATED, Provenance, software
from tansaki.twin.quantities import READINGS, load
from tansaki.twin.randomness import generator
from tansaki.twin.records import (
    AnyRecipe,
    Cost,
    Derived,
    Experiment,
    Measurement,
    MeasurementRequest,
    Recipe,
    SystemRecipe,
)
from tansaki.twin.specimens.of_system import specimen_of_system
from tansaki.twin.surrogate import Prediction, open_surrogate
from tansaki.twin.systems import titania_recipes
from tansaki.twin.systems.registry import system_module
from tansaki.twin.units import SECONDS_PER_HOUR


class SurrogateLaboratory(ImmediateLaboratory):
    """Makes and reads samples of one system; reading i depends on the seed, on i and on the recipe alone."""

    def __init__(
        self,
        system: str,
        seed: int,
        options: Mapping[str, str] | None = None,
        *,
        world: int | None = None,
        chain: bool = False,
        in_store: bool = False,
    ) -> None:
        """`options` as for `Surrogate`; `world` draws the yields of another chamber than the nominal one.

        With `chain` the instruments of the twin measure, each with its raw record and its analysis, instead of the
        shortcuts. Samples `in_store` were made before: their time and money are those of the measurements.
        """
        super().__init__()
        self.seed = seed
        self._surrogate = open_surrogate(system, options, world)
        self._options = {**system_module(system).OPTIONS, **(options or {})}
        self._readings = load("materials", system).section(READINGS)
        self._fast = FastReadings(system, seed)
        self._chain = FullChain(seed) if chain else None
        self._in_store = in_store
        self.measurements = self._chain.measurements if self._chain else (*self._readings, *self._fast.measurements)
        handling = load("instruments", "laboratory")
        self._step_s = {name: quantity.value for name, quantity in handling.section("step").items()}
        self._price = {name: quantity.value for name, quantity in handling.section("cost").items()}
        chamber = "nominal" if world is None else f"drawn {world}"
        self._details = {"system": system, "fidelity": "surrogate", "chamber": chamber, **(options or {})}
        self._now_s = 0.0

    def describe(self) -> LaboratoryDescription:
        """System and chamber."""
        return LaboratoryDescription("surrogate", "twin", self.measurements, self._details)

    def carry_out(self, number: int, recipe: AnyRecipe, measurements: Sequence[MeasurementRequest]) -> Experiment:
        """Evaluate and read; the clock moves on by handling, deposition and anneal."""
        asked = self._asked(recipe)
        for request in measurements:
            if request.instrument not in self.measurements:
                raise unknown_name("measurement", request.instrument, self.measurements)
        stations = self._chain or self._fast
        by_instrument = [request for request in measurements if request.instrument in stations.measurements]
        stations.check(by_instrument)
        made = self._surrogate.predict(**asked.settings)
        sample_id = f"{self._surrogate.system}-{self.seed}-{number}"
        if self._chain:
            specimen = specimen_of_system(self._surrogate, asked.settings, made, sample_id, *SAMPLE_M)
            instruments = iter(self._chain.measure(specimen, number, by_instrument))
        else:
            instruments = iter(self._fast.measure(made.values, number, by_instrument))
        rng = generator(self.seed, "readings", number)
        taken = tuple(
            next(instruments) if request in by_instrument else self._read(request.instrument, made.values, rng)
            for request in measurements
        )
        status, message = judged("ok", "", taken)
        cost = self._cost(asked, made, taken)
        experiment = Experiment(
            number=number,
            sample_id=sample_id,
            recipe=recipe,
            status=status,
            message=message,
            origin="twin",
            started_s=self._now_s,
            cost=cost,
            measurements=taken,
            notes={"extrapolated": ", ".join(made.extrapolated)} if made.extrapolated else {},
            provenance=Provenance(software(), self.seed, "surrogate"),
            clock=SIMULATED,
        )
        self._now_s += cost.lab_time_s
        return experiment

    def now(self) -> float:
        """Sum of the times that the samples took, s."""
        return self._now_s

    def state(self) -> dict[str, Any]:
        """Clock and number of samples."""
        return {**super().state(), "now_s": self._now_s}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Return to what `state` gave."""
        super().restore(state)
        self._now_s = float(state["now_s"])

    def _asked(self, recipe: AnyRecipe) -> SystemRecipe:
        """The recipe by the names of the system's settings; one of layers is translated."""
        system = self._surrogate.system
        if isinstance(recipe, Recipe) and recipe.material == titania_recipes.SYSTEM == system:
            options = titania_recipes.options_of(recipe)
            if any(self._options.get(name) != choice for name, choice in options.items()):
                raise InvalidInputError("recipe", options, f"substrate and anneal of this laboratory: {self._options}")
            return titania_recipes.system_recipe(recipe)
        if not isinstance(recipe, SystemRecipe) or recipe.system != system:
            got = getattr(recipe, "system", type(recipe).__name__)
            raise InvalidInputError("recipe", got, f"a SystemRecipe of {system}")
        return recipe

    def _read(self, name: str, values: Mapping[str, float], rng: np.random.Generator) -> Measurement:
        """One reading; the uncertainty is stated of the value read, as an instrument would."""
        relative = self._readings[name].value
        reading = values[name] * math.exp(relative * float(rng.standard_normal()))
        return Measurement(
            instrument=f"{name} reading",
            settings={"relative_uncertainty": relative},
            calibration_id="surrogate",
            raw={name: np.asarray([reading])},
            derived={name: Derived(reading, relative * abs(reading), _unit(name))},
            flags=("fast",),
        )

    def _cost(self, recipe: SystemRecipe, made: Prediction, taken: Sequence[Measurement]) -> Cost:
        measuring_s = sum(float(measurement.settings.get("duration_s", 0.0)) for measurement in taken)
        if self._in_store:
            return Cost(self._step_s["transfer_s"] + measuring_s)
        handling_s = sum(self._step_s[name] for name in ("load_s", "pump_down_s", "gas_settle_s", "cool_s"))
        chamber_s = handling_s + made.values["deposition_time_s"]
        usual = self._surrogate.settings.get("anneal_duration_s")
        anneal_s = recipe.settings.get("anneal_duration_s", usual.value if usual else 0.0)
        after_s = self._step_s["transfer_s"] + (anneal_s + self._step_s["anneal_overhead_s"] if anneal_s else 0.0)
        after_s += measuring_s
        money = self._price["substrate_eur"] + self._price["chamber_eur_h"] * chamber_s / SECONDS_PER_HOUR
        return Cost(chamber_s + after_s, money)


_UNITS = {
    "ohm_m": "ohm m",
    "ohm_sq": "ohm/sq",
    "m2_vs": "m2/(V s)",
    "m3": "1/m3",
    "m_s": "m/s",
    "pa": "Pa",
    "m": "m",
    "ev": "eV",
    "s": "s",
    "um": "µAh/(cm2 µm)",
}


def _unit(output: str) -> str:
    """The unit that an output carries at the end of its name; fractions and ratios have none."""
    parts = output.split("_")
    return _UNITS.get("_".join(parts[-2:]), _UNITS.get(parts[-1], "1"))
