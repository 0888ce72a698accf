"""Dilation by a paraboloid is the dilation of mathematical morphology, whatever the surface."""

import numpy as np
import pytest
from scipy.ndimage import grey_dilation

from tansaki.twin.backends import bind
from tansaki.twin.measurement.surface import dilation

COMPILED = bind(dilation, "numba")


def _by_scipy(heights: np.ndarray, curvature: float) -> np.ndarray:
    reach = np.arange(-heights.shape[0] + 1, heights.shape[0])
    tip = -curvature * (reach[:, None] ** 2 + reach[None, :] ** 2)
    return grey_dilation(heights, structure=tip, mode="constant", cval=-1e9)


@pytest.mark.parametrize("curvature", [1e-3, 0.05, 1.0, 50.0])
def test_a_map_equals_the_maximum_over_all_shifts(curvature: float) -> None:
    heights = np.random.default_rng(1).standard_normal((24, 24))
    np.testing.assert_allclose(COMPILED.dilated_map(heights, curvature), _by_scipy(heights, curvature), atol=1e-12)


def test_numpy_and_numba_are_the_same() -> None:
    heights = np.random.default_rng(2).standard_normal((9, 13))
    np.testing.assert_array_equal(COMPILED.dilated_map(heights, 0.1), bind(dilation, "numpy").dilated_map(heights, 0.1))


def test_a_spike_shows_the_tip_and_flat_stays_flat() -> None:
    line = np.zeros(41)
    line[20] = 1.0
    expected = np.maximum(0.0, 1.0 - 0.01 * (np.arange(41) - 20.0) ** 2)
    np.testing.assert_allclose(COMPILED.dilated_line(line, 0.01), expected, atol=1e-14)
    assert not COMPILED.dilated_map(np.zeros((5, 5)), 0.3).any()


def test_two_tips_after_each_other_are_one_of_both_radii() -> None:
    # Sums of 1/curvature add up, away from the edges and for a line fine against the tip.
    x = np.linspace(0.0, 20.0, 4001)
    line = np.sin(x) + 0.3 * np.sin(3.1 * x)
    pixel = x[1] - x[0]
    twice = COMPILED.dilated_line(COMPILED.dilated_line(line, pixel**2 / 0.6), pixel**2 / 1.0)
    once = COMPILED.dilated_line(line, pixel**2 / 1.6)
    np.testing.assert_allclose(twice[800:-800], once[800:-800], atol=2e-5)
