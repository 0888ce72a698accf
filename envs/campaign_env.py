"""A campaign as a Gymnasium environment: one step is one sample, the episode is the budget."""

from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from tansaki.envs.problem import Session, Trial
from tansaki.envs.registry import open_problem
from tansaki.twin.errors import InvalidInputError, StateError

Float32 = NDArray[np.float32]
STATUSES: Final = ("ok", "partial", "failed", "censored")
_QUALITY_LIMIT = 2.0


class CampaignEnv(gymnasium.Env[Float32, Float32]):
    """Single-objective campaign on a twin problem, with a float32 action and observation.

    Action, shape (width,), in [-1, 1]: the search space's unit cube, stretched; `point_of` gives the physical
    setting. Observation: the last action; the quality of the last value and of the best so far, where 1 is the
    known optimum and 0 the worst of the space, clipped to [-2, 2]; the last standard uncertainty as a fraction
    of the range; one flag a status; the fraction of the budget left. Reward: the gain in best measured quality,
    so that the return is the quality reached. `info` holds the physical values under constant keys.

    `session` is the ask/tell view of the same campaign; both draw on one budget.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - Gymnasium's contract

    def __init__(self, problem_id: str, budget: int | None = None, render_mode: str | None = None) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise InvalidInputError("render_mode", render_mode, "None or 'ansi'")
        self.problem = open_problem(problem_id)
        self.budget = self.problem.budget if budget is None else budget
        if self.budget < 1:
            raise InvalidInputError("budget", budget, "a whole number of at least 1")
        self.render_mode = render_mode
        width = self.problem.space.width
        self.action_space = Box(-1.0, 1.0, (width,), np.float32)
        low = [-1.0] * width + [-_QUALITY_LIMIT] * 2 + [0.0] * (2 + len(STATUSES))
        high = [1.0] * width + [_QUALITY_LIMIT] * 2 + [1.0] * (2 + len(STATUSES))
        self.observation_space = Box(np.asarray(low, np.float32), np.asarray(high, np.float32), dtype=np.float32)
        self._session: Session | None = None
        self._last: Trial | None = None
        self._action = np.zeros(width, np.float32)
        self._best = 0.0

    @property
    def session(self) -> Session:
        """The session behind the present episode."""
        if self._session is None:
            raise StateError("the environment has no episode yet: call reset() first")
        return self._session

    def point_of(self, action: Float32) -> dict[str, float | int | str]:
        """Physical setting for an action."""
        values = np.asarray(action, dtype=np.float64)
        if values.shape != self.action_space.shape or not np.all(np.abs(values) <= 1.0):
            allowed = f"shape {self.action_space.shape}, finite, each entry in [-1, 1]"
            raise InvalidInputError("action", action, allowed, "is the policy's output squashed and unbatched?")
        return dict(self.problem.space.decode((values + 1.0) / 2.0)[0])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """Start a campaign in a fresh laboratory; `seed` decides its world."""
        super().reset(seed=seed)
        if options:
            raise InvalidInputError("options", options, "none: this environment has no reset options")
        world = int(self.np_random.integers(2**31)) if seed is None else seed
        self._session = Session.open(self.problem, world, budget=self.budget)
        self._last, self._best = None, 0.0
        self._action = np.zeros_like(self._action)
        return self._observation(), self._info()

    def step(self, action: Float32) -> tuple[Float32, float, bool, bool, dict[str, Any]]:
        """Make and measure one sample."""
        point = self.point_of(action)
        if self.session.left <= 0:
            raise StateError("the episode is over: its budget is spent; call reset()")
        self._last, _ = self.session.evaluate(point)
        self._action = np.asarray(action, np.float32)
        quality = self._quality()
        gain = max(0.0, quality - self._best) if self._last.status in ("ok", "partial") else 0.0
        self._best += gain
        return self._observation(), gain, self.session.left <= 0, False, self._info()

    def render(self) -> str | None:
        """One status line."""
        if self.render_mode is None:
            return None
        if self._last is None:
            return f"{self.problem.title}: {self.session.left} experiments to go"
        point = ", ".join(f"{name}={value:.4g}" for name, value in self._last.point.items())
        value = f"{self._last.values[0]:.4g} {self.problem.objectives[0].unit}" if self._last.values else "no value"
        return f"#{self.session.used} {point} -> {value} ({self._last.status}); {self.session.left} left"

    def _quality(self) -> float:
        """1 at the known optimum, 0 at the worst of the space; 0 while there is no value."""
        if self._last is None or not self._last.values:
            return 0.0
        sign = self.problem.objectives[0].sign
        return sign * (self.problem.truth.worst_value - self._last.values[0]) / self.problem.truth.span

    def _observation(self) -> Float32:
        u = self._last.u[0] / self.problem.truth.span if self._last and self._last.u else 0.0
        status = [float(self._last is not None and self._last.status == name) for name in STATUSES]
        qualities = np.clip([self._quality(), self._best], -_QUALITY_LIMIT, _QUALITY_LIMIT)
        tail = [*qualities, min(u, 1.0), *status, self.session.left / self.budget]
        return np.concatenate([self._action, tail]).astype(np.float32)

    def _info(self) -> dict[str, Any]:
        trial = self._last
        settings = trial.point if trial else dict.fromkeys((p.name for p in self.problem.space.parameters), np.nan)
        return {
            **settings,
            "value": trial.values[0] if trial and trial.values else np.nan,
            "u": trial.u[0] if trial and trial.u else np.nan,
            "status": trial.status if trial else "none",
            "lab_time_s": trial.lab_time_s if trial else 0.0,
            "budget_left": self.session.left,
        }
