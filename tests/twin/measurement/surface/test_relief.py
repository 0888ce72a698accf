"""The surface between the pixels of a map."""

import numpy as np
import pytest

from tansaki.twin.growth.roughness import correlation_length
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.measurement.surface.relief import gaussian_surface, scanned, surface_of
from tansaki.twin.specimens.specimen import Crystal, FilmLayer, Specimen


def _specimen(**changes: object) -> Specimen:
    crystal = Crystal("anatase", 1.0, 40e-9, 0.0, 0.0)
    layer = FilmLayer(1e-7, {"Ti": 1.0, "O": 2.0}, 3900.0, 1.5e-9, lambda x: x + 0j, (crystal,))
    return Specimen("a", "glass", 0.01, 0.01, (layer,), **changes)  # type: ignore[arg-type]


def test_a_wave_is_seen_exactly_anywhere() -> None:
    n, pixel = 32, 1e-9
    x = pixel * np.arange(n)
    wave = 2.0 * np.pi / (n * pixel)
    surface = SurfaceMap(np.cos(3.0 * wave * x)[None, :] * np.sin(2.0 * wave * x)[:, None] * 1e-9, pixel)
    at_x, at_y = np.random.default_rng(0).uniform(-1e-7, 1e-7, (2, 20))
    shift = np.linspace(0.0, 5e-9, 20)
    expected = 1e-9 * np.cos(3.0 * wave * (at_x[None, :] + shift[:, None])) * np.sin(2.0 * wave * at_y)[:, None]
    np.testing.assert_allclose(scanned(surface, at_x, at_y, shift), expected, atol=1e-22)


def test_mean_square_is_that_of_the_map_on_any_grid_over_a_period() -> None:
    # An odd number of pixels has no term at the Nyquist wavenumber.
    heights = np.random.default_rng(1).standard_normal((31, 31))
    surface = SurfaceMap(heights, 1.0)
    fine = np.arange(93) / 3.0 + 0.21
    assert scanned(surface, fine, fine).std() == pytest.approx(heights.std(), rel=1e-12)
    np.testing.assert_allclose(scanned(surface, np.arange(31.0), np.arange(31.0)), heights - heights.mean(), atol=1e-12)


def test_a_gaussian_surface_has_its_roughness_and_its_length() -> None:
    surface = gaussian_surface(2e-9, 12e-9, 2e-9, seed=3)
    assert surface.heights_m.std() == pytest.approx(2e-9, rel=1e-12)
    lengths = [correlation_length(gaussian_surface(1.0, 12e-9, 2e-9, seed).heights_m) * 2e-9 for seed in range(8)]
    assert np.mean(lengths) == pytest.approx(12e-9, rel=0.05)


def test_a_specimen_has_its_own_surface_or_one_of_its_roughness_and_grains() -> None:
    own = SurfaceMap(np.zeros((16, 16)), 1e-9)
    assert surface_of(_specimen(surface=lambda: own)) is own
    made = surface_of(_specimen())
    assert made.heights_m.std() == pytest.approx(1.5e-9, rel=1e-12)
    assert correlation_length(made.heights_m) * made.pixel_m == pytest.approx(20e-9, rel=0.15)
    np.testing.assert_array_equal(made.heights_m, surface_of(_specimen()).heights_m)
