"""A film of doped titania as the instruments meet it.

Numbers: section [specimen] of the material file.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.film.optical_constants import (
    BursteinMoss,
    DopedOxide,
    photon_energy_ev,
    porous_oxide,
    refractive_index,
)
from tansaki.twin.film.zones import film_density_kg_m3
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.quantities import load
from tansaki.twin.records import Film
from tansaki.twin.specimens.specimen import Charge, Crystal, FilmLayer, Floats, Specimen


class Solid(NamedTuple):
    """Section [specimen]."""

    anatase_kg_m3: float
    rutile_kg_m3: float
    amorphous_kg_m3: float
    domain_ratio: float
    """Height of the coherent domains over the thickness, at most; grains are columns."""
    modulus_pa: float
    poisson_ratio: float
    microstrain: float
    march_parameter: float


@cache
def _numbers(material: str) -> tuple[Solid, DopedOxide, BursteinMoss]:
    file = load("materials", material)
    return (
        file.parameters("specimen", Solid),
        file.parameters("optics", DopedOxide),
        file.parameters("burstein_moss", BursteinMoss),
    )


def specimen_of_film(
    film: Film,
    sample_id: str,
    substrate: str,
    length_m: float,
    width_m: float,
    surface: Callable[[], SurfaceMap] | None = None,
    thickness_curvature_per_m2: float = 0.0,
) -> Specimen:
    """The specimen on which a film of `tansaki.twin.film.grow` lies; it is as thick as the film at its centre."""
    solid, _, _ = _numbers(film.material)
    x = film.dopant_fraction
    rutile = film.crystalline_fraction * film.rutile_fraction
    anatase = film.crystalline_fraction - rutile
    amorphous = 1.0 - film.crystalline_fraction
    dense = anatase * solid.anatase_kg_m3 + rutile * solid.rutile_kg_m3 + amorphous * solid.amorphous_kg_m3
    # In-plane stress of a film that is free along its normal: ε_⊥ = −2νσ/E.
    strain = -2.0 * solid.poisson_ratio * film.stress_pa / solid.modulus_pa
    size = min(film.grain_size_m, solid.domain_ratio * film.thickness_m)
    crystals = tuple(
        Crystal(phase, share, size, solid.microstrain, strain, (0, 0, 1), solid.march_parameter)
        for phase, share in (("anatase", anatase), ("rutile", rutile))
        if share > 0.0
    )
    layer = FilmLayer(
        film.thickness_m,
        {"Ti": 1.0 - x, "Nb": x, "O": film.oxygen_ratio},
        film_density_kg_m3(dense, film.void_fraction),
        film.roughness_m,
        lambda wavelength_m: film_index(film, wavelength_m),
        crystals,
    )
    charge = Charge(film.resistivity_ohm_m, film.carrier_density_m3, film.mobility_m2_vs)
    return Specimen(
        sample_id,
        substrate,
        length_m,
        width_m,
        (layer,),
        charge,
        surface,
        thickness_curvature_per_m2=thickness_curvature_per_m2,
    )


def film_index(film: Film, wavelength_m: Floats) -> NDArray[np.complex128]:
    """n + ik at `wavelength_m` of the film's own carriers and voids."""
    _, oxide, moss = _numbers(film.material)
    mixed = porous_oxide(
        photon_energy_ev(np.asarray(wavelength_m, dtype=np.float64)),
        film.carrier_density_m3,
        film.mobility_m2_vs,
        film.localised_density_m3,
        film.void_fraction,
        oxide,
        moss,
    )
    index = refractive_index(mixed)
    return np.asarray(index.n + 1j * index.k)
