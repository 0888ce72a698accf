"""Index and thickness from fringes: the closed forms of Swanepoel 1983, and spectra of known films."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.measurement.optical.film_spectrum import rough_film_fractions
from tansaki.twin.measurement.optical.swanepoel import extrema, fringes, index_from_envelopes

S = 1.52


def _envelopes(n: float, s: float, absorbance: float = 1.0) -> tuple[float, float]:
    """T_M and T_m of equations 8 and 9 of the paper, x the single-pass absorbance."""
    a, b = 16.0 * n * n * s, (n + 1.0) ** 3 * (n + s * s)
    c, d = 2.0 * (n * n - 1.0) * (n * n - s * s), (n - 1.0) ** 3 * (n - s * s)
    x = absorbance
    return a * x / (b - c * x + d * x * x), a * x / (b + c * x + d * x * x)


def test_index_of_a_film_of_2_3_on_glass_is_exact() -> None:
    upper, lower = _envelopes(2.3, S)
    assert upper == pytest.approx(2.0 * S / (S * S + 1.0), rel=1e-12)
    assert index_from_envelopes(upper, lower, S) == pytest.approx(2.3, abs=1e-6)


@given(st.floats(1.7, 4.0), st.floats(1.4, 1.65), st.floats(0.3, 1.0))
def test_index_is_exact_for_films_that_absorb(n: float, s: float, absorbance: float) -> None:
    assert index_from_envelopes(*_envelopes(n, s, absorbance), s) == pytest.approx(n, rel=1e-9)


def _spectrum(n: float, thickness_m: float, k: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    light = np.arange(400e-9, 2500e-9, 2e-9)
    sample = rough_film_fractions(RefractiveIndex(n, k), thickness_m, 0.0, S, light)
    return light, sample.transmitted, sample.reflected


@pytest.mark.parametrize("thickness_nm", [400.0, 633.0, 1000.0, 1500.0])
def test_thickness_of_a_noiseless_film(thickness_nm: float) -> None:
    light, through, back = _spectrum(2.3, 1e-9 * thickness_nm)
    turns = extrema(light, through, back, np.full(len(light), 1e-4))
    # At 2nd = mλ, m whole for maxima and half-odd for minima.
    order = 2.0 * 2.3 * thickness_nm * 1e-9 / turns.wavelength_m
    np.testing.assert_allclose(order[turns.maximum], np.round(order[turns.maximum]), atol=0.02)
    np.testing.assert_allclose(order[~turns.maximum] % 1.0, 0.5, atol=0.02)
    found = fringes(turns, np.full(len(turns.wavelength_m), S))
    assert found is not None
    np.testing.assert_allclose(found.order, np.round(2.0 * order) / 2.0)
    assert 1e9 * found.thickness_m == pytest.approx(thickness_nm, rel=0.01)
    np.testing.assert_allclose(found.refractive_index, 2.3, rtol=0.01)


def test_thickness_of_an_absorbing_and_dispersive_film_with_noise() -> None:
    rng = np.random.default_rng(1)
    light = np.arange(400e-9, 2500e-9, 5e-9)
    n = 2.2 + 0.04 * (1e-6 / light) ** 2
    errors = []
    for _ in range(20):
        sample = rough_film_fractions(RefractiveIndex(n, 0.003 * (0.5e-6 / light) ** 2), 8e-7, 0.0, S, light)
        noise = 1e-3 * rng.standard_normal((2, len(light)))
        through, back = sample.transmitted + noise[0], sample.reflected + noise[1]
        turns = extrema(light, through, back, np.full(len(light), 1e-3))
        found = fringes(turns, np.full(len(turns.wavelength_m), S))
        assert found is not None
        errors.append(found.thickness_m / 8e-7 - 1.0)
    assert np.abs(errors).max() < 0.015


def test_too_few_fringes_tell_nothing() -> None:
    light, through, back = _spectrum(2.3, 1e-7)
    turns = extrema(light, through, back, np.full(len(light), 1e-3))
    assert len(turns.wavelength_m) < 4
    assert fringes(turns, np.full(len(turns.wavelength_m), S)) is None


def test_noise_alone_has_no_extrema() -> None:
    light = np.arange(400e-9, 2500e-9, 5e-9)
    noise = 1e-3 * np.random.default_rng(3).standard_normal((2, len(light)))
    turns = extrema(light, 0.92 + noise[0], 0.08 + noise[1], np.full(len(light), 1e-3))
    assert len(turns.wavelength_m) == 0
