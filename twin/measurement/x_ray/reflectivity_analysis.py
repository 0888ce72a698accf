"""Analysis of a reflectivity record: counts to thickness, density and roughness with uncertainty.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.x_ray.reflectivity_fit import (
    DENSITY,
    MIXED,
    ROUGHNESS,
    THICKNESS,
    FilmModel,
    Fit,
    Start,
)
from tansaki.twin.measurement.x_ray.reflectivity_fringes import Edge, Peak, edge_of, fall_of, fringes
from tansaki.twin.measurement.x_ray.reflectivity_scan import Scan, scan_of
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]
_NM = 1e-9
_SEARCHED = 1.6
"""Thicknesses up to this multiple of the longest that can be told are looked for, so that their fringes are not taken
for those of a thinner film."""
_PLAIN = 60.0
"""Prominence of a peak that noise or trend never reach."""
_GAIN = 50.0
"""By which fringes must lower χ²; by chance, 5 additional parameters lower it by 5 ± 3."""
_GOOD = 2.0
"""χ² per point above which another start is tried."""
_LARGEST_MISFIT = 0.15
"""Above it, the model is not that of the sample."""
_FARTHEST = 6.0
"""Specified sizes that no error of the machine or the sample may exceed."""
_PEAKS = 2
_ATTEMPTS = 4
_SHIFTS = (-0.3, -0.1, 0.1, 0.3)
"""Of the starts about the thickness of a peak, in its widths."""
_DENSITIES = (0.92, 0.97)
"""Of the starts, over that of the critical angle: there R has fallen to less than half already."""
_OTHER_DENSITIES = (0.85, 1.05, 1.25)
"""Where those lead nowhere: through a thin film the edge of the plate shows."""
_ROUGHNESSES_NM = (0.5, 1.0, 2.0, 4.0)
_BURIED_NM = 0.5
_TRIAL_NM = np.geomspace(5.0, 400.0, 45)
_VISIBLE = 400.0
"""χ² between curves with and without fringes above which they would have been found."""


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``two_theta_deg``, ``counts`` and ``attenuation`` (factor, ≥ 1); `settings` is what
    `tansaki.twin.measurement.x_ray.reflectometer` writes; `InvalidInputError` names what is missing.

    The critical angle gives a first density for the stated formula, the period of the fringes of ln(q⁴R) a first
    thickness, least squares on the counts the values: ``thickness`` (nm), ``density`` (g/cm3) and ``roughness`` (nm) of
    one film. Where no fringes are found, or those of a film too thick for the divergence and the steps of the scan,
    there is the flag ``no_fringes`` and no thickness but, where thinner films would have shown fringes,
    ``thickness_lower_bound``. Where the model of one film does not describe the scan there is the flag ``poor_fit`` and
    no number.

    Systematic are the specified errors of the machine, the unknown layer between film and plate, whose origin no scan
    tells, and what is stated of the formula. A layer that is thicker or of another kind than specified is met by
    ``poor_fit`` or moves the thickness by up to twice u.
    """
    scan = scan_of(raw, settings)
    edge = edge_of(scan)
    model = FilmModel(scan, edge.critical_rad)
    fall = fall_of(scan, edge)
    longest_nm = scan.longest_thickness_m() / _NM
    peaks = [] if fall is None else fringes(fall, _SEARCHED * longest_nm, _PEAKS)
    for peak in peaks:
        film = _film(model, edge, peak)
        if film is None:
            continue
        # A peak that stands out far needs no comparison with a film without fringes.
        gain = math.inf if peak.prominence > _PLAIN else _fitted(model, edge, (None,)).chi_square - film.chi_square
        if gain > _GAIN * _scale(film, scan):
            if abs(film.values[THICKNESS]) <= longest_nm:
                return Analysis(_derived(film, scan, ("thickness", "density", "roughness")), ())
            return _censored(film, scan, longest_nm)
    thick = _fitted(model, edge, (None,))
    if _described(thick):
        return _censored(thick, scan, min(_visible_nm(model, thick), longest_nm))
    plain = any(peak.prominence > _PLAIN for peak in peaks)
    return Analysis({}, ("poor_fit",) if plain else ("no_fringes", "poor_fit"))


def _film(model: FilmModel, edge: Edge, peak: Peak) -> Fit | None:
    """The fit of a film whose fringes make `peak`, or None where none describes the scan."""
    thicknesses = tuple(peak.thickness_nm + shift * peak.width_nm for shift in _SHIFTS)
    fit = _fitted(model, edge, thicknesses)
    if not _described(fit):
        fit = _fitted(model, edge, thicknesses, _OTHER_DENSITIES)
    return fit if _described(fit) else None


def _described(fit: Fit) -> bool:
    """Whether the model is that of the sample, and the machine within its specification."""
    return fit.misfit < _LARGEST_MISFIT and float(np.max(np.abs(fit.values[MIXED:]))) < _FARTHEST


def _fitted(
    model: FilmModel,
    edge: Edge,
    thicknesses_nm: tuple[float | None, ...],
    densities: tuple[float, ...] = _DENSITIES,
) -> Fit:
    """The best fit from the first few starts; the thickness None stands for a film too thick to have fringes."""
    starts = []
    for thickness_nm, density, roughness_nm in product(thicknesses_nm, densities, _ROUGHNESSES_NM):
        start = Start(
            edge.intensity_per_s,
            edge.background_per_s,
            thickness_nm,
            density * edge.density_g_cm3,
            roughness_nm,
            _BURIED_NM,
        )
        residuals = model.residuals(model.start(start), thickness_nm is None, True)
        starts.append((float(residuals @ residuals), start))
    starts.sort(key=lambda entry: entry[0])
    best = model.fit(starts[0][1])
    for _, start in starts[1:_ATTEMPTS]:
        if best.chi_square < _GOOD * len(model.scan.counts):
            break
        best = min(best, model.fit(start), key=lambda fit: fit.chi_square)
    return best


def _censored(fit: Fit, scan: Scan, bound_nm: float) -> Analysis:
    derived = _derived(fit, scan, ("density", "roughness"))
    if bound_nm > 0.0:
        derived["thickness_lower_bound"] = Derived(bound_nm, 0.0, "nm")
    return Analysis(derived, ("no_fringes",))


def _visible_nm(model: FilmModel, thick: Fit) -> float:
    """The thickness up to which this film would have shown fringes."""
    smooth, _ = model.counts(thick.values, model.reflectivity(thick.values, True))
    bound = 0.0
    for trial in _TRIAL_NM:
        p = thick.values.copy()
        p[THICKNESS] = trial
        mean, _ = model.counts(p, model.reflectivity(p, False))
        if float(np.sum(np.square(mean - smooth) / (smooth + 1.0))) < _VISIBLE:
            break
        bound = float(trial)
    return bound


def _scale(fit: Fit, scan: Scan) -> float:
    """What the noise is taken to be larger than Poisson's."""
    return max(1.0, fit.chi_square / len(scan.counts))


def _derived(fit: Fit, scan: Scan, names: tuple[str, ...]) -> dict[str, Derived]:
    n = scan.number
    mixed, mixed_u = float(fit.values[MIXED]), math.sqrt(fit.random[MIXED, MIXED] + fit.systematic[MIXED, MIXED])
    thickness_nm = abs(float(fit.values[THICKNESS]))
    density = math.exp(fit.values[DENSITY])
    # A wrong scale of the angle scales q: what it does to the values cannot be seen in the scan.
    scale = n["angle_scale"]
    # Nor can how much of the mixed layer was film.
    mixed_nm = math.hypot(max(n["mixed_m"] + n["mixed_spread_m"] * mixed, 0.0), n["mixed_spread_m"] * mixed_u) / _NM
    end_nm = n["share_spread"] * mixed_nm
    formula = density * math.hypot(n["composition_spread"], 2.0 * scale)
    values = {
        "thickness": (THICKNESS, thickness_nm, 1.0, math.hypot(scale * thickness_nm, end_nm), "nm"),
        "density": (DENSITY, density, density, formula, "g/cm3"),
        "roughness": (ROUGHNESS, abs(float(fit.values[ROUGHNESS])), 1.0, 0.0, "nm"),
    }
    derived = {}
    for name in names:
        place, value, slope, other, unit = values[name]
        random = slope * math.sqrt(max(fit.random[place, place], 0.0) * _scale(fit, scan))
        systematic = math.hypot(slope * math.sqrt(max(fit.systematic[place, place], 0.0)), other)
        derived[name] = Derived(value, math.hypot(random, systematic), unit, systematic)
    return derived
