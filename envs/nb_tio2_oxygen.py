"""Sputtered Nb-doped TiO2: the oxygen partial pressure that gives the best conductor.

Inspired by the closed loop of Shimizu, Kobayashi, Watanabe, Ando & Hitosugi, APL Mater. 8, 111110 (2020): one process
parameter, the resistance of the film as the objective. Their search range, fixed settings and number of experiments
were not found; those here are assumed: growth on unheated glass, then one hour of vacuum at 300 °C. Conductivity is
asked for, not resistivity, because the latter spans five decades and its range would be that of useless films. Too
little oxygen keeps the film amorphous, too much kills carriers. The lower end of the search range keeps clear of the
metallic films that grow with still less oxygen: they conduct, and they are not what is wanted.
"""

from dataclasses import replace
from functools import cached_property
from typing import Final

from tansaki.envs.problem import Objective, Problem, Trial, Truth
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.truths import stored_truth
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.hardware.open import open_laboratory
from tansaki.twin.fingerprint import package_digest
from tansaki.twin.records import Anneal, AnyRecipe, Deposition, Experiment, Recipe

OXYGEN: Final = "oxygen_pressure_pa"
LAYER: Final = Deposition(
    power_w=100.0,
    pressure_pa=1.0,
    substrate_temperature_c=25.0,
    duration_s=14400.0,
    dopant_fraction=0.06,
    thickness_nm=100.0,
    oxygen_pressure_pa=0.01,
)
SUBSTRATE: Final = "glass"
ANNEAL: Final = Anneal(temperature_c=300.0, duration_s=3600.0, atmosphere="vacuum")


class NbTiO2Oxygen(Problem):
    """One parameter on a logarithmic scale; the conductivity in S/cm is maximised."""

    id = "tansaki/NbTiO2-Oxygen-v0"
    title = "Nb-doped TiO2: oxygen partial pressure for the highest conductivity"
    space = SearchSpace((Continuous(OXYGEN, 5e-4, 1.0, "Pa", log=True),))
    objectives = (Objective("conductivity", "max", "S/cm"),)
    budget = 20
    measurements = ("four_point_probe",)
    fidelities = ("standard", "surrogate")

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """Known optimum, from the store."""
        return stored_truth(self.id)

    @property
    def fingerprint(self) -> str:
        """Id, and digest of the physics behind it."""
        return f"{self.id} {package_digest('tansaki.twin')}"

    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The laboratory `where`."""
        if where == "twin" and fidelity == "surrogate":
            from tansaki.hardware.surrogate_laboratory import SurrogateLaboratory

            return SurrogateLaboratory("nb_tio2", seed, {"substrate": SUBSTRATE, "anneal": ANNEAL.atmosphere})
        return open_laboratory(where, seed)

    def recipe(self, point: Point) -> AnyRecipe:
        """One layer of 100 nm on glass, grown at the chosen oxygen pressure, then the fixed anneal."""
        return self._recipe(point)

    def _recipe(self, point: Point) -> Recipe:
        self.space.check(point)
        layer = replace(LAYER, oxygen_pressure_pa=float(point[OXYGEN]))
        return Recipe(material="nb_tio2", substrate=SUBSTRATE, layers=(layer,), anneal=ANNEAL)

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """One over the measured resistivity; the upper bound that remains where the probe was over range."""
        derived = experiment.derived("resistivity") or experiment.derived("resistivity_lower_bound")
        if derived is None:
            return replace(trial, status="failed")
        conductivity = 1.0 / derived.value
        return replace(
            trial, status=experiment.status, values=(conductivity,), u=(conductivity * derived.u / derived.value,)
        )

    def true_value(self, point: Point) -> float:
        """Conductivity in S/cm that a fresh chamber gives without noise."""
        from tansaki.twin.deposition.chamber import open_chamber
        from tansaki.twin.synthesis import true_film

        film = true_film(self._recipe(point), open_chamber())
        if film is None:
            raise ArithmeticError(f"{self.id} makes no film at {dict(point)} even without noise")
        return 0.01 / film.resistivity_ohm_m
