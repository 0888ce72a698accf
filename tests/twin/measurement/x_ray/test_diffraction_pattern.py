"""One line: closed forms, the three engines, slopes."""

import math

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import diffraction_grid
from tansaki.twin.measurement.x_ray import diffraction_pattern as pattern
from tansaki.twin.measurement.x_ray.crystal import open_crystal, reflections
from tansaki.twin.measurement.x_ray.diffraction_pattern import Alignment, Domains, Passage, Profile, Resolution

RESOLUTION = Resolution(1.2e-6, -9e-7, 2e-6, 1.7e-4)
ALIGNMENT = Alignment(5e-5, 0.3, 1e-4)
WAVELENGTH_M = 1.5406e-10
VOLUME_M3 = 1.36e-28
FILM = (1.0, 2e-8, 0.002, 0.001, 1e-7, 5e4, 0.01)
"""Share, size, microstrain, strain, thickness, μ, μt above."""
film_numbers = st.tuples(
    st.floats(0.1, 1.0),
    st.floats(2e-9, 2e-7),
    st.floats(0.0, 0.01),
    st.floats(-0.02, 0.02),
    st.floats(1e-9, 1e-5),
    st.floats(1e3, 1e6),
    st.floats(0.0, 0.5),
)


def rate(engine, two_theta_rad, spacing_m, strength, numbers):  # type: ignore[no-untyped-def]
    """Of one line at one angle, through all functions."""
    share, size, microstrain, strain, thickness, attenuation, above = numbers
    line = engine.line_of(
        spacing_m,
        strength,
        VOLUME_M3,
        WAVELENGTH_M,
        Domains(share, size, microstrain, strain),
        Passage(thickness, attenuation, above),
        ALIGNMENT,
        RESOLUTION,
        0.9,
    )
    return line.area * engine.pseudo_voigt(two_theta_rad - line.centre_rad, line.profile)


@settings(max_examples=40, deadline=None)
@given(film_numbers, st.floats(0.9e-10, 5e-10), st.floats(0.2, 2.0))
def test_the_engines_agree(numbers: tuple[float, ...], spacing_m: float, two_theta_rad: float) -> None:
    args = (two_theta_rad, spacing_m, 1e4, numbers)
    numpy, numba = (rate(bind(pattern, engine), *args) for engine in ("numpy", "numba"))
    with jax.enable_x64(True):
        jaxed = float(rate(bind(pattern, "jax"), *args))
    assert numba == pytest.approx(numpy, rel=1e-11)
    assert jaxed == pytest.approx(numpy, rel=1e-11)


def test_the_mean_of_a_scan_has_the_slopes_of_finite_differences() -> None:
    """All lines of anatase at some angles, through JAX, against central differences."""
    crystal = open_crystal("anatase")
    table = reflections(crystal, 1e-10)
    angles = np.deg2rad([24.9, 25.35, 37.7, 48.3, 55.2])
    strength = table.multiplicity * table.structure_factor_squared
    engine = bind(pattern, "jax")

    def scan(numbers):  # type: ignore[no-untyped-def]
        return rate(engine, angles[:, None], table.spacing_m, strength, numbers).sum(axis=1) * 1e-24

    with jax.enable_x64(True):
        slopes = jax.jacobian(scan)(FILM)
        for index, value in enumerate(FILM):
            step = 1e-5 * value
            up, down = (scan((*FILM[:index], value + d, *FILM[index + 1 :])) for d in (step, -step))
            np.testing.assert_allclose(
                np.asarray(slopes[index]), (np.asarray(up) - np.asarray(down)) / (2 * step), rtol=1e-4
            )


def test_a_profile_has_unit_area_and_its_width() -> None:
    profile = pattern.voigt_profile(2e-3, 1e-3)
    x = np.linspace(-3.0, 3.0, 600_001)
    assert np.trapezoid(pattern.pseudo_voigt(x, profile), x) == pytest.approx(1.0, abs=1e-3)
    half = pattern.pseudo_voigt(0.5 * profile.width_rad, profile)
    assert half == pytest.approx(0.5 * pattern.pseudo_voigt(0.0, profile))


def test_the_pseudo_voigt_is_next_to_the_convolution() -> None:
    """Against scipy's Voigt: its peak and width within a per cent."""
    special = pytest.importorskip("scipy.special")
    for gauss, lorentz in ((1.0, 0.1), (1.0, 1.0), (0.2, 1.0)):
        profile = pattern.voigt_profile(gauss, lorentz)
        sigma, gamma = gauss / math.sqrt(8.0 * math.log(2.0)), 0.5 * lorentz
        peak = special.voigt_profile(0.0, sigma, gamma)
        assert pattern.pseudo_voigt(0.0, profile) == pytest.approx(peak, rel=0.012)
        assert special.voigt_profile(0.5 * profile.width_rad, sigma, gamma) == pytest.approx(0.5 * peak, rel=0.01)
    assert pattern.voigt_profile(1.0, 0.0) == pytest.approx((1.0, 0.0))
    assert pattern.voigt_profile(0.0, 1.0) == pytest.approx((1.0, 1.0), abs=1e-9)


@given(st.floats(1e-4, 1e-2), st.floats(1e-5, 5e-2))
def test_slopes_of_the_profile(gauss: float, lorentz: float) -> None:
    by_gauss, by_lorentz = pattern.voigt_slopes(gauss, lorentz, pattern.voigt_profile(gauss, lorentz))
    step = 1e-6 * (gauss + lorentz)
    for slope, (g, lo) in ((by_gauss, (step, 0.0)), (by_lorentz, (0.0, step))):
        up, down = pattern.voigt_profile(gauss + g, lorentz + lo), pattern.voigt_profile(gauss - g, lorentz - lo)
        for own, above, below in zip(slope, up, down, strict=True):
            assert own == pytest.approx((above - below) / (2.0 * step), rel=1e-5, abs=1e-6 / gauss)


def test_pole_densities_have_the_mean_one() -> None:
    cosine, weight = np.polynomial.legendre.leggauss(1000)
    for r in (0.2, 0.7, 1.0, 1.5):
        assert 0.5 * weight @ pattern.march_dollase(cosine**2, r) == pytest.approx(1.0, rel=1e-6)
    assert pattern.march_dollase(0.3, 1.0) == pytest.approx(1.0)
    # A fibre is on one pole, which has two ends.
    assert 0.5 * weight @ pattern.fibre(cosine**2, 0.05) == pytest.approx(1.0, rel=2e-3)


def test_depth_seen() -> None:
    assert pattern.seen_depth_m(0.22, 1e-9, 5e4) == pytest.approx(1e-9 / math.sin(0.22), rel=1e-3)
    assert pattern.seen_depth_m(0.22, 1.0, 5e4) == pytest.approx(1e-5)


def test_shift_of_a_displaced_specimen() -> None:
    """−2 s cos θ/R: 50 µm on a 300 mm circle at low angles is 0.019°, towards smaller 2θ."""
    assert math.degrees(pattern.shift_rad(0.2, 5e-5, 0.3, 0.0)) == pytest.approx(-0.0191 * math.cos(0.2), abs=5e-5)
    assert pattern.shift_rad(0.2, 0.0, 0.3, 1e-4) == 1e-4


def test_scherrer_widths_of_anatase_101() -> None:
    """K = 0.9: D = 5, 10, 20, 50 nm give 1.63, 0.81, 0.41, 0.16° (reference table)."""
    theta = pattern.bragg_angle_rad(3.5165e-10, 1.5405929e-10)
    widths = [math.degrees(pattern.size_width_rad(theta, d, 1.5405929e-10, 0.9)) for d in (5e-9, 1e-8, 2e-8, 5e-8)]
    assert widths == pytest.approx([1.63, 0.81, 0.41, 0.16], abs=0.006)


def test_dead_time() -> None:
    assert pattern.counted(1e6, 2e-7) == pytest.approx(1e6 / 1.2)
    assert pattern.counted(1e12, 2e-7) == pytest.approx(5e6, rel=1e-4)


def test_lines_on_a_grid_are_the_sum_of_profiles() -> None:
    lines = np.array([[0.5, 3.0, 4e-3, 0.4], [0.52, 1.0, 2e-3, 0.9]])
    first, step, number = 0.4, 3e-4, 800
    x = first + step * np.arange(number)
    grid = bind(diffraction_grid, "numba")
    found = grid.sum_of_lines(first, step, number, lines, diffraction_grid.FAR)
    expected = sum(a * pattern.pseudo_voigt(x - c, Profile(w, m)) for c, a, w, m in lines)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    near = grid.sum_of_lines(first, step, number, lines, diffraction_grid.NEAR)
    assert np.abs(near - expected).max() < 2e-4 * expected.max()


def test_slopes_on_a_grid() -> None:
    lines = np.array([[0.5, 0.7, 4e-3, 0.4], [0.503, 0.3, 2e-3, 0.9]])
    args = (0.4, 3e-4, 800)
    group = np.array([0, 0])
    basis_of = bind(diffraction_grid, "numba").line_basis
    basis = basis_of(*args, lines, group, 1, diffraction_grid.FAR)
    for row, column, step in ((1, 0, 1e-7), (2, 2, 1e-8), (3, 3, 1e-5)):
        moved = np.zeros_like(lines)
        moved[:, column] = step
        up, down = (basis_of(*args, lines + d, group, 1, diffraction_grid.FAR)[0, 0] for d in (moved, -moved))
        scale = np.abs(basis[row, 0]).max()
        np.testing.assert_allclose(basis[row, 0], (up - down) / (2.0 * step), atol=1e-4 * scale)
