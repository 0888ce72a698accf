"""Grid search: the full factorial that the budget allows."""

from itertools import product
from typing import ClassVar

import numpy as np

from tansaki.agents.agent import Agent
from tansaki.agents.designs import spread, worn
from tansaki.envs.space import Categorical, Continuous, Point, SearchSpace, Units


class Grid(Agent):
    """Full factorial of the budget's size, each point as far as possible from those before it.

    Levels lie in the middle of equal shares of each range. When the grid is used up it starts again. In a
    pool, the candidate nearest to the grid point that has not been used yet.
    """

    name: ClassVar[str] = "grid"

    def propose(self, n: int) -> list[Point]:
        """The next `n` points of the grid."""
        grid = self._grid()
        rows = grid[[(len(self.trials) + i) % len(grid) for i in range(n)]]
        return self.space.decode(rows, worn(self.space, self.trials.values()))

    def _grid(self) -> Units:
        if not hasattr(self, "_rows"):
            counts = level_counts(self.space, self.budget)
            positions = np.array(list(product(*((np.arange(count) + 0.5) / count for count in counts))))
            self._rows = farthest_first(spread(self.space, positions))
        return self._rows


def level_counts(space: SearchSpace, budget: int) -> list[int]:
    """Number of levels of each parameter: as equal as their kinds allow, their product at most `budget`."""
    limits = [_most_levels(parameter) for parameter in space.parameters]
    counts = [1] * space.dimensions
    while True:
        open_ones = [
            i
            for i, count in enumerate(counts)
            if count < limits[i] and np.prod([float(c) for c in counts]) / count * (count + 1) <= budget
        ]
        if not open_ones:
            return counts
        counts[min(open_ones, key=lambda i: counts[i])] += 1


def _most_levels(parameter: object) -> float:
    if isinstance(parameter, Continuous):
        return float("inf")
    if isinstance(parameter, Categorical):
        return parameter.width
    return parameter.high - parameter.low + 1  # type: ignore[attr-defined,no-any-return]


def farthest_first(rows: Units) -> Units:
    """Rows in an order that covers the cube at every length: from the middle, always the farthest next."""
    order = [int(np.argmin(np.sum((rows - rows.mean(axis=0)) ** 2, axis=1)))]
    distance = np.full(len(rows), np.inf)
    for _ in range(len(rows) - 1):
        distance = np.minimum(distance, np.sum((rows - rows[order[-1]]) ** 2, axis=1))
        distance[order[-1]] = -1.0
        order.append(int(np.argmax(distance)))
    return rows[order]
