"""Sputtered Nb-doped TiO2: the oxygen partial pressure that gives the lowest resistivity.

Inspired by the closed loop of Shimizu, Kobayashi, Watanabe, Ando & Hitosugi, APL Mater. 8, 111110 (2020): two modules,
sputter deposition and resistance measurement, one process parameter, the resistance of the film as the objective. Their
search range, fixed settings and number of experiments were not found; those here are assumed: a substrate at 300 °C,
where the film crystallises as it grows, and 2 Pa of argon, because energetic growth at lower pressure favours rutile.
The lower end of the search range keeps clear of the metallic films that grow with too little oxygen: they conduct, and
they are not what is wanted.
"""

import math
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from typing import Final

from tansaki.envs.problem import Objective, Problem, Trial, Truth
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.truths import stored_truth
from tansaki.hardware.laboratory import Laboratory
from tansaki.hardware.open import open_laboratory
from tansaki.twin.records import Deposition, Experiment, Recipe, TableRequest

OXYGEN: Final = "oxygen_pressure_pa"
LAYER: Final = Deposition(
    power_w=100.0,
    pressure_pa=2.0,
    substrate_temperature_c=300.0,
    duration_s=14400.0,
    dopant_fraction=0.06,
    thickness_nm=100.0,
    oxygen_pressure_pa=0.01,
)


class NbTiO2Oxygen(Problem):
    """One parameter on a logarithmic scale; log10 of the resistivity in ohm cm is minimised.

    The logarithm because resistivity spans decades: the range over which regret is quoted is one of factors.
    """

    id = "tansaki/NbTiO2-Oxygen-v0"
    title = "Nb-doped TiO2: oxygen partial pressure for the lowest resistivity"
    space = SearchSpace((Continuous(OXYGEN, 5e-4, 1.0, "Pa", log=True),))
    objectives = (Objective("log10_resistivity", "min", "log10(ohm cm)"),)
    budget = 20
    measurements = ("four_point_probe",)

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """Known optimum, from the store."""
        return stored_truth(self.id)

    @property
    def fingerprint(self) -> str:
        """Id and version of the software: the physics is part of it."""
        return f"{self.id} {version('tansaki')}"

    def open_laboratory(self, where: str, seed: int) -> Laboratory:
        """The laboratory `where`."""
        return open_laboratory(where, seed)

    def recipe(self, point: Point) -> Recipe | TableRequest:
        """One layer of 100 nm on glass, grown at the chosen oxygen pressure."""
        return self._recipe(point)

    def _recipe(self, point: Point) -> Recipe:
        self.space.check(point)
        layer = replace(LAYER, oxygen_pressure_pa=float(point[OXYGEN]))
        return Recipe(material="nb_tio2", substrate="glass", layers=(layer,))

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """log10 of the measured resistivity; the lower bound where the probe was over range."""
        derived = experiment.derived("resistivity") or experiment.derived("resistivity_lower_bound")
        if derived is None:
            return replace(trial, status="failed")
        u = derived.u / (derived.value * math.log(10.0))
        return replace(trial, status=experiment.status, values=(math.log10(derived.value),), u=(u,))

    def true_value(self, point: Point) -> float:
        """log10 of the resistivity (ohm cm) that a fresh chamber gives without noise."""
        from tansaki.twin.deposition.chamber import open_chamber
        from tansaki.twin.synthesis import true_film

        film = true_film(self._recipe(point), open_chamber())
        if film is None:
            raise ArithmeticError(f"{self.id} makes no film at {dict(point)} even without noise")
        return math.log10(100.0 * film.resistivity_ohm_m)
