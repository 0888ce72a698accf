"""Plates: their densities against their cells, their optics against published values."""

import math

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.x_ray.compound import element
from tansaki.twin.measurement.x_ray.scattering_factors import ATOMIC_MASS_KG
from tansaki.twin.quantities import available, load
from tansaki.twin.substrates.substrate import open_substrate

PLATES = available("substrates")


@pytest.mark.parametrize("name", PLATES)
def test_a_plate_is_a_crystal_or_a_glass_and_holds_known_elements(name: str) -> None:
    plate = open_substrate(name)
    assert (plate.crystal is None) == (plate.hump is not None)
    assert all(element(symbol).mass_u > 0.0 for symbol in plate.composition)
    assert 1e-4 < plate.thickness_m < 3e-3
    assert plate.refractive_index(np.linspace(400e-9, 800e-9, 5)).shape == (5,)


@pytest.mark.parametrize(
    ("name", "volume_m3", "formulas"),
    [
        ("silicon", 0.5431144e-9**3, 8.0),
        ("strontium_titanate", 0.3905e-9**3, 1.0),
        ("lanthanum_aluminate", 0.379e-9**3, 1.0),
        # Hexagonal cell of corundum, 0.4759 and 1.2993 nm: six formulas.
        ("alumina", 0.4759e-9**2 * 1.2993e-9 * math.sqrt(3.0) / 2.0, 6.0),
    ],
)
def test_density_is_that_of_the_cell(name: str, volume_m3: float, formulas: float) -> None:
    plate = open_substrate(name)
    mass = sum(x * element(symbol).mass_u for symbol, x in plate.composition.items())
    assert plate.density_kg_m3 == pytest.approx(formulas * mass * ATOMIC_MASS_KG / volume_m3, rel=2e-3)


def test_glass_is_neutral() -> None:
    charges = {"Si": 4, "Na": 1, "Ca": 2, "Mg": 2, "Al": 3, "O": -2}
    composition = open_substrate("glass").composition
    assert sum(charges[symbol] * x for symbol, x in composition.items()) == pytest.approx(0.0, abs=0.01)


def test_sapphire_has_its_index_at_the_sodium_line() -> None:
    # Ordinary ray, n_D = 1.768.
    assert open_substrate("alumina").refractive_index(589.3e-9).real == pytest.approx(1.768, abs=5e-4)


@pytest.mark.parametrize("name", ["glass", "strontium_titanate", "lanthanum_aluminate"])
def test_the_film_model_has_the_same_plate(name: str) -> None:
    plate = load("materials", "nb_tio2").section(f"plate_{name}")["refractive_index"]
    own = load("substrates", name).section("optical")["n"]
    assert (own.value, own.source) == (plate.value, plate.source)


def test_an_unknown_plate_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="name in substrates"):
        open_substrate("brick")
