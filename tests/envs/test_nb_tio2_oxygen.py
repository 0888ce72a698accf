"""The flagship problem: its stored optimum is the one a dense search finds, and a golden trajectory."""

import math

import numpy as np
import pytest

from tansaki.envs.nb_tio2_oxygen import OXYGEN, NbTiO2Oxygen
from tansaki.envs.problem import Session, Trial
from tansaki.envs.truth_search import dense_search
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Cost, Derived, Experiment, Measurement

PROBLEM = NbTiO2Oxygen()
GOLDEN = [0.13220185105135676, 1254.0622054905543, 1307.41718207236, 735.5233891145468, 99.20979568646536]


def test_the_stored_optimum_is_found_again_by_another_grid() -> None:
    found = dense_search(PROBLEM, 173, refinements=3)
    stored = PROBLEM.truth
    assert found.best_value == pytest.approx(stored.best_value, rel=1e-5)
    assert math.log(float(found.best_point[OXYGEN]) / float(stored.best_point[OXYGEN])) == pytest.approx(0, abs=0.02)
    assert found.worst_value == pytest.approx(stored.worst_value, abs=0.01)
    assert PROBLEM.true_value(stored.best_point) == pytest.approx(stored.best_value, rel=1e-9)


def test_no_point_is_better_than_the_optimum_or_worse_than_the_worst() -> None:
    for u in np.random.default_rng(0).random(200):
        regret = PROBLEM.regret(PROBLEM.space.decode(np.array([u]))[0])
        assert -1e-5 <= regret <= 1.0 + 1e-5


def test_the_minimum_lies_inside_with_too_little_and_too_much_oxygen_on_its_sides() -> None:
    best = float(PROBLEM.truth.best_point[OXYGEN])
    for factor in (0.4, 4.0):
        assert PROBLEM.regret({OXYGEN: best * factor}) > 0.2


def test_measured_values_scatter_about_the_truth_as_their_uncertainty_says() -> None:
    point = {OXYGEN: 0.05}
    truth = PROBLEM.true_value(point)
    deviations = []
    for seed in range(60):
        trial, _ = Session.open(PROBLEM, seed, budget=1).evaluate(point)
        deviations.append((trial.values[0] - truth) / trial.u[0])
    # The stated u covers the measurement; films of one recipe differ too, so the spread is somewhat larger.
    assert abs(np.mean(deviations)) < 0.6
    assert 0.7 < np.std(deviations) < 2.0


def test_outcome_of_failed_and_censored_experiments() -> None:
    trial = Trial(0, {OXYGEN: 0.01})
    recipe = PROBLEM.recipe(trial.point)
    failed = Experiment(0, "s", recipe, "failed", "twin", 0.0, Cost())
    assert PROBLEM.outcome(trial, failed).status == "failed"
    bound = {"resistivity_lower_bound": Derived(1e3, 10.0, "ohm cm")}
    record = Measurement("four_point_probe", {}, "c", {}, bound, ("over_range",))
    censored = Experiment(0, "s", recipe, "censored", "twin", 0.0, Cost(), measurements=(record,))
    told = PROBLEM.outcome(trial, censored)
    assert (told.status, told.values) == ("censored", (1e-3,))


def test_a_point_outside_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"oxygen_pressure_pa: got 2\.0"):
        PROBLEM.recipe({OXYGEN: 2.0})


def test_golden_trajectory() -> None:
    # Re-record with the reason in the commit when the physics or the instrument changes on purpose.
    session = Session.open(PROBLEM, 2024)
    values = [session.evaluate(PROBLEM.space.decode(np.array([u]))[0])[0].values[0] for u in (0.2, 0.4, 0.5, 0.7, 0.9)]
    assert values == pytest.approx(GOLDEN, rel=1e-9)
