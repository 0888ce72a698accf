"""The transparent electrode: figure of merit from what was measured, its truth, and what a censored film is worth."""

import numpy as np
import pytest

from tansaki.envs.nb_tio2_transparent import NbTiO2Transparent
from tansaki.envs.problem import Session, Trial
from tansaki.envs.truth_search import PATIENT, Effort, wide_search
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Cost, Derived, Experiment, Measurement

PROBLEM = NbTiO2Transparent()
POINT = {"oxygen_pressure_pa": 0.01, "dopant_fraction": 0.06, "thickness_nm": 100.0}


def test_every_sample_is_measured_by_all_four_instruments() -> None:
    trial, experiment = Session.open(PROBLEM, 3).evaluate(POINT)
    assert [m.instrument for m in experiment.measurements] == list(PROBLEM.measurements)
    light, sheet = experiment.derived("visible_transmittance"), experiment.derived("sheet_resistance")
    assert light is not None
    assert sheet is not None
    assert trial.values[0] == pytest.approx(1e3 * light.value**10 / sheet.value)
    assert experiment.cost.lab_time_s > sum(float(m.settings["duration_s"]) for m in experiment.measurements)


def test_measured_values_scatter_about_the_truth_as_their_uncertainty_says() -> None:
    truth = PROBLEM.true_value(POINT)
    trials = [Session.open(PROBLEM, seed).evaluate(POINT)[0] for seed in range(12)]
    deviations = [(trial.values[0] - truth) / trial.u[0] for trial in trials]
    # Films of one recipe differ too, so the spread is larger than the measurement's own.
    assert np.abs(np.mean(deviations)) < 6.0
    assert all(abs(trial.values[0] / truth - 1.0) < 0.4 for trial in trials)


def test_no_random_point_is_better_than_the_stored_optimum() -> None:
    units = np.random.default_rng(0).random((60, PROBLEM.space.width))
    values = PROBLEM.true_values(units)[:, 0]
    assert values.max() <= PROBLEM.truth.best_value
    assert values.min() >= PROBLEM.truth.worst_value - 1e-6
    assert PROBLEM.true_value(PROBLEM.truth.best_point) == pytest.approx(PROBLEM.truth.best_value, rel=1e-9)


def test_a_smaller_search_comes_close_to_the_stored_optimum() -> None:
    found = wide_search(PROBLEM, 5, Effort(256, 4, 16, 8))
    assert found.best_value == pytest.approx(PROBLEM.truth.best_value, abs=0.01 * PROBLEM.truth.span)


@pytest.mark.slow
def test_the_stored_optimum_is_found_again_with_another_seed() -> None:
    found = wide_search(PROBLEM, 1, PATIENT)
    assert found.best_value == pytest.approx(PROBLEM.truth.best_value, abs=1e-4 * PROBLEM.truth.span)


def test_the_best_film_is_neither_the_thickest_nor_the_most_doped() -> None:
    best = PROBLEM.truth.best_point
    for parameter, unit in zip(PROBLEM.space.parameters, PROBLEM.space.encode([best])[0], strict=True):
        assert 0.05 < unit < 0.95, parameter.name


def _experiment(status: str, **derived: Derived) -> Experiment:
    record = Measurement("any", {}, "c", {}, derived, ())
    return Experiment(0, "s", PROBLEM.recipe(POINT), status, "twin", 0.0, Cost(), measurements=(record,))  # type: ignore[arg-type]


def test_a_bound_of_the_resistance_bounds_the_figure_and_other_bounds_do_not() -> None:
    trial = Trial(0, POINT)
    light, sheet = Derived(0.7, 0.01, "1"), Derived(100.0, 1.0, "ohm/sq")
    bounded = PROBLEM.outcome(
        trial, _experiment("censored", visible_transmittance=light, sheet_resistance_lower_bound=sheet)
    )
    assert bounded.status == "censored"
    other = _experiment("censored", visible_transmittance=light, sheet_resistance=sheet, thickness_lower_bound=sheet)
    assert PROBLEM.outcome(trial, other).status == "ok"
    assert PROBLEM.outcome(trial, _experiment("ok", sheet_resistance=sheet)).status == "failed"


def test_surrogate_fidelity_reads_fast_what_the_problem_needs() -> None:
    trial, experiment = Session.open(PROBLEM, 1, fidelity="surrogate").evaluate(POINT)
    assert trial.status == "ok"
    assert all(m.flags == ("fast",) for m in experiment.measurements)
    assert trial.values[0] == pytest.approx(PROBLEM.true_value(POINT), rel=0.5)
    with pytest.raises(InvalidInputError, match="fidelity of"):
        Session.open(PROBLEM, 1, fidelity="reference")  # type: ignore[arg-type]
