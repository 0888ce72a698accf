"""What problems on sputtered films of doped titania have in common: laboratory, recipe, hidden truth.

A problem is a choice of layers and anneal for each point (`recipe_of`), and what is made of the measured values.
"""

from abc import abstractmethod
from typing import Final

from tansaki.envs.space import Point
from tansaki.envs.twin_problem import TwinProblem
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.hardware.open import open_laboratory
from tansaki.twin.records import AnyRecipe, Film, Recipe

SUBSTRATE: Final = "glass"


class TitaniaProblem(TwinProblem):
    """One sample a point, grown in the time-stepped chamber or, at surrogate fidelity, in closed form."""

    fidelities = ("standard", "surrogate")
    atmosphere: str
    """Of the anneal, the same for every point."""

    @abstractmethod
    def recipe_of(self, point: Point) -> Recipe:
        """The recipe of a point that lies in the space."""

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

    def true_film(self, point: Point) -> Film:
        """The film that a fresh chamber gives without noise."""
        from tansaki.twin.deposition.chamber import open_chamber
        from tansaki.twin.synthesis import true_film

        self.space.check(point)
        film = true_film(self.recipe_of(point), open_chamber())
        if film is None:
            raise ArithmeticError(f"{self.id} makes no film at {dict(point)} even without noise")
        return film
