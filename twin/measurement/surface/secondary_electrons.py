"""Brightness of a relief in secondary electrons: more from slopes and hills, fewer from valleys; and how it charges.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp


class Contrast(NamedTuple):
    """How brightness follows the relief."""

    tilt_power: float
    """κ of (1/cos θ)^κ."""
    shadow: float
    shadow_width_m: float
    """w: hills within it shade each other."""


def emission(slope_x: float, slope_y: float, above_m: float, c: Contrast) -> float:
    """Yield over that of a flat face: (1/cos θ)^κ·exp(a·Δh/w), 1/cos θ = √(1 + s_x² + s_y²).

    `above_m` is Δh, the height above the mean of the surroundings of width w. The power of the cosine follows from the
    longer way of the beam under a tilted face; the exponential, for hills small against w, is assumed.
    """
    steep = 1.0 + slope_x * slope_x + slope_y * slope_y
    return xp.exp(0.5 * c.tilt_power * xp.log(steep) + c.shadow * above_m / c.shadow_width_m)


def charging(beam_a: float, sheet_ohm_sq: float, onset_v: float) -> float:
    """Share, 0 to 1, of full charging: v/(v + onset), v = I·R_s, the voltage that carries the beam off."""
    volts = beam_a * sheet_ohm_sq
    return volts / (volts + onset_v)
