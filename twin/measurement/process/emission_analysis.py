"""Analysis of spectra of a plasma: counts → light of each line → oxygen atoms over argon, and what spoils that.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.process import emission_lines
from tansaki.twin.measurement.process.emission_lines import Line
from tansaki.twin.measurement.process.record import numbers, series, words
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]
ONE_SIDED_95 = 1.645
DETECTED = 3.0
"""A line is there from this many standard uncertainties on."""
TOLERATED_SHARE = 0.3
"""Largest share of the light of O I 844 nm from dissociative excitation for which the ratio is still given."""
_SIGMA_PER_WIDTH = 1.0 / math.sqrt(8.0 * math.log(2.0))
_SETTINGS = (
    "width_nm",
    "exposure_s",
    "full_well",
    "read_noise",
    "response_sigma",
    "temperature_ev",
    "temperature_spread",
    "temperature_exponent",
    "reference_pressure_pa",
)


class Fitted(NamedTuple):
    """Counts of each line in the mean exposure."""

    counts: Floats
    covariance: NDArray[np.float64]
    background: float
    """Counts of one pixel."""


def pixel_edges_nm(first_nm: float, last_nm: float, pixels: int) -> Floats:
    """Edges of equal pixels, (pixels + 1,)."""
    return np.linspace(first_nm, last_nm, pixels + 1)


def profile(edges_nm: Floats, centre_nm: float, width_nm: float) -> Floats:
    """Share of a Gaussian line of full width `width_nm` at half height that falls on each pixel."""
    return np.diff(ndtr((edges_nm - centre_nm) / (width_nm * _SIGMA_PER_WIDTH)))


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``time_s``, ``wavelength_nm``, ``counts`` (times × pixels), ``dark_counts`` and ``pressure_pa``;
    `settings` is what `tansaki.twin.measurement.process.emission_spectrometer` writes.

    The profiles of all lines, a flat background and one common shift are fitted to the mean exposure by weighted
    least squares. Derived are the light ``<line>`` (1/s) of every line that is detected, ``metal_to_argon`` (light of
    Ti 500 nm over that of Ar 750 nm: free of the window), and ``oxygen_to_argon``, the density of oxygen atoms over
    that of argon. Both oxygen lines serve: r = I_O/I_Ar holds the part a·n_O/n_Ar of direct and b·n_O2/n_Ar of
    dissociative excitation, with a, b from rate coefficients at the temperature that the pressure lets expect, and
    the 777 nm line has the larger b/a. Where the dissociative part of the 844 nm line is more than
    `TOLERATED_SHARE`, or the atoms do not stand out, there is no ratio but ``oxygen_to_argon_upper_bound``, that of
    plain actinometry with 95 % confidence, and the flag ``dissociative_excitation``.

    Flags: ``saturated`` (such a line has a lower bound only), ``nitrogen`` (its molecular bands are there),
    ``no_oxygen_light`` (neither line is detected), ``no_light``.
    """
    what = "an emission record"
    names = words(settings, "lines", what)
    number = numbers(settings, (*_SETTINGS, *(f"{line}_{field}" for line in names for field in Line._fields)), what)
    arrays = series(raw, ("counts", "wavelength_nm", "dark_counts", "pressure_pa"), what)
    counts, wavelength, dark = arrays["counts"], arrays["wavelength_nm"], arrays["dark_counts"]
    if counts.ndim != 2 or counts.shape[1] != len(wavelength):
        raise InvalidInputError("raw counts", counts.shape, f"times x {len(wavelength)} pixels")
    full = np.any(counts >= number["full_well"], axis=0)
    fitted = _fitted(counts, dark, wavelength, full, names, number)
    sigma = np.sqrt(np.diag(fitted.covariance))
    flags = []
    derived: dict[str, Derived] = {}
    saturated = set()
    for k, name in enumerate(names):
        near = np.abs(wavelength - number[f"{name}_wavelength_nm"]) < 1.5 * number["width_nm"]
        rate, u = fitted.counts[k] / number["exposure_s"], sigma[k] / number["exposure_s"]
        response = number["response_sigma"] * abs(float(rate))
        if np.any(full & near):
            saturated.add(name)
            # what the full pixels still show
            seen = float(np.sum((counts.mean(axis=0) - dark - fitted.background)[near])) / number["exposure_s"]
            derived[f"{name}_lower_bound"] = Derived(seen, math.hypot(float(u), response), "1/s", response)
        elif fitted.counts[k] > DETECTED * sigma[k]:
            derived[name] = Derived(float(rate), math.hypot(float(u), response), "1/s", response)
    if saturated:
        flags.append("saturated")
    if "ar_750" not in derived:
        return Analysis(derived, (*flags, *(() if "ar_750" in saturated else ("no_light",))))
    if "n2_337" in derived:
        flags.append("nitrogen")
    if "ti_500" in derived:
        derived["metal_to_argon"] = _ratio(fitted, names, "ti_500", number)
    if {"o_777", "o_844"} <= set(names) - saturated:
        found = _oxygen(fitted, names, float(arrays["pressure_pa"].mean()), number)
        derived |= found
        if "oxygen_to_argon" not in found:
            flags.append("dissociative_excitation" if {"o_777", "o_844"} & derived.keys() else "no_oxygen_light")
    return Analysis(derived, tuple(flags))


def _fitted(
    counts: Floats,
    dark: Floats,
    wavelength: Floats,
    full: NDArray[np.bool_],
    names: list[str],
    number: Mapping[str, float],
) -> Fitted:
    """Weighted least squares; weights come from the fit before, as those of the data would favour low counts."""
    exposures = len(counts)
    step = wavelength[1] - wavelength[0]
    edges = np.append(wavelength - 0.5 * step, wavelength[-1] + 0.5 * step)
    signal = counts.mean(axis=0) - dark
    used = ~full
    read = number["read_noise"] ** 2
    variance = np.full(len(signal), float(np.maximum(signal, 0.0).mean()) + read)
    centres = np.array([number[f"{name}_wavelength_nm"] for name in names])
    shift = 0.0
    solution = np.zeros(len(names) + 1)
    covariance = np.zeros((len(names) + 1,) * 2)
    for turn in range(4):
        shapes = np.array([profile(edges, centre + shift, number["width_nm"]) for centre in centres])
        design = np.vstack((shapes, np.ones(len(signal))))
        if turn > 0:
            ahead = np.array([profile(edges, c + shift + 1e-3, number["width_nm"]) for c in centres])
            design = np.vstack((design, solution[:-1] @ (ahead - shapes) / 1e-3))
        weighted = design[:, used] / np.sqrt(variance[used])
        normal = weighted @ weighted.T
        normal += np.diag(1e-12 * np.diag(normal) + 1e-30)
        covariance = np.linalg.inv(normal)
        best = covariance @ (weighted @ (signal[used] / np.sqrt(variance[used])))
        solution = best[: len(names) + 1]
        if turn > 0:
            shift += float(np.clip(best[-1], -number["width_nm"], number["width_nm"]))
        variance = np.maximum(solution @ design[: len(names) + 1], 0.0) + read
    # mean of the exposures minus mean of as many dark ones
    size = len(names)
    return Fitted(
        solution[:size], covariance[:size, :size] * (1.0 + read / (read + 1.0)) / exposures, float(solution[size])
    )


def _ratio(fitted: Fitted, names: list[str], line: str, number: Mapping[str, float]) -> Derived:
    """Light of a line over that of Ar 750 nm."""
    k, argon = names.index(line), names.index("ar_750")
    ratio = float(fitted.counts[k] / fitted.counts[argon])
    slope = np.zeros(len(names))
    slope[k], slope[argon] = 1.0 / fitted.counts[argon], -ratio / fitted.counts[argon]
    random = math.sqrt(float(slope @ fitted.covariance @ slope))
    systematic = math.sqrt(2.0) * number["response_sigma"] * abs(ratio)
    return Derived(ratio, math.hypot(random, systematic), "1", systematic)


def _oxygen(fitted: Fitted, names: list[str], pressure_pa: float, number: Mapping[str, float]) -> dict[str, Derived]:
    """``oxygen_to_argon`` or its upper bound, with the uncertainties of light, response and temperature."""
    logarithm = math.log(pressure_pa / number["reference_pressure_pa"])
    temperature = number["temperature_ev"] * math.exp(-number["temperature_exponent"] * logarithm)
    chosen = [names.index(line) for line in ("ar_750", "o_777", "o_844")]
    light = fitted.counts[chosen]

    def atoms(light: Floats, temperature_ev: float) -> tuple[float, float, float]:
        argon, red, infrared = (light[k] for k in range(3))
        k_argon = _rate("ar_750", "", temperature_ev, number)
        a7, a8 = (_rate(line, "", temperature_ev, number) / k_argon for line in ("o_777", "o_844"))
        b7, b8 = (_rate(line, "dissociative_", temperature_ev, number) / k_argon for line in ("o_777", "o_844"))
        r7, r8 = red / argon, infrared / argon
        det = a7 * b8 - a8 * b7
        x, y = (r7 * b8 - r8 * b7) / det, (a7 * r8 - a8 * r7) / det
        return float(x), float(r8 / a8), float(b8 * y / r8)

    value, plain, share = atoms(light, temperature)
    slopes, plain_slopes = np.zeros(3), np.zeros(3)
    for k in range(3):
        moved = light.copy()
        moved[k] += 1e-4 * abs(light[k]) + 1e-12
        other, other_plain, _ = atoms(moved, temperature)
        slopes[k] = (other - value) / (moved[k] - light[k])
        plain_slopes[k] = (other_plain - plain) / (moved[k] - light[k])
    covariance = fitted.covariance[np.ix_(chosen, chosen)]
    response = np.diag((number["response_sigma"] * light) ** 2)
    warmer, warmer_plain, _ = atoms(light, temperature * math.exp(number["temperature_spread"]))

    def stated(middle: float, slope: Floats, shifted: float) -> Derived:
        random = math.sqrt(float(slope @ covariance @ slope))
        systematic = math.hypot(math.sqrt(float(slope @ response @ slope)), shifted - middle)
        return Derived(middle, math.hypot(random, systematic), "1", systematic)

    ratio = stated(value, slopes, warmer)
    if share <= TOLERATED_SHARE and value > DETECTED * ratio.u:
        return {"oxygen_to_argon": ratio}
    bound = stated(max(plain, 0.0), plain_slopes, max(warmer_plain, 0.0))
    return {"oxygen_to_argon_upper_bound": replace(bound, value=bound.value + ONE_SIDED_95 * bound.u)}


def _rate(line: str, kind: str, temperature_ev: float, number: Mapping[str, float]) -> float:
    rate = number[f"{line}_{kind or 'rate_'}m3_s"]
    energy = number[f"{line}_{kind or 'threshold_'}ev"]
    return float(emission_lines.excitation_m3_s(rate, energy, temperature_ev))
