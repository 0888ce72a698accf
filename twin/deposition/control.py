"""Flow controller of the reactive gas, and the rule by which a chamber counts as settled. Branches, hence Numba.

A PI controller turns the miss of the oxygen gauge into a flow; the valve answers after a delay and with a lag. On the
middle branch the chamber is unstable at constant flow, so only a controller that is fast enough holds it there.

Settled means, for `settled_for_s` on end:

- regulated pressure: the gauge, smoothed over `filter_s`, and what it should read at the true pressure lie within
  `pressure_tolerance` of the set point, both coverages within `coverage_tolerance` of the steady state there;
- held flow: the Newton step to the nearest steady state is shorter than the same tolerances (close to a turning
  point, where everything is slow but nothing rests, this step is long).
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.deposition.discharge import DischargeParameters, rates_at, voltage_v
from tansaki.twin.deposition.reactive_gas import (
    BergParameters,
    Rates,
    State,
    jacobian,
    solve_shifted,
    steady_state,
    time_derivative,
)

FIXED_POINT_ITERATIONS = 60


class ControlParameters(NamedTuple):
    """Gauge, valve, controller and the rules of pre-sputtering."""

    proportional_gain: float
    """sccm per 10⁻³ Pa, towards low set points."""
    proportional_floor: float
    """sccm per 10⁻³ Pa, towards high set points."""
    gain_pressure_millipa: float
    """Set point at which the gain above the floor has halved, at the reference power."""
    integral_time_s: float
    valve_lag_s: float
    valve_delay_s: float
    largest_flow_sccm: float
    gauge_noise: float
    """Relative standard deviation of one reading (every 0.02 s)."""
    gauge_floor_millipa: float
    filter_s: float
    pressure_tolerance: float
    coverage_tolerance: float
    settled_for_s: float
    shortest_presputter_s: float
    longest_presputter_s: float


class Settings(NamedTuple):
    """One run: what is asked, and the condition of the chamber."""

    power_w: float
    argon_pressure_pa: float
    set_point_millipa: float
    """Regulated oxygen pressure, or 0 for a held flow."""
    flow_sccm: float
    monitor_thickness_m: float
    """Monitor reading at which the shutter closes (infinite: none)."""
    open_s: float
    """Longest time with open shutter."""
    growth_sample_s: float
    """Time between samples of an unsettled growth; a settled one is sampled at least this far apart."""
    wear_factor: float
    outgassing_sccm: float
    gauge_gain: float
    monitor_gain: float
    noise: float
    """Scale of the gauge noise: 1 or 0."""
    fast_forward: float


def gain_sccm_millipa(set_point_millipa: float, power_ratio: float, control: ControlParameters) -> float:
    """Proportional gain for a set point and a power relative to the reference: K∞ + K₀/[1 + (p/p_K)²].

    The pressure answers a flow by k_BT/(S + gettering): two orders more on a poisoned than on a bare wall, so one
    gain cannot serve both. Coverages depend on pressure over ion current, hence p_K goes with the power.
    """
    ratio = set_point_millipa / (control.gain_pressure_millipa * power_ratio)
    return control.proportional_floor + control.proportional_gain / (1.0 + ratio * ratio)


def newton_step(state: State, flow_sccm: float, coefficients: Rates) -> State:
    """The way to the steady state at this flow, to first order: −Jacobian⁻¹ · time derivative."""
    slope = time_derivative(state, flow_sccm, coefficients)
    # (1 − shift·J) x = shift·f tends to −J x = f
    shift = 1e9
    scaled = State(shift * slope.pressure_millipa, shift * slope.target_coverage, shift * slope.collector_coverage)
    return solve_shifted(jacobian(state, coefficients), shift, scaled)


def resting_state(
    state: State,
    flow_sccm: float,
    settings: Settings,
    base: Rates,
    berg: BergParameters,
    discharge: DischargeParameters,
) -> State:
    """The steady state beside `state`, with the current that belongs to it."""
    for _ in range(FIXED_POINT_ITERATIONS):
        volts = voltage_v(settings.power_w, state.target_coverage, berg, discharge)
        now = rates_at(volts, settings.power_w, state.target_coverage, settings.wear_factor, base, berg, discharge)
        if settings.set_point_millipa > 0.0:
            state = steady_state(settings.set_point_millipa / settings.gauge_gain, now)
        else:
            way = newton_step(state, flow_sccm, now)
            state = State(
                xp.maximum(state.pressure_millipa + way.pressure_millipa, 0.0),
                min(max(state.target_coverage + way.target_coverage, 0.0), 1.0),
                min(max(state.collector_coverage + way.collector_coverage, 0.0), 1.0),
            )
    return state


def is_near_rest(
    state: State,
    smoothed_millipa: float,
    flow_sccm: float,
    settings: Settings,
    coefficients: Rates,
    control: ControlParameters,
) -> bool:
    """Whether the chamber counts as settled at this instant (see the head of the module)."""
    if settings.set_point_millipa > 0.0:
        rest = steady_state(state.pressure_millipa, coefficients)
        wanted = settings.set_point_millipa
        # the truth as well: smoothing hides a loop that swings faster than the filter
        off = max(
            abs(smoothed_millipa / wanted - 1.0), abs(state.pressure_millipa * settings.gauge_gain / wanted - 1.0)
        )
        target = rest.target_coverage - state.target_coverage
        walls = rest.collector_coverage - state.collector_coverage
    else:
        way = newton_step(state, flow_sccm, coefficients)
        off = abs(way.pressure_millipa) / max(state.pressure_millipa, 1e-9)
        target, walls = way.target_coverage, way.collector_coverage
    small = control.coverage_tolerance
    return bool(off < control.pressure_tolerance and abs(target) < small and abs(walls) < small)
