"""Arcs on the target: random events whose rate follows the state of the target and the drive of the discharge.

Insulating compound charges up under the ions until it breaks down, so the rate rises with the compound coverage of the
target; reversing the voltage discharges it, so the rate falls with the frequency of the drive and radio frequency
has none to speak of::

    λ(θ, f) = [λ_m + (λ_c − λ_m) θⁿ]/(1 + f/f₀)

The events are an inhomogeneous Poisson process. The rates are functions of `tansaki.twin.backends.bind`; drawing is
NumPy.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.backends import Scalar
from tansaki.twin.errors import InvalidInputError


class ArcParameters(NamedTuple):
    """Section ``[arcs]`` of an instrument: rate, length and current."""

    metal_rate_per_s: float
    """λ_m, bare target, direct current."""
    compound_rate_per_s: float
    """λ_c, covered target, direct current."""
    coverage_exponent: float
    suppression_frequency_hz: float
    """f₀: the drive that halves the rate."""
    duration_s: float
    """Median."""
    duration_log_sigma: float
    """Standard deviation of ln(duration)."""
    arc_current_a: float
    """Mean current while the arc burns."""


class Arcs(NamedTuple):
    """Events in order of time; three arrays of one length."""

    times_s: NDArray[xp.float64]
    durations_s: NDArray[xp.float64]
    charges_c: NDArray[xp.float64]
    """Charge through the arc: its current times its duration."""


def arc_rate_per_s(target_coverage: Scalar, drive_frequency_hz: Scalar, arcs: ArcParameters) -> Scalar:
    """λ(θ, f); `drive_frequency_hz` is 0 for direct current."""
    rise = (arcs.compound_rate_per_s - arcs.metal_rate_per_s) * target_coverage**arcs.coverage_exponent
    return (arcs.metal_rate_per_s + rise) / (1.0 + drive_frequency_hz / arcs.suppression_frequency_hz)


def drawn_arcs(edges_s: ArrayLike, rates_per_s: ArrayLike, arcs: ArcParameters, generator: xp.random.Generator) -> Arcs:
    """Arcs from `edges_s[0]` to `edges_s[-1]`, with the rate `rates_per_s[k]` from `edges_s[k]` to `edges_s[k+1]`.

    The number is Poisson with mean m = ∫λ dt; the times are uniform in ∫λ dt (inversion, exact for a piecewise
    constant rate). Durations are log-normal and independent.

    `InvalidInputError` unless edges increase, rates are finite and not negative, and there is one rate an interval.
    """
    edges, rates = xp.asarray(edges_s, xp.float64), xp.asarray(rates_per_s, xp.float64)
    if edges.ndim != 1 or edges.size < 2 or not xp.all(xp.isfinite(edges)) or not xp.all(xp.diff(edges) > 0.0):
        raise InvalidInputError("edges_s of arcs", edges.tolist(), "at least two finite times, increasing")
    if rates.shape != (edges.size - 1,):
        raise InvalidInputError("rates_per_s of arcs", rates.shape, f"one rate an interval, {edges.size - 1}")
    if not xp.all(xp.isfinite(rates)) or not xp.all(rates >= 0.0):
        raise InvalidInputError("rates_per_s of arcs", rates.tolist(), "finite rates, 0 or more")
    expected = xp.concatenate(([0.0], xp.cumsum(rates * xp.diff(edges))))
    number = int(generator.poisson(expected[-1]))
    times = xp.interp(xp.sort(generator.uniform(0.0, expected[-1], number)), expected, edges)
    durations = arcs.duration_s * xp.exp(arcs.duration_log_sigma * generator.standard_normal(number))
    return Arcs(times, durations, arcs.arc_current_a * durations)
