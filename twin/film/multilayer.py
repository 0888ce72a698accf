"""Many films on a half-space in real arithmetic: R and T by characteristic matrices, for stacks inside a surrogate.

The same physics as `tansaki.twin.film.stack.layer_fractions`, which is complex; XLA runs this several times as fast.
With the tangential fields B (electric) and C (magnetic), C/B = n_s at the face of the half-space of index n_s, a film
of index N = n + ik and phase δ = 2πNd/λ turns the fields at its back into those at its front (Abelès, normal
incidence, time factor e^(−iωt))::

    B ← cos δ B − i sin δ C/N,   C ← −i N sin δ B + cos δ C

Both are divided by e^b with b = Im δ, so that thick absorbing films underflow in T instead of overflowing. In front
of the films is air: r = (B − C)/(B + C), T = 4n_s e^(−2Σb)/|B + C|². What a film absorbs is the difference of Re BC*
at its faces, here without the difference: with B = u + v, C = N(u − v) at its back and a = Re δ::

    n(1 − e^(−2b))(|u|² + |v|² e^(−2b)) + 4k e^(−2b) sin a·(sin a Im uv* + cos a Re uv*)

so that single precision gives small losses too. Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.optical_constants import RefractiveIndex


class Fields(NamedTuple):
    """Tangential fields at one plane, real and imaginary parts, each over e^`damping` of the films behind it."""

    b_r: Scalar
    b_i: Scalar
    c_r: Scalar
    c_i: Scalar
    damping: Scalar
    absorbed: Scalar
    """In the films behind, over the square of the same e^`damping`."""


class StackFractions(NamedTuple):
    """Intensities for light from the air; they add up to 1."""

    reflected: Scalar
    transmitted: Scalar
    absorbed: Scalar


def behind(half_space_index: Scalar) -> Fields:
    """At the face of the half-space: one wave, which leaves."""
    zero = 0.0 * half_space_index
    return Fields(1.0 + zero, zero, half_space_index, zero, zero, zero)


def through(index: RefractiveIndex, thickness_m: Scalar, wavelength_m: Scalar, back: Fields) -> Fields:
    """At the front of a film from those at its back; n > 0, k ≥ 0, thickness ≥ 0."""
    n, k = index
    turn = 2.0 * xp.pi * thickness_m / wavelength_m
    damping = k * turn
    twice = xp.exp(-2.0 * damping)
    # cosh b and sinh b over e^b.
    odd = -0.5 * xp.expm1(-2.0 * damping)
    even = 1.0 - odd
    cosine, sine = xp.cos(n * turn), xp.sin(n * turn)
    cos_r, cos_i = cosine * even, -sine * odd
    # s = −i sin δ, then s·N and s/N.
    s_r, s_i = cosine * odd, -sine * even
    times_r, times_i = s_r * n - s_i * k, s_r * k + s_i * n
    inverse = 1.0 / (n * n + k * k)
    over_r, over_i = (s_r * n + s_i * k) * inverse, (s_i * n - s_r * k) * inverse
    ratio_r, ratio_i = (back.c_r * n + back.c_i * k) * inverse, (back.c_i * n - back.c_r * k) * inverse
    u_r, u_i = 0.5 * (back.b_r + ratio_r), 0.5 * (back.b_i + ratio_i)
    v_r, v_i = 0.5 * (back.b_r - ratio_r), 0.5 * (back.b_i - ratio_i)
    waves = u_r * u_r + u_i * u_i + twice * (v_r * v_r + v_i * v_i)
    standing = sine * (u_i * v_r - u_r * v_i) + cosine * (u_r * v_r + u_i * v_i)
    absorbed = 2.0 * odd * n * waves + 4.0 * k * twice * sine * standing
    return Fields(
        cos_r * back.b_r - cos_i * back.b_i + over_r * back.c_r - over_i * back.c_i,
        cos_r * back.b_i + cos_i * back.b_r + over_r * back.c_i + over_i * back.c_r,
        times_r * back.b_r - times_i * back.b_i + cos_r * back.c_r - cos_i * back.c_i,
        times_r * back.b_i + times_i * back.b_r + cos_r * back.c_i + cos_i * back.c_r,
        back.damping + damping,
        back.absorbed * twice + absorbed,
    )


def from_air(front: Fields, half_space_index: Scalar) -> StackFractions:
    """Films between air and the half-space."""
    whole = 1.0 / ((front.b_r + front.c_r) ** 2 + (front.b_i + front.c_i) ** 2)
    return StackFractions(
        ((front.b_r - front.c_r) ** 2 + (front.b_i - front.c_i) ** 2) * whole,
        4.0 * half_space_index * xp.exp(-2.0 * front.damping) * whole,
        4.0 * front.absorbed * whole,
    )
