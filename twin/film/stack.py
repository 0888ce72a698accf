"""Light through films on a thick transparent plate: coherent in the films, incoherent in the plate.

Normal incidence from air, R and T of air / films / plate / air. Each film is described by its index n + ik and
thickness; amplitudes at an interface are r = (N₁ − N₂)/(N₁ + N₂), t = 2N₁/(N₁ + N₂), a film multiplies by
q = e^(2πiNd/λ), and two scatterers a, b with a film between add up as

    r = r_a + t_a r_b t'_a q²/(1 − r'_a r_b q²),  t = t_a q t_b/(1 − r'_a r_b q²)

(Airy). This is the product of the characteristic matrices of Abelès in other variables; |q| ≤ 1, so thick absorbing
films underflow to zero instead of overflowing. The faces of the plate (millimetres, coherence length microns) add in
intensity.

`film_fractions` is one film in real arithmetic, four times as fast under XLA as the complex `layer_fractions`, which
takes any fixed number of films. Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import RefractiveIndex


class Layer(NamedTuple):
    """One film."""

    refractive_index: RefractiveIndex
    thickness_m: Scalar


class FilmFractions(NamedTuple):
    """Intensities of films between air and a half-space of the plate's material."""

    reflected: Scalar
    """Light from the air."""
    transmitted: Scalar
    """Either direction (reciprocity)."""
    reflected_inside: Scalar
    """Light from the plate."""


class SampleFractions(NamedTuple):
    """Intensities of the whole sample; the rest is absorbed."""

    reflected: Scalar
    transmitted: Scalar


class Scatterer(NamedTuple):
    """Complex amplitudes of a part of the stack; `back` is met from the plate's side."""

    reflection: Scalar
    back: Scalar
    forward_transmission: Scalar
    backward_transmission: Scalar


def film_fractions(film: Layer, plate_index: Scalar, wavelength_m: Scalar) -> FilmFractions:
    """One film on a half-space, the Airy formula in real arithmetic; n of film and plate > 0, k ≥ 0."""
    n, k = film.refractive_index
    modulus = n * n + k * k
    outer = 1.0 / ((1.0 + n) * (1.0 + n) + k * k)
    inner = 1.0 / ((n + plate_index) * (n + plate_index) + k * k)
    outer_real, outer_imaginary = (1.0 - modulus) * outer, -2.0 * k * outer
    inner_real, inner_imaginary = (modulus - plate_index * plate_index) * inner, 2.0 * k * plate_index * inner
    turn = 4.0 * xp.pi * film.thickness_m / wavelength_m
    decay = xp.exp(-k * turn)
    real, imaginary = decay * xp.cos(n * turn), decay * xp.sin(n * turn)
    # Light that crossed the film twice after the plate's face (there) and after the air's face (back).
    there_real = inner_real * real - inner_imaginary * imaginary
    there_imaginary = inner_real * imaginary + inner_imaginary * real
    back_real = outer_real * real - outer_imaginary * imaginary
    back_imaginary = outer_real * imaginary + outer_imaginary * real
    loop_real = 1.0 + outer_real * there_real - outer_imaginary * there_imaginary
    loop_imaginary = outer_real * there_imaginary + outer_imaginary * there_real
    loop = 1.0 / (loop_real * loop_real + loop_imaginary * loop_imaginary)
    return FilmFractions(
        ((outer_real + there_real) ** 2 + (outer_imaginary + there_imaginary) ** 2) * loop,
        16.0 * plate_index * modulus * outer * inner * decay * loop,
        ((inner_real + back_real) ** 2 + (inner_imaginary + back_imaginary) ** 2) * loop,
    )


def interface(first: Scalar, second: Scalar) -> Scatterer:
    """Amplitudes (Fresnel, normal incidence) between two complex indices, light coming from the first."""
    inverse = 1.0 / (first + second)
    reflection = (first - second) * inverse
    return Scatterer(reflection, -reflection, 2.0 * first * inverse, 2.0 * second * inverse)


def joined(a: Scatterer, crossing: Scalar, b: Scatterer) -> Scatterer:
    """`a`, a film that multiplies the amplitude by `crossing`, and `b`, as one scatterer."""
    twice = crossing * crossing
    inverse = 1.0 / (1.0 - a.back * b.reflection * twice)
    return Scatterer(
        a.reflection + a.forward_transmission * b.reflection * a.backward_transmission * twice * inverse,
        b.back + b.backward_transmission * a.back * b.forward_transmission * twice * inverse,
        a.forward_transmission * crossing * b.forward_transmission * inverse,
        b.backward_transmission * crossing * a.backward_transmission * inverse,
    )


def layer_fractions(layers: tuple[Layer, ...], plate_index: Scalar, wavelength_m: Scalar) -> FilmFractions:
    """Films on a half-space, the one next to the air first; at least one (its thickness may be zero)."""
    plate = plate_index + 0.0j
    previous = 0.0 * plate + 1.0
    total = Scatterer(0.0 * previous, 0.0 * previous, previous, previous)
    crossing = previous
    for layer in layers:
        index = layer.refractive_index.n + 1j * layer.refractive_index.k
        total = joined(total, crossing, interface(previous, index))
        crossing = xp.exp(2j * xp.pi * index * (layer.thickness_m / wavelength_m))
        previous = index
    total = joined(total, crossing, interface(previous, plate))
    return FilmFractions(
        intensity(total.reflection), plate_index * intensity(total.forward_transmission), intensity(total.back)
    )


def intensity(amplitude: Scalar) -> Scalar:
    """|amplitude|²."""
    return amplitude.real * amplitude.real + amplitude.imag * amplitude.imag


def on_plate(films: FilmFractions, plate_index: Scalar) -> SampleFractions:
    """The sample with the bare back face of its transparent plate, all echoes between the faces summed.

    T = T_f T_b/(1 − R'_f R_b), R = R_f + T_f² R_b/(1 − R'_f R_b), R_b = ((n − 1)/(n + 1))².
    """
    face = ((plate_index - 1.0) / (plate_index + 1.0)) ** 2
    echoes = films.transmitted / (1.0 - films.reflected_inside * face)
    return SampleFractions(films.reflected + films.transmitted * face * echoes, (1.0 - face) * echoes)
