"""The model against plain NumPy formulas, its gradient against differences, and padding that changes nothing."""

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import lognorm, multivariate_normal

from tansaki.agents import gaussian_process as gp
from tansaki.agents.gaussian_process import Data, numerics, padded_size, prepare

Vector = NDArray[np.float64]


def kernel_matrix(kernel: int, a: Vector, b: Vector, lengthscale: Vector) -> Vector:
    """The textbook formulas (Rasmussen and Williams 2006, eqs. 4.9 and 4.17)."""
    r = np.sqrt(np.sum(((a[:, None, :] - b[None, :, :]) / lengthscale) ** 2, axis=2))
    if kernel == 0:
        return np.exp(-0.5 * r**2)
    return (1.0 + np.sqrt(5.0) * r + 5.0 * r**2 / 3.0) * np.exp(-np.sqrt(5.0) * r)


def example(rows: int = 11, size: int | None = None, pending: int = 0) -> tuple[Data, Vector]:
    rng = np.random.default_rng(3)
    x = rng.random((rows, 3))
    y = rng.standard_normal(rows)
    theta = np.array([np.log(0.3), np.log(0.8), np.log(2.0), np.log(0.05), 0.2])
    waiting = rng.random((pending, 3)) if pending else None
    return prepare(x, y, rng.random(rows) * 0.1, [1, 1, 1], waiting, size), theta


@pytest.mark.parametrize("kernel", [0, 1])
def test_posterior_is_the_textbook_formula(kernel: int) -> None:
    data, theta = example()
    told = int(data.told.sum())
    x, y = data.x[:told], data.y[:told]
    lengthscale, noise, mean = np.exp(theta[:3]), np.exp(theta[3]), theta[4]
    where = np.random.default_rng(4).random((7, 3))
    covariance = kernel_matrix(kernel, x, x, lengthscale) + np.diag(noise + data.variance[:told] + gp.JITTER)
    cross = kernel_matrix(kernel, where, x, lengthscale)
    expected_mean = mean + cross @ np.linalg.solve(covariance, y - mean)
    expected_variance = 1.0 + gp.JITTER - np.sum(cross * np.linalg.solve(covariance, cross.T).T, axis=1)
    with numerics():
        at = gp.posterior(kernel, theta, data, np.zeros((4, len(data.y))))
        got_mean, got_variance = gp.predict(kernel, where, at)
    np.testing.assert_allclose(got_mean, expected_mean, atol=1e-9)
    np.testing.assert_allclose(got_variance, expected_variance, atol=1e-9)


@pytest.mark.parametrize("kernel", [0, 1])
def test_draws_have_the_mean_and_covariance_of_the_posterior(kernel: int) -> None:
    data, theta = example(rows=6, pending=2)
    told, total = 6, 8
    x = data.x[:total]
    lengthscale, noise, mean = np.exp(theta[:3]), np.exp(theta[3]), theta[4]
    k = kernel_matrix(kernel, x, x, lengthscale) + gp.JITTER * np.eye(total)
    noisy = k[:told, :told] + np.diag(noise + data.variance[:told])
    expected_mean = mean + k[:, :told] @ np.linalg.solve(noisy, data.y[:told] - mean)
    expected = k - k[:, :told] @ np.linalg.solve(noisy, k[:told])
    with numerics():
        at = gp.posterior(kernel, theta, data, np.eye(len(data.y)))
        middle = gp.posterior(kernel, theta, data, np.zeros((1, len(data.y))))
    np.testing.assert_allclose(np.asarray(middle.draws)[0, :total], expected_mean, atol=1e-8)
    root = (np.asarray(at.draws) - np.asarray(middle.draws)).T
    np.testing.assert_allclose((root @ root.T)[:total, :total], expected, atol=1e-8)


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("kernel", [0, 1])
def test_density_is_that_of_normal_data_and_log_normal_parameters(kernel: int, stated: bool) -> None:
    data, theta = example()
    data = data._replace(variance=data.variance * stated)
    told = int(data.told.sum())
    other = theta + np.array([0.1, -0.2, 0.3, 0.4, -0.1])

    def expected(at: Vector) -> float:
        covariance = kernel_matrix(kernel, data.x[:told], data.x[:told], np.exp(at[:3]))
        covariance += np.diag(np.exp(at[3]) + data.variance[:told] + gp.JITTER)
        density = multivariate_normal(np.full(told, at[4]), covariance).logpdf(data.y[:told])
        return float(-density) + prior(at, stated)

    with numerics():
        got = float(gp.negative_log_density(kernel, other, data) - gp.negative_log_density(kernel, theta, data))
    assert got == pytest.approx(expected(other) - expected(theta), abs=1e-8)


def prior(theta: Vector, stated: bool) -> float:
    """-log of the prior densities of lengthscales and noise, by SciPy's log-normal law."""
    lengthscale = lognorm(3.0**0.5, scale=np.exp(2.0**0.5 + 0.5 * np.log(3)))
    noise = lognorm(1.0, scale=np.exp(-4.0)) if stated else lognorm(1.5, scale=np.exp(-2.0))
    return float(-np.sum(lengthscale.logpdf(np.exp(theta[:3]))) - noise.logpdf(np.exp(theta[3])))


@pytest.mark.parametrize("kernel", [0, 1])
def test_gradient_is_that_of_differences(kernel: int) -> None:
    data, theta = example()
    with numerics():
        _, gradient = gp._value_and_gradient(kernel, theta, data)
        for i, slope in enumerate(np.asarray(gradient)):
            step = 1e-5 * np.eye(len(theta))[i]
            above = float(gp.negative_log_density(kernel, theta + step, data))
            below = float(gp.negative_log_density(kernel, theta - step, data))
            assert slope == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kernel", [0, 1])
def test_padding_changes_nothing(kernel: int) -> None:
    small, theta = example(size=16)
    large, _ = example(size=64)
    where = np.random.default_rng(5).random((9, 3))
    normals = np.random.default_rng(6).standard_normal((8, 64))
    with numerics():
        one, one_gradient = gp._value_and_gradient(kernel, theta, small)
        other, other_gradient = gp._value_and_gradient(kernel, theta, large)
        a = gp.posterior(kernel, theta, small, normals[:, :16])
        b = gp.posterior(kernel, theta, large, normals)
        for got, wanted in zip(gp.predict(kernel, where, a), gp.predict(kernel, where, b), strict=True):
            np.testing.assert_allclose(got, wanted, atol=1e-10)
    assert float(one) == pytest.approx(float(other), abs=1e-10)
    np.testing.assert_allclose(one_gradient, other_gradient, atol=1e-10)
    np.testing.assert_allclose(np.asarray(a.draws)[:, :11], np.asarray(b.draws)[:, :11], atol=1e-10)


def test_growing_data_do_not_recompile_within_a_size() -> None:
    def fitted(rows: int) -> None:
        data, _ = example(rows=rows)
        found = gp.fit(data, (), restart=True)
        with numerics():
            gp.posterior(found.kernel, found.theta, data, np.zeros((4, len(data.y))))

    fitted(17)
    compiled = gp._value_and_gradient._cache_size(), gp.posterior._cache_size()
    for rows in (18, 25, 32):
        fitted(rows)
    assert (gp._value_and_gradient._cache_size(), gp.posterior._cache_size()) == compiled
    assert [padded_size(rows) for rows in (1, 16, 17, 64, 65, 200)] == [16, 16, 32, 64, 128, 256]


def test_one_hot_columns_share_a_lengthscale_and_choices_are_one_apart() -> None:
    data = prepare(np.array([[0.0, 1.0, 0.0, 0.0], [0.5, 0.0, 0.0, 1.0]]), [0.0, 1.0], [0.0, 0.0], [1, 3])
    np.testing.assert_allclose(data.squared[0, 1], [0.25, 1.0])


def test_fit_is_at_least_as_probable_as_the_truth_that_made_the_data() -> None:
    rng = np.random.default_rng(11)
    x = rng.random((120, 2))
    lengthscale = np.array([0.25, 0.6])
    k = kernel_matrix(0, x, x, lengthscale)
    y = rng.multivariate_normal(np.zeros(120), k + 0.04 * np.eye(120))
    data = prepare(x, y, np.zeros(120), [1, 1])
    found = gp.fit(data, (), restart=True)
    truth = np.array([*np.log(lengthscale), np.log(0.04), 0.0])
    with numerics():
        assert gp.negative_log_density(0, found.optima[0], data) < gp.negative_log_density(0, truth, data)
    assert np.exp(found.optima[0][2]) == pytest.approx(0.04, rel=0.4)
    assert found.theta[0] < found.theta[1]
    assert found.kernel == 0


def test_double_precision_ends_with_its_context() -> None:
    data, theta = example()
    gp.fit(data, (), restart=True)
    assert jax.numpy.asarray(theta).dtype == np.float32
