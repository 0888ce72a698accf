"""Random search: the reference that every strategy has to beat."""

from typing import ClassVar

from tansaki.agents.agent import Agent
from tansaki.agents.designs import spread, worn
from tansaki.envs.space import Point


class Random(Agent):
    """Uniform random points; in a pool, candidates without replacement until all have been used."""

    name: ClassVar[str] = "random"

    def propose(self, n: int) -> list[Point]:
        """Draw `n` points."""
        rng = self.rng()
        if self.space.candidates is None:
            return self.space.decode(spread(self.space, rng.random((n, self.space.dimensions))))
        size = len(self.space.candidates)
        aside = worn(self.space, self.trials.values())
        chosen = [int(i) for i in rng.permutation(size) if int(i) not in aside]
        while len(chosen) < n:
            chosen += [int(i) for i in rng.permutation(size)]
        return [self.space.candidates[i] for i in chosen[:n]]
