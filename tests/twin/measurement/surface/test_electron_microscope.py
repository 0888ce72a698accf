"""Electron microscope: brightness of slopes, size of features, and pictures that tell nothing."""

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.surface import masked_step, secondary_electrons
from tansaki.twin.measurement.surface.feature_analysis import analyse, features, spectrum
from tansaki.twin.measurement.surface.relief import gaussian_surface
from tansaki.twin.measurement.surface.secondary_electrons import Contrast
from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen

MICROSCOPE = open_instrument("electron_microscope")
METAL = Charge(1e-5, 1e26, 1e-3)


def _film(surface: SurfaceMap, charge: Charge | None = METAL) -> Specimen:
    layer = FilmLayer(1e-7, {"Ti": 1.0}, 4e3, 1e-9, lambda x: x + 0j)
    return Specimen("a", "glass", 0.01, 0.01, (layer,), charge, lambda: surface)


def test_a_slope_of_sixty_degrees_is_twice_as_bright() -> None:
    contrast = Contrast(1.0, 2.0, 1e-8)
    assert secondary_electrons.emission(np.sqrt(3.0), 0.0, 0.0, contrast) == pytest.approx(2.0)
    assert secondary_electrons.emission(0.0, 0.0, 5e-9, contrast) == pytest.approx(np.e)
    assert secondary_electrons.charging(1e-10, 1e10, 1.0) == pytest.approx(0.5)


def test_the_engines_agree_and_slopes_are_right() -> None:
    import jax

    contrast = Contrast(1.1, 10.0, 5e-8)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 2))
    with jax.enable_x64(True):
        bright, edge = bind(secondary_electrons, "jax").emission, bind(masked_step, "jax").covered
        for sx, sy in points:
            exact = secondary_electrons.emission(sx, sy, 1e-9, contrast)
            assert bind(secondary_electrons, "numba").emission(sx, sy, 1e-9, contrast) == pytest.approx(
                exact, rel=1e-12
            )
            assert float(bright(sx, sy, 1e-9, contrast)) == pytest.approx(exact, rel=1e-12)
            step = 1e-5
            by_difference = (
                secondary_electrons.emission(sx + step, sy, 1e-9, contrast)
                - secondary_electrons.emission(sx - step, sy, 1e-9, contrast)
            ) / (2.0 * step)
            assert float(jax.grad(bright)(sx, sy, 1e-9, contrast)) == pytest.approx(by_difference, rel=1e-4, abs=1e-8)
            assert float(edge(sx, 0.1, 0.2)) == pytest.approx(masked_step.covered(sx, 0.1, 0.2), rel=1e-12)
            assert bind(masked_step, "numba").covered(sx, 0.1, 0.2) == pytest.approx(
                masked_step.covered(sx, 0.1, 0.2), rel=1e-12
            )


def test_the_size_of_a_normal_field_comes_back_from_its_spectrum() -> None:
    sizes = []
    for seed in range(12):
        field = gaussian_surface(0.05, 20e-9, 4e-9, seed).heights_m
        found = features(spectrum(100.0 * (1.0 + field), 4e-9), 0.0, 1.0, 1e-30)
        assert found is not None
        sizes.append(found.length_m)
    assert np.mean(sizes) == pytest.approx(20e-9, rel=0.06)


def test_intervals_hold_the_size() -> None:
    rng = np.random.default_rng(1)
    z = []
    for seed in range(40):
        xi = rng.uniform(12e-9, 30e-9)
        surface = gaussian_surface(rng.uniform(0.7e-9, 2e-9), xi, xi / 5.0, seed, pixels=384)
        found = MICROSCOPE.measure(_film(surface), rng).derived.get("feature_size")
        if found is not None:
            z.append((found.value - 2e9 * xi) / found.u)
    assert len(z) > 34
    assert 0.86 <= np.mean(np.abs(z) < 1.96) <= 1.0


def test_an_insulator_charges_and_gives_no_size() -> None:
    surface = gaussian_surface(1e-9, 20e-9, 4e-9, 3)
    for charge, flag in ((None, ("charging",)), (Charge(1e6, 1e15, 1e-6), ("charging",)), (METAL, ())):
        record = MICROSCOPE.measure(_film(surface, charge), np.random.default_rng(4))
        assert record.flags == flag
        assert ("feature_size" in record.derived) == (flag == ())


def test_pictures_that_do_not_tell() -> None:
    flat = MICROSCOPE.measure(_film(SurfaceMap(np.zeros((32, 32)), 1e-8)), np.random.default_rng(5))
    assert flat.flags == ("no_contrast",)
    assert not flat.derived
    dim = {"electrons_per_pixel": 100.0}
    faint = MICROSCOPE.measure(_film(gaussian_surface(1e-11, 20e-9, 4e-9, 3)), np.random.default_rng(6), settings=dim)
    assert faint.flags == ("no_contrast",)
    wide = MICROSCOPE.measure(_film(gaussian_surface(2e-9, 1e-6, 5e-8, 3)), np.random.default_rng(7))
    assert "feature_size" not in wide.derived


def test_counts_are_those_of_a_poisson_process() -> None:
    record = MICROSCOPE.measure(_film(SurfaceMap(np.zeros((32, 32)), 1e-8)), np.random.default_rng(8))
    counts = record.raw["electrons"]
    # Charging of a metal is below 1e-9: lines are alike. Standard error of the ratio √(2/N) = 0.6 %.
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.02)


def test_dose_costs_time_and_what_is_missing_is_named() -> None:
    surface = gaussian_surface(1e-9, 20e-9, 4e-9, 3)
    usual, more = (
        MICROSCOPE.measure(_film(surface), None, settings={"electrons_per_pixel": dose}) for dose in (1e4, 1e5)
    )
    added = float(more.settings["duration_s"]) - float(usual.settings["duration_s"])
    assert added == pytest.approx(256**2 * 9e4 * 1.602176634e-19 / 5e-11)
    with pytest.raises(InvalidInputError, match="blur_m"):
        analyse(usual.raw, {k: v for k, v in usual.settings.items() if k != "blur_m"})
    with pytest.raises(InvalidInputError, match="square"):
        analyse({**usual.raw, "electrons": np.ones((4, 4))}, usual.settings)
