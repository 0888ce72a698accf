"""The coefficients that the material files call fitted are those that the fit gives."""

from importlib import import_module
from typing import Any

import pytest

from tansaki.twin.calibration import fitted, misfit
from tansaki.twin.quantities import load

MATERIALS = {
    "nb_tio2": "tansaki.twin.film.published_nb_tio2",
    "al_zno": "tansaki.twin.systems.published_al_zno",
    "licoo2": "tansaki.twin.systems.published_licoo2",
    "tin": "tansaki.twin.systems.published_tin",
}


def fitted_by_others(section: str) -> bool:
    """Dispersion was fitted to n and k of one film, roughness to grown surfaces: see the source of each coefficient."""
    return section.startswith(("optics", "roughness_law"))


@pytest.mark.parametrize("name", MATERIALS)
def test_every_fitted_coefficient_comes_out_of_the_fit(name: str) -> None:
    published: Any = import_module(MATERIALS[name])
    material = load("materials", name)
    in_file = {
        (section, quantity)
        for section, quantities in material.sections.items()
        for quantity, entry in quantities.items()
        if entry.kind == "fitted" and not fitted_by_others(section)
    }
    assert in_file == set(published.PRIORS)
    for (section, quantity), (value, spread) in fitted(material, published.ROWS, published.PRIORS).items():
        entry = material.sections[section][quantity]
        # A fifth of its uncertainty: values are rounded, and the Monte Carlo behind the gas moves the fit by less.
        assert entry.value == pytest.approx(value, abs=0.2 * spread), (section, quantity, value)
        assert entry.sigma == pytest.approx(spread, rel=0.1), (section, quantity, spread)


def test_a_fit_finds_the_coefficient_that_made_the_rows() -> None:
    """Rows made by the twin itself with one coefficient moved: the fit moves it back, prior and all."""
    published: Any = import_module(MATERIALS["nb_tio2"])
    material = load("materials", "nb_tio2")
    key = ("mobility", "disorder_m2_vs")
    made = [
        row._replace(published=row.twin(material), tolerance=1.0001, kind="fitted")
        for row in published.ROWS
        if row.comparison == "ratio"
    ]
    true = material.sections[key[0]][key[1]].value
    found, spread = fitted(material, made, {key: (1.3 * true, 0.3)})[key]
    assert found == pytest.approx(true, rel=1e-3)
    assert spread < 1e-3 * true


def test_a_misfit_of_two_is_the_tolerance() -> None:
    published: Any = import_module(MATERIALS["nb_tio2"])
    material = load("materials", "nb_tio2")
    row = next(row for row in published.ROWS if row.comparison == "ratio")
    exact = row._replace(published=row.twin(material))
    assert misfit(exact, material) == pytest.approx(0.0, abs=1e-9)
    assert misfit(exact._replace(published=exact.published / row.tolerance), material) == pytest.approx(2.0)
    assert misfit(exact._replace(published=exact.published * row.tolerance), material) == pytest.approx(-2.0)
