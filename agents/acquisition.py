"""Where to measure next: the logarithm of the noisy expected improvement, and its maximum.

Noisy expected improvement (Letham et al., Bayesian Analysis 14, 495, 2019): f is drawn jointly at all told and
pending rows; for each draw the expected improvement over the draw's own minimum is exact; the mean over draws
is taken. Its logarithm (Ament et al., NeurIPS 2023) has a slope where the improvement itself underflows.

In a free space the improvement is that of the setting, f(x). In a pool of measured rows it is that of the row,
f(x) and a scatter of its own: the row is what is chosen, and it cannot be approached from beside.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr, logsumexp
from numpy.typing import NDArray
from scipy.optimize import minimize

from tansaki.agents.gaussian_process import Posterior, cross_covariance, numerics

Array = Any
Vector = NDArray[np.float64]

CHUNK: Final = 512
"""Rows evaluated in one call: one compiled size for pools and for free spaces."""
_LOG_ROOT_TWO_PI: Final = 0.5 * float(np.log(2.0 * np.pi))
_SERIES: Final = (-3.0, 15.0, -105.0, 945.0, -10395.0, 135135.0)
"""Coefficients of z^2 h(z) / phi(z) = 1 - 3/z^2 + 15/z^4 - ..., the tail of h for z to minus infinity."""


@jax.custom_jvp
def log_h(z: Array) -> Array:
    """log(phi(z) + z Phi(z)), the logarithm of the expected improvement in standard units, for any z.

    Relative error of h below 1e-8 (float64); below z = -15 the asymptotic series, where the difference of two
    nearly equal terms would lose its digits.
    """
    tail = z < -15.0
    near = jnp.where(tail, -1.0, z)
    far = jnp.where(tail, z, -20.0)
    density = -0.5 * near**2 - _LOG_ROOT_TWO_PI
    negative = jnp.minimum(near, -1e-300)
    below = density + jnp.log1p(-jnp.exp(jnp.log(-negative) + log_ndtr(negative) - density))
    above = jnp.log(jnp.exp(density) + jnp.maximum(near, 0.0) * jnp.exp(log_ndtr(near)))
    inverse = far**-2.0
    series = jnp.zeros_like(far)
    for coefficient in reversed(_SERIES):
        series = inverse * (coefficient + series)
    asymptotic = -0.5 * far**2 - _LOG_ROOT_TWO_PI - 2.0 * jnp.log(-far) + jnp.log1p(series)
    return jnp.where(tail, asymptotic, jnp.where(near < 0.0, below, above))


@log_h.defjvp
def _log_h_slope(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,) = primals
    value = log_h(z)
    return value, jnp.exp(log_ndtr(z) - value) * tangents[0]


def log_noisy_expected_improvement(kernel: Array, x: Array, at: Posterior, scatter: float = 0.0) -> Array:
    """log of the mean over draws of E[max(best of the draw - y(x), 0)], shape (n,), for rows `x` (n, width).

    y(x) = f(x) + e, e ~ N(0, scatter · learned noise).
    """
    k = cross_covariance(kernel, x, at)
    variance = jnp.maximum(1.0 - jnp.sum((k @ at.root.T) ** 2, axis=1), 1e-10) + scatter * at.noise
    deviation = jnp.sqrt(variance)[:, None]
    best = jnp.min(jnp.where(at.present > 0.0, at.draws, jnp.inf), axis=1)
    z = (best[None, :] - at.mean - k @ at.weights) / deviation
    return logsumexp(log_h(z) + jnp.log(deviation), axis=1) - jnp.log(at.draws.shape[0])


def _posterior_mean(kernel: Array, x: Array, at: Posterior) -> Array:
    return -(at.mean + cross_covariance(kernel, x, at) @ at.alpha)


_scores = {
    "improvement": jax.jit(log_noisy_expected_improvement),
    "row improvement": jax.jit(partial(log_noisy_expected_improvement, scatter=1.0)),
    "mean": jax.jit(_posterior_mean),
}


@partial(jax.jit, static_argnums=0)
def _slopes(score: str, kernel: Array, x: Array, at: Posterior) -> tuple[Array, Array]:
    function = log_noisy_expected_improvement if score == "improvement" else _posterior_mean
    value, back = jax.vjp(lambda rows: function(kernel, rows, at), x)
    return value, back(jnp.ones_like(value))[0]


def evaluate(score: str, kernel: int, x: Vector, at: Posterior) -> Vector:
    """The score at any number of rows: ``"improvement"``, ``"row improvement"`` or minus the posterior ``"mean"``."""
    values = []
    with numerics():
        for start in range(0, len(x), CHUNK):
            rows = x[start : start + CHUNK]
            padded = np.vstack([rows, np.zeros((CHUNK - len(rows), x.shape[1]))])
            values.append(np.asarray(_scores[score](kernel, padded, at))[: len(rows)])
    return np.concatenate(values)


def climb(
    score: str, kernel: int, starts: Vector, free: Sequence[bool], at: Posterior, iterations: int = 50
) -> tuple[Vector, Vector]:
    """Improve all starts at once by L-BFGS-B in the unit cube; columns that are not `free` stay.

    Returns the rows reached and their scores.
    """
    shape = starts.shape
    bounds = [(0.0, 1.0) if free[j % shape[1]] else (u, u) for j, u in enumerate(starts.ravel())]

    def objective(flat: Vector) -> tuple[float, Vector]:
        value, gradient = _slopes(score, kernel, flat.reshape(shape), at)
        return -float(np.sum(np.asarray(value))), -np.asarray(gradient).ravel()

    with numerics():
        result = minimize(
            objective, starts.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations}
        )
        rows = np.asarray(result.x).reshape(shape)
        return rows, np.asarray(_slopes(score, kernel, rows, at)[0])
