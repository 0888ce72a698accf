"""The coating judged on its measured spectrum."""

import numpy as np
import pytest

from tansaki.envs.optical_stack_spectrum import OpticalStackSpectrum, spectrum_error, wanted_reflectance
from tansaki.envs.problem import Session

PROBLEM = OpticalStackSpectrum()


def test_the_wanted_spectrum_is_that_of_a_quarter_wave_mirror_on_a_plate_with_two_faces() -> None:
    # At the design wavelength five quarter waves H L H L H give the admittance n_H⁶/(n_L⁴ n_s) towards air.
    admittance = 2.35**6 / (1.65**4 * 1.52)
    front = ((1.0 - admittance) / (1.0 + admittance)) ** 2
    back = ((1.52 - 1.0) / (1.52 + 1.0)) ** 2
    both = front + (1.0 - front) ** 2 * back / (1.0 - front * back)
    assert wanted_reflectance(np.array([550e-9]))[0] == pytest.approx(both, rel=1e-9)


def test_the_error_of_the_wanted_spectrum_is_zero_and_of_a_shifted_one_its_shift() -> None:
    wavelength_m = np.linspace(400e-9, 700e-9, 61)
    wanted = wanted_reflectance(wavelength_m)
    assert spectrum_error(wavelength_m, wanted, 1.0 - wanted) == 0.0
    assert spectrum_error(wavelength_m, wanted + 0.01, 1.0 - wanted - 0.01) == pytest.approx(0.01)


def test_measured_errors_lie_near_the_true_ones() -> None:
    session = Session.open(PROBLEM, 2)
    for point in PROBLEM.space.decode(np.random.default_rng(1).random((5, PROBLEM.space.width))):
        trial, experiment = session.evaluate(point)
        assert trial.status == "ok"
        assert trial.values[0] == pytest.approx(PROBLEM.true_value(point), abs=5.0 * trial.u[0] + 2e-3)
        assert len(experiment.measurements[0].raw["wavelength_m"]) > 60


def test_no_random_point_beats_the_stored_optimum() -> None:
    values = PROBLEM.true_values(np.random.default_rng(0).random((100, PROBLEM.space.width)))
    assert values.min() >= PROBLEM.truth.best_value
    assert values.max() <= PROBLEM.truth.worst_value
    assert PROBLEM.true_value(PROBLEM.truth.best_point) == pytest.approx(PROBLEM.truth.best_value, rel=1e-9)
