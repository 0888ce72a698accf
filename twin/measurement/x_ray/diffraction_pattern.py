"""One diffraction line of a film under Cu Kα in Bragg-Brentano geometry: place, area, width, profile.

Written for `tansaki.twin.backends.bind`; angles in rad, profiles on the scale of 2θ.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar

FOUR_LN2 = 2.772588722239781
GAUSS_PEAK = 0.9394372786996513
"""2√(ln 2/π): height of a Gaussian of unit area and width."""
LORENTZ_PEAK = 0.6366197723675814
"""2/π, likewise."""
PI = 3.141592653589793


class Resolution(NamedTuple):
    """Width that the instrument gives to a perfect crystal: Caglioti's Gaussian and a Lorentzian."""

    u_rad2: Scalar
    v_rad2: Scalar
    w_rad2: Scalar
    lorentz_rad: Scalar


class Profile(NamedTuple):
    """Pseudo-Voigt of unit area."""

    width_rad: Scalar
    """Full width at half maximum."""
    mixing: Scalar
    """Share of the Lorentzian."""


def bragg_angle_rad(spacing_m: Scalar, wavelength_m: Scalar) -> Scalar:
    """θ of λ = 2d sin θ; 90° where there is none."""
    return xp.arcsin(xp.minimum(0.5 * wavelength_m / spacing_m, 1.0))


def shift_rad(theta_rad: Scalar, displacement_m: Scalar, radius_m: Scalar, zero_rad: Scalar) -> Scalar:
    """Apparent less true 2θ, of a specimen `displacement_m` outside the focusing circle and a zero error."""
    return zero_rad - 2.0 * displacement_m * xp.cos(theta_rad) / radius_m


def lorentz_polarisation(theta_rad: Scalar) -> Scalar:
    """(1 + cos² 2θ)/(sin² θ cos θ), unpolarised source, no monochromator."""
    double = xp.cos(2.0 * theta_rad)
    sine = xp.sin(theta_rad)
    return (1.0 + double * double) / (sine * sine * xp.cos(theta_rad))


def seen_depth_m(theta_rad: Scalar, thickness_m: Scalar, attenuation_per_m: Scalar) -> Scalar:
    """(1 − exp(−2μt/sin θ))/(2μ): volume per area of beam, times t/sin θ at first and 1/(2μ) when thick; μ > 0."""
    return -0.5 * xp.expm1(-2.0 * attenuation_per_m * thickness_m / xp.sin(theta_rad)) / attenuation_per_m


def transmission(theta_rad: Scalar, depth: Scalar) -> Scalar:
    """exp(−2μt/sin θ) of what lies above, `depth` = Σ μt."""
    return xp.exp(-2.0 * depth / xp.sin(theta_rad))


def line_area(
    theta_rad: Scalar, wavelength_m: Scalar, strength: Scalar, cell_volume_m3: Scalar, depth_m: Scalar
) -> Scalar:
    """∫ dσ/dΩ d2θ over a line of a polycrystal, in rₑ² per area of beam: λ³ m|F|²W LP t/(32π v²), rad/m².

    `strength` is m|F|²W with W the mean pole density of the family, 1 without texture. Source: powder lines in Warren,
    X-ray Diffraction, in the units in which a diffuse scatterer gives P n f² (`diffuse_density`).
    """
    cell = strength * wavelength_m * (wavelength_m / cell_volume_m3) ** 2
    return cell * lorentz_polarisation(theta_rad) * depth_m / (32.0 * PI)


def diffuse_density(
    theta_rad: Scalar, scattering_per_m3: Scalar, centre_rad: Scalar, width_rad: Scalar, height: Scalar
) -> Scalar:
    """dσ/dΩ in rₑ² per volume of a glass: (1 + cos² 2θ)/2 · Σ n f² · S, 1/m³.

    S rises as 1 − exp(−(2θ/2θ₁)²) to 1, with a Gaussian maximum of `height` and full width `width_rad` at 2θ₁.
    """
    double = 2.0 * theta_rad
    apart = (double - centre_rad) / width_rad
    structure = 1.0 - xp.exp(-((double / centre_rad) ** 2)) + height * xp.exp(-FOUR_LN2 * apart * apart)
    return 0.5 * (1.0 + xp.cos(double) ** 2) * scattering_per_m3 * structure


def march_dollase(cosine_squared: Scalar, r: Scalar) -> Scalar:
    """Pole density (r² cos² + sin²/r)^(−3/2), mean 1 over the sphere; Dollase, J. Appl. Cryst. 19, 267 (1986)."""
    return (r * r * cosine_squared + (1.0 - cosine_squared) / r) ** -1.5


def fibre(cosine_squared: Scalar, width_rad: Scalar) -> Scalar:
    """Pole density of a narrow Gaussian fibre or mosaic of standard deviation `width_rad`, mean 1; width < 0.2."""
    angle = xp.arccos(xp.sqrt(xp.minimum(cosine_squared, 1.0)))
    return xp.exp(-0.5 * (angle / width_rad) ** 2) / (width_rad * width_rad)


def size_width_rad(theta_rad: Scalar, size_m: Scalar, wavelength_m: Scalar, shape_factor: Scalar) -> Scalar:
    """Scherrer's Kλ/(D cos θ), full width."""
    return shape_factor * wavelength_m / (size_m * xp.cos(theta_rad))


def strain_width_rad(theta_rad: Scalar, microstrain: Scalar) -> Scalar:
    """4ε tan θ, full width."""
    return 4.0 * microstrain * xp.tan(theta_rad)


def gauss_width_rad(theta_rad: Scalar, resolution: Resolution) -> Scalar:
    """Caglioti's √(U tan² θ + V tan θ + W)."""
    tangent = xp.tan(theta_rad)
    return xp.sqrt(resolution.u_rad2 * tangent * tangent + resolution.v_rad2 * tangent + resolution.w_rad2)


def voigt_profile(gauss_rad: Scalar, lorentz_rad: Scalar) -> Profile:
    """The pseudo-Voigt next to the convolution of both; Thompson, Cox and Hastings, J. Appl. Cryst. 20, 79 (1987)."""
    g, lo = gauss_rad, lorentz_rad
    fifth = g * (g * (g * (g * (g + 2.69269 * lo) + 2.42843 * lo * lo) + 4.47163 * lo * lo * lo))
    square = lo * lo
    width = (fifth + square * square * (0.07842 * g + lo)) ** 0.2
    part = lo / width
    return Profile(width, part * (1.36603 + part * (-0.47719 + part * 0.11116)))


def voigt_slopes(gauss_rad: Scalar, lorentz_rad: Scalar, profile: Profile) -> tuple[Profile, Profile]:
    """∂ profile/∂ Gaussian width and ∂ profile/∂ Lorentzian width, for `profile` of the same widths."""
    g, lo, width = gauss_rad, lorentz_rad, profile.width_rad
    square = lo * lo
    by_gauss = g * (g * (g * (5.0 * g + 4.0 * 2.69269 * lo) + 3.0 * 2.42843 * square) + 2.0 * 4.47163 * lo * square)
    by_gauss = by_gauss + 0.07842 * square * square
    by_lorentz = g * (
        g * (g * (2.69269 * g + 2.0 * 2.42843 * lo) + 3.0 * 4.47163 * square) + 4.0 * 0.07842 * lo * square
    )
    by_lorentz = by_lorentz + 5.0 * square * square
    scale = 0.2 / (width * width * width * width)
    part = lo / width
    steep = (1.36603 + part * (-2.0 * 0.47719 + part * 3.0 * 0.11116)) / width
    wider, flatter = scale * by_gauss, scale * by_lorentz
    return Profile(wider, -steep * part * wider), Profile(flatter, steep * (1.0 - part * flatter))


def pseudo_voigt(apart_rad: Scalar, profile: Profile) -> Scalar:
    """Value at a distance from the centre, 1/rad."""
    x = apart_rad / profile.width_rad
    lorentz = LORENTZ_PEAK / (1.0 + 4.0 * x * x)
    gauss = GAUSS_PEAK * xp.exp(-FOUR_LN2 * x * x)
    return (profile.mixing * lorentz + (1.0 - profile.mixing) * gauss) / profile.width_rad


def counted(rate_per_s: Scalar, dead_time_s: Scalar) -> Scalar:
    """Rate that a detector shows which is blind for `dead_time_s` after each count (non-paralysable)."""
    return rate_per_s / (1.0 + rate_per_s * dead_time_s)


class Domains(NamedTuple):
    """What of a phase in a film shapes its lines."""

    volume_fraction: Scalar
    size_m: Scalar
    microstrain: Scalar
    normal_strain: Scalar


class Passage(NamedTuple):
    """Film in the beam, and what lies above it."""

    thickness_m: Scalar
    attenuation_per_m: Scalar
    depth_above: Scalar
    """Σ μt of the films above."""


class Alignment(NamedTuple):
    """Errors of the goniometer and of the mounting."""

    displacement_m: Scalar
    radius_m: Scalar
    zero_rad: Scalar


class Line(NamedTuple):
    """One line as the detector sees it, on the scale of 2θ."""

    centre_rad: Scalar
    area: Scalar
    """rₑ² rad per area of beam."""
    profile: Profile


def line_of(
    spacing_m: Scalar,
    strength: Scalar,
    cell_volume_m3: Scalar,
    wavelength_m: Scalar,
    domains: Domains,
    passage: Passage,
    alignment: Alignment,
    resolution: Resolution,
    shape_factor: Scalar,
) -> Line:
    """The line of a family of planes; `strength` is m|F|² times the mean pole density of the family."""
    theta = bragg_angle_rad(spacing_m * (1.0 + domains.normal_strain), wavelength_m)
    depth = seen_depth_m(theta, passage.thickness_m, passage.attenuation_per_m)
    depth = depth * domains.volume_fraction * transmission(theta, passage.depth_above)
    area = line_area(theta, wavelength_m, strength, cell_volume_m3, depth)
    lorentz = size_width_rad(theta, domains.size_m, wavelength_m, shape_factor)
    lorentz = lorentz + strain_width_rad(theta, domains.microstrain) + resolution.lorentz_rad
    centre = 2.0 * theta + shift_rad(theta, alignment.displacement_m, alignment.radius_m, alignment.zero_rad)
    return Line(centre, area, voigt_profile(gauss_width_rad(theta, resolution), lorentz))
