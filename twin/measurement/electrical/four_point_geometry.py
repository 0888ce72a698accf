"""Current flow under four tips: transfer ratio G of a finite sample, V = Rs·I·G, and correction factors.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`). Lengths in any one unit.
"""

import math
from typing import Any, TypeAlias

import numpy as xp

Number: TypeAlias = Any
"""A float; under NumPy also an array, elementwise."""

# Rows of images on either side: the first one left out is weaker than e^(−11π) for a sample as long as wide.
IMAGES = 5
# Terms of the thickness series before its tail is integrated.
REFLECTIONS = 40


def row_potential(dx: Number, dy: Number, width: Number) -> Number:
    """ln(2cosh(πΔx/b) − 2cos(πΔy/b)): twice the sum of ln r over a row of images with period 2b along y.

    Written as |u| + ln((1 − e^−|u|)² + 4e^−|u| sin²(v/2)), which neither overflows nor cancels.
    """
    u = xp.abs(math.pi * dx / width)
    half = xp.sin(0.5 * math.pi * dy / width)
    return u + xp.log(xp.expm1(-u) ** 2 + 4.0 * xp.exp(-u) * half * half)


def row_potential_far(dx: Number, dy: Number, width: Number) -> Number:
    """`row_potential` less its |u|, which drops out of every four-point reading for rows beyond the sample."""
    decay = xp.exp(-xp.abs(math.pi * dx / width))
    return xp.log1p(decay * (decay - 2.0 * xp.cos(math.pi * dy / width)))


def point_potential(x: Number, y: Number, xs: Number, ys: Number, length: Number, width: Number) -> Number:
    """Potential at (x, y) for a unit current fed in at (xs, ys), per unit sheet resistance, up to a constant.

    Rectangle 0..length × 0..width with insulating edges and length ≥ width, by images. The constant (and what
    was left out with `row_potential_far`) is the same for every pair of tips that feeds and drains.
    """
    total = (
        row_potential(x - xs, y - ys, width)
        + row_potential(x - xs, y + ys, width)
        + row_potential_far(x + xs, y - ys, width)
        + row_potential_far(x + xs, y + ys, width)
    )
    for m in range(1, IMAGES + 1):
        shift = 2.0 * m * length
        for sign in (-1.0, 1.0):
            for mirrored in (x - xs, x + xs):
                total = (
                    total
                    + row_potential_far(mirrored + sign * shift, y - ys, width)
                    + row_potential_far(mirrored + sign * shift, y + ys, width)
                )
    return -total / (4.0 * math.pi)


def transfer_ratio(tips: tuple[Number, ...], length: Number, width: Number) -> Number:
    """G = (V₂ − V₃)/(Rs·I) for current in at tip 1 and out at tip 4 of a thin rectangular sample.

    `tips` are x₁, y₁ … x₄, y₄ from a corner; any position and rotation inside the sample. The sample may be
    wider than long: the images are then summed along the other axis.
    """
    x1, y1, x2, y2, x3, y3, x4, y4 = tips
    turned = width > length
    a, b = xp.where(turned, width, length), xp.where(turned, length, width)
    u1, v1 = xp.where(turned, y1, x1), xp.where(turned, x1, y1)
    u2, v2 = xp.where(turned, y2, x2), xp.where(turned, x2, y2)
    u3, v3 = xp.where(turned, y3, x3), xp.where(turned, x3, y3)
    u4, v4 = xp.where(turned, y4, x4), xp.where(turned, x4, y4)
    return (
        point_potential(u2, v2, u1, v1, a, b)
        - point_potential(u2, v2, u4, v4, a, b)
        - point_potential(u3, v3, u1, v1, a, b)
        + point_potential(u3, v3, u4, v4, a, b)
    )


def rectangle_factor(spacing: Number, length: Number, width: Number) -> Number:
    """C in Rs = C·V/I for tips in line along `length`, centred; π/ln 2 = 4.53236 on a large sample."""
    x, y = 0.5 * length, 0.5 * width
    tips = (x - 1.5 * spacing, y, x - 0.5 * spacing, y, x + 0.5 * spacing, y, x + 1.5 * spacing, y)
    return 1.0 / transfer_ratio(tips, length, width)


def circle_factor(diameter: Number, spacing: Number) -> Number:
    """C for tips in line through the centre of a disc: π/(ln 2 + ln[(r² + 3)/(r² − 3)]), r = d/s > 3 (Smits)."""
    square = (diameter / spacing) ** 2
    return math.pi / (math.log(2.0) + xp.log((square + 3.0) / (square - 3.0)))


def outer_ratio(spacing: Number, tip_radius: Number) -> Number:
    """Voltage between tips 1 and 4 over Rs·I on a large sheet, ln(3s/r)/π: what the current source must drive."""
    return xp.log(3.0 * spacing / tip_radius) / math.pi


def thickness_factor(thickness: Number, spacing: Number) -> Number:
    """F in Rs = C·F·V/I: exact image series of a slab, 1 for films, ∝ s/t for thick samples.

    F = 2 ln2 (s/t) / (1 + 4 Σ [1/√(1 + (nc)²) − 1/√(4 + (nc)²)]), c = 2t/s; the tail of the sum is integrated
    from N + ½ with the next term of the midpoint rule.
    """
    c = 2.0 * thickness / spacing
    total = 0.0
    for n in range(1, REFLECTIONS + 1):
        square = (n * c) ** 2
        total = total + 1.0 / xp.sqrt(1.0 + square) - 1.0 / xp.sqrt(4.0 + square)
    z = (REFLECTIONS + 0.5) * c
    tail = (math.log(2.0) - xp.arcsinh(z) + xp.arcsinh(0.5 * z)) / c
    slope = c * z * ((4.0 + z * z) ** -1.5 - (1.0 + z * z) ** -1.5)
    return 2.0 * math.log(2.0) / (0.5 * c) / (1.0 + 4.0 * (total + tail + slope / 24.0))
