"""Spectra of a film model and their slopes along its parameters, for least squares. Loops, hence Numba (or NumPy).

Parameters are one array in the order of `PARAMETERS`. Derivatives of the permittivity are closed or, of the
Tauc-Lorentz shape, forward differences; those of the sample along n, k, thickness and roughness are forward
differences of steps that leave a relative error below 1e-5. Everything else is the chain rule with dN = dε/(2N), so
all thirteen slopes cost five spectra.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp  # noqa: F401  marks a physics module

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import (
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
from tansaki.twin.measurement.optical.film_spectrum import FilmModel, film_fractions_of, rough_film_fractions

PARAMETERS = (
    "thickness_m",
    "roughness_m",
    "epsilon_infinity",
    "amplitude_ev",
    "peak_ev",
    "broadening_ev",
    "gap_ev",
    "plasma_ev2",
    "damping_ev",
    "localised_strength",
    "localised_energy_ev",
    "localised_broadening_ev",
    "void_fraction",
)
PEAK, BROADENING = PARAMETERS.index("peak_ev"), PARAMETERS.index("broadening_ev")
BROADEST = 1.9
"""Broadening over the peak at most: from 2 on the closed form of Tauc-Lorentz has no root."""
_STEP = 1e-6
_STEP_M = 1e-14


def model_of(p: Scalar) -> FilmModel:
    """The film of one array of parameters."""
    return FilmModel(
        p[0], p[1], TaucLorentz(p[2], p[3], p[4], p[5], p[6]), p[7], p[8], Lorentz(p[9], p[10], p[11]), p[12]
    )


def spectra(p: Scalar, wavelength_m: Scalar, plate_index: Scalar, found: Scalar) -> None:
    """Fill ``found[0]`` with T and ``found[1]`` with R at every wavelength."""
    model = model_of(p)
    for i in range(len(wavelength_m)):
        sample = film_fractions_of(wavelength_m[i], model, plate_index[i])
        found[0, i] = sample.transmitted
        found[1, i] = sample.reflected


def solid_slopes(energy_ev: Scalar, m: FilmModel, real: Scalar, imaginary: Scalar) -> Dielectric:
    """ε of the solid; derivatives of its parts along the parameters from the third to the last but one, filled in."""
    b, o = m.bound, m.localised
    here = tauc_lorentz(energy_ev, b)
    real[2], imaginary[2] = 1.0, 0.0
    real[3], imaginary[3] = (here.real - b.epsilon_infinity) / b.amplitude_ev, here.imaginary / b.amplitude_ev
    step = _STEP * b.peak_ev
    moved = tauc_lorentz(
        energy_ev, TaucLorentz(b.epsilon_infinity, b.amplitude_ev, b.peak_ev + step, b.broadening_ev, b.gap_ev)
    )
    real[4], imaginary[4] = (moved.real - here.real) / step, (moved.imaginary - here.imaginary) / step
    step = _STEP * b.broadening_ev
    moved = tauc_lorentz(
        energy_ev, TaucLorentz(b.epsilon_infinity, b.amplitude_ev, b.peak_ev, b.broadening_ev + step, b.gap_ev)
    )
    real[5], imaginary[5] = (moved.real - here.real) / step, (moved.imaginary - here.imaginary) / step
    step = _STEP * b.gap_ev
    moved = tauc_lorentz(
        energy_ev, TaucLorentz(b.epsilon_infinity, b.amplitude_ev, b.peak_ev, b.broadening_ev, b.gap_ev + step)
    )
    real[6], imaginary[6] = (moved.real - here.real) / step, (moved.imaginary - here.imaginary) / step
    inverse = 1.0 / (energy_ev * energy_ev + m.damping_ev * m.damping_ev)
    free = m.plasma_ev2 * inverse
    real[7], imaginary[7] = -inverse, m.damping_ev * inverse / energy_ev
    change = -2.0 * m.damping_ev * free * inverse
    real[8], imaginary[8] = -change, (change * m.damping_ev + free) / energy_ev
    unit = lorentz(energy_ev, Lorentz(1.0, o.energy_ev, o.broadening_ev))
    real[9], imaginary[9] = unit.real, unit.imaginary
    step = _STEP * o.energy_ev
    band = lorentz(energy_ev, Lorentz(1.0, o.energy_ev + step, o.broadening_ev))
    scale = o.strength / step
    real[10], imaginary[10] = scale * (band.real - unit.real), scale * (band.imaginary - unit.imaginary)
    step = _STEP * o.broadening_ev
    band = lorentz(energy_ev, Lorentz(1.0, o.energy_ev, o.broadening_ev + step))
    scale = o.strength / step
    real[11], imaginary[11] = scale * (band.real - unit.real), scale * (band.imaginary - unit.imaginary)
    return Dielectric(
        here.real - free + o.strength * unit.real,
        here.imaginary + free * m.damping_ev / energy_ev + o.strength * unit.imaginary,
    )


def permittivity_slopes(energy_ev: Scalar, m: FilmModel, real: Scalar, imaginary: Scalar) -> Dielectric:
    """ε of the film, and the derivatives of its parts along the parameters from the third on, filled in."""
    void, f = Dielectric(1.0, 0.0), m.void_fraction
    solid = solid_slopes(energy_ev, m, real, imaginary)
    here = bruggeman_dielectric(f, void, solid)
    # The mixture is an analytic function of the solid's ε: one derivative serves both parts.
    moved = bruggeman_dielectric(f, void, Dielectric(solid.real + _STEP, solid.imaginary))
    by_r, by_i = (moved.real - here.real) / _STEP, (moved.imaginary - here.imaginary) / _STEP
    for j in range(2, len(real) - 1):
        part_r, part_i = real[j], imaginary[j]
        real[j], imaginary[j] = by_r * part_r - by_i * part_i, by_r * part_i + by_i * part_r
    moved = bruggeman_dielectric(f + _STEP, void, solid)
    real[-1], imaginary[-1] = (moved.real - here.real) / _STEP, (moved.imaginary - here.imaginary) / _STEP
    return here


def slopes(
    p: Scalar, wavelength_m: Scalar, plate_index: Scalar, found: Scalar, along: Scalar, real: Scalar, imaginary: Scalar
) -> None:
    """As `spectra`, and ``along[0 or 1, wavelength, parameter]`` with the derivatives of T and R.

    `real` and `imaginary` are room for one number a parameter.
    """
    model = model_of(p)
    for i in range(len(wavelength_m)):
        light, plate = wavelength_m[i], plate_index[i]
        index = refractive_index(permittivity_slopes(photon_energy_ev(light), model, real, imaginary))
        n, k = index.n, index.k
        thick, rough = model.thickness_m, model.roughness_m
        here = rough_film_fractions(index, thick, rough, plate, light)
        step_n, step_d = _STEP * n, _STEP * thick
        by_n = rough_film_fractions(RefractiveIndex(n + step_n, k), thick, rough, plate, light)
        by_k = rough_film_fractions(RefractiveIndex(n, k + _STEP), thick, rough, plate, light)
        by_d = rough_film_fractions(index, thick + step_d, rough, plate, light)
        by_r = rough_film_fractions(index, thick, rough + _STEP_M, plate, light)
        found[0, i], found[1, i] = here.transmitted, here.reflected
        along[0, i, 0] = (by_d.transmitted - here.transmitted) / step_d
        along[1, i, 0] = (by_d.reflected - here.reflected) / step_d
        along[0, i, 1] = (by_r.transmitted - here.transmitted) / _STEP_M
        along[1, i, 1] = (by_r.reflected - here.reflected) / _STEP_M
        t_n, t_k = (by_n.transmitted - here.transmitted) / step_n, (by_k.transmitted - here.transmitted) / _STEP
        r_n, r_k = (by_n.reflected - here.reflected) / step_n, (by_k.reflected - here.reflected) / _STEP
        half = 0.5 / (n * n + k * k)
        for j in range(2, len(p)):
            n_j = half * (real[j] * n + imaginary[j] * k)
            k_j = half * (imaginary[j] * n - real[j] * k)
            along[0, i, j] = t_n * n_j + t_k * k_j
            along[1, i, j] = r_n * n_j + r_k * k_j
