"""Four contacts at the corners of a square: sheet resistance by van der Pauw, Hall resistance, finite contacts.

The square is mapped onto the unit disc, where transfer resistances are logarithms of chords. A contact that covers a
corner becomes an arc, whose centre is off the corner where its two arms differ. Finite contacts enter to first order:
per contact of arc length d on a disc of diameter D, Rs appears smaller by d²/(16D² ln 2) and the Hall voltage by
2d/(π²D) (van der Pauw, Philips Res. Rep. 13, 1 (1958), remembered; confirmed by a solution of the disc in the tests).
Angles in rad, counterclockwise as seen from where the field points to; `half` is the half-width of an arc, = d/D.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`); resistances are per unit sheet resistance.
"""

import math
from typing import Any, TypeAlias

import numpy as xp

from tansaki.twin.units import ELEMENTARY_CHARGE_C

Number: TypeAlias = Any
"""A float; under NumPy also an array, elementwise."""

LN2 = math.log(2.0)
# s = CORNER·(side)·√θ near a corner: √2 over the lemniscate constant 2.62205755...
CORNER = math.sqrt(2.0) / 2.6220575542921198
ITERATIONS = 5
# Mean of (distance from the centre/side)² as the two sides together and the diagonals weigh a film's resistance.
SIDES_MEAN_SQUARE = 0.07936652963763
DIAGONALS_MEAN_SQUARE = 0.13998585569


def corner_angle(arm: Number, side: Number) -> Number:
    """Arc of the unit disc that maps onto the length `arm` along an edge of a square from its corner.

    s/side = CORNER·∫₀^θ dt/√(2 sin 2t), inverted: θ = x²(1 − 2x⁴/15), x = s/(CORNER·side); relative error 4e-5 at
    θ = 0.2 (s = 0.24·side), less below.
    """
    square = (arm / (CORNER * side)) ** 2
    return square * (1.0 - 2.0 * square * square / 15.0)


def chord(one: Number, other: Number) -> Number:
    """Distance between two angles on the unit disc."""
    return 2.0 * xp.abs(xp.sin(0.5 * (one - other)))


def transfer_resistance(source: Number, drain: Number, plus: Number, minus: Number) -> Number:
    """(V₊ − V₋)/(Rs·I) of point contacts at these angles: ln(|pb||ma|/|pa||mb|)/π, a source, b drain."""
    towards = chord(plus, drain) * chord(minus, source)
    return xp.log(towards / (chord(plus, source) * chord(minus, drain))) / math.pi


def driven_resistance(source: Number, drain: Number, source_half: Number, drain_half: Number) -> Number:
    """Voltage between two arcs over Rs·I: ln(c²/(h₁h₂/4))/π, since an arc acts as a point source of radius h/2."""
    length = chord(source, drain)
    return xp.log(4.0 * length * length / (source_half * drain_half)) / math.pi


def resistance_factor(halves: tuple[Number, Number, Number, Number]) -> Number:
    """Apparent over true sheet resistance: 1 − Σh²/(16 ln 2)."""
    h1, h2, h3, h4 = halves
    return 1.0 - (h1 * h1 + h2 * h2 + h3 * h3 + h4 * h4) / (16.0 * LN2)


def hall_factor(halves: tuple[Number, Number, Number, Number]) -> Number:
    """Apparent over true Hall voltage: 1 − 2Σh/π²."""
    h1, h2, h3, h4 = halves
    return 1.0 - 2.0 * (h1 + h2 + h3 + h4) / (math.pi * math.pi)


def sheet_resistance(first: Number, second: Number) -> Number:
    """Rs of exp(−πR_A/Rs) + exp(−πR_B/Rs) = 1, by Newton steps in 1/Rs from ln 2/(πR̄).

    The left side is convex in 1/Rs and not below 1 at the start, so the steps cannot overshoot. Exact to
    rounding for R_A/R_B between 1/30 and 30, to 1e-6 up to 100.
    """
    a, b = math.pi * first, math.pi * second
    inverse = 2.0 * LN2 / (a + b)
    for _ in range(ITERATIONS):
        x, y = xp.exp(-a * inverse), xp.exp(-b * inverse)
        inverse = inverse + (x + y - 1.0) / (a * x + b * y)
    return 1.0 / inverse


def sensitivity(first: Number, second: Number, sheet: Number) -> tuple[Number, Number]:
    """(∂Rs/∂R_A, ∂Rs/∂R_B) where `sheet` is Rs of both: Rs·x/(R_A·x + R_B·y), x and y the two exponentials."""
    x, y = xp.exp(-math.pi * first / sheet), xp.exp(-math.pi * second / sheet)
    total = first * x + second * y
    return sheet * x / total, sheet * y / total


def asymmetry_factor(ratio: Number) -> Number:
    """f in Rs = (π/ln 2)·f·(R_A + R_B)/2 for R_A/R_B = `ratio`."""
    return sheet_resistance(ratio, 1.0) * 2.0 * LN2 / (math.pi * (1.0 + ratio))


def uneven_factors(curvature: Number, side: Number) -> tuple[Number, Number]:
    """(Rs, Hall voltage) of a film over those of its centre, where the thickness falls as 1 − curvature·r².

    First order: the local resistance weighs as the product of the fields of the two terminal pairs (Koon, Rev. Sci.
    Instrum. 60, 271 (1989)), the local Hall resistance as their cross product. A slope drops out.
    """
    fall = curvature * side * side
    return 1.0 + SIDES_MEAN_SQUARE * fall, 1.0 + DIAGONALS_MEAN_SQUARE * fall


def hall_resistance(field_t: Number, sheet_density_m2: Number, sign: Number) -> Number:
    """V_H/I in ohm: B/(n e t) with the sign of the carriers; the Hall scattering factor is 1."""
    return sign * field_t / (ELEMENTARY_CHARGE_C * sheet_density_m2)
