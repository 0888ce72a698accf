"""log h and the noisy expected improvement against integrals."""

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, qmc

from tansaki.agents import acquisition
from tansaki.agents import gaussian_process as gp
from tansaki.agents.gaussian_process import numerics, prepare


def exact_log_h(z: float) -> float:
    """h(z) = phi(z) times the integral of s exp(z s - s^2 / 2) over s > 0, with s = t / scale for z << 0."""
    if z > 0.0:
        return float(np.log(norm.pdf(z) + z * norm.cdf(z)))
    scale = max(1.0, -z)
    integral, _ = quad(lambda t: t * np.exp(z * t / scale - 0.5 * (t / scale) ** 2), 0.0, 60.0, epsabs=0, epsrel=1e-13)
    return float(norm.logpdf(z) - 2.0 * np.log(scale) + np.log(integral))


@pytest.mark.parametrize("z", [40.0, 5.0, 1.0, 1e-9, 0.0, -0.3, -1.0, -5.0, -14.99, -15.01, -20.0, -100.0, -1e4, -1e6])
def test_log_h_and_its_slope_against_quadrature(z: float) -> None:
    expected = exact_log_h(z)
    with numerics():
        value, slope = jax.value_and_grad(acquisition.log_h)(np.float64(z))
    assert float(value) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    if z > -1e3:
        assert float(slope) == pytest.approx(np.exp(norm.logcdf(z) - expected), rel=1e-6)
    else:
        assert float(slope) == pytest.approx(-z, rel=1e-4)


def example() -> tuple[gp.Data, np.ndarray]:
    x = np.array([[0.1], [0.45], [0.9]])
    data = prepare(x, [0.5, -0.4, 0.8], [0.0, 0.0, 0.0], [1])
    return data, np.array([np.log(0.25), np.log(0.05), 0.1])


def noisy_expected_improvement(x: float, scatter: float, draws: int = 200_000) -> float:
    """E[max(min f(told) - f(x) - e, 0)] under the joint posterior, by brute force over plain NumPy formulas."""
    data, theta = example()
    told, where = data.x[:3, 0], np.append(data.x[:3, 0], x)
    k = np.exp(-0.5 * (where[:, None] - where[None, :]) ** 2 / np.exp(2 * theta[0]))
    noisy = k[:3, :3] + np.exp(theta[1]) * np.eye(3)
    mean = theta[2] + k[:, :3] @ np.linalg.solve(noisy, data.y[:3] - theta[2])
    covariance = k - k[:, :3] @ np.linalg.solve(noisy, k[:3])
    assert len(told) == 3
    rng = np.random.default_rng(0)
    f = rng.multivariate_normal(mean, covariance, draws, method="cholesky")
    y = f[:, 3] + scatter * np.exp(0.5 * theta[1]) * rng.standard_normal(draws)
    return float(np.mean(np.maximum(f[:, :3].min(axis=1) - y, 0.0)))


@pytest.mark.parametrize(("score", "scatter"), [("improvement", 0.0), ("row improvement", 1.0)])
@pytest.mark.parametrize("x", [0.3, 0.6, 0.7])
def test_noisy_expected_improvement_is_that_of_brute_force(x: float, score: str, scatter: float) -> None:
    data, theta = example()
    u = qmc.Sobol(len(data.y), rng=np.random.default_rng(1)).random_base2(11)
    with numerics():
        at = gp.posterior(0, theta, data, norm.ppf(u))
    got = float(np.exp(acquisition.evaluate(score, 0, np.array([[x]]), at)[0]))
    assert got == pytest.approx(noisy_expected_improvement(x, scatter), rel=0.03)


def test_without_noise_it_is_the_expected_improvement_by_quadrature() -> None:
    x, y = np.array([[0.1], [0.45], [0.9]]), np.array([0.5, -0.4, 0.8])
    data, theta = prepare(x, y, np.zeros(3), [1]), np.array([np.log(0.25), np.log(1e-6), 0.1])
    with numerics():
        at = gp.posterior(0, theta, data, np.random.default_rng(0).standard_normal((64, len(data.y))))
        where = np.array([[0.55]])
        mean, variance = (float(value[0]) for value in gp.predict(0, where, at))
    exact, _ = quad(lambda f: (-0.4 - f) * norm.pdf(f, mean, variance**0.5), mean - 12 * variance**0.5, -0.4)
    assert np.exp(acquisition.evaluate("improvement", 0, where, at)[0]) == pytest.approx(exact, rel=0.02)


def test_a_pending_point_takes_its_surroundings_away() -> None:
    data, theta = example()
    waiting = prepare(data.x[:3], data.y[:3], np.zeros(3), [1], np.array([[0.6]]))
    normals = np.random.default_rng(2).standard_normal((256, len(data.y)))
    rows = np.array([[0.6], [0.2]])
    with numerics():
        free = acquisition.evaluate("improvement", 0, rows, gp.posterior(0, theta, data, normals))
        taken = acquisition.evaluate("improvement", 0, rows, gp.posterior(0, theta, waiting, normals))
    assert taken[0] < free[0] - 3.0
    assert taken[1] == pytest.approx(free[1], abs=0.7)


def test_slope_is_that_of_differences_and_climbing_climbs() -> None:
    data, theta = example()
    with numerics():
        at = gp.posterior(1, theta, data, np.random.default_rng(2).standard_normal((32, len(data.y))))
        _, slope = acquisition._slopes("improvement", 1, np.array([[0.62]]), at)
        slope = float(slope[0, 0])
    above, below = acquisition.evaluate("improvement", 1, np.array([[0.62 + 1e-6], [0.62 - 1e-6]]), at)
    assert slope == pytest.approx((above - below) / 2e-6, rel=1e-4)
    starts = np.array([[0.2], [0.62]])
    rows, reached = acquisition.climb("improvement", 1, starts, [True], at)
    assert np.all(reached >= acquisition.evaluate("improvement", 1, starts, at) - 1e-12)
    assert np.all((rows >= 0.0) & (rows <= 1.0))
    kept, _ = acquisition.climb("improvement", 1, starts, [False], at)
    np.testing.assert_array_equal(kept, starts)
