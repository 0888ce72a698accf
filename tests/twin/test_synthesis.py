"""From recipe to film through the running chamber: the mark of a flow that jumped, and the order of layers."""

from dataclasses import replace

import pytest

from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.randomness import generator
from tansaki.twin.records import Anneal, Deposition, Film, Recipe
from tansaki.twin.synthesis import synthesise, true_film

CHAMBER = open_chamber()
STEPPED = Deposition(
    100.0, 0.5, 25.0, 43200.0, 0.06, oxygen_flow_sccm=0.5, thickness_nm=60.0, oxygen_flow_steps=((100.0, 0.9),)
)


def made(anneal_c: float, *layers: Deposition) -> Film:
    film = true_film(Recipe("nb_tio2", "glass", layers, Anneal(anneal_c, 3600.0, "vacuum")), CHAMBER)
    assert film is not None
    return film


def regulated(oxygen_pa: float, nm: float) -> Deposition:
    return Deposition(100.0, 0.5, 25.0, 43200.0, 0.06, oxygen_pressure_pa=oxygen_pa, thickness_nm=nm)


def test_a_jump_of_the_flow_makes_a_film_between_the_two_steady_ones() -> None:
    poor, rich = (made(400.0, replace(STEPPED, oxygen_flow_sccm=q, oxygen_flow_steps=())) for q in (0.5, 0.9))
    both = made(400.0, STEPPED)
    assert both.thickness_m == pytest.approx(60e-9, rel=1e-9)
    assert poor.oxygen_ratio < 0.9 * both.oxygen_ratio < 0.9 * rich.oxygen_ratio
    assert poor.resistivity_ohm_m < 0.8 * both.resistivity_ohm_m < 0.8 * rich.resistivity_ohm_m
    # metal below and oxide above conduct side by side
    run = CHAMBER.deposit(STEPPED, ChamberState(), generator(0, "a"), noise=False, drift=False)
    share = run.conditions[0].thickness_m / both.thickness_m
    parallel = share / poor.resistivity_ohm_m + (1.0 - share) / rich.resistivity_ohm_m
    assert 1.0 / both.resistivity_ohm_m == pytest.approx(parallel, rel=0.1)


def test_the_laboratory_makes_the_stepped_film_too() -> None:
    recipe = Recipe("nb_tio2", "glass", (STEPPED, replace(STEPPED, oxygen_flow_steps=())))
    done = synthesise(recipe, CHAMBER, ChamberState(), generator(3, "synthesis"))
    assert done.status == "ok"
    assert done.film is not None
    assert done.film.thickness_m == pytest.approx(120e-9, rel=0.1)
    assert sum("oxygen flow to" in what for _, what in done.course.events) == 1


@pytest.mark.parametrize("anneal_c", [300.0, 350.0, 400.0])
def test_oxygen_rich_below_oxygen_poor_beats_either_alone(anneal_c: float) -> None:
    """Sequence rule of the published bilayers (annealed at 300 to 400 C), at equal total thickness."""
    rich, poor = 0.1, 0.002
    bilayer = made(anneal_c, regulated(rich, 20.0), regulated(poor, 80.0)).resistivity_ohm_m
    assert bilayer < made(anneal_c, regulated(rich, 100.0)).resistivity_ohm_m
    assert bilayer < made(anneal_c, regulated(poor, 100.0)).resistivity_ohm_m


def test_where_crystallisation_limits_the_bilayer_beats_every_single_layer_and_its_own_reverse() -> None:
    bilayer = made(300.0, regulated(0.03, 20.0), regulated(0.002, 80.0)).resistivity_ohm_m
    singles = [made(300.0, regulated(p, 100.0)).resistivity_ohm_m for p in (3e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.2)]
    assert bilayer < 0.95 * min(singles)
    assert bilayer < 0.2 * made(300.0, regulated(0.002, 80.0), regulated(0.03, 20.0)).resistivity_ohm_m
