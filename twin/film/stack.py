"""Light through films on a thick plate: coherent in the films, incoherent in the plate; any angle, s and p.

Characteristic matrices (Abelès), time factor e^(−iωt), N = n + ik. With sin θ in the air and q = √(N² − sin²θ), a film
turns phases by δ = 2πqd/λ; its admittance η is q for s and N²/q for p light, both N at normal incidence. The tangential
fields B (electric) and C (magnetic) are C/B = η at the face of a half-space, and at the front of a film::

    B ← cos δ B − i sin δ C/η,   C ← −i η sin δ B + cos δ C

Both are divided by e^b with b = Im δ, so that thick absorbing films underflow in T instead of overflowing. In front,
with the admittance η₀ of the air, r = (η₀B − C)/(η₀B + C) and t = 2η₀e^(−Σb)/(η₀B + C), of tangential fields: r of p
light equals r of s light at normal incidence. What the plate sees follows from a second pair of fields with C/B = −η at
its face; the two are mixed such that nothing comes from the air. What a film absorbs is the difference of Re BC* at its
faces, here without the difference: with B = u + v, C = η(u − v) at its back and a = Re δ::

    Re η (1 − e^(−2b))(|u|² + |v|² e^(−2b)) + 4 Im η e^(−2b) sin a·(sin a Im uv* + cos a Re uv*)

so that single precision gives small losses too. The faces of the plate (millimetres, coherence length microns) add in
intensity.

Written for `tansaki.twin.backends.bind`, in real arithmetic: XLA takes twice as long for the same in complex numbers,
and this is as fast there as a closed form of one film. Arrays of films and wavelengths broadcast.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import Dielectric, RefractiveIndex, bruggeman_dielectric, refractive_index


class Layer(NamedTuple):
    """One film."""

    refractive_index: RefractiveIndex
    thickness_m: Scalar


class Wave(NamedTuple):
    """Light of one direction and polarisation in one material."""

    depth_r: Scalar
    """Of q; the phase grows by 2πq a wavelength of depth."""
    depth_i: Scalar
    admittance_r: Scalar
    """Of η."""
    admittance_i: Scalar


class Crossing(NamedTuple):
    """Characteristic matrix of one film of phase a + ib, over e^b."""

    cosine: Scalar
    """Of a."""
    sine: Scalar
    odd: Scalar
    """sinh b; cosh b is 1 less it."""
    damping: Scalar
    """b."""
    over_r: Scalar
    """Of −i sin δ/η."""
    over_i: Scalar
    times_r: Scalar
    """Of −iη sin δ."""
    times_i: Scalar


class Fields(NamedTuple):
    """Tangential fields at one plane, over e^`damping` of the films behind it."""

    b_r: Scalar
    b_i: Scalar
    c_r: Scalar
    c_i: Scalar
    damping: Scalar


class StackFields(NamedTuple):
    """Fields at the front of all films."""

    leaving: Fields
    """Where the plate holds the light that leaves through it."""
    arriving: Fields
    """Where the plate holds the light that comes from it."""
    absorbed: Scalar
    """In the films, in the first case, over the square of e^`damping`."""


class FilmFractions(NamedTuple):
    """Intensities of films between air and a half-space of the plate's material."""

    reflected: Scalar
    """Light from the air."""
    transmitted: Scalar
    """Either direction (reciprocity)."""
    reflected_inside: Scalar
    """Light from the plate; of a transparent plate only."""
    absorbed: Scalar
    """Light from the air."""


class Amplitude(NamedTuple):
    """A complex number."""

    real: Scalar
    imaginary: Scalar


class FilmAmplitudes(NamedTuple):
    """Tangential electric fields over that of the light which comes."""

    reflection: Amplitude
    """Light from the air."""
    transmission: Amplitude
    """Light from the air."""
    reflection_inside: Amplitude
    """Light from the plate."""


class SampleFractions(NamedTuple):
    """Intensities of the whole sample; the rest is absorbed."""

    reflected: Scalar
    transmitted: Scalar


def upright(index: RefractiveIndex) -> Wave:
    """Normal incidence."""
    return Wave(index.n, index.k, index.n, index.k)


def slanted(index: RefractiveIndex, sine: Scalar, parallel: Scalar) -> Wave:
    """Light that comes at an angle of the given `sine` in the air; `parallel` is 1 for p and 0 for s light."""
    n, k = index
    real, imaginary = n * n - k * k, 2.0 * n * k
    q = refractive_index(Dielectric(real - sine * sine, imaginary))
    inverse = 1.0 / (q.n * q.n + q.k * q.k)
    along_r, along_i = (real * q.n + imaginary * q.k) * inverse, (imaginary * q.n - real * q.k) * inverse
    return Wave(q.n, q.k, q.n + parallel * (along_r - q.n), q.k + parallel * (along_i - q.k))


def crossing(wave: Wave, thickness_m: Scalar, wavelength_m: Scalar) -> Crossing:
    """Of one film."""
    turn = 2.0 * xp.pi * thickness_m / wavelength_m
    n, k = wave.admittance_r, wave.admittance_i
    damping = wave.depth_i * turn
    # sinh b and cosh b over e^b.
    odd = -0.5 * xp.expm1(-2.0 * damping)
    even = 1.0 - odd
    cosine, sine = xp.cos(wave.depth_r * turn), xp.sin(wave.depth_r * turn)
    # −i sin δ.
    s_r, s_i = cosine * odd, -sine * even
    inverse = 1.0 / (n * n + k * k)
    return Crossing(
        cosine,
        sine,
        odd,
        damping,
        (s_r * n + s_i * k) * inverse,
        (s_i * n - s_r * k) * inverse,
        s_r * n - s_i * k,
        s_r * k + s_i * n,
    )


def at_plate(plate: Wave, sign: float) -> Fields:
    """At the face of the plate: one wave, which leaves through it (`sign` 1) or comes from it (−1)."""
    zero = 0.0 * plate.admittance_r
    return Fields(1.0 + zero, zero, sign * plate.admittance_r, sign * plate.admittance_i, zero)


def through(film: Crossing, back: Fields) -> Fields:
    """At the front of a film from those at its back."""
    m = film
    cos_r, cos_i = m.cosine * (1.0 - m.odd), -m.sine * m.odd
    return Fields(
        cos_r * back.b_r - cos_i * back.b_i + m.over_r * back.c_r - m.over_i * back.c_i,
        cos_r * back.b_i + cos_i * back.b_r + m.over_r * back.c_i + m.over_i * back.c_r,
        m.times_r * back.b_r - m.times_i * back.b_i + cos_r * back.c_r - cos_i * back.c_i,
        m.times_r * back.b_i + m.times_i * back.b_r + cos_r * back.c_i + cos_i * back.c_r,
        back.damping + m.damping,
    )


def loss(wave: Wave, film: Crossing, back: Fields) -> Scalar:
    """What one film absorbs, over the square of e^`damping` at its front; from the fields at its back."""
    n, k = wave.admittance_r, wave.admittance_i
    twice = 1.0 - 2.0 * film.odd
    inverse = 1.0 / (n * n + k * k)
    ratio_r, ratio_i = (back.c_r * n + back.c_i * k) * inverse, (back.c_i * n - back.c_r * k) * inverse
    u_r, u_i = 0.5 * (back.b_r + ratio_r), 0.5 * (back.b_i + ratio_i)
    v_r, v_i = 0.5 * (back.b_r - ratio_r), 0.5 * (back.b_i - ratio_i)
    waves = u_r * u_r + u_i * u_i + twice * (v_r * v_r + v_i * v_i)
    standing = film.sine * (u_i * v_r - u_r * v_i) + film.cosine * (u_r * v_r + u_i * v_i)
    return 2.0 * film.odd * n * waves + 4.0 * k * twice * film.sine * standing


def upright_fields(layers: tuple[Layer, ...], plate: RefractiveIndex, wavelength_m: Scalar) -> StackFields:
    """Films at normal incidence, the one next to the air first."""
    face = upright(plate)
    leaving, arriving = at_plate(face, 1.0), at_plate(face, -1.0)
    absorbed = 0.0 * leaving.b_r
    for layer in layers[::-1]:
        wave = upright(layer.refractive_index)
        film = crossing(wave, layer.thickness_m, wavelength_m)
        absorbed = absorbed * (1.0 - 2.0 * film.odd) + loss(wave, film, leaving)
        leaving, arriving = through(film, leaving), through(film, arriving)
    return StackFields(leaving, arriving, absorbed)


def slanted_fields(
    layers: tuple[Layer, ...], plate: RefractiveIndex, wavelength_m: Scalar, sine: Scalar, parallel: Scalar
) -> StackFields:
    """Films at an angle, the one next to the air first; `sine` and `parallel` as of `slanted`."""
    face = slanted(plate, sine, parallel)
    leaving, arriving = at_plate(face, 1.0), at_plate(face, -1.0)
    absorbed = 0.0 * leaving.b_r
    for layer in layers[::-1]:
        wave = slanted(layer.refractive_index, sine, parallel)
        film = crossing(wave, layer.thickness_m, wavelength_m)
        absorbed = absorbed * (1.0 - 2.0 * film.odd) + loss(wave, film, leaving)
        leaving, arriving = through(film, leaving), through(film, arriving)
    return StackFields(leaving, arriving, absorbed)


def fractions(stack: StackFields, air_admittance: Scalar, plate_admittance_r: Scalar) -> FilmFractions:
    """Intensities; admittances of air and plate (real part) for the light of the fields."""
    a, out, into = air_admittance, stack.leaving, stack.arriving
    whole = 1.0 / ((a * out.b_r + out.c_r) ** 2 + (a * out.b_i + out.c_i) ** 2)
    return FilmFractions(
        ((a * out.b_r - out.c_r) ** 2 + (a * out.b_i - out.c_i) ** 2) * whole,
        4.0 * a * plate_admittance_r * xp.exp(-2.0 * out.damping) * whole,
        ((a * into.b_r + into.c_r) ** 2 + (a * into.b_i + into.c_i) ** 2) * whole,
        4.0 * a * stack.absorbed * whole,
    )


def amplitudes(stack: StackFields, air_admittance: Scalar) -> FilmAmplitudes:
    """Complex amplitudes; admittance of the air for the light of the fields."""
    a, out, into = air_admittance, stack.leaving, stack.arriving
    sum_r, sum_i = a * out.b_r + out.c_r, a * out.b_i + out.c_i
    whole = 1.0 / (sum_r * sum_r + sum_i * sum_i)
    less_r, less_i = a * out.b_r - out.c_r, a * out.b_i - out.c_i
    back_r, back_i = a * into.b_r + into.c_r, a * into.b_i + into.c_i
    crossed = 2.0 * a * xp.exp(-out.damping) * whole
    return FilmAmplitudes(
        Amplitude((less_r * sum_r + less_i * sum_i) * whole, (less_i * sum_r - less_r * sum_i) * whole),
        Amplitude(crossed * sum_r, -crossed * sum_i),
        Amplitude(-(back_r * sum_r + back_i * sum_i) * whole, (back_r * sum_i - back_i * sum_r) * whole),
    )


def layer_fractions(layers: tuple[Layer, ...], plate_index: Scalar, wavelength_m: Scalar) -> FilmFractions:
    """Films on a transparent half-space at normal incidence, the one next to the air first; at least one.

    Thickness may be zero; n > 0, k ≥ 0.
    """
    fields = upright_fields(layers, RefractiveIndex(plate_index, 0.0 * plate_index), wavelength_m)
    return fractions(fields, 1.0, plate_index)


def slanted_fractions(
    layers: tuple[Layer, ...], plate: RefractiveIndex, wavelength_m: Scalar, angle_rad: Scalar, parallel: Scalar
) -> FilmFractions:
    """As `layer_fractions` for light that comes at `angle_rad` < π/2; p for `parallel` 1, s for 0."""
    sine = xp.sin(angle_rad)
    fields = slanted_fields(layers, plate, wavelength_m, sine, parallel)
    return fractions(fields, air_admittance(angle_rad, parallel), slanted(plate, sine, parallel).admittance_r)


def slanted_amplitudes(
    layers: tuple[Layer, ...], plate: RefractiveIndex, wavelength_m: Scalar, angle_rad: Scalar, parallel: Scalar
) -> FilmAmplitudes:
    """Amplitudes of the light of `slanted_fractions`."""
    fields = slanted_fields(layers, plate, wavelength_m, xp.sin(angle_rad), parallel)
    return amplitudes(fields, air_admittance(angle_rad, parallel))


def air_admittance(angle_rad: Scalar, parallel: Scalar) -> Scalar:
    """cos θ for s, 1/cos θ for p light."""
    cosine = xp.cos(angle_rad)
    return cosine + parallel * (1.0 / cosine - cosine)


def on_plate(films: FilmFractions, plate_index: Scalar) -> SampleFractions:
    """The sample with the bare back face of its transparent plate, all echoes between the faces summed.

    T = T_f T_b/(1 − R'_f R_b), R = R_f + T_f² R_b/(1 − R'_f R_b), R_b = ((n − 1)/(n + 1))².
    """
    face = ((plate_index - 1.0) / (plate_index + 1.0)) ** 2
    echoes = films.transmitted / (1.0 - films.reflected_inside * face)
    return SampleFractions(films.reflected + films.transmitted * face * echoes, (1.0 - face) * echoes)


def rough_face(index: RefractiveIndex, thickness_m: Scalar, roughness_m: Scalar) -> tuple[Layer, Layer]:
    """A film whose upper face is rough: a layer of half film, half void (Bruggeman) on the rest of the film.

    The layer is 2σ high, the height of a face of two levels, in equal parts, that has the rms roughness σ;
    `thickness_m` is up to the mean height. For roughness well below the wavelength, whose light is not scattered;
    σ ≤ thickness.
    """
    dense = Dielectric(index.n * index.n - index.k * index.k, 2.0 * index.n * index.k)
    mixed = refractive_index(bruggeman_dielectric(0.5, Dielectric(1.0, 0.0), dense))
    return Layer(mixed, 2.0 * roughness_m), Layer(index, thickness_m - roughness_m)
