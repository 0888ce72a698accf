"""What of a scan is not the film's lines: smooth background, diffuse light of a glass, lines of a crystalline plate."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import diffraction_grid
from tansaki.twin.measurement.x_ray import diffraction_pattern as pattern
from tansaki.twin.measurement.x_ray.crystal import axis_cosines_squared, open_crystal, reflections
from tansaki.twin.measurement.x_ray.profile_fit import Instrument
from tansaki.twin.measurement.x_ray.scattering_specimen import (
    LEAST_SPACING_M,
    atomic_scattering_per_m3,
    plate_diffuse,
)
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]

DEGREE: Final = 3
"""Of the polynomial over the scan."""
HIDDEN_RAD: Final = math.radians(1.5)
"""Either side of a line of the plate."""


def background_functions(name: str, angle_rad: Floats, instrument: Instrument, number: Mapping[str, float]) -> Floats:
    """Rows: polynomials, scatter of the air, humps of a glassy plate and of an amorphous film, tails of the plate.

    Without the `name` of a plate a hump of the usual glass is allowed for.
    """
    diffuse = tuple(number[f"diffuse_{part}"] for part in ("height", "film_centre_deg", "film_width_deg"))
    key = (float(angle_rad[0]), float(angle_rad[-1]), len(angle_rad))
    return _functions(name, key, instrument, diffuse)


@lru_cache(maxsize=32)
def _functions(
    name: str,
    scan: tuple[float, float, int],
    instrument: Instrument,
    diffuse: tuple[float, ...],
) -> Floats:
    angle = np.linspace(*scan)
    x = np.linspace(-1.0, 1.0, len(angle))
    rows = list(np.polynomial.chebyshev.chebvander(x, DEGREE).T)
    rows.append((angle[0] / angle) ** 2)
    height, centre, width = diffuse[0], math.radians(diffuse[1]), math.radians(diffuse[2])
    hump = plate_diffuse(name or "glass", 0.5 * angle, height, instrument.wavelength_1_m)
    if hump.any():
        # The second: what a film takes away grows with its path, t/sin θ.
        rows += [hump / hump.max(), hump / hump.max() * (np.sin(0.5 * angle[0]) / np.sin(0.5 * angle))]
    # Of an amorphous film only the elements matter, and those little: silica stands for all.
    atoms = atomic_scattering_per_m3({"Si": 1.0, "O": 2.0}, 1.0, 0.5 * angle, instrument.wavelength_1_m)
    for peak in (0.0, height):
        row = pattern.diffuse_density(0.5 * angle, atoms, centre, width, peak) / np.sin(0.5 * angle)
        rows.append(row / row.max())
    step = (scan[1] - scan[0]) / (scan[2] - 1)
    lines = plate_lines(name, instrument)
    if len(lines):
        # Each with its slope: where the line lies exactly is not known either.
        line_basis = bind(diffraction_grid, "numba").line_basis
        group = np.arange(len(lines))
        tails = line_basis(scan[0], step, scan[2], lines, group, len(lines), diffraction_grid.FAR)[:2]
        near = np.abs(angle - lines[:, :1]) < HIDDEN_RAD
        rows += [row / np.abs(row).max() for row in np.where(near, 0.0, tails).reshape(-1, len(angle))]
    return np.array(rows)


def film_intervals(name: str, angle_rad: Floats, instrument: Instrument) -> NDArray[np.bool_]:
    """False within `HIDDEN_RAD` of a line of the plate."""
    free = np.ones(len(angle_rad), dtype=np.bool_)
    for centre in plate_lines(name, instrument)[:, 0]:
        free &= np.abs(angle_rad - centre) > HIDDEN_RAD
    return free


@lru_cache(maxsize=32)
def plate_lines(name: str, instrument: Instrument) -> Floats:
    """Lines of planes parallel to the face of a crystalline plate, Kα₁, Kα₂, Kβ: rows centre, area 1, width, mixing."""
    plate = open_substrate(name) if name else None
    if plate is None or plate.crystal is None or plate.orientation is None:
        return np.zeros((0, 4))
    crystal = open_crystal(plate.crystal)
    table = reflections(crystal, LEAST_SPACING_M)
    cosines = axis_cosines_squared(crystal, LEAST_SPACING_M, plate.orientation)
    spacing = table.spacing_m[np.maximum.reduceat(cosines, table.first_member) > 0.9999]
    rows = []
    for wavelength in (instrument.wavelength_1_m, instrument.wavelength_2_m, instrument.wavelength_beta_m):
        theta = pattern.bragg_angle_rad(spacing[spacing > 0.5002 * wavelength], wavelength)
        gauss = pattern.gauss_width_rad(theta, instrument.resolution)
        profile = pattern.voigt_profile(gauss, np.full_like(theta, instrument.resolution.lorentz_rad))
        rows.append(np.stack([2.0 * theta, np.ones_like(theta), *profile], axis=-1))
    return np.concatenate(rows)
