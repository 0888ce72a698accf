"""Size effects: published limits, high-precision integrals, and the three engines."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from tansaki.twin.backends import bind
from tansaki.twin.film import size_effects as se

EULER = 0.5772156649015329


def _surfaces(kappa: float, p: float) -> float:
    """The integral as printed by Fuchs and Sondheimer (t from 1 to infinity), by adaptive quadrature over ln t."""

    def integrand(s: float) -> float:
        t = math.exp(s)
        decay = math.exp(-kappa * t)
        return (1.0 / t**2 - 1.0 / t**4) * (1.0 - decay) / (1.0 - p * decay)

    corners = sorted({0.0, max(0.1, -math.log(kappa)), 3.0, 8.0, 20.0})
    total = sum(quad(integrand, a, b, epsabs=1e-14, epsrel=1e-12)[0] for a, b in pairwise(corners))
    return 1.0 - 1.5 * (1.0 - p) / kappa * total


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9, 0.99])
def test_surface_integral_against_the_printed_one(p: float) -> None:
    for kappa in 10.0 ** np.linspace(-2.0, 2.0, 13):
        assert se.surface_conductivity_ratio(kappa, p) == pytest.approx(_surfaces(kappa, p), rel=5e-6)


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_thick_film_limit(p: float) -> None:
    # The next term of the exact expansion falls as e^(−κ).
    for kappa in (30.0, 100.0):
        bulk = 1.0 - 3.0 * (1.0 - p) / (8.0 * kappa)
        assert se.surface_conductivity_ratio(kappa, p) == pytest.approx(bulk, abs=1e-9)


def test_thin_film_limit_is_logarithmic() -> None:
    for kappa in (0.01, 0.02):
        thin = 0.75 * kappa * (math.log(1.0 / kappa) + 1.0 - EULER)
        assert se.surface_conductivity_ratio(kappa, 0.0) == pytest.approx(thin, rel=kappa)


def test_mirror_surfaces_cost_nothing() -> None:
    assert se.surface_conductivity_ratio(0.05, 1.0) == pytest.approx(1.0, abs=1e-12)


def test_remainder_of_the_exponential_joins_smoothly() -> None:
    for x in (1e-8, 1e-3, 0.1, 0.4999999, 0.5, 3.0):
        exact = sum((-x) ** k / math.factorial(k) for k in range(2, 40))
        assert se.exponential_remainder(x) == pytest.approx(exact, rel=1e-14)


def test_grain_boundaries_against_an_exact_integral() -> None:
    # 3∫₀¹u³/(u + α) du is the closed form; adaptive quadrature is good to 1e-14.
    for alpha in 10.0 ** np.linspace(-6.0, 5.0, 34):
        exact = 3.0 * quad(lambda u, a=alpha: u**3 / (u + a), 0.0, 1.0, epsabs=0.0, epsrel=2e-14, limit=200)[0]
        assert se.grain_conductivity_ratio(alpha) == pytest.approx(exact, rel=1e-12)
    assert se.grain_conductivity_ratio(0.0) == 1.0
    assert se.grain_conductivity_ratio(1e9) * 1e9 == pytest.approx(0.75, rel=1e-8)


def test_both_together_have_each_alone_as_limit() -> None:
    for kappa in (0.02, 0.3, 4.0):
        alone = se.surface_conductivity_ratio(kappa, 0.3)
        assert se.film_conductivity_ratio(kappa, 0.3, 0.0) == pytest.approx(alone, rel=4e-4)
    for alpha in (0.1, 0.7, 5.0):
        alone = se.grain_conductivity_ratio(alpha)
        assert se.film_conductivity_ratio(1e7, 0.3, alpha) == pytest.approx(alone, rel=2e-4)


@pytest.mark.parametrize(("kappa", "p", "alpha"), [(0.1, 0.0, 0.3), (1.0, 0.5, 1.0)])
def test_both_together_against_the_printed_double_integral(kappa: float, p: float, alpha: float) -> None:
    # Mayadas and Shatzkes: f(α) − (6/πκ)(1−p)∫∫ cos²φ/H²·(t⁻³−t⁻⁵)(1−e^(−κtH))/(1−p·e^(−κtH)), here with u = 1/t.
    def integrand(u: float, phi: float) -> float:
        h = 1.0 + alpha / (math.cos(phi) * math.sqrt(1.0 - u * u))
        decay = math.exp(-kappa * h / u)
        return math.cos(phi) ** 2 / h**2 * (u - u**3) * (1.0 - decay) / (1.0 - p * decay)

    lost = dblquad(integrand, 0.0, math.pi / 2 - 1e-9, 1e-9, 1.0 - 1e-12, epsabs=1e-9, epsrel=1e-9)[0]
    exact = se.grain_conductivity_ratio(alpha) - 6.0 / (math.pi * kappa) * (1.0 - p) * lost
    assert se.film_conductivity_ratio(kappa, p, alpha) == pytest.approx(exact, rel=2e-4)


def test_matthiessen_is_within_six_per_cent_and_exact_where_one_effect_is_absent() -> None:
    for kappa in (0.1, 1.0, 10.0):
        for alpha in (0.1, 1.0, 5.0):
            both = 1.0 / se.film_conductivity_ratio(kappa, 0.0, alpha)
            assert se.matthiessen_resistivity_ratio(kappa, 0.0, alpha) == pytest.approx(both, rel=0.06)
    alone = 1.0 / se.surface_conductivity_ratio(0.5, 0.2)
    assert se.matthiessen_resistivity_ratio(0.5, 0.2, 0.0) == pytest.approx(alone, rel=1e-14)


def test_mean_free_path_is_fermi_velocity_times_relaxation_time() -> None:
    # Copper, free electrons: v_F = ħk_F/m, τ = mμ/e with n = 8.47e28 m⁻³ and ρ = 1.68e-8 ohm m gives 39 nm.
    carriers, resistivity = 8.47e28, 1.68e-8
    mobility = 1.0 / (carriers * 1.602176634e-19 * resistivity)
    assert se.mean_free_path_m(carriers, mobility) == pytest.approx(39e-9, rel=0.02)
    assert se.grain_alpha(39e-9, 78e-9, 0.5) == pytest.approx(0.5)


NAMES = (
    "mean_free_path_m",
    "grain_alpha",
    "exponential_remainder",
    "flight_share",
    "surface_conductivity_ratio",
    "grain_conductivity_ratio",
    "film_conductivity_ratio",
    "matthiessen_resistivity_ratio",
)


def _inputs(name: str, number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(17)
    kappa, p = 10.0 ** rng.uniform(-2.0, 2.0, number), rng.uniform(0.0, 0.99, number)
    alpha = 10.0 ** rng.uniform(-4.0, 1.5, number)
    return {
        "mean_free_path_m": [10.0 ** rng.uniform(25.0, 29.0, number), 10.0 ** rng.uniform(-4.0, -2.0, number)],
        "grain_alpha": [kappa * 1e-8, 10.0 ** rng.uniform(-9.0, -6.0, number), p],
        "exponential_remainder": [kappa],
        "flight_share": [kappa, p],
        "surface_conductivity_ratio": [kappa, p],
        "grain_conductivity_ratio": [alpha],
        "film_conductivity_ratio": [kappa, p, alpha],
        "matthiessen_resistivity_ratio": [kappa, p, alpha],
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_engines_agree_and_gradients_are_finite(name: str) -> None:
    import jax

    inputs = _inputs(name, 1000)
    by_numpy = getattr(se, name)(*inputs)
    compiled = getattr(bind(se, "numba"), name)
    by_numba = [compiled(*row) for row in zip(*inputs, strict=True)]
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12)
    function = getattr(bind(se, "jax"), name)
    # Compiling 48 unrolled nodes twice takes long; vmap without jit runs the same operations.
    long = name == "film_conductivity_ratio"
    batched = jax.vmap(function) if long else jax.jit(jax.vmap(function))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*inputs)), by_numpy, rtol=1e-12)
    columns = [jax.numpy.asarray(column, dtype="float32") for column in inputs]
    single = np.array(batched(*columns))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, by_numpy, rtol=1e-5)
    if name in ("grain_conductivity_ratio", "matthiessen_resistivity_ratio"):
        columns[-1] = columns[-1].at[:3].set(np.array((0.0, se.SMALL_ALPHA, se.TINY_ALPHA)))
    few = tuple(column[:100] for column in columns)
    if not long:
        gradient = jax.grad(lambda rows: jax.vmap(function)(*rows).sum())(few)
        assert np.isfinite(np.array(gradient)).all()


def test_gradient_of_the_double_integral_is_its_difference_quotient() -> None:
    import jax

    function = bind(se, "jax").film_conductivity_ratio
    with jax.enable_x64(True):
        _, slope = jax.jvp(function, (0.4, 0.2, 0.6), (1.0, 0.0, 0.0))
    step = 1e-5
    quotient = se.film_conductivity_ratio(0.4 + step, 0.2, 0.6) - se.film_conductivity_ratio(0.4 - step, 0.2, 0.6)
    assert slope == pytest.approx(quotient / (2.0 * step), rel=1e-8)
