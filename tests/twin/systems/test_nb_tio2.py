"""Doped titania at surrogate fidelity: the film of the running chamber, and what is published of its trends."""

from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Anneal, Deposition, Recipe
from tansaki.twin.surrogate import open_surrogate
from tansaki.twin.synthesis import true_film

LAYER = Deposition(100.0, 1.0, 25.0, 43200.0, 0.06, oxygen_pressure_pa=0.013, thickness_nm=100.0)
TITANIA = open_surrogate("nb_tio2")


@pytest.mark.parametrize("oxygen_pa", [0.002, 0.005, 0.013, 0.05, 0.3])
def test_it_is_the_film_of_the_running_chamber_without_noise(oxygen_pa: float) -> None:
    recipe = Recipe("nb_tio2", "glass", (replace(LAYER, oxygen_pressure_pa=oxygen_pa),), Anneal(300.0, 3600.0))
    film = true_film(recipe, open_chamber())
    assert film is not None
    found = TITANIA.predict(oxygen_pressure_pa=oxygen_pa).values
    for name in ("resistivity_ohm_m", "carrier_density_m3", "mobility_m2_vs", "stress_pa", "grain_size_m"):
        assert found[name] == pytest.approx(getattr(film, name), rel=1e-3), name
    for name in ("crystalline_fraction", "rutile_fraction", "void_fraction"):
        assert found[name] == pytest.approx(getattr(film, name), abs=1e-4), name


def test_a_seed_layer_is_the_bottom_layer_of_the_running_chamber() -> None:
    layers = (replace(LAYER, oxygen_pressure_pa=0.1, thickness_nm=60.0), replace(LAYER, oxygen_pressure_pa=0.006))
    film = true_film(Recipe("nb_tio2", "glass", layers, Anneal(300.0, 3600.0)), open_chamber())
    assert film is not None
    found = TITANIA.predict(oxygen_pressure_pa=0.006, seed_oxygen_pressure_pa=0.1, seed_thickness_nm=60.0).values
    assert found["resistivity_ohm_m"] == pytest.approx(film.resistivity_ohm_m, rel=5e-3)
    assert found["thickness_m"] == pytest.approx(film.thickness_m)


def test_a_seed_layer_of_no_thickness_changes_nothing() -> None:
    for oxygen_pa in (1e-3, 0.1):
        assert TITANIA.predict(seed_oxygen_pressure_pa=oxygen_pa).values == pytest.approx(TITANIA.predict().values)


def test_resistivity_has_its_minimum_inside_the_range_of_oxygen() -> None:
    """Too little oxygen keeps the film amorphous, too much binds its electrons (Furubayashi et al. 2005 and after)."""
    pressures = np.geomspace(1e-3, 1.0, 60)
    found = TITANIA.predict_batch({"oxygen_pressure_pa": pressures}).values["resistivity_ohm_m"]
    lowest = int(np.argmin(found))
    assert 5 < lowest < 55
    assert found[0] > 3.0 * found[lowest] < found[-1]


def test_light_and_current_see_the_same_electrons() -> None:
    """More carriers absorb more, and a thick film more than a thin one; the film without dopant is clear."""
    doped = TITANIA.predict_batch({"dopant_fraction": [0.002, 0.06, 0.15], "anneal_temperature_c": 400.0}).values
    assert np.all(np.diff(doped["carrier_density_m3"]) > 0.0)
    assert np.all(np.diff(doped["visible_transmittance"]) < 0.0)
    assert np.all((doped["visible_transmittance"] > 0.6) & (doped["visible_transmittance"] < 0.9))


def test_what_the_literature_disputes_is_chosen_by_name() -> None:
    hot = {"substrate_temperature_c": 450.0, "anneal_duration_s": 60.0, "pressure_pa": 0.3}
    bombardment = TITANIA.predict(**hot).values["rutile_fraction"]
    nucleation = open_surrogate("nb_tio2", {"phase": "nucleation"}).predict(**hot).values["rutile_fraction"]
    assert abs(bombardment - nucleation) > 0.05
    with pytest.raises(InvalidInputError, match="did you mean 'nucleation'"):
        open_surrogate("nb_tio2", {"phase": "nucleaton"})
