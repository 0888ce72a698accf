"""Validation targets V4 to V9: listed values come from an independent prototype, the invariances are exact."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition import hysteresis
from tansaki.twin.deposition import reactive_gas as rg
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates, State
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load

STEP_S = 0.02
RISE_AND_FALL = ((1.3, 120.0), (0.75, 60.0))
"""Flow (sccm) and time (s) of a path through both jumps of T3, from rest at 1.2 sccm."""


@pytest.mark.parametrize(
    ("name", "up", "down", "critical_l_s"),
    [
        ("sputter_t3", 1.253, 0.809, 498.0),
        ("sputter_al2o3", 1.380, 0.797, 627.0),
        ("sputter_tin", None, None, 71.0),
        ("sputter_tio2_2inch", 0.719, 0.317, 664.0),
    ],
)
def test_v4_turning_points_and_critical_pumping_speed(
    name: str, up: float | None, down: float | None, critical_l_s: float
) -> None:
    parameters = load("instruments", name).parameters("reactive_gas", BergParameters)
    turns = hysteresis.turning_points(parameters)
    if turns is None:
        assert up is None
    else:
        assert turns.q_up_sccm == pytest.approx(up, rel=5e-3)
        assert turns.q_down_sccm == pytest.approx(down, rel=5e-3)
    # listed to whole litres per second
    assert hysteresis.critical_pumping_speed_m3_s(parameters) * 1e3 == pytest.approx(critical_l_s, rel=5e-3, abs=0.5)


def test_v4_states_at_the_turning_points(t3: BergParameters) -> None:
    turns = hysteresis.turning_points(t3)
    assert turns is not None
    assert hysteresis.pressure_pa(turns.up) == pytest.approx(7.4e-4, rel=0.01)
    assert turns.up[1:] == pytest.approx((0.443, 0.738), abs=5e-4)
    assert hysteresis.pressure_pa(turns.down) == pytest.approx(5.8e-3, rel=0.01)
    assert turns.down[1:] == pytest.approx((0.862, 0.989), abs=5e-4)
    # metal mode: 1.28e18 Ti atoms/s
    assert rg.sputtered_metal_per_s(0.0, t3) == pytest.approx(1.28e18, rel=0.01)


@pytest.mark.parametrize(("current", "q_up"), [(0.25, 0.626), (0.5, 1.253), (1.0, 2.506), (2.0, 5.012)])
def test_v5_turning_flow_of_getters_scales_with_current(t3: BergParameters, current: float, q_up: float) -> None:
    # p scales with I at given coverages, so Q does; S_crit stays
    scaled = t3._replace(discharge_current_a=current)
    turns, base = hysteresis.turning_points(scaled), hysteresis.turning_points(t3)
    assert turns is not None
    assert base is not None
    assert turns.q_up_sccm == pytest.approx(q_up, rel=1e-3, abs=1e-3)  # listed to three decimals, cut off
    assert turns.q_up_sccm == pytest.approx(base.q_up_sccm * current / 0.5, rel=1e-9)
    assert turns.q_down_sccm == pytest.approx(base.q_down_sccm * current / 0.5, rel=1e-9)
    assert hysteresis.critical_pumping_speed_m3_s(scaled) == pytest.approx(
        hysteresis.critical_pumping_speed_m3_s(t3), rel=1e-9
    )


@pytest.mark.parametrize(("sticking", "critical_l_s"), [(0.1, 100), (0.25, 249), (0.5, 498), (1.0, 997)])
def test_v5_critical_speed_scales_with_sticking_and_root_of_temperature_over_mass(
    t3: BergParameters, sticking: float, critical_l_s: float
) -> None:
    base = hysteresis.critical_pumping_speed_m3_s(t3)
    scaled = t3._replace(target_sticking=sticking, collector_sticking=sticking)
    assert hysteresis.critical_pumping_speed_m3_s(scaled) == pytest.approx(base * sticking / 0.5, rel=1e-9)
    assert hysteresis.critical_pumping_speed_m3_s(scaled) * 1e3 == pytest.approx(critical_l_s, rel=5e-3)
    hot = t3._replace(gas_temperature_k=600.0, gas_molar_mass_kg_mol=t3.gas_molar_mass_kg_mol / 2)
    assert hysteresis.critical_pumping_speed_m3_s(hot) == pytest.approx(2.0 * base, rel=1e-9)


@pytest.mark.parametrize("flow", [0.4, 1.0, 1.6])
def test_v6_the_chamber_comes_to_rest_where_the_steady_equations_say(t3: BergParameters, flow: float) -> None:
    states = hysteresis.steady_states(t3, flow)
    assert len(states) == (3 if flow == 1.0 else 1)
    coefficients = rg.rates(t3)
    step = bind(rg, "numba").step
    for start, rest in ((State(0.0, 0.0, 0.0), states[0]), (State(30.0, 1.0, 1.0), states[-1])):
        state = start
        for _ in range(round(300.0 / STEP_S)):
            state = step(state, flow, coefficients, STEP_S)
        assert state == pytest.approx(rest, rel=1e-6)
        # what comes in is pumped or gettered
        t, c = state.target_coverage, state.collector_coverage
        assert rg.balancing_flow_sccm(state.pressure_millipa, 1 - t, 1 - c, coefficients) == pytest.approx(
            flow, rel=1e-6
        )


def test_v6_gettered_oxygen_is_what_the_erosion_of_compound_and_the_growth_of_walls_hold(t3: BergParameters) -> None:
    """In rest every gettered gas atom leaves as compound: b/2 molecules per metal atom covered on the walls."""
    for flow in (0.4, 1.0, 1.6):
        for state in hysteresis.steady_states(t3, flow):
            ions = rg.ion_flux_m2_s(t3)
            t, c = state.target_coverage, state.collector_coverage
            f = rg.impingement_per_millipa(t3) * state.pressure_millipa
            onto_walls = t3.collector_sticking * f * (1 - c) * t3.collector_area_m2
            metal_covered = ions * t3.target_area_m2 * (t3.metal_yield * (1 - t) * c - t3.compound_yield * t * (1 - c))
            assert onto_walls == pytest.approx(t3.gas_atoms_per_metal_atom / 2 * metal_covered, rel=1e-6)


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [(0.6, 0.8, (0.024, 1.9, 3.3)), (1.2, 1.3, (28.0, 26.0, 23.0)), (1.3, 0.75, (2.1, 10.0, 13.0))],
)
def test_v7_response_times(t3: BergParameters, start: float, end: float, times: tuple[float, float, float]) -> None:
    assert hysteresis.response_times_s(t3, start, end) == pytest.approx(times, rel=0.05)


@pytest.mark.parametrize(("rate", "up", "down"), [(0.6, 1.417, 0.723), (0.12, 1.315, 0.778), (0.03, 1.279, 0.796)])
def test_v7_faster_ramps_jump_later(t3: BergParameters, rate: float, up: float, down: float) -> None:
    assert hysteresis.ramp_jump_sccm(t3, rate, "up") == pytest.approx(up, rel=0.05)
    assert hysteresis.ramp_jump_sccm(t3, rate, "down") == pytest.approx(down, rel=0.05)


def test_v7_a_ramp_can_be_too_fast_to_switch(t3: BergParameters) -> None:
    with pytest.raises(InvalidInputError, match="slower ramp"):
        hysteresis.ramp_jump_sccm(t3, 30.0, "down")


@pytest.mark.parametrize(("coverage", "eigenvalue"), [(0.3, -0.19), (0.5, 0.093), (0.65, 0.377), (0.8, 0.433)])
def test_v8_one_unstable_eigenvalue_on_the_middle_branch(
    t3: BergParameters, coverage: float, eigenvalue: float
) -> None:
    assert hysteresis.dominant_eigenvalue_per_s(t3, coverage) == pytest.approx(eigenvalue, rel=0.02)


@pytest.mark.parametrize(
    ("speed_l_s", "width"),
    [(20, 0.776), (50, 0.612), (100, 0.444), (200, 0.240), (300, 0.115), (400, 0.036), (450, 0.012)],
)
def test_v9_pumping_closes_the_loop(t3: BergParameters, speed_l_s: float, width: float) -> None:
    turns = hysteresis.turning_points(t3._replace(pumping_speed_m3_s=speed_l_s * 1e-3))
    assert turns is not None
    assert turns.width_sccm == pytest.approx(width, abs=1e-3)


def test_v9_no_loop_beyond_the_critical_speed(t3: BergParameters) -> None:
    critical = hysteresis.critical_pumping_speed_m3_s(t3)
    assert hysteresis.turning_points(t3._replace(pumping_speed_m3_s=critical * 1.001)) is None
    assert hysteresis.turning_points(t3._replace(pumping_speed_m3_s=critical * 0.999)) is not None


@pytest.mark.parametrize(
    ("compound_yield", "critical_l_s"), [(0.01, 652), (0.02, 498), (0.05, 303), (0.1, 174), (0.2, 71), (0.4, 3)]
)
def test_v9_the_loop_lives_on_the_yield_contrast(
    t3: BergParameters, compound_yield: float, critical_l_s: float
) -> None:
    changed = t3._replace(compound_yield=compound_yield)
    assert hysteresis.critical_pumping_speed_m3_s(changed) * 1e3 == pytest.approx(critical_l_s, rel=5e-3, abs=0.5)


def test_v9_equal_yields_have_no_hysteresis_at_any_speed(t3: BergParameters) -> None:
    assert hysteresis.critical_pumping_speed_m3_s(t3._replace(compound_yield=t3.metal_yield)) == pytest.approx(
        0, abs=1e-4
    )


@pytest.mark.parametrize(("area_cm2", "critical_l_s"), [(45.6, 498), (20, 361), (10, 258), (5, 175), (2, 96)])
def test_v9_a_small_erosion_zone_needs_little_pumping(t3: BergParameters, area_cm2: float, critical_l_s: float) -> None:
    changed = t3._replace(target_area_m2=area_cm2 * 1e-4)
    assert hysteresis.critical_pumping_speed_m3_s(changed) * 1e3 == pytest.approx(critical_l_s, rel=5e-3)


@cache
def exact_path(parameters: BergParameters) -> NDArray[np.float64]:
    """The path by Radau at a relative tolerance of 1e-12, one row every 0.02 s."""
    rows = [np.array(hysteresis.steady_states(parameters, 1.2)[0])]
    for flow, duration in RISE_AND_FALL:
        solution = hysteresis.integrate(parameters, State(*rows[-1]), flow, 0.0, duration, relative_tolerance=1e-12)
        assert solution.sol is not None
        rows.extend(solution.sol(np.arange(1, round(duration / STEP_S) + 1) * STEP_S).T)
    return np.array(rows[1:])


def errors(path: NDArray[np.float64], exact: NDArray[np.float64]) -> tuple[float, float]:
    """Largest error of the coverages, and of the pressure as a share of its largest value."""
    off = np.abs(path - exact)
    return float(off[:, 1:].max()), float(off[:, 0].max() / exact[:, 0].max())


def test_both_jumps_are_crossed_by_the_fixed_step_in_double_precision(t3: BergParameters) -> None:
    """Measured: 1.5e-5 in coverage and 1.2e-4 of the highest pressure, without one splitting step."""
    exact = exact_path(t3)
    coverage = exact[:, 1]
    assert coverage[0] < 0.443  # on the metallic branch ...
    assert coverage[5999] > 0.9  # ... up through Q_up to the poisoned one ...
    assert coverage[-1] < 0.3  # ... and back down through Q_down
    step, coefficients = bind(rg, "numba").step, rg.rates(t3)
    state = hysteresis.steady_states(t3, 1.2)[0]
    path = []
    for flow, duration in RISE_AND_FALL:
        for _ in range(round(duration / STEP_S)):
            state = step(state, flow, coefficients, STEP_S)
            path.append(state)
    of_coverage, of_pressure = errors(np.array(path), exact)
    assert of_coverage < 2e-5
    assert of_pressure < 1.5e-4


def test_both_jumps_are_crossed_by_the_fixed_step_in_single_precision(t3: BergParameters) -> None:
    """Measured: 1.6e-5 in coverage and 1.2e-4 of the highest pressure."""
    import jax
    import jax.numpy as jnp

    traced = bind(rg, "jax")
    single = np.float32
    coefficients = Rates(*(single(value) for value in rg.rates(t3)))
    start = State(*(jnp.asarray(value, single) for value in hysteresis.steady_states(t3, 1.2)[0]))
    flows = jnp.concatenate([jnp.full(round(time / STEP_S), flow, single) for flow, time in RISE_AND_FALL])

    def advance(state: State, flow: jax.Array) -> tuple[State, State]:
        after = traced.step(state, flow, coefficients, single(STEP_S))
        return after, after

    path = jax.jit(lambda begin: jax.lax.scan(advance, begin, flows)[1])(start)
    assert path.pressure_millipa.dtype == single
    of_coverage, of_pressure = errors(np.stack([np.asarray(x, np.float64) for x in path], axis=1), exact_path(t3))
    assert of_coverage < 3e-5
    assert of_pressure < 1.5e-4
