"""Orientation of LiCoO2 by X-ray diffraction, and what a scan is worth."""

import numpy as np
import pytest

from tansaki.envs.licoo2_orientation import PRICES, RATIO, SCANS, LiCoO2Orientation, LiCoO2ScanTime
from tansaki.envs.problem import Session, Trial
from tansaki.envs.space import Point
from tansaki.envs.truth_search import PATIENT, Effort, wide_search
from tansaki.twin.errors import BudgetExhaustedError
from tansaki.twin.records import Cost, Derived, Experiment, Measurement

PROBLEM = LiCoO2Orientation()
PRICED = LiCoO2ScanTime()


def test_the_measured_ratio_lies_within_its_uncertainty_of_the_true_one() -> None:
    good = {"oxygen_pressure_pa": 0.7, "pressure_pa": 1.0, "substrate_temperature_c": 480.0}
    trials = [Session.open(PROBLEM, seed).evaluate(good)[0] for seed in range(10)]
    deviations = [(trial.values[0] - PROBLEM.true_value(good)) / trial.u[0] for trial in trials]
    assert max(abs(d) for d in deviations) < 5.0
    assert abs(np.mean(deviations)) < 2.0


def test_a_film_without_crystals_has_no_value() -> None:
    cold = {"oxygen_pressure_pa": 0.7, "pressure_pa": 1.0, "substrate_temperature_c": 30.0}
    trial, experiment = Session.open(PROBLEM, 0).evaluate(cold)
    assert trial.status == "failed"
    assert experiment.measurements[0].flags == ("no_peaks",)
    assert PROBLEM.true_value(cold) == 0.0


def test_bounds_of_the_ratio() -> None:
    def told(name: str) -> Trial:
        record = Measurement("any", {}, "c", {}, {name: Derived(10.0, 1.0, "1")}, ())
        point = PROBLEM.truth.best_point
        experiment = Experiment(0, "s", PROBLEM.recipe(point), "ok", "twin", 0.0, Cost(), measurements=(record,))
        return PROBLEM.outcome(Trial(0, point), experiment)

    assert (told(RATIO).status, told(RATIO).values) == ("ok", (1.0,))
    assert told(f"{RATIO}_upper_bound").status == "censored"
    assert told(f"{RATIO}_lower_bound").status == "ok"
    assert told("microstrain").status == "failed"


def test_no_random_point_beats_the_stored_optimum() -> None:
    values = PROBLEM.true_values(np.random.default_rng(0).random((300, PROBLEM.space.width)))
    assert values.max() <= PROBLEM.truth.best_value
    assert PROBLEM.true_value(PROBLEM.truth.best_point) == pytest.approx(PROBLEM.truth.best_value, rel=1e-9)
    found = wide_search(PROBLEM, 3, Effort(512, 4, 16, 10))
    assert found.best_value == pytest.approx(PROBLEM.truth.best_value, abs=0.01 * PROBLEM.truth.span)


@pytest.mark.slow
def test_the_stored_optimum_is_found_again_with_another_seed() -> None:
    found = wide_search(PROBLEM, 1, PATIENT)
    assert found.best_value == pytest.approx(PROBLEM.truth.best_value, abs=1e-4 * PROBLEM.truth.span)


def test_a_scan_costs_its_time() -> None:
    point = {**PROBLEM.truth.best_point}
    session = Session.open(PRICED, 1, budget=11)
    seconds = {}
    for scan in ("quick", "slow"):
        trial, experiment = session.evaluate({**point, "scan": scan})
        seconds[scan] = float(experiment.measurements[0].settings["duration_s"])
        assert trial.lab_time_s < seconds[scan] + 400.0
    assert session.left == 0
    assert seconds["slow"] / seconds["quick"] == pytest.approx(PRICES["slow"] / PRICES["quick"], rel=0.1)
    with pytest.raises(BudgetExhaustedError):
        session.evaluate({**point, "scan": "quick"})


def test_a_slow_scan_knows_the_ratio_better() -> None:
    session = Session.open(PRICED, 2)
    quick, slow = (session.evaluate({**PROBLEM.truth.best_point, "scan": scan})[0] for scan in SCANS)
    assert slow.u[0] < 0.35 * quick.u[0]
    assert PRICED.regret({**PROBLEM.truth.best_point, "scan": "quick"}) == pytest.approx(0.0, abs=1e-9)


def _regret(policy: str, seed: int) -> float:
    """Random samples; `policy` is the share of the budget that goes into slow scans of the best ones so far."""
    session = Session.open(PRICED, seed)
    samples = iter(PRICED.space.decode(np.random.default_rng([seed, 5]).random((200, PRICED.space.width))))

    def scan(point: Point, kind: str) -> tuple[float, Point]:
        trial, _ = session.evaluate({**point, "scan": kind})
        return (trial.values[0] if trial.status == "ok" else -1.0), point

    later = {"quick": 0, "slow": 0, "both": 5}[policy]
    first = "slow" if policy == "slow" else "quick"
    seen = []
    while session.left - later * PRICES["slow"] >= PRICES[first]:
        seen.append(scan(next(samples), first))
    if later:
        best = sorted(seen, key=lambda pair: -pair[0])[:later]
        seen = [scan(point, "slow") for _, point in best]
    return PRICED.regret({**max(seen, key=lambda pair: pair[0])[1], "scan": "slow"})


@pytest.mark.slow
def test_quick_scans_of_all_and_slow_ones_of_a_few_are_the_better_policy() -> None:
    seeds = range(60)
    regrets = {policy: np.array([_regret(policy, seed) for seed in seeds]) for policy in ("quick", "slow", "both")}
    rng = np.random.default_rng(0)
    for other in ("quick", "slow"):
        saved = regrets[other] - regrets["both"]
        means = [saved[rng.integers(0, len(saved), len(saved))].mean() for _ in range(4000)]
        assert np.quantile(means, 0.025) > 0.0, (other, saved.mean(), regrets)
