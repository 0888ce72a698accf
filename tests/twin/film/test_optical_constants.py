"""Dielectric functions: Kramers-Kronig, published films, exact identities, the three engines."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from tansaki.twin.backends import bind
from tansaki.twin.film import optical_constants as oc
from tansaki.twin.film.optical_constants import Dielectric, bruggeman_dielectric, with_voids
from tansaki.twin.quantities import load
from tansaki.twin.units import ELEMENTARY_CHARGE_C

MATERIAL = load("materials", "nb_tio2")
OXIDE = MATERIAL.parameters("optics", oc.DopedOxide)
SHIFT = MATERIAL.parameters("burstein_moss", oc.BursteinMoss)
OXIDES = load("materials", "tio2_al2o3")
ANATASE = OXIDES.parameters("optics_tio2", oc.TaucLorentz)
ALUMINA = OXIDES.parameters("optics_al2o3", oc.Sellmeier)
ITO = load("materials", "ito")


def _kramers_kronig(energy_ev: float, t: oc.TaucLorentz) -> float:
    """ε₁ = ε∞ + (2/π)P∫ξε₂(ξ)/(ξ² − E²)dξ by adaptive quadrature."""

    def absorption(x: float) -> float:
        return float(oc.tauc_lorentz(x, t).imaginary)

    cut = 4.0 * max(energy_ev, t.peak_ev)
    if energy_ev > t.gap_ev:
        near = quad(lambda x: x * absorption(x) / (x + energy_ev), t.gap_ev, cut, weight="cauchy", wvar=energy_ev)[0]
    else:
        near = quad(lambda x: x * absorption(x) / (x * x - energy_ev**2), t.gap_ev, cut, limit=300)[0]
    far = quad(lambda y: absorption(1.0 / y) / (y - y**3 * energy_ev**2), 0.0, 1.0 / cut)[0]
    return t.epsilon_infinity + 2.0 / math.pi * (near + far)


def test_tauc_lorentz_obeys_kramers_kronig_for_any_parameters() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        peak = rng.uniform(2.0, 8.0)
        # Gaps below and above the peak, narrow and broad lines.
        form = oc.TaucLorentz(
            rng.uniform(1.0, 3.0), 100.0, peak, rng.uniform(0.2, 1.5) * peak, rng.uniform(0.2, 1.1) * peak
        )
        for energy in (0.6 * form.gap_ev, 1.4 * form.gap_ev):
            exact = _kramers_kronig(energy, form)
            assert oc.tauc_lorentz(energy, form).real == pytest.approx(exact, rel=1e-6, abs=1e-6)


def test_tauc_lorentz_at_the_gap_is_the_limit_of_both_sides() -> None:
    at = oc.tauc_lorentz(ANATASE.gap_ev, ANATASE)
    assert at.imaginary == 0.0
    for step in (-1e-9, 1e-9):
        beside = oc.tauc_lorentz(ANATASE.gap_ev + step, ANATASE)
        assert beside.real == pytest.approx(at.real, rel=1e-7)
    assert oc.tauc_lorentz(0.9 * ANATASE.gap_ev, ANATASE).imaginary == 0.0


def test_anatase_of_jolivet_2023() -> None:
    for wavelength_m, n in ((550e-9, 2.517), (633e-9, 2.470)):
        found = oc.refractive_index(oc.tauc_lorentz(oc.photon_energy_ev(wavelength_m), ANATASE))
        assert found.n == pytest.approx(n, abs=1e-3)
        assert found.k == 0.0


def test_sum_rule_of_the_oscillators() -> None:
    # ∫E·ε₂ dE = (π/2)(ħω_p)²; for one Lorentz oscillator (ħω_p)² = f·E₀².
    band = oc.Lorentz(2.0, 3.0, 0.3)
    area = quad(lambda e: e * float(oc.lorentz(e, band).imaginary), 0.0, 50.0, points=[3.0], limit=300)[0]
    tail = 2.0 * 9.0 * 0.3 / 50.0  # E·ε₂ → f·E₀²·Γ/E²
    assert area + tail == pytest.approx(0.5 * math.pi * 18.0, rel=1e-4)
    assert oc.lorentz(1e-9, band).real == pytest.approx(2.0)


def test_drude_is_a_lorentz_oscillator_without_spring() -> None:
    free = oc.Drude(2.0, 0.1)
    soft = oc.Lorentz(4.0 / 1e-12, 1e-6, 0.1)
    for got, expected in zip(oc.drude(1.3, free), oc.lorentz(1.3, soft), strict=True):
        assert got == pytest.approx(expected, rel=1e-9)


def test_optical_and_direct_current_resistivity_are_one() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        n, mu, mass = 10.0 ** rng.uniform(25, 28), 10.0 ** rng.uniform(-4, -2), rng.uniform(0.2, 2.0)
        rho = oc.drude_resistivity_ohm_m(oc.drude_of_carriers(n, mu, mass))
        assert rho == pytest.approx(1.0 / (n * ELEMENTARY_CHARGE_C * mu), rel=1e-7)


def test_free_electrons_of_known_metals_and_oxides() -> None:
    # Sodium, n = 2.65e28 m⁻³: free-electron ħω_p 6.05 eV (textbook 5.9-6.0); Fermi energy 3.24 eV.
    assert oc.drude_of_carriers(2.65e28, 1e-2, 1.0).plasma_energy_ev == pytest.approx(6.05, rel=2e-3)
    full = oc.BursteinMoss(1.0, 0.0, 1e27)
    assert oc.burstein_moss_shift_ev(2.65e28, full) == pytest.approx(3.24, rel=3e-3)
    assert oc.burstein_moss_shift_ev(8e27, full) == pytest.approx(4.0 * oc.burstein_moss_shift_ev(1e27, full))
    narrowed = oc.burstein_moss_shift_ev(1e27, full._replace(renormalisation_ev=0.1))
    assert narrowed == pytest.approx(oc.burstein_moss_shift_ev(1e27, full) - 0.1)


def test_ito_crosses_zero_in_the_near_infrared() -> None:
    bound, free = ITO.parameters("optics", oc.TaucLorentz), ITO.parameters("optics_drude", oc.Drude)

    def real(wavelength_m: float) -> float:
        energy = oc.photon_energy_ev(wavelength_m)
        return float(oc.tauc_lorentz(energy, bound).real + oc.drude(energy, free).real)

    assert real(1255e-9) > 0.0 > real(1265e-9)


def test_refractive_index_squares_to_the_permittivity_and_damps() -> None:
    rng = np.random.default_rng(4)
    for real, imaginary in zip(rng.normal(0.0, 5.0, 200), 10.0 ** rng.uniform(-9, 1, 200), strict=True):
        n, k = oc.refractive_index(oc.Dielectric(real, imaginary))
        assert n > 0.0
        assert k > 0.0
        assert n * n - k * k == pytest.approx(real, rel=1e-12)
        assert 2.0 * n * k == pytest.approx(imaginary, rel=1e-12)


def test_sellmeier_index_is_given_at_its_wavelength_and_falls_with_it() -> None:
    assert oc.sellmeier_index(550e-9, ALUMINA) == pytest.approx(ALUMINA.reference_index, rel=1e-15)
    n = [oc.sellmeier_index(w, ALUMINA) for w in (400e-9, 550e-9, 700e-9)]
    assert n[0] > n[1] > n[2] > 1.6
    # 1/(n² − 1) is linear in 1/λ² for a single resonance.
    y = [1.0 / (value * value - 1.0) for value in n]
    x = [1.0 / w**2 for w in (400e-9, 550e-9, 700e-9)]
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx((y[2] - y[0]) / (x[2] - x[0]), rel=1e-9)


def test_more_electrons_open_the_gap_and_darken_the_infrared() -> None:
    few = oc.doped_oxide(3.5, 1e26, 1e-3, 0.0, OXIDE, SHIFT)
    many = oc.doped_oxide(3.5, 2e27, 1e-3, 0.0, OXIDE, SHIFT)
    assert few.imaginary > many.imaginary
    infrared = [oc.doped_oxide(0.6, n, 1e-3, 0.0, OXIDE, SHIFT).imaginary for n in (1e26, 2e27)]
    assert infrared[1] > 10.0 * infrared[0]
    # The plasma edge of the physics reference: 1150-1800 nm for n of 1 to 2·10²¹ cm⁻³.
    assert oc.doped_oxide(oc.photon_energy_ev(1800e-9), 2e27, 1e-3, 0.0, OXIDE, SHIFT).real < 0.0
    assert oc.doped_oxide(oc.photon_energy_ev(1150e-9), 1e27, 1e-3, 0.0, OXIDE, SHIFT).real > 0.0


def test_trapped_electrons_absorb_at_their_energy_in_proportion() -> None:
    clean = oc.doped_oxide(OXIDE.localised_energy_ev, 1e26, 1e-3, 0.0, OXIDE, SHIFT).imaginary
    one = oc.doped_oxide(OXIDE.localised_energy_ev, 1e26, 1e-3, 1e26, OXIDE, SHIFT).imaginary - clean
    three = oc.doped_oxide(OXIDE.localised_energy_ev, 1e26, 1e-3, 3e26, OXIDE, SHIFT).imaginary - clean
    assert three == pytest.approx(3.0 * one, rel=1e-9)
    at_resonance = oc.PLASMA_EV2_M3 * 1e26 * OXIDE.localised_oscillator_strength
    assert one == pytest.approx(at_resonance / (OXIDE.localised_broadening_ev * OXIDE.localised_energy_ev))


def _passive_pairs(number: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(8)
    real = rng.normal(0.0, 8.0, (2, number))
    imaginary = 10.0 ** rng.uniform(-3.0, 1.0, (2, number))
    return rng.uniform(0.0, 1.0, number), real[0], imaginary[0], real[1], imaginary[1]


def test_bruggeman_solves_its_equation_on_the_physical_branch() -> None:
    for f, a_real, a_imaginary, b_real, b_imaginary in zip(*_passive_pairs(150), strict=True):
        a, b = complex(a_real, a_imaginary), complex(b_real, b_imaginary)
        mixed = complex(
            *oc.bruggeman_dielectric(f, oc.Dielectric(a_real, a_imaginary), oc.Dielectric(b_real, b_imaginary))
        )
        rest = f * (a - mixed) * (b + 2.0 * mixed) + (1.0 - f) * (b - mixed) * (a + 2.0 * mixed)
        assert abs(rest) < 1e-10 * max(abs(a), abs(b), abs(mixed)) ** 2
        assert mixed.imag > 0.0
        # The physical root is the one that leads from the host to the inclusion without a jump.
        path = [
            complex(*oc.bruggeman_dielectric(x, oc.Dielectric(a_real, a_imaginary), oc.Dielectric(b_real, b_imaginary)))
            for x in (0.0, 1.0)
        ]
        assert path[0] == pytest.approx(b, rel=1e-9)
        assert path[1] == pytest.approx(a, rel=1e-9)


def test_bruggeman_has_no_jump_in_fraction() -> None:
    # A metal in a dielectric: the naive sign of the root flips on the way.
    steps = np.linspace(0.0, 1.0, 501)
    mixed = [complex(*oc.bruggeman_dielectric(f, oc.Dielectric(-9.0, 0.4), oc.Dielectric(4.0, 0.0))) for f in steps]
    assert np.abs(np.diff(mixed)).max() < 0.4
    assert min(value.imag for value in mixed) >= 0.0


def test_bruggeman_is_the_conductivity_mixture_for_lossless_phases() -> None:
    from tansaki.twin.film.charge import bruggeman

    for f in (0.05, 0.4, 0.9):
        real, imaginary = oc.bruggeman_dielectric(f, oc.Dielectric(6.3, 0.0), oc.Dielectric(1.0, 0.0))
        assert real == pytest.approx(bruggeman(f, 6.3, 1.0), rel=1e-12)
        assert imaginary == pytest.approx(0.0, abs=1e-12)


def test_voids_bring_dense_titania_down_to_the_index_of_the_evaporated_film() -> None:
    dense = oc.tauc_lorentz(oc.photon_energy_ev(550e-9), ANATASE)
    fraction = OXIDES.section("optics_tio2_voids")["fraction"].value
    assert oc.refractive_index(oc.bruggeman_dielectric(fraction, oc.Dielectric(1.0, 0.0), dense)).n == pytest.approx(
        2.347, abs=2e-3
    )


def _cases(module: Any) -> dict[str, tuple[Any, list[np.ndarray]]]:
    """A function of plain numbers for each public one, and 1000 random arguments."""
    rng = np.random.default_rng(6)
    number = 1000
    energy = rng.uniform(0.5, 6.5, number)
    # Below, at and around the gap too.
    energy[:3] = (ANATASE.gap_ev, ANATASE.gap_ev - 1e-6, 1.0)
    n, mu = 10.0 ** rng.uniform(25.0, 27.5, number), 10.0 ** rng.uniform(-4.0, -2.3, number)
    trapped = 10.0 ** rng.uniform(22.0, 27.0, number)
    wavelength = rng.uniform(300e-9, 2000e-9, number)
    fraction, a_real, a_imaginary, b_real, b_imaginary = _passive_pairs(number)
    pair = module.Dielectric
    return {
        "photon_energy_ev": (module.photon_energy_ev, [wavelength]),
        "tauc_lorentz": (lambda e: module.tauc_lorentz(e, ANATASE), [energy]),
        "lorentz": (lambda e: module.lorentz(e, oc.Lorentz(1.7, 3.6, 0.4)), [energy]),
        "drude": (lambda e: module.drude(e, oc.Drude(2.0, 0.1)), [energy]),
        "drude_of_carriers": (lambda n, mu: module.drude_of_carriers(n, mu, 0.45), [n, mu]),
        "drude_resistivity_ohm_m": (
            lambda p, g: module.drude_resistivity_ohm_m(module.Drude(p, g)),
            [energy, 0.1 * energy],
        ),
        "burstein_moss_shift_ev": (
            lambda n: module.burstein_moss_shift_ev(n, SHIFT._replace(renormalisation_ev=-0.2)),
            [n],
        ),
        "doped_oxide": (lambda e, n, mu, t: module.doped_oxide(e, n, mu, t, OXIDE, SHIFT), [energy, n, mu, trapped]),
        "refractive_index": (lambda r, i: module.refractive_index(pair(r, i)), [a_real, a_imaginary]),
        "sellmeier_index": (lambda w: module.sellmeier_index(w, ALUMINA), [wavelength]),
        "bruggeman_dielectric": (
            lambda f, a, b, c, d: module.bruggeman_dielectric(f, pair(a, b), pair(c, d)),
            [fraction, a_real, a_imaginary, b_real, b_imaginary],
        ),
    }


class _Engine:
    """A bound module together with the records of the physics module."""

    def __init__(self, backend: Any) -> None:
        self.functions = bind(oc, backend)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.functions, name, None) or getattr(oc, name)


@pytest.mark.parametrize("name", list(_cases(oc)))
def test_engines_agree_and_gradients_are_finite(name: str) -> None:
    import jax

    plain, inputs = _cases(oc)[name]
    by_numpy = np.array(plain(*inputs)).T
    compiled, _ = _cases(_Engine("numba"))[name]
    by_numba = np.array([compiled(*row) for row in zip(*inputs, strict=True)], dtype=float)
    # ε₁ passes through zero: its digits are those of the largest term, of order one.
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12, atol=1e-13)
    function, _ = _cases(_Engine("jax"))[name]
    batched = jax.jit(jax.vmap(function))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*inputs)).T, by_numpy, rtol=1e-12, atol=1e-13)
    columns = [np.asarray(column, np.float32) for column in inputs]
    exact = np.array(plain(*(column.astype(float) for column in columns))).T
    single = np.array(batched(*columns)).T
    assert single.dtype == np.float32
    # Errors are judged on the modulus where a function gives two parts of one complex number.
    scale = np.maximum(np.abs(exact), 0.0 if exact.ndim == 1 else np.linalg.norm(exact, axis=-1, keepdims=True))
    assert (np.abs(single - exact) / scale).max() < 2e-5
    few = tuple(column[:100] for column in columns)
    gradient = jax.grad(lambda rows: jax.numpy.sum(jax.numpy.array(jax.vmap(function)(*rows))))(few)
    assert np.isfinite(np.array(gradient)).all()


def test_slope_of_tauc_lorentz_is_the_derivative_at_and_below_the_gap() -> None:
    import jax

    bound = bind(oc, "jax")

    def real(energy_ev: Any) -> Any:
        return bound.tauc_lorentz(energy_ev, ANATASE).real

    def absorbing(energy_ev: Any) -> Any:
        return bound.tauc_lorentz(energy_ev, ANATASE).imaginary

    with jax.enable_x64(True):
        for energy in (2.0, ANATASE.gap_ev, 4.2):
            step = 1e-5
            quotient = oc.tauc_lorentz(energy + step, ANATASE).real - oc.tauc_lorentz(energy - step, ANATASE).real
            assert jax.grad(real)(energy) == pytest.approx(quotient / (2.0 * step), rel=1e-4)
        assert jax.grad(absorbing)(ANATASE.gap_ev) == 0.0
        assert jax.grad(absorbing)(2.0) == 0.0


def test_empty_voids_are_the_general_mixture_with_vacuum() -> None:
    rng = np.random.default_rng(12)
    host = Dielectric(rng.uniform(-20.0, 20.0, 5000), 10.0 ** rng.uniform(-6.0, 1.5, 5000))
    fraction = rng.uniform(0.0, 0.6, 5000)
    # Slow light in a conductor without voids: the two roots lie far apart.
    assert with_voids(0.0, Dielectric(-2000.0, 1e9)).imaginary == pytest.approx(1e9, rel=1e-12)
    general = bruggeman_dielectric(fraction, Dielectric(1.0, 0.0), host)
    short = with_voids(fraction, host)
    np.testing.assert_allclose(short.real + 1j * short.imaginary, general.real + 1j * general.imaginary, rtol=1e-12)
