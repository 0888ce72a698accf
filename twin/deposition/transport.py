"""From target to substrate: how much metal arrives, and with how much energy.

What the gas leaves of rate and energy comes from the Monte Carlo of `tansaki.twin.deposition.particle_transport`
through the smooth forms of `tansaki.twin.deposition.gas_path`; the rest is the energy balance of the growing film.
Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp  # noqa: F401 - marks a physics module for `bind`

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.gas_path import KT_EV_PER_K, GasPath, arriving_fraction, mean_energy_ev
from tansaki.twin.deposition.negative_ions import (
    NegativeIons,
    negative_ion_energy_per_atom_ev,
    negative_ions_per_atom,
)


class TransportParameters(NamedTuple):
    """Geometry and energies of one substrate position."""

    distance_m: float
    flux_factor: float
    """Metal flux at the substrate over the mean of all walls, without collisions."""
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


class Passage(NamedTuple):
    """The way of one metal through the gas to one substrate."""

    transport: TransportParameters
    path: GasPath
    negative_ions: NegativeIons
    compound_electron_yield: float
    """γ_c of the covered target, which O⁻ goes with."""
    gas_temperature_k: Scalar


def passing_fraction(pressure_pa: Scalar, passage: Passage) -> Scalar:
    """Metal that arrives over what would arrive without collisions."""
    return arriving_fraction(pressure_pa, passage.transport.distance_m, passage.gas_temperature_k, passage.path)


def kinetic_energy_ev(pressure_pa: Scalar, passage: Passage) -> Scalar:
    """Mean kinetic energy of the metal that arrives."""
    return mean_energy_ev(pressure_pa, passage.transport.distance_m, passage.gas_temperature_k, passage.path)


def surviving_energy(pressure_pa: Scalar, passage: Passage) -> Scalar:
    """Share of the kinetic energy above that of a thermal beam, 2kT, which collisions leave."""
    thermal = 2.0 * KT_EV_PER_K * passage.gas_temperature_k
    return (kinetic_energy_ev(pressure_pa, passage) - thermal) / (passage.path.emitted_energy_ev - thermal)


def energy_per_atom_ev(
    pressure_pa: Scalar, mean_yield: Scalar, target_coverage: Scalar, voltage_v: Scalar, passage: Passage
) -> Scalar:
    """Energy that the film receives per arriving metal atom, eV.

    E_d = E_kin + E_cond + E_rad + (J_i/J_a) E_ion + reflected neutrals + O⁻. Ions, neutrals and O⁻ come in proportion
    to the target ions, metal in proportion to `mean_yield` (metal atoms per target ion), so all rise as the target
    poisons. Reflected neutrals lose their energy to the gas as the metal does.
    """
    transport = passage.transport
    surviving = surviving_energy(pressure_pa, passage)
    ions = transport.ions_per_target_ion * transport.ion_energy_ev
    neutrals = transport.reflected_energy_fraction * transport.ion_impact_fraction * voltage_v * surviving
    landed = kinetic_energy_ev(pressure_pa, passage) + transport.condensation_energy_ev + transport.radiation_energy_ev
    oxygen = negative_ions_per_atom(
        passage.compound_electron_yield,
        target_coverage,
        mean_yield,
        pressure_pa,
        transport.distance_m,
        passage.negative_ions,
    )
    return landed + (ions + neutrals) / mean_yield + negative_ion_energy_per_atom_ev(oxygen, voltage_v)


def growth_rate_m_s(wall_flux_m2_s: Scalar, pressure_pa: Scalar, passage: Passage) -> Scalar:
    """Thickness per time at the substrate from the mean metal flux of the walls."""
    arriving = passage.transport.flux_factor * passing_fraction(pressure_pa, passage)
    return wall_flux_m2_s * arriving / passage.transport.cation_density_m3
