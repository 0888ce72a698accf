"""The coefficients that the material file calls fitted are those that this fit gives."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.film.published_nb_tio2 import ROWS
from tansaki.twin.quantities import DataFile, load

MATERIAL = load("materials", "nb_tio2")

# (section, quantity): first guess, and its uncertainty as the standard deviation of the logarithm.
PRIORS = {
    ("mobility", "lattice_m2_vs"): (3.6e-3, 0.3),
    ("mobility", "ionised_m2_vs"): (5.0e-3, 0.4),
    ("mobility", "disorder_m2_vs"): (1.5e-3, 0.3),
    ("oxygen", "interstitial_constant_pa"): (1.0, 0.7),
    ("carriers", "fluctuation"): (0.01, 0.7),
    ("carriers", "solubility"): (0.16, 0.3),
    ("carriers", "background_acceptors"): (0.0013, 0.4),
    ("crystallisation", "onset_temperature_k"): (553.0, 0.02),
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
    # The optical constants are a fit too, but of others: see their source.
    transport = {s: section for s, section in MATERIAL.sections.items() if s != "optics"}
    in_file = {(s, n) for s, section in transport.items() for n, q in section.items() if q.kind == "fitted"}
    assert in_file == set(PRIORS)
    for (section, name), (value, spread) in fitted().items():
        quantity = MATERIAL.sections[section][name]
        assert quantity.value == pytest.approx(value, rel=0.01), (section, name, value)
        assert quantity.sigma == pytest.approx(spread, rel=0.1), (section, name, spread)
