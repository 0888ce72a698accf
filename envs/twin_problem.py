"""What problems of the twin with a module of their own have in common: stored truth, fingerprint, laboratory."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Problem, Truth
from tansaki.envs.space import Point
from tansaki.envs.truths import stored_truth
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.twin.errors import unknown_name
from tansaki.twin.fingerprint import package_digest
from tansaki.twin.records import AnyRecipe, SystemRecipe

if TYPE_CHECKING:
    from tansaki.twin.specimens.specimen import Specimen


class TwinProblem(Problem):
    """One objective, whose noise-free optimum is stored under the problem's id."""

    @cached_property
    def truth(self) -> Truth:  # type: ignore[override]
        """Known optimum, from the store."""
        return stored_truth(self.id)

    @property
    def fingerprint(self) -> str:
        """Id, and digest of the physics behind it."""
        return f"{self.id} {package_digest('tansaki.twin')}"

    def true_values(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise-free objective at rows of the unit cube: (n, width) to (n, 1)."""
        return np.asarray([[self.true_value(point)] for point in self.space.decode(units)])


class MeasuredSystemProblem(TwinProblem):
    """Samples of one material system in closed form, measured by the whole chain."""

    fidelities = ("standard",)
    system: str
    fixed: ClassVar[Mapping[str, float]]
    in_store = False
    """Whether the samples were made before, so that measuring them is all that costs."""

    @abstractmethod
    def settings(self, point: Point) -> Mapping[str, float]:
        """The settings of the system that the point chooses."""

    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The laboratory; it exists in the twin alone."""
        if where != "twin":
            raise unknown_name(f"laboratory for {self.id}", where, ("twin",))
        from tansaki.hardware.surrogate_laboratory import SurrogateLaboratory

        return SurrogateLaboratory(self.system, seed, chain=True, in_store=self.in_store)

    def recipe(self, point: Point) -> AnyRecipe:
        """The searched and the fixed settings."""
        self.space.check(point)
        return SystemRecipe(self.system, {**self.fixed, **self.settings(point)})

    def true_specimen(self, point: Point) -> "Specimen":
        """The sample of a point; raises `InvalidInputError` outside the space."""
        from tansaki.twin.specimens.of_system import specimen_of_system
        from tansaki.twin.surrogate import open_surrogate

        self.space.check(point)
        settings = {**self.fixed, **self.settings(point)}
        surrogate = open_surrogate(self.system, {})
        return specimen_of_system(surrogate, settings, surrogate.predict(**settings), "truth", 0.01, 0.01)
