"""What every material system keeps to: one source in all engines, gradients, ranges, refusals that name the field."""

from typing import Any

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import READINGS, SETTINGS, load
from tansaki.twin.surrogate import Surrogate
from tansaki.twin.systems.registry import SYSTEMS, open_system

RECIPES = 1000


@pytest.fixture(scope="module", params=SYSTEMS)
def surrogate(request: pytest.FixtureRequest) -> Surrogate:
    return Surrogate(request.param)


def recipes(surrogate: Surrogate, number: int, seed: int) -> np.ndarray:
    low, high = np.array([surrogate.settings[name].valid for name in surrogate.inputs]).T
    return low + (high - low) * np.random.default_rng(seed).random((number, len(low)))


def scales(surrogate: Surrogate, values: np.ndarray) -> np.ndarray:
    """Size of each output: a number near zero is as good as its typical size allows."""
    return np.maximum(np.abs(values), 1e-3 * np.median(np.abs(values), axis=0))


def test_numpy_numba_and_jax_agree(surrogate: Surrogate) -> None:
    rows = recipes(surrogate, RECIPES, 1)
    module, parameters = open_system(surrogate.system, {})
    plain = bind(module, "numpy").evaluate
    by_numpy = np.array([plain(module.Inputs(*row), parameters) for row in rows], dtype=np.float64)
    by_numba = np.array([surrogate.one(*row) for row in rows])
    by_jax = surrogate.batch(rows, "float64")
    size = scales(surrogate, by_numpy)
    assert np.all(np.isfinite(by_numpy))
    assert np.max(np.abs(by_numba - by_numpy) / size) < 1e-11
    assert np.max(np.abs(by_jax - by_numpy) / size) < 1e-11
    single = surrogate.batch(rows, "float32")
    assert single.dtype == np.float32
    error = np.abs(single - by_numpy) / size
    # A steep flank multiplies the rounding of its inputs.
    assert np.quantile(error, 0.97, axis=0).max() < 3e-5
    assert error.max() < 1e-2


def test_gradients_are_finite_and_match_differences(surrogate: Surrogate) -> None:
    import jax

    rows = recipes(surrogate, 200, 2)
    span = np.array([np.ptp(surrogate.settings[name].valid) for name in surrogate.inputs])
    with jax.enable_x64(True):
        slopes = np.asarray(jax.jit(jax.vmap(jax.jacfwd(surrogate.traced)))(rows))
    assert np.all(np.isfinite(slopes))
    values = np.abs(surrogate.batch(rows, "float64"))
    for i in range(len(span)):
        step = 1e-6 * np.maximum(np.abs(rows[:, i]), 1e-3 * span[i])

        def shifted(times: float, i: int = i, step: Any = step) -> np.ndarray:
            moved = rows.copy()
            moved[:, i] += times * step
            return surrogate.batch(moved, "float64")

        difference = (8.0 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12.0 * step)[:, None]
        size = np.maximum(np.abs(slopes[:, :, i]), values / span[i])
        error = np.abs(slopes[:, :, i] - difference) / np.where(size > 0.0, size, 1.0)
        assert error.max() < 1e-4, (surrogate.inputs[i], surrogate.outputs[int(error.max(axis=0).argmax())])


def test_every_setting_says_where_it_holds_and_where_it_is_possible(surrogate: Surrogate) -> None:
    assert set(surrogate.settings) == set(surrogate.inputs)
    for name, setting in surrogate.settings.items():
        assert setting.valid is not None, name
        assert setting.possible is not None, name
        assert setting.possible[0] <= setting.valid[0] <= setting.value <= setting.valid[1] <= setting.possible[1], name


def test_readings_are_of_outputs(surrogate: Surrogate) -> None:
    readings = load("materials", surrogate.system).section(READINGS)
    assert set(readings) <= set(surrogate.outputs)
    assert all(0.0 < reading.value < 1.0 for reading in readings.values())
    assert "deposition_time_s" in surrogate.outputs


def test_what_is_not_possible_is_refused_by_name_value_and_range(surrogate: Surrogate) -> None:
    for name, setting in surrogate.settings.items():
        low, high = setting.possible or (0.0, 0.0)
        for bad in (low - 1.0, 2.0 * high + 1.0, float("nan")):
            with pytest.raises(InvalidInputError, match=rf"{name}: got .*; allowed: "):
                surrogate.predict(**{name: bad})
    with pytest.raises(InvalidInputError, match="did you mean"):
        surrogate.predict(**{surrogate.inputs[0] + "x": 1.0})


def test_in_a_batch_only_the_bad_element_is_marked(surrogate: Surrogate) -> None:
    name = surrogate.inputs[0]
    usual = surrogate.settings[name].value
    bad = (surrogate.settings[name].possible or (0.0, 0.0))[0] - 1.0
    found = surrogate.predict_batch({name: [usual, bad, usual, float("nan")]})
    assert found.possible.tolist() == [True, False, True, False]
    assert not found.extrapolated.any()
    single = surrogate.predict()
    for output, values in found.values.items():
        assert np.isnan(values[[1, 3]]).all(), output
        assert values[[0, 2]] == pytest.approx([single.values[output]] * 2, rel=1e-9), output


def test_outside_the_claimed_range_the_result_says_so(surrogate: Surrogate) -> None:
    assert surrogate.predict().extrapolated == ()
    for name, setting in surrogate.settings.items():
        valid, possible = setting.valid or (0.0, 0.0), setting.possible or (0.0, 0.0)
        if possible[1] > valid[1]:
            outside = min(possible[1], valid[1] * 1.01 + 1e-12)
            assert surrogate.predict(**{name: outside}).extrapolated == (name,)
            assert surrogate.predict_batch({name: [outside, setting.value]}).extrapolated.tolist() == [True, False]


def test_a_drawn_chamber_is_another_one_and_the_same_again(surrogate: Surrogate) -> None:
    nominal = surrogate.predict().values
    first, again, other = (Surrogate(surrogate.system, world=world).predict().values for world in (1, 1, 2))
    assert first == again
    assert nominal != first != other


def test_usage_errors_are_ours(surrogate: Surrogate) -> None:
    first, second = surrogate.inputs[:2]
    with pytest.raises(InvalidInputError, match="arrays of one length"):
        surrogate.predict_batch({first: [1.0, 2.0], second: [1.0, 2.0, 3.0]})
    with pytest.raises(InvalidInputError, match="one dimension"):
        surrogate.predict_batch({first: [[1.0, 2.0]]})
    with pytest.raises(InvalidInputError, match="option of"):
        Surrogate(surrogate.system, {"no_such_option": "x"})
    assert surrogate.settings == load("materials", surrogate.system).section(SETTINGS)


def test_an_unknown_system_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'nb_tio2'"):
        Surrogate("nbtio2")
