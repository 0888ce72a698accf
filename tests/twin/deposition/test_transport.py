"""What the substrate gets: limits of the passage through the gas, and the energy balance of the film."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import transport
from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.records import Deposition
from tansaki.twin.units import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C

PASSAGE = open_chamber().passage(Deposition(100.0, 1.0, 25.0, 3600.0))
LAB = PASSAGE.transport


def test_engines_agree_on_1000_random_inputs() -> None:
    import jax

    rng = np.random.default_rng(4)
    pressure, mean_yield, volts = (v * np.exp(rng.uniform(-1.0, 1.0, 1000)) for v in (1.0, 0.1, 400.0))
    calls: dict[str, Any] = {
        "passing_fraction": (pressure,),
        "kinetic_energy_ev": (pressure,),
        "surviving_energy": (pressure,),
        "energy_per_atom_ev": (pressure, mean_yield, 2.0 * mean_yield, volts),
        "growth_rate_m_s": (4e18 * mean_yield, pressure),
    }
    assert set(calls) == set(vars(bind(transport, "numpy")))
    for name, values in calls.items():
        expected = np.array([getattr(transport, name)(*row, PASSAGE) for row in zip(*values, strict=True)])
        compiled = getattr(bind(transport, "numba"), name)
        assert [compiled(*row, PASSAGE) for row in zip(*values, strict=True)] == pytest.approx(expected, rel=1e-12)
        traced = jax.jit(jax.vmap(lambda *row, name=name: getattr(bind(transport, "jax"), name)(*row, PASSAGE)))
        with jax.enable_x64(True):
            np.testing.assert_allclose(traced(*values), expected, rtol=1e-12)
        np.testing.assert_allclose(traced(*(v.astype(np.float32) for v in values)), expected, rtol=1e-5)


def test_without_gas_everything_arrives_with_its_energy() -> None:
    assert transport.passing_fraction(1e-9, PASSAGE) == pytest.approx(1.0, abs=1e-6)
    assert transport.surviving_energy(1e-9, PASSAGE) == pytest.approx(1.0, abs=1e-6)
    assert transport.kinetic_energy_ev(1e-9, PASSAGE) == pytest.approx(PASSAGE.path.emitted_energy_ev, rel=1e-6)


def test_thick_gas_leaves_a_thermal_beam() -> None:
    thermal_ev = 2.0 * BOLTZMANN_J_K / ELEMENTARY_CHARGE_C * PASSAGE.gas_temperature_k
    assert transport.kinetic_energy_ev(100.0, PASSAGE) == pytest.approx(thermal_ev, rel=1e-3)
    ratio = transport.passing_fraction(50.0, PASSAGE) / transport.passing_fraction(100.0, PASSAGE)
    assert ratio == pytest.approx(2.0, rel=0.01)


@given(st.floats(0.05, 10.0), st.floats(0.01, 0.5), st.floats(200.0, 600.0))
def test_energy_falls_with_pressure_and_with_yield(pressure: float, mean_yield: float, volts: float) -> None:
    here = transport.energy_per_atom_ev(pressure, mean_yield, 0.5, volts, PASSAGE)
    assert transport.energy_per_atom_ev(1.1 * pressure, mean_yield, 0.5, volts, PASSAGE) < here
    assert transport.energy_per_atom_ev(pressure, 1.1 * mean_yield, 0.5, volts, PASSAGE) < here
    assert transport.energy_per_atom_ev(pressure, mean_yield, 1.0, volts, PASSAGE) > here
    assert here > LAB.condensation_energy_ev + LAB.radiation_energy_ev


def test_a_stronger_plasma_heats_the_gas_and_more_arrives() -> None:
    chamber = open_chamber()
    weak, strong = (chamber.passage(Deposition(power, 2.0, 25.0, 3600.0)) for power in (30.0, 300.0))
    assert weak.gas_temperature_k < strong.gas_temperature_k
    assert transport.passing_fraction(2.0, weak) < transport.passing_fraction(2.0, strong)
