"""Points laid out without looking at results: even spreads over a space, and what a pool has left."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tansaki.envs.problem import Trial
from tansaki.envs.space import Categorical, Integer, Scalar, SearchSpace, Units


def spread(space: SearchSpace, positions: NDArray[np.float64]) -> Units:
    """Positions in [0, 1]^dimensions (one column a parameter) as rows of the unit cube, shape (n, width).

    Choices and whole numbers each get an equal share of [0, 1]; rounding alone would halve the share of the
    first and the last whole number.
    """
    columns = []
    for parameter, u in zip(space.parameters, np.atleast_2d(positions).T, strict=True):
        if isinstance(parameter, Categorical):
            chosen = np.minimum((u * parameter.width).astype(int), parameter.width - 1)
            columns.append(np.eye(parameter.width)[chosen])
        elif isinstance(parameter, Integer):
            low, high = parameter.low - 0.5, parameter.high + 0.5
            values = low * (high / low) ** u if parameter.log else low + (high - low) * u
            whole = np.clip(np.rint(values), parameter.low, parameter.high)
            columns.append(np.array([parameter.encode(int(value)) for value in whole]).reshape(-1, 1))
        else:
            columns.append(u.reshape(-1, 1))
    return np.hstack(columns)


def sobol(dimensions: int, first: int, n: int, scramble: np.random.Generator) -> NDArray[np.float64]:
    """Points `first` to `first + n` of the scrambled Sobol sequence, shape (n, dimensions), in [0, 1)."""
    from scipy.stats import qmc

    # The sequence is drawn from its start in a power of two: its prefix is the same whatever the length.
    exponent = int(np.ceil(np.log2(max(first + n, 1))))
    points: NDArray[np.float64] = qmc.Sobol(dimensions, scramble=True, rng=scramble).random_base2(exponent)
    return points[first : first + n]


def key(space: SearchSpace, point: object) -> tuple[Scalar, ...]:
    """The values of a point in the order of the parameters: equal for equal points."""
    return tuple(point[parameter.name] for parameter in space.parameters)  # type: ignore[index]


def worn(space: SearchSpace, trials: Iterable[Trial]) -> frozenset[int]:
    """Pool positions asked for more often than the least asked: what to leave aside until the rest is used.

    Empty for a free space.
    """
    if space.candidates is None:
        return frozenset()
    count = Counter(space.candidate_index(trial.point) for trial in trials)
    least = min(count.values()) if len(count) == len(space.candidates) else 0
    return frozenset(position for position, times in count.items() if times > least)
