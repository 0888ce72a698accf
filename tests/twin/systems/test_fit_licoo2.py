"""The coefficients of LiCoO2 that its file calls fitted are those that this fit gives."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.quantities import DataFile, load
from tansaki.twin.systems.published_licoo2 import ROWS

MATERIAL = load("materials", "licoo2")

# (section, quantity): first guess, and its uncertainty as the standard deviation of the logarithm.
PRIORS = {
    ("lithium", "emitted_ratio"): (1.2, 0.3),
    ("lithium", "resputtering"): (0.4, 0.7),
    ("oxidation", "least_pressure_pa"): (0.2, 0.7),
    ("coarsening", "reference_size_m"): (9e-8, 0.3),
    ("coarsening", "activation_energy_ev"): (0.6, 0.4),
    ("cathode", "shell_m"): (2.5e-8, 0.5),
}
GUESS = np.array([guess for guess, _ in PRIORS.values()])
WIDTH = np.array([width for _, width in PRIORS.values()])


def _material(normalised: np.ndarray) -> DataFile:
    sections = {name: dict(section) for name, section in MATERIAL.sections.items()}
    for (section, name), value in zip(PRIORS, GUESS * np.exp(normalised * WIDTH), strict=True):
        sections[section][name] = replace(sections[section][name], value=float(value))
    return DataFile(MATERIAL.name, MATERIAL.title, sections)


def _residuals(normalised: np.ndarray) -> np.ndarray:
    """ln(twin/published), the tolerance taken as two standard deviations, and the pull of the priors."""
    material = _material(normalised)
    rows = [row for row in ROWS if row.kind == "fitted"]
    misfit = [2.0 * math.log(row.twin(material) / row.published) / math.log(row.tolerance) for row in rows]
    return np.concatenate([misfit, normalised])


def fitted() -> dict[tuple[str, str], tuple[float, float]]:
    """Maximum a posteriori value and standard uncertainty (Laplace) of every free coefficient."""
    from scipy.optimize import least_squares

    solution = least_squares(_residuals, np.zeros(len(PRIORS)), xtol=1e-10, ftol=1e-10)
    values = GUESS * np.exp(solution.x * WIDTH)
    slope = np.asarray(solution.jac, dtype=float)
    spread = values * WIDTH * np.sqrt(np.diag(np.linalg.inv(slope.T @ slope)))
    return {key: (float(v), float(s)) for key, v, s in zip(PRIORS, values, spread, strict=True)}


def test_every_fitted_coefficient_comes_out_of_the_fit() -> None:
    in_file = {(s, n) for s, section in MATERIAL.sections.items() for n, q in section.items() if q.kind == "fitted"}
    assert in_file == set(PRIORS)
    for (section, name), (value, spread) in fitted().items():
        quantity = MATERIAL.sections[section][name]
        # The table of the gas has noise; a fifth of the uncertainty is more than it moves the fit.
        assert quantity.value == pytest.approx(value, abs=0.2 * spread), (section, name, value)
        assert quantity.sigma == pytest.approx(spread, rel=0.1), (section, name, spread)
