"""What gauges make of the true course: first-order lag after a dead time, and what each kind of gauge responds to.

A sensor of time constant τ follows u as τ dy/dt = u − y. For u straight between two instants the solution is closed
(`followed`), so a recorded course is filtered without error of the step, whatever the spacing of its instants.

`lagged` loops, hence NumPy or Numba; the rest are scalar functions for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp
from numpy.typing import NDArray

from tansaki.twin.backends import Scalar

LEAST = 1e-300
"""Keeps a quotient finite where a time is zero."""


def followed(reading: Scalar, before: Scalar, after: Scalar, step_s: Scalar, lag_s: Scalar) -> Scalar:
    """Reading after `step_s` in which the true value goes straight from `before` to `after`.

    With x = Δt/τ and φ = (1 − e⁻ˣ)/x it is y e⁻ˣ + u₀(φ − e⁻ˣ) + u₁(1 − φ). τ = 0 gives u₁ and Δt = 0 gives y.
    """
    ratio = step_s / xp.maximum(lag_s, LEAST)
    kept = xp.exp(-ratio)
    # -expm1(-x)/x loses its meaning at 0; up to 1e-8 two terms of the series are exact in double precision.
    mean = xp.where(ratio > 1e-8, -xp.expm1(-ratio) / xp.maximum(ratio, 1e-8), 1.0 - 0.5 * ratio)
    return reading * kept + before * (mean - kept) + after * (1.0 - mean)


def step_response(since_s: Scalar, lag_s: Scalar, dead_s: Scalar) -> Scalar:
    """Reading after a unit step at time 0: 0 for the dead time, then 1 − e^{−(t − t_d)/τ}."""
    return -xp.expm1(-xp.maximum(since_s - dead_s, 0.0) / xp.maximum(lag_s, LEAST))


def lagged(
    time_s: NDArray[xp.float64], values: NDArray[xp.float64], lag_s: float, dead_s: float
) -> NDArray[xp.float64]:
    """Readings at `time_s` (rising) of true `values` that are straight in between and at rest before."""
    count = len(time_s)
    prompt = xp.empty(count)
    prompt[0] = values[0]
    for k in range(1, count):
        prompt[k] = followed(prompt[k - 1], values[k - 1], values[k], time_s[k] - time_s[k - 1], lag_s)
    readings = xp.empty(count)
    k = 0
    for i in range(count):
        seen_s = time_s[i] - dead_s
        while k + 1 < count and time_s[k + 1] <= seen_s:
            k += 1
        if seen_s <= time_s[0]:
            readings[i] = values[0]
        elif k + 1 == count or seen_s == time_s[k]:
            readings[i] = prompt[k]
        else:
            since_s = seen_s - time_s[k]
            there = values[k] + (values[k + 1] - values[k]) * since_s / (time_s[k + 1] - time_s[k])
            readings[i] = followed(prompt[k], values[k], there, since_s, lag_s)
    return readings


def manometer_pa(pressure_pa: Scalar, gain: Scalar, zero_pa: Scalar, full_scale_pa: Scalar) -> Scalar:
    """A capacitance manometer reads force on area, whatever the gas, up to its full scale."""
    return xp.minimum(pressure_pa * (1.0 + gain) + zero_pa, full_scale_pa)


def heater_reading_c(surface_c: Scalar, idle_c: Scalar, true_lead: Scalar, corrected_lead: Scalar) -> Scalar:
    """Substrate temperature that a thermocouple in the heater stands for, °C.

    The heater is hotter than the surface by `true_lead` times the rise above the room; the laboratory takes off
    `corrected_lead`, found once with an instrumented substrate. What is left of the difference is an error.
    """
    return idle_c + (surface_c - idle_c) * (1.0 + true_lead) / (1.0 + corrected_lead)
