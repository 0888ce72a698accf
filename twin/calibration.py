"""How the coefficients that a material file calls fitted were found: maximum a posteriori over its published rows.

A row's tolerance counts as two standard deviations; each free coefficient has a log-normal prior, its first guess.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.quantities import DataFile

Priors = Mapping[tuple[str, str], tuple[float, float]]
"""(section, quantity) of the material file: first guess, and its uncertainty as standard deviation of the logarithm."""


class Published(Protocol):
    """A published number, and what the twin makes of the recipe that stands for it."""

    @property
    def published(self) -> float:
        """The number."""

    @property
    def tolerance(self) -> float:
        """See `comparison`."""

    @property
    def comparison(self) -> Literal["ratio", "difference"]:
        """``ratio``: ok within a factor `tolerance`; ``difference``: ok within ± `tolerance`."""

    @property
    def kind(self) -> Literal["fitted", "predicted"]:
        """Whether the row takes part in the fit."""

    def twin(self, material: DataFile) -> float:
        """The twin's number with the coefficients of `material`."""


def agrees(row: Published, material: DataFile) -> bool:
    """Whether the twin lies within the tolerance."""
    distance, tolerance = _distance(row, material)
    return abs(distance) <= tolerance


def misfit(row: Published, material: DataFile) -> float:
    """Distance of the twin from the published value in standard deviations, two of which are the tolerance."""
    distance, tolerance = _distance(row, material)
    return 2.0 * distance / tolerance


def _distance(row: Published, material: DataFile) -> tuple[float, float]:
    """Distance and tolerance; of the logarithms where the two are compared as a ratio."""
    found = row.twin(material)
    if row.comparison == "difference":
        return found - row.published, row.tolerance
    return math.log(found / row.published) if found > 0.0 else -math.inf, math.log(row.tolerance)


def fitted(material: DataFile, rows: Sequence[Published], priors: Priors) -> dict[tuple[str, str], tuple[float, float]]:
    """Value and standard uncertainty (Laplace) of every free coefficient, in the order of `priors`."""
    from scipy.optimize import least_squares

    guess = np.array([value for value, _ in priors.values()])
    width = np.array([spread for _, spread in priors.values()])
    used = [row for row in rows if row.kind == "fitted"]

    def residuals(normalised: NDArray[np.float64]) -> NDArray[np.float64]:
        trial = _changed(material, dict(zip(priors, guess * np.exp(normalised * width), strict=True)))
        return np.concatenate([[misfit(row, trial) for row in used], normalised])

    solution = least_squares(residuals, np.zeros(len(priors)), xtol=1e-10, ftol=1e-10)
    values = guess * np.exp(solution.x * width)
    slope = np.asarray(solution.jac, dtype=float)
    spread = values * width * np.sqrt(np.diag(np.linalg.inv(slope.T @ slope)))
    return {key: (float(v), float(s)) for key, v, s in zip(priors, values, spread, strict=True)}


def _changed(material: DataFile, values: Mapping[tuple[str, str], float]) -> DataFile:
    sections = {name: dict(section) for name, section in material.sections.items()}
    for (section, name), value in values.items():
        sections[section][name] = replace(sections[section][name], value=float(value))
    return DataFile(material.name, material.title, sections)
