"""First values from a reflectivity scan: critical angle, background, and thicknesses from the period of the fringes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from tansaki.twin.measurement.x_ray.reflectivity_scan import Scan
from tansaki.twin.measurement.x_ray.scattering_factors import critical_angle_rad, delta_of

Floats = NDArray[np.float64]
_NM = 1e-9
_BINS = 4096
_TREND = 4
"""Degree of the polynomial that stands for all but the fringes."""
_LEAST_FRINGES = 2.2
_LEAST_POINTS = 20
_RUN = 15
"""Points over which counts are averaged to see the background."""


class Edge(NamedTuple):
    """The end of total reflection, and what goes on without it."""

    critical_rad: float
    intensity_per_s: float
    """Of the plateau."""
    background_per_s: float
    density_g_cm3: float
    """At which the stated formula has this critical angle."""


class Fall(NamedTuple):
    """ln(q⁴R) over the wave vector q′ = √(q² − q_c²) in the film, past the critical angle and above background."""

    inside_per_m: Floats
    height: Floats
    weight: Floats
    """Near 1, less for points that drown in their own noise."""


def edge_of(scan: Scan) -> Edge:
    """Where the corrected rate has fallen to half of its plateau; the background from the lowest run of points."""
    rate = scan.corrected_per_s()
    plateau = float(np.quantile(rate[: max(len(rate) // 4, 5)], 0.9))
    top = int(np.argmax(rate >= 0.9 * plateau))
    below = np.flatnonzero(rate[top:] < 0.5 * plateau)
    critical = float(scan.glancing_rad[top + below[0]]) if len(below) else float(scan.glancing_rad[-1])
    background = max(float(_running_mean(scan.counts).min()), 0.3) / scan.number["count_time_s"]
    one = critical_angle_rad(scan.film.real_per_m2, scan.number["wavelength_m"])
    return Edge(critical, plateau, background, (critical / one) ** 2)


def _running_mean(counts: Floats) -> Floats:
    return np.convolve(np.pad(counts, _RUN // 2, mode="edge"), np.full(_RUN, 1.0 / _RUN), mode="valid")


def fall_of(scan: Scan, edge: Edge) -> Fall | None:
    """The falling part of the scan; None where it has too few points."""
    signal = scan.corrected_per_s() - edge.background_per_s * scan.attenuation
    drowned = _running_mean(scan.counts) < 1.5 * edge.background_per_s * scan.number["count_time_s"]
    end = int(np.argmax(drowned)) if np.any(drowned) else len(drowned)
    used = (scan.glancing_rad > 1.05 * edge.critical_rad) & (signal > 0.3 * edge.background_per_s)
    used[end:] = False
    if np.count_nonzero(used) < _LEAST_POINTS:
        return None
    delta = delta_of(edge.density_g_cm3 * scan.film.real_per_m2, scan.number["wavelength_m"])
    q, sine = scan.q_per_m[used], np.sin(scan.glancing_rad[used])
    inside = q * np.sqrt(1.0 - 2.0 * delta / np.square(sine))
    height = np.log(signal[used] * q**4)
    weight = 1.0 / (1.0 + 100.0 / (scan.counts[used] + 0.5))
    return Fall(inside, height, weight)


def spectrum(fall: Fall) -> tuple[Floats, Floats]:
    """(thicknesses in nm, amplitudes) of the Fourier transform of ln(q⁴R) less its trend over q′.

    Fringes are even over q′: their phase is d·q′. Thicknesses of fewer than `_LEAST_FRINGES` fringes are left out,
    for the trend takes them along.
    """
    inside = fall.inside_per_m
    even = np.linspace(inside[0], inside[-1], 2 * len(inside))
    weight, height = np.interp(even, inside, fall.weight), np.interp(even, inside, fall.height)
    x = np.linspace(-1.0, 1.0, len(even))
    trend = np.polynomial.polynomial.polyfit(x, height, _TREND, w=np.sqrt(weight))
    rest = (height - np.polynomial.polynomial.polyval(x, trend)) * weight * np.hanning(len(even))
    amplitude = np.abs(np.fft.rfft(rest, _BINS))
    thickness = np.arange(len(amplitude)) * (2.0 * math.pi / (_BINS * (even[1] - even[0]))) / _NM
    known = thickness > _LEAST_FRINGES * 2.0 * math.pi / (even[-1] - even[0]) / _NM
    return thickness[known], amplitude[known]


class Peak(NamedTuple):
    """One peak of the spectrum."""

    thickness_nm: float
    prominence: float
    """Height over the median of the spectrum."""
    width_nm: float
    """Of one fringe more or less over the whole scan."""


def fringes(fall: Fall, longest_nm: float, number: int) -> list[Peak]:
    """The highest peaks of the spectrum, the highest first."""
    thickness, amplitude = spectrum(fall)
    inside = thickness <= longest_nm
    peaks, _ = find_peaks(amplitude[inside])
    order = peaks[np.argsort(amplitude[peaks])[::-1]]
    usual = float(np.median(amplitude[inside])) if np.any(inside) else 1.0
    width = 2.0 * math.pi / float(fall.inside_per_m[-1] - fall.inside_per_m[0]) / _NM
    return [Peak(float(thickness[i]), float(amplitude[i]) / usual, width) for i in order[:number]]
