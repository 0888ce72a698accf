"""Random, Sobol, grid and one factor at a time: what is asked, in which order, and why."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tansaki.agents.designs import sobol, spread, worn
from tansaki.agents.grid import Grid, farthest_first, level_counts
from tansaki.agents.one_factor import OneFactor
from tansaki.agents.random import Random
from tansaki.agents.registry import agent_class
from tansaki.agents.sobol import Sobol
from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Categorical, Continuous, Integer, Point, SearchSpace

MINIMUM = (Objective("y", "min"),)
GAS = Categorical("gas", ("argon", "krypton", "xenon"))
MIXED = SearchSpace((Continuous("p", 0.1, 10.0, log=True), Integer("n", 1, 4), GAS))
POOL = SearchSpace((Continuous("x", 0.0, 1.0), GAS), tuple({"x": i / 11, "gas": GAS.choices[i % 3]} for i in range(12)))


def told(trial: Trial, value: float) -> Trial:
    return replace(trial, status="ok", values=(value,))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))
def test_spread_gives_points_that_exist(u: list[float]) -> None:
    rows = spread(MIXED, np.array([u]))
    points = MIXED.decode(rows)
    MIXED.check(points[0])
    np.testing.assert_allclose(MIXED.encode(points), rows, atol=1e-12)


def test_spread_gives_whole_numbers_and_choices_equal_shares() -> None:
    middle = (np.arange(1200) + 0.5) / 1200
    points = MIXED.decode(spread(MIXED, np.column_stack([middle] * 3)))
    assert [sum(point["n"] == n for point in points) for n in (1, 2, 3, 4)] == [300] * 4
    assert [sum(point["gas"] == gas for point in points) for gas in GAS.choices] == [400] * 3


def test_a_sobol_sequence_does_not_depend_on_how_it_is_drawn() -> None:
    whole = sobol(3, 0, 13, np.random.default_rng(1))
    parts = [sobol(3, i, 1, np.random.default_rng(1)) for i in range(13)]
    np.testing.assert_array_equal(whole, np.vstack(parts))


@pytest.mark.parametrize("name", ["random", "sobol", "grid", "one-factor"])
def test_a_pool_is_used_up_before_anything_new_is_repeated(name: str) -> None:
    agent = agent_class(name)(POOL, MINIMUM, 12, 5)
    # Alone of these, one-factor repeats its best on purpose.
    points = [trial.point for _ in range(12) for trial in agent.ask()]
    if name != "one-factor":
        assert {POOL.candidate_index(point) for point in points} == set(range(12))
        again = [trial.point for _ in range(12) for trial in agent.ask()]
        assert {POOL.candidate_index(point) for point in again} == set(range(12))
    assert all(POOL.candidate_index(point) >= 0 for point in points)


def test_worn_is_what_was_asked_more_often_than_the_least() -> None:
    candidates = POOL.candidates or ()
    once = [Trial(i, point) for i, point in enumerate(candidates)]
    assert worn(POOL, once[:3]) == {0, 1, 2}
    assert worn(POOL, once) == frozenset()
    assert worn(POOL, [*once, Trial(99, candidates[4])]) == {4}
    assert worn(MIXED, []) == frozenset()


def test_random_points_are_uniform() -> None:
    space = SearchSpace((Continuous("a", 0.0, 1.0), Continuous("b", 10.0, 20.0)))
    rows = space.encode([trial.point for trial in Random(space, MINIMUM, 4000, 1).ask(4000)])
    counts, _, _ = np.histogram2d(rows[:, 0], rows[:, 1], bins=4)
    # Chi-square with 15 degrees of freedom exceeds 37.7 once in a thousand seeds.
    assert np.sum((counts - 250.0) ** 2) / 250.0 < 37.7


def test_sobol_halves_each_axis_evenly() -> None:
    space = SearchSpace((Continuous("a", 0.0, 1.0), Continuous("b", 0.0, 1.0)))
    agent = Sobol(space, MINIMUM, 32, 3)
    rows = space.encode([trial.point for _ in range(32) for trial in agent.ask()])
    for column in rows.T:
        np.testing.assert_array_equal(np.histogram(column, bins=32, range=(0.0, 1.0))[0], np.ones(32))


@pytest.mark.parametrize(("budget", "counts"), [(1, [1, 1, 1]), (8, [2, 2, 2]), (36, [4, 3, 3]), (1000, [83, 4, 3])])
def test_grid_takes_as_many_levels_as_the_budget_allows(budget: int, counts: list[int]) -> None:
    assert level_counts(MIXED, budget) == counts


@given(st.integers(1, 200))
def test_grid_never_exceeds_the_budget(budget: int) -> None:
    assert np.prod(level_counts(MIXED, budget)) <= budget


def test_grid_covers_the_line_at_every_length() -> None:
    rows = farthest_first(((np.arange(20) + 0.5) / 20)[:, None])
    assert sorted(rows.ravel()) == pytest.approx([(i + 0.5) / 20 for i in range(20)])
    for length in range(3, 20):
        gaps = np.diff(np.sort(np.concatenate([[0.0, 1.0], rows[:length, 0]])))
        assert gaps.max() <= 2.2 / (length - 1)


def test_grid_visits_every_combination_once() -> None:
    agent = Grid(MIXED, MINIMUM, 36, 1)
    points = [tuple(trial.point.values()) for _ in range(36) for trial in agent.ask()]
    assert len(set(points)) == 36


def bowl(point: Point) -> float:
    return (float(point["a"]) - 0.31) ** 2 + 2.0 * (float(point["b"]) - 0.77) ** 2


def test_one_factor_changes_one_factor_at_a_time_and_ends_at_the_best() -> None:
    space = SearchSpace((Continuous("a", 0.0, 1.0), Continuous("b", 0.0, 1.0)))
    agent = OneFactor(space, MINIMUM, 40, 1)
    best: Point = {"a": 0.5, "b": 0.5}
    for turn in range(40):
        (trial,) = agent.ask()
        if turn in range(1, 5):
            assert trial.point["b"] == 0.5
        if turn in range(5, 9):
            assert trial.point["a"] == best["a"]
        agent.tell([told(trial, bowl(trial.point))])
        best = agent.recommend() if turn < 5 else best
    assert bowl(agent.recommend()) < 2e-3


def test_one_factor_averages_over_replicates() -> None:
    space = SearchSpace((Continuous("a", 0.0, 1.0),))
    agent = OneFactor(space, MINIMUM, 20, 1)
    lucky, good = {"a": 0.2}, {"a": 0.6}
    agent.tell([told(Trial(0, lucky), 0.0), told(Trial(1, good), 1.0)])
    assert agent.recommend() == lucky
    agent.tell([told(Trial(2, lucky), 5.0)])
    assert agent.recommend() == good


def test_one_factor_tries_every_category_and_steps_whole_numbers() -> None:
    agent = OneFactor(MIXED, MINIMUM, 60, 1)
    seen = []
    for _ in range(60):
        (trial,) = agent.ask()
        seen.append(trial.point)
        value = (
            abs(np.log10(float(trial.point["p"]))) + abs(int(trial.point["n"]) - 3) + (trial.point["gas"] != "xenon")
        )
        agent.tell([told(trial, float(value))])
    assert {point["gas"] for point in seen[:12]} == set(GAS.choices)
    assert agent.recommend()["gas"] == "xenon"
    assert agent.recommend()["n"] == 3


def test_one_factor_goes_on_where_everything_has_been_tried() -> None:
    space = SearchSpace((Categorical("gas", ("argon", "krypton")),))
    agent = OneFactor(space, MINIMUM, 20, 1)
    for _ in range(20):
        (trial,) = agent.ask()
        agent.tell([told(trial, 1.0)])
