"""What may be set: the search space of a problem, and its map to the unit cube that agents work in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError, unknown_name

Scalar: TypeAlias = float | int | str
Point: TypeAlias = Mapping[str, Scalar]
"""One setting of every parameter, by name, in the parameter's unit."""
Units: TypeAlias = NDArray[np.float64]
"""Points in the unit cube, shape (n, width): one column a number, one column a choice of a category."""


@dataclass(frozen=True, slots=True)
class Continuous:
    """A real number in [low, high]; `log` spaces it by its logarithm."""

    name: str
    low: float
    high: float
    unit: str = ""
    log: bool = False
    width = 1

    def __post_init__(self) -> None:
        _check_range(self)

    def encode(self, value: Scalar) -> list[float]:
        """Position in [0, 1]."""
        return [_position(float(value), self)]

    def decode(self, u: NDArray[np.float64]) -> float:
        """Value at position u[0]; exactly `low` at 0 and `high` at 1."""
        return _value(float(u[0]), self)

    def check(self, value: Scalar) -> None:
        """Raise if `value` is not a finite number in range."""
        ok = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not (ok and self.low <= value <= self.high):  # type: ignore[operator]
            raise InvalidInputError(self.name, value, f"{self.low:g} to {self.high:g} {self.unit}".rstrip())


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in [low, high]; `log` spaces it by its logarithm."""

    name: str
    low: int
    high: int
    unit: str = ""
    log: bool = False
    width = 1

    def __post_init__(self) -> None:
        _check_range(self)

    def encode(self, value: Scalar) -> list[float]:
        """Position in [0, 1]."""
        return [_position(float(value), self)]

    def decode(self, u: NDArray[np.float64]) -> int:
        """Whole number nearest to position u[0]."""
        return round(_value(float(u[0]), self))

    def check(self, value: Scalar) -> None:
        """Raise if `value` is not a whole number in range."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            allowed = f"whole numbers {self.low} to {self.high} {self.unit}".rstrip()
            raise InvalidInputError(self.name, value, allowed)


@dataclass(frozen=True, slots=True)
class Categorical:
    """One of a few choices without order; encoded one-hot."""

    name: str
    choices: tuple[str, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.choices or len(set(self.choices)) != len(self.choices):
            raise InvalidInputError(f"choices of {self.name}", self.choices, "at least one, all different")

    @property
    def width(self) -> int:
        """Number of columns in the unit cube."""
        return len(self.choices)

    def encode(self, value: Scalar) -> list[float]:
        """One-hot row."""
        return [float(value == choice) for choice in self.choices]

    def decode(self, u: NDArray[np.float64]) -> str:
        """Choice with the largest entry."""
        return self.choices[int(np.argmax(u))]

    def check(self, value: Scalar) -> None:
        """Raise if `value` is not one of the choices."""
        if value not in self.choices:
            raise unknown_name(self.name, str(value), self.choices)


Parameter: TypeAlias = Continuous | Integer | Categorical


@dataclass(frozen=True)
class SearchSpace:
    """Parameters, and where only measured or listed points may be asked for, the pool of `candidates`.

    Points are mappings by name in natural units; agents may work on `encode`d rows in the unit cube.
    `decode` always returns points that may be asked for.
    """

    parameters: tuple[Parameter, ...]
    candidates: tuple[Point, ...] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        if not names or len(set(names)) != len(names):
            raise InvalidInputError("parameter names", names, "at least one, all different")
        if self.candidates is not None and not self.candidates:
            raise InvalidInputError("candidates", (), "at least one point, or None for a free space")

    @property
    def dimensions(self) -> int:
        """Number of parameters."""
        return len(self.parameters)

    @cached_property
    def width(self) -> int:
        """Number of columns of the unit cube (more than `dimensions` where there are categories)."""
        return sum(parameter.width for parameter in self.parameters)

    @cached_property
    def candidate_units(self) -> Units:
        """Encoded pool, shape (number of candidates, width)."""
        if self.candidates is None:
            raise InvalidInputError("candidates", None, "a space with a pool of candidates")
        return self.encode(self.candidates)

    @cached_property
    def _index(self) -> dict[tuple[Scalar, ...], int]:
        return {self._key(point): i for i, point in enumerate(self.candidates or ())}

    def _key(self, point: Point) -> tuple[Scalar, ...]:
        return tuple(point[parameter.name] for parameter in self.parameters)

    def candidate_index(self, point: Point) -> int:
        """Position of `point` in the pool; raises if it is not there."""
        index = self._index.get(self._key(point))
        if index is None:
            raise InvalidInputError(
                "point",
                dict(point),
                f"one of {len(self._index)} pool points",
                "use decode() to reach the nearest",
            )
        return index

    def encode(self, points: Sequence[Point]) -> Units:
        """Points to rows of the unit cube, shape (n, width)."""
        rows = [
            [u for parameter in self.parameters for u in parameter.encode(point[parameter.name])] for point in points
        ]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), self.width)

    def decode(self, units: Units, exclude: frozenset[int] = frozenset()) -> list[Point]:
        """Rows of the unit cube (clipped to it) to points; with a pool, to the nearest candidates.

        `exclude` names pool positions that shall not be returned while others are left. Each row takes its
        candidate away from the next, so that n rows give n different points where the pool allows.
        """
        rows = np.clip(np.atleast_2d(np.asarray(units, dtype=np.float64)), 0.0, 1.0)
        if self.candidates is not None:
            return [self.candidates[i] for i in self._nearest(rows, exclude)]
        points: list[Point] = []
        for row in rows:
            point: dict[str, Scalar] = {}
            start = 0
            for parameter in self.parameters:
                point[parameter.name] = parameter.decode(row[start : start + parameter.width])
                start += parameter.width
            points.append(point)
        return points

    def _nearest(self, rows: Units, exclude: frozenset[int]) -> list[int]:
        taken = set(exclude)
        found = []
        for row in rows:
            if len(taken) >= len(self.candidate_units):
                taken = set()
            distance = np.sum((self.candidate_units - row) ** 2, axis=1)
            distance[list(taken)] = np.inf
            found.append(int(np.argmin(distance)))
            taken.add(found[-1])
        return found

    def check(self, point: Point) -> None:
        """Raise `InvalidInputError` unless `point` may be asked for."""
        names = {parameter.name for parameter in self.parameters}
        for name in point:
            if name not in names:
                raise unknown_name("parameter", name, names)
        for parameter in self.parameters:
            if parameter.name not in point:
                raise InvalidInputError("point", dict(point), f"all of {sorted(names)}", f"{parameter.name} is missing")
            parameter.check(point[parameter.name])
        if self.candidates is not None:
            self.candidate_index(point)


def _check_range(parameter: Continuous | Integer) -> None:
    low, high = parameter.low, parameter.high
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidInputError(f"range of {parameter.name}", (low, high), "finite numbers with low < high")
    if parameter.log and low <= 0:
        raise InvalidInputError(f"range of {parameter.name}", (low, high), "low > 0 on a logarithmic scale")


def _position(value: float, parameter: Continuous | Integer) -> float:
    low, high = parameter.low, parameter.high
    if parameter.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def _value(u: float, parameter: Continuous | Integer) -> float:
    low, high = parameter.low, parameter.high
    value = low * (high / low) ** u if parameter.log else low + (high - low) * u
    return min(max(value, low), high)
