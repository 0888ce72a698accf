"""Problems on material systems: stored truths that no sample beats, readings that scatter as stated."""

import math
from itertools import pairwise

import numpy as np
import pytest

from tansaki.agents.registry import make_agent
from tansaki.envs.problem import Session
from tansaki.envs.registry import open_problem
from tansaki.envs.space import SearchSpace
from tansaki.envs.system_problem import SystemProblem, system_problems
from tansaki.envs.truth_search import front_search, wide_search
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.quantities import SETTINGS, load

SINGLE = [name for name, table in system_problems().items() if len(table["objectives"]) == 1]
DOUBLE = [name for name, table in system_problems().items() if len(table["objectives"]) == 2]


def samples(problem: SystemProblem, number: int = 1 << 14) -> np.ndarray:
    return problem.true_values(np.random.default_rng(5).random((number, problem.space.width)))


@pytest.mark.parametrize("name", system_problems())
def test_the_search_stays_where_the_material_file_claims_validity(name: str) -> None:
    problem = SystemProblem(name)
    settings = load("materials", problem.system).section(SETTINGS)
    assert problem.title
    for parameter in problem.space.parameters:
        low, high = settings[parameter.name].valid or (0.0, 0.0)
        assert low <= parameter.low < parameter.high <= high, parameter.name
    for fixed, value in problem.fixed.items():
        low, high = settings[fixed].valid or (0.0, 0.0)
        assert low <= value <= high, fixed


@pytest.mark.parametrize("name", SINGLE)
def test_the_stored_optimum_is_a_value_of_the_twin_and_no_sample_beats_it(name: str) -> None:
    problem = SystemProblem(name)
    truth = problem.truth
    assert problem.true_value(truth.best_point) == pytest.approx(truth.best_value, rel=1e-9, abs=1e-12)
    assert problem.regret(truth.best_point) == pytest.approx(0.0, abs=1e-9)
    values = problem.objectives[0].sign * samples(problem)[:, 0]
    assert values.min() >= problem.objectives[0].sign * truth.best_value - 1e-6 * truth.span
    assert values.max() <= problem.objectives[0].sign * truth.worst_value + 1e-2 * truth.span


@pytest.mark.parametrize("name", DOUBLE)
def test_no_sample_dominates_the_stored_front(name: str) -> None:
    problem = SystemProblem(name)
    front = problem.front
    assert front is not None
    signs = np.array([objective.sign for objective in problem.objectives])
    again = problem.true_values(problem.space.encode(front.points))
    np.testing.assert_allclose(again, front.values, rtol=1e-7)
    values = signs * np.array(front.values)
    order = values[np.argsort(values[:, 0])]
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(order)), "points of the front dominate each other"
    span = np.ptp(values, axis=0)
    for sample in signs * samples(problem, 1 << 12):
        assert not np.any(np.all(sample < values - 1e-3 * span, axis=1))
    assert np.all(signs * np.array(front.worst) >= values.max(axis=0) - 1e-12)
    with pytest.raises(StateError, match="front"):
        _ = problem.truth
    with pytest.raises(InvalidInputError, match="one objective"):
        make_agent("random", problem, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", system_problems())
def test_the_search_finds_the_stored_truth_again(name: str) -> None:
    problem = SystemProblem(name)
    if problem.front is None:
        found = wide_search(problem, seed=1)
        assert found.best_value == pytest.approx(problem.truth.best_value, abs=1e-5 * problem.truth.span)
        return
    front = front_search(problem, seed=1)
    signs = np.array([objective.sign for objective in problem.objectives])
    corner = signs * np.array(problem.front.worst)
    stored, again = (covered_area(signs * np.array(f.values), corner) for f in (problem.front, front))
    assert again == pytest.approx(stored, rel=0.01)


def covered_area(values: np.ndarray, corner: np.ndarray) -> float:
    """Area between a front of two minimised objectives and `corner` (its hypervolume)."""
    order = values[np.argsort(values[:, 0])]
    right = np.append(order[1:, 0], corner[0])
    return float(np.sum(np.maximum(right - order[:, 0], 0.0) * np.maximum(corner[1] - order[:, 1], 0.0)))


@pytest.mark.parametrize("name", system_problems())
def test_readings_scatter_as_they_say_and_cost_lab_time(name: str) -> None:
    problem = open_problem(name)
    assert isinstance(problem, SystemProblem)
    point = problem.space.decode(np.full((1, problem.space.width), 0.5))[0]
    truth = problem.true_values(problem.space.encode([point]))[0]
    session = Session.open(problem, 3, budget=60)
    told = [session.evaluate(point)[0] for _ in range(60)]
    for k in range(len(problem.objectives)):
        pulls = np.array([(trial.values[k] - truth[k]) / trial.u[k] for trial in told])
        assert abs(pulls.mean()) < 4.0 / math.sqrt(60)
        assert 0.7 < pulls.std() < 1.35
    assert all(trial.lab_time_s > 600.0 for trial in told)


class Valley:
    """Known answers: one minimum inside, and the front x + y = 1 between two corners."""

    space = SearchSpace(SystemProblem(SINGLE[0]).space.parameters[:2])
    objectives = SystemProblem(SINGLE[0]).objectives

    def true_values(self, units: np.ndarray) -> np.ndarray:
        return np.sum((units - [0.3, 0.7]) ** 2, axis=1)[:, None]


class Tradeoff(Valley):
    objectives = Valley.objectives * 2

    def true_values(self, units: np.ndarray) -> np.ndarray:
        x, y = units.T
        return np.stack((x + (y - 0.5) ** 2, 1.0 - x + (y - 0.5) ** 2), axis=1)


def test_the_searches_find_known_answers() -> None:
    truth = wide_search(Valley())
    assert truth.best_value == pytest.approx(0.0, abs=1e-10)
    assert truth.worst_value == pytest.approx(0.98, abs=1e-6)
    front = front_search(Tradeoff(), size=21)
    values = np.array(front.values)
    assert values.sum(axis=1) == pytest.approx(np.ones(len(values)), abs=1e-4)
    assert np.ptp(values, axis=0) == pytest.approx([1.0, 1.0], abs=1e-2)
    assert 15 <= len(values) <= 21
