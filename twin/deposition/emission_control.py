"""Feedback on the light of the metal: the reactive gas is let in so that a metal line keeps its brightness.

The line follows the metal that leaves the target, so its signal falls as the target covers, one-to-one and at once: on
the middle branch, where three states share one flow, each has its own brightness. A controller of the flow reads the
photoelectrons of one exposure, and a valve answers after a delay and with a lag. Branches, hence NumPy or Numba.
"""

from typing import NamedTuple

import numpy as xp
from numpy.typing import NDArray

from tansaki.twin.deposition.discharge import DischargeParameters, rates_at, voltage_v
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates, State, step

LONGEST_STEP_S = 0.02
"""Size of step proven for the chamber."""
COLUMNS = ("time_s", "signal", "oxygen_flow_sccm", "oxygen_millipa", "target_coverage")
"""Of the array that `regulate` fills; the signal is over that of the bare target."""


class LightSignal(NamedTuple):
    """What the spectrometer sees of the line."""

    exposure_s: float
    counts: float
    """Photoelectrons of one exposure from the bare target."""
    read_noise: float
    """Counts."""


class EmissionControl(NamedTuple):
    """Section [emission_control]."""

    gain_sccm: float
    """Flow for a signal that is off by that of the bare target; 0 holds the flow."""
    integral_time_s: float


class Valve(NamedTuple):
    """What stands between the controller and the gas."""

    lag_s: float
    delay_s: float
    largest_flow_sccm: float


def metal_light(
    state: State, power_w: float, base: Rates, berg: BergParameters, discharge: DischargeParameters
) -> float:
    """Brightness of a metal line over that of the bare target: metal leaving times electrons, hence times current."""
    bare_volts = voltage_v(power_w, 0.0, berg, discharge)
    volts = voltage_v(power_w, state.target_coverage, berg, discharge)
    bare = rates_at(bare_volts, power_w, 0.0, 1.0, base, berg, discharge)
    now = rates_at(volts, power_w, state.target_coverage, 1.0, base, berg, discharge)
    leaving = now.metal_erosion * (1.0 - state.target_coverage) + now.compound_erosion * state.target_coverage
    light: float = leaving / bare.metal_erosion * bare_volts / volts
    return light


def regulate(
    set_point: float,
    state: State,
    flow_sccm: float,
    power_w: float,
    base: Rates,
    berg: BergParameters,
    discharge: DischargeParameters,
    valve: Valve,
    signal: LightSignal,
    control: EmissionControl,
    normals: NDArray[xp.float64],
    samples: NDArray[xp.float64],
) -> State:
    """Run the loop from `state` and `flow_sccm`, one exposure a row of `samples` (rows × `COLUMNS`).

    `set_point` is the wanted signal over that of the bare target; `normals` holds one standard normal an exposure.
    Too much light asks for more gas. Returns the last state.
    """
    inner = int(xp.ceil(signal.exposure_s / LONGEST_STEP_S))
    step_s = signal.exposure_s / inner
    delay = int(valve.delay_s / step_s + 0.5)
    ring = xp.full(delay + 1, flow_sccm)
    blend = 1.0 - xp.exp(-step_s / valve.lag_s)
    integral, flow, command, index = flow_sccm, flow_sccm, flow_sccm, 0
    for row in range(len(samples)):
        light = 0.0
        for _ in range(inner):
            light += metal_light(state, power_w, base, berg, discharge) / inner
            ring[index % (delay + 1)] = command
            flow += (ring[(index + 1) % (delay + 1)] - flow) * blend
            index += 1
            volts = voltage_v(power_w, state.target_coverage, berg, discharge)
            now = rates_at(volts, power_w, state.target_coverage, 1.0, base, berg, discharge)
            state = step(state, flow, now, step_s)
        expected = light * signal.counts
        counted = expected + xp.sqrt(expected + signal.read_noise**2) * normals[row]
        reading = counted / signal.counts
        miss = reading - set_point
        integral += control.gain_sccm * miss * signal.exposure_s / control.integral_time_s
        integral = min(max(integral, 0.0), valve.largest_flow_sccm)
        command = min(max(integral + control.gain_sccm * miss, 0.0), valve.largest_flow_sccm)
        samples[row, 0] = (row + 1) * signal.exposure_s
        samples[row, 1] = reading
        samples[row, 2] = flow
        samples[row, 3] = state.pressure_millipa
        samples[row, 4] = state.target_coverage
    return state
