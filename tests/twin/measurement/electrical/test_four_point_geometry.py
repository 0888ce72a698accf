"""Geometry factors against closed forms and an independent solution."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.measurement.electrical import four_point_geometry
from tansaki.twin.measurement.electrical.four_point_analysis import tip_positions
from tansaki.twin.measurement.electrical.four_point_geometry import (
    circle_factor,
    outer_ratio,
    rectangle_factor,
    thickness_factor,
    transfer_ratio,
)

INFINITE = math.pi / math.log(2.0)


def _in_line(spacing: float, x: float, y: float) -> tuple[float, ...]:
    return (x - 1.5 * spacing, y, x - 0.5 * spacing, y, x + 0.5 * spacing, y, x + 1.5 * spacing, y)


def _by_modes(tips: tuple[float, ...], length: float, width: float, modes: int = 4000) -> float:
    """G from cosine modes across the sample, each solved in closed form along it: no images.

    Tips must differ in x. For k > 0 the one-dimensional solution is cosh(kx<)·cosh(k(a − x>))/(k sinh ka).
    """
    k = np.arange(1, modes + 1) * math.pi / width

    def potential(x: float, y: float, xs: float, ys: float) -> float:
        low, high = min(x, xs), max(x, xs)
        # cosh·cosh/sinh with the growing parts divided out
        shape = np.exp(-k * (high - low)) * (1 + np.exp(-2 * k * low)) * (1 + np.exp(-2 * k * (length - high)))
        shape /= 2.0 * k * -np.expm1(-2 * k * length)
        uniform = (x * x + xs * xs) / (2.0 * length) - high
        return (uniform + 2.0 * float(np.sum(np.cos(k * y) * np.cos(k * ys) * shape))) / width

    x1, y1, x2, y2, x3, y3, x4, y4 = tips
    return potential(x2, y2, x1, y1) - potential(x2, y2, x4, y4) - potential(x3, y3, x1, y1) + potential(x3, y3, x4, y4)


def test_large_sample_gives_pi_over_ln2() -> None:
    assert pytest.approx(4.53236, abs=1e-5) == INFINITE
    assert rectangle_factor(1.0, 1e5, 1e5) == pytest.approx(INFINITE, rel=1e-8)
    assert circle_factor(1e5, 1.0) == pytest.approx(INFINITE, rel=1e-8)


@pytest.mark.parametrize(("ratio", "factor"), [(3.0, 2.2662), (20.0, 4.4364)])
def test_circle(ratio: float, factor: float) -> None:
    assert circle_factor(ratio, 1.0) == pytest.approx(factor, abs=1e-4)


@pytest.mark.parametrize(
    ("length", "width"), [(10.0, 10.0), (10.0, 5.0), (5.0, 10.0), (20.0, 4.0), (4.0, 40.0), (3.2, 1.0), (40.0, 41.0)]
)
@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (0.05, 0.2), (-0.08, -0.4)])
def test_rectangle_equals_the_cosine_mode_solution(length: float, width: float, dx: float, dy: float) -> None:
    tips = _in_line(1.0, 0.5 * length + dx, 0.5 * width + dy)
    assert transfer_ratio(tips, length, width) == pytest.approx(_by_modes(tips, length, width), rel=1e-9)


def test_rotated_head_equals_the_cosine_mode_solution() -> None:
    normals = np.random.default_rng(3).standard_normal((20, 11))
    for row in normals:
        tips = tuple(float(x) for x in tip_positions(row, 1.0, 10.0, 8.0, 0.5, 0.3, 0.1))
        assert transfer_ratio(tips, 10.0, 8.0) == pytest.approx(_by_modes(tips, 10.0, 8.0), rel=1e-9)


def test_narrow_strip_conducts_in_one_dimension() -> None:
    # Tips ten widths apart: V/(Rs·I) = s/b, so C = b/s.
    assert rectangle_factor(10.0, 60.0, 1.0) == pytest.approx(0.1, rel=1e-9)


def test_an_edge_raises_the_reading() -> None:
    centre = transfer_ratio(_in_line(1.0, 5.0, 5.0), 10.0, 10.0)
    near = [transfer_ratio(_in_line(1.0, 5.0, 5.0 - shift), 10.0, 10.0) for shift in (1.0, 3.0, 4.9)]
    assert centre < near[0] < near[1] < near[2]


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(3.5, 30.0), st.floats(1.2, 30.0))
def test_reciprocity_and_mirror(dx: float, dy: float, length: float, width: float) -> None:
    x, y = 0.5 * length + dx * (length - 3.2) * 0.5, 0.5 * width + dy * width * 0.9
    tips = _in_line(1.0, x, y)
    x1, y1, x2, y2, x3, y3, x4, y4 = tips
    ratio = transfer_ratio(tips, length, width)
    # Exchanging the current pair with the voltage pair changes nothing (reciprocity), nor does a mirror.
    assert transfer_ratio((x2, y2, x1, y1, x4, y4, x3, y3), length, width) == pytest.approx(ratio, rel=1e-9)
    mirrored = _in_line(1.0, length - x, width - y)
    assert transfer_ratio(mirrored, length, width) == pytest.approx(ratio, rel=1e-9)


def test_thickness_factor_is_one_for_films() -> None:
    assert thickness_factor(1e-7, 1e-3) == pytest.approx(1.0, abs=1e-12)
    assert thickness_factor(1e-2, 1.0) == pytest.approx(1.0, abs=1e-8)


def test_thickness_factor_of_a_thick_sample() -> None:
    # Semi-infinite: ρ = 2πs·V/I, hence F = 2 ln2·s/t.
    assert thickness_factor(1e3, 1.0) == pytest.approx(2.0 * math.log(2.0) * 1e-3, rel=1e-6)
    n = np.arange(1, 2_000_000)
    for t in (0.3, 0.5, 1.0, 3.0):
        series = np.sum(1.0 / np.sqrt(1.0 + (2.0 * n * t) ** 2) - 1.0 / np.sqrt(4.0 + (2.0 * n * t) ** 2))
        assert thickness_factor(t, 1.0) == pytest.approx(2.0 * math.log(2.0) / t / (1.0 + 4.0 * series), rel=1e-8)


def test_outer_voltage_is_that_of_two_tips_on_a_sheet() -> None:
    # Potential difference between the rims of a source and a sink 3s apart: (1/2π)·2·ln(3s/r).
    assert outer_ratio(1.0, 0.05) == pytest.approx(math.log(60.0) / math.pi)


def test_engines_agree() -> None:
    import jax

    rng = np.random.default_rng(5)
    number = 1000
    length, width = rng.uniform(8e-3, 20e-3, (2, number))
    placed = tip_positions(rng.standard_normal((11, number)), 1e-3, length, width, 3e-4, 0.05, 2e-5)
    thickness = 10.0 ** rng.uniform(-7.0, -3.0, number)

    def on(backend: Any, *values: Any) -> tuple[Any, Any]:
        functions = bind(four_point_geometry, backend)
        *tips, a, b, t = values
        return functions.transfer_ratio(tuple(tips), a, b), functions.thickness_factor(t, 1e-3)

    inputs = (*placed, length, width, thickness)
    rows = list(zip(*(x.tolist() for x in inputs), strict=True))
    by_numpy = np.array(on("numpy", *inputs))
    by_numba = np.array([on("numba", *row) for row in rows]).T
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12)
    batched = jax.jit(jax.vmap(lambda *values: on("jax", *values)))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*inputs)), by_numpy, rtol=1e-12)
    single = np.array(batched(*inputs))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, by_numpy, rtol=1e-5)
