"""Bayesian optimisation with a Gaussian process: a model of everything told, and the most promising point."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tansaki.agents.agent import Agent
from tansaki.agents.designs import key, sobol, spread, worn
from tansaki.agents.skew import normalise
from tansaki.envs.problem import Trial
from tansaki.envs.space import Continuous, Point, Units
from tansaki.twin.randomness import generator

if TYPE_CHECKING:
    # jax takes more than a second to import; agents are listed without it.
    from tansaki.agents.gaussian_process import Fit, Posterior

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How the agent works."""

    draws: int = 64
    """Joint draws of f over which the improvement is averaged."""
    raw: int = 480
    """Even spread of points from which the search for the best starts; with `near` one compiled size."""
    near: int = 32
    """Points close to the best ones told, tried as starts as well."""
    starts: int = 5
    """Starts improved by gradient."""
    restart_every: int = 8
    """Told trials between two fits that start afresh instead of from the previous optimum."""


class GaussianProcess(Agent):
    """Bayesian optimisation: Gaussian process, log noisy expected improvement, recommends by posterior mean.

    Starts with a few Sobol points. Pending trials are imagined in every draw. A failed trial enters the model
    as the worst value told (the floor padding of Wakabayashi et al., npj Comput. Mater. 8, 180, 2022): the
    surroundings of a failure are avoided for as long as something better is known, without a second model. A
    censored trial enters at its bound. In a pool all candidates are compared; a measured one comes up again
    only when all have been.
    """

    name: ClassVar[str] = "gp"
    settings: ClassVar[Settings] = Settings()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._widths = [parameter.width for parameter in self.space.parameters]
        self._free = [isinstance(p, Continuous) for p in self.space.parameters for _ in range(p.width)]
        self._memory: dict[str, Any] = {}
        """Optima of the fit behind the last proposal, and the digest of its data."""
        self._cache: tuple[str, Fit, tuple[Units, Vector, Vector]] | None = None

    @property
    def initial_points(self) -> int:
        """Number of Sobol points before the model takes over."""
        return min(self.space.dimensions + 2, max(2, self.budget // 4))

    def propose(self, n: int) -> list[Point]:
        """The next `n` points: Sobol first, then the best noisy expected improvement."""
        points: list[Point] = []
        while len(points) < n:
            model_ready = len(self._told()) >= self.initial_points and self._valued()
            if len(self.trials) + len(points) < self.initial_points or not model_ready:
                points.append(self._spread_point(points))
            else:
                points.append(self._promising_point(points))
        return points

    def recommend(self) -> Point:
        """The point with the best posterior mean: of the pool, or of the told points and all between them."""
        if len(self._valued()) < 2:
            return super().recommend()
        fit = self._fit()
        at = self._posterior(fit, [])
        if self.space.candidates is not None:
            from tansaki.agents.acquisition import evaluate

            scores = evaluate("mean", fit.kernel, self.space.candidate_units, at)
            return self.space.candidates[int(np.argmax(scores))]
        told = [trial.point for trial in self._valued()]
        return self._best_of("mean", fit, at, self.space.encode(told), self.rng("recommend"), set())[0]

    def _spread_point(self, asked: list[Point]) -> Point:
        scramble = generator(self.seed, "agent gp start")
        rows = spread(self.space, sobol(self.space.dimensions, len(self.trials) + len(asked), 1, scramble))
        return self.space.decode(rows, self._worn(asked))[0]

    def _worn(self, asked: list[Point]) -> frozenset[int]:
        return worn(self.space, [*self.trials.values(), *(Trial(-1, point) for point in asked)])

    def _promising_point(self, asked: list[Point]) -> Point:
        from tansaki.agents.acquisition import evaluate

        fit = self._fit()
        self._memory = {
            "digest": self._digest(),
            "kernel": fit.kernel,
            "optima": [theta.tolist() for theta in fit.optima],
        }
        at = self._posterior(fit, asked)
        if self.space.candidates is not None:
            scores = evaluate("row improvement", fit.kernel, self.space.candidate_units, at)
            scores[list(self._worn(asked))] = -np.inf
            return self.space.candidates[int(np.argmax(scores))]
        failed = {key(self.space, trial.point) for trial in self.trials.values() if trial.status == "failed"}
        rng = self.rng(f"point {len(asked)}")
        told = self._valued()
        best = sorted(told, key=lambda trial: self.objectives[0].sign * trial.values[0])[:4]
        near = self.space.encode([trial.point for trial in best])
        return self._best_of("improvement", fit, at, near, rng, failed)[0]

    def _best_of(
        self, score: str, fit: "Fit", at: "Posterior", near: Units, rng: np.random.Generator, barred: set[Any]
    ) -> list[Point]:
        """Points of a free space from the best score down: an even spread and points around `near`, then uphill."""
        from tansaki.agents.acquisition import climb, evaluate

        raw = spread(self.space, sobol(self.space.dimensions, 0, self.settings.raw, rng))
        around = near[rng.integers(len(near), size=self.settings.near)]
        around = around + rng.choice([0.01, 0.03, 0.1], size=(len(around), 1)) * rng.standard_normal(around.shape)
        rows = self._snapped(np.vstack([near, raw, around]) if score == "mean" else np.vstack([raw, around]))
        scores = evaluate(score, fit.kernel, rows, at)
        order = np.argsort(-scores, kind="stable")
        starts = rows[order[: self.settings.starts]]
        if any(self._free):
            reached, values = climb(score, fit.kernel, starts, self._free, at)
            rows, scores = np.vstack([reached, rows]), np.concatenate([values, scores])
            order = np.argsort(-scores, kind="stable")
        points = self.space.decode(rows[order[: 4 * self.settings.starts]])
        return [point for point in points if key(self.space, point) not in barred] or points

    def _snapped(self, rows: Units) -> Units:
        """Rows moved to points that exist: whole numbers rounded, one choice a category."""
        return np.clip(rows, 0.0, 1.0) if all(self._free) else self.space.encode(self.space.decode(rows))

    def _told(self) -> list[Trial]:
        """Trials with an end, by number: the order of telling makes no difference."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.status != "pending"]

    def _valued(self) -> list[Trial]:
        return [trial for trial in self._told() if trial.values]

    def _data(self) -> tuple[Units, Vector, Vector]:
        """Told rows, values to be minimised without scale and skew, and their given variances."""
        told, valued = self._told(), self._valued()
        sign = self.objectives[0].sign
        worst = max(sign * trial.values[0] for trial in valued)
        values = np.array([sign * trial.values[0] if trial.values else worst for trial in told])
        u = np.array([trial.u[0] if trial.u else 0.0 for trial in told])
        y, u = normalise(values, u, np.array([bool(trial.values) for trial in told]))
        return self.space.encode([trial.point for trial in told]), y, u**2

    def _digest(self) -> str:
        told = [(t.number, sorted(t.point.items()), t.status, t.values, t.u) for t in self._told()]
        return sha256(json.dumps(told).encode()).hexdigest()

    def _fit(self) -> "Fit":
        """Fit of everything told: once for the same data, whoever asks for it."""
        from tansaki.agents.gaussian_process import Fit, fit, prepare

        digest = self._digest()
        if self._cache is not None and self._cache[0] == digest:
            return self._cache[1]
        data = self._data()
        optima = [np.array(theta) for theta in self._memory.get("optima", ())]
        if self._memory.get("digest") == digest:
            kernel = int(self._memory["kernel"])
            found = Fit(kernel, optima[kernel], tuple(optima))
        else:
            x, y, variance = data
            restart = len(y) % self.settings.restart_every == 0
            found = fit(prepare(x, y, variance, self._widths), optima, restart)
        self._cache = (digest, found, data)
        return found

    def _posterior(self, fit: "Fit", asked: list[Point]) -> "Posterior":
        """Draws of f at everything told, pending or about to be asked for."""
        from scipy.special import ndtri

        from tansaki.agents.gaussian_process import numerics, posterior, prepare

        x, y, variance = self._cache[2] if self._cache else self._data()
        pending = [trial.point for _, trial in sorted(self.trials.items()) if trial.status == "pending"] + asked
        data = prepare(x, y, variance, self._widths, self.space.encode(pending))
        u = sobol(len(data.y), 0, self.settings.draws, self.rng("draws"))
        with numerics():
            at: Posterior = posterior(fit.kernel, fit.theta, data, ndtri(np.clip(u, 1e-12, 1.0 - 1e-12)))
        return at

    def extra_state(self) -> dict[str, Any]:
        """The optima from which the next fit starts."""
        return self._memory

    def restore_extra(self, state: Mapping[str, Any]) -> None:
        """Take back the optima; the fit itself is made again when it is needed."""
        self._memory = dict(state)
        self._cache = None
