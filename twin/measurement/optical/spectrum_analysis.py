"""Analysis of a spectrophotometer's record: T and R over wavelength to index, thickness, gap, averages and conduction.

Works on raw arrays and settings alone, as on the file of a real instrument.
"""

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.light import VISIBLE_RANGE_M
from tansaki.twin.film.optical_constants import (
    DAMPING_EV_M2_VS,
    PLASMA_EV2_M3,
    REDUCED_PLANCK_EV_S,
    VACUUM_PERMITTIVITY_F_M,
    photon_energy_ev,
)
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.optical import film_spectrum, spectrum_slopes, swanepoel, tauc
from tansaki.twin.measurement.optical.spectrum_fit import (
    ERRORS,
    FILM,
    LOGARITHMIC,
    START_THICKNESSES_M,
    THICK_M,
    Fitted,
    Priors,
    Spectrum,
    fit,
)
from tansaki.twin.measurement.optical.spectrum_slopes import PARAMETERS
from tansaki.twin.records import Array, Derived
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]

INDEX_AT_M: Final = 600e-9
_ARRAYS = ("wavelength_m", "transmittance", "reflectance")
_SETTINGS = (
    "films",
    "beam_uneven",
    "slit_m",
    "detector_change_m",
    "stray",
    "stray_u",
    "noise",
    "noise_ultraviolet_m",
    "noise_ultraviolet_width_m",
    "transmittance_gain",
    "reflectance_gain",
    "transmittance_step",
    "reflectance_step",
    "tauc_direct",
    "mass_ratio",
    "mass_ratio_u",
    *(f"model_{name}{end}" for name in PARAMETERS for end in ("", "_u")),
)
_COUNTED: Final = 2
"""More extrema than these give a first thickness."""
_ABOUT: Final = np.array([1.0, 0.92, 1.08, 0.84, 1.17, 0.76, 1.27])
_LEAST_WAVELENGTHS = 2 * FILM
_POOR = 3.0
"""Misfit from which a fit is none: the film is not what the model says."""
_FREE_CARRIERS_FROM_M = 1500e-9
"""The record must reach as far for the free electrons."""
_CARRIERS_SEEN = 5.0
"""Least plasma term over its uncertainty."""
_OF_PAPER = 0.01
"""Relative uncertainty of index and thickness from fringes: what Swanepoel 1983 claims."""
_NM_PER_M = 1e9
_CM_PER_M = 100.0


class _Ends(NamedTuple):
    """Value with the variance in total and of noise alone."""

    value: float
    total: float
    random: float

    def derived(self, unit: str, scale: float = 1.0, further: float = 0.0) -> Derived:
        """In a unit, with a `further` systematic uncertainty (in the unit)."""
        systematic = scale * math.sqrt(max(self.total - self.random, 0.0))
        systematic = math.hypot(systematic, further)
        return Derived(
            scale * self.value, math.hypot(scale * math.sqrt(max(self.random, 0.0)), systematic), unit, systematic
        )


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``wavelength_m`` (rising), ``transmittance`` and ``reflectance`` (fractions); `settings` is what
    `tansaki.twin.measurement.optical.spectrophotometer` writes. ``model_<name>`` and ``model_<name>_u`` are what the
    operator thinks of the film; a small ``model_thickness_m_u`` gives the thickness instead of leaving it free.

    Derived of every sample: ``visible_transmittance`` and ``visible_reflectance``, means over 400-700 nm with all
    wavelengths alike. Of one film: ``refractive_index_600nm``, ``extinction_600nm``, ``thickness`` (nm, at the centre),
    ``tauc_gap`` (eV), and of its free electrons ``optical_resistivity`` (ohm cm), ``optical_carrier_density`` (cm^-3)
    and ``optical_mobility`` (cm2/Vs), the last two with the operator's effective mass. The resistivity is that of
    direct current if the damping is the same at all frequencies; a film in which it is not errs by more than is stated.

    Flags: ``stack`` (several films: averages only), ``opaque`` (no light comes through: averages only),
    ``no_fringes`` (thinner than a fringe, or fringes too damped for Swanepoel's method: the fit alone), ``fit_failed``
    (the model does not describe the film; index and thickness from fringes alone where there are some, else none),
    ``out_of_window`` (the visible or the absorption edge is not, or not all, in the record), ``no_free_carriers``
    (below what the record can tell, or it does not reach far enough into the infrared).

    Uncertainties: of the fit see `tansaki.twin.measurement.optical.spectrum_fit`, the larger misfit counts where the
    model describes the data less well than their noise; of the thickness also how far the mean over the beam may be
    from the centre (setting ``beam_uneven``, relative); of the gap, the spread over windows, systematic.
    """
    _check(raw, settings)
    number = {name: float(settings[name]) for name in _SETTINGS}
    spectrum = _spectrum(raw, str(settings["substrate"]), number)
    flags: list[str] = []
    derived = _averages(spectrum, number)
    if not derived:
        flags.append("out_of_window")
    if number["films"] != 1.0:
        return Analysis(derived, (*flags, "stack"))
    if np.median(spectrum.transmittance) < 10.0 * number["stray"]:
        return Analysis(derived, (*flags, "opaque"))
    turns = swanepoel.extrema(spectrum.wavelength_m, spectrum.transmittance, spectrum.reflectance, spectrum.noise)
    seen = _fringes(turns, spectrum)
    if seen is None:
        flags.append("no_fringes")
    found = _fit(spectrum, _priors(number), turns)
    thickness_m = 1.0
    if found is not None:
        thickness_m = found.film[0]
        derived.update(_of_film(found, number["beam_uneven"]))
        free = _of_carriers(found, spectrum, number)
        derived.update(free)
        if not free:
            flags.append("no_free_carriers")
    else:
        flags.append("fit_failed")
        if seen is not None:
            thickness_m = seen.thickness_m
            derived.update(_of_fringes(seen))
    gap = _gap(spectrum, thickness_m, number)
    derived.update(gap)
    if not gap and "out_of_window" not in flags:
        flags.append("out_of_window")
    return Analysis(derived, tuple(flags))


def noise_of(wavelength_m: Floats, level: float, ultraviolet_m: float, width_m: float) -> Floats:
    """Standard deviation of a reading: level·(1 + e^((λ_uv − λ)/w)), as few photons are left in the ultraviolet."""
    return np.asarray(level * (1.0 + np.exp((ultraviolet_m - wavelength_m) / width_m)))


def _check(raw: Mapping[str, Array], settings: Settings) -> None:
    for name in _ARRAYS:
        if name not in raw:
            raise InvalidInputError("raw record", sorted(raw), f"an array {name!r} too")
    for name in ("substrate", *_SETTINGS):
        if name not in settings:
            raise InvalidInputError("settings", sorted(settings), f"{name!r} too")
    lengths = {len(raw[name]) for name in _ARRAYS}
    if len(lengths) != 1 or min(lengths) < _LEAST_WAVELENGTHS:
        raise InvalidInputError("raw record", sorted(lengths), f"equal lengths of at least {_LEAST_WAVELENGTHS}")
    light = np.asarray(raw["wavelength_m"], dtype=np.float64)
    if not (light[0] > 0.0 and (np.diff(light) > 0.0).all()):
        raise InvalidInputError("wavelength_m", (light[0], light[-1]), "rising wavelengths above zero")
    for name in _ARRAYS:
        if not np.isfinite(np.asarray(raw[name], dtype=np.float64)).all():
            raise InvalidInputError(name, "values that are not finite", "fractions of 1")


def _spectrum(raw: Mapping[str, Array], substrate: str, number: Mapping[str, float]) -> Spectrum:
    light, through, back = (np.asarray(raw[name], dtype=np.float64) for name in _ARRAYS)
    plate = open_substrate(substrate).refractive_index(light)
    noise = noise_of(light, number["noise"], number["noise_ultraviolet_m"], number["noise_ultraviolet_width_m"])
    return Spectrum(
        light,
        through,
        back,
        noise,
        plate.real,
        (light > number["detector_change_m"]).astype(np.float64),
        number["slit_m"],
        number["stray"],
    )


def _priors(number: Mapping[str, float]) -> Priors:
    centre = np.array([number[f"model_{name}"] for name in PARAMETERS])
    width = np.array([number[f"model_{name}_u"] for name in PARAMETERS])
    return Priors(
        centre, np.where(LOGARITHMIC, width / centre, width), np.array([max(number[name], 1e-9) for name in ERRORS])
    )


def _averages(spectrum: Spectrum, number: Mapping[str, float]) -> dict[str, Derived]:
    light = spectrum.wavelength_m
    low, high = VISIBLE_RANGE_M
    if light[0] > low or light[-1] < high:
        return {}
    # Trapezoids between the readings and the ends of the range, as weights of the readings.
    knots = np.unique(np.concatenate([light[(light > low) & (light < high)], [low, high]]))
    share = np.zeros(len(knots))
    share[1:] += 0.5 * np.diff(knots)
    share[:-1] += 0.5 * np.diff(knots)
    right = np.clip(np.searchsorted(light, knots), 1, len(light) - 1)
    part = (knots - light[right - 1]) / (light[right] - light[right - 1])
    weight = np.zeros(len(light))
    np.add.at(weight, right - 1, share * (1.0 - part))
    np.add.at(weight, right, share * part)
    weight /= high - low
    found = {}
    for name, values in (("transmittance", spectrum.transmittance), ("reflectance", spectrum.reflectance)):
        mean = float(weight @ values)
        random = float(np.sqrt(np.sum((weight * spectrum.noise) ** 2)))
        systematic = math.hypot(number[f"{name}_gain"] * mean, number["stray_u"] * (1.0 - mean))
        mean -= number["stray"] * (1.0 - mean)
        found[f"visible_{name}"] = Derived(mean, math.hypot(random, systematic), "1", systematic)
    return found


def _fringes(turns: swanepoel.Extrema, spectrum: Spectrum) -> swanepoel.Fringes | None:
    """From as many extrema as follow the theory; those in the infrared, where free electrons absorb, may not."""
    for first in range(len(turns.wavelength_m) - swanepoel.LEAST_EXTREMA + 1):
        part = turns.part(slice(first, None))
        plate = np.interp(part.wavelength_m, spectrum.wavelength_m, spectrum.plate_index)
        found = swanepoel.fringes(part, plate)
        if found is not None:
            return found
    return None


def _fit(spectrum: Spectrum, priors: Priors, turns: swanepoel.Extrema) -> Fitted | None:
    grids: list[Any] = [START_THICKNESSES_M, THICK_M]
    if len(turns.wavelength_m) > _COUNTED:
        grids.insert(0, _counted_m(turns, priors.centre) * _ABOUT)
    for grid in grids:
        found = fit(spectrum, priors, grid)
        if found.misfit < _POOR:
            return found
    return None


def _counted_m(turns: swanepoel.Extrema, film: Floats) -> float:
    """Thickness by which extrema follow each other, with the index that the operator expects."""
    compiled, model = bind(film_spectrum, "numba"), spectrum_slopes.model_of(film)
    paths = []
    for light in turns.wavelength_m:
        dielectric = compiled.film_dielectric(photon_energy_ev(light), model)
        paths.append(2.0 * math.sqrt(max(dielectric.real, 1.0)) / light)
    return float(0.5 * (len(paths) - 1) / (paths[-1] - paths[0]))


def _of_film(found: Fitted, uneven: float) -> dict[str, Derived]:
    index = _index(found)
    slope = np.zeros(len(found.covariance))
    slope[0] = found.film[0]
    thickness = _propagated(found.film[0], slope, found)
    return {
        "refractive_index_600nm": index[0].derived("1"),
        "extinction_600nm": index[1].derived("1"),
        "thickness": thickness.derived("nm", _NM_PER_M, _NM_PER_M * uneven * thickness.value),
    }


def _index(found: Fitted) -> tuple[_Ends, _Ends]:
    """n and k at `INDEX_AT_M`."""
    compiled = bind(spectrum_slopes, "numba")
    real, imaginary = np.zeros(FILM), np.zeros(FILM)
    dielectric = compiled.permittivity_slopes(
        photon_energy_ev(INDEX_AT_M), spectrum_slopes.model_of(found.film), real, imaginary
    )
    index = np.sqrt(complex(dielectric.real, dielectric.imaginary))
    along = (real + 1j * imaginary) / (2.0 * index) * np.where(LOGARITHMIC, found.film, 1.0)
    along = np.concatenate([along, np.zeros(len(ERRORS))])
    return _propagated(index.real, along.real, found), _propagated(index.imag, along.imag, found)


def _propagated(value: float, slope: Floats, found: Fitted) -> _Ends:
    """With the misfit where it is larger than noise explains."""
    excess = max(found.misfit, 1.0)
    return _Ends(
        float(value), excess * float(slope @ found.covariance @ slope), excess * float(slope @ found.random @ slope)
    )


def _of_carriers(found: Fitted, spectrum: Spectrum, number: Mapping[str, float]) -> dict[str, Derived]:
    at = {name: i for i, name in enumerate(PARAMETERS)}
    plasma, damping, voids = (found.film[at[name]] for name in ("plasma_ev2", "damping_ev", "void_fraction"))
    slope = np.zeros(len(found.covariance))
    slope[at["plasma_ev2"]] = 1.0
    seen = _propagated(plasma, slope, found)
    if spectrum.wavelength_m[-1] < _FREE_CARRIERS_FROM_M or plasma < _CARRIERS_SEEN * math.sqrt(seen.total):
        return {}
    # Logarithms of density and resistivity; the mobility is 1/(n·e·ρ), in which e and what is known of it drop out.
    of_density, of_resistivity = np.zeros(len(slope)), np.zeros(len(slope))
    of_density[at["plasma_ev2"]] = 1.0 / plasma
    of_density[at["void_fraction"]] = -1.0 / (1.0 - voids)
    of_resistivity[at["plasma_ev2"]] = -1.0 / plasma
    of_resistivity[at["damping_ev"]] = 1.0
    of_resistivity[at["void_fraction"]] = 1.5 / (1.0 - 1.5 * voids)
    resistivity = REDUCED_PLANCK_EV_S / VACUUM_PERMITTIVITY_F_M * damping / plasma / (1.0 - 1.5 * voids)
    density = plasma * number["mass_ratio"] / PLASMA_EV2_M3 * (1.0 - voids)
    mobility = DAMPING_EV_M2_VS / (number["mass_ratio"] * damping) * (1.0 - 1.5 * voids) / (1.0 - voids)
    mass = number["mass_ratio_u"] / number["mass_ratio"]
    values = (
        ("optical_resistivity", resistivity, of_resistivity, "ohm cm", _CM_PER_M, 0.0),
        ("optical_carrier_density", density, of_density, "cm^-3", _CM_PER_M**-3, mass),
        (
            "optical_mobility",
            mobility,
            -of_density - of_resistivity,
            "cm2/Vs",
            _CM_PER_M**2,
            mass,
        ),
    )
    return {
        name: _propagated(value, value * relative, found).derived(unit, scale, scale * value * further)
        for name, value, relative, unit, scale, further in values
    }


def _of_fringes(seen: swanepoel.Fringes) -> dict[str, Derived]:
    relative = math.hypot(_OF_PAPER, seen.spread_m / seen.thickness_m / math.sqrt(len(seen.order)))
    thickness = _NM_PER_M * seen.thickness_m
    found = {"thickness": Derived(thickness, relative * thickness, "nm", relative * thickness)}
    if seen.wavelength_m[-1] <= INDEX_AT_M <= seen.wavelength_m[0]:
        # Cauchy's formula through the extrema.
        bend, level = np.polyfit(seen.wavelength_m**-2.0, seen.refractive_index, 1)
        index = float(level + bend * INDEX_AT_M**-2.0)
        found["refractive_index_600nm"] = Derived(index, relative * index, "1", relative * index)
    return found


def _gap(spectrum: Spectrum, thickness_m: float, number: Mapping[str, float]) -> dict[str, Derived]:
    """The height of α does not matter to the gap, so the thickness need not be known."""
    absorption = tauc.absorption_per_m(spectrum.transmittance, spectrum.reflectance, thickness_m)
    readable = spectrum.transmittance > 5.0 * spectrum.noise
    # Only the visible and beyond: free electrons absorb in the infrared.
    readable &= spectrum.wavelength_m <= VISIBLE_RANGE_M[1]
    gap = tauc.tauc_gap(spectrum.wavelength_m, absorption, readable, number["tauc_direct"] > 0.5)
    if gap is None:
        return {}
    return {"tauc_gap": Derived(gap.gap_ev, math.hypot(gap.window_ev, gap.noise_ev), "eV", gap.window_ev)}
