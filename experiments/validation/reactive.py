"""The reactive gas: turning points, invariances, times and eigenvalue of the Berg model (V4 to V9)."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.deposition.reactive_gas import BergParameters

BERG: Final = "equations of Berg, Blom, Larsson & Nender, JVSTA 5, 202 (1987); prototype integration"
INVARIANCE: Final = "algebra of the same equations"


def _berg(chamber: str) -> "BergParameters":
    from tansaki.twin.deposition.reactive_gas import BergParameters
    from tansaki.twin.quantities import load

    return load("instruments", chamber).parameters("reactive_gas", BergParameters)


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _turning_points()
    yield from _invariances()
    yield from _dynamics()
    yield from _vanishing()


def _turning_points() -> Iterator[Row]:
    """V4: Q_up, Q_down and S_crit of four chambers."""
    from tansaki.twin.deposition.hysteresis import critical_pumping_speed_m3_s, turning_points

    targets: Mapping[str, tuple[float | None, float | None, float]] = {
        "sputter_t3": (1.253, 0.809, 498.0),
        "sputter_al2o3": (1.380, 0.797, 627.0),
        "sputter_tin": (None, None, 71.0),
        "sputter_tio2_2inch": (0.719, 0.317, 664.0),
    }
    for name, (up, down, critical) in targets.items():
        parameters = _berg(name)
        turns = turning_points(parameters)
        if up is not None and down is not None:
            q_up, q_down = (turns.q_up_sccm, turns.q_down_sccm) if turns else (math.nan, math.nan)
            for what, target, twin in (("rising", up, q_up), ("falling", down, q_down)):
                label = f"{name}: {what} flow jumps at, sccm"
                yield relative("V4", "reactive", label, target, twin, 0.005, BERG, "own reference")
        else:
            label = f"{name}: turning points at its pumping speed"
            count = 0.0 if turns is None else 2.0
            yield Row("V4", "reactive", label, 0.0, count, "equal", BERG, "own reference", count == 0.0)
        twin = 1000.0 * critical_pumping_speed_m3_s(parameters)
        label = f"{name}: critical pumping speed, L/s"
        # The reference values are rounded to 1 L/s.
        ok = abs(twin - critical) <= max(0.005 * critical, 0.5)
        yield Row("V4", "reactive", label, critical, twin, "0.5 %, at least 0.5", BERG, "own reference", ok)


def _invariances() -> Iterator[Row]:
    """V5: Q_crit ∝ I, S_crit independent of I, S_crit ∝ α; V6: the equations rest where Berg says."""
    from tansaki.twin.deposition import reactive_gas
    from tansaki.twin.deposition.hysteresis import critical_pumping_speed_m3_s, steady_states, turning_points

    t3 = _berg("sputter_t3")
    doubled = t3._replace(discharge_current_a=2.0 * t3.discharge_current_a)
    sticky = t3._replace(target_sticking=2.0 * t3.target_sticking, collector_sticking=2.0 * t3.collector_sticking)
    reference = turning_points(t3)
    scaled = turning_points(doubled)
    q = scaled.q_up_sccm / reference.q_up_sccm if scaled and reference else math.nan
    yield relative("V5", "reactive", "T3: Q_up at twice the current, ratio", 2.0, q, 1e-3, INVARIANCE, "exact")
    critical = critical_pumping_speed_m3_s(t3)
    same = critical_pumping_speed_m3_s(doubled) / critical
    yield relative("V5", "reactive", "T3: S_crit at twice the current, ratio", 1.0, same, 1e-3, INVARIANCE, "exact")
    more = critical_pumping_speed_m3_s(sticky) / critical
    yield relative("V5", "reactive", "T3: S_crit at twice the sticking, ratio", 2.0, more, 1e-3, INVARIANCE, "exact")
    coefficients = reactive_gas.rates(t3)
    worst = 0.0
    for flow_sccm in (0.3, 1.0, 2.0):
        for state in steady_states(t3, flow_sccm):
            moved = reactive_gas.time_derivative(state, flow_sccm, coefficients)
            turnover = coefficients.inflow_per_sccm * flow_sccm
            worst = max(worst, abs(float(moved.pressure_millipa)) / turnover, abs(float(moved.target_coverage)))
    label = "T3: rest of the equations at Berg's steady states"
    yield Row("V6", "reactive", label, 0.0, worst, "1e-6", INVARIANCE, "exact", worst <= 1e-6)


def _dynamics() -> Iterator[Row]:
    """V7: response times and ramped jumps; V8: the unstable eigenvalue of the middle branch."""
    from tansaki.twin.deposition.hysteresis import dominant_eigenvalue_per_s, ramp_jump_sccm, response_times_s

    t3 = _berg("sputter_t3")
    steps = {
        (0.6, 0.8): (0.024, 1.9, 3.3),
        (1.2, 1.3): (28.0, 26.0, 23.0),
        (1.3, 0.75): (2.1, 10.0, 13.0),
    }
    for (start, end), targets in steps.items():
        found = response_times_s(t3, start, end)
        for what, target, twin in zip(("pressure", "target", "collector"), targets, found, strict=True):
            label = f"T3: 63 % time of {what}, {start} to {end} sccm, s"
            yield relative("V7", "reactive", label, target, float(twin), 0.05, BERG, "own reference")
    ramps = {0.6: (1.417, 0.723), 0.12: (1.315, 0.778), 0.03: (1.279, 0.796)}
    for rate, (up, down) in ramps.items():
        for what, target, twin in (
            ("rising", up, ramp_jump_sccm(t3, rate, "up")),
            ("falling", down, ramp_jump_sccm(t3, rate, "down")),
        ):
            label = f"T3: jump of {what} flow at {rate} sccm/min, sccm"
            yield relative("V7", "reactive", label, target, twin, 0.05, BERG, "own reference")
    eigenvalue = dominant_eigenvalue_per_s(t3, 0.65)
    label = "T3: eigenvalue of the middle branch at θt = 0.65, 1/s"
    yield relative("V8", "reactive", label, 0.377, eigenvalue, 0.02, BERG, "own reference")


def _vanishing() -> Iterator[Row]:
    """V9: the hysteresis vanishes with pumping speed, with a small target, and as Y_c approaches Y_m."""
    from tansaki.twin.deposition.hysteresis import turning_points

    t3 = _berg("sputter_t3")
    cases = {
        "500 L/s": (t3._replace(pumping_speed_m3_s=0.5), "Berg et al. 1987"),
        "target of 1 cm²": (t3._replace(target_area_m2=1e-4), "Nyberg et al., APL 86, 164106 (2005), seen for Al/O2"),
        "Y_c = Y_m": (t3._replace(compound_yield=t3.metal_yield), "Berg & Nyberg, TSF 476, 215 (2005)"),
    }
    for what, (parameters, source) in cases.items():
        turns = turning_points(parameters)
        width = 0.0 if turns is None else turns.width_sccm
        label = f"T3 with {what}: width of the hysteresis, sccm"
        yield Row("V9", "reactive", label, 0.0, width, "equal", source, "published", width == 0.0)
