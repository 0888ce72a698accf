"""What watches the process: lags of gauges, light of the plasma, partial pressures."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tansaki.twin.deposition.chamber import Chamber
    from tansaki.twin.deposition.course import Course
    from tansaki.twin.deposition.emission_control import EmissionControl, LightSignal, Valve
    from tansaki.twin.deposition.reactive_gas import Rates, State

GROUP: Final = "plasma"
POWER_W: Final = 120.0
ARGON_PA: Final = 1.0
LAG: Final = "closed form of a first-order lag after a dead time"
ROUND_TRIP: Final = "the course that the record was made from, without noise"
ACTINOMETRY: Final = "n_O/n_Ar = K I_O/I_Ar where excitation from the ground state rules"


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _lags()
    yield from _actinometry()
    yield from _residual_gas()
    yield from _hysteresis()
    yield from _regulation()


def _lags() -> Iterator[Row]:
    """Step and ramp on an uneven grid."""
    import numpy as np

    from tansaki.twin.measurement.process.gauges import lagged

    lag_s, dead_s = 2.0, 0.5
    time = np.array([-1.0, 0.0, 0.0, 0.3, 1.1, dead_s + lag_s, dead_s + 3.0 * lag_s])
    step = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    seen = lagged(time, step, lag_s, dead_s)
    for k, constants in ((5, 1.0), (6, 3.0)):
        label = f"reading after {constants:g} time constants of a unit step"
        yield relative("P1", GROUP, label, 1.0 - math.exp(-constants), float(seen[k]), 1e-12, LAG, "exact")
    late = np.array([0.0, 0.7, 3.0, 100.0])
    behind = 100.0 - float(lagged(late, late, lag_s, dead_s)[-1])
    label = "how long a reading is behind a lasting ramp, s"
    yield relative("P1", GROUP, label, lag_s + dead_s, behind, 1e-12, LAG, "exact")


def _actinometry() -> Iterator[Row]:
    """Ratio of oxygen to argon through the whole chain, and the light that plain actinometry takes for atoms."""
    import numpy as np

    from tansaki.twin.deposition.course import at_instants
    from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer
    from tansaki.twin.quantities import load

    spectrometer = EmissionSpectrometer(load("instruments", EmissionSpectrometer.name))
    for oxygen_pa in (0.01, 0.03, 0.1):
        course = _course(oxygen_pa)
        found = spectrometer.measure(course, None).derived["oxygen_to_argon"].value
        first, last = course.time_s[course.burning][[0, -1]]
        seen = at_instants(course, np.linspace(first, last, round(spectrometer.choices["exposures"].value)))
        truth = float(spectrometer.oxygen_to_argon(seen, 0.0).mean())
        label = f"oxygen atoms over argon at {oxygen_pa:g} Pa of oxygen, poisoned"
        yield relative("P2", GROUP, label, truth, found, 0.02, ROUND_TRIP, "exact")
    bare = replace(_course(0.03), collector_coverage=np.zeros_like(_course(0.03).time_s))
    flagged = "dissociative_excitation" in spectrometer.measure(bare, None).flags
    label = "the same with walls of fresh metal: no ratio, and the reason is flagged (1: yes)"
    yield Row("P2", GROUP, label, 1.0, float(flagged), "equal", ACTINOMETRY, "exact", flagged)


def _residual_gas() -> Iterator[Row]:
    """Partial pressures from overlapping patterns, and the leak test."""
    import numpy as np

    from tansaki.twin.measurement.process.residual_gas_analyser import ResidualGasAnalyser
    from tansaki.twin.quantities import load

    analyser = ResidualGasAnalyser(load("instruments", ResidualGasAnalyser.name))
    still = np.ones_like(_course(0.03).time_s)
    mixture = {"ar": 0.8, "o2": 3e-3, "h2o": 2e-4, "n2": 1e-4, "h2": 5e-5, "co2": 4e-5}
    mixed = replace(_course(0.03), pressures_pa={gas: value * still for gas, value in mixture.items()})
    derived = analyser.measure(mixed, None).derived
    for gas, value in mixture.items():
        label = f"partial pressure of {gas} in a mixture of six, Pa"
        yield relative("P3", GROUP, label, value, derived[f"{gas}_pressure"].value, 1e-6, ROUND_TRIP, "exact")
    leak_test = "m/z 14 over 28 above 5 % means nitrogen, with more of 32 than of 40 air"
    for what, pressures, expected in (
        ("air at 1 mPa", {"n2": 7.8e-4, "o2": 2.1e-4, "ar": 9.3e-6}, True),
        ("carbon dioxide at 1 mPa", {"co2": 1e-3}, False),
    ):
        leaking = replace(mixed, pressures_pa={gas: value * still for gas, value in pressures.items()})
        found = "air_leak" in analyser.measure(leaking, None).flags
        label = f"leak flagged in {what} (1: yes)"
        yield Row("P3", GROUP, label, float(expected), float(found), "equal", leak_test, "exact", found is expected)


def _hysteresis() -> Iterator[Row]:
    """The metal line jumps where the coverage jumps, on the way up and down."""
    import numpy as np

    from tansaki.twin.deposition.reactive_gas import State

    chamber = _chamber()
    control, valve, signal = _loop(chamber, 20.0)
    held = control._replace(gain_sccm=0.0)
    flows = np.arange(0.20, 0.901, 0.02)
    for what, order in (("rising", flows), ("falling", flows[::-1])):
        state = State(0.0, 0.0, 0.0)
        if what == "falling":
            state, _ = _carried(chamber, state, 3.0, 1.0, held, valve, signal, 20)
        light, coverage = [], []
        for flow_sccm in order:
            state, samples = _carried(chamber, state, float(flow_sccm), 1.0, held, valve, signal, 40)
            light.append(samples[-1, 1])
            coverage.append(samples[-1, 4])
        jumps = [float(order[1 + int(np.argmax(np.abs(np.diff(values))))]) for values in (coverage, light)]
        label = f"{what} flow at which the light of the metal jumps, against that of the coverage, sccm"
        yield relative("P4", GROUP, label, jumps[0], jumps[1], 1e-9, "the same course", "exact")


def _regulation() -> Iterator[Row]:
    """A point of the middle branch: held by the light, lost by the flow."""
    from tansaki.twin.deposition.emission_control import metal_light
    from tansaki.twin.deposition.reactive_gas import State
    from tansaki.twin.deposition.steady import rest

    chamber = _chamber()
    control, valve, signal = _loop(chamber, 0.05)
    resting = rest(POWER_W, 1e-3, chamber.berg, chamber.discharge)
    state = State(*(float(value) for value in resting.state))
    wanted = metal_light(state, POWER_W, _rates(chamber), chamber.berg, chamber.discharge)
    beside = state._replace(target_coverage=1.02 * state.target_coverage)
    flow = float(resting.flow_sccm)
    source = "Ti line near 500 nm regulates TiO2-x, Thin Solid Films 343-344 (1999) 152; steady state of the equations"
    _, held = _carried(chamber, beside, flow, wanted, control, valve, signal, 6000)
    label = "target coverage held on the middle branch by a 50 ms signal of the metal line"
    yield relative("P5", GROUP, label, state.target_coverage, float(held[-2000:, 4].mean()), 0.02, source, "exact")
    _, left = _carried(chamber, beside, flow, wanted, control._replace(gain_sccm=0.0), valve, signal, 6000)
    gone = abs(float(left[-1, 4]) - state.target_coverage) > 0.1
    label = "the same flow held: the chamber leaves the branch (1: yes)"
    yield Row("P5", GROUP, label, 1.0, float(gone), "equal", source, "exact", gone)


def _chamber() -> "Chamber":
    from tansaki.twin.deposition.chamber import open_chamber

    return open_chamber()


def _course(oxygen_pa: float) -> "Course":
    import numpy as np

    from tansaki.twin.deposition.drift import ChamberState
    from tansaki.twin.records import Deposition

    deposition = Deposition(POWER_W, ARGON_PA, 25.0, 20000.0, 0.06, oxygen_pa, thickness_nm=10.0)
    return _chamber().deposit(deposition, ChamberState(), np.random.default_rng(0)).course


def _rates(chamber: "Chamber") -> "Rates":
    from tansaki.twin.deposition.reactive_gas import Rates, rates

    return Rates(*(float(value) for value in rates(chamber.berg)))


def _loop(chamber: "Chamber", exposure_s: float) -> "tuple[EmissionControl, Valve, LightSignal]":
    """The loop with the light that the spectrometer gets from the bare target."""
    from tansaki.twin.deposition.emission_control import EmissionControl, LightSignal, Valve
    from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer
    from tansaki.twin.measurement.process.recording import METAL_LINE
    from tansaki.twin.quantities import load

    spectrometer = EmissionSpectrometer(load("instruments", EmissionSpectrometer.name))
    bare = float(spectrometer.rate_per_s(_course(1e-4), METAL_LINE, 0.0).max())
    valve = Valve(chamber.control.valve_lag_s, chamber.control.valve_delay_s, chamber.control.largest_flow_sccm)
    signal = LightSignal(exposure_s, bare * exposure_s, spectrometer.detector.read_noise)
    return load("instruments", chamber.name).parameters("emission_control", EmissionControl), valve, signal


def _carried(
    chamber: "Chamber",
    state: "State",
    flow_sccm: float,
    set_point: float,
    control: "EmissionControl",
    valve: "Valve",
    signal: "LightSignal",
    exposures: int,
) -> "tuple[State, NDArray[np.float64]]":
    """The loop from `state`, with the last state and the samples."""
    import numpy as np

    from tansaki.twin.backends import bind
    from tansaki.twin.deposition import emission_control

    samples = np.zeros((exposures, len(emission_control.COLUMNS)))
    normals = np.random.default_rng(0).standard_normal(exposures)
    last = bind(emission_control, "numba").regulate(
        set_point, state, flow_sccm, POWER_W, _rates(chamber), chamber.berg, chamber.discharge, valve, signal, control,
        normals, samples,
    )  # fmt: skip
    return last, samples
