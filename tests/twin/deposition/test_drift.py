import json
from dataclasses import asdict

import numpy as np
import pytest

from tansaki.twin.deposition import drift
from tansaki.twin.deposition.drift import ChamberState, DriftParameters
from tansaki.twin.quantities import load

LAB = load("instruments", "sputter_tio2_2inch").parameters("drift", DriftParameters)


def test_a_fresh_chamber_is_nominal() -> None:
    fresh = ChamberState()
    assert drift.wear_factor(fresh, LAB) == 1.0
    assert drift.outgassing_sccm(fresh, LAB) == 0.0
    assert drift.window_transmission(fresh, LAB) == 1.0


def test_energy_adds_up_and_the_wall_remembers() -> None:
    state = ChamberState()
    for _ in range(10):
        state = drift.advanced(state, LAB, plasma_s=720.0, power_w=500.0, oxygen_pa=0.02, normal=0.0)
    assert state.runs == 10
    assert state.target_energy_kwh == pytest.approx(1.0)  # 10 x 0.2 h x 0.5 kW
    assert drift.window_transmission(state, LAB) == pytest.approx(np.exp(-LAB.window_loss_per_kwh))
    # one relaxation time (7200 s) towards 0.02 Pa
    assert state.wall_oxygen_pa == pytest.approx(0.02 * (1.0 - np.exp(-1.0)))
    assert drift.wear_factor(state, LAB) == pytest.approx(np.exp(-1.0 / 50.0))
    cleaner = drift.advanced(state, LAB, plasma_s=720.0, power_w=500.0, oxygen_pa=1e-4, normal=0.0)
    assert drift.outgassing_sccm(cleaner, LAB) < drift.outgassing_sccm(state, LAB) < LAB.wall_outgassing_sccm


def test_the_gauge_error_is_stationary_with_the_stated_size_and_time() -> None:
    rng = np.random.default_rng(5)
    errors, state = [], ChamberState()
    for _ in range(20000):
        state = drift.advanced(state, LAB, plasma_s=14400.0, power_w=1.0, oxygen_pa=0.0, normal=rng.standard_normal())
        errors.append(state.gauge_error)
    late = np.array(errors[200:])
    # e^(-4 h/40 h) between runs: about 20 runs of memory, some 1000 independent values
    assert late.std() == pytest.approx(LAB.gauge_sigma, rel=0.1)
    assert np.corrcoef(late[1:], late[:-1])[0, 1] == pytest.approx(np.exp(-0.1), abs=0.01)


def test_a_state_survives_json() -> None:
    state = drift.advanced(ChamberState(), LAB, plasma_s=100.0, power_w=120.0, oxygen_pa=0.01, normal=1.3)
    assert ChamberState(**json.loads(json.dumps(asdict(state)))) == state
