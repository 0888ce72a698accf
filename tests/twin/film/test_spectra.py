"""Spectra of many films at once: the same as one by one, in both precisions; peers; shapes; slopes."""

from time import perf_counter
from typing import Any

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film import stack
from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.film.spectra import film_spectra, random_oxide_films
from tansaki.twin.film.stack import Layer

GLASS = 1.52


def _one_by_one(index: np.ndarray, thickness_m: np.ndarray, wavelength_m: np.ndarray) -> stack.FilmFractions:
    layers = tuple(Layer(RefractiveIndex(n.real, n.imag), d) for n, d in zip(index, thickness_m, strict=True))
    return stack.layer_fractions(layers, GLASS, wavelength_m)


def test_batches_are_the_films_one_by_one() -> None:
    index, thickness, wavelength = random_oxide_films(20, 3, 50, seed=1)
    double = film_spectra(index, thickness, GLASS, wavelength)
    single = film_spectra(index, thickness, GLASS, wavelength, precision="float32")
    for film in range(20):
        for exact, d, s in zip(_one_by_one(index, thickness[film], wavelength)[:2], double, single, strict=True):
            np.testing.assert_allclose(d[film], exact, rtol=1e-10, atol=1e-14)
            np.testing.assert_allclose(s[film], exact, atol=3e-5)
    assert single.reflected.dtype == np.float32


def test_each_film_may_have_materials_of_its_own() -> None:
    index, thickness, wavelength = random_oxide_films(3, 2, 10, seed=2)
    own = np.stack([index, 1.1 * index, 0.9 * index])
    found = film_spectra(own, thickness, GLASS, wavelength)
    for film in range(3):
        exact = _one_by_one(own[film], thickness[film], wavelength)
        np.testing.assert_allclose(found.transmitted[film], exact.transmitted, rtol=1e-10)


@pytest.mark.parametrize("angle_deg", [0.0, 40.0, 80.0])
@pytest.mark.parametrize("polarisation", ["s", "p"])
def test_against_tmm_at_angles(angle_deg: float, polarisation: str) -> None:
    tmm = pytest.importorskip("tmm")
    index, thickness, wavelength = random_oxide_films(2, 3, 8, seed=3)
    angle = np.radians(angle_deg)
    found = film_spectra(
        index, thickness, GLASS, wavelength, angle_rad=angle, parallel=1.0 if polarisation == "p" else 0.0
    )
    for film in range(2):
        for i in range(8):
            theirs = tmm.coh_tmm(
                polarisation, [1.0, *index[:, i], GLASS], [np.inf, *thickness[film], np.inf], angle, wavelength[i]
            )
            assert found.reflected[film, i] == pytest.approx(theirs["R"], abs=1e-10)
            assert found.transmitted[film, i] == pytest.approx(theirs["T"], abs=1e-10)


def test_another_number_of_layers_compiles_soon() -> None:
    index, thickness, wavelength = random_oxide_films(4, 12, 10, seed=4)
    started = perf_counter()
    film_spectra(index, thickness, GLASS, wavelength)
    # Ten seconds are the promise; twelve layers take about one.
    assert perf_counter() - started < 10.0


def test_slopes_are_those_of_finite_differences() -> None:
    import jax

    index, thickness, wavelength = random_oxide_films(1, 2, 1, seed=5)
    engine = bind(stack, "jax")
    point = np.ravel([[n.real, n.imag, 1e9 * d] for n, d in zip(index[:, 0], thickness[0], strict=True)])

    def of_films(x: Any) -> Any:
        layers = tuple(Layer(RefractiveIndex(x[3 * i], x[3 * i + 1]), 1e-9 * x[3 * i + 2]) for i in range(2))
        fields = engine.slanted_fields(layers, RefractiveIndex(GLASS, 0.0), wavelength[0], np.sin(1.1), 1.0)
        amplitudes = engine.amplitudes(fields, engine.air_admittance(1.1, 1.0))
        fractions = engine.fractions(fields, engine.air_admittance(1.1, 1.0), 1.9)
        return jax.numpy.stack([*fractions, *amplitudes.reflection, *amplitudes.transmission])

    with jax.enable_x64(True):
        moved = jax.jit(lambda x, step: jax.jvp(of_films, (x,), (step,)))
        for i, value in enumerate(point):
            step = np.zeros_like(point)
            step[i] = 1e-5 * max(value, 0.1)
            finite = 0.5 * (np.asarray(moved(point + step, step)[0]) - np.asarray(moved(point - step, step)[0]))
            np.testing.assert_allclose(np.asarray(moved(point, step)[1]), finite, rtol=1e-4, atol=1e-4 * step[i] * 1e-4)


@pytest.mark.parametrize(
    ("index", "thickness", "wavelength"),
    [
        (np.ones((2, 5)), np.ones((3, 3)), np.ones(5)),
        (np.ones((2, 4)), np.ones((3, 2)), np.ones(5)),
        (np.ones((4, 2, 5)), np.ones((3, 2)), np.ones(5)),
        (np.ones((2, 5)), np.ones(2), np.ones(5)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(index: np.ndarray, thickness: np.ndarray, wavelength: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="index"):
        film_spectra(index, thickness, GLASS, wavelength)
