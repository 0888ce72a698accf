"""The surface of a film follows its conditions, within the stated rules."""

import numpy as np
import pytest

from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth.roughness import correlation_length, squared_width
from tansaki.twin.growth.solid_on_solid import Hopping
from tansaki.twin.growth.surface_of_film import Surface, mobility, surface_of_film
from tansaki.twin.quantities import load
from tansaki.twin.records import Deposition, GrowthConditions

MATERIAL = load("materials", "nb_tio2")
PASSAGE = open_chamber().passage(Deposition(100.0, 0.5, 25.0, 3600.0))
SURFACE = MATERIAL.parameters("surface", Surface)
HOPPING = MATERIAL.parameters("hopping", Hopping)
GRAIN_M = 30e-9


def _layer(
    pressure_pa: float = 0.5, energy_ev: float = 20.0, temperature_k: float = 300.0, thickness_m: float = 60e-9
) -> GrowthConditions:
    return GrowthConditions(thickness_m, 1e-10, pressure_pa, 0.01, 0.99, energy_ev, temperature_k, 0.06)


def _width_m(*layers: GrowthConditions) -> float:
    return float(np.sqrt(squared_width(surface_of_film(layers, MATERIAL, PASSAGE, GRAIN_M, seed=1).heights_m)))


def test_every_cluster_is_on_the_map() -> None:
    # All atoms relax at 900 K: no voids, so the mean height is the thickness, layer by layer.
    layers = [_layer(temperature_k=900.0, thickness_m=h) for h in (20e-9, 10.4e-9)]
    surface = surface_of_film(layers, MATERIAL, PASSAGE, GRAIN_M, seed=1, pixels=32)
    assert surface.heights_m.mean() == pytest.approx(30.4e-9, rel=1e-3)


def test_grains_set_the_scale_sideways_and_nothing_else() -> None:
    fine, coarse = (surface_of_film([_layer()], MATERIAL, PASSAGE, g, seed=1) for g in (20e-9, 60e-9))
    assert np.array_equal(fine.heights_m, coarse.heights_m)
    for surface, grain_m in ((fine, 20e-9), (coarse, 60e-9)):
        assert correlation_length(surface.heights_m) * surface.pixel_m == pytest.approx(0.5 * grain_m)


def test_scattering_roughens_and_heat_smooths() -> None:
    gentle, scattered = _width_m(_layer()), _width_m(_layer(pressure_pa=5.0, energy_ev=7.0))
    assert scattered > 1.5 * gentle
    assert _width_m(_layer(pressure_pa=5.0, energy_ev=7.0, temperature_k=600.0)) < 0.8 * scattered


def test_mobility_rises_with_heat_energy_and_time_and_is_a_share() -> None:
    def share(layer: GrowthConditions) -> float:
        return mobility(layer, SURFACE, HOPPING)

    assert 0.0 < share(_layer(energy_ev=5.0)) < share(_layer()) < share(_layer(temperature_k=600.0)) <= 1.0
    assert share(_layer(temperature_k=350.0)) > share(_layer())
    cold = _layer(energy_ev=0.0, temperature_k=77.0)
    assert share(cold) == pytest.approx(0.0, abs=1e-12)
    # One hop in the time of a layer of atoms: half of them relax.
    even = Hopping(1e-10 / SURFACE.atom_spacing_m, 0.0, 0.0, 0.0)
    assert mobility(cold, SURFACE, even) == pytest.approx(0.5)


def test_a_seed_decides() -> None:
    one, same, other = (
        surface_of_film([_layer()], MATERIAL, PASSAGE, GRAIN_M, seed, pixels=32).heights_m for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("layers", "grain_m", "pixels", "message"),
    [
        ([], GRAIN_M, 32, "at least one"),
        ([_layer(thickness_m=0.0)], GRAIN_M, 32, "thickness_m"),
        ([_layer(pressure_pa=-1.0)], GRAIN_M, 32, "pressure_pa"),
        ([_layer()], 0.0, 32, "grain_size_m"),
        ([_layer()], GRAIN_M, 8, "16 or more"),
    ],
)
def test_bad_input_is_refused(layers: list[GrowthConditions], grain_m: float, pixels: int, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        surface_of_film(layers, MATERIAL, PASSAGE, grain_m, 0, pixels)
