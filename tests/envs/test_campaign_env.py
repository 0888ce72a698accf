"""The Gymnasium view: Gymnasium's checker, one budget and one world with the ask/tell view, clear refusals."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import tansaki.envs  # noqa: F401 - registers the environments
from tansaki.envs.campaign_env import CampaignEnv
from tansaki.envs.problem import Session
from tansaki.envs.registry import ENVIRONMENTS, open_problem
from tansaki.twin.errors import BudgetExhaustedError, InvalidInputError, StateError

IDS = sorted(ENVIRONMENTS)


@pytest.fixture(params=IDS)
def env(request: pytest.FixtureRequest) -> CampaignEnv:
    made = gymnasium.make(request.param, render_mode="ansi").unwrapped
    assert isinstance(made, CampaignEnv)
    return made


@pytest.mark.parametrize("problem_id", IDS)
def test_gymnasium_finds_nothing_to_remark(problem_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(problem_id).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("problem_id", IDS)
def test_stable_baselines_finds_nothing_to_remark(problem_id: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="needs the extra tansaki[rl]")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checker.check_env(gymnasium.make(problem_id).unwrapped, warn=True)


def test_an_id_imports_what_it_needs_in_a_fresh_process() -> None:
    code = (
        f"import gymnasium; env = gymnasium.make('tansaki.envs:{IDS[0]}'); env.reset(seed=1); "
        "print(env.step(0 * env.action_space.high)[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    float(done.stdout)


def test_both_views_give_the_same_number_and_share_the_budget(env: CampaignEnv) -> None:
    env.reset(seed=7)
    actions = [np.full(env.action_space.shape, a, np.float32) for a in (-0.3, 0.5)]
    _, _, _, _, info = env.step(actions[0])
    ask_tell = Session.open(open_problem(env.problem.id), 7)
    trial, _ = ask_tell.evaluate(env.point_of(actions[0]))
    told = (trial.values[0], trial.u[0]) if trial.values else (np.nan, np.nan)
    assert (info["value"], info["u"]) == pytest.approx(told, rel=0.0, abs=0.0, nan_ok=True)
    trial, _ = env.session.evaluate(env.point_of(actions[1]))
    assert trial.values == ask_tell.evaluate(env.point_of(actions[1]))[0].values
    assert env.session.left == env.budget - 2
    _, _, _, _, info = env.step(actions[0])
    assert info["budget_left"] == env.budget - 3


def test_the_episode_is_the_budget_and_the_return_is_the_quality_reached(env: CampaignEnv) -> None:
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    rewards, qualities = [], [0.0]
    for i in range(env.budget):
        action = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, truncated, info = env.step(action)
        assert observation in env.observation_space
        assert (terminated, truncated) == (i == env.budget - 1, False)
        rewards.append(reward)
        if info["status"] in ("ok", "partial"):
            truth = env.problem.truth
            sign = env.problem.objectives[0].sign
            qualities.append(sign * (truth.worst_value - info["value"]) / truth.span)
    assert sum(rewards) == pytest.approx(max(qualities), abs=1e-12)
    with pytest.raises(StateError, match="budget is spent"):
        env.step(action)
    with pytest.raises(BudgetExhaustedError):
        env.session.evaluate(env.point_of(action))


def test_equal_seeds_give_equal_trajectories(env: CampaignEnv) -> None:
    def play() -> list[float]:
        env.reset(seed=11)
        return [env.step(np.full(env.action_space.shape, a, np.float32))[1] for a in np.linspace(-1, 1, 5)]

    assert play() == play()


@pytest.mark.parametrize(
    "action",
    [np.array([np.nan], np.float32), np.array([1.5], np.float32), np.zeros((2, 1), np.float32), np.float32(0.0)],
    ids=["nan", "out of range", "batched", "scalar"],
)
def test_a_wrong_action_is_refused_and_costs_nothing(env: CampaignEnv, action: np.ndarray) -> None:
    env.reset(seed=0)
    with pytest.raises(InvalidInputError, match="action: got"):
        env.step(action)
    assert env.session.left == env.budget


def test_step_before_reset_and_unknown_settings_are_refused() -> None:
    env = CampaignEnv(IDS[0])
    with pytest.raises(StateError, match=r"call reset\(\) first"):
        env.step(np.zeros(env.action_space.shape, np.float32))
    with pytest.raises(InvalidInputError, match="render_mode"):
        CampaignEnv(IDS[0], render_mode="human")
    with pytest.raises(InvalidInputError, match="budget"):
        CampaignEnv(IDS[0], budget=0)
    with pytest.raises(InvalidInputError, match="did you mean"):
        CampaignEnv("tansaki/NbTiO2-Oxigen-v0")


def test_the_status_line_says_what_happened(env: CampaignEnv) -> None:
    env.reset(seed=0)
    assert f"{env.budget} experiments to go" in str(env.render())
    env.step(np.zeros(env.action_space.shape, np.float32))
    assert f"{env.budget - 1} left" in str(env.render())
