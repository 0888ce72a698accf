"""Films on a plate: Fresnel's closed forms, conservation of energy, characteristic matrices, the three engines."""

import math
from typing import Any

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.film import light, stack
from tansaki.twin.film.optical_constants import BursteinMoss, DopedOxide, RefractiveIndex
from tansaki.twin.film.stack import Layer
from tansaki.twin.quantities import load

MATERIAL = load("materials", "nb_tio2")
OXIDE = MATERIAL.parameters("optics", DopedOxide)
SHIFT = MATERIAL.parameters("burstein_moss", BursteinMoss)
GLASS = 1.52
GREEN_M = 550e-9


def _layer(n: Any, k: Any, thickness_m: Any) -> Layer:
    return Layer(RefractiveIndex(n, k), thickness_m)


def _random_layers(rng: np.random.Generator, number: int, absorbing: float) -> tuple[Layer, ...]:
    return tuple(
        _layer(rng.uniform(1.2, 3.0), absorbing * rng.uniform(0.0, 3.0), rng.uniform(0.0, 400e-9))
        for _ in range(number)
    )


def _by_matrices(layers: tuple[Layer, ...], plate: float, wavelength_m: float) -> tuple[float, float]:
    """R and T of Abelès' characteristic matrices (overflows for thick absorbing films, these do not)."""
    total = np.eye(2, dtype=complex)
    for layer in layers:
        n = complex(*layer.refractive_index)
        # Time factor e^(−iωt): k > 0 absorbs.
        phase = 2.0 * math.pi * n * layer.thickness_m / wavelength_m
        total = total @ np.array([[np.cos(phase), -1j * np.sin(phase) / n], [-1j * n * np.sin(phase), np.cos(phase)]])
    b, c = total @ np.array([1.0, plate])
    return abs((b - c) / (b + c)) ** 2, 4.0 * plate / abs(b + c) ** 2


def test_bare_plate() -> None:
    sample = stack.on_plate(stack.film_fractions(_layer(1.0, 0.0, 0.0), GLASS, GREEN_M), GLASS)
    assert sample.transmitted == pytest.approx(2.0 * GLASS / (GLASS**2 + 1.0), rel=1e-14)
    assert sample.transmitted == pytest.approx(0.91832, abs=5e-6)
    assert sample.reflected + sample.transmitted == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("n", [1.38, 2.35])
def test_quarter_and_half_wave_films(n: float) -> None:
    quarter = stack.film_fractions(_layer(n, 0.0, GREEN_M / (4.0 * n)), GLASS, GREEN_M)
    assert quarter.reflected == pytest.approx(((GLASS - n**2) / (GLASS + n**2)) ** 2, rel=1e-12)
    half = stack.film_fractions(_layer(n, 0.0, GREEN_M / (2.0 * n)), GLASS, GREEN_M)
    assert half.reflected == pytest.approx(((GLASS - 1.0) / (GLASS + 1.0)) ** 2, rel=1e-12)


def test_quarter_wave_mirror_of_four_pairs() -> None:
    # R = ((n_s(n_H/n_L)^2N − 1)/(n_s(n_H/n_L)^2N + 1))² for pairs with the high index towards the air.
    high, low = 2.35, 1.65
    pair = (_layer(high, 0.0, GREEN_M / (4 * high)), _layer(low, 0.0, GREEN_M / (4 * low)))
    contrast = GLASS * (high / low) ** 8
    mirror = stack.layer_fractions(pair * 4, GLASS, GREEN_M)
    assert mirror.reflected == pytest.approx(((contrast - 1.0) / (contrast + 1.0)) ** 2, rel=1e-12)


def test_transparent_stacks_lose_nothing() -> None:
    rng = np.random.default_rng(1)
    for number in range(1, 9):
        films = stack.layer_fractions(_random_layers(rng, number, 0.0), GLASS, rng.uniform(400e-9, 700e-9))
        assert films.reflected + films.transmitted == pytest.approx(1.0, abs=1e-12)
        assert films.reflected_inside == pytest.approx(films.reflected, abs=1e-12)
        sample = stack.on_plate(films, GLASS)
        assert sample.reflected + sample.transmitted == pytest.approx(1.0, abs=1e-12)


def test_absorbing_stacks_agree_with_characteristic_matrices_from_both_sides() -> None:
    rng = np.random.default_rng(2)
    for number in (1, 2, 3, 5, 8):
        layers = _random_layers(rng, number, 0.1)
        films = stack.layer_fractions(layers, GLASS, 600e-9)
        reflected, transmitted = _by_matrices(layers, GLASS, 600e-9)
        assert films.reflected == pytest.approx(reflected, rel=1e-10)
        assert films.transmitted == pytest.approx(transmitted, rel=1e-10)
        assert 0.0 < films.reflected + films.transmitted < 1.0
        # From the plate: the same matrices with all indices divided by that of the plate and the order turned.
        turned = tuple(
            _layer(layer.refractive_index.n / GLASS, layer.refractive_index.k / GLASS, layer.thickness_m * GLASS)
            for layer in reversed(layers)
        )
        inside, through = _by_matrices(turned, 1.0 / GLASS, 600e-9)
        assert films.reflected_inside == pytest.approx(inside, rel=1e-10)
        assert films.transmitted == pytest.approx(through, rel=1e-10)


def test_one_film_is_the_stack_of_one() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        (film,) = _random_layers(rng, 1, rng.uniform(0.0, 1.0))
        wavelength = rng.uniform(400e-9, 2000e-9)
        for fast, general in zip(
            stack.film_fractions(film, GLASS, wavelength),
            stack.layer_fractions((film,), GLASS, wavelength),
            strict=True,
        ):
            assert fast == pytest.approx(general, rel=1e-11, abs=1e-15)


def test_splitting_a_film_changes_nothing() -> None:
    whole = stack.layer_fractions((_layer(2.1, 0.05, 300e-9),), GLASS, GREEN_M)
    split = stack.layer_fractions((_layer(2.1, 0.05, 100e-9), _layer(2.1, 0.05, 200e-9)), GLASS, GREEN_M)
    assert tuple(split) == pytest.approx(tuple(whole), rel=1e-12)


def test_a_thick_metal_is_opaque_and_reflects_as_its_surface() -> None:
    n, k = 0.8, 6.0
    surface = ((n - 1.0) ** 2 + k**2) / ((n + 1.0) ** 2 + k**2)
    for thickness in (1e-6, 1e-2):
        film = _layer(n, k, thickness)
        for found in (stack.film_fractions(film, GLASS, GREEN_M), stack.layer_fractions((film,), GLASS, GREEN_M)):
            assert found.reflected == pytest.approx(surface, rel=1e-12)
            assert 0.0 <= found.transmitted < 1e-30


def _films(number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [
        rng.uniform(0.1, 3.0, number),
        10.0 ** rng.uniform(-4.0, 0.7, number) * rng.integers(0, 2, number),
        rng.uniform(0.0, 500e-9, number),
        rng.uniform(400e-9, 2000e-9, number),
    ]


def _oxide_films(number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(9)
    return [
        rng.uniform(20e-9, 500e-9, number),
        10.0 ** rng.uniform(25.0, 27.5, number),
        10.0 ** rng.uniform(-4.0, -2.3, number),
        10.0 ** rng.uniform(22.0, 27.0, number),
    ]


def _one(backend: Any, n: Any, k: Any, d: Any, wavelength: Any) -> Any:
    return bind(stack, backend).film_fractions(_layer(n, k, d), GLASS, wavelength)


def _three(backend: Any, n: Any, k: Any, d: Any, wavelength: Any) -> Any:
    layers = (_layer(n, k, d), _layer(1.65, 0.0, 80e-9), _layer(n, 0.0, 2.0 * d))
    engine = bind(stack, backend)
    return engine.on_plate(engine.layer_fractions(layers, GLASS, wavelength), GLASS)


def _visible(backend: Any, thickness: Any, n: Any, mu: Any, trapped: Any) -> Any:
    engine = bind(light, backend)
    sample = engine.visible_fractions(thickness, n, mu, trapped, GLASS, OXIDE, SHIFT)
    return (*sample, engine.internal_transmittance(sample))


@pytest.mark.parametrize(
    ("function", "inputs"), [(_one, _films(1000)), (_three, _films(1000)), (_visible, _oxide_films(1000))]
)
def test_engines_agree_and_gradients_are_finite(function: Any, inputs: list[np.ndarray]) -> None:
    import jax

    by_numpy = np.array(function("numpy", *inputs)).T
    by_numba = np.array([function("numba", *row) for row in zip(*inputs, strict=True)], dtype=float)
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12, atol=1e-14)

    def on_jax(*row: Any) -> Any:
        return tuple(function("jax", *row))

    # Compiled once, in single precision: to compile double precision and the gradient too takes seconds each.
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(jax.vmap(on_jax)(*inputs)).T, by_numpy, rtol=1e-12, atol=1e-14)
    columns = [np.asarray(column, np.float32) for column in inputs]
    exact = np.array(function("numpy", *(column.astype(float) for column in columns))).T
    single = np.array(jax.jit(jax.vmap(on_jax))(*columns)).T
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, exact, atol=1e-5)
    few = tuple(column[:100] for column in columns)
    gradient = jax.grad(lambda rows: sum(value.sum() for value in jax.vmap(on_jax)(*rows)))(few)
    assert np.isfinite(np.array(gradient)).all()


def test_visible_average_against_a_dense_grid() -> None:
    from tansaki.twin.film.optical_constants import doped_oxide, photon_energy_ev, refractive_index

    wavelengths = np.linspace(*light.VISIBLE_RANGE_M, 2001)
    for thickness, allowed in ((20e-9, 5e-4), (200e-9, 5e-4), (230e-9, 3e-3), (280e-9, 3e-3), (400e-9, 0.012)):
        for carriers in (1e25, 1e27, 2e27):
            arguments = (carriers, 1e-3, 2e26)
            index = refractive_index(doped_oxide(photon_energy_ev(wavelengths), *arguments, OXIDE, SHIFT))
            film = stack.film_fractions(Layer(index, thickness), GLASS, wavelengths)
            dense = [np.trapezoid(f, wavelengths) / 300e-9 for f in stack.on_plate(film, GLASS)]
            found = light.visible_fractions(thickness, *arguments, GLASS, OXIDE, SHIFT)
            assert tuple(found) == pytest.approx(tuple(dense), abs=allowed)


def test_visible_weights_average_a_constant_and_the_wavelength() -> None:
    assert sum(light.VISIBLE_WEIGHTS) == pytest.approx(1.0, rel=1e-14)
    wavelengths = [light.PLANCK_TIMES_LIGHT_EV_M / e for e in light.VISIBLE_ENERGIES_EV]
    mean = sum(w * x for w, x in zip(light.VISIBLE_WEIGHTS, wavelengths, strict=True))
    assert mean == pytest.approx(550e-9, rel=1e-9)


def test_carriers_cost_light_inside_the_film() -> None:
    def inside(carriers_m3: float, trapped_m3: float) -> float:
        sample = light.visible_fractions(100e-9, carriers_m3, 1e-3, trapped_m3, GLASS, OXIDE, SHIFT)
        return float(light.internal_transmittance(sample))

    assert 1.0 > inside(1e26, 0.0) > inside(2e27, 0.0) > inside(2e27, 1e27) > 0.85
