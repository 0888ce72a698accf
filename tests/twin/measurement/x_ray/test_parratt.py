"""Reflectivity of stacks: closed forms, limits, an independent program, and the engines against each other."""

import importlib
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import parratt
from tansaki.twin.measurement.x_ray.parratt import Stack, reflectivity, wave_number
from tansaki.twin.measurement.x_ray.reflectivity_curves import curve, curves, random_stack

Q = np.linspace(0.005e10, 0.5e10, 500)


def _stack(*media: tuple[float, float, float, float]) -> Stack:
    """Below the air: (density, absorption, thickness, roughness) of each medium."""
    return Stack(*(np.array([0.0, *column]) for column in zip(*media, strict=True)))


def test_200_random_stacks_equal_refnx() -> None:
    refnx = pytest.importorskip("refnx.reflect")
    abeles = importlib.import_module(f"{refnx.__name__}.reflect_model").abeles
    rng = np.random.default_rng(1)
    for _ in range(200):
        stack = random_stack(rng.random((4, 1 + int(rng.integers(0, 9)))))
        columns = (
            stack.thickness_m * 1e10,
            stack.density_per_m2 * 1e-14,
            stack.absorption_per_m2 * 1e-14,
            stack.roughness_m * 1e10,
        )
        theirs = abeles(Q * 1e-10, np.stack(columns, axis=1), threads=1)
        np.testing.assert_allclose(reflectivity(Q, stack), theirs, rtol=1e-8)


def test_a_bare_face_is_fresnels() -> None:
    rho, imaginary = 3e15, 1e14
    k0, k1 = 0.5 * Q, np.sqrt(0.25 * Q**2 - 4.0 * math.pi * (rho - 1j * imaginary))
    expected = np.abs((k0 - k1) / (k0 + k1)) ** 2
    np.testing.assert_allclose(reflectivity(Q, _stack((rho, imaginary, 0.0, 0.0))), expected, rtol=1e-12)


def test_without_absorption_all_is_reflected_below_the_critical_angle() -> None:
    stack = _stack((3e15, 0.0, 0.0, 0.0))
    edge = 4.0 * math.sqrt(math.pi * 3e15)
    np.testing.assert_allclose(reflectivity(np.linspace(0.01, 0.999, 50) * edge, stack), 1.0, rtol=1e-12)
    assert reflectivity(np.array([1.01 * edge]), stack)[0] < 0.9


def test_waves_decay_into_the_film() -> None:
    """The trap: with the absorption of the wrong sign the wave grows and R explodes."""
    assert np.all(wave_number(Q, 3e15, 1e14).imag > 0.0)
    thick = _stack((3e15, 1e14, 1e-3, 0.0), (2e15, 1e13, 0.0, 0.0))
    bare = _stack((3e15, 1e14, 0.0, 0.0))
    np.testing.assert_allclose(reflectivity(Q, thick), reflectivity(Q, bare), rtol=1e-12)
    wrong = thick._replace(absorption_per_m2=-thick.absorption_per_m2)
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.all(np.abs(reflectivity(Q, wrong) - reflectivity(Q, bare)) < 1e4 * reflectivity(Q, bare))


def test_reflectivity_is_never_above_one() -> None:
    rng = np.random.default_rng(2)
    for layers in (0, 1, 2, 5, 12):
        values = reflectivity(Q, random_stack(rng.random((4, 1 + layers))))
        assert np.all((values > 0.0) & (values <= 1.0 + 1e-12))


def test_a_layer_of_the_substrate_is_no_layer() -> None:
    one = _stack((3e15, 1e14, 5e-9, 0.3e-9), (3e15, 1e14, 0.0, 0.0))
    none = _stack((3e15, 1e14, 0.0, 0.3e-9))
    np.testing.assert_allclose(reflectivity(Q, one), reflectivity(Q, none), rtol=1e-12)
    # Nor is a layer of air above, to which layers may be padded.
    padded = Stack(*(np.concatenate([[0.0], column]) for column in none))
    np.testing.assert_allclose(reflectivity(Q, padded), reflectivity(Q, none), rtol=1e-12)


def test_fringes_have_the_period_of_the_thickness() -> None:
    """Maxima over (q² − q_c²)^½ lie 2π/d apart, far from the critical angle."""
    d, rho = 50e-9, 3e15
    q = np.linspace(0.15e10, 0.4e10, 20001)
    values = reflectivity(q, _stack((rho, 0.0, d, 0.0), (2e15, 0.0, 0.0, 0.0))) * q**4
    peaks = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])) + 1
    inside = np.sqrt(q[peaks] ** 2 - 16.0 * math.pi * rho)
    assert np.diff(inside) == pytest.approx(2.0 * math.pi / d, rel=2e-3)


def test_roughness_takes_what_nevot_and_croce_say() -> None:
    k0, k1 = 0.5 * Q, wave_number(Q, 3e15, 1e14)
    smooth, rough = (reflectivity(Q, _stack((3e15, 1e14, 0.0, sigma))) for sigma in (0.0, 1e-9))
    np.testing.assert_allclose(rough / smooth, np.abs(np.exp(-2.0 * k0 * k1 * 1e-18)) ** 2, rtol=1e-12)


def test_engines_agree() -> None:
    import jax

    rng = np.random.default_rng(3)
    q = np.linspace(0.01e10, 0.4e10, 60)
    kernel = bind(parratt, "jax")
    for layers in (1, 3, 5):
        stacks = [random_stack(rng.random((4, 1 + layers))) for _ in range(5)]
        by_numpy = np.array([reflectivity(q, stack) for stack in stacks])
        np.testing.assert_allclose([curve(q, stack) for stack in stacks], by_numpy, rtol=1e-11)
        with jax.enable_x64(True):
            batch = Stack(*(np.array(column) for column in zip(*stacks, strict=True)))
            np.testing.assert_allclose(curves(q, batch), by_numpy, rtol=1e-11)
            if layers == 1:
                np.testing.assert_allclose(kernel.reflectivity(q, stacks[0]), by_numpy[0], rtol=1e-11)


def test_gradient_equals_finite_differences() -> None:
    import jax

    stack = random_stack(np.random.default_rng(4).random((4, 3)))
    q = np.linspace(0.01e10, 0.3e10, 40)

    def total(scales: Any) -> Any:
        scaled = (column[None] * scale for column, scale in zip(stack, scales, strict=True))
        return jax.numpy.log(curves(q, Stack(*scaled))).sum()

    with jax.enable_x64(True):
        ones: NDArray[np.float64] = np.ones((4, 4))
        slope = np.asarray(jax.jit(jax.grad(total))(ones))
        for row, column in ((0, 1), (0, 3), (1, 1), (2, 1), (2, 2), (3, 1), (3, 3)):
            step = np.zeros((4, 4))
            step[row, column] = 1e-5
            difference = (float(total(ones + step)) - float(total(ones - step))) / 2e-5
            assert slope[row, column] == pytest.approx(difference, rel=1e-4)
