"""The optical stack: rate against stoichiometry on the hysteresis, and what a mirror must do."""

from itertools import pairwise

import numpy as np
import pytest

from tansaki.twin.deposition.reactive_gas import steady_flow_sccm
from tansaki.twin.deposition.steady import rest
from tansaki.twin.draw import drawn_chamber
from tansaki.twin.quantities import load
from tansaki.twin.systems import tio2_al2o3
from tansaki.twin.systems.registry import open_system

_, PARAMETERS = open_system("tio2_al2o3", {})
USUAL = {name: quantity.value for name, quantity in load("materials", "tio2_al2o3").section("settings").items()}
TIO2, AL2O3 = "tio2_oxygen_pressure_pa", "al2o3_oxygen_pressure_pa"


def coating(**settings: float) -> tio2_al2o3.Outputs:
    return tio2_al2o3.evaluate(tio2_al2o3.Inputs(**{**USUAL, **settings}), PARAMETERS)


def test_poisoning_costs_the_rate_of_both_materials_some_twentyfold() -> None:
    # Reference set of titanium: 22 between bare and poisoned target at constant current.
    bare, poisoned = (coating(**{TIO2: p, AL2O3: p}) for p in (1e-7, 0.3))
    assert bare.tio2_growth_rate_m_s / poisoned.tio2_growth_rate_m_s == pytest.approx(22.0, rel=0.2)
    assert bare.al2o3_growth_rate_m_s / poisoned.al2o3_growth_rate_m_s > 20.0


def test_oxygen_buys_clarity_with_time() -> None:
    pressures = (0.003, 0.006, 0.012, 0.025, 0.05)
    made = [coating(**{TIO2: p, AL2O3: p}) for p in pressures]
    for poorer, richer in pairwise(made):
        assert richer.deposition_time_s > poorer.deposition_time_s
        assert richer.absorption_loss < poorer.absorption_loss
        assert richer.tio2_oxygen_deficit < poorer.tio2_oxygen_deficit
        assert richer.al2o3_oxygen_deficit < poorer.al2o3_oxygen_deficit
    costs = [m.coating_cost for m in made]
    assert 0 < costs.index(min(costs)) < len(costs) - 1


def test_the_set_points_of_the_optimum_lie_between_the_turning_points() -> None:
    # A held flow cannot stay there: on the middle branch more pressure needs less flow.
    for section, discharge in (("reactive_gas_tio2", "discharge_tio2"), ("reactive_gas_al2o3", "discharge_al2o3")):
        at = rest(200.0, 0.003, getattr(PARAMETERS, section), getattr(PARAMETERS, discharge))
        assert steady_flow_sccm(3.3, at.coefficients) < steady_flow_sccm(3.0, at.coefficients)


def test_each_target_has_its_own_set_point() -> None:
    usual, other = coating(), coating(**{AL2O3: 0.03})
    assert other.tio2_growth_rate_m_s == usual.tio2_growth_rate_m_s
    assert other.al2o3_growth_rate_m_s < usual.al2o3_growth_rate_m_s


def test_stoichiometric_films_have_the_published_indices() -> None:
    # n(550 nm): near-amorphous TiO2 2.347, Al2O3 film 1.656 (Franta et al., refractiveindex.info).
    made = coating(**{TIO2: 0.05, AL2O3: 0.05})
    assert made.tio2_index == pytest.approx(2.347, abs=0.002)
    assert made.al2o3_index == pytest.approx(1.656, abs=1e-6)
    assert made.tio2_extinction == PARAMETERS.absorption.tio2_per_deficit * made.tio2_oxygen_deficit


def test_energy_is_conserved_at_each_wavelength() -> None:
    inputs = tio2_al2o3.Inputs(**USUAL)
    for wavelength in tio2_al2o3.WAVELENGTHS_M:
        light = tio2_al2o3.stack_fractions(wavelength, inputs, 0.02, 0.01, PARAMETERS)
        assert light.reflected + light.transmitted + light.absorbed == pytest.approx(1.0, abs=1e-12)
        assert light.absorbed > 0.0


def test_a_perfect_match_has_no_error() -> None:
    inputs = tio2_al2o3.Inputs(**{**USUAL, TIO2: 50.0, AL2O3: 50.0})
    spectrum = [
        float(tio2_al2o3.stack_fractions(w, inputs, 0.0, 0.0, PARAMETERS).reflected) for w in tio2_al2o3.WAVELENGTHS_M
    ]
    matched = PARAMETERS._replace(target_spectrum=tio2_al2o3.TargetSpectrum(*spectrum))
    assert tio2_al2o3.evaluate(inputs, matched).spectrum_error < 1e-4


def test_cost_is_error_and_time_in_the_stated_proportion() -> None:
    made = coating()
    hours = made.deposition_time_s / 3600.0
    assert made.coating_cost == pytest.approx(made.spectrum_error + PARAMETERS.price.error_per_hour * hours, rel=1e-12)
    twice = coating(**{name: 2.0 * value for name, value in USUAL.items() if name.endswith("_nm")})
    assert twice.deposition_time_s == pytest.approx(2.0 * made.deposition_time_s, rel=1e-12)


def test_quarter_waves_are_near_the_best_thickness() -> None:
    clear = {TIO2: 0.05, AL2O3: 0.05}
    for name in ("al2o3_1_nm", "tio2_2_nm", "al2o3_2_nm", "tio2_3_nm"):
        around = [coating(**clear, **{name: f * USUAL[name]}).spectrum_error for f in (0.6, 1.0, 1.4)]
        assert around[1] < min(around[0], around[2])


def test_a_drawn_chamber_draws_the_yields_of_both_targets() -> None:
    nominal = load("instruments", tio2_al2o3.CHAMBER)
    factors = [
        np.log(drawn_chamber(nominal, 7).sections[section][name].value / nominal.sections[section][name].value)
        for section in ("reactive_gas_tio2", "reactive_gas_al2o3")
        for name in ("metal_yield", "compound_yield")
    ]
    assert np.all(np.abs(factors) > 1e-6)
    assert np.unique(factors).size == 4
