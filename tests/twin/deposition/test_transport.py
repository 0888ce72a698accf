"""Scattering and energy on the way to the substrate, against the Monte Carlo they were fitted to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import transport
from tansaki.twin.deposition.transport import TransportParameters
from tansaki.twin.quantities import load

LAB = load("instruments", "sputter_tio2_2inch").parameters("transport", TransportParameters)


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(4)

    def around(value: float) -> Any:
        return np.asarray(value * np.exp(rng.uniform(-1, 1, 1000)), np.float32).astype(np.float64)

    lab, pressure = TransportParameters(*map(around, LAB)), around(1.0)
    arguments = {
        "arriving_fraction": (pressure, lab),
        "surviving_energy": (pressure, lab),
        "energy_per_atom_ev": (pressure, around(0.1), around(400.0), lab),
        "growth_rate_m_s": (around(4e18), pressure, lab),
    }
    assert set(arguments) == set(vars(bind(transport, "numpy")))
    for name, values in arguments.items():
        engines_agree(transport, name, values)


@pytest.mark.parametrize(("pressure", "energy"), [(1e-6, 19.2), (0.5, 16.5), (1.0, 12.9), (2.0, 8.7), (4.0, 3.9)])
def test_mean_energy_of_arriving_titanium(pressure: float, energy: float) -> None:
    """Monte Carlo, Ti over 0.1 m of argon at 400 K."""
    surviving = transport.surviving_energy(pressure, LAB)
    kinetic = LAB.thermal_energy_ev + (LAB.metal_energy_ev - LAB.thermal_energy_ev) * surviving
    assert kinetic == pytest.approx(energy, rel=0.06)


def test_keller_simmons_limits() -> None:
    assert transport.arriving_fraction(1e-6, LAB) == pytest.approx(1.0, abs=1e-6)
    # thick gas: p0 d0 / (p d)
    assert transport.arriving_fraction(1e3, LAB) == pytest.approx(0.258 / (1e3 * 0.1), rel=1e-12)


@given(st.floats(0.05, 10.0), st.floats(0.01, 0.5), st.floats(200.0, 600.0))
def test_energy_falls_with_pressure_and_with_yield(pressure: float, mean_yield: float, volts: float) -> None:
    here = transport.energy_per_atom_ev(pressure, mean_yield, volts, LAB)
    assert transport.energy_per_atom_ev(1.1 * pressure, mean_yield, volts, LAB) < here
    assert transport.energy_per_atom_ev(pressure, 1.1 * mean_yield, volts, LAB) < here
    assert here > LAB.condensation_energy_ev + LAB.radiation_energy_ev
