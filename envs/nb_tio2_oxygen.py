"""Sputtered Nb-doped TiO2: the oxygen partial pressure that gives the best conductor.

Inspired by the closed loop of Shimizu, Kobayashi, Watanabe, Ando & Hitosugi, APL Mater. 8, 111110 (2020): one process
parameter, the resistance of the film as the objective. Their search range, fixed settings and number of experiments
were not found; those here are assumed: growth on unheated glass, then one hour of vacuum at 300 °C. Conductivity is
asked for, not resistivity, because the latter spans five decades and its range would be that of useless films. Too
little oxygen keeps the film amorphous, too much kills carriers. The lower end of the search range keeps clear of the
metallic films that grow with still less oxygen: they conduct, and they are not what is wanted.
"""

from dataclasses import replace
from typing import Final

from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.titania_problem import SUBSTRATE, TitaniaProblem
from tansaki.twin.records import Anneal, Deposition, Experiment, Recipe

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
ANNEAL: Final = Anneal(temperature_c=300.0, duration_s=3600.0, atmosphere="vacuum")


class NbTiO2Oxygen(TitaniaProblem):
    """One parameter on a logarithmic scale; the conductivity in S/cm is maximised."""

    id = "tansaki/NbTiO2-Oxygen-v0"
    title = "Nb-doped TiO2: oxygen partial pressure for the highest conductivity"
    space = SearchSpace((Continuous(OXYGEN, 5e-4, 1.0, "Pa", log=True),))
    objectives = (Objective("conductivity", "max", "S/cm"),)
    budget = 20
    measurements = ("four_point_probe",)
    atmosphere = ANNEAL.atmosphere

    def recipe_of(self, point: Point) -> Recipe:
        """One layer of 100 nm on glass, grown at the chosen oxygen pressure, then the fixed anneal."""
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
        return 0.01 / self.true_film(point).resistivity_ohm_m
