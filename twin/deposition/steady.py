"""The chamber at rest at a given pressure of the reactive gas, in closed form: what a surrogate knows of the process.

At rest the pressure of the reactive gas decides everything (see `tansaki.twin.deposition.reactive_gas`), but for one
loop: coverage sets the voltage, the voltage the ion current, and that the coverage. It is closed by a fixed number of
fixed-point iterations. Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp  # noqa: F401 - marks a physics module for `bind`

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import DischargeParameters, rates_at, voltage_v
from tansaki.twin.deposition.reactive_gas import (
    BergParameters,
    Rates,
    State,
    balancing_flow_sccm,
    rates,
    steady_state,
    steady_surface_metal,
)
from tansaki.twin.deposition.transport import (
    Passage,
    energy_per_atom_ev,
    growth_rate_m_s,
    passing_fraction,
)

ITERATIONS = tuple(range(6))
"""One iteration shrinks the error by γ'/γ·n/(n+1)·θ(1−θ) < 0.1 for oxides of this table; six leave 1e-9 at worst."""


class Rest(NamedTuple):
    """A chamber at rest."""

    state: State
    coefficients: Rates
    voltage_v: Scalar
    flow_sccm: Scalar
    """Flow of the reactive gas that holds the pressure."""


def rest(power_w: Scalar, reactive_pressure_pa: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Rest:
    """State, voltage and flow of a chamber of this power in which the reactive gas has this pressure."""
    base = rates(berg)
    millipa = 1e3 * reactive_pressure_pa
    state = State(millipa, 0.5 + 0.0 * millipa, 0.5 + 0.0 * millipa)
    volts = voltage_v(power_w, state.target_coverage, berg, discharge)
    now = rates_at(volts, power_w, state.target_coverage, 1.0, base, berg, discharge)
    for _ in ITERATIONS:
        state = steady_state(millipa, now)
        volts = voltage_v(power_w, state.target_coverage, berg, discharge)
        now = rates_at(volts, power_w, state.target_coverage, 1.0, base, berg, discharge)
    metal_t, metal_c = 1.0 - state.target_coverage, 1.0 - state.collector_coverage
    return Rest(state, now, volts, balancing_flow_sccm(millipa, metal_t, metal_c, now))


class Growth(NamedTuple):
    """Film growth at one instant."""

    rate_m_s: Scalar
    coverage: Scalar
    """Oxygen coverage of the growing surface, in balance with the instant."""
    energy_ev: Scalar
    """Per arriving metal atom."""


def growth(
    state: State,
    voltage: Scalar,
    coefficients: Rates,
    argon_pressure_pa: Scalar,
    berg: BergParameters,
    passage: Passage,
) -> Growth:
    """What the substrate gets from a chamber in this state."""
    total_pa = argon_pressure_pa + 1e-3 * state.pressure_millipa
    eroded = coefficients.metal_erosion * (1.0 - state.target_coverage) + (
        coefficients.compound_erosion * state.target_coverage
    )
    mean_yield = berg.metal_yield * eroded / coefficients.metal_erosion
    factor = passage.transport.flux_factor * passing_fraction(total_pa, passage)
    bare = steady_surface_metal(state.pressure_millipa, state.target_coverage, coefficients, factor)
    return Growth(
        growth_rate_m_s(eroded * coefficients.area_ratio * berg.site_density_m2, total_pa, passage),
        1.0 - bare,
        energy_per_atom_ev(total_pa, mean_yield, state.target_coverage, voltage, passage),
    )
