"""What problems on sputtered films of doped titania have in common: laboratory, recipe, hidden truth.

A problem is a choice of layers and anneal for each point (`recipe_of`), and what is made of the measured values.
"""

from abc import abstractmethod
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Problem, Truth
from tansaki.envs.space import Point
from tansaki.envs.truths import stored_truth
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.hardware.open import open_laboratory
from tansaki.twin.fingerprint import package_digest
from tansaki.twin.records import AnyRecipe, Film, Recipe

SUBSTRATE: Final = "glass"


class TitaniaProblem(Problem):
    """One sample a point, grown in the time-stepped chamber or, at surrogate fidelity, in closed form."""

    fidelities = ("standard", "surrogate")
    atmosphere: str
    """Of the anneal, the same for every point."""

    @abstractmethod
    def recipe_of(self, point: Point) -> Recipe:
        """The recipe of a point that lies in the space."""

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """Known optimum, from the store."""
        return stored_truth(self.id)

    @property
    def fingerprint(self) -> str:
        """Id, and digest of the physics behind it."""
        return f"{self.id} {package_digest('tansaki.twin')}"

    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The laboratory `where`."""
        if where == "twin" and fidelity == "surrogate":
            from tansaki.hardware.surrogate_laboratory import SurrogateLaboratory

            return SurrogateLaboratory("nb_tio2", seed, {"substrate": SUBSTRATE, "anneal": self.atmosphere})
        return open_laboratory(where, seed)

    def recipe(self, point: Point) -> AnyRecipe:
        """What the laboratory is told."""
        self.space.check(point)
        return self.recipe_of(point)

    def true_values(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise-free objective at rows of the unit cube: (n, width) to (n, 1)."""
        return np.asarray([[self.true_value(point)] for point in self.space.decode(units)])

    def true_film(self, point: Point) -> Film:
        """The film that a fresh chamber gives without noise."""
        from tansaki.twin.deposition.chamber import open_chamber
        from tansaki.twin.synthesis import true_film

        self.space.check(point)
        film = true_film(self.recipe_of(point), open_chamber())
        if film is None:
            raise ArithmeticError(f"{self.id} makes no film at {dict(point)} even without noise")
        return film
