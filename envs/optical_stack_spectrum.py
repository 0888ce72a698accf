"""A coating of five films judged on its measured spectrum: reflectance and transmittance of the whole sample.

Wanted is the spectrum of a quarter-wave mirror at 550 nm on the same plate: films of lossless index 2.35 and 1.65 in
turn (the design behind the target of the system `tio2_al2o3`), with the light that the back face of the plate returns.
What is minimised is the root mean square over 430 to 670 nm of the differences in R and in T, both as the
spectrophotometer reads them. The same settings as in tansaki/OpticalStack-v0, whose value is the closed form's.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Continuous, Point, SearchSpace
from tansaki.envs.twin_problem import MeasuredSystemProblem
from tansaki.twin.records import Experiment, MeasurementRequest

Floats = NDArray[np.float64]

RANGE_M: Final = (430e-9, 670e-9)
DESIGN_M: Final = 550e-9
HIGH, LOW, PLATE = 2.35, 1.65, 1.52


class OpticalStackSpectrum(MeasuredSystemProblem):
    """Two oxygen pressures and four thicknesses; the error of the measured spectrum is minimised."""

    id = "tansaki/OpticalStack-Spectrum-v0"
    title = "TiO2/Al2O3 mirror: two oxygen set-points and four thicknesses for the wanted spectrum, as measured"
    space = SearchSpace(
        (
            Continuous("tio2_oxygen_pressure_pa", 0.003, 0.05, "Pa", log=True),
            Continuous("al2o3_oxygen_pressure_pa", 0.003, 0.05, "Pa", log=True),
            *(Continuous(name, 20.0, 180.0, "nm") for name in ("al2o3_1_nm", "tio2_2_nm", "al2o3_2_nm", "tio2_3_nm")),
        )
    )
    objectives = (Objective("spectrum error", "min"),)
    budget = 60
    measurements = (MeasurementRequest("spectrophotometer", {"start_nm": 390.0, "stop_nm": 710.0}),)
    system = "tio2_al2o3"
    fixed: ClassVar = {"power_w": 200.0, "pressure_pa": 0.5, "tio2_1_nm": 58.5}

    def settings(self, point: Point) -> Mapping[str, float]:
        """Every parameter is one."""
        return {name: float(value) for name, value in point.items()}

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """From the raw spectrum; its uncertainty is that of the mean reflectance."""
        record = next((m for m in experiment.measurements if m.instrument == "spectrophotometer"), None)
        mean = experiment.derived("visible_reflectance")
        if record is None or mean is None:
            return replace(trial, status="failed")
        raw = {name: np.asarray(record.raw[name], dtype=np.float64) for name in record.raw}
        error = spectrum_error(raw["wavelength_m"], raw["reflectance"], raw["transmittance"])
        return replace(trial, status=experiment.status, values=(error,), u=(mean.u,))

    def true_value(self, point: Point) -> float:
        """Error of the spectrum that an ideal instrument would read."""
        from tansaki.twin.measurement.optical.spectrophotometer import sample_fractions

        wavelength_m = np.linspace(*RANGE_M, 61)
        light = sample_fractions(self.true_specimen(point), wavelength_m)
        return spectrum_error(wavelength_m, light.reflected, light.transmitted)


def spectrum_error(wavelength_m: Floats, reflected: Floats, transmitted: Floats) -> float:
    """Root mean square of the differences of R and T to the wanted ones, over the readings within the range."""
    inside = (wavelength_m >= RANGE_M[0] - 1e-12) & (wavelength_m <= RANGE_M[1] + 1e-12)
    wanted = wanted_reflectance(wavelength_m[inside])
    squares = (reflected[inside] - wanted) ** 2 + (transmitted[inside] - (1.0 - wanted)) ** 2
    return math.sqrt(float(np.mean(squares)) / 2.0)


def wanted_reflectance(wavelength_m: Floats) -> Floats:
    """R of the design on its plate, back face included; it absorbs nothing."""
    from tansaki.twin.film.optical_constants import RefractiveIndex
    from tansaki.twin.film.stack import Layer, layer_fractions, on_plate

    indices = (HIGH, LOW, HIGH, LOW, HIGH)
    zero = np.zeros_like(wavelength_m)
    layers = tuple(Layer(RefractiveIndex(zero + n, zero), DESIGN_M / (4.0 * n)) for n in indices)
    return np.asarray(on_plate(layer_fractions(layers, zero + PLATE, wavelength_m), zero + PLATE).reflected)
