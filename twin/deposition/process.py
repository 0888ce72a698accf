"""One sputter run in time: plasma with closed shutter, flow controller, film growth. Loops, hence Numba (or NumPy).

The discharge current, and with it the erosion, is held over one step of 0.02 s; the coverages move far slower.

With a closed shutter the chamber is stepped until it has settled (rule in `tansaki.twin.deposition.control`). A
settled chamber stays in its steady state while the film grows, so growth is carried by that state instead of hours
of 0.02 s steps (`fast_forward`); one that had not settled is stepped. A step of the held flow wakes a resting
chamber: it is stepped until it has settled again. What this neglects is the jitter that the gauge noise puts on the
pressure, and the last of the settling.

The film is kept as a stack of slices (`tansaki.twin.deposition.slices`): one where growth was steady.
"""

from typing import Any, NamedTuple

import numpy as xp
from numpy.typing import NDArray

from tansaki.twin.deposition.control import (
    ControlParameters,
    Settings,
    gain_sccm_millipa,
    is_near_rest,
    resting_state,
)
from tansaki.twin.deposition.discharge import DischargeParameters, rates_at, voltage_v
from tansaki.twin.deposition.reactive_gas import (
    BergParameters,
    Rates,
    State,
    balancing_flow_sccm,
    step,
)
from tansaki.twin.deposition.slices import OXYGEN, THICKNESS, lay_down
from tansaki.twin.deposition.steady import growth as growth_at
from tansaki.twin.deposition.transport import Passage

STEP_S = 0.02
SHUT_SAMPLES = 240
"""Most samples before the shutter opens; `run` needs more than twice as many rows."""
TRANSIENT_SAMPLE_S = 0.2
"""Least time between samples after a step of the flow."""
TRANSIENT_SPREAD = 8.0
"""That time grows with the time since the step, so that a transient of any length fits into its share of the rows."""
CHANNELS = (
    "time_s",
    "oxygen_pressure_pa",
    "true_oxygen_pa",
    "oxygen_flow_sccm",
    "voltage_v",
    "target_coverage",
    "collector_coverage",
    "deposited_m",
)
"""Columns of the array that `run` fills."""


class Outcome(NamedTuple):
    """What `run` returns beside samples and slices."""

    samples: int
    slices: int
    flow_steps: int
    """How many steps of the flow came before the shutter closed."""
    settled: bool
    """Whether the chamber had settled when the shutter opened."""
    presputter_s: float
    growth_s: float
    thickness_m: float
    oxygen_millipa: float
    """Mean over the film."""
    state: State


class Segment(NamedTuple):
    """Growth at rest, until a step of the flow or to the end of the run."""

    samples: int
    slices: int
    duration_s: float
    deposited_m: float
    """Thickness of the film after it."""
    flow_sccm: float
    is_last: bool
    """Whether the film is as thick as wanted."""
    state: State


def gauge_millipa(state: State, settings: Settings, control: ControlParameters, generator: Any) -> float:
    """One reading of the oxygen gauge."""
    level: float = state.pressure_millipa * settings.gauge_gain
    if settings.noise > 0.0:
        level += (
            settings.noise * (control.gauge_noise * level + control.gauge_floor_millipa) * generator.standard_normal()
        )
    return level


def record(
    row: NDArray[xp.float64],
    time_s: float,
    reading_millipa: float,
    state: State,
    flow_sccm: float,
    volts: float,
    grown_m: float,
    settings: Settings,
) -> None:
    """Write one sample in the order of `CHANNELS`."""
    row[0] = time_s
    row[1] = 1e-3 * reading_millipa
    row[2] = 1e-3 * state.pressure_millipa
    row[3] = flow_sccm
    row[4] = volts
    row[5] = state.target_coverage
    row[6] = state.collector_coverage
    row[7] = grown_m * settings.monitor_gain


def mean_oxygen_millipa(slices: NDArray[xp.float64], count: int) -> float:
    """Oxygen pressure weighted by the thickness of the slices."""
    height, sum_oxygen = 0.0, 0.0
    for k in range(count):
        height += slices[k, THICKNESS]
        sum_oxygen += slices[k, OXYGEN]
    return sum_oxygen / height


def grow_at_rest(
    state: State,
    flow_sccm: float,
    since_s: float,
    longest_s: float,
    deposited_m: float,
    rows: int,
    most_rows: int,
    layers: int,
    settings: Settings,
    base: Rates,
    berg: BergParameters,
    discharge: DischargeParameters,
    passage: Passage,
    control: ControlParameters,
    generator: Any,
    samples: NDArray[xp.float64],
    slices: NDArray[xp.float64],
) -> Segment:
    """Growth in the steady state beside `state`, from `since_s` until the film is thick enough, at most `longest_s`."""
    state = resting_state(state, flow_sccm + settings.outgassing_sccm, settings, base, berg, discharge)
    volts = voltage_v(settings.power_w, state.target_coverage, berg, discharge)
    now = rates_at(volts, settings.power_w, state.target_coverage, settings.wear_factor, base, berg, discharge)
    if settings.set_point_millipa > 0.0:
        metal_t, metal_c = 1.0 - state.target_coverage, 1.0 - state.collector_coverage
        needed = balancing_flow_sccm(state.pressure_millipa, metal_t, metal_c, now)
        flow_sccm = max(needed - settings.outgassing_sccm, 0.0)
    growth = growth_at(state, volts, now, settings.argon_pressure_pa, berg, passage)
    missing_s = (settings.monitor_thickness_m / settings.monitor_gain - deposited_m) / growth.rate_m_s
    is_last = missing_s <= longest_s
    growth_s = min(missing_s, longest_s)
    if samples[rows - 1, 0] > since_s - 0.5 * STEP_S:
        rows -= 1  # this instant is sampled again as the first of the growth
    intervals = max(1, min(most_rows - rows - 1, int(growth_s)))
    for k in range(intervals + 1):
        since = growth_s * k / intervals
        reading = gauge_millipa(state, settings, control, generator)
        grown = deposited_m + growth.rate_m_s * since
        record(samples[rows + k], since_s + since, reading, state, flow_sccm, volts, grown, settings)
    thickness_m = growth.rate_m_s * growth_s
    layers = lay_down(slices, layers, thickness_m, growth_s, state.pressure_millipa, growth.coverage, growth.energy_ev)
    return Segment(rows + intervals + 1, layers, growth_s, deposited_m + thickness_m, flow_sccm, is_last, state)


def run(
    settings: Settings,
    flow_steps: NDArray[xp.float64],
    base: Rates,
    berg: BergParameters,
    discharge: DischargeParameters,
    passage: Passage,
    control: ControlParameters,
    generator: Any,
    samples: NDArray[xp.float64],
    slices: NDArray[xp.float64],
) -> Outcome:
    """Pre-sputter, open the shutter, grow, close.

    Fills `samples` (rows × `CHANNELS`) with time from ignition, and `slices` (rows × the columns of
    `tansaki.twin.deposition.slices`) with the film, bottom first. `flow_steps` (steps × 2) holds seconds after the
    shutter opened, rising, and the flow from then on. The target starts bare: it was cleaned in argon. `generator`
    gives one standard normal a reading.
    """
    regulated = settings.set_point_millipa > 0.0
    power_ratio = settings.power_w / (discharge.reference_voltage_v * berg.discharge_current_a)
    gain = gain_sccm_millipa(settings.set_point_millipa, power_ratio, control)
    blend = 1.0 - xp.exp(-STEP_S / control.valve_lag_s)
    delay = int(control.valve_delay_s / STEP_S + 0.5)
    ring = xp.zeros(delay + 1)
    shut_sample_s = max(1.0, control.longest_presputter_s / SHUT_SAMPLES)
    command = 0.0 if regulated else settings.flow_sccm
    ring[:] = command
    integral, flow, smoothed, reading = 0.0, 0.0, 0.0, 0.0
    state = State(0.0, 0.0, 0.0)
    rows, layers, calm_s, time_s, next_sample = 0, 0, 0.0, 0.0, 0.0
    is_open, settled, may_rest = False, False, False
    opened_s, deposited = 0.0, 0.0
    stepped, stepped_s, row_share, row_limit = 0, 0.0, 0, samples.shape[0]
    index = 0
    while True:
        while is_open and stepped < len(flow_steps) and time_s > opened_s + flow_steps[stepped, 0] - 0.5 * STEP_S:
            command = flow_steps[stepped, 1]
            stepped += 1
            stepped_s, calm_s, may_rest = time_s, 0.0, True
            row_limit += row_share
            next_sample = time_s + TRANSIENT_SAMPLE_S
        volts = voltage_v(settings.power_w, state.target_coverage, berg, discharge)
        now = rates_at(volts, settings.power_w, state.target_coverage, settings.wear_factor, base, berg, discharge)
        reading = gauge_millipa(state, settings, control, generator)
        smoothed += (reading - smoothed) * STEP_S / control.filter_s
        if time_s >= next_sample - 0.5 * STEP_S and rows < row_limit:
            record(samples[rows], time_s, reading, state, flow, volts, deposited, settings)
            rows += 1
            if stepped > 0:
                spread_s = (time_s - stepped_s) * TRANSIENT_SPREAD / row_share
                next_sample = time_s + max(TRANSIENT_SAMPLE_S, spread_s)
            else:
                next_sample = time_s + (settings.growth_sample_s if is_open else shut_sample_s)
        if regulated:
            miss = settings.set_point_millipa - reading
            integral = min(
                max(integral + gain / control.integral_time_s * miss * STEP_S, 0.0), control.largest_flow_sccm
            )
            command = min(max(gain * miss + integral, 0.0), control.largest_flow_sccm)
        ring[index % (delay + 1)] = command
        flow += (ring[(index + 1) % (delay + 1)] - flow) * blend
        index += 1
        if may_rest or not is_open:
            near = is_near_rest(state, smoothed, flow + settings.outgassing_sccm, settings, now, control)
            calm_s = calm_s + STEP_S if near else 0.0
        if not is_open:
            settled = calm_s >= control.settled_for_s
            if (settled and time_s >= control.shortest_presputter_s) or time_s >= control.longest_presputter_s:
                is_open, may_rest = True, settled
                opened_s = time_s
                if len(flow_steps) > 0:
                    row_share = (samples.shape[0] - rows) // (2 * len(flow_steps) + 1)
                    row_limit = rows + row_share
        if may_rest and is_open and calm_s >= control.settled_for_s and settings.fast_forward > 0.0:
            more_steps = stepped < len(flow_steps)
            until_s = opened_s + (flow_steps[stepped, 0] if more_steps else settings.open_s) - time_s
            row_limit += row_share if stepped > 0 else 0
            segment = grow_at_rest(
                state,
                flow,
                time_s,
                until_s,
                deposited,
                rows,
                row_limit if more_steps else samples.shape[0],
                layers,
                settings,
                base,
                berg,
                discharge,
                passage,
                control,
                generator,
                samples,
                slices,
            )
            state, rows, layers, deposited = segment.state, segment.samples, segment.slices, segment.deposited_m
            flow = segment.flow_sccm
            ring[:] = flow
            time_s += segment.duration_s
            if segment.is_last or not more_steps:
                return Outcome(
                    rows,
                    layers,
                    stepped,
                    settled,
                    opened_s,
                    time_s - opened_s,
                    deposited,
                    mean_oxygen_millipa(slices, layers),
                    state,
                )
            continue
        if is_open:
            growth = growth_at(state, volts, now, settings.argon_pressure_pa, berg, passage)
            left_s = opened_s + settings.open_s - time_s
            span = min(STEP_S, left_s)
            missing = settings.monitor_thickness_m / settings.monitor_gain - deposited
            is_last = left_s < 1.000001 * STEP_S
            if missing <= growth.rate_m_s * span:
                span = missing / growth.rate_m_s
                is_last = True
            weight = growth.rate_m_s * span
            deposited += weight
            layers = lay_down(slices, layers, weight, span, state.pressure_millipa, growth.coverage, growth.energy_ev)
            if is_last:
                time_s += span
                break
        state = step(state, flow + settings.outgassing_sccm, now, STEP_S)
        time_s += STEP_S
    overlaps = samples[rows - 1, 0] > time_s - 0.5 * STEP_S or rows == samples.shape[0]
    last = rows - 1 if overlaps else rows
    record(samples[last], time_s, reading, state, flow, volts, deposited, settings)
    return Outcome(
        last + 1,
        layers,
        stepped,
        settled,
        opened_s,
        time_s - opened_s,
        deposited,
        mean_oxygen_millipa(slices, layers),
        state,
    )
