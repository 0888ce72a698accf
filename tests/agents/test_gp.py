"""The agent: what it asks, what it keeps, and that it beats chance."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tansaki.agents.gp import GaussianProcess
from tansaki.agents.random import Random
from tansaki.envs.problem import Objective, Trial
from tansaki.envs.space import Continuous, Integer, Point, SearchSpace

MINIMUM = (Objective("y", "min"),)
SQUARE = SearchSpace((Continuous("a", -5.0, 10.0), Continuous("b", 0.0, 15.0)))
LINE = SearchSpace((Continuous("p", 1e-4, 1.0, "Pa", log=True),))


def branin(point: Point) -> float:
    """Three equal minima of 0.397887 (Surjanovic and Bingham, Virtual Library of Simulation Experiments)."""
    a, b = float(point["a"]), float(point["b"])
    valley = b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6
    return float(valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10)


def cliffs(point: Point) -> float:
    """A log-quadratic well in one dimension between two cliffs; 0 at 1e-2 Pa."""
    decades = np.log10(float(point["p"])) + 2.0
    return float(2.0 * decades**2 + 3.0 * (decades < -0.7) + 1.5 * (decades > 1.2))


def told(trial: Trial, value: float, u: float = 0.0) -> Trial:
    return replace(trial, status="ok", values=(value,), u=(u,))


def play(agent: GaussianProcess | Random, function: object, turns: int, noise: float = 0.0) -> list[Point]:
    rng = np.random.default_rng(agent.seed + 100)
    points = []
    for _ in range(turns):
        (trial,) = agent.ask()
        agent.tell([told(trial, function(trial.point) + noise * rng.standard_normal())])  # type: ignore[operator]
        points.append(trial.point)
    return points


@pytest.fixture(scope="module")
def played() -> GaussianProcess:
    agent = GaussianProcess(SQUARE, MINIMUM, 30, 2)
    play(agent, branin, 25, noise=0.5)
    return agent


def test_branin_is_found_where_random_search_is_far_off(played: GaussianProcess) -> None:
    # Random search of 25 points has a median regret above 1 here.
    assert branin(played.recommend()) - 0.397887 < 0.5


def test_a_well_between_cliffs_is_found_in_twenty() -> None:
    agent = GaussianProcess(LINE, MINIMUM, 20, 1)
    play(agent, cliffs, 15, noise=0.05)
    assert cliffs(agent.recommend()) < 0.1


def test_a_goal_of_max_is_the_mirror_of_min() -> None:
    low = GaussianProcess(LINE, MINIMUM, 12, 4)
    high = GaussianProcess(LINE, (Objective("y", "max"),), 12, 4)
    assert play(low, cliffs, 8) == play(high, lambda point: -cliffs(point), 8)


def test_telling_in_another_order_changes_nothing() -> None:
    one, other = (GaussianProcess(SQUARE, MINIMUM, 30, 3) for _ in range(2))
    trials = [told(trial, branin(trial.point)) for trial in one.ask(8)]
    other.ask(8)
    one.tell(trials)
    for trial in reversed(trials):
        other.tell([trial])
    assert one.ask()[0].point == other.ask()[0].point
    assert one.recommend() == other.recommend()


def test_a_state_comes_back_byte_for_byte_and_goes_on_alike(played: GaussianProcess) -> None:
    text = json.dumps(played.state())
    copies = []
    for _ in range(2):
        copy = GaussianProcess(SQUARE, MINIMUM, 30, 99)
        copy.restore(json.loads(text))
        copies.append(copy)
    assert json.dumps(copies[0].state()) == text
    # One has been asked for a recommendation and for a pending trial first: the second fit is not made anew.
    copies[0].recommend()
    assert play(copies[0], branin, 3) == play(copies[1], branin, 3)
    (waiting,) = copies[0].ask()
    again = GaussianProcess(SQUARE, MINIMUM, 30, 0)
    again.restore(json.loads(json.dumps(copies[0].state())))
    assert again.ask()[0].point == copies[0].ask()[0].point
    assert waiting.number in again.trials


def test_a_batch_spreads_over_different_points() -> None:
    agent = GaussianProcess(SQUARE, MINIMUM, 30, 5)
    play(agent, branin, 8)
    rows = SQUARE.encode([trial.point for trial in agent.ask(3)])
    distances = [np.linalg.norm(rows[i] - rows[j]) for i in range(3) for j in range(i)]
    assert min(distances) > 0.01


def test_failures_are_avoided_and_not_repeated() -> None:
    """Half of a whole-number range fails; the value falls towards it, so that a model without failures walks in."""
    space = SearchSpace((Integer("n", 0, 40),))
    agent = GaussianProcess(space, MINIMUM, 20, 6)
    failed = []
    for _ in range(20):
        (trial,) = agent.ask()
        n = int(trial.point["n"])
        if n > 25:
            failed.append(n)
            agent.tell([replace(trial, status="failed")])
        else:
            agent.tell([told(trial, -n / 10)])
    assert len(failed) == len(set(failed)) <= 8
    assert 22 <= int(agent.recommend()["n"]) <= 25


def test_a_given_uncertainty_is_believed() -> None:
    """One reading is far below the rest but stated to be very uncertain: it is not recommended."""
    agents = []
    for u in (5.0, 0.01):
        agent = GaussianProcess(LINE, MINIMUM, 20, 8)
        pressures = np.logspace(-4, 0, 9)
        trials = [told(Trial(i, {"p": float(p)}), cliffs({"p": p}), 0.01) for i, p in enumerate(pressures)]
        trials[7] = told(trials[7], -6.0, u)
        agent.tell(trials)
        agents.append(agent)
    doubtful, sure = (float(agent.recommend()["p"]) for agent in agents)
    assert doubtful < 0.1 < sure


def test_a_pool_is_used_without_repeats_until_it_is_empty() -> None:
    pool = tuple({"a": float(a), "b": float(b)} for a in (-5, 0, 5, 10) for b in (0, 7, 15))
    agent = GaussianProcess(SearchSpace(SQUARE.parameters, pool), MINIMUM, 14, 9)
    points = play(agent, branin, 14)
    assert len({(point["a"], point["b"]) for point in points[:12]}) == 12
    assert all(point in pool for point in points)
    assert agent.recommend() == min(pool, key=branin)


def test_the_registry_and_the_class_come_without_jax() -> None:
    code = "import sys, tansaki.agents.registry as r; r.agent_class('gp'); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_regret_on_branin_is_below_that_of_random_search() -> None:
    """Seeds fixed beforehand, other than those it was tuned on; published: 0.04 best visited of 50 (sd 2.5)."""

    def regret(agent: GaussianProcess | Random) -> float:
        play(agent, branin, 50, noise=2.5)
        return branin(agent.recommend()) - 0.397887

    ours = [regret(GaussianProcess(SQUARE, MINIMUM, 50, seed)) for seed in range(20)]
    chance = [regret(Random(SQUARE, MINIMUM, 50, seed)) for seed in range(20)]
    assert np.median(ours) < 0.5 * np.median(chance)
