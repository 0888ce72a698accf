"""Analysis of ion currents: cracking patterns → partial pressures by non-negative least squares, and a leak test.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.process.record import numbers, series, words
from tansaki.twin.records import Array, Derived
from tansaki.twin.units import ELEMENTARY_CHARGE_C

Floats = NDArray[np.float64]
DETECTED = 3.0
"""A gas is there from this many standard uncertainties on."""
ONE_SIDED_95 = 1.645
_SETTINGS = (
    "dwell_s",
    "multiplier_gain",
    "sensitivity_a_pa",
    "largest_current_a",
    "noise_a",
    "inlet_ratio",
    "scale_sigma",
    "sensitivity_sigma",
    "pattern_sigma",
    "background_sigma",
    "nitrogen_share",
    "tolerated_nitrogen_pa",
)


class _Fit(NamedTuple):
    """Pressures in the chamber, in the order of the gases, without the error that all share."""

    pressures_pa: Floats
    random: NDArray[np.float64]
    """Covariance that scans average away."""
    fixed: NDArray[np.float64]
    """Covariance of patterns and of the analyser's own gas."""


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``time_s``, ``mass_u``, ``ion_current_a`` (times × masses) and ``shut_current_a`` (inlet shut, as many
    scans); `settings` is what `tansaki.twin.measurement.process.residual_gas_analyser` writes.

    Derived are ``<gas>_pressure`` (Pa, in the chamber) of each detected gas, ``<gas>_pressure_upper_bound`` (95 %) of
    each other, and ``oxygen_to_argon_pressure``, in which gain and inlet cancel. Peaks at the end of the range are
    left out of the fit, flag ``over_range``: argon is then known by m/z 20 and 36, and a gas without any peak left
    has no value. Flag ``nitrogen``: more than tolerated, and m/z 14 over 28 bears it out; ``air_leak``: with it more
    of m/z 32 than of 40 (a test for a chamber without working gas).
    """
    what = "a residual gas record"
    gases = words(settings, "gases", what)
    number = numbers(settings, (*_SETTINGS, *(f"{gas}_sensitivity" for gas in gases)), what)
    arrays = series(raw, ("ion_current_a", "shut_current_a", "mass_u"), what)
    current, shut, masses = arrays["ion_current_a"], arrays["shut_current_a"], arrays["mass_u"]
    if current.ndim != 2 or current.shape[1] != len(masses) or shut.shape != masses.shape:
        raise InvalidInputError("raw ion_current_a", current.shape, f"times x {len(masses)} masses")
    limit = number["largest_current_a"]
    usable = ~(np.any(current >= limit, axis=0) | (shut >= limit))
    flags = [] if np.all(usable) else ["over_range"]
    pattern = np.array([[number.get(f"{gas}_{mass:g}", 0.0) for mass in masses] for gas in gases])
    scale = number["sensitivity_a_pa"] * number["multiplier_gain"] * number["inlet_ratio"]
    response = scale * np.array([number[f"{gas}_sensitivity"] for gas in gases])[:, None] * pattern
    seen = [k for k in range(len(gases)) if np.any(response[k, usable] > 0.0)]
    fit = _fitted(
        current[:, usable], shut[usable], response[np.ix_(seen, usable)], pattern[np.ix_(seen, usable)], number
    )
    derived: dict[str, Derived] = {}
    multiplicative = math.hypot(number["scale_sigma"], number["sensitivity_sigma"])
    found: dict[str, int] = {}
    for row, k in enumerate(seen):
        value = float(fit.pressures_pa[row])
        fixed = math.hypot(math.sqrt(fit.fixed[row, row]), multiplicative * value)
        noise = math.sqrt(fit.random[row, row] + fit.fixed[row, row])
        total = math.hypot(math.sqrt(fit.random[row, row]), fixed)
        if value > DETECTED * noise:
            derived[f"{gases[k]}_pressure"] = Derived(value, total, "Pa", fixed)
            found[gases[k]] = row
        else:
            derived[f"{gases[k]}_pressure_upper_bound"] = Derived(value + ONE_SIDED_95 * total, total, "Pa", fixed)
    if {"o2", "ar"} <= found.keys():
        derived["oxygen_to_argon_pressure"] = _ratio(fit, found["o2"], found["ar"], number["sensitivity_sigma"])
    flags += _leaks(current.mean(axis=0) - shut, masses, derived, number)
    return Analysis(derived, tuple(flags))


def _fitted(current: Floats, shut: Floats, response: Floats, pattern: Floats, number: Mapping[str, float]) -> _Fit:
    """Non-negative least squares; weights hold noise and the errors of the patterns, from the fit before."""
    scans = len(current)
    signal = current.mean(axis=0) - shut
    gain, dwell = number["multiplier_gain"], number["dwell_s"]
    shot = gain * ELEMENTARY_CHARGE_C / dwell * np.maximum(current.mean(axis=0) + shut, 0.0)
    # both averages have the noise of all scans
    noise = (shot + 2.0 * number["noise_a"] ** 2 / dwell) / scans
    own = number["background_sigma"] * shut
    lesser = pattern < 1.0
    wrong = np.zeros_like(noise)
    pressures = np.zeros(len(response))
    for _ in range(3):
        weight = 1.0 / np.sqrt(noise + wrong + own**2)
        pressures = np.asarray(nnls((response * weight).T, signal * weight)[0])
        wrong = np.sum((number["pattern_sigma"] * response * lesser * pressures[:, None]) ** 2, axis=0)
    weight = 1.0 / np.sqrt(noise + wrong + own**2)
    inverse = np.linalg.pinv((response * weight).T) * weight
    own_shift = inverse @ own
    return _Fit(
        pressures, (inverse * noise) @ inverse.T, (inverse * wrong) @ inverse.T + np.outer(own_shift, own_shift)
    )


def _ratio(fit: _Fit, above: int, below: int, sensitivity_sigma: float) -> Derived:
    value = float(fit.pressures_pa[above] / fit.pressures_pa[below])
    slope = np.zeros(len(fit.pressures_pa))
    slope[above], slope[below] = 1.0 / fit.pressures_pa[below], -value / fit.pressures_pa[below]
    fixed = math.hypot(math.sqrt(float(slope @ fit.fixed @ slope)), math.sqrt(2.0) * sensitivity_sigma * value)
    return Derived(value, math.hypot(math.sqrt(float(slope @ fit.random @ slope)), fixed), "1", fixed)


def _leaks(
    signal: Floats, masses: Floats, derived: Mapping[str, Derived], number: Mapping[str, float]
) -> tuple[str, ...]:
    def at(mass: float) -> float:
        return float(signal[masses == mass].sum())

    nitrogen = derived.get("n2_pressure")
    if nitrogen is None or nitrogen.value < number["tolerated_nitrogen_pa"]:
        return ()
    if at(14.0) < number["nitrogen_share"] * at(28.0):
        return ()
    return ("nitrogen", "air_leak") if at(32.0) > at(40.0) else ("nitrogen",)
