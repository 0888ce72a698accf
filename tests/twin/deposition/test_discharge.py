"""Constant power, the power law, and the sign of the voltage on poisoning."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import discharge
from tansaki.twin.deposition import reactive_gas as rg
from tansaki.twin.deposition.discharge import DischargeParameters
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates
from tansaki.twin.quantities import load

FILE = load("instruments", "sputter_tio2_2inch")
BERG = FILE.parameters("reactive_gas", BergParameters)
LAW = FILE.parameters("discharge", DischargeParameters)


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(3)

    def around(value: float) -> Any:
        return np.asarray(value * np.exp(rng.uniform(-1, 1, 1000)), np.float32).astype(np.float64)

    berg, law = BergParameters(*map(around, BERG)), DischargeParameters(*map(around, LAW))
    base = Rates(*map(around, rg.rates(BERG)))
    coverage = np.asarray(rng.random(1000), np.float32).astype(np.float64)
    power, volts, wear = around(120.0), around(400.0), around(0.6)
    arguments = {
        "electron_yield": (coverage, berg, law),
        "voltage_v": (power, coverage, berg, law),
        "rates_at": (volts, power, coverage, wear, base, berg, law),
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
