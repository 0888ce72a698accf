"""The power transform against SciPy's, and its uncertainties against draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tansaki.agents.skew import _power, normalise


@given(st.floats(-1.0, 3.0), st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=5))
def test_transform_is_that_of_yeo_and_johnson(power: float, values: list[float]) -> None:
    y = np.array(values)
    if min(abs(power), abs(power - 2.0)) > 1e-6:
        np.testing.assert_allclose(_power(y, power), stats.yeojohnson(y, power), rtol=1e-6, atol=1e-9)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_order_is_kept(values: list[float]) -> None:
    y = np.array(values)
    got, _ = normalise(y, np.zeros(len(y)), np.ones(len(y), dtype=bool))
    assert np.all(np.isfinite(got))
    assert np.all(np.diff(got[np.argsort(y)]) >= -1e-9)


def test_skew_goes_and_scale_does_not_matter() -> None:
    y = np.exp(np.random.default_rng(1).standard_normal(200))
    valued = np.ones(200, dtype=bool)
    got, u = normalise(y, 0.01 * y, valued)
    other, other_u = normalise(1e9 * y + 5.0, 1e7 * y, valued)
    assert stats.skew(y) > 2.0 > 0.4 > abs(stats.skew(got))
    assert got.mean() == pytest.approx(0.0, abs=1e-12)
    assert got.std() == pytest.approx(1.0)
    np.testing.assert_allclose(got, other, atol=1e-6)
    np.testing.assert_allclose(u, other_u, rtol=1e-6)


def test_uncertainties_follow_the_slope() -> None:
    y = np.exp(np.random.default_rng(2).standard_normal(50))
    valued, step = np.ones(50, dtype=bool), 1e-6
    _, u = normalise(y, np.full(50, step), valued)
    # A 51st entry that takes no part in the power shows the slope by difference.
    with_more = np.append(valued, False)
    above, _ = normalise(np.append(y, y[3] + step), np.zeros(51), with_more)
    at, _ = normalise(np.append(y, y[3]), np.zeros(51), with_more)
    assert u[3] == pytest.approx(above[50] - at[50], rel=1e-3)


def test_equal_values_stay_finite() -> None:
    got, u = normalise(np.full(4, 3.0), np.full(4, 0.1), np.ones(4, dtype=bool))
    np.testing.assert_array_equal(got, np.zeros(4))
    assert np.all(np.isfinite(u))
