"""From target to substrate: how much metal arrives, and with how much energy.

Closed forms fitted to a Monte Carlo of Ti in argon (variable hard spheres, gas at 400 K, target to substrate 0.1 m).
Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar


class TransportParameters(NamedTuple):
    """Geometry and gas scattering of one substrate position."""

    distance_m: float
    flux_factor: float
    """Metal flux at the substrate over the mean of all walls, without collisions."""
    flux_length_pa_m: float
    """p₀d₀ of Keller and Simmons."""
    energy_length_pa_m: float
    """p·d in which the energy of the metal falls by e."""
    metal_energy_ev: float
    """Mean kinetic energy of the arriving metal without collisions."""
    thermal_energy_ev: float
    condensation_energy_ev: float
    radiation_energy_ev: float
    """Plasma radiation and electrons, per atom."""
    ions_per_target_ion: float
    """Ions that reach the substrate per target ion, relative to the same share of the metal."""
    ion_energy_ev: float
    """What one ion brings: e(V_p − V_f) and its ionisation energy."""
    ion_impact_fraction: float
    """Energy of the target ion over e·V."""
    reflected_energy_fraction: float
    """Energy reflected from the target as neutral argon, of that of the ion."""
    cation_density_m3: float
    """Metal atoms per volume of the film."""


def arriving_fraction(pressure_pa: Scalar, transport: TransportParameters) -> Scalar:
    """F/F₀ = (p₀d₀/pd)[1 − exp(−pd/p₀d₀)], Keller and Simmons, IBM J. Res. Dev. 23, 24 (1979); p > 0."""
    path = pressure_pa * transport.distance_m / transport.flux_length_pa_m
    return (1.0 - xp.exp(-path)) / path


def surviving_energy(pressure_pa: Scalar, transport: TransportParameters) -> Scalar:
    """Share of the kinetic energy above thermal that collisions leave, exp(−pd/λ_E)."""
    return xp.exp(-pressure_pa * transport.distance_m / transport.energy_length_pa_m)


def energy_per_atom_ev(
    pressure_pa: Scalar, mean_yield: Scalar, voltage_v: Scalar, transport: TransportParameters
) -> Scalar:
    """Energy that the film receives per arriving metal atom, eV.

    E_d = E_kin + E_cond + E_rad + (J_i/J_a) E_ion + reflected neutrals. Ions and neutrals come in proportion to the
    target ions, metal in proportion to `mean_yield` (metal atoms per target ion), so both rise as the target poisons.
    """
    surviving = surviving_energy(pressure_pa, transport)
    kinetic = transport.thermal_energy_ev + (transport.metal_energy_ev - transport.thermal_energy_ev) * surviving
    ions = transport.ions_per_target_ion * transport.ion_energy_ev
    neutrals = transport.reflected_energy_fraction * transport.ion_impact_fraction * voltage_v * surviving
    return kinetic + transport.condensation_energy_ev + transport.radiation_energy_ev + (ions + neutrals) / mean_yield


def growth_rate_m_s(wall_flux_m2_s: Scalar, pressure_pa: Scalar, transport: TransportParameters) -> Scalar:
    """Thickness per time at the substrate from the mean metal flux of the walls."""
    arriving = transport.flux_factor * arriving_fraction(pressure_pa, transport)
    return wall_flux_m2_s * arriving / transport.cation_density_m3
