"""A sample as the instruments meet it: the hidden truth, gathered for every technique.

Films are listed with the one next to the air first. A `Specimen` never leaves twin/ and hardware/, as its `Film`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.surface_map import SurfaceMap

Floats = NDArray[np.float64]


class Charge(NamedTuple):
    """How the whole sample conducts along its plane; one kind of carrier."""

    resistivity_ohm_m: float
    carrier_density_m3: float
    mobility_m2_vs: float
    sign: int = -1
    """Of the carriers' charge."""


class Crystal(NamedTuple):
    """One crystalline phase in a film."""

    phase: str
    """A file in twin/crystals."""
    volume_fraction: float
    """Of the film's solid; what is left over of 1 is amorphous."""
    size_m: float
    """Of the coherent domains along the film normal, volume-weighted."""
    microstrain: float
    """Root mean square of the inhomogeneous strain."""
    normal_strain: float
    """(d − d₀)/d₀ of lattice planes parallel to the surface, against the cell of the phase's file."""
    axis: tuple[int, int, int] = (0, 0, 1)
    """Lattice planes hkl of the texture."""
    march_parameter: float = 1.0
    """March-Dollase r: 1 for no texture, below 1 for `axis` along the film normal."""


class FilmLayer(NamedTuple):
    """One film."""

    thickness_m: float
    composition: Mapping[str, float]
    """Atoms by element symbol, in any multiple of the formula."""
    density_kg_m3: float
    roughness_m: float
    """Root mean square of the face towards the air."""
    refractive_index: Callable[[Floats], NDArray[np.complex128]]
    """n + ik at wavelengths in m."""
    crystals: tuple[Crystal, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """One sample; raises `InvalidInputError` for sizes that no sample has."""

    id: str
    substrate: str
    """A file in twin/substrates."""
    length_m: float
    width_m: float
    layers: tuple[FilmLayer, ...]
    charge: Charge | None = None
    """None for what does not conduct."""
    surface: Callable[[], SurfaceMap] | None = None
    """Grown when asked for: it takes longer than all else. None where the system has no growth model."""
    thickness_slope_per_m: float = 0.0
    """Relative change of the thickness along `length_m`, about the centre."""
    thickness_curvature_per_m2: float = 0.0
    """Relative fall of the thickness with the square of the distance from the centre."""

    def __post_init__(self) -> None:
        thicknesses = [layer.thickness_m for layer in self.layers]
        if not thicknesses or not all(0.0 < value < np.inf for value in thicknesses):
            raise InvalidInputError("specimen layers", thicknesses, "at least one, each with a thickness > 0")
        if not (self.length_m > 0.0 and self.width_m > 0.0):
            raise InvalidInputError("specimen", (self.length_m, self.width_m), "length and width > 0")
        if self.charge is not None and not 0.0 < self.charge.resistivity_ohm_m < np.inf:
            raise InvalidInputError("specimen resistivity_ohm_m", self.charge.resistivity_ohm_m, "finite and positive")

    @property
    def thickness_m(self) -> float:
        """Of all films together, at the centre."""
        return sum(layer.thickness_m for layer in self.layers)

    def relative_thickness(self, x_m: float, y_m: float) -> float:
        """Thickness at (x, y) from the centre over that at the centre."""
        return 1.0 + self.thickness_slope_per_m * x_m - self.thickness_curvature_per_m2 * (x_m * x_m + y_m * y_m)

    @property
    def sheet_resistance_ohm_sq(self) -> float:
        """Of all films together, at the centre; `InvalidInputError` where nothing conducts."""
        if self.charge is None:
            raise InvalidInputError("specimen", self.id, "a film that conducts")
        return self.charge.resistivity_ohm_m / self.thickness_m
