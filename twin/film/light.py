"""What the eye sees of a film: transmittance and reflectance averaged over the visible.

∫T dλ/300 nm from 400 to 700 nm by seven Gauss-Legendre nodes in photon energy, in which interference fringes are
evenly spaced. Against a dense grid the average is off by at most 0.0005 for films of index 2.5 up to 200 nm, 0.003
up to 280 nm, 0.012 up to 500 nm. All wavelengths count alike: no spectrum of a lamp, no curve of the eye.

Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp  # noqa: F401  marks a physics module

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import (
    PLANCK_TIMES_LIGHT_EV_M,
    BursteinMoss,
    DopedOxide,
    porous_oxide,
    refractive_index,
)
from tansaki.twin.film.quadrature import gauss_legendre
from tansaki.twin.film.stack import Layer, SampleFractions, layer_fractions, on_plate

VISIBLE_RANGE_M = (400e-9, 700e-9)
VISIBLE_ENERGIES_EV, _ENERGY_WEIGHTS = gauss_legendre(
    7, PLANCK_TIMES_LIGHT_EV_M / VISIBLE_RANGE_M[1], PLANCK_TIMES_LIGHT_EV_M / VISIBLE_RANGE_M[0]
)
# dλ ∝ dE/E²; divided by their sum so that a constant is averaged exactly.
_WAVELENGTH_WEIGHTS = tuple(w / e**2 for e, w in zip(VISIBLE_ENERGIES_EV, _ENERGY_WEIGHTS, strict=True))
VISIBLE_WEIGHTS = tuple(w / sum(_WAVELENGTH_WEIGHTS) for w in _WAVELENGTH_WEIGHTS)


def visible_fractions(
    thickness_m: Scalar,
    carriers_m3: Scalar,
    mobility_m2_vs: Scalar,
    localised_m3: Scalar,
    void_fraction: Scalar,
    plate_index: Scalar,
    o: DopedOxide,
    b: BursteinMoss,
) -> SampleFractions:
    """Visible R and T of one conducting-oxide film on a transparent plate in air; n, μ > 0 as of the transport."""
    reflected = 0.0
    transmitted = 0.0
    for energy, weight in zip(VISIBLE_ENERGIES_EV, VISIBLE_WEIGHTS):  # noqa: B905  Numba's zip has no `strict`
        index = refractive_index(porous_oxide(energy, carriers_m3, mobility_m2_vs, localised_m3, void_fraction, o, b))
        film = layer_fractions((Layer(index, thickness_m),), plate_index, PLANCK_TIMES_LIGHT_EV_M / energy)
        sample = on_plate(film, plate_index)
        reflected = reflected + weight * sample.reflected
        transmitted = transmitted + weight * sample.transmitted
    return SampleFractions(reflected, transmitted)


def internal_transmittance(sample: SampleFractions) -> Scalar:
    """T/(1 − R), the share of the light that entered and left again."""
    return sample.transmitted / (1.0 - sample.reflected)
