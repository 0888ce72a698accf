"""Atomic force microscope: roughness comes back through tip, scanner and drift, or a flag says why not."""

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.surface.relief import gaussian_surface, scanned
from tansaki.twin.measurement.surface.roughness_analysis import analyse, covariance, flattened, taken_again, tip_share
from tansaki.twin.specimens.specimen import FilmLayer, Specimen

MICROSCOPE = open_instrument("atomic_force_microscope")


def _film(surface: SurfaceMap, name: str = "a") -> Specimen:
    layer = FilmLayer(1e-7, {"Ti": 1.0}, 4e3, 1e-9, lambda x: x + 0j)
    return Specimen(name, "glass", 0.01, 0.01, (layer,), surface=lambda: surface)


def test_a_gentle_wave_reads_its_roughness() -> None:
    # Sq of a wave is amplitude/√2; eight periods of it in the scan.
    n, pixel = 128, 5e-7 / 128
    wave = 1e-9 * np.cos(2.0 * np.pi * 8.0 * np.arange(n) / n)
    found = MICROSCOPE.measure(_film(SurfaceMap(np.tile(wave, (n, 1)), pixel)), None).derived["roughness_sq"]
    assert found.value == pytest.approx(1.0 / np.sqrt(2.0), rel=0.04)


def test_intervals_hold_roughness_and_length() -> None:
    rng = np.random.default_rng(1)
    sq, length = [], []
    for seed in range(50):
        true_sq, xi = np.exp(rng.uniform(np.log(0.4e-9), np.log(1.5e-9))), rng.uniform(10e-9, 25e-9)
        # Larger than the scan, so that a spot is a spot.
        surface = gaussian_surface(true_sq, xi, xi / 5.0, seed, pixels=384)
        derived = MICROSCOPE.measure(_film(surface), rng).derived
        sq.append((derived["roughness_sq"].value - 1e9 * true_sq) / derived["roughness_sq"].u)
        length.append((derived["correlation_length"].value - 1e9 * xi) / derived["correlation_length"].u)
    assert 0.88 <= np.mean(np.abs(sq) < 1.96) <= 1.0
    assert 0.86 <= np.mean(np.abs(length) < 1.96) <= 1.0
    assert abs(np.mean(sq)) < 0.4


@pytest.mark.parametrize(("sq", "xi", "radius"), [(1.0, 10.0, 8.0), (0.5, 10.0, 20.0), (1.0, 20.0, 20.0)])
def test_the_share_of_the_tip_is_told_from_the_image(sq: float, xi: float, radius: float) -> None:
    from tansaki.twin.backends import bind
    from tansaki.twin.measurement.surface import dilation

    curvature = 4.0 / (2.0 * radius)
    shares = []
    for seed in range(6):
        heights = gaussian_surface(sq, xi, 2.0, seed).heights_m
        image = flattened(bind(dilation, "numba").dilated_map(heights, curvature))
        shares.append((flattened(heights).std() / image.std() - 1.0, tip_share(taken_again(image, curvature))))
    true, found = np.mean(shares, axis=0)
    assert true > 0.005
    assert found == pytest.approx(true, rel=0.3)


def test_flattening_takes_tilt_bow_and_offsets_and_gives_back_what_else_it_took() -> None:
    rng = np.random.default_rng(2)
    axis = np.linspace(-1.0, 1.0, 256)
    ramp = 3.0 * axis[None, :] + 5.0 * axis[None, :] ** 2 + rng.standard_normal((256, 1))
    assert np.abs(flattened(ramp)).max() < 1e-12
    ratios = []
    for seed in range(12):
        surface = gaussian_surface(1.0, 20.0, 4.0, seed, pixels=384)
        spot = scanned(surface, 2.0 * np.arange(256.0), 2.0 * np.arange(256.0))
        ratios.append((np.mean(flattened(spot) ** 2), covariance(flattened(spot), 0.0).squared_m2))
    lost, kept = np.mean(ratios, axis=0)
    # Means of lines of length L take √π·ξ/L of the mean square.
    assert lost == pytest.approx(1.0 - np.sqrt(np.pi) * 20.0 / 512.0, abs=0.05)
    assert kept == pytest.approx(1.0, abs=0.05)


def test_repeats_see_the_same_spot() -> None:
    rng = np.random.default_rng(3)
    specimen = _film(gaussian_surface(1e-9, 15e-9, 3e-9, 4, pixels=384))
    errors = []
    for _ in range(10):
        session, mounting = MICROSCOPE.session(rng, "s"), MICROSCOPE.mount(specimen, rng)
        repeats = [
            MICROSCOPE.measure(specimen, rng, calibration=session, mounting=mounting).derived["roughness_sq"]
            for _ in range(2)
        ]
        values = [r.value for r in repeats]
        assert np.std(values) < 0.2 * repeats[0].u_systematic
        errors.append((np.mean(values) - 1.0) / repeats[0].u_systematic)
    assert 0.4 < np.sqrt(np.mean(np.square(errors))) < 1.6


def test_flags_where_the_map_does_not_tell() -> None:
    flat = MICROSCOPE.measure(_film(SurfaceMap(np.zeros((32, 32)), 1e-8)), np.random.default_rng(5))
    assert flat.flags == ("noise",)
    assert 0.0 < flat.derived["roughness_sq_upper_bound"].value < 0.2
    for seed, (sq, xi) in enumerate([(8.0, 5.0), (2.0, 6.0), (4.0, 10.0)]):
        spiky = gaussian_surface(1e-9 * sq, 1e-9 * xi, 0.2e-9 * xi, seed, pixels=384)
        hidden = MICROSCOPE.measure(_film(spiky), np.random.default_rng(seed))
        assert "tip" in hidden.flags
        assert set(hidden.derived) == {"roughness_sq_lower_bound"}
        assert hidden.derived["roughness_sq_lower_bound"].value < sq
    wide = gaussian_surface(1e-9, 200e-9, 20e-9, 7)
    assert "small_scan" in MICROSCOPE.measure(_film(wide), np.random.default_rng(7)).flags


def test_what_is_missing_is_named_and_time_is_lines_over_rate() -> None:
    record = MICROSCOPE.measure(_film(gaussian_surface(1e-9, 15e-9, 3e-9, 4)), None, settings={"pixels": 128.0})
    assert record.raw["height_m"].shape == (128, 128)
    slow = MICROSCOPE.measure(_film(gaussian_surface(1e-9, 15e-9, 3e-9, 4)), None, settings={"line_rate_hz": 0.5})
    assert float(slow.settings["duration_s"]) - float(record.settings["duration_s"]) == pytest.approx(512.0 - 128.0)
    with pytest.raises(InvalidInputError, match="height_gain"):
        analyse(record.raw, {k: v for k, v in record.settings.items() if k != "height_gain"})
    with pytest.raises(InvalidInputError, match="32 x 32"):
        analyse({**record.raw, "height_m": np.zeros((4, 4))}, record.settings)
