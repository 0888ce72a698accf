"""Gaussian-process regression for a few dozen noisy experiments, in JAX.

Model, for standardised y at rows x of the unit cube::

    y_i = f(x_i) + e_i,   f ~ GP(mean, k),   e_i ~ N(0, noise + u_i^2)

k is a squared exponential or Matern-5/2 kernel of unit variance with one lengthscale a parameter; `noise` is
learned, u_i is given. Lengthscale prior after Hvarfner, Hellsten, Nardi, "Vanilla Bayesian optimization performs
great in high dimensions" (ICML 2024): LogNormal(sqrt 2 + log(d)/2, sqrt 3), no output scale. Their noise prior,
LogNormal(-4, 1) for the variance, is kept where the readings state their uncertainty: `noise` is then only what u_i
leaves out. Where they state none it is LogNormal(-2, 1.5): replicates of measured material sets scatter by 6 to 12 %
of the range, about exp(-2) of the variance of y. The parameters maximise their posterior density; of the two kernels
the one with the larger density is taken: both have the same parameters and priors.

Arrays are padded to a few fixed sizes so that growing data does not recompile; padding changes no result.
Everything is float64, inside `numerics()`: the global switch of JAX is left alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

Array = Any
"""A JAX or NumPy array."""
Vector = NDArray[np.float64]

KERNELS: Final = ("squared exponential", "matern 5/2")
JITTER: Final = 1e-6
"""Added to the variance of f at the told points: f is known to 0.1 % of the spread of y at best."""
PRIOR_SIGMA_LENGTHSCALE: Final = 3.0**0.5
PRIOR_LOG_NOISE: Final = {"stated": (-4.0, 1.0), "not stated": (-2.0, 1.5)}
"""Mean and standard deviation of the log noise variance, by whether readings come with an uncertainty."""
LOG_LENGTHSCALE_RANGE: Final = (float(np.log(0.01)), float(np.log(1e3)))
LOG_NOISE_RANGE: Final = (float(np.log(1e-6)), float(np.log(4.0)))
MEAN_RANGE: Final = (-5.0, 5.0)
FIRST_SIZE: Final = 16


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def numerics() -> Iterator[None]:
    """JAX in double precision, linear algebra in one thread.

    Matrices here are small: threads would spend ten times the work on waiting for each other.
    """
    with jax.enable_x64(True), _libraries().limit(limits=1, user_api="blas"):
        yield


class Data(NamedTuple):
    """Rows known to the model, padded to a size of 16, 32, 64, ... rows.

    `x` (size, width) in the unit cube; `y` standardised; `variance` the given u^2 in units of y; `told` 1 where
    y holds, 0 where it is pending or padding; `present` 1 except for padding. `squared` (size, size,
    parameters): squared differences between rows, one layer a parameter. `scale` (width,): what a difference in
    a column is divided by before the lengthscale (sqrt 2 in one-hot columns, so that two choices differ by 1).
    `group` (width,): which parameter a column belongs to.
    """

    x: Vector
    y: Vector
    variance: Vector
    told: Vector
    present: Vector
    squared: Vector
    scale: Vector
    group: NDArray[np.int64]


def padded_size(rows: int) -> int:
    """Smallest of 16, 32, 64, ... that holds `rows`."""
    return max(FIRST_SIZE, 1 << (max(rows, 1) - 1).bit_length())


def prepare(
    x: Vector,
    y: Sequence[float] | Vector,
    variance: Sequence[float] | Vector,
    widths: Sequence[int],
    pending: Vector | None = None,
    size: int | None = None,
) -> Data:
    """Pad told rows (`x`, `y`, `variance`) followed by `pending` rows.

    `widths` gives the number of columns of each parameter; more than one means one-hot.
    """
    rows = x if pending is None or not len(pending) else np.vstack([x, pending])
    total, told = len(rows), len(x)
    size = size or padded_size(total)
    group = np.repeat(np.arange(len(widths)), widths)
    scale = np.array([2.0**0.5 if widths[g] > 1 else 1.0 for g in group.tolist()])

    def pad(values: Sequence[float] | Vector) -> Vector:
        return np.concatenate([np.asarray(values, dtype=np.float64), np.zeros(size - len(values))])

    full = np.vstack([rows, np.zeros((size - total, rows.shape[1]))])
    layers = np.zeros((size, size, len(widths)))
    scaled = full / scale
    for column, parameter in enumerate(group):
        layers[:, :, parameter] += (scaled[:, None, column] - scaled[None, :, column]) ** 2
    return Data(full, pad(y), pad(variance), pad(np.ones(told)), pad(np.ones(total)), layers, scale, group)


def covariance(kernel: Array, squared_distance: Array) -> Array:
    """k as a function of the squared distance in lengthscales; 1 at 0. `kernel` is a position in `KERNELS`.

    The choice is an argument of the compiled functions, not a part of them: half as many to compile.
    """
    return jax.lax.cond(kernel == 0, _squared_exponential, _matern, squared_distance)


def _squared_exponential(squared_distance: Array) -> Array:
    return jnp.exp(-0.5 * squared_distance)


def _matern(squared_distance: Array) -> Array:
    # The small number keeps the slope of the square root finite at 0.
    r = jnp.sqrt(5.0 * squared_distance + 1e-12)
    return (1.0 + r + r * r / 3.0) * jnp.exp(-r)


@jax.custom_vjp
def negative_log_normal(matrix: Array, residual: Array) -> Array:
    """-log N(residual; 0, matrix) without the constant: residual' matrix^-1 residual / 2 + log det(matrix) / 2."""
    return _negative_log_normal(matrix, residual)[0]


def _negative_log_normal(matrix: Array, residual: Array) -> tuple[Array, tuple[Array, Array]]:
    cholesky = jnp.linalg.cholesky(matrix)
    inverse_root = solve_triangular(cholesky, jnp.eye(matrix.shape[0]), lower=True)
    inverse = inverse_root.T @ inverse_root
    alpha = inverse @ residual
    return 0.5 * residual @ alpha + jnp.sum(jnp.log(jnp.diag(cholesky))), (inverse, alpha)


def _gradient(saved: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    inverse, alpha = saved
    return g * 0.5 * (inverse - jnp.outer(alpha, alpha)), g * alpha


negative_log_normal.defvjp(_negative_log_normal, _gradient)


def negative_log_density(kernel: Array, theta: Array, data: Data) -> Array:
    """-log p(y, theta): `theta` holds log lengthscales, log noise variance and the mean.

    Masked rows are independent with variance 1 and residual 0: they add log 1 = 0, exactly.
    """
    log_lengthscale, log_noise, mean = theta[:-2], theta[-2], theta[-1]
    told = data.told
    k = covariance(kernel, data.squared @ jnp.exp(-2.0 * log_lengthscale))
    diagonal = told * (JITTER + jnp.exp(log_noise) + data.variance) + (1.0 - told)
    matrix = k * told[:, None] * told[None, :] + jnp.diag(diagonal)
    evidence = negative_log_normal(matrix, told * (data.y - mean)) + 0.5 * jnp.log(2.0 * jnp.pi) * jnp.sum(told)
    # Densities of lengthscales and noise themselves, hence the logarithms from the change of variable; the
    # constants are the same for both kernels and are left out.
    offset = (log_lengthscale - lengthscale_prior_mean(len(log_lengthscale))) / PRIOR_SIGMA_LENGTHSCALE
    prior = 0.5 * jnp.sum(offset**2) + jnp.sum(log_lengthscale)
    stated = jnp.any(data.variance > 0.0)
    centre, sigma = (jnp.where(stated, *pair) for pair in zip(*PRIOR_LOG_NOISE.values(), strict=True))
    prior += 0.5 * ((log_noise - centre) / sigma) ** 2 + log_noise
    return evidence + prior


def lengthscale_prior_mean(parameters: int) -> float:
    """Prior mean of the log lengthscale."""
    return float(2.0**0.5 + 0.5 * np.log(parameters))


_value_and_gradient = jax.jit(jax.value_and_grad(negative_log_density, argnums=1))


@dataclass(frozen=True)
class Fit:
    """The kernel and its parameters that the data favour."""

    kernel: int
    """Position in `KERNELS`."""
    theta: Vector
    optima: tuple[Vector, ...]
    """Optimum of every kernel, to start the next search from."""


def fit(data: Data, previous: Sequence[Vector], restart: bool) -> Fit:
    """Maximise the posterior density, from the `previous` optima (one a kernel, or none) and, if `restart` or
    there are none, from fixed starts too."""
    parameters = data.squared.shape[2]
    bounds = [LOG_LENGTHSCALE_RANGE] * parameters + [LOG_NOISE_RANGE, MEAN_RANGE]
    found = []
    with numerics():
        device = jax.device_put(data)
        for kernel in range(len(KERNELS)):
            starts = [previous[kernel]] if previous else []
            if restart or not starts:
                starts += _starts(parameters)
            results = [_maximise(kernel, start, device, bounds) for start in starts]
            found.append(min(results, key=lambda result: result[0]))
    best = min(range(len(KERNELS)), key=lambda kernel: found[kernel][0])
    return Fit(best, found[best][1], tuple(theta for _, theta in found))


def _starts(parameters: int) -> list[Vector]:
    """Short lengthscales with little noise, and long ones with much."""
    longest = lengthscale_prior_mean(parameters)
    return [
        np.array([longest + shift] * parameters + [log_noise, 0.0]) for shift, log_noise in ((-3.5, -4.0), (-1.5, -1.0))
    ]


def _maximise(kernel: int, start: Vector, data: Data, bounds: list[tuple[float, float]]) -> tuple[float, Vector]:
    def objective(theta: Vector) -> tuple[float, Vector]:
        value, gradient = _value_and_gradient(kernel, theta, data)
        return float(value), np.asarray(gradient)

    result = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60, "ftol": 1e-7}
    )
    return float(result.fun), np.asarray(result.x)


class Posterior(NamedTuple):
    """f at the rows of the data, and what is needed to carry it to any other x.

    `draws` (samples, size) of f at the rows; `weights` (size, samples) = K^-1 (f - mean) for each draw;
    `alpha` (size,) the same for the posterior mean; `root` (size, size) the inverse Cholesky factor of K and
    `noisy_root` that of the told rows with their noise; `noise` the learned variance.
    """

    rows: Array
    scale: Array
    present: Array
    told: Array
    mean: Array
    draws: Array
    weights: Array
    alpha: Array
    root: Array
    noisy_root: Array
    noise: Array


@jax.jit
def posterior(kernel: Array, theta: Array, data: Data, normals: Array) -> Posterior:
    """Condition on the told rows and draw f jointly at all present rows.

    `normals` (samples, size) are standard normals. Pending rows take part in the draw as rows without
    precision: what is not yet known there is imagined, differently in each draw.
    """
    lengthscale, noise, mean = jnp.exp(theta[:-2]), jnp.exp(theta[-2]), theta[-1]
    size = data.y.shape[0]
    identity = jnp.eye(size)
    present, told = data.present, data.told
    k = covariance(kernel, data.squared @ lengthscale**-2.0) * present[:, None] * present[None, :]
    k = k + jnp.diag(JITTER * present + (1.0 - present))
    # (k^-1 + W)^-1 with W the precisions, through B = 1 + W^1/2 k W^1/2, which is safe where W is 0.
    half = told / jnp.sqrt(noise + data.variance)
    b_root = solve_triangular(jnp.linalg.cholesky(identity + half[:, None] * k * half[None, :]), identity, lower=True)
    noisy_root = b_root * half[None, :]
    alpha = noisy_root.T @ (noisy_root @ (told * (data.y - mean)))
    v = noisy_root @ k
    spread = jnp.linalg.cholesky(k - v.T @ v + 1e-10 * identity)
    draws = mean + k @ alpha + normals @ spread.T
    root = solve_triangular(jnp.linalg.cholesky(k), identity, lower=True)
    weights = root.T @ (root @ (present[:, None] * (draws - mean).T))
    scale = data.scale * lengthscale[data.group]
    return Posterior(data.x / scale, scale, present, told, mean, draws, weights, alpha, root, noisy_root, noise)


def cross_covariance(kernel: Array, x: Array, at: Posterior) -> Array:
    """k between rows `x` (n, width) of the unit cube and the rows of the data, shape (n, size)."""
    difference = (x / at.scale)[:, None, :] - at.rows[None, :, :]
    return covariance(kernel, jnp.sum(difference**2, axis=2)) * at.present


@jax.jit
def predict(kernel: Array, x: Array, at: Posterior) -> tuple[Array, Array]:
    """Posterior mean and variance of f at `x` (n, width), each of shape (n,)."""
    k = cross_covariance(kernel, x, at)
    return at.mean + k @ at.alpha, 1.0 + JITTER - jnp.sum((k @ at.noisy_root.T) ** 2, axis=1)
