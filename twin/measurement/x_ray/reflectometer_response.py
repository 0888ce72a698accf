"""From reflectivity to counts: what a reflectometer makes of a stack at one glancing angle.

Written for `tansaki.twin.backends.bind`. Count rates in 1/s before Poisson noise.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import math
from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.measurement.x_ray.diffraction_pattern import counted
from tansaki.twin.measurement.x_ray.parratt import Stack, reflectivity


class Response(NamedTuple):
    """The machine in one session on one mounting."""

    wavelength_m: Scalar
    intensity_per_s: Scalar
    """Of the direct beam."""
    footprint_ratio: Scalar
    """Length of the sample over width of the beam."""
    background_per_s: Scalar
    dead_time_s: Scalar


def momentum_transfer(glancing_rad: Scalar, wavelength_m: Scalar) -> Scalar:
    """q = 4π sin θ/λ (1/m)."""
    return 4.0 * math.pi * xp.sin(glancing_rad) / wavelength_m


def footprint(glancing_rad: Scalar, footprint_ratio: Scalar) -> Scalar:
    """Share of a beam of sharp edges that meets the sample: min(1, L sin θ/w)."""
    return xp.minimum(1.0, footprint_ratio * xp.sin(glancing_rad))


def mean_rate(
    glancing_rad: Scalar,
    nodes_rad: Scalar,
    weights: Scalar,
    stack: Stack,
    response: Response,
    transmission: Scalar,
) -> Scalar:
    """Recorded rate at one angle: reflectivity smeared by the beam's divergence, footprint, attenuator, background.

    `nodes_rad` and `weights` (nodes) integrate over the divergence, see `tansaki.twin.measurement.x_ray.divergence`;
    every node must stay above θ = 0. The background does not pass the attenuator.
    """
    q = momentum_transfer(glancing_rad + nodes_rad, response.wavelength_m)
    smeared = xp.sum(weights * reflectivity(q, stack))
    lit = footprint(glancing_rad, response.footprint_ratio)
    rate = transmission * response.intensity_per_s * lit * smeared + response.background_per_s
    return counted(rate, response.dead_time_s)
