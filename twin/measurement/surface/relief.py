"""The surface of a specimen where a microscope scans it.

Between the pixels of a grown map the surface is the trigonometric polynomial through them, and beyond its edges it
repeats itself: so its mean square height, its slopes and its spectrum are those of the map, whatever grid looks at it.
A specimen without a growth model has a Gaussian random field of its roughness instead, drawn from its id.
"""

from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.quantities import load
from tansaki.twin.randomness import generator
from tansaki.twin.specimens.specimen import Specimen

Floats = NDArray[np.float64]


class Fallback(NamedTuple):
    """Section [fallback] of twin/instruments/surface_relief.toml."""

    amorphous_feature_m: float
    """Size of the features of a film without crystals."""
    pixels_per_length: float
    """Pixels of the map in a correlation length."""


def surface_of(specimen: Specimen) -> SurfaceMap:
    """The grown map; else a field whose correlation length is half the size of the top film's crystals."""
    if specimen.surface is not None:
        return specimen.surface()
    numbers = load("instruments", "surface_relief").parameters("fallback", Fallback)
    top = specimen.layers[0]
    size = max((crystal.size_m for crystal in top.crystals), default=numbers.amorphous_feature_m)
    seed = crc32(specimen.id.encode())
    return gaussian_surface(top.roughness_m, 0.5 * size, 0.5 * size / numbers.pixels_per_length, seed)


def gaussian_surface(
    roughness_m: float, correlation_length_m: float, pixel_m: float, seed: int, pixels: int = 256
) -> SurfaceMap:
    """Periodic normal heights with ⟨δh(0)δh(r)⟩ = σ²·exp(−r²/ξ²) over many maps, and exactly σ² = mean δh² in each."""
    k = 2.0 * np.pi * np.fft.fftfreq(pixels, pixel_m)
    # Square root of the spectrum ∝ exp(−k²ξ²/4).
    shape = np.exp(-0.125 * (k[:, None] ** 2 + k[None, :] ** 2) * correlation_length_m**2)
    shape[0, 0] = 0.0
    white = generator(seed, "gaussian surface").standard_normal((pixels, pixels))
    heights = np.fft.ifft2(np.fft.fft2(white) * shape).real
    spread = float(heights.std())
    return SurfaceMap(heights * (roughness_m / spread if spread > 0.0 else 0.0), pixel_m)


def scanned(surface: SurfaceMap, x_m: Floats, y_m: Floats, shift_m: Floats | None = None) -> Floats:
    """Heights (m, about their mean over the map) at the points (x, y) of a grid, in the shape (y, x).

    `shift_m` moves each row along x, as a drifting sample does. Exact at the pixels of the map. The term of highest
    wavenumber (Nyquist) is left out: its phase is not known.
    """
    rows, columns = surface.heights_m.shape
    spectrum = np.fft.fft2(surface.heights_m - surface.heights_m.mean()) / surface.heights_m.size
    n_y, n_x = np.fft.fftfreq(rows, 1.0 / rows), np.fft.rfftfreq(columns, 1.0 / columns)
    n_x, n_y = n_x[n_x < 0.5 * columns], n_y[np.abs(n_y) < 0.5 * rows]
    kept = spectrum[n_y.astype(int)][:, n_x.astype(int)]
    # Real heights: terms of −k are the conjugates of those of k.
    kept = kept * np.where(n_x > 0.0, 2.0, 1.0)
    turn = 2.0j * np.pi / surface.pixel_m
    along_y = np.exp(turn / rows * np.outer(y_m, n_y)) @ kept
    if shift_m is not None:
        along_y *= np.exp(turn / columns * np.outer(shift_m, n_x))
    return np.asarray((along_y @ np.exp(turn / columns * np.outer(n_x, x_m))).real)
