"""Feedback on the metal line holds the chamber where a held flow lets it go."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition import emission_control, reactive_gas
from tansaki.twin.deposition.chamber import Chamber, open_chamber
from tansaki.twin.deposition.emission_control import COLUMNS, EmissionControl, LightSignal, Valve
from tansaki.twin.deposition.reactive_gas import Rates, State
from tansaki.twin.deposition.steady import rest
from tansaki.twin.quantities import load

POWER_W = 120.0
SIGNAL = LightSignal(0.05, 5000.0, 8.0)
SECONDS = 300.0


@pytest.fixture(scope="module")
def chamber() -> Chamber:
    return open_chamber()


def light(state: State, chamber: Chamber) -> float:
    return emission_control.metal_light(state, POWER_W, rates(chamber), chamber.berg, chamber.discharge)


def rates(chamber: Chamber) -> Rates:
    return Rates(*(float(value) for value in reactive_gas.rates(chamber.berg)))


def run(
    chamber: Chamber, millipa: float, control: EmissionControl, signal: LightSignal = SIGNAL
) -> NDArray[np.float64]:
    """From 2 % beside the steady state at this oxygen pressure, in `COLUMNS`."""
    resting = rest(POWER_W, 1e-3 * millipa, chamber.berg, chamber.discharge)
    state = State(*(float(value) for value in resting.state))
    samples = np.zeros((int(SECONDS / signal.exposure_s), len(COLUMNS)))
    c = chamber.control
    bind(emission_control, "numba").regulate(
        light(state, chamber),
        state._replace(target_coverage=1.02 * state.target_coverage),
        float(resting.flow_sccm),
        POWER_W,
        rates(chamber),
        chamber.berg,
        chamber.discharge,
        Valve(c.valve_lag_s, c.valve_delay_s, c.largest_flow_sccm),
        signal,
        control,
        np.random.default_rng(0).standard_normal(len(samples)),
        samples,
    )
    return samples


@pytest.mark.parametrize("millipa", [0.5, 1.0, 2.0, 4.0])
def test_light_holds_the_middle_branch_and_a_held_flow_does_not(chamber: Chamber, millipa: float) -> None:
    wanted = float(rest(POWER_W, 1e-3 * millipa, chamber.berg, chamber.discharge).state.target_coverage)
    control = load("instruments", chamber.name).parameters("emission_control", EmissionControl)
    held = run(chamber, millipa, control)[-2000:, 4]
    assert held.mean() == pytest.approx(wanted, abs=0.01)
    assert held.std() < 0.02
    left = run(chamber, millipa, control._replace(gain_sccm=0.0))
    assert abs(left[-1, 4] - wanted) > 0.015
    assert left[-1, 4] > 0.9


def test_a_slow_signal_does_not_hold_it(chamber: Chamber) -> None:
    control = load("instruments", chamber.name).parameters("emission_control", EmissionControl)
    slow = run(chamber, 1.0, control, SIGNAL._replace(exposure_s=2.0, counts=2e5))
    assert slow[-50:, 4].std() > 0.1


def test_the_light_falls_with_coverage_from_that_of_the_bare_target(chamber: Chamber) -> None:
    assert light(State(0.0, 0.0, 0.0), chamber) == pytest.approx(1.0, rel=1e-12)
    coverages = np.linspace(0.0, 1.0, 50)
    values = [light(State(1.0, float(theta), 0.5), chamber) for theta in coverages]
    assert np.all(np.diff(values) < 0.0)
    assert values[-1] < 0.06
