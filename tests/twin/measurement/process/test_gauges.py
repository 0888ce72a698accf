"""First-order lag with dead time against its closed forms, and what gauges respond to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.measurement.process import gauges

times = st.floats(0.0, 50.0)


def test_the_step_response_is_exact_on_any_grid() -> None:
    rng = np.random.default_rng(0)
    for lag_s, dead_s in ((0.5, 0.0), (0.5, 0.1), (10.0, 3.3), (1e-3, 0.0)):
        after = np.sort(rng.uniform(0.0, 5.0 * lag_s + dead_s, 60))
        time = np.concatenate(([-1.0, 0.0, 0.0], after))
        truth = np.concatenate(([0.0, 0.0], np.ones(61)))
        expected = gauges.step_response(time, lag_s, dead_s)
        expected[time <= dead_s] = 0.0
        np.testing.assert_allclose(gauges.lagged(time, truth, lag_s, dead_s), expected, rtol=0.0, atol=1e-12)
        np.testing.assert_allclose(
            bind(gauges, "numba").lagged(time, truth, lag_s, dead_s), expected, rtol=0.0, atol=1e-12
        )


def test_63_percent_after_one_time_constant() -> None:
    assert gauges.step_response(1.5, 1.0, 0.5) == pytest.approx(1.0 - np.exp(-1.0), abs=1e-15)
    assert gauges.step_response(0.4, 1.0, 0.5) == 0.0


def test_a_ramp_is_followed_at_the_distance_of_lag_and_dead_time() -> None:
    time = np.array([0.0, 0.3, 2.0, 7.0, 7.5, 40.0])
    lag_s, dead_s = 2.0, 0.7
    since = np.maximum(time - dead_s, 0.0)
    expected = 3.0 * (since - lag_s * (1.0 - np.exp(-since / lag_s)))
    np.testing.assert_allclose(gauges.lagged(time, 3.0 * time, lag_s, dead_s), expected, atol=1e-12)


@given(st.lists(times, min_size=3, max_size=12, unique=True), st.floats(1e-3, 30.0), st.floats(0.0, 5.0))
@settings(max_examples=60, deadline=None)
def test_more_instants_on_the_same_lines_change_nothing(some: list[float], lag_s: float, dead_s: float) -> None:
    coarse = np.sort(some)
    values = np.sin(coarse)
    fine = np.sort(np.concatenate((coarse, 0.5 * (coarse[1:] + coarse[:-1]))))
    refined = gauges.lagged(fine, np.interp(fine, coarse, values), lag_s, dead_s)
    np.testing.assert_allclose(
        np.interp(coarse, fine, refined), gauges.lagged(coarse, values, lag_s, dead_s), atol=1e-9
    )


def test_without_lag_the_reading_is_the_value() -> None:
    time, values = np.array([0.0, 1.0, 1.5, 4.0]), np.array([1.0, -2.0, 5.0, 5.5])
    np.testing.assert_array_equal(gauges.lagged(time, values, 0.0, 0.0), values)


def test_engines_agree() -> None:
    import jax

    rng = np.random.default_rng(1)
    inputs = {
        "followed": (rng.normal(size=200), rng.normal(size=200), rng.normal(size=200), 10 ** rng.uniform(-12, 2, 200),
                     10 ** rng.uniform(-3, 2, 200)),
        "step_response": (rng.uniform(0, 9, 200), rng.uniform(0.1, 5, 200), rng.uniform(0, 1, 200)),
        "manometer_pa": (rng.uniform(0, 20, 200), rng.normal(size=200) * 0.01, rng.normal(size=200) * 0.01,
                         np.full(200, 13.3)),
        "heater_reading_c": (rng.uniform(20, 500, 200), np.full(200, 25.0), rng.uniform(0, 0.4, 200),
                             np.full(200, 0.18)),
    }  # fmt: skip
    for name, arguments in inputs.items():
        expected = getattr(gauges, name)(*arguments)
        compiled = getattr(bind(gauges, "numba"), name)
        np.testing.assert_allclose([compiled(*map(float, row)) for row in zip(*arguments, strict=True)], expected,
                                   rtol=1e-12, atol=1e-15)  # fmt: skip
        with jax.enable_x64(True):
            traced = jax.vmap(getattr(bind(gauges, "jax"), name))(*arguments)
        np.testing.assert_allclose(traced, expected, rtol=1e-12, atol=1e-15)


def test_slopes_match_finite_differences() -> None:
    import jax

    point = np.array([0.3, 1.0, 2.5, 0.7, 0.9])
    with jax.enable_x64(True):
        slopes = jax.grad(lambda row: bind(gauges, "jax").followed(*row))(point)
    for k in range(len(point)):
        step = np.zeros(len(point))
        step[k] = 1e-6
        difference = gauges.followed(*(point + step)) - gauges.followed(*(point - step))
        assert float(slopes[k]) == pytest.approx(difference / 2e-6, rel=1e-4)


def test_a_manometer_ends_at_its_full_scale_and_a_right_correction_leaves_no_offset() -> None:
    assert gauges.manometer_pa(20.0, 0.0, 0.0, 13.3) == 13.3
    assert gauges.heater_reading_c(300.0, 25.0, 0.2, 0.2) == pytest.approx(300.0)
    # 275 K of rise, heater 6 % further ahead than corrected: 275 x 0.06/1.18
    assert gauges.heater_reading_c(300.0, 25.0, 0.24, 0.18) - 300.0 == pytest.approx(275.0 * 0.06 / 1.18)
