"""Statistics of surfaces whose answers are known in closed form."""

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.roughness import (
    autocovariance,
    bin_maxima,
    correlation_length,
    excess_kurtosis,
    height_height_correlation,
    island_density,
    local_exponents,
    power_law,
    power_spectrum,
    size_exponent,
    skewness,
    squared_width,
)
from tansaki.twin.growth.surface_map import SurfaceMap

RNG = np.random.default_rng(42)


def test_a_sine_has_its_width_correlation_and_line() -> None:
    amplitude, periods, columns = 2.0, 4, 128
    x = np.arange(columns)
    heights = amplitude * np.sin(2.0 * np.pi * periods * x / columns) + np.zeros((64, 1)) + 7.0
    assert squared_width(heights) == pytest.approx(amplitude**2 / 2.0)
    assert skewness(heights) == pytest.approx(0.0, abs=1e-12)
    assert excess_kurtosis(heights) == pytest.approx(-1.5)
    expected = amplitude**2 / 2.0 * np.cos(2.0 * np.pi * periods * x / columns)
    assert autocovariance(heights)[0] == pytest.approx(expected, abs=1e-12)
    k, density = power_spectrum(SurfaceMap(heights, 1e-9))
    assert k[np.argmax(density)] == pytest.approx(2.0 * np.pi * periods / columns / 1e-9, rel=0.1)


def test_height_differences_are_what_they_are_called() -> None:
    heights = RNG.normal(size=(24, 24)).cumsum(axis=0)
    found = height_height_correlation(heights)
    for r in (0, 1, 5, 12):
        straight = [np.mean((np.roll(heights, r, axis) - heights) ** 2) for axis in (0, 1)]
        assert found[r] == pytest.approx(np.mean(straight), abs=1e-9)


def test_a_single_row_is_measured_along_itself() -> None:
    heights = RNG.normal(size=(1, 64))
    assert height_height_correlation(heights)[3] == pytest.approx(np.mean((np.roll(heights, 3) - heights) ** 2))
    assert bin_maxima(heights, 4).shape == (1, 16)


def test_spectrum_holds_the_variance() -> None:
    # Parseval, ring by ring: with one wavenumber a ring the sum over modes is the variance.
    heights = RNG.normal(size=(32, 32)) * 1e-9
    surface = SurfaceMap(heights, 2e-9)
    area = (32 * 2e-9) ** 2
    k, density = power_spectrum(surface, bins=4000)
    step = 2.0 * np.pi / (32 * 2e-9)
    frequencies = step * np.fft.fftfreq(32, 1.0 / 32)
    modes = np.hypot(frequencies[:, None], frequencies[None, :]).ravel()[1:]
    nearest = np.abs(modes[:, None] - k[None, :]).argmin(axis=1)
    assert np.sum(density[nearest]) / area == pytest.approx(squared_width(heights), rel=1e-9)


def test_white_noise_has_a_flat_spectrum_of_known_height() -> None:
    heights = RNG.normal(size=(256, 256))
    _, density = power_spectrum(SurfaceMap(heights, 0.5), bins=8)
    assert density[3:] == pytest.approx(0.25, rel=0.1)  # σ²·Δ²


def test_correlation_length_of_smoothed_noise() -> None:
    # Noise smoothed by a Gaussian of width s has the autocovariance exp(−r²/4s²): 1/e at 2s.
    size, s = 512, 5.0
    k = 2.0 * np.pi * np.fft.fftfreq(size)
    window = np.exp(-0.5 * s**2 * (k[:, None] ** 2 + k[None, :] ** 2))
    heights = np.fft.ifft2(np.fft.fft2(RNG.normal(size=(size, size))) * window).real
    assert correlation_length(heights) == pytest.approx(2.0 * s, rel=0.05)
    assert correlation_length(np.zeros((8, 8))) == float("inf")


def test_roughness_does_not_depend_on_place_or_level() -> None:
    heights = RNG.normal(size=(32, 48)).cumsum(axis=1)
    moved = np.roll(heights, (5, 17), (0, 1)) + 100.0
    for statistic in (squared_width, skewness, excess_kurtosis, correlation_length):
        assert statistic(moved) == pytest.approx(statistic(heights), rel=1e-9)
    assert skewness(-heights) == pytest.approx(-skewness(heights))


def test_bin_maxima_are_the_maxima() -> None:
    heights = np.arange(16).reshape(4, 4)
    assert bin_maxima(heights, 2).tolist() == [[5, 7], [13, 15]]
    assert np.array_equal(bin_maxima(heights, 1), heights)
    with pytest.raises(InvalidInputError, match="a divisor"):
        bin_maxima(heights, 3)


def test_power_laws_are_found_with_their_error() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    exact = power_law(x, np.array([x**0.7, 3.0 * x**0.7, 2.0 * x**0.7]))
    assert exact.value == pytest.approx(0.7)
    assert exact.u == pytest.approx(0.0, abs=1e-12)
    assert local_exponents(x, 5.0 * x**0.7) == pytest.approx(0.7)
    with pytest.raises(InvalidInputError, match="at least two runs"):
        power_law(x, [x])


def test_the_error_of_an_exponent_is_the_scatter_of_repetitions() -> None:
    x = 2.0 ** np.arange(6)
    fits = [power_law(x, x**0.5 * np.exp(0.1 * RNG.normal(size=(8, 6)))) for _ in range(300)]
    scatter = np.std([fit.value for fit in fits])
    assert np.mean([fit.u for fit in fits]) == pytest.approx(scatter, rel=0.15)
    sizes = (8, 16, 32)
    repeated = [size_exponent(sizes, [n**0.8 * RNG.exponential(size=50) for n in sizes]) for _ in range(300)]
    assert np.mean([fit.value for fit in repeated]) == pytest.approx(0.4, abs=0.02)
    assert np.mean([fit.u for fit in repeated]) == pytest.approx(np.std([fit.value for fit in repeated]), rel=0.15)


def test_islands_are_counted_across_the_edges() -> None:
    heights = np.zeros((6, 6), int)
    heights[0, 0] = heights[5, 0] = heights[0, 5] = 1  # one island around the corner
    heights[2:4, 2:4] = 1
    heights[4, 4] = 1  # touches the square only at a corner
    assert island_density(heights, 0) == pytest.approx(3 / 36)
    assert island_density(heights, 1) == 0.0


@pytest.mark.parametrize(("heights", "pixel"), [(np.zeros(4), 1.0), (np.full((2, 2), np.nan), 1.0), (np.eye(2), 0.0)])
def test_a_map_must_be_a_map(heights: np.ndarray, pixel: float) -> None:
    with pytest.raises(InvalidInputError):
        SurfaceMap(heights, pixel)
