"""Sobol search: an even spread that never looks at results."""

from typing import ClassVar

from tansaki.agents.agent import Agent
from tansaki.agents.designs import sobol, spread, worn
from tansaki.envs.space import Point
from tansaki.twin.randomness import generator


class Sobol(Agent):
    """The Sobol sequence, scrambled with the seed; in a pool, the nearest candidate not yet used."""

    name: ClassVar[str] = "sobol"

    def propose(self, n: int) -> list[Point]:
        """The next `n` points of the sequence."""
        scramble = generator(self.seed, "agent sobol scramble")
        rows = spread(self.space, sobol(self.space.dimensions, len(self.trials), n, scramble))
        return self.space.decode(rows, worn(self.space, self.trials.values()))
