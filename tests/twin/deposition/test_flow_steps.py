"""A held flow that jumps while the film grows: the chamber crosses its hysteresis, and the film keeps the mark."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition import process
from tansaki.twin.deposition import reactive_gas as rg
from tansaki.twin.deposition.chamber import Chamber, DepositionRun, open_chamber
from tansaki.twin.deposition.discharge import rates_at, voltage_v
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.deposition.flow_steps import as_array
from tansaki.twin.deposition.process import Outcome
from tansaki.twin.deposition.reactive_gas import Rates, State
from tansaki.twin.deposition.slices import COLUMNS, MOST_SLICES
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Deposition

FRESH = ChamberState()
UP = ((100.0, 0.9),)
"""From the bare branch at 0.6 sccm beyond the turning point at 0.72 sccm."""


@pytest.fixture(scope="module")
def chamber() -> Chamber:
    return open_chamber("sputter_tio2_2inch")


def layer(flow_sccm: float, steps: tuple[tuple[float, float], ...] = (), **changed: Any) -> Deposition:
    nominal: dict[str, Any] = {"duration_s": 20000.0, "thickness_nm": 60.0, "oxygen_flow_sccm": flow_sccm}
    return Deposition(120.0, 1.0, 25.0, oxygen_flow_steps=steps, **(nominal | changed))


def deposited(chamber: Chamber, deposition: Deposition, **how: Any) -> DepositionRun:
    return chamber.deposit(deposition, FRESH, np.random.default_rng(0), **({"noise": False} | how))


def channel(run: DepositionRun, name: str) -> NDArray[np.float64]:
    return np.asarray(run.trace.channels[name], np.float64)


def test_the_film_carries_the_mark_of_a_jump(chamber: Chamber) -> None:
    run = deposited(chamber, layer(0.6, UP))
    poor, rich = (deposited(chamber, layer(flow)).conditions[0] for flow in (0.6, 0.9))
    assert run.status == "ok"
    bottom, top = run.conditions[0], run.conditions[-1]
    assert bottom.thickness_m == pytest.approx(100.0 * poor.rate_m_s, rel=0.05)
    for name in ("oxygen_coverage", "oxygen_pressure_pa", "energy_per_atom_ev", "rate_m_s"):
        assert getattr(bottom, name) == pytest.approx(getattr(poor, name), rel=0.02)
        assert getattr(top, name) == pytest.approx(getattr(rich, name), rel=0.02)
    coverages = [piece.oxygen_coverage for piece in run.conditions]
    assert coverages[0] < 0.3
    assert coverages[-1] > 0.99
    assert np.all(np.diff(coverages) > 0.0)
    # between them a few nanometres of transition, in slices of their own
    assert 3 <= len(run.conditions) <= 12
    assert sum(piece.thickness_m for piece in run.conditions[1:-1]) < 5e-9


def test_no_material_is_lost_between_slices_and_the_clock_agrees(chamber: Chamber) -> None:
    run = deposited(chamber, layer(0.6, ((50.0, 0.9), (400.0, 0.2), (500.0, 0.9), (520.0, 0.0))))
    assert sum(piece.thickness_m for piece in run.conditions) == pytest.approx(60e-9, rel=1e-9)
    events = {what: time for time, what in run.trace.events}
    grown_s = events["shutter closed"] - events["shutter open"]
    assert sum(piece.thickness_m / piece.rate_m_s for piece in run.conditions) == pytest.approx(grown_s, rel=1e-9)
    assert channel(run, "deposited_nm")[-1] == pytest.approx(60.0, rel=1e-9)
    assert np.all(np.diff(channel(run, "deposited_nm")) >= 0.0)


def test_the_trace_shows_the_jump(chamber: Chamber) -> None:
    run = deposited(chamber, layer(0.6, UP))
    opened, stepped = (run.trace.events[k][0] for k in (1, 2))
    assert run.trace.events[2][1] == "oxygen flow to 0.9 sccm"
    assert stepped == pytest.approx(opened + 100.0)
    time = np.asarray(run.trace.time_s, np.float64)
    lit = time >= opened
    before, after = lit & (time <= stepped), time > stepped + 3.0
    assert channel(run, "oxygen_flow_sccm")[before] == pytest.approx(0.6, rel=1e-6)
    assert channel(run, "oxygen_flow_sccm")[after] == pytest.approx(0.9, rel=1e-3)
    # the pressure follows with the delay of the target, the voltage of the poisoned target is higher
    assert channel(run, "oxygen_pressure_pa")[before].max() < 1e-3 < 0.02 < channel(run, "oxygen_pressure_pa")[-1]
    assert channel(run, "voltage_v")[-1] > channel(run, "voltage_v")[before][-1] + 30.0
    assert np.sum(lit & (time > stepped) & (time < stepped + 60.0)) > 30


def kernel(chamber: Chamber, deposition: Deposition) -> Outcome:
    """Every step of 0.02 s, none skipped."""
    return bind(process, "numba").run(
        chamber._settings(deposition, FRESH, 1.0, False, False),
        as_array(deposition),
        Rates(*(float(value) for value in rg.rates(chamber.berg))),
        chamber.berg,
        chamber.discharge,
        chamber.passage(deposition),
        chamber.control,
        np.random.default_rng(0),
        np.zeros((560, len(process.CHANNELS))),
        np.zeros((MOST_SLICES, COLUMNS)),
    )


@pytest.mark.parametrize(("start", "end"), [(0.6, 0.9), (0.6, 0.75), (0.9, 0.25)])
def test_a_jump_takes_the_time_that_the_equations_need(chamber: Chamber, start: float, end: float) -> None:
    """Berg's equations, the discharge at constant power and the valve, by SciPy's Radau at 1e-9."""
    from scipy.integrate import solve_ivp

    base = rg.rates(chamber.berg)

    def flow(time_s: float) -> float:
        since = time_s - chamber.control.valve_delay_s
        return start + (end - start) * -math.expm1(-max(since, 0.0) / chamber.control.valve_lag_s)

    def slope(time_s: float, y: NDArray[np.float64]) -> State:
        volts = voltage_v(120.0, y[1], chamber.berg, chamber.discharge)
        now = rates_at(volts, 120.0, y[1], 1.0, base, chamber.berg, chamber.discharge)
        return rg.time_derivative(State(*y), flow(time_s), now)

    seconds = np.array([2.0, 6.0, 12.0, 20.0, 40.0])
    before = kernel(chamber, layer(start, thickness_nm=None, duration_s=200.0)).state
    exact = solve_ivp(slope, (0.0, 40.0), np.array(before), "Radau", seconds, rtol=1e-9, atol=1e-12).y.T
    moved = [
        kernel(chamber, layer(start, ((200.0, end),), thickness_nm=None, duration_s=200.0 + s)).state for s in seconds
    ]
    # most of the way is covered while we look
    assert abs(exact[-1][1] - before.target_coverage) > 0.3
    # 0.02 s is how exactly a run of 0.02 s steps knows when the flow jumped
    steepest = np.abs([slope(float(s), y) for s, y in zip(seconds, exact, strict=True)])
    assert np.all(np.abs(np.array(moved) - exact) <= 0.04 * steepest + 2e-4 * np.abs(exact))


@pytest.mark.parametrize("steps", [UP, ((100.0, 0.9), (400.0, 0.1)), ((150.0, 0.65),)])
def test_fast_forward_gives_the_film_of_the_full_run(chamber: Chamber, steps: tuple[tuple[float, float], ...]) -> None:
    short, full = (deposited(chamber, layer(0.6, steps), fast_forward=fast) for fast in (True, False))
    assert short.duration_s == pytest.approx(full.duration_s, rel=1e-3)

    def profile(run: DepositionRun, name: str) -> NDArray[np.float64]:
        depth = np.cumsum([0.0] + [piece.thickness_m for piece in run.conditions])
        amount = np.cumsum([0.0] + [piece.thickness_m * getattr(piece, name) for piece in run.conditions])
        return np.interp(np.linspace(0.0, 60e-9, 7), depth, amount) / 60e-9

    # The chamber counts as settled, and the rest is skipped, within half a per cent of its rest.
    for name in ("oxygen_coverage", "energy_per_atom_ev"):
        assert profile(short, name) == pytest.approx(profile(full, name), rel=5e-3, abs=1e-4)


def test_what_a_flow_gives_depends_on_where_the_chamber_comes_from(chamber: Chamber) -> None:
    bare, poisoned = (deposited(chamber, layer(flow, ((100.0, 0.5),))).conditions[-1] for flow in (0.2, 0.9))
    assert poisoned.oxygen_pressure_pa > 10.0 * bare.oxygen_pressure_pa
    assert poisoned.oxygen_coverage > 0.99 > 0.5 > bare.oxygen_coverage


def test_a_film_finished_before_a_step_says_so(chamber: Chamber) -> None:
    run = deposited(chamber, layer(0.6, ((5000.0, 0.9),)))
    assert (run.status, len(run.conditions)) == ("partial", 1)
    assert "before the oxygen flow step at 5000 s" in run.message
    assert not any("flow to" in what for _, what in run.trace.events)


@pytest.mark.parametrize(
    ("deposition", "says"),
    [
        (Deposition(120.0, 1.0, 25.0, 600.0, oxygen_pressure_pa=1e-3, oxygen_flow_steps=UP), "regulated pressure"),
        (layer(0.6, ((0.0, 0.9),)), "times that rise"),
        (layer(0.6, ((20.0, 0.9), (20.0, 0.6))), "times that rise"),
        (layer(0.6, ((20000.0, 0.9),)), r"below duration_s \(20000 s\)"),
        (layer(0.6, ((math.nan, 0.9),)), "times that rise"),
        (layer(0.6, ((20.0, -0.1),)), "flows of 0 to 50 sccm"),
        (layer(0.6, ((20.0, 51.0),)), "flows of 0 to 50 sccm"),
        (layer(0.6, tuple((1.0 + k, 0.6) for k in range(9))), "at most 8"),
        (layer(0.6, ((20.0, 0.9, 1.0),)), "pairs"),  # type: ignore[arg-type]
    ],
)
def test_steps_that_cannot_be_are_refused(chamber: Chamber, deposition: Deposition, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        deposited(chamber, deposition)


@settings(max_examples=40, deadline=None)
@given(
    power=st.floats(100.0, 200.0),
    flows=st.lists(st.floats(0.0, 3.0), min_size=2, max_size=9),
    seed=st.integers(0, 2**32),
)
def test_any_series_of_steps_gives_a_sane_film(power: float, flows: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.001, 300.0, len(flows) - 1))
    steps = tuple((float(t), flow) for t, flow in zip(times, flows[1:], strict=True))
    deposition = Deposition(power, 1.0, 25.0, 3000.0, oxygen_flow_sccm=flows[0], oxygen_flow_steps=steps)
    run = open_chamber().deposit(deposition, FRESH, rng)
    assert 1 <= len(run.conditions) <= MOST_SLICES
    assert all(0.0 <= piece.oxygen_coverage <= 1.0 for piece in run.conditions)
    assert sum(piece.thickness_m / piece.rate_m_s for piece in run.conditions) == pytest.approx(3000.0, rel=1e-6)
    assert np.all(np.diff(np.asarray(run.trace.time_s, np.float64)) > 0)
    assert run.trace.time_s[-1] == pytest.approx(run.duration_s)
    assert len(run.trace.time_s) <= 600
