"""The shape of a surface, as a microscope would see it if it were perfect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class SurfaceMap:
    """Heights over a square grid, periodic at the edges.

    `heights_m` has the shape (rows, columns) and counts from any level; `pixel_m` is the distance of two pixels along
    both axes. Raises `InvalidInputError` for heights that are not finite or not a map, and for a pixel not positive.
    """

    heights_m: NDArray[np.float64]
    pixel_m: float

    def __post_init__(self) -> None:
        if self.heights_m.ndim != 2 or not np.isfinite(self.heights_m).all():
            raise InvalidInputError("heights_m", self.heights_m.shape, "finite heights in rows and columns")
        if not 0.0 < self.pixel_m < np.inf:
            raise InvalidInputError("pixel_m", self.pixel_m, "more than 0")
