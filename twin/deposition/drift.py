"""How a chamber changes from run to run: a stated process, seedable, and switched off by not advancing it.

- target wear: the erosion rate of the target falls with the sputtered energy E as exp(−E/E_w);
- wall memory: the walls keep the oxygen pressure they have seen, relaxing towards it with τ_w, and give off
  Q_max·m/(m + m_½) of oxygen when the plasma heats them (m the remembered pressure);
- gauge: its relative error is an Ornstein-Uhlenbeck process in hours of operation (σ, τ_g);
- window of the emission spectrometer: transmission falls exponentially with the sputtered energy.

Within one run all four are held: the run is short against their times.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from tansaki.twin.units import JOULES_PER_KILOWATT_HOUR, SECONDS_PER_HOUR


class DriftParameters(NamedTuple):
    """Sizes and times of the drift."""

    wear_energy_kwh: float
    wall_time_s: float
    wall_outgassing_sccm: float
    wall_half_pressure_pa: float
    gauge_sigma: float
    gauge_time_h: float
    window_loss_per_kwh: float


@dataclass(frozen=True, slots=True)
class ChamberState:
    """What a chamber remembers; plain numbers, so that it can be kept as JSON. The default is a fresh chamber."""

    runs: int = 0
    target_energy_kwh: float = 0.0
    wall_oxygen_pa: float = 0.0
    gauge_error: float = 0.0
    """Reading over truth, minus one."""


def wear_factor(state: ChamberState, drift: DriftParameters) -> float:
    """Erosion rate over that of a new target."""
    return math.exp(-state.target_energy_kwh / drift.wear_energy_kwh)


def outgassing_sccm(state: ChamberState, drift: DriftParameters) -> float:
    """Oxygen that the walls give off."""
    memory = state.wall_oxygen_pa
    return drift.wall_outgassing_sccm * memory / (memory + drift.wall_half_pressure_pa)


def window_transmission(state: ChamberState, drift: DriftParameters) -> float:
    """Light that the coated window still lets through."""
    return math.exp(-drift.window_loss_per_kwh * state.target_energy_kwh)


def advanced(
    state: ChamberState,
    drift: DriftParameters,
    *,
    plasma_s: float,
    power_w: float,
    oxygen_pa: float,
    normal: float,
) -> ChamberState:
    """The state after a run with `plasma_s` of plasma; `normal` is one standard normal, for the gauge."""
    hours = plasma_s / SECONDS_PER_HOUR
    kept = math.exp(-plasma_s / drift.wall_time_s)
    persistence = math.exp(-hours / drift.gauge_time_h)
    return ChamberState(
        runs=state.runs + 1,
        target_energy_kwh=state.target_energy_kwh + power_w * plasma_s / JOULES_PER_KILOWATT_HOUR,
        wall_oxygen_pa=oxygen_pa + (state.wall_oxygen_pa - oxygen_pa) * kept,
        gauge_error=state.gauge_error * persistence + drift.gauge_sigma * math.sqrt(1.0 - persistence**2) * normal,
    )
