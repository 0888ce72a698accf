"""Many films in real arithmetic: against the complex form, energy, closed forms."""

import math

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.film import multilayer, stack
from tansaki.twin.film.multilayer import StackFractions, behind, from_air, through
from tansaki.twin.film.optical_constants import RefractiveIndex


def _random_films(rng: np.random.Generator, number: int) -> tuple[stack.Layer, ...]:
    return tuple(
        stack.Layer(
            RefractiveIndex(rng.uniform(1.2, 3.0), rng.choice([0.0, rng.uniform(0.0, 3.0)])), rng.uniform(0.0, 5e-7)
        )
        for _ in range(number)
    )


def _seen(films: tuple[stack.Layer, ...], plate_index: float, wavelength_m: float) -> StackFractions:
    """The film next to the air comes first, as in `stack.layer_fractions`."""
    fields = behind(plate_index)
    for index, thickness_m in reversed(films):
        fields = through(index, thickness_m, wavelength_m, fields)
    return from_air(fields, plate_index)


def test_it_is_the_complex_form_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        films, plate, wavelength = _random_films(rng, 5), rng.uniform(1.3, 2.5), rng.uniform(4e-7, 8e-7)
        found = _seen(films, plate, wavelength)
        reference = stack.layer_fractions(films, plate, wavelength)
        assert found.reflected == pytest.approx(reference.reflected, abs=1e-12)
        assert found.transmitted == pytest.approx(reference.transmitted, abs=1e-12)
        assert sum(found) == pytest.approx(1.0, abs=1e-12)
        assert found.absorbed >= 0.0


def test_without_absorption_nothing_is_absorbed() -> None:
    films = (stack.Layer(RefractiveIndex(2.3, 0.0), 8e-8), stack.Layer(RefractiveIndex(1.6, 0.0), 9e-8))
    assert _seen(films, 1.5, 5e-7).absorbed == 0.0


def test_a_weak_absorber_loses_in_proportion() -> None:
    def loss(k: float) -> float:
        film = stack.Layer(RefractiveIndex(2.3, k), 1e-7)
        return float(_seen((film, stack.Layer(RefractiveIndex(1.6, 0.0), 9e-8)), 1.5, 5e-7).absorbed)

    assert loss(2e-9) / loss(1e-9) == pytest.approx(2.0, rel=1e-6)


def test_no_film_is_the_bare_face_and_half_waves_are_absent() -> None:
    fresnel = (0.5 / 2.5) ** 2
    assert from_air(behind(1.5), 1.5).reflected == pytest.approx(fresnel, rel=1e-12)
    half = (stack.Layer(RefractiveIndex(2.0, 0.0), 0.5 * 5e-7 / 2.0),)
    assert _seen(half, 1.5, 5e-7).reflected == pytest.approx(fresnel, rel=1e-9)


def test_a_thick_metal_reflects_as_its_face_and_transmits_nothing() -> None:
    n, k = 1.5, 3.0
    found = _seen((stack.Layer(RefractiveIndex(n, k), 1e-3),), 1.5, 5e-7)
    assert found.transmitted == 0.0
    assert found.reflected == pytest.approx(((n - 1) ** 2 + k * k) / ((n + 1) ** 2 + k * k), rel=1e-12)


def test_engines_agree_in_single_precision_on_small_losses() -> None:
    import jax

    rng = np.random.default_rng(5)
    rows = rng.uniform([2.0, 1e-5, 2e-8, 4e-7], [2.6, 1e-3, 2e-7, 7e-7], (200, 4))

    def on(engine: str, n: float, k: float, thickness: float, wavelength: float) -> StackFractions:
        m = bind(multilayer, engine)  # type: ignore[arg-type]
        fields = m.through(RefractiveIndex(1.6, 0.0), 9e-8, wavelength, m.behind(1.5))
        return m.from_air(m.through(RefractiveIndex(n, k), thickness, wavelength, fields), 1.5)  # type: ignore[no-any-return]

    plain = np.array([on("numpy", *row) for row in rows])
    np.testing.assert_allclose(np.array([on("numba", *row) for row in rows]), plain, rtol=1e-12)
    batched = jax.jit(jax.vmap(lambda *row: on("jax", *row)))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*rows.T)).T, plain, rtol=1e-12)
    single = np.array(batched(*rows.T.astype(np.float32))).T
    np.testing.assert_allclose(single, plain, rtol=3e-5)
    assert math.isfinite(single.sum())
