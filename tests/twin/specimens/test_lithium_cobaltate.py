"""LiCoO2 as the instruments meet it: the same film as the system's, and the diffractometer sees its orientation."""

import numpy as np
import pytest

from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.quantities import load
from tansaki.twin.specimens.lithium_cobaltate import march_parameter, specimen_of_cobaltate
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.systems import licoo2
from tansaki.twin.systems.registry import open_system

_, PARAMETERS = open_system("licoo2", {})
USUAL = {name: quantity.value for name, quantity in load("materials", "licoo2").section("settings").items()}
FILMS: list[dict[str, float]] = [
    {},
    {"thickness_nm": 100.0},
    {"substrate_temperature_c": 25.0, "anneal_duration_s": 3600.0},
    {"substrate_temperature_c": 500.0, "thickness_nm": 60.0},
    {"oxygen_pressure_pa": 0.05},
    {"thickness_nm": 1500.0},
]


def made(**settings: float) -> tuple[licoo2.Outputs, Specimen]:
    inputs = licoo2.Inputs(**{**USUAL, **settings})
    film = licoo2.evaluate(inputs, PARAMETERS)
    return film, specimen_of_cobaltate(inputs, film, PARAMETERS, "sample", 0.01, 0.01)


@pytest.mark.parametrize("settings", FILMS)
def test_the_march_parameter_is_that_of_the_system(settings: dict[str, float]) -> None:
    film, specimen = made(**settings)
    texture = PARAMETERS.texture
    r = march_parameter(film, texture)
    amount = film.licoo2_fraction * film.crystalline_fraction
    assert licoo2.peak_ratio(r, amount, film.thickness_m, texture) == pytest.approx(film.texture_ratio, rel=1e-8)
    assert specimen.layers[0].crystals[0].march_parameter == r


@pytest.mark.parametrize("settings", FILMS)
def test_shares_and_sizes_are_possible(settings: dict[str, float]) -> None:
    film, specimen = made(**settings)
    layer = specimen.layers[0]
    assert sum(grains.volume_fraction for grains in layer.crystals) == pytest.approx(
        film.crystalline_fraction, abs=2e-4
    )
    assert all(0.0 < grains.size_m <= min(film.grain_size_m, film.thickness_m) for grains in layer.crystals)
    assert 4500.0 < layer.density_kg_m3 < 6100.0
    assert layer.composition["Li"] == pytest.approx(film.li_co_ratio)


def test_an_amorphous_film_has_no_crystals() -> None:
    _, specimen = made(substrate_temperature_c=25.0, anneal_duration_s=0.0)
    assert specimen.layers[0].crystals == ()
    assert "no_peaks" in open_instrument("x_ray_diffractometer").measure(specimen, np.random.default_rng(0)).flags


def test_films_that_the_system_orients_are_found_oriented() -> None:
    """Order of the measured ratios is that of the system's."""
    rng = np.random.default_rng(1)
    instrument = open_instrument("x_ray_diffractometer")
    pairs = []
    for settings in FILMS[:3]:
        film, specimen = made(**settings)
        pairs.append((float(film.texture_ratio), instrument.measure(specimen, rng).derived["peak_ratio_003_104"].value))
    assert [measured for _, measured in sorted(pairs)] == sorted(measured for _, measured in pairs)
