"""A film of system licoo2 as the instruments meet it.

The system gives phases as shares of the cobalt and the orientation as a ratio of two peaks; a specimen has shares of
the volume and a March parameter. The first follow from the cells, the second from the system's own relation, which is
monotonic in r, so that both stand for the same film. Numbers: section [specimen] of the material file. The metal of a
platinised plate is left out: its lines lie apart from (003) and (104), and no system tells how thick it is.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tansaki.twin.measurement.x_ray.crystal import open_crystal
from tansaki.twin.quantities import load
from tansaki.twin.specimens.specimen import Crystal, FilmLayer, Floats, Specimen
from tansaki.twin.systems.licoo2 import Inputs, Outputs, Parameters, Texture, peak_ratio

PLATE: Final = "silicon"
MARCH: Final = (0.02, 5.0)
"""Limits within which r is sought."""
AMORPHOUS: Final = 1e-4
"""Crystalline share below which a film has no lines."""


class Solid(NamedTuple):
    """Section [specimen]."""

    amorphous_ratio: float
    """Density of what is not crystalline over that of the crystals."""
    roughness_ratio: float
    """Of the upper face, over the grain size."""
    domain_ratio: float
    """Height of the coherent domains over the thickness, at most."""
    poisson_ratio: float
    microstrain: float
    refractive_index: float
    extinction: float


def specimen_of_cobaltate(
    _: Inputs, film: Outputs, parameters: Parameters, sample_id: str, length_m: float, width_m: float
) -> Specimen:
    """The specimen on which the film of one `tansaki.twin.systems.licoo2.evaluate` lies, on a silicon wafer."""
    solid = load("materials", "licoo2").parameters("specimen", Solid)
    modulus = parameters.stress.biaxial_modulus_pa
    layered, spinel = open_crystal("licoo2"), open_crystal("co3o4")
    volumes = {
        one.name: float(share) * one.volume_m3 / one.atoms.elements.count("Co")
        for one, share in ((layered, film.licoo2_fraction), (spinel, film.co3o4_fraction))
    }
    total = sum(volumes.values())
    crystalline = float(film.crystalline_fraction)
    thickness, size = float(film.thickness_m), float(film.grain_size_m)
    # ε_⊥ = −2ν/(1 − ν) σ/M of a film that is free along its normal, M the biaxial modulus.
    poisson = solid.poisson_ratio
    strain = -2.0 * poisson / (1.0 - poisson) * float(film.stress_pa) / modulus
    march = {"licoo2": march_parameter(film, parameters.texture), "co3o4": 1.0}
    crystals = tuple(
        Crystal(
            name,
            crystalline * volume / total,
            min(size, solid.domain_ratio * thickness),
            solid.microstrain,
            strain,
            (0, 0, 1),
            march[name],
        )
        for name, volume in volumes.items()
        if crystalline * volume / total > AMORPHOUS
    )
    dense = (volumes["licoo2"] * layered.density_kg_m3 + volumes["co3o4"] * spinel.density_kg_m3) / total
    index = complex(solid.refractive_index, solid.extinction)
    oxygen = 2.0 * float(film.licoo2_fraction) + 4.0 / 3.0 * float(film.co3o4_fraction)

    def refractive_index(wavelength_m: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
        return np.full(np.shape(wavelength_m), index)

    layer = FilmLayer(
        thickness,
        {"Li": float(film.li_co_ratio), "Co": 1.0, "O": oxygen},
        dense * (crystalline + (1.0 - crystalline) * solid.amorphous_ratio),
        solid.roughness_ratio * size,
        refractive_index,
        crystals,
    )
    return Specimen(sample_id, PLATE, length_m, width_m, (layer,))


def march_parameter(film: Outputs, texture: Texture) -> float:
    """r for which the system's (003)/(104) ratio is that of the film; at the ends of `MARCH` where none is.

    The ratio falls with r: bisection in ln r to 1e-10. A film without crystals has no orientation and gets 1.
    """
    amount = float(film.licoo2_fraction * film.crystalline_fraction)
    if amount < AMORPHOUS:
        return 1.0
    low, high = (math.log(end) for end in MARCH)
    for _ in range(40):
        middle = 0.5 * (low + high)
        ratio = peak_ratio(math.exp(middle), amount, film.thickness_m, texture)
        low, high = (middle, high) if ratio > film.texture_ratio else (low, middle)
    return math.exp(0.5 * (low + high))
