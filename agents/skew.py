"""Standardised values without their skew: a Gaussian process expects values that spread like a normal law."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_LAMBDAS = np.linspace(-1.0, 3.0, 41)


def normalise(values: Vector, u: Vector, valued: NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """Values and their standard uncertainties after the power transform of Yeo and Johnson, standardised.

    The power is the most probable one (normal likelihood, prior N(1, 1): 1 changes nothing) over the entries
    that are `valued`; they end up with mean 0 and standard deviation 1. Uncertainties follow the slope of the
    transform. Yeo and Johnson, Biometrika 87, 954 (2000).
    """
    scaled, scale = _standard(values, valued)
    known = scaled[valued]
    shape = np.sign(known) * np.log1p(np.abs(known))
    powers = [float(power) for power in _LAMBDAS]
    densities = [
        -0.5 * len(known) * np.log(max(float(np.var(_power(known, power))), 1e-12))
        + (power - 1.0) * float(np.sum(shape))
        - 0.5 * (power - 1.0) ** 2
        for power in powers
    ]
    power = powers[int(np.argmax(densities))]
    slope = (1.0 + np.abs(scaled)) ** (np.sign(scaled) * (power - 1.0))
    transformed, second_scale = _standard(_power(scaled, power), valued)
    return transformed, u / scale * slope / second_scale


def _power(y: Vector, power: float) -> Vector:
    """The transform: of 1 + y for y >= 0 to `power`, of 1 - y for y < 0 to 2 - `power`."""
    return np.where(y >= 0.0, _box_cox(np.abs(y), power), -_box_cox(np.abs(y), 2.0 - power))


def _box_cox(y: Vector, power: float) -> Vector:
    return np.log1p(y) if abs(power) < 1e-9 else ((1.0 + y) ** power - 1.0) / power


def _standard(values: Vector, valued: NDArray[np.bool_]) -> tuple[Vector, float]:
    spread = float(values[valued].std()) or 1.0
    return (values - values[valued].mean()) / spread, spread
