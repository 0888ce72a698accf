"""The coefficients of TiN that its file calls fitted are those that this fit gives."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.quantities import DataFile, load
from tansaki.twin.systems.published import SystemRow
from tansaki.twin.systems.published_tin import ROWS

MATERIAL = load("materials", "tin")

# (section, quantity): first guess, and its uncertainty as the standard deviation of the logarithm.
PRIORS = {
    ("electrons", "full_weight"): (1.1, 0.1),
    ("electrons", "boundary_reflection"): (0.5, 0.5),
    ("electrons", "boundary_voids"): (0.03, 0.5),
    ("electrons", "lattice_damping_ev"): (0.13, 0.3),
    ("adatoms", "hop_energy_ev"): (0.8, 0.2),
    ("oxynitride", "weight_fraction"): (0.03, 0.7),
    ("oxynitride", "localising_fraction"): (0.02, 0.7),
    ("oxynitride", "localised_energy_ev"): (0.95, 0.1),
}
OPTICS = {"optics_drude", "optics_lorentz_1", "optics_lorentz_2"}
"""Fitted elsewhere, to n and k of one film."""
GUESS = np.array([guess for guess, _ in PRIORS.values()])
WIDTH = np.array([width for _, width in PRIORS.values()])


def _material(normalised: np.ndarray) -> DataFile:
    sections = {name: dict(section) for name, section in MATERIAL.sections.items()}
    for (section, name), value in zip(PRIORS, GUESS * np.exp(normalised * WIDTH), strict=True):
        sections[section][name] = replace(sections[section][name], value=float(value))
    return DataFile(MATERIAL.name, MATERIAL.title, sections)


def _residuals(normalised: np.ndarray) -> np.ndarray:
    """Distance to the published values, the tolerance taken as two standard deviations, and the pull of the priors."""
    material = _material(normalised)
    misfit = [_misfit(row, material) for row in ROWS if row.kind == "fitted"]
    return np.concatenate([misfit, normalised])


def _misfit(row: SystemRow, material: DataFile) -> float:
    found = row.twin(material)
    if row.comparison == "difference":
        return 2.0 * (found - row.published) / row.tolerance
    return 2.0 * math.log(found / row.published) / math.log(row.tolerance)


def fitted() -> dict[tuple[str, str], tuple[float, float]]:
    """Maximum a posteriori value and standard uncertainty (Laplace) of every free coefficient."""
    from scipy.optimize import least_squares

    solution = least_squares(_residuals, np.zeros(len(PRIORS)), xtol=1e-10, ftol=1e-10)
    values = GUESS * np.exp(solution.x * WIDTH)
    slope = np.asarray(solution.jac, dtype=float)
    spread = values * WIDTH * np.sqrt(np.diag(np.linalg.inv(slope.T @ slope)))
    return {key: (float(v), float(s)) for key, v, s in zip(PRIORS, values, spread, strict=True)}


def test_every_fitted_coefficient_comes_out_of_the_fit() -> None:
    in_file = {
        (s, n)
        for s, section in MATERIAL.sections.items()
        for n, q in section.items()
        if q.kind == "fitted" and s not in OPTICS
    }
    assert in_file == set(PRIORS)
    for (section, name), (value, spread) in fitted().items():
        quantity = MATERIAL.sections[section][name]
        assert quantity.value == pytest.approx(value, rel=0.01), (section, name, value)
        assert quantity.sigma == pytest.approx(spread, rel=0.1), (section, name, spread)
