"""The search space: exact round trips, snapping to pools, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.envs.space import Categorical, Continuous, Integer, SearchSpace
from tansaki.twin.errors import InvalidInputError

SPACE = SearchSpace(
    (
        Continuous("oxygen_pressure_pa", 1e-4, 1.0, "Pa", log=True),
        Continuous("temperature_c", -20.0, 400.0, "°C"),
        Integer("layers", 1, 9),
        Categorical("gas", ("argon", "neon", "krypton")),
    )
)
POOL = SearchSpace(
    (Continuous("a", 0.0, 1.0), Continuous("b", 0.0, 1.0)),
    tuple({"a": a, "b": b} for a in (0.0, 0.5, 1.0) for b in (0.0, 1.0)),
)


@given(st.lists(st.floats(0, 1), min_size=SPACE.width, max_size=SPACE.width))
def test_decode_gives_points_of_the_space_and_encode_returns_to_them(row: list[float]) -> None:
    (point,) = SPACE.decode(np.asarray(row))
    SPACE.check(point)
    (again,) = SPACE.decode(SPACE.encode([point]))
    assert again["gas"] == point["gas"]
    assert again["layers"] == point["layers"]
    for name in ("oxygen_pressure_pa", "temperature_c"):
        assert math.isclose(float(again[name]), float(point[name]), rel_tol=1e-12, abs_tol=1e-10)


def test_ends_and_middle_of_a_logarithmic_scale_are_exact() -> None:
    pressure = SPACE.parameters[0]
    assert pressure.decode(np.asarray([0.0])) == 1e-4
    assert pressure.decode(np.asarray([1.0])) == 1.0
    assert pressure.decode(np.asarray([0.5])) == pytest.approx(1e-2, rel=1e-12)


def test_units_outside_the_cube_are_brought_back() -> None:
    (point,) = SPACE.decode(np.asarray([-3.0, 7.0, 2.0, 0.0, 1.0, 0.0]))
    assert point == {"oxygen_pressure_pa": 1e-4, "temperature_c": 400.0, "layers": 9, "gas": "neon"}


def test_pool_rows_give_different_nearest_candidates_while_there_are_any() -> None:
    assert POOL.decode(np.asarray([[0.1, 0.1], [0.1, 0.1]])) == [{"a": 0.0, "b": 0.0}, {"a": 0.5, "b": 0.0}]
    assert POOL.decode(np.asarray([[0.1, 0.1]]), exclude=frozenset({0, 2})) == [{"a": 0.0, "b": 1.0}]
    everything = POOL.decode(np.zeros((6, 2)))
    assert sorted(POOL.candidate_index(point) for point in everything) == list(range(6))
    assert len(POOL.decode(np.zeros((8, 2)))) == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"oxygen_pressure_pa": -1.0}, "oxygen_pressure_pa: got -1.0; allowed: 0.0001 to 1 Pa"),
        ({"oxygen_pressure_pa": math.nan}, "oxygen_pressure_pa: got nan"),
        ({"layers": 2.5}, "layers: got 2.5; allowed: whole numbers 1 to 9"),
        ({"layers": True}, "layers: got True"),
        ({"gas": "crypton"}, "did you mean 'krypton'?"),
        ({"temprature_c": 20.0}, "did you mean 'temperature_c'?"),
    ],
)
def test_a_point_outside_is_refused_with_the_reason(change: dict[str, float], message: str) -> None:
    point = {"oxygen_pressure_pa": 0.01, "temperature_c": 20.0, "layers": 2, "gas": "argon", **change}
    with pytest.raises(InvalidInputError, match=message.replace("?", r"\?").replace("(", r"\(")):
        SPACE.check(point)


def test_missing_parameters_and_points_outside_a_pool_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="b is missing"):
        POOL.check({"a": 0.0})
    with pytest.raises(InvalidInputError, match="one of 6 pool points"):
        POOL.check({"a": 0.25, "b": 0.0})


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_a_range_must_be_finite_and_rising(ends: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError, match="low < high"):
        Continuous("x", *ends)


def test_a_logarithmic_range_must_be_positive() -> None:
    with pytest.raises(InvalidInputError, match="low > 0"):
        Continuous("x", 0.0, 1.0, log=True)
