"""One factor at a time: how a person usually searches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tansaki.agents.agent import Agent
from tansaki.agents.designs import key, worn
from tansaki.envs.space import Categorical, Integer, Parameter, Point, Scalar, Units


@dataclass(frozen=True)
class Habits:
    """How the person works; assumed, not fitted to anyone."""

    coarse_levels: int = 5
    """Levels of a factor in the first round, ends included; fewer where the budget is short."""
    first_step: float = 0.125
    """Step to either side of the best in the second round, as a fraction of the range; halved each round."""
    smallest_step: float = 0.01
    """Below this the person starts again with `first_step`."""


class OneFactor(Agent):
    """The scripted person: varies one factor from the best point so far, keeps the best, takes the next factor.

    The first round sets coarse levels. Each later round repeats the best point (so that a lucky reading is
    found out: replicates are averaged), then steps to either side of it, half as far as the round before.
    Failed trials are never the best; a censored one counts at its bound. In a pool each wish becomes the
    nearest candidate not yet used.
    """

    name: ClassVar[str] = "one-factor"
    habits: ClassVar[Habits] = Habits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._queue: list[Point] = []
        """Points of the present stage still to be asked for."""
        self._stage = 0
        """Stage to come: stage = round x number of factors + factor."""

    def propose(self, n: int) -> list[Point]:
        """The next `n` points of the routine."""
        points: list[Point] = []
        while len(points) < n:
            if not self._queue:
                self._queue = self._next_stage(points)
            points.append(self._queue.pop(0))
        return points

    def recommend(self) -> Point:
        """The point with the best mean over its replicates."""
        return self._best() or super().recommend()

    def _next_stage(self, asked: list[Point]) -> list[Point]:
        """Points of the next stage that has any new one, counting on the results told so far."""
        base = self._best()
        if base is None:
            # Nothing has worked yet: the middle of the space first, then wherever the levels lead.
            base = next((trial.point for trial in self.trials.values()), None) or (asked[0] if asked else None)
        if base is None:
            return self._decode(self._middle()[None, :], [])
        known = {key(self.space, trial.point) for trial in self.trials.values()}
        known |= {key(self.space, point) for point in asked}
        rounds, factor = divmod(self._stage, self.space.dimensions)
        self._stage += 1
        stage: list[Point] = [base] if factor == 0 and rounds > 0 else []
        rows = np.array(list(self._rows(base, rounds, factor))).reshape(-1, self.space.width)
        for point in self._decode(rows, asked):
            if key(self.space, point) not in known:
                known.add(key(self.space, point))
                stage.append(point)
        return stage or self._next_stage(asked)

    def _rows(self, base: Point, rounds: int, factor: int) -> Iterator[Units]:
        """Rows of the unit cube that differ from `base` in one factor."""
        parameter = self.space.parameters[factor]
        start = sum(earlier.width for earlier in self.space.parameters[:factor])
        row = self.space.encode([base])[0]
        for setting in self._settings(parameter, base[parameter.name], rounds):
            changed = row.copy()
            changed[start : start + parameter.width] = parameter.encode(setting)
            yield changed

    def _settings(self, parameter: Parameter, here: Scalar, rounds: int) -> list[Scalar]:
        if isinstance(parameter, Categorical):
            return list(parameter.choices)
        if rounds == 0:
            levels = min(self.habits.coarse_levels, max(2, self.budget // (2 * self.space.dimensions)))
            return [parameter.decode(np.array([u])) for u in np.linspace(0.0, 1.0, levels)]
        halvings = int(np.log2(self.habits.first_step / self.habits.smallest_step)) + 1
        step = self.habits.first_step * 0.5 ** ((rounds - 1) % halvings)
        u = parameter.encode(here)[0]
        settings: list[Scalar] = [parameter.decode(np.array([v])) for v in (u - step, u + step) if 0.0 <= v <= 1.0]
        if isinstance(parameter, Integer):
            # A step that rounds to nothing becomes a step of one.
            settings += [int(here) + by for by in (-1, 1) if parameter.low <= int(here) + by <= parameter.high]
            settings = settings if step * (parameter.high - parameter.low) >= 1 else settings[-2:]
        return settings

    def _middle(self) -> Units:
        return np.concatenate(
            [np.eye(p.width)[0] if isinstance(p, Categorical) else np.array([0.5]) for p in self.space.parameters]
        )

    def _decode(self, rows: Units, asked: list[Point]) -> list[Point]:
        """Rows to points; in a pool, to candidates not used yet."""
        if not len(rows):
            return []
        exclude = worn(self.space, self.trials.values())
        if self.space.candidates is not None:
            exclude |= {self.space.candidate_index(point) for point in asked}
        return self.space.decode(rows, exclude)

    def _best(self) -> Point | None:
        """The point with the best mean over its replicates; None if nothing has been told a value."""
        values: dict[tuple[Scalar, ...], list[float]] = {}
        points: dict[tuple[Scalar, ...], Point] = {}
        for _, trial in sorted(self.trials.items()):
            if trial.values:
                place = key(self.space, trial.point)
                values.setdefault(place, []).append(self.objectives[0].sign * trial.values[0])
                points.setdefault(place, trial.point)
        return points[min(values, key=lambda place: float(np.mean(values[place])))] if values else None

    def extra_state(self) -> dict[str, Any]:
        """Where the routine stands."""
        return {"stage": self._stage, "queue": [dict(point) for point in self._queue]}

    def restore_extra(self, state: Mapping[str, Any]) -> None:
        """Take back where the routine stood."""
        self._stage = int(state["stage"])
        self._queue = [dict(point) for point in state["queue"]]
