"""Transmittance and reflectance of one film with a rough face on a thick plate: what the analysis of a spectrum fits.

The film is the same at every depth: a solid with voids as empty spheres (Bruggeman), whose permittivity is
Tauc-Lorentz + free electrons (Drude) + one band of localised electrons (Lorentz). Its face is a half-filled layer
(`tansaki.twin.film.stack.rough_face`), and what roughness of lateral size above the wavelength scatters is lost to the
specular beams: R by exp(−(4πσ/λ)²), T by exp(−(2πσ(n − 1)/λ)²) (scalar theory of a Gaussian face, Bennett & Porteus,
J. Opt. Soc. Am. 51, 123 (1961); the form for T follows from the optical path).

Normal incidence: the 5 to 8° of a reflectance accessory shorten the path in a film of index 2.3 by less than 2e-3.
Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import (
    REDUCED_PLANCK_EV_S,
    VACUUM_PERMITTIVITY_F_M,
    Dielectric,
    Lorentz,
    RefractiveIndex,
    TaucLorentz,
    bruggeman_dielectric,
    lorentz,
    photon_energy_ev,
    refractive_index,
    tauc_lorentz,
)
from tansaki.twin.film.stack import SampleFractions, layer_fractions, on_plate, rough_face


class FilmModel(NamedTuple):
    """One film."""

    thickness_m: Scalar
    """Up to the mean height of the rough face."""
    roughness_m: Scalar
    """Root mean square; below the thickness."""
    bound: TaucLorentz
    plasma_ev2: Scalar
    """(ħω_p)² of the free electrons."""
    damping_ev: Scalar
    """Of the free electrons."""
    localised: Lorentz
    void_fraction: Scalar


def solid_dielectric(energy_ev: Scalar, m: FilmModel) -> Dielectric:
    """ε between the voids, at a photon energy."""
    bound = tauc_lorentz(energy_ev, m.bound)
    # `drude` takes a root of the square; a fit wants the square, which may come out below zero.
    free = m.plasma_ev2 / (energy_ev * energy_ev + m.damping_ev * m.damping_ev)
    trapped = lorentz(energy_ev, m.localised)
    return Dielectric(
        bound.real - free + trapped.real, bound.imaginary + free * m.damping_ev / energy_ev + trapped.imaginary
    )


def film_dielectric(energy_ev: Scalar, m: FilmModel) -> Dielectric:
    """ε of the film at a photon energy."""
    return bruggeman_dielectric(m.void_fraction, Dielectric(1.0, 0.0), solid_dielectric(energy_ev, m))


def film_resistivity_ohm_m(m: FilmModel) -> Scalar:
    """ρ for direct current: Drude's of the solid, and spheres that do not conduct (Bruggeman), 1/(1 − 3f/2)."""
    solid = REDUCED_PLANCK_EV_S / VACUUM_PERMITTIVITY_F_M * m.damping_ev / m.plasma_ev2
    return solid / (1.0 - 1.5 * m.void_fraction)


def scattered_less(
    sample: SampleFractions, index_n: Scalar, roughness_m: Scalar, wavelength_m: Scalar
) -> SampleFractions:
    """Specular R and T of a sample whose upper face, of a film of index `index_n`, scatters."""
    phase = 2.0 * xp.pi * roughness_m / wavelength_m
    through = phase * (index_n - 1.0)
    return SampleFractions(
        sample.reflected * xp.exp(-4.0 * phase * phase), sample.transmitted * xp.exp(-through * through)
    )


def rough_film_fractions(
    index: RefractiveIndex, thickness_m: Scalar, roughness_m: Scalar, plate_index: Scalar, wavelength_m: Scalar
) -> SampleFractions:
    """R and T of a sample: one film of `index` with a rough face on a plate in air."""
    films = layer_fractions(rough_face(index, thickness_m, roughness_m), plate_index, wavelength_m)
    return scattered_less(on_plate(films, plate_index), index.n, roughness_m, wavelength_m)


def film_fractions_of(wavelength_m: Scalar, m: FilmModel, plate_index: Scalar) -> SampleFractions:
    """R and T of the sample at one wavelength."""
    index = refractive_index(film_dielectric(photon_energy_ev(wavelength_m), m))
    return rough_film_fractions(index, m.thickness_m, m.roughness_m, plate_index, wavelength_m)
