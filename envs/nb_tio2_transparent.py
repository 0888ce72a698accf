"""Sputtered Nb-doped TiO2 as a transparent electrode: light and current weighed in one figure, measured in full.

Haacke's figure of merit T¹⁰/R□ (J. Appl. Phys. 47, 4086 (1976)), in mS, with the visible transmittance of film and
glass from the spectrophotometer and the sheet resistance from the four-point probe. Hall effect and X-ray diffraction
are taken of every sample too: an agent is told the figure alone, whoever looks at the record finds why. A logarithm
would spend its range on useless films, as in the flagship problem.
Oxygen, doping and thickness are chosen, one hour in vacuum at 350 °C follows; ranges are assumed.
"""

import math
from dataclasses import replace
from typing import Final

from tansaki.envs.nb_tio2_oxygen import LAYER, OXYGEN
from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.titania_problem import SUBSTRATE, TitaniaProblem
from tansaki.twin.records import Anneal, Derived, Experiment, Recipe

POWER: Final = 10.0
"""Of the transmittance in the figure of merit."""
ANNEAL: Final = Anneal(temperature_c=350.0, duration_s=3600.0, atmosphere="vacuum")


class NbTiO2Transparent(TitaniaProblem):
    """Three parameters; T¹⁰/R□ in mS is maximised."""

    id = "tansaki/NbTiO2-Transparent-v0"
    title = "Nb-doped TiO2 on glass: oxygen, doping and thickness for the best transparent electrode"
    space = SearchSpace(
        (
            Continuous(OXYGEN, 5e-4, 1.0, "Pa", log=True),
            Continuous("dopant_fraction", 0.005, 0.2, "", log=True),
            Continuous("thickness_nm", 40.0, 200.0, "nm"),
        )
    )
    objectives = (Objective("figure of merit", "max", "mS"),)
    budget = 30
    measurements = ("four_point_probe", "spectrophotometer", "hall_station", "x_ray_diffractometer")
    atmosphere = ANNEAL.atmosphere

    def recipe_of(self, point: Point) -> Recipe:
        """One layer on glass and the anneal."""
        layer = replace(
            LAYER,
            oxygen_pressure_pa=float(point[OXYGEN]),
            dopant_fraction=float(point["dopant_fraction"]),
            thickness_nm=float(point["thickness_nm"]),
        )
        return Recipe(material="nb_tio2", substrate=SUBSTRATE, layers=(layer,), anneal=ANNEAL)

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """From the measured values; a bound of the resistance is a bound of the figure."""
        light = experiment.derived("visible_transmittance")
        sheet = experiment.derived("sheet_resistance")
        bound = experiment.derived("sheet_resistance_lower_bound")
        known = sheet or bound
        if light is None or known is None or light.value <= 0.0:
            return replace(trial, status="failed")
        value, u = _figure(light, known)
        if sheet is None:
            return replace(trial, status="censored", values=(value,), u=(u,))
        # What another instrument could only bound does not make the figure a bound.
        status = "ok" if experiment.status == "censored" else experiment.status
        return replace(trial, status=status, values=(value,), u=(u,))

    def true_value(self, point: Point) -> float:
        """Figure of the film that a fresh chamber gives without noise, seen by ideal instruments."""
        from tansaki.twin.measurement.optical.visible import visible_transmittance
        from tansaki.twin.specimens.titania import specimen_of_film

        film = self.true_film(point)
        light = visible_transmittance(specimen_of_film(film, "truth", SUBSTRATE, 0.01, 0.01))
        return float(1e3 * light**POWER / film.sheet_resistance_ohm_sq)


def _figure(light: Derived, sheet: Derived) -> tuple[float, float]:
    """Figure of merit and its standard uncertainty."""
    value = 1e3 * light.value**POWER / sheet.value
    return value, value * math.hypot(POWER * light.u / light.value, sheet.u / sheet.value)
