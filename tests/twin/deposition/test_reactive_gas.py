"""The equations: same numbers on every engine, right derivatives, states that stay in range."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition import reactive_gas as rg
from tansaki.twin.deposition.hysteresis import jacobian_matrix
from tansaki.twin.deposition.reactive_gas import BergParameters, Jacobian, Rates, State
from tansaki.twin.quantities import load

N = 1000
Floats = NDArray[np.float64]
T3 = load("instruments", "sputter_t3").parameters("reactive_gas", BergParameters)


def draws() -> dict[str, Any]:
    """1000 chambers, states, flows, steps; numbers that single precision can hold exactly."""
    rng = np.random.default_rng(20)

    def single(values: Any) -> Any:
        return np.asarray(values, np.float32).astype(np.float64)

    parameters = BergParameters(*(single(value * np.exp(rng.uniform(-1, 1, N))) for value in T3))
    coefficients = Rates(*(single(value) for value in rg.rates(parameters)))
    state = State(single(10 ** rng.uniform(-2, 3, N)), single(rng.random(N)), single(rng.random(N)))
    step = single(10 ** rng.uniform(-3, -1, N))
    flow = single(10 ** rng.uniform(-2, 1, N))
    matrix = Jacobian(*(single(value) for value in rg.jacobian(state, coefficients)))
    factor = single(rng.uniform(0.2, 5, N))
    return {
        "ion_flux_m2_s": (parameters,),
        "impingement_per_millipa": (parameters,),
        "rates": (parameters,),
        "scaled_erosion": (coefficients, factor, factor[::-1].copy()),
        "steady_target_metal": (state.pressure_millipa, coefficients),
        "steady_surface_metal": (state.pressure_millipa, state.target_coverage, coefficients, factor),
        "steady_state": (state.pressure_millipa, coefficients),
        "balancing_flow_sccm": (state.pressure_millipa, state.target_coverage, state.collector_coverage, coefficients),
        "steady_flow_sccm": (state.pressure_millipa, coefficients),
        "gettering_slope_per_s": (state.pressure_millipa, coefficients),
        "sputtered_metal_per_s": (state.target_coverage, parameters),
        "time_derivative": (state, flow, coefficients),
        "jacobian": (state, coefficients),
        "solve_shifted": (matrix, step, state),
        "rosenbrock_step": (state, flow, coefficients, step),
        "relaxed": (state.pressure_millipa, flow, factor, step),
        "splitting_step": (state, flow, coefficients, step),
        "step": (state, flow, coefficients, step),
    }


ARGUMENTS = draws()


def scale(name: str, result: list[Floats]) -> list[Any]:
    """What an error is measured against: the result, or the largest term where the result is a difference of terms."""
    arguments = ARGUMENTS[name]
    if name == "time_derivative":
        state, flow, a = arguments
        loss = a.pumping + a.target_gettering + a.collector_gettering
        return [
            a.inflow_per_sccm * flow + state.pressure_millipa * loss,
            a.target_oxidation * state.pressure_millipa + a.compound_erosion,
            a.collector_oxidation * state.pressure_millipa + a.area_ratio * (a.compound_erosion + a.metal_erosion),
        ]
    if name == "gettering_slope_per_s":
        pressure, a = arguments
        metal_t = rg.steady_target_metal(pressure, a)
        metal_c = rg.steady_surface_metal(pressure, 1.0 - metal_t, a, 1.0)
        return [a.target_gettering * metal_t + a.collector_gettering * metal_c]
    if name in ("rosenbrock_step", "splitting_step", "step", "steady_state"):
        # p is scaled to 10⁻³ Pa; one step moves it by as much as the gettering takes, so the start counts too
        start = arguments[0].pressure_millipa if name != "steady_state" else 0.0
        scales: list[Any] = [np.maximum(np.maximum(np.abs(value), start), 1.0) for value in result]
        if name == "rosenbrock_step":
            stages = ARGUMENTS["step"][3] * scale("time_derivative", result)[0]
            scales[0] = np.maximum(scales[0], stages)
        return scales
    return [np.abs(value) for value in result]


def at(arguments: Any, i: int) -> Any:
    def one(value: Any) -> Any:
        return type(value)(*(one(field) for field in value)) if isinstance(value, tuple) else float(value[i])

    return tuple(one(value) for value in arguments)


def test_every_public_function_is_checked() -> None:
    assert set(ARGUMENTS) == set(vars(bind(rg, "numpy")))


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None], name: str) -> None:
    arguments = ARGUMENTS[name]
    result = getattr(rg, name)(*arguments)
    engines_agree(rg, name, arguments, scale(name, list(result) if isinstance(result, tuple) else [result]))


def test_hand_written_derivatives_are_those_of_jax() -> None:
    import jax

    traced = bind(rg, "jax")
    states, flows, coefficients = ARGUMENTS["time_derivative"]
    with jax.enable_x64(True):
        for i in range(50):
            state, flow, a = at((states, flows, coefficients), i)
            expected = np.array(jax.jacfwd(traced.time_derivative)(state, flow, a))
            assert np.allclose(jacobian_matrix(state, a), expected, rtol=1e-12, atol=1e-13)
            slope = jax.grad(traced.steady_flow_sccm)(state.pressure_millipa, a) * a.inflow_per_sccm - a.pumping
            mine = rg.gettering_slope_per_s(state.pressure_millipa, a)
            assert mine == pytest.approx(float(slope), rel=1e-9, abs=1e-9)


def test_solve_shifted_is_the_dense_solution() -> None:
    matrices, steps, rights = ARGUMENTS["solve_shifted"]
    for i in range(50):
        m, step, right = at((matrices, steps, rights), i)
        dense = np.array([[m.pp, m.pt, m.pc], [m.tp, m.tt, 0.0], [m.cp, m.ct, m.cc]])
        assert rg.solve_shifted(m, step, right) == pytest.approx(np.linalg.solve(np.eye(3) - step * dense, right))


@given(
    st.floats(0.0, 1e4),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 100.0),
    st.floats(1e-3, 10.0),
)
def test_a_step_of_any_size_stays_in_range(p: float, t: float, c: float, flow: float, step_s: float) -> None:
    after = rg.step(State(p, t, c), flow, rg.rates(T3), step_s)
    assert after.pressure_millipa >= 0.0
    assert 0.0 <= after.target_coverage <= 1.0 + 1e-15
    assert 0.0 <= after.collector_coverage <= 1.0 + 1e-15


def test_splitting_takes_over_where_rosenbrock_leaves_the_range() -> None:
    coefficients = rg.rates(T3)
    state = State(1000.0, 0.0, 0.0)
    assert rg.rosenbrock_step(state, 0.0, coefficients, 1.0).target_coverage > 1.0
    assert rg.step(state, 0.0, coefficients, 1.0) == rg.splitting_step(state, 0.0, coefficients, 1.0)


def test_rosenbrock_step_is_of_second_order(t3: BergParameters) -> None:
    coefficients = rg.rates(t3)
    ends = []
    for steps in (100, 200, 400):
        state = rg.steady_state(0.2, coefficients)
        for _ in range(steps):
            state = rg.rosenbrock_step(state, 1.0, coefficients, 2.0 / steps)
        ends.append(np.array(state))
    ratio = np.abs(ends[0] - ends[1])[1:] / np.abs(ends[1] - ends[2])[1:]
    assert np.all((ratio > 3.5) & (ratio < 4.6))
