"""Sputtered LiCoO2 with its layers along the substrate: the ratio of two X-ray peaks, as the analysis finds it.

The integrated areas of (003) over (104), decimal logarithm: large where the layers lie flat, which is not what a
battery wants and what a study of orientation does. A film without peaks has no value; where one of the two is lost in
the background the analysis states a bound, and so does the trial.

`LiCoO2ScanTime` asks the same of samples that were grown before: what is spent is the time of the diffractometer, and
each trial says whether it takes a quick scan, whose ratio is uncertain, or a slow one for the price of many.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Final

from tansaki.envs.problem import Objective, Trial, Truth
from tansaki.envs.space import Categorical, Continuous, Parameter, Point, SearchSpace
from tansaki.envs.truths import stored_truth
from tansaki.envs.twin_problem import MeasuredSystemProblem
from tansaki.twin.records import Experiment, MeasurementRequest, Status

RATIO: Final = "peak_ratio_003_104"
TOLD: Final[Mapping[str, Status]] = {RATIO: "ok", f"{RATIO}_lower_bound": "ok", f"{RATIO}_upper_bound": "censored"}
"""What a trial is told of, the best first, and the status that it has then."""
DIFFRACTOMETER: Final = "x_ray_diffractometer"
RANGE: Final = {"start_deg": 16.0, "stop_deg": 50.0}
SETTINGS: Final[tuple[Parameter, ...]] = (
    Continuous("oxygen_pressure_pa", 0.05, 2.0, "Pa", log=True),
    Continuous("pressure_pa", 0.1, 4.0, "Pa", log=True),
    Continuous("substrate_temperature_c", 20.0, 650.0, "degC"),
)


class LiCoO2Orientation(MeasuredSystemProblem):
    """Three parameters of the deposition; one scan of usual speed a sample."""

    id = "tansaki/LiCoO2-Orientation-v0"
    title = "LiCoO2: layers along the substrate, by the ratio of the peaks (003) and (104) that diffraction finds"
    space = SearchSpace(SETTINGS)
    objectives = (Objective("peak ratio (003)/(104)", "max", "log10"),)
    budget = 30
    measurements: tuple[str | MeasurementRequest, ...] = (MeasurementRequest(DIFFRACTOMETER, RANGE),)
    system = "licoo2"
    fixed: ClassVar = {"power_w": 100.0, "thickness_nm": 300.0, "anneal_duration_s": 0.0}

    def settings(self, point: Point) -> Mapping[str, float]:
        """Those of the deposition."""
        return {parameter.name: float(point[parameter.name]) for parameter in SETTINGS}

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """The measured ratio, or its bound: a lower one is a value that the film at least has."""
        for name, status in TOLD.items():
            found = experiment.derived(name)
            if found is not None and found.value > 0.0:
                u = found.u / found.value / math.log(10.0)
                return replace(trial, status=status, values=(math.log10(found.value),), u=(u,))
        return replace(trial, status="failed")

    def true_value(self, point: Point) -> float:
        """Ratio of the areas that the crystals of the film have; 1 for a film without, two peaks of equal nothing."""
        from tansaki.twin.measurement.x_ray.scattering_specimen import area_ratio

        ratio = area_ratio(self.true_specimen(point), self.system, (0, 0, 3), (1, 0, 4))
        return 0.0 if math.isnan(ratio) else math.log10(ratio)


SCANS: Final[Mapping[str, Mapping[str, float]]] = {
    "quick": {**RANGE, "tube_current_ma": 5.0, "speed_deg_min": 40.0},
    "slow": {**RANGE, "tube_current_ma": 5.0, "speed_deg_min": 1.0},
}
"""With a weak tube, so that counts are dear: 15 % in the ratio after a quick scan, 2 % after a slow one."""
PRICES: Final[Mapping[str, int]] = {"quick": 1, "slow": 10}
"""Units of 220 s, the time of a quick scan with loading."""


class LiCoO2ScanTime(LiCoO2Orientation):
    """The same three parameters, of samples in store, and the kind of scan.

    A quick scan of every sample and a slow one of the best few is the better policy (the tests show it): quick scans
    alone pick a sample that was lucky, slow scans alone see too few.
    """

    id = "tansaki/LiCoO2-Scan-Time-v0"
    title = "LiCoO2 samples in store: find the best oriented one within the diffractometer's time, quick or slow scans"
    space = SearchSpace((*SETTINGS, Categorical("scan", tuple(SCANS))))
    budget = 120
    budget_unit = "units of 220 s: 1 for a quick scan, 10 for a slow one"
    in_store = True

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """That of the samples: how one is measured does not change it."""
        of_samples = stored_truth(LiCoO2Orientation.id)
        return replace(of_samples, best_point={**of_samples.best_point, "scan": "slow"})

    def requested(self, point: Point) -> tuple[str | MeasurementRequest, ...]:
        """The scan that the point asks for."""
        return (MeasurementRequest(DIFFRACTOMETER, SCANS[str(point["scan"])]),)

    def price(self, point: Point) -> int:
        """Units of the diffractometer's time."""
        return PRICES[str(point["scan"])]
