"""Constant power, the power law, the sign of the voltage on poisoning; ions, self-bias and the heated gas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import discharge
from tansaki.twin.deposition import reactive_gas as rg
from tansaki.twin.deposition.discharge import (
    Cathode,
    Chemisorption,
    DischargeParameters,
    ElectronYields,
    GasHeating,
    RadioFrequency,
    Sustaining,
)
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates
from tansaki.twin.quantities import load
from tansaki.twin.units import ELEMENTARY_CHARGE_C

FILE = load("instruments", "sputter_tio2_2inch")
BERG = FILE.parameters("reactive_gas", BergParameters)
LAW = FILE.parameters("discharge", DischargeParameters)
MAGNETRON = load("instruments", "sputter_tio2_2inch")
CATHODE = MAGNETRON.parameters("cathode", Cathode)
SUSTAINING = MAGNETRON.parameters("sustaining", Sustaining)
RF = MAGNETRON.parameters("radio_frequency", RadioFrequency)
HEATING = MAGNETRON.parameters("gas_heating", GasHeating)
ALUMINIUM = load("elements", "al")
CHEMISORPTION = ALUMINIUM.parameters("chemisorption", Chemisorption)


def electrons(symbol: str, literature: str) -> ElectronYields:
    return load("elements", symbol).parameters(f"electrons_{literature}", ElectronYields)


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(3)

    def around(value: float) -> Any:
        return np.asarray(value * np.exp(rng.uniform(-1, 1, 1000)), np.float32).astype(np.float64)

    berg, law = BergParameters(*map(around, BERG)), DischargeParameters(*map(around, LAW))
    base = Rates(*map(around, rg.rates(BERG)))
    coverage = np.asarray(rng.random(1000), np.float32).astype(np.float64)
    power, volts, wear, pressure = around(120.0), around(400.0), around(0.6), around(1.0)
    gamma, current, kelvin = around(0.1), around(0.3), around(500.0)
    states = ElectronYields(*map(around, electrons("al", "magnetron")))
    drop = Chemisorption(around(0.01), np.asarray(rng.uniform(0.1, 0.7, 1000), np.float32).astype(np.float64))
    cathode, sustaining = Cathode(*map(around, CATHODE)), Sustaining(*map(around, SUSTAINING))
    rf, heating = RadioFrequency(*map(around, RF)), GasHeating(*map(around, HEATING))
    arguments = {
        "electron_yield": (coverage, berg, law),
        "voltage_v": (power, coverage, berg, law),
        "voltage_at_yield_v": (power, gamma, berg, law),
        "rates_at": (volts, power, coverage, wear, base, berg, law),
        "chemisorbed_electron_yield": (coverage, states, drop),
        "ion_current_a": (current, gamma),
        "racetrack_ion_flux_m2_s": (current, cathode),
        "ion_energy_ev": (volts, cathode),
        "least_voltage_v": (gamma, sustaining),
        "self_bias_v": (power, rf),
        "rf_ion_current_a": (power, rf),
        "gas_temperature_k": (power, pressure, heating),
        "gas_density_m3": (pressure, kelvin),
    }
    assert set(arguments) == set(vars(bind(discharge, "numpy")))
    for name, values in arguments.items():
        engines_agree(discharge, name, values)


@given(st.floats(5.0, 500.0), st.floats(0.0, 1.0), st.floats(0.02, 0.5))
def test_the_power_law_holds_at_constant_power(power: float, coverage: float, compound: float) -> None:
    law = LAW._replace(compound_electron_yield=compound)
    volts = discharge.voltage_v(power, coverage, BERG, law)
    gamma = discharge.electron_yield(coverage, BERG, law)
    scaled = volts * gamma / (law.reference_voltage_v * BERG.secondary_electron_yield)
    assert power / volts == pytest.approx(BERG.discharge_current_a * scaled**law.voltage_exponent, rel=1e-9)


@pytest.mark.parametrize(("compound", "sign"), [(0.08, 1), (0.1, 0), (0.2, -1)])
def test_the_sign_of_the_voltage_on_poisoning_is_data(compound: float, sign: int) -> None:
    law = LAW._replace(compound_electron_yield=compound)
    change = discharge.voltage_v(120.0, 1.0, BERG, law) - discharge.voltage_v(120.0, 0.0, BERG, law)
    assert np.sign(round(float(change), 6)) == sign


def test_at_the_reference_the_rates_are_those_of_the_reactive_gas_model() -> None:
    volts = discharge.voltage_v(LAW.reference_voltage_v * BERG.discharge_current_a, 0.0, BERG, LAW)
    assert volts == pytest.approx(LAW.reference_voltage_v)
    base = rg.rates(BERG)
    assert discharge.rates_at(volts, 120.0, 0.0, 1.0, base, BERG, LAW) == pytest.approx(base, rel=1e-12)
    worn = discharge.rates_at(volts, 120.0, 0.0, 0.5, base, BERG, LAW)
    assert worn.metal_erosion == pytest.approx(0.5 * base.metal_erosion)


@pytest.mark.parametrize(("volts", "metal_yield"), [(300.0, 0.31), (400.0, 0.40), (500.0, 0.47), (600.0, 0.54)])
def test_yield_follows_the_yamamura_table_of_titanium(volts: float, metal_yield: float) -> None:
    """Argon on Ti: .31/.40/.47/.54 at 300 to 600 eV; the exponent is fitted to them."""
    assert 0.40 * (volts / 400.0) ** LAW.sputter_exponent == pytest.approx(metal_yield, rel=0.03)


@pytest.mark.parametrize(
    ("symbol", "literature", "sign"), [("al", "magnetron", -1), ("ti", "magnetron", 1), ("ti", "beam", -1)]
)
def test_the_two_literatures_conflict_for_titanium_and_both_are_data(symbol: str, literature: str, sign: int) -> None:
    states = electrons(symbol, literature)
    berg = BERG._replace(secondary_electron_yield=states.metal)
    law = LAW._replace(compound_electron_yield=states.compound)
    change = discharge.voltage_v(120.0, 1.0, berg, law) - discharge.voltage_v(120.0, 0.0, berg, law)
    assert np.sign(change) == sign


def test_chemisorbed_oxygen_raises_the_voltage_of_aluminium_before_the_oxide_lowers_it() -> None:
    """Depla and De Gryse, J. Vac. Sci. Technol. A 20, 521 (2002), in sign."""
    states = electrons("al", "magnetron")
    berg = BERG._replace(secondary_electron_yield=states.metal)

    def volts(coverage: float) -> Any:
        gamma = discharge.chemisorbed_electron_yield(coverage, states, CHEMISORPTION)
        return discharge.voltage_at_yield_v(120.0, gamma, berg, LAW)

    assert volts(0.1) > volts(0.0) > volts(1.0)
    # The drop is whole at its coverage and nothing at either end.
    peak = CHEMISORPTION.coverage
    linear = states.metal + (states.compound - states.metal) * peak
    assert discharge.chemisorbed_electron_yield(peak, states, CHEMISORPTION) == pytest.approx(
        linear - CHEMISORPTION.drop
    )
    grid = np.linspace(0.0, 1.0, 10001)
    flat = ElectronYields(0.1, 0.1)
    assert grid[np.argmin(discharge.chemisorbed_electron_yield(grid, flat, CHEMISORPTION))] == pytest.approx(peak)
    for coverage, expected in ((0.0, states.metal), (1.0, states.compound)):
        assert discharge.chemisorbed_electron_yield(coverage, states, CHEMISORPTION) == pytest.approx(expected)


@given(st.floats(0.01, 5.0), st.floats(0.0, 1.5))
def test_ions_and_electrons_add_up_to_the_current(current: float, gamma: float) -> None:
    ions = discharge.ion_current_a(current, gamma)
    assert ions * (1.0 + gamma) == pytest.approx(current, rel=1e-12)
    area = CATHODE.target_area_m2 * CATHODE.eroded_fraction
    assert discharge.racetrack_ion_flux_m2_s(ions, CATHODE) * area * ELEMENTARY_CHARGE_C == pytest.approx(ions)


def test_ion_flux_is_that_of_the_reactive_gas_model() -> None:
    cathode = CATHODE._replace(target_area_m2=BERG.target_area_m2, eroded_fraction=1.0)
    ions = discharge.ion_current_a(BERG.discharge_current_a, BERG.secondary_electron_yield)
    assert discharge.racetrack_ion_flux_m2_s(ions, cathode) == pytest.approx(rg.ion_flux_m2_s(BERG), rel=1e-14)


def test_thorntons_least_voltage() -> None:
    # γ = 0.1 with nothing lost and no multiplication: 300 V.
    assert discharge.least_voltage_v(0.1, Sustaining(30.0, 1.0, 1.0, 1.0)) == pytest.approx(300.0)
    assert discharge.least_voltage_v(0.2, SUSTAINING) == pytest.approx(discharge.least_voltage_v(0.1, SUSTAINING) / 2)


@given(st.floats(5.0, 500.0))
def test_self_bias_goes_as_the_root_of_the_power(power: float) -> None:
    bias, ions = discharge.self_bias_v(power, RF), discharge.rf_ion_current_a(power, RF)
    assert discharge.self_bias_v(4.0 * power, RF) == pytest.approx(2.0 * bias)
    assert bias * ions == pytest.approx(RF.ion_power_fraction * power)
    assert discharge.self_bias_v(RF.reference_power_w, RF) == RF.reference_bias_v


@given(st.floats(0.0, 1e4), st.floats(1e-2, 1e2))
def test_gas_temperature_stays_between_its_ends_and_rises_with_power(power: float, pressure: float) -> None:
    kelvin = discharge.gas_temperature_k(power, pressure, HEATING)
    assert 350.0 <= kelvin <= 700.0
    assert discharge.gas_temperature_k(power + 10.0, pressure, HEATING) > kelvin
    assert discharge.gas_temperature_k(power, 2.0 * pressure, HEATING) <= kelvin


def test_gas_heating_is_linear_at_first_and_halfway_at_its_ratio() -> None:
    rise = [discharge.gas_temperature_k(power, 1.0, HEATING) - 350.0 for power in (1.0, 2.0, HEATING.half_ratio_w_pa)]
    assert rise[1] / rise[0] == pytest.approx(2.0, rel=2e-3)
    assert rise[2] == pytest.approx(175.0)


def test_density_of_an_ideal_gas() -> None:
    # Loschmidt's number: 2.6868e25 atoms/m³ at 0 °C and 101325 Pa.
    assert discharge.gas_density_m3(101325.0, 273.15) == pytest.approx(2.686780e25, rel=1e-6)


def test_slopes_are_finite_at_the_ends_of_the_coverage() -> None:
    import jax

    physics = bind(discharge, "jax")
    states = electrons("al", "magnetron")

    def volts(coverage: Any, drop: Chemisorption) -> Any:
        gamma = physics.chemisorbed_electron_yield(coverage, states, drop)
        return physics.voltage_at_yield_v(120.0, gamma, BERG, LAW)

    with jax.enable_x64(True):
        for coverage in (0.0, 0.25, 1.0):
            slopes = jax.tree.leaves(jax.grad(volts, argnums=(0, 1))(coverage, CHEMISORPTION))
            assert np.all(np.isfinite(slopes))
