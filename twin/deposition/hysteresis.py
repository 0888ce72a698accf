"""What the reactive-gas model says about one chamber: turning points, critical pumping speed, eigenvalues, times.

Every function takes `BergParameters`; flows are sccm, pressures Pa, times s. The equations are in
`tansaki.twin.deposition.reactive_gas`; here is only the root finding and the stiff integration with SciPy (Radau),
which is also the reference against which the fixed step of the running chamber is judged.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.deposition import reactive_gas
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates, State
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.units import MILLIPASCAL_PER_PASCAL, SECONDS_PER_MINUTE

PRESSURES_MILLIPA = np.geomspace(1e-5, 1e5, 2001)
"""Where sign changes are looked for: two orders beyond any pressure a magnetron burns at."""
SIXTY_THREE_PER_CENT = 1.0 - np.exp(-1.0)


@dataclass(frozen=True, slots=True)
class TurningPoints:
    """Where the stationary branches end: rising flow jumps at `q_up_sccm`, falling flow at `q_down_sccm`."""

    q_up_sccm: float
    q_down_sccm: float
    up: State
    """The last state of the metallic branch."""
    down: State
    """The last state of the poisoned branch."""

    @property
    def width_sccm(self) -> float:
        """Width of the static hysteresis."""
        return self.q_up_sccm - self.q_down_sccm


def turning_points(parameters: BergParameters) -> TurningPoints | None:
    """Roots of dQ/dp = 0, or None where Q(p) only rises (no hysteresis)."""
    coefficients = reactive_gas.rates(parameters)

    def slope(pressure: Any) -> Any:
        return coefficients.pumping + reactive_gas.gettering_slope_per_s(pressure, coefficients)

    roots = _roots(slope)
    if len(roots) < 2:
        return None
    first, last = roots[0], roots[-1]
    return TurningPoints(
        float(reactive_gas.steady_flow_sccm(first, coefficients)),
        float(reactive_gas.steady_flow_sccm(last, coefficients)),
        _floats(reactive_gas.steady_state(first, coefficients)),
        _floats(reactive_gas.steady_state(last, coefficients)),
    )


def critical_pumping_speed_m3_s(parameters: BergParameters) -> float:
    """The pumping speed from which on the hysteresis is gone: S/V = −min over p of the gettering slope (0 if none)."""
    from scipy.optimize import minimize_scalar

    coefficients = reactive_gas.rates(parameters)
    slopes = reactive_gas.gettering_slope_per_s(PRESSURES_MILLIPA, coefficients)
    lowest = int(np.argmin(slopes))
    around = np.log(PRESSURES_MILLIPA[[max(lowest - 1, 0), min(lowest + 1, len(slopes) - 1)]])
    found = minimize_scalar(
        lambda log_p: float(reactive_gas.gettering_slope_per_s(np.exp(log_p), coefficients)),
        bounds=tuple(around),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return max(0.0, -float(found.fun) * parameters.volume_m3)


def steady_states(parameters: BergParameters, flow_sccm: float) -> tuple[State, ...]:
    """Every state in which the chamber can rest at this flow, by rising pressure: one, or three inside the loop."""
    coefficients = reactive_gas.rates(parameters)
    if not flow_sccm > 0.0:
        raise InvalidInputError("flow of reactive gas, sccm", flow_sccm, "a flow above 0")
    roots = _roots(lambda p: reactive_gas.steady_flow_sccm(p, coefficients) - flow_sccm)
    return tuple(_floats(reactive_gas.steady_state(root, coefficients)) for root in roots)


def state_at_coverage(parameters: BergParameters, target_coverage: float) -> State:
    """The steady state with this target coverage; there is exactly one, on whichever branch."""
    coefficients = reactive_gas.rates(parameters)
    pressure = (
        coefficients.compound_erosion * target_coverage / (coefficients.target_oxidation * (1.0 - target_coverage))
    )
    return _floats(reactive_gas.steady_state(pressure, coefficients))


def dominant_eigenvalue_per_s(parameters: BergParameters, target_coverage: float) -> float:
    """Largest real part of the eigenvalues at constant flow: positive on the middle branch (unstable)."""
    matrix = jacobian_matrix(state_at_coverage(parameters, target_coverage), reactive_gas.rates(parameters))
    return float(np.linalg.eigvals(matrix).real.max())


def jacobian_matrix(state: State, coefficients: Rates) -> NDArray[np.float64]:
    """The hand-written derivatives as a 3×3 matrix over (p, θt, θc)."""
    d = reactive_gas.jacobian(state, coefficients)
    return np.array([[d.pp, d.pt, d.pc], [d.tp, d.tt, 0.0], [d.cp, d.ct, d.cc]], dtype=np.float64)


def response_times_s(parameters: BergParameters, from_sccm: float, to_sccm: float, duration_s: float = 2000.0) -> State:
    """Times at which p, θt and θc have made 63 % of their way after a step of the flow.

    The chamber rests at `from_sccm` on the metallic branch before a rise and on the poisoned one before a fall.
    """
    from scipy.optimize import brentq

    rising = to_sccm > from_sccm
    start = steady_states(parameters, from_sccm)[0 if rising else -1]
    solution = integrate(parameters, start, to_sccm, 0.0, duration_s)
    end = np.array(solution.y[:, -1])
    times = []
    for i in range(3):
        level = start[i] + SIXTY_THREE_PER_CENT * (end[i] - start[i])
        passed = np.flatnonzero(np.diff(np.sign(solution.y[i] - level)))[0]
        crossing = brentq(
            lambda t, i=i, level=level: solution.sol(t)[i] - level, solution.t[passed], solution.t[passed + 1]
        )
        times.append(float(crossing))
    return State(*times)


def ramp_jump_sccm(
    parameters: BergParameters,
    rate_sccm_per_min: float,
    direction: Literal["up", "down"],
    target_coverage: float = 0.65,
) -> float:
    """The flow at which the target passes `target_coverage` while the flow is ramped: the loop seen in practice.

    The ramp starts from rest, upward at half the lower turning flow, downward at one and a half times the upper.
    Raises `InvalidInputError` for a chamber without hysteresis, and for a downward ramp that ends before the jump.
    """
    turns = turning_points(parameters)
    if turns is None:
        raise InvalidInputError("chamber to ramp", parameters, "a chamber with hysteresis")
    if direction == "up":
        start_sccm, slope, duration = 0.5 * turns.q_down_sccm, rate_sccm_per_min / SECONDS_PER_MINUTE, 1e6
    else:
        start_sccm, slope = 1.5 * turns.q_up_sccm, -rate_sccm_per_min / SECONDS_PER_MINUTE
        duration = start_sccm / -slope
    start = steady_states(parameters, start_sccm)[0]

    def passed(time: float, y: NDArray[np.float64]) -> float:
        return float(y[1]) - target_coverage

    passed.terminal = True  # type: ignore[attr-defined]
    solution = integrate(parameters, start, start_sccm, slope, duration, passed)
    if not len(solution.t_events[0]):
        raise InvalidInputError(
            "ramp, sccm/min", rate_sccm_per_min, "a slower ramp", "the flow ended before the target switched"
        )
    return float(start_sccm + slope * solution.t_events[0][0])


def integrate(
    parameters: BergParameters,
    start: State,
    flow_sccm: float,
    flow_slope_sccm_s: float,
    duration_s: float,
    event: Any = None,
    relative_tolerance: float = 1e-9,
) -> Any:
    """The scaled equations with a flow that rises linearly, by SciPy's Radau with the hand-written Jacobian.

    Returns SciPy's result object with `sol` (continuous solution) and, if an event is given, `t_events`.
    """
    from scipy.integrate import solve_ivp

    coefficients = reactive_gas.rates(parameters)
    return solve_ivp(
        lambda t, y: np.array(reactive_gas.time_derivative(State(*y), flow_sccm + flow_slope_sccm_s * t, coefficients)),
        (0.0, duration_s),
        np.array(start, dtype=np.float64),
        method="Radau",
        jac=lambda t, y: jacobian_matrix(State(*y), coefficients),
        rtol=relative_tolerance,
        atol=relative_tolerance * 1e-2,
        dense_output=True,
        events=event,
    )


def pressure_pa(state: State) -> float:
    """Pressure of a scaled state, Pa."""
    return float(state.pressure_millipa) / MILLIPASCAL_PER_PASCAL


def _floats(state: State) -> State:
    return State(*(float(value) for value in state))


def _roots(function: Any) -> list[float]:
    from scipy.optimize import brentq

    values = function(PRESSURES_MILLIPA)
    changes = np.flatnonzero(np.diff(np.sign(values)) != 0)
    return [float(brentq(function, PRESSURES_MILLIPA[i], PRESSURES_MILLIPA[i + 1], xtol=1e-14)) for i in changes]
