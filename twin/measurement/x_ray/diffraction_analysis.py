"""Analysis of a θ-2θ scan: counts to phases, size and strain of crystals, lattice and orientation.

Works on raw arrays and settings alone, as on the file of a real instrument. What the settings do not say of the
instrument is taken from its data sheet, twin/instruments/x_ray_diffractometer.toml.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.x_ray.crystal import available_crystals, label
from tansaki.twin.measurement.x_ray.diffraction_pattern import Resolution
from tansaki.twin.measurement.x_ray.phase_match import (
    MOST_CANDIDATES,
    SIGNIFICANT,
    Found,
    amount,
    identify,
    likely,
    strongest_peak,
)
from tansaki.twin.measurement.x_ray.profile_fit import Expected, Fit, Grid, Instrument
from tansaki.twin.measurement.x_ray.scan_background import background_functions, film_intervals
from tansaki.twin.quantities import load
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]

SCAN: Final = ("step_deg", "speed_deg_min")
COARSEST_RAD: Final = math.radians(0.061)
"""Steps are added up to intervals of at most this width."""
ONE_SIDED: Final = 1.645
TWO_SIDED: Final = 1.96
"""95 % limits of a normal number."""
SIZE_KNOWN: Final = 0.35
"""Largest relative uncertainty of 1/D with which D is a value; beyond, its bound is all that can be said."""
NM: Final = 1e9


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one scan.

    `raw` holds ``two_theta_deg``, evenly spaced, and ``intensity_counts``, counts in each step. Of `settings`,
    ``candidates`` (names of twin/crystals, separated by spaces; all of them if it is missing) and ``substrate`` (a
    name of twin/substrates) are texts; ``speed_deg_min`` is needed to correct for the detector's dead time.

    Derived for the phase that explains most: ``crystallite_size`` (nm, for K = 0.9), ``microstrain``,
    ``lattice_parameter_a`` and ``_c`` (nm), ``texture_coefficient_<hkl>`` and ``peak_ratio_<hkl>_<hkl>`` of integrated
    areas; for every phase ``phase_fraction_<phase>`` of the crystalline volume; ``chi_squared`` of the fit and
    ``figure_of_merit``, the share of what stands over the background that the phases explain. Where the counts only
    bound a value it is ``<name>_lower_bound`` or ``_upper_bound`` at two standard uncertainties.

    Flags: ``no_peaks``; ``unknown_phase`` where lines are left that no candidate has, with the angle of the strongest
    as ``unknown_peak`` (deg); ``detector_saturated`` where counts were left out.
    """
    scan = _scan(raw, {**_data_sheet(), **settings})
    names = str(settings.get("candidates", "")).split() or list(available_crystals())
    if len(names) > MOST_CANDIDATES:
        names = likely(scan.grid, scan.background, names, scan.instrument, scan.expected)
    found = identify(scan.grid, scan.background, names, scan.instrument, scan.expected)
    flags = ["detector_saturated"] if scan.saturated else []
    derived: dict[str, Derived] = {}
    if found.phases:
        derived |= _of_first(found, scan.instrument) | _fractions(found)
        derived["figure_of_merit"] = Derived(found.merit, 0.0, "1")
    else:
        flags.append("no_peaks")
    stranger = strongest_peak(scan.grid, found.fit.model)
    if stranger is not None:
        flags = [flag for flag in flags if flag != "no_peaks"] + ["unknown_phase"]
        derived["unknown_peak"] = stranger
    chi = found.fit.chi_squared
    derived["chi_squared"] = Derived(chi, chi * math.sqrt(2.0 / found.fit.degrees), "1")
    return Analysis(derived, tuple(flags))


class Scan(NamedTuple):
    """A record, made ready."""

    grid: Grid
    background: Floats
    instrument: Instrument
    expected: Expected
    saturated: bool


@cache
def _data_sheet() -> Settings:
    from tansaki.twin.measurement.x_ray.diffractometer import known_of

    return known_of(load("instruments", "x_ray_diffractometer"))


def _scan(raw: Mapping[str, Array], settings: Settings) -> Scan:
    for name in ("two_theta_deg", "intensity_counts"):
        if name not in raw:
            raise InvalidInputError("raw arrays of a diffraction scan", sorted(raw), f"{name!r} too")
    number = {name: float(value) for name, value in settings.items() if not isinstance(value, str)}
    angle = np.deg2rad(np.asarray(raw["two_theta_deg"], dtype=np.float64))
    counts = np.asarray(raw["intensity_counts"], dtype=np.float64)
    if angle.shape != counts.shape or angle.ndim != 1 or len(angle) < 100:
        raise InvalidInputError("raw diffraction scan", (angle.shape, counts.shape), "as many counts as angles, >= 100")
    step = float(angle[-1] - angle[0]) / (len(angle) - 1)
    uneven = np.abs(angle - angle[0] - step * np.arange(len(angle))).max()
    if not (step > 0.0 and uneven < 0.1 * step and angle[0] > 0.0 and angle[-1] < math.pi):
        raise InvalidInputError("raw two_theta_deg", (angle[0], angle[-1]), "evenly spaced, rising, within 0 to 180")
    if not (np.all(counts >= 0.0) and np.all(np.isfinite(counts))):
        raise InvalidInputError("raw intensity_counts", float(counts.min()), "finite and >= 0")
    counts, blind = _alive(counts, step, number)
    width = max(1, int(COARSEST_RAD / step))
    intervals = len(counts) // width
    kept = width * intervals
    widest = np.deg2rad(1.0) ** 2
    resolution = Resolution(
        number["resolution_u_deg2"] * widest,
        number["resolution_v_deg2"] * widest,
        number["resolution_w_deg2"] * widest,
        math.radians(number["resolution_lorentz_deg"]),
    )
    instrument = Instrument(
        number["wavelength_1_m"],
        number["wavelength_2_m"],
        number["wavelength_beta_m"],
        number["source_ratio_2"],
        number["source_ratio_beta"],
        number["goniometer_radius_m"],
        resolution,
        number["goniometer_displacement_m"],
        math.radians(number["goniometer_zero_deg"]),
        number["resolution_scale"],
        number["shape_factor"],
    )
    expected = Expected(*(number[f"expected_{name}"] for name in Expected._fields))
    first = float(angle[0]) + 0.5 * (width - 1) * step
    places = np.asarray(first + width * step * np.arange(intervals), dtype=np.float64)
    substrate = str(settings.get("substrate", ""))
    used = film_intervals(substrate, places, instrument)
    used &= ~blind[:kept].reshape(-1, width).any(axis=1)
    grid = Grid(
        first,
        width * step,
        counts[:kept].reshape(-1, width).sum(axis=1),
        used,
        step * step * (width * width - 1) / 12.0,
    )
    if used.sum() < 50:
        raise InvalidInputError("raw diffraction scan", int(used.sum()), "more than 50 intervals free of the substrate")
    return Scan(
        grid, background_functions(substrate, places, instrument, number), instrument, expected, bool(blind.any())
    )


def _alive(counts: Floats, step_rad: float, number: Mapping[str, float]) -> tuple[Floats, NDArray[np.bool_]]:
    """Counts that a detector without dead time would show, and where it is too blind for that."""
    if "speed_deg_min" not in number:
        return counts, np.zeros(len(counts), dtype=np.bool_)
    seconds = 60.0 * math.degrees(step_rad) / number["speed_deg_min"]
    blindness = counts / seconds * number["detector_dead_time_s"]
    return counts / (1.0 - np.minimum(blindness, 0.5)), blindness > 0.1


def _of_first(found: Found, instrument: Instrument) -> dict[str, Derived]:
    fit, lines = found.fit, found.fit.phases[0]
    inflation = max(1.0, fit.chi_squared)

    def derived(index: int, factor: float, offset: float, unit: str) -> Derived:
        return _derived(fit, index, factor, offset, unit, inflation)

    values: dict[str, Derived] = {}
    for edge, length in lines.crystal.edges_m.items():
        index = fit.names.index(f"0:{edge}")
        values[f"lattice_parameter_{edge[0]}"] = derived(index, length * NM, length * NM, "nm")
    at = fit.names.index("0:inverse_size_per_m")
    inverse = derived(at, 1.0 / NM, 0.0, "1/nm")
    relative = inverse.u / inverse.value
    if relative <= SIZE_KNOWN:
        # 1/x of a scattered x is too large by the square of its scatter.
        size = 1.0 / (inverse.value * (1.0 + relative**2))
        # Truth is missed above, where 1/x is too small and so is its scatter: 95 % lie below the one-sided limit.
        wide = (1.0 / (1.0 - ONE_SIDED * relative) - 1.0) / TWO_SIDED
        u = max(relative, wide) / inverse.value
        values["crystallite_size"] = Derived(size, u, "nm", inverse.u_systematic / inverse.value**2)
    else:
        bound = 1.0 / (inverse.value + 2.0 * inverse.u)
        u = bound * bound * inverse.u
        values["crystallite_size_lower_bound"] = Derived(bound, u, "nm", bound * bound * inverse.u_systematic)
    strain = derived(at + 1, 1.0, 0.0, "1")
    if strain.value > 3.0 * strain.u:
        values["microstrain"] = strain
    else:
        bound = max(strain.value, 0.0) + 2.0 * strain.u
        values["microstrain_upper_bound"] = Derived(bound, strain.u, "1", strain.u_systematic)
    return values | _orientation(fit, inflation)


def _derived(fit: Fit, index: int, factor: float, offset: float, unit: str, inflation: float) -> Derived:
    """offset + factor·value; the random part is widened where the fit is worse than counting statistics."""
    systematic = fit.systematic[index, index]
    random = max(fit.covariance[index, index] - systematic, 0.0) * inflation
    scale = abs(factor)
    return Derived(
        offset + factor * float(fit.values[index]),
        scale * math.sqrt(random + systematic),
        unit,
        scale * math.sqrt(systematic),
    )


def _orientation(fit: Fit, inflation: float) -> dict[str, Derived]:
    """Texture coefficients of lines that stand alone, and the ratio of the two that are usually compared."""
    lines, area = fit.phases[0], fit.areas[0]
    areas = fit.values[area]
    errors = np.sqrt(np.diag(fit.covariance)[area] * inflation)
    powder = lines.group_powder
    alone: dict[str, int] = {}
    for index in range(lines.groups):
        members = np.flatnonzero(lines.group == index)
        strongest = members[lines.powder[members].argmax()]
        if lines.powder[strongest] > 0.9 * powder[index]:
            alone[label(lines.hkl[strongest])] = index
    values: dict[str, Derived] = {}
    chosen = [(name, i) for name, i in alone.items() if powder[i] > 0.05 * powder.max()]
    if len(chosen) > 1:
        ratios = np.array([areas[i] / powder[i] for _, i in chosen])
        spreads = np.array([errors[i] / powder[i] for _, i in chosen])
        mean = float(ratios.mean())
        if mean > 3.0 * float(np.sqrt((spreads**2).sum())) / len(chosen):
            for (name, _), ratio, spread in zip(chosen, ratios, spreads, strict=True):
                values[f"texture_coefficient_{name}"] = Derived(float(ratio / mean), float(spread / mean), "1")
    first, second = (label(hkl) for hkl in lines.crystal.compared)
    if first in alone and second in alone:
        pair = [(float(areas[alone[hkl]]), float(errors[alone[hkl]])) for hkl in (first, second)]
        values |= _ratio(f"peak_ratio_{first}_{second}", *pair)
    return values


def _ratio(name: str, upper: tuple[float, float], lower: tuple[float, float]) -> dict[str, Derived]:
    """Quotient of two areas (value, u) where both are found; bounds at two standard uncertainties where one is."""
    seen = upper[0] > 3.0 * upper[1], lower[0] > 3.0 * lower[1]
    if all(seen):
        ratio = upper[0] / lower[0]
        return {name: Derived(ratio, ratio * math.hypot(upper[1] / upper[0], lower[1] / lower[0]), "1")}
    if seen[0]:
        most = max(lower[0], 0.0) + 2.0 * lower[1]
        bound = upper[0] / most
        return {f"{name}_lower_bound": Derived(bound, bound * upper[1] / upper[0], "1")}
    if seen[1]:
        most = max(upper[0], 0.0) + 2.0 * upper[1]
        bound = most / lower[0]
        return {f"{name}_upper_bound": Derived(bound, bound * lower[1] / lower[0], "1")}
    return {}


def _fractions(found: Found) -> dict[str, Derived]:
    """Shares of the crystalline volume; what orientation makes of the intensities is the systematic part."""
    amounts = [amount(found.fit, index) for index in range(len(found.phases))]
    total = sum(max(one.value, 0.0) for one in amounts)
    values = {}
    for name, own in zip(found.phases, amounts, strict=True):
        share = max(own.value, 0.0) / total
        others = [one for one in amounts if one is not own]
        random = math.hypot((1.0 - share) * own.u, share * _norm([one.u for one in others])) / total
        systematic = math.hypot((1.0 - share) * own.texture, share * _norm([one.texture for one in others])) / total
        u = math.hypot(random, systematic)
        if own.value > SIGNIFICANT * own.u:
            values[f"phase_fraction_{name}"] = Derived(share, u, "1", systematic)
        else:
            values[f"phase_fraction_{name}_upper_bound"] = Derived(share + 2.0 * u, u, "1", systematic)
    return values


def _norm(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values))
