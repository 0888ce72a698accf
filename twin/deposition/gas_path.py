"""What the gas leaves of the sputtered atoms, smooth and quick: rate, mean energy and evenness at the substrate.

Fitted forms of the Monte Carlo of `tansaki.twin.deposition.particle_transport` in the geometry of its table (facing
racetrack, argon, metal target at one ion energy). N = p/(k_BT_g) is the density of the gas, d the distance, and q a
polynomial of total degree up to 4 in ln p, d at most squared and T_g at most linear (21 coefficients), each scaled to
[−1, 1] over the range of the table::

    rate    F/F₀ = (1 − e⁻ˣ)/x,                                     x = Nd·σ₀·exp q_rate
    energy  ⟨E⟩  = 2k_BT_g + (E₀ − 2k_BT_g)·e⁻ˣ,                    x = Nd·σ₀·exp q_energy
    edge    t(R)/t(0) = [t₀(R)/t₀(0)]·exp[q_edge·(1 − exp(−Nd·σ₀))]

with the limits that nature has: no loss and the collision-free energy E₀ and profile t₀ without gas, F ∝ 1/p and the
energy of a thermal beam, 2k_BT_g, in thick gas. 0 is for collision-free. Valid for 0.05 to 6 Pa, 0.05 to 0.15 m, 300
to 700 K; outside, the variables of q stop softly a tenth of their range beyond the edges and the limits take over.

Scalar functions for `tansaki.twin.backends.bind`; `tansaki.twin.deposition.transport_table.gas_path` has the numbers.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.sources import annulus_flux_m2
from tansaki.twin.units import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C

KT_EV_PER_K = BOLTZMANN_J_K / ELEMENTARY_CHARGE_C
CROSS_SECTION_M2 = 1e-19
"""σ₀, a scale: what differs from it is in q."""
LOWEST = (0.05, 0.05, 300.0)
HIGHEST = (6.0, 0.15, 700.0)
"""Pressure (Pa), distance (m) and gas temperature (K) between which the forms are fitted."""
LN_PRESSURE_MIDDLE = -0.6019864021629678
LN_PRESSURE_HALF = 2.3937458713914727
DISTANCE_MIDDLE, DISTANCE_HALF = 0.1, 0.05
TEMPERATURE_MIDDLE, TEMPERATURE_HALF = 500.0, 200.0
TERMS = 21
"""Coefficients of a polynomial."""
_MARGIN = 0.1

Coefficients = tuple[float, ...]


class GasPath(NamedTuple):
    """One element on its way through argon: three polynomials and the geometry they belong to."""

    rate: Coefficients
    energy: Coefficients
    edge: Coefficients
    emitted_energy_ev: float
    """E₀: mean energy at the substrate without gas."""
    inner_radius_m: float
    outer_radius_m: float
    wafer_radius_m: float
    """Radius R of the edge."""


def soft_clip(value: Scalar) -> Scalar:
    """`value` between −1 and 1, beyond that ±1.1 reached by tanh: smooth once, and never far outside the fit."""
    over = xp.maximum(xp.abs(value) - 1.0, 0.0)
    return xp.minimum(xp.maximum(value, -1.0), 1.0) + xp.sign(value) * _MARGIN * xp.tanh(over / _MARGIN)


def scaled(pressure_pa: Scalar, distance_m: Scalar, gas_temperature_k: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """ln p, d and T_g scaled to [−1, 1] over the range of the fit."""
    u = soft_clip((xp.log(xp.maximum(pressure_pa, 1e-12)) - LN_PRESSURE_MIDDLE) / LN_PRESSURE_HALF)
    v = soft_clip((distance_m - DISTANCE_MIDDLE) / DISTANCE_HALF)
    w = soft_clip((gas_temperature_k - TEMPERATURE_MIDDLE) / TEMPERATURE_HALF)
    return u, v, w


def polynomial(c: Coefficients, u: Scalar, v: Scalar, w: Scalar) -> Scalar:
    """q(u, v, w): powers of u up to 4, of v up to 2, of w up to 1, together up to 4; `c` has `TERMS` entries."""
    plain = c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * c[4])))
    v1 = c[5] + u * (c[6] + u * (c[7] + u * c[8]))
    v2 = c[9] + u * (c[10] + u * c[11])
    w1 = c[12] + u * (c[13] + u * (c[14] + u * c[15]))
    w1v1 = c[16] + u * (c[17] + u * c[18])
    w1v2 = c[19] + u * c[20]
    return plain + v * (v1 + v * v2) + w * (w1 + v * (w1v1 + v * w1v2))


def column(pressure_pa: Scalar, distance_m: Scalar, gas_temperature_k: Scalar) -> Scalar:
    """Nd·σ₀, the gas atoms in the way in units of a typical cross-section."""
    return pressure_pa * distance_m * (CROSS_SECTION_M2 / BOLTZMANN_J_K) / gas_temperature_k


def rate_form(crossed: Scalar, q: Scalar) -> Scalar:
    """(1 − e⁻ˣ)/x with x = Nd·σ₀·exp q."""
    x = xp.maximum(crossed * xp.exp(q), 1e-12)
    return -xp.expm1(-x) / x


def energy_form(crossed: Scalar, q: Scalar, gas_temperature_k: Scalar, emitted_energy_ev: Scalar) -> Scalar:
    """2k_BT + (E₀ − 2k_BT)·exp(−x) with x = Nd·σ₀·exp q, eV."""
    thermal = 2.0 * KT_EV_PER_K * gas_temperature_k
    return thermal + (emitted_energy_ev - thermal) * xp.exp(-crossed * xp.exp(q))


def edge_form(crossed: Scalar, q: Scalar, free: Scalar) -> Scalar:
    """t₀(R)/t₀(0)·exp[q·(1 − exp(−Nd·σ₀))]."""
    return free * xp.exp(-q * xp.expm1(-crossed))


def free_edge_to_centre(distance_m: Scalar, path: GasPath) -> Scalar:
    """t₀(R)/t₀(0), without gas."""
    edge = annulus_flux_m2(path.wafer_radius_m, distance_m, path.inner_radius_m, path.outer_radius_m)
    return edge / annulus_flux_m2(0.0, distance_m, path.inner_radius_m, path.outer_radius_m)


def arriving_fraction(pressure_pa: Scalar, distance_m: Scalar, gas_temperature_k: Scalar, path: GasPath) -> Scalar:
    """Rate at the centre of the substrate over that without collisions (`sources.annulus_flux_m2`), 0 to 1."""
    u, v, w = scaled(pressure_pa, distance_m, gas_temperature_k)
    return rate_form(column(pressure_pa, distance_m, gas_temperature_k), polynomial(path.rate, u, v, w))


def mean_energy_ev(pressure_pa: Scalar, distance_m: Scalar, gas_temperature_k: Scalar, path: GasPath) -> Scalar:
    """Mean kinetic energy (eV) of the atoms that arrive on the wafer."""
    u, v, w = scaled(pressure_pa, distance_m, gas_temperature_k)
    q = polynomial(path.energy, u, v, w)
    crossed = column(pressure_pa, distance_m, gas_temperature_k)
    return energy_form(crossed, q, gas_temperature_k, path.emitted_energy_ev)


def edge_to_centre(pressure_pa: Scalar, distance_m: Scalar, gas_temperature_k: Scalar, path: GasPath) -> Scalar:
    """Thickness at the radius of the wafer over that at its centre."""
    u, v, w = scaled(pressure_pa, distance_m, gas_temperature_k)
    q = polynomial(path.edge, u, v, w)
    return edge_form(column(pressure_pa, distance_m, gas_temperature_k), q, free_edge_to_centre(distance_m, path))
