"""Reactive gas, target and walls of a sputter chamber: the model of Berg, steady and in time.

Three unknowns: pressure of the reactive gas p, compound coverage of the target θt and of the collecting walls θc.
With F(p) = p·N_A/√(2πMRT) molecules/(m² s), b gas atoms per metal atom and J ions/(m² s) on the target::

    (V/k_BT) dp/dt = Q − pS/(k_BT) − F·[α_t A_t (1−θt) + α_c A_c (1−θc)]
    N_s dθt/dt = (2/b) α_t F (1−θt) − J Y_c θt
    N_s dθc/dt = [(2/b) α_c F + J Y_c θt A_t/A_c] (1−θc) − J Y_m (1−θt) (A_t/A_c) θc

In the steady state p is the natural parameter: θt(p), θc(p) and the flow Q(p) are explicit and single-valued, while
p(Q) has three branches between the turning points dQ/dp = 0 (hysteresis).

Source: Berg, Blom, Larsson and Nender, J. Vac. Sci. Technol. A 5, 202 (1987); Berg and Nyberg, Thin Solid Films
476, 215 (2005). One uniform target surface and one uniform wall, no implantation, no gas heating.

`BergParameters` are SI; `Rates` and `State` are scaled to O(1) (pressure in 10⁻³ Pa, time in s) so that single
precision is enough. Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.units import (
    AVOGADRO_PER_MOL,
    ELEMENTARY_CHARGE_C,
    GAS_CONSTANT_J_MOL_K,
    MILLIPASCAL_PER_PASCAL,
    MOLECULES_PER_S_PER_SCCM,
)

ROSENBROCK_GAMMA = 1.0 - 0.5**0.5
"""The smaller of the two values that make the two-stage Rosenbrock method L-stable (less error than the larger)."""


class BergParameters(NamedTuple):
    """One chamber, target and gas."""

    target_area_m2: float
    """Eroded area A_t."""
    collector_area_m2: float
    discharge_current_a: float
    secondary_electron_yield: float
    """γ: the ion current is I/(1+γ)."""
    metal_yield: float
    """Y_m, metal atoms per ion from the bare metal."""
    compound_yield: float
    """Y_c, metal atoms per ion from the compound."""
    target_sticking: float
    collector_sticking: float
    gas_atoms_per_metal_atom: float
    """b: 2 for TiO2, 1.5 for Al2O3, 1 for TiN."""
    pumping_speed_m3_s: float
    volume_m3: float
    gas_temperature_k: float
    gas_molar_mass_kg_mol: float
    site_density_m2: float
    """N_s, metal sites per area of the layer that reacts: one monolayer is 1.5e19 m⁻²."""


class Rates(NamedTuple):
    """Coefficients of the scaled equations, s⁻¹ (with pressure in 10⁻³ Pa)."""

    pumping: Scalar
    target_gettering: Scalar
    collector_gettering: Scalar
    inflow_per_sccm: Scalar
    """10⁻³ Pa/s for one sccm."""
    target_oxidation: Scalar
    """Per 10⁻³ Pa."""
    collector_oxidation: Scalar
    """Per 10⁻³ Pa."""
    compound_erosion: Scalar
    metal_erosion: Scalar
    area_ratio: Scalar
    """A_t/A_c."""


class State(NamedTuple):
    """The three unknowns."""

    pressure_millipa: Scalar
    target_coverage: Scalar
    collector_coverage: Scalar


class Jacobian(NamedTuple):
    """Derivatives of the three time derivatives (p, t, c) by the three unknowns; ∂(dθt/dt)/∂θc is zero."""

    pp: Scalar
    pt: Scalar
    pc: Scalar
    tp: Scalar
    tt: Scalar
    cp: Scalar
    ct: Scalar
    cc: Scalar


def ion_flux_m2_s(parameters: BergParameters) -> Scalar:
    """J = I/[e A_t (1+γ)], ions/(m² s)."""
    ions = parameters.discharge_current_a / (1.0 + parameters.secondary_electron_yield)
    return ions / (ELEMENTARY_CHARGE_C * parameters.target_area_m2)


def impingement_per_millipa(parameters: BergParameters) -> Scalar:
    """F/p by the Hertz-Knudsen equation, molecules/(m² s) for 10⁻³ Pa."""
    mass_energy = 2.0 * xp.pi * parameters.gas_molar_mass_kg_mol * GAS_CONSTANT_J_MOL_K * parameters.gas_temperature_k
    return AVOGADRO_PER_MOL / xp.sqrt(mass_energy) / MILLIPASCAL_PER_PASCAL


def rates(parameters: BergParameters) -> Rates:
    """`BergParameters` to the scaled `Rates`."""
    flux = impingement_per_millipa(parameters)
    molecules_per_millipa = (
        parameters.volume_m3
        / (GAS_CONSTANT_J_MOL_K * parameters.gas_temperature_k)
        * AVOGADRO_PER_MOL
        / MILLIPASCAL_PER_PASCAL
    )
    oxidation = 2.0 / parameters.gas_atoms_per_metal_atom * flux / parameters.site_density_m2
    ions = ion_flux_m2_s(parameters) / parameters.site_density_m2
    return Rates(
        parameters.pumping_speed_m3_s / parameters.volume_m3,
        parameters.target_sticking * flux * parameters.target_area_m2 / molecules_per_millipa,
        parameters.collector_sticking * flux * parameters.collector_area_m2 / molecules_per_millipa,
        MOLECULES_PER_S_PER_SCCM / molecules_per_millipa,
        parameters.target_sticking * oxidation,
        parameters.collector_sticking * oxidation,
        ions * parameters.compound_yield,
        ions * parameters.metal_yield,
        parameters.target_area_m2 / parameters.collector_area_m2,
    )


def scaled_erosion(base: Rates, compound_factor: Scalar, metal_factor: Scalar) -> Rates:
    """`Rates` with both erosion rates multiplied: another ion current, a worn target."""
    return Rates(
        base.pumping,
        base.target_gettering,
        base.collector_gettering,
        base.inflow_per_sccm,
        base.target_oxidation,
        base.collector_oxidation,
        base.compound_erosion * compound_factor,
        base.metal_erosion * metal_factor,
        base.area_ratio,
    )


def steady_target_metal(pressure_millipa: Scalar, coefficients: Rates) -> Scalar:
    """1 − θt(p) in the steady state."""
    return coefficients.compound_erosion / (
        coefficients.target_oxidation * pressure_millipa + coefficients.compound_erosion
    )


def steady_surface_metal(
    pressure_millipa: Scalar, target_coverage: Scalar, coefficients: Rates, flux_factor: Scalar
) -> Scalar:
    """1 − θ in the steady state of a surface that gets `flux_factor` times the mean metal flux of the walls."""
    share = flux_factor * coefficients.area_ratio
    covering = (
        coefficients.collector_oxidation * pressure_millipa + share * coefficients.compound_erosion * target_coverage
    )
    baring = share * coefficients.metal_erosion * (1.0 - target_coverage)
    return baring / (covering + baring)


def steady_state(pressure_millipa: Scalar, coefficients: Rates) -> State:
    """The `State` in which a chamber with this pressure rests."""
    target = 1.0 - steady_target_metal(pressure_millipa, coefficients)
    return State(pressure_millipa, target, 1.0 - steady_surface_metal(pressure_millipa, target, coefficients, 1.0))


def balancing_flow_sccm(
    pressure_millipa: Scalar, target_metal: Scalar, collector_metal: Scalar, coefficients: Rates
) -> Scalar:
    """The flow at which dp/dt = 0, from the uncovered fractions 1 − θ of target and walls."""
    loss = (
        coefficients.pumping
        + coefficients.target_gettering * target_metal
        + coefficients.collector_gettering * collector_metal
    )
    return pressure_millipa * loss / coefficients.inflow_per_sccm


def steady_flow_sccm(pressure_millipa: Scalar, coefficients: Rates) -> Scalar:
    """Q(p), the flow that holds the pressure in the steady state."""
    target_metal = steady_target_metal(pressure_millipa, coefficients)
    collector_metal = steady_surface_metal(pressure_millipa, 1.0 - target_metal, coefficients, 1.0)
    return balancing_flow_sccm(pressure_millipa, target_metal, collector_metal, coefficients)


def gettering_slope_per_s(pressure_millipa: Scalar, coefficients: Rates) -> Scalar:
    """d/dp of what the metal consumes in the steady state; dQ/dp = 0 where it equals minus the pumping rate S/V."""
    a = coefficients
    metal_t = steady_target_metal(pressure_millipa, a)
    slope_t = -a.target_oxidation * metal_t * metal_t / a.compound_erosion
    baring = a.area_ratio * a.metal_erosion * metal_t
    baring_slope = a.area_ratio * a.metal_erosion * slope_t
    covering = a.collector_oxidation * pressure_millipa + a.area_ratio * a.compound_erosion * (1.0 - metal_t)
    covering_slope = a.collector_oxidation - a.area_ratio * a.compound_erosion * slope_t
    total = covering + baring
    metal_c = baring / total
    slope_c = (baring_slope * covering - baring * covering_slope) / (total * total)
    return (
        a.target_gettering * metal_t
        + a.collector_gettering * metal_c
        + pressure_millipa * (a.target_gettering * slope_t + a.collector_gettering * slope_c)
    )


def sputtered_metal_per_s(target_coverage: Scalar, parameters: BergParameters) -> Scalar:
    """R = A_t J [Y_m(1−θt) + Y_c θt], metal atoms/s leaving the target."""
    mean_yield = parameters.metal_yield * (1.0 - target_coverage) + parameters.compound_yield * target_coverage
    return parameters.target_area_m2 * ion_flux_m2_s(parameters) * mean_yield


def time_derivative(state: State, flow_sccm: Scalar, coefficients: Rates) -> State:
    """(dp/dt in 10⁻³ Pa/s, dθt/dt and dθc/dt in s⁻¹) as a `State`."""
    a = coefficients
    p, t, c = state.pressure_millipa, state.target_coverage, state.collector_coverage
    return State(
        a.inflow_per_sccm * flow_sccm
        - p * (a.pumping + a.target_gettering * (1.0 - t) + a.collector_gettering * (1.0 - c)),
        a.target_oxidation * p * (1.0 - t) - a.compound_erosion * t,
        (a.collector_oxidation * p + a.area_ratio * a.compound_erosion * t) * (1.0 - c)
        - a.area_ratio * a.metal_erosion * (1.0 - t) * c,
    )


def jacobian(state: State, coefficients: Rates) -> Jacobian:
    """Derivatives of `time_derivative` at constant flow."""
    a = coefficients
    p, t, c = state.pressure_millipa, state.target_coverage, state.collector_coverage
    return Jacobian(
        -(a.pumping + a.target_gettering * (1.0 - t) + a.collector_gettering * (1.0 - c)),
        p * a.target_gettering,
        p * a.collector_gettering,
        a.target_oxidation * (1.0 - t),
        -a.target_oxidation * p - a.compound_erosion,
        a.collector_oxidation * (1.0 - c),
        a.area_ratio * (a.compound_erosion * (1.0 - c) + a.metal_erosion * c),
        -(a.collector_oxidation * p + a.area_ratio * (a.compound_erosion * t + a.metal_erosion * (1.0 - t))),
    )


def solve_shifted(derivatives: Jacobian, shift: Scalar, right: State) -> State:
    """x of (1 − shift·Jacobian) x = right, by elimination; the diagonal of target and walls is never below 1."""
    tt = 1.0 - shift * derivatives.tt
    cc = 1.0 - shift * derivatives.cc
    # x_t = t0 + t1 x_p and x_c = c0 + c1 x_p
    t0 = right.target_coverage / tt
    t1 = shift * derivatives.tp / tt
    c0 = (right.collector_coverage + shift * derivatives.ct * t0) / cc
    c1 = shift * (derivatives.cp + derivatives.ct * t1) / cc
    p = (right.pressure_millipa + shift * (derivatives.pt * t0 + derivatives.pc * c0)) / (
        1.0 - shift * (derivatives.pp + derivatives.pt * t1 + derivatives.pc * c1)
    )
    return State(p, t0 + t1 * p, c0 + c1 * p)


def rosenbrock_step(state: State, flow_sccm: Scalar, coefficients: Rates, step_s: Scalar) -> State:
    """One step of the two-stage, second-order, L-stable Rosenbrock method (ROS2) at constant flow.

    Source: Verwer, Spee, Blom and Hundsdorfer, SIAM J. Sci. Comput. 20, 1456 (1999).
    """
    derivatives = jacobian(state, coefficients)
    shift = ROSENBROCK_GAMMA * step_s
    first = solve_shifted(derivatives, shift, time_derivative(state, flow_sccm, coefficients))
    middle = State(
        state.pressure_millipa + step_s * first.pressure_millipa,
        state.target_coverage + step_s * first.target_coverage,
        state.collector_coverage + step_s * first.collector_coverage,
    )
    slope = time_derivative(middle, flow_sccm, coefficients)
    second = solve_shifted(
        derivatives,
        shift,
        State(
            slope.pressure_millipa - 2.0 * first.pressure_millipa,
            slope.target_coverage - 2.0 * first.target_coverage,
            slope.collector_coverage - 2.0 * first.collector_coverage,
        ),
    )
    return State(
        state.pressure_millipa + step_s * (1.5 * first.pressure_millipa + 0.5 * second.pressure_millipa),
        state.target_coverage + step_s * (1.5 * first.target_coverage + 0.5 * second.target_coverage),
        state.collector_coverage + step_s * (1.5 * first.collector_coverage + 0.5 * second.collector_coverage),
    )


def relaxed(value: Scalar, gain: Scalar, decay: Scalar, step_s: Scalar) -> Scalar:
    """Exact solution of dx/dt = gain − decay·x after one step, for decay > 0; a positive x stays positive."""
    rest = gain / decay
    return rest + (value - rest) * xp.exp(-decay * step_s)


def splitting_step(state: State, flow_sccm: Scalar, coefficients: Rates, step_s: Scalar) -> State:
    """One first-order step that keeps p >= 0 and 0 <= θ <= 1: each unknown relaxes exactly with the others held."""
    a = coefficients
    p = relaxed(
        state.pressure_millipa,
        a.inflow_per_sccm * flow_sccm,
        a.pumping
        + a.target_gettering * (1.0 - state.target_coverage)
        + a.collector_gettering * (1.0 - state.collector_coverage),
        step_s,
    )
    covering_t = a.target_oxidation * p
    t = relaxed(state.target_coverage, covering_t, covering_t + a.compound_erosion, step_s)
    covering_c = a.collector_oxidation * p + a.area_ratio * a.compound_erosion * t
    baring_c = a.area_ratio * a.metal_erosion * (1.0 - t)
    c = relaxed(state.collector_coverage, covering_c, covering_c + baring_c, step_s)
    return State(p, t, c)


def step(state: State, flow_sccm: Scalar, coefficients: Rates, step_s: Scalar) -> State:
    """One step of `step_s` (0.02 s is the proven size): Rosenbrock, or splitting where that would leave the range."""
    wanted = rosenbrock_step(state, flow_sccm, coefficients, step_s)
    safe = splitting_step(state, flow_sccm, coefficients, step_s)
    p, t, c = wanted.pressure_millipa, wanted.target_coverage, wanted.collector_coverage
    inside = (p >= 0.0) & (t >= 0.0) & (t <= 1.0) & (c >= 0.0) & (c <= 1.0)
    return State(
        xp.where(inside, p, safe.pressure_millipa),
        xp.where(inside, t, safe.target_coverage),
        xp.where(inside, c, safe.collector_coverage),
    )
