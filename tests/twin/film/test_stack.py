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
    sample = stack.on_plate(stack.layer_fractions((_layer(1.0, 0.0, 0.0),), GLASS, GREEN_M), GLASS)
    assert sample.transmitted == pytest.approx(2.0 * GLASS / (GLASS**2 + 1.0), rel=1e-14)
    assert sample.transmitted == pytest.approx(0.91832, abs=5e-6)
    assert sample.reflected + sample.transmitted == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("n", [1.38, 2.35])
def test_quarter_and_half_wave_films(n: float) -> None:
    quarter = stack.layer_fractions((_layer(n, 0.0, GREEN_M / (4.0 * n)),), GLASS, GREEN_M)
    assert quarter.reflected == pytest.approx(((GLASS - n**2) / (GLASS + n**2)) ** 2, rel=1e-12)
    half = stack.layer_fractions((_layer(n, 0.0, GREEN_M / (2.0 * n)),), GLASS, GREEN_M)
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


def _airy(film: Layer, wavelength_m: float) -> tuple[float, float, float]:
    """R, T and R from the plate of one film, closed form of the multiple reflections (Airy)."""
    n = complex(*film.refractive_index)
    outer, inner = (1.0 - n) / (1.0 + n), (n - GLASS) / (n + GLASS)
    crossed = np.exp(2j * math.pi * n * film.thickness_m / wavelength_m)
    echo = 1.0 + outer * inner * crossed**2
    reflected = (outer + inner * crossed**2) / echo
    transmitted = 2.0 / (1.0 + n) * 2.0 * n / (n + GLASS) * crossed / echo
    inside = -(inner + outer * crossed**2) / echo
    return abs(reflected) ** 2, GLASS * abs(transmitted) ** 2, abs(inside) ** 2


def test_one_film_is_the_closed_form_of_airy() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        (film,) = _random_layers(rng, 1, rng.uniform(0.0, 1.0))
        wavelength = rng.uniform(400e-9, 2000e-9)
        found = stack.layer_fractions((film,), GLASS, wavelength)
        assert found[:3] == pytest.approx(_airy(film, wavelength), rel=1e-11, abs=1e-15)
        assert found.reflected + found.transmitted + found.absorbed == pytest.approx(1.0, abs=1e-12)


def test_nothing_is_lost_but_what_the_films_absorb() -> None:
    rng = np.random.default_rng(13)
    for number in (1, 3, 5):
        for angle in (0.0, 0.5, 1.3):
            for parallel in (0.0, 1.0):
                layers = _random_layers(rng, number, 0.3)
                plate = RefractiveIndex(rng.uniform(1.3, 2.5), 0.0)
                found = stack.slanted_fractions(layers, plate, GREEN_M, angle, parallel)
                assert found.reflected + found.transmitted + found.absorbed == pytest.approx(1.0, abs=1e-12)
                assert found.absorbed >= 0.0


def test_a_weak_absorber_loses_in_proportion_and_a_transparent_film_nothing() -> None:
    def absorbed(k: float) -> float:
        layers = (_layer(2.3, k, 1e-7), _layer(1.6, 0.0, 9e-8))
        return float(stack.layer_fractions(layers, GLASS, 500e-9).absorbed)

    assert absorbed(2e-9) / absorbed(1e-9) == pytest.approx(2.0, rel=1e-6)
    assert absorbed(0.0) == 0.0


@pytest.mark.parametrize("parallel", [0.0, 1.0])
def test_at_no_angle_both_polarisations_are_normal_incidence(parallel: float) -> None:
    layers = _random_layers(np.random.default_rng(5), 3, 0.2)
    upright = stack.layer_fractions(layers, GLASS, GREEN_M)
    found = stack.slanted_fractions(layers, RefractiveIndex(GLASS, 0.0), GREEN_M, 0.0, parallel)
    assert tuple(found) == pytest.approx(tuple(upright), rel=1e-12)


def test_bare_face_at_an_angle_is_fresnel_and_dark_at_brewster() -> None:
    bare, plate = (_layer(1.0, 0.0, 0.0),), RefractiveIndex(GLASS, 0.0)
    for angle in (0.3, 0.9, 1.4):
        inside = math.asin(math.sin(angle) / GLASS)
        s = stack.slanted_fractions(bare, plate, GREEN_M, angle, 0.0).reflected
        p = stack.slanted_fractions(bare, plate, GREEN_M, angle, 1.0).reflected
        assert s == pytest.approx((math.sin(angle - inside) / math.sin(angle + inside)) ** 2, rel=1e-10)
        assert p == pytest.approx((math.tan(angle - inside) / math.tan(angle + inside)) ** 2, rel=1e-10)
    assert stack.slanted_fractions(bare, plate, GREEN_M, math.atan(GLASS), 1.0).reflected < 1e-30


def test_amplitudes_give_the_fractions() -> None:
    rng = np.random.default_rng(6)
    for parallel in (0.0, 1.0):
        layers, angle = _random_layers(rng, 4, 0.2), 1.1
        plate = RefractiveIndex(1.7, 0.0)
        given = stack.slanted_fractions(layers, plate, GREEN_M, angle, parallel)
        found = [complex(*z) for z in stack.slanted_amplitudes(layers, plate, GREEN_M, angle, parallel)]
        air = stack.air_admittance(angle, parallel)
        inside = stack.slanted(plate, math.sin(angle), parallel).admittance_r
        assert abs(found[0]) ** 2 == pytest.approx(given.reflected, rel=1e-12)
        assert abs(found[1]) ** 2 * inside / air == pytest.approx(given.transmitted, rel=1e-12)
        assert abs(found[2]) ** 2 == pytest.approx(given.reflected_inside, rel=1e-12)


def test_oblique_stacks_agree_with_tmm() -> None:
    tmm = pytest.importorskip("tmm")
    rng = np.random.default_rng(7)
    for parallel, name in ((0.0, "s"), (1.0, "p")):
        for angle in np.radians([0.0, 20.0, 55.0, 75.0, 80.0]):
            layers, wavelength = _random_layers(rng, 3, 0.3), rng.uniform(300e-9, 1500e-9)
            plate = RefractiveIndex(rng.uniform(1.4, 4.0), rng.choice([0.0, 0.3]))
            indices = [1.0, *(complex(*layer.refractive_index) for layer in layers), complex(*plate)]
            thicknesses = [np.inf, *(layer.thickness_m for layer in layers), np.inf]
            theirs = tmm.coh_tmm(name, indices, thicknesses, angle, wavelength)
            found = stack.slanted_fractions(layers, plate, wavelength, angle, parallel)
            assert found.reflected == pytest.approx(theirs["R"], abs=1e-12)
            r, t, _ = (complex(*z) for z in stack.slanted_amplitudes(layers, plate, wavelength, angle, parallel))
            # Theirs is the amplitude of the whole electric field, with the sign of p light turned.
            assert r == pytest.approx((-1.0 if parallel else 1.0) * complex(theirs["r"]), abs=1e-12)
            if not parallel:
                assert t == pytest.approx(complex(theirs["t"]), abs=1e-12)
            if plate.k == 0.0:
                assert found.transmitted == pytest.approx(theirs["T"], abs=1e-12)


def test_rough_face_keeps_the_matter_and_vanishes_with_the_roughness() -> None:
    index = RefractiveIndex(2.4, 0.01)
    smooth = stack.layer_fractions((Layer(index, 100e-9),), GLASS, GREEN_M)
    none = stack.layer_fractions(stack.rough_face(index, 100e-9, 0.0), GLASS, GREEN_M)
    assert tuple(none) == pytest.approx(tuple(smooth), rel=1e-12)
    rough, rest = stack.rough_face(index, 100e-9, 5e-9)
    assert 0.5 * rough.thickness_m + rest.thickness_m == pytest.approx(100e-9, rel=1e-12)
    assert 1.0 < rough.refractive_index.n < index.n


def test_splitting_a_film_changes_nothing() -> None:
    whole = stack.layer_fractions((_layer(2.1, 0.05, 300e-9),), GLASS, GREEN_M)
    split = stack.layer_fractions((_layer(2.1, 0.05, 100e-9), _layer(2.1, 0.05, 200e-9)), GLASS, GREEN_M)
    assert tuple(split) == pytest.approx(tuple(whole), rel=1e-12)


def test_a_thick_metal_is_opaque_and_reflects_as_its_surface() -> None:
    n, k = 0.8, 6.0
    surface = ((n - 1.0) ** 2 + k**2) / ((n + 1.0) ** 2 + k**2)
    for thickness in (1e-6, 1e-2):
        film = _layer(n, k, thickness)
        found = stack.layer_fractions((film,), GLASS, GREEN_M)
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


def _dense_films(number: int) -> list[np.ndarray]:
    n, k, thickness, wavelength = _films(number)
    return [n + 1.0, k, thickness + 10e-9, wavelength]


def _oxide_films(number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(9)
    return [
        rng.uniform(20e-9, 500e-9, number),
        10.0 ** rng.uniform(25.0, 27.5, number),
        10.0 ** rng.uniform(-4.0, -2.3, number),
        10.0 ** rng.uniform(22.0, 27.0, number),
        rng.uniform(0.0, 0.3, number),
    ]


def _one(backend: Any, n: Any, k: Any, d: Any, wavelength: Any) -> Any:
    return bind(stack, backend).layer_fractions((_layer(n, k, d),), GLASS, wavelength)


def _three(backend: Any, n: Any, k: Any, d: Any, wavelength: Any) -> Any:
    layers = (_layer(n, k, d), _layer(1.65, 0.0, 80e-9), _layer(n, 0.0, 2.0 * d))
    engine = bind(stack, backend)
    return engine.on_plate(engine.layer_fractions(layers, GLASS, wavelength), GLASS)


def _slanted(backend: Any, n: Any, k: Any, d: Any, wavelength: Any) -> Any:
    engine = bind(stack, backend)
    layers = engine.rough_face(RefractiveIndex(n, k), d, 2e-9)
    plate = RefractiveIndex(3.9, 0.02)
    p = engine.slanted_amplitudes(layers, plate, wavelength, 1.1, 1.0)
    return (*p.reflection, *p.transmission)


def _visible(backend: Any, thickness: Any, n: Any, mu: Any, trapped: Any, voids: Any) -> Any:
    engine = bind(light, backend)
    sample = engine.visible_fractions(thickness, n, mu, trapped, voids, GLASS, OXIDE, SHIFT)
    return (*sample, engine.internal_transmittance(sample))


@pytest.mark.parametrize(
    ("function", "inputs"),
    [(_one, _films(1000)), (_three, _films(1000)), (_slanted, _dense_films(1000)), (_visible, _oxide_films(1000))],
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


def test_single_precision_bears_small_losses() -> None:
    import jax

    rng = np.random.default_rng(5)
    rows = rng.uniform([2.0, 1e-5, 2e-8, 4e-7], [2.6, 1e-3, 2e-7, 7e-7], (200, 4))

    def absorbed(n: Any, k: Any, thickness: Any, wavelength: Any) -> Any:
        layers = (_layer(n, k, thickness), _layer(1.6, 0.0, 9e-8))
        return bind(stack, "jax").layer_fractions(layers, 1.5, wavelength).absorbed

    exact = [stack.layer_fractions((_layer(*row[:3]), _layer(1.6, 0.0, 9e-8)), 1.5, row[3]).absorbed for row in rows]
    single = jax.jit(jax.vmap(absorbed))(*rows.T.astype(np.float32))
    np.testing.assert_allclose(np.asarray(single), exact, rtol=3e-5)


def test_visible_average_against_a_dense_grid() -> None:
    from tansaki.twin.film.optical_constants import photon_energy_ev, porous_oxide, refractive_index

    wavelengths = np.linspace(*light.VISIBLE_RANGE_M, 2001)
    for thickness, allowed in ((20e-9, 5e-4), (200e-9, 5e-4), (230e-9, 3e-3), (280e-9, 3e-3), (400e-9, 0.012)):
        for carriers in (1e25, 1e27, 2e27):
            arguments = (carriers, 1e-3, 2e26, 0.08)
            index = refractive_index(porous_oxide(photon_energy_ev(wavelengths), *arguments, OXIDE, SHIFT))
            film = stack.layer_fractions((Layer(index, thickness),), GLASS, wavelengths)
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
        sample = light.visible_fractions(100e-9, carriers_m3, 1e-3, trapped_m3, 0.0, GLASS, OXIDE, SHIFT)
        return float(light.internal_transmittance(sample))

    assert 1.0 > inside(1e26, 0.0) > inside(2e27, 0.0) > inside(2e27, 1e27) > 0.85
