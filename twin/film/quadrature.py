"""Nodes and weights of fixed rules, as tuples that all engines unroll."""

import numpy as np


def gauss_legendre(number: int, lower: float = 0.0, upper: float = 1.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes and weights of the Gauss-Legendre rule for ∫ from `lower` to `upper`."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    width = upper - lower
    return (
        tuple(lower + 0.5 * width * (float(x) + 1.0) for x in nodes),
        tuple(0.5 * width * float(w) for w in weights),
    )
