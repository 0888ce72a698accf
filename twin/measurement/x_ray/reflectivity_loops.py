"""Loops over the points of a curve, for Numba alone."""

from typing import Any

import numpy as xp

from tansaki.twin.measurement.x_ray.parratt import Stack, reflectivity
from tansaki.twin.measurement.x_ray.reflectometer_response import Response, mean_rate


def curve(q_per_m: Any, stack: Stack) -> Any:
    """R at each of `q_per_m` (points)."""
    values = xp.empty(q_per_m.size)
    for i in range(q_per_m.size):
        values[i] = reflectivity(q_per_m[i], stack)
    return values


def mean_rates(
    glancing_rad: Any, nodes_rad: Any, weights: Any, stack: Stack, response: Response, transmission: Any
) -> Any:
    """`mean_rate` at each of `glancing_rad` (points) behind the attenuator of each point."""
    values = xp.empty(glancing_rad.size)
    for i in range(glancing_rad.size):
        values[i] = mean_rate(glancing_rad[i], nodes_rad, weights, stack, response, transmission[i])
    return values


def smeared(fine: Any, weights: Any, stride: int) -> Any:
    """Every `stride`-th of the sums of `fine` (points) under `weights` (nodes) that slide along it."""
    number = (fine.size - weights.size) // stride + 1
    values = xp.zeros(number)
    for i in range(number):
        for j in range(weights.size):
            values[i] += weights[j] * fine[i * stride + j]
    return values
