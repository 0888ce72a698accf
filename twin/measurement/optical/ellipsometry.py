"""Polarised light reflected by films on a plate, as an ellipsometer sees it, and its slopes for least squares.

tan ψ e^(iΔ) = r_p/r_s in the convention of Azzam and Bashara, `Ellipsometry and Polarized Light` (1977): time factor
e^(+iωt) (N = n − ik) and r_p = −r_s at normal incidence, so that Δ of a bare transparent face is 180° below its
Brewster angle and 0° above. The amplitudes of `tansaki.twin.film.stack` (e^(−iωt), r_p = r_s at normal incidence) give
−(r_p/r_s)*. What is measured is a mean over the beam::

    N = cos 2ψ = ⟨|r_s|² − |r_p|²⟩/I,   C + iS = sin 2ψ e^(iΔ) = −2⟨r_p r_s*⟩*/I,   I = ⟨|r_s|² + |r_p|²⟩

and √(N² + C² + S²) < 1, the degree of polarisation, where parts of the beam differ. Light from the back face of a
transparent plate is such a part: its echoes A ρ^m (A = t t' r_b, ρ = r' r_b) add without interference.

Written for `tansaki.twin.backends.bind`; the functions that fill arrays loop, hence Numba (or NumPy).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import RefractiveIndex, photon_energy_ev, refractive_index
from tansaki.twin.film.stack import Layer, air_admittance, rough_face, slanted, slanted_amplitudes
from tansaki.twin.measurement.optical.spectrum_slopes import model_of, permittivity_slopes

_STEP = 1e-6
_STEP_M = 1e-14
"""Of forward differences; they leave a relative error below 1e-5."""


class Beam(NamedTuple):
    """Intensity and, times it, the polarisation of a beam; beams without interference add."""

    total: Scalar
    n: Scalar
    c: Scalar
    s: Scalar


class Plate(NamedTuple):
    """What carries the films."""

    refractive_index: RefractiveIndex
    back_side: Scalar
    """Share of the light from the back face that the detector receives; 0 for a plate that absorbs."""


def reflected_beam(layers: tuple[Layer, ...], plate: Plate, wavelength_m: Scalar, angle_rad: Scalar) -> Beam:
    """Films on a plate, the one next to the air first; of light with |E_s| = |E_p| = 1 at `angle_rad` < π/2."""
    of_s = slanted_amplitudes(layers, plate.refractive_index, wavelength_m, angle_rad, 0.0)
    of_p = slanted_amplitudes(layers, plate.refractive_index, wavelength_m, angle_rad, 1.0)
    r_s = of_s.reflection.real + 1j * of_s.reflection.imaginary
    r_p = of_p.reflection.real + 1j * of_p.reflection.imaginary
    sine = xp.sin(angle_rad)
    inside_s = slanted(plate.refractive_index, sine, 0.0).admittance_r / air_admittance(angle_rad, 0.0)
    inside_p = slanted(plate.refractive_index, sine, 1.0).admittance_r / air_admittance(angle_rad, 1.0)
    # Back face from the inside, then twice across the films: t' = t η/η₀.
    face_s, face_p = (inside_s - 1.0) / (inside_s + 1.0), (inside_p - 1.0) / (inside_p + 1.0)
    t_s = of_s.transmission.real + 1j * of_s.transmission.imaginary
    t_p = of_p.transmission.real + 1j * of_p.transmission.imaginary
    first_s, first_p = t_s * t_s * inside_s * face_s, t_p * t_p * inside_p * face_p
    again_s = face_s * (of_s.reflection_inside.real + 1j * of_s.reflection_inside.imaginary)
    again_p = face_p * (of_p.reflection_inside.real + 1j * of_p.reflection_inside.imaginary)
    share = plate.back_side
    power_s = _square(r_s) + share * _square(first_s) / (1.0 - _square(again_s))
    power_p = _square(r_p) + share * _square(first_p) / (1.0 - _square(again_p))
    mixed = r_p * xp.conj(r_s) + share * first_p * xp.conj(first_s) / (1.0 - again_p * xp.conj(again_s))
    return Beam(power_s + power_p, power_s - power_p, -2.0 * mixed.real, 2.0 * mixed.imag)


def _square(amplitude: Scalar) -> Scalar:
    return amplitude.real * amplitude.real + amplitude.imag * amplitude.imag


def direction(beam: Beam) -> tuple[Scalar, Scalar, Scalar]:
    """(N, C, S) of the polarised part, of length 1."""
    inverse = 1.0 / xp.sqrt(beam.n * beam.n + beam.c * beam.c + beam.s * beam.s)
    return beam.n * inverse, beam.c * inverse, beam.s * inverse


def psi_delta_rad(beam: Beam) -> tuple[Scalar, Scalar]:
    """ψ in 0 … π/2 and Δ in −π … π of the polarised part."""
    across = xp.sqrt(beam.c * beam.c + beam.s * beam.s)
    return 0.5 * xp.arctan2(across, beam.n), xp.arctan2(beam.s, beam.c)


def rough_film_direction(
    index: RefractiveIndex,
    thickness_m: Scalar,
    roughness_m: Scalar,
    plate: Plate,
    wavelength_m: Scalar,
    angle_rad: Scalar,
) -> tuple[Scalar, Scalar, Scalar]:
    """`direction` of one film with a rough face."""
    return direction(reflected_beam(rough_face(index, thickness_m, roughness_m), plate, wavelength_m, angle_rad))


def directions(
    p: Scalar,
    wavelength_m: Scalar,
    angle_rad: Scalar,
    plate_n: Scalar,
    plate_k: Scalar,
    back_side: Scalar,
    found: Scalar,
    along: Scalar,
    real: Scalar,
    imaginary: Scalar,
) -> None:
    """Fill ``found[angle, wavelength, 3]`` with `direction`, ``along[angle, wavelength, 3, parameter]`` with slopes.

    `p` holds the film of `tansaki.twin.measurement.optical.spectrum_slopes`; the last parameter of `along` is the angle
    of incidence. `real` and `imaginary` are room for one number a parameter of the film.
    """
    model, number = model_of(p), len(p)
    thick, rough = model.thickness_m, model.roughness_m
    for i in range(len(wavelength_m)):
        light = wavelength_m[i]
        index = refractive_index(permittivity_slopes(photon_energy_ev(light), model, real, imaginary))
        n, k = index.n, index.k
        step_n, step_d = _STEP * n, _STEP * thick
        half = 0.5 / (n * n + k * k)
        plate = Plate(RefractiveIndex(plate_n[i], plate_k[i]), back_side)
        for j in range(len(angle_rad)):
            angle = angle_rad[j]
            here = rough_film_direction(index, thick, rough, plate, light, angle)
            by_n = rough_film_direction(RefractiveIndex(n + step_n, k), thick, rough, plate, light, angle)
            by_k = rough_film_direction(RefractiveIndex(n, k + _STEP), thick, rough, plate, light, angle)
            by_d = rough_film_direction(index, thick + step_d, rough, plate, light, angle)
            by_r = rough_film_direction(index, thick, rough + _STEP_M, plate, light, angle)
            by_a = rough_film_direction(index, thick, rough, plate, light, angle + _STEP)
            for axis in range(3):
                found[j, i, axis] = here[axis]
                along[j, i, axis, 0] = (by_d[axis] - here[axis]) / step_d
                along[j, i, axis, 1] = (by_r[axis] - here[axis]) / _STEP_M
                slope_n, slope_k = (by_n[axis] - here[axis]) / step_n, (by_k[axis] - here[axis]) / _STEP
                for q in range(2, number):
                    n_q = half * (real[q] * n + imaginary[q] * k)
                    k_q = half * (imaginary[q] * n - real[q] * k)
                    along[j, i, axis, q] = slope_n * n_q + slope_k * k_q
                along[j, i, axis, number] = (by_a[axis] - here[axis]) / _STEP
