"""The plates that films lie on, as the instruments meet them: files of this folder.

A file holds [plate], [composition] (atoms by element symbol), the refractive index as [optical] (constant n and k) or
[sellmeier], and [orientation] (hkl along the normal) for a crystal or [hump] for a glass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import DataFile, load

Floats = NDArray[np.float64]


class Hump(NamedTuple):
    """First diffuse maximum of a glass under Cu Kα, on the scale of 2θ."""

    centre_deg: float
    width_deg: float
    """Full width at half maximum."""


class Optical(NamedTuple):
    """Refractive index n + ik, the same at all wavelengths."""

    n: float
    k: float


class Sellmeier(NamedTuple):
    """n² = 1 + Σ bᵢλ²/(λ² − lᵢ²), without absorption."""

    b1: float
    b2: float
    b3: float
    l1_m: float
    l2_m: float
    l3_m: float


class Plate(NamedTuple):
    """Section [plate]."""

    density_kg_m3: float
    roughness_m: float
    """Root mean square of the polished face."""
    thickness_m: float


@dataclass(frozen=True, slots=True)
class Substrate:
    """One kind of plate."""

    name: str
    density_kg_m3: float
    composition: Mapping[str, float]
    """Atoms by element symbol, in any multiple of the formula."""
    roughness_m: float
    thickness_m: float
    optics: Optical | Sellmeier
    orientation: tuple[int, int, int] | None
    """hkl along the normal, in the cell of the file of the plate's name in twin/crystals; None for a glass."""
    hump: Hump | None
    """None for a crystal."""

    @property
    def crystal(self) -> str | None:
        """Its file in twin/crystals; None for a glass."""
        return None if self.orientation is None else self.name

    def refractive_index(self, wavelength_m: Floats | float) -> NDArray[np.complex128]:
        """n + ik at vacuum wavelengths, in the shape of `wavelength_m`; beyond its source it is extrapolated."""
        wavelength = np.asarray(wavelength_m, dtype=np.float64)
        if isinstance(self.optics, Optical):
            return np.full(wavelength.shape, complex(*self.optics))
        s, square = self.optics, wavelength**2
        terms = ((s.b1, s.l1_m), (s.b2, s.l2_m), (s.b3, s.l3_m))
        total = sum(b * square / (square - length * length) for b, length in terms)
        return np.sqrt(1.0 + total + 0.0j)


@cache
def open_substrate(name: str) -> Substrate:
    """The plate `name` of twin/substrates."""
    file = load("substrates", name)
    plate = file.parameters("plate", Plate)
    composition = {symbol: quantity.value for symbol, quantity in file.section("composition").items()}
    optics = (
        file.parameters("sellmeier", Sellmeier) if "sellmeier" in file.sections else file.parameters("optical", Optical)
    )
    hump = file.parameters("hump", Hump) if "hump" in file.sections else None
    orientation = _orientation(file) if "orientation" in file.sections else None
    if (hump is None) == (orientation is None):
        raise InvalidInputError(
            f"{name}.toml", sorted(file.sections), "[orientation] of a crystal or [hump] of a glass"
        )
    return Substrate(
        name, plate.density_kg_m3, composition, plate.roughness_m, plate.thickness_m, optics, orientation, hump
    )


def _orientation(file: DataFile) -> tuple[int, int, int]:
    section = file.section("orientation")
    return round(section["h"].value), round(section["k"].value), round(section["l"].value)
