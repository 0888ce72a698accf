"""Films from conditions: published rows, the minimum in oxygen pressure, layers, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.grow import grow, peeling_probability
from tansaki.twin.film.published_nb_tio2 import ROWS, PublishedRow
from tansaki.twin.quantities import load
from tansaki.twin.records import Anneal, GrowthConditions
from tansaki.twin.units import ELEMENTARY_CHARGE_C

MATERIAL = load("materials", "nb_tio2")
USUAL = GrowthConditions(
    thickness_m=100e-9,
    rate_m_s=5e-11,
    pressure_pa=0.5,
    oxygen_pressure_pa=0.02,
    oxygen_coverage=0.998,
    energy_per_atom_ev=15.0,
    substrate_temperature_k=300.0,
    dopant_fraction=0.06,
)
VACUUM_400 = Anneal(400.0, 3600.0, "vacuum")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_published_film(row: PublishedRow) -> None:
    assert row.agrees(MATERIAL), f"published {row.published}, twin {row.twin(MATERIAL)}"
    assert not row.film(MATERIAL).extrapolated


def test_bombardment_decides_the_phase_of_what_crystallises_while_growing_only() -> None:
    hard = replace(USUAL, energy_per_atom_ev=45.0)
    hot = replace(hard, substrate_temperature_k=800.0)
    assert grow([hard], VACUUM_400, "glass", MATERIAL).rutile_fraction < 0.05
    assert grow([hot], None, "glass", MATERIAL).rutile_fraction > 0.9


def _coverage(oxygen_pressure_pa: float) -> float:
    """Langmuir-like uptake of a growing metal: half covered at 3e-4 Pa, complete at high pressure."""
    ratio: float = (oxygen_pressure_pa / 3e-4) ** 1.4
    return ratio / (1.0 + ratio)


@pytest.mark.parametrize("anneal", [Anneal(300.0, 3600.0, "vacuum"), VACUUM_400])
def test_resistivity_has_an_inner_minimum_in_oxygen_pressure(anneal: Anneal) -> None:
    # From where the film is an oxide (coverage 0.9) to 1 Pa.
    pressures = np.logspace(-2.8, 0.0, 57)
    films = [
        grow([replace(USUAL, oxygen_pressure_pa=p, oxygen_coverage=_coverage(p))], anneal, "glass", MATERIAL)
        for p in pressures
    ]
    rho = np.array([film.resistivity_ohm_m for film in films])
    best = int(rho.argmin())
    assert 5 < best < 51
    assert rho[0] > 1.5 * rho[best]
    assert rho[-1] > 1.5 * rho[best]
    assert films[0].rutile_fraction > 5 * films[best].rutile_fraction
    assert films[-1].carrier_density_m3 < 0.8 * films[best].carrier_density_m3


def test_hydrogen_removes_what_oxygen_rich_growth_put_in() -> None:
    rich = replace(USUAL, oxygen_pressure_pa=0.3, oxygen_coverage=1.0)
    at_600 = [grow([rich], Anneal(600.0, 3600.0, gas), "glass", MATERIAL) for gas in ("hydrogen", "vacuum", "air")]
    hydrogen, vacuum, air = (film.resistivity_ohm_m for film in at_600)
    assert hydrogen < vacuum < 1e-2 * air


def test_resistivity_is_that_of_its_carriers() -> None:
    film = grow([USUAL], VACUUM_400, "glass", MATERIAL)
    product = film.carrier_density_m3 * film.mobility_m2_vs * ELEMENTARY_CHARGE_C * film.resistivity_ohm_m
    assert product == pytest.approx(1.0, rel=1e-12)
    assert film.sheet_resistance_ohm_sq == film.resistivity_ohm_m / film.thickness_m


def test_layers_conduct_side_by_side() -> None:
    # Without heat nothing crystallises: no layer changes its neighbour.
    other = replace(USUAL, thickness_m=50e-9, oxygen_coverage=0.55)
    one, two, both = (grow(x, None, "glass", MATERIAL) for x in ([USUAL], [other], [USUAL, other]))
    sheet = 1.0 / (1.0 / one.sheet_resistance_ohm_sq + 1.0 / two.sheet_resistance_ohm_sq)
    assert both.sheet_resistance_ohm_sq == pytest.approx(sheet, rel=1e-3)
    assert both.thickness_m == pytest.approx(150e-9)


def test_a_layer_cut_in_two_is_the_same_film() -> None:
    hot = replace(USUAL, substrate_temperature_k=850.0, oxygen_coverage=1.0)
    half = replace(hot, thickness_m=50e-9)
    whole = grow([hot], None, "strontium_titanate", MATERIAL)
    halves = grow([half, half], None, "strontium_titanate", MATERIAL)
    assert halves.resistivity_ohm_m == pytest.approx(whole.resistivity_ohm_m, rel=2e-2)


def test_an_oxygen_rich_seed_helps_a_poor_layer_to_crystallise() -> None:
    # Sequence rule of the published bilayers: rich below and poor above beats either alone.
    poor = replace(USUAL, oxygen_pressure_pa=0.005, oxygen_coverage=0.98)
    rich = replace(USUAL, oxygen_pressure_pa=0.1, oxygen_coverage=1.0)
    anneal = Anneal(300.0, 3600.0, "vacuum")
    stack = [replace(rich, thickness_m=20e-9), replace(poor, thickness_m=80e-9)]
    seeded, alone, all_rich = (grow(x, anneal, "glass", MATERIAL) for x in (stack, [poor], [rich]))
    assert seeded.crystalline_fraction > 2.0 * alone.crystalline_fraction
    assert seeded.resistivity_ohm_m < min(alone.resistivity_ohm_m, all_rich.resistivity_ohm_m)


def test_far_from_the_oxide_the_film_is_metal_and_says_that_it_is_a_guess() -> None:
    film = grow([replace(USUAL, oxygen_coverage=0.2)], None, "glass", MATERIAL)
    assert 1e-6 < film.resistivity_ohm_m < 1e-5
    assert film.extrapolated == ("oxygen_coverage",)


@given(
    st.floats(-5.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 80.0),
    st.floats(280.0, 1000.0),
    st.floats(0.0, 0.3),
    st.sampled_from(["vacuum", "hydrogen", "air", None]),
    st.floats(20.0, 700.0),
)
def test_every_film_is_finite_and_its_fractions_are_fractions(
    log_pressure: float, coverage: float, energy: float, hot: float, dopant: float, gas: str | None, anneal_c: float
) -> None:
    conditions = GrowthConditions(100e-9, 5e-11, 0.5, 10.0**log_pressure, coverage, energy, hot, dopant)
    anneal = None if gas is None else Anneal(anneal_c, 1800.0, gas)  # type: ignore[arg-type]
    film = grow([conditions], anneal, "glass", MATERIAL)
    assert 1e-7 < film.resistivity_ohm_m < 1e6
    assert film.carrier_density_m3 > 0.0
    for value in (film.crystalline_fraction, film.rutile_fraction, peeling_probability(film, MATERIAL)):
        assert 0.0 <= value <= 1.0
    assert 0.0 <= film.oxygen_ratio < 2.4


def test_variation_moves_one_property_each() -> None:
    mean = grow([USUAL], VACUUM_400, "glass", MATERIAL)
    more, faster, thicker = (grow([USUAL], VACUUM_400, "glass", MATERIAL, np.eye(3)[i]) for i in range(3))
    assert more.carrier_density_m3 > mean.carrier_density_m3
    assert faster.carrier_density_m3 == mean.carrier_density_m3
    assert faster.mobility_m2_vs > mean.mobility_m2_vs
    assert thicker.thickness_m == pytest.approx(mean.thickness_m * math.exp(0.01))
    assert thicker.resistivity_ohm_m == pytest.approx(mean.resistivity_ohm_m)


def test_inputs_outside_the_claimed_range_are_named_once() -> None:
    hot = replace(USUAL, substrate_temperature_k=1200.0, dopant_fraction=0.3)
    film = grow([hot, hot], Anneal(900.0, 3600.0), "glass", MATERIAL)
    assert film.extrapolated == ("substrate_temperature_k", "dopant_fraction", "anneal_temperature_k")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thickness_m", 0.0),
        ("rate_m_s", -1.0),
        ("oxygen_coverage", 1.2),
        ("oxygen_pressure_pa", float("nan")),
        ("substrate_temperature_k", 0.0),
        ("dopant_fraction", 1.5),
    ],
)
def test_impossible_conditions_are_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidInputError, match=field):
        grow([replace(USUAL, **{field: value})], None, "glass", MATERIAL)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'glass'"):
        grow([USUAL], None, "glas", MATERIAL)
    with pytest.raises(InvalidInputError, match="did you mean 'vacuum'"):
        grow([USUAL], Anneal(400.0, 60.0, "vacum"), "glass", MATERIAL)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="at least one"):
        grow([], None, "glass", MATERIAL)
    with pytest.raises(InvalidInputError, match="normals"):
        grow([USUAL], None, "glass", MATERIAL, (0.0,))
    with pytest.raises(InvalidInputError, match="duration_s"):
        grow([USUAL], Anneal(400.0, -1.0), "glass", MATERIAL)
