"""The model of one film on a plate: engines, closed forms, an independent program, slopes."""

from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.film.optical_constants import REDUCED_PLANCK_EV_S, VACUUM_PERMITTIVITY_F_M, RefractiveIndex
from tansaki.twin.measurement.optical import film_spectrum, spectrum_slopes
from tansaki.twin.measurement.optical.film_spectrum import (
    film_dielectric,
    film_fractions_of,
    film_resistivity_ohm_m,
    rough_film_fractions,
    scattered_less,
)
from tansaki.twin.measurement.optical.spectrum_slopes import PARAMETERS, model_of

USUAL = np.array([1.2e-7, 1e-9, 2.4, 320.0, 4.0, 1.3, 3.4, 3.0, 0.35, 0.15, 1.0, 0.8, 0.06])
LIGHT = np.linspace(300e-9, 2500e-9, 23)

films = st.tuples(
    st.floats(1e-8, 1e-6),
    st.floats(0.0, 4e-9),
    st.floats(1.5, 3.5),
    st.floats(50.0, 500.0),
    st.floats(3.6, 6.0),
    st.floats(0.3, 3.0),
    st.floats(2.5, 3.9),
    st.floats(0.0, 8.0),
    st.floats(0.03, 1.0),
    st.floats(0.0, 0.5),
    st.floats(0.7, 1.5),
    st.floats(0.2, 1.5),
    st.floats(0.0, 0.3),
).map(np.array)


@cache
def _jitted() -> Any:
    traced = bind(film_spectrum, "jax").film_fractions_of
    return jax.jit(lambda wavelength_m, film: traced(wavelength_m, model_of(film), 1.52))


@settings(deadline=None, max_examples=40)
@given(films, st.floats(300e-9, 2500e-9))
def test_engines_agree(film: np.ndarray, wavelength_m: float) -> None:
    expected = film_fractions_of(wavelength_m, model_of(film), 1.52)
    compiled = bind(film_spectrum, "numba").film_fractions_of(wavelength_m, model_of(film), 1.52)
    with jax.enable_x64(True):
        traced = _jitted()(wavelength_m, film)
        for found in (compiled, traced):
            np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-11, atol=1e-12)
    assert expected.reflected >= 0.0
    assert expected.transmitted >= 0.0
    assert expected.reflected + expected.transmitted <= 1.0 + 1e-12


def test_a_smooth_film_is_that_of_an_independent_program() -> None:
    tmm = pytest.importorskip("tmm")
    for wavelength_nm in (350.0, 600.0, 1500.0):
        index = np.sqrt(complex(*film_dielectric(1239.8419843320026 / wavelength_nm, model_of(USUAL))))
        for d_nm in (20.0, 120.0, 700.0):
            found = rough_film_fractions(
                RefractiveIndex(index.real, index.imag), d_nm * 1e-9, 0.0, 1.52, wavelength_nm * 1e-9
            )
            expected = tmm.inc_tmm(
                "s", [1, index, 1.52, 1], [np.inf, d_nm, 1e6, np.inf], ["i", "c", "i", "i"], 0, wavelength_nm
            )
            assert found.transmitted == pytest.approx(expected["T"], abs=1e-10)
            assert found.reflected == pytest.approx(expected["R"], abs=1e-10)


def test_a_film_like_the_plate_is_a_slab() -> None:
    sample = rough_film_fractions(RefractiveIndex(1.52, 0.0), 3e-7, 0.0, 1.52, 5e-7)
    assert sample.transmitted == pytest.approx(2.0 * 1.52 / (1.52**2 + 1.0), rel=1e-12)
    assert sample.transmitted == pytest.approx(0.91832, abs=1e-5)


def test_scattered_light_is_lost_as_the_square_of_roughness_over_wavelength() -> None:
    ideal = rough_film_fractions(RefractiveIndex(2.4, 0.0), 1e-7, 0.0, 1.52, 5e-7)
    rough = scattered_less(ideal, 2.4, 5e-9, 5e-7)
    assert rough.reflected == pytest.approx(ideal.reflected * np.exp(-((4.0 * np.pi * 0.01) ** 2)), rel=1e-12)
    assert rough.transmitted == pytest.approx(ideal.transmitted * np.exp(-((2.0 * np.pi * 0.01 * 1.4) ** 2)), rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(films)
def test_slow_light_is_absorbed_as_direct_current_is_conducted(film: np.ndarray) -> None:
    film[7] = max(film[7], 0.1)
    energy_ev = 1e-6
    conductivity = (
        VACUUM_PERMITTIVITY_F_M * energy_ev / REDUCED_PLANCK_EV_S * film_dielectric(energy_ev, model_of(film)).imaginary
    )
    assert 1.0 / conductivity == pytest.approx(film_resistivity_ohm_m(model_of(film)), rel=1e-4)


def _slopes(film: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found, along = np.empty((2, len(LIGHT))), np.empty((2, len(LIGHT), len(PARAMETERS)))
    room = np.zeros((2, len(PARAMETERS)))
    plate = np.full(len(LIGHT), 1.52)
    bind(spectrum_slopes, "numba").slopes(film, LIGHT, plate, found, along, room[0], room[1])
    return found, along


def test_gradients_match_finite_differences() -> None:
    traced = bind(film_spectrum, "jax").film_fractions_of

    @jax.jit
    def slope(film: Any, along: Any) -> Any:
        return jax.jvp(lambda at: traced(LIGHT, model_of(at), 1.52), (film,), (along,))[1]

    with jax.enable_x64(True):
        moved = [slope(USUAL, unit) for unit in np.eye(len(PARAMETERS))]
    gradient = np.array([[light.transmitted, light.reflected] for light in moved])
    found, along = _slopes(USUAL)
    for i in range(len(PARAMETERS)):
        step = 1e-4 * USUAL[i]
        up, down = USUAL.copy(), USUAL.copy()
        up[i] += step
        down[i] -= step
        numeric = (_slopes(up)[0] - _slopes(down)[0]) / (2.0 * step)
        size = np.abs(numeric).max()
        assert np.abs(gradient[i] - numeric).max() <= 1e-4 * size, PARAMETERS[i]
        assert np.abs(along[:, :, i] - numeric).max() <= 1e-4 * size, PARAMETERS[i]
    expected = film_fractions_of(LIGHT, model_of(USUAL), 1.52)
    np.testing.assert_allclose(found, [expected.transmitted, expected.reflected], rtol=1e-12)
