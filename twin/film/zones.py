"""Structure zones of a sputtered film, and how densely it is packed.

The zones are those of Thornton: 1 (porous, tapered columns), T (dense fibres), 2 (columns that surface diffusion
widens), 3 (grains that bulk diffusion rounds). Where one passes into the next depends on the homologous temperature
T* = T/T_m, on the gas pressure (which turns the flux aside, so that columns shade each other) and on the energy that
an arriving atom brings, here as multiple of the bond energy, E* = E/E_b (one axis of Anders' diagram)::

    boundary = b + rise·p/(p + p½) − gain·E*/(E* + E*½)      for 1|T and T|2
    share of what lies beyond a boundary = logistic((T* − boundary)/width)

A film is a mixture: each boundary splits what lies beyond the one before, so the shares add up to one.

Anders' shift of temperature by the potential energy of the arriving atoms is not taken into account: it is nearly
constant for one material and part of the boundaries. Pores close as the zones change, and within a zone under
bombardment: φ = Σ shareᵢ·φᵢ·exp(−E*/E*_c).

Source: Thornton, J. Vac. Sci. Technol. 11, 666 (1974); Anders, Thin Solid Films 518, 4087 (2010), for axes and order
of the zones; the smooth form is ours. Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.film.charge import bruggeman
from tansaki.twin.film.structure import logistic


class ZoneLimits(NamedTuple):
    """Where the zones pass into each other, in homologous temperature."""

    melting_k: float
    bond_energy_ev: float
    """E_b, by which the energy per arriving atom is divided."""
    transition: float
    """1|T at no pressure and no energy."""
    columnar: float
    """T|2 at no pressure and no energy."""
    equiaxed: float
    """2|3."""
    width: float
    pressure_rise: float
    half_pressure_pa: float
    energy_gain: float
    half_energy: float
    """E*½, bond energies."""


class Voids(NamedTuple):
    """Share of voids in each zone without bombardment, and the energy that closes them."""

    zone_1: float
    zone_t: float
    zone_2: float
    zone_3: float
    closing_energy: float
    """E*_c, bond energies."""


class Zones(NamedTuple):
    """Shares of the four zones; they add up to one."""

    zone_1: float
    zone_t: float
    zone_2: float
    zone_3: float


def zone_shares(temperature_k: float, pressure_pa: float, energy_per_atom_ev: float, z: ZoneLimits) -> Zones:
    """Structure of a film grown at this temperature and total pressure with this energy per arriving atom."""
    homologous = temperature_k / z.melting_k
    energy = energy_per_atom_ev / z.bond_energy_ev
    shift = z.pressure_rise * pressure_pa / (pressure_pa + z.half_pressure_pa)
    shift = shift - z.energy_gain * energy / (energy + z.half_energy)
    beyond_1 = logistic((homologous - z.transition - shift) / z.width)
    beyond_t = logistic((homologous - z.columnar - shift) / z.width)
    beyond_2 = logistic((homologous - z.equiaxed) / z.width)
    return Zones(
        1.0 - beyond_1,
        beyond_1 * (1.0 - beyond_t),
        beyond_1 * beyond_t * (1.0 - beyond_2),
        beyond_1 * beyond_t * beyond_2,
    )


def void_fraction(shares: Zones, energy_per_atom_ev: float, z: ZoneLimits, v: Voids) -> float:
    """Volume of the voids over that of the film."""
    open_film = (
        shares.zone_1 * v.zone_1 + shares.zone_t * v.zone_t + shares.zone_2 * v.zone_2 + shares.zone_3 * v.zone_3
    )
    return open_film * xp.exp(-energy_per_atom_ev / z.bond_energy_ev / v.closing_energy)


def film_density_kg_m3(dense_kg_m3: float, voids: float) -> float:
    """Mass over volume, as X-ray reflection sees it."""
    return dense_kg_m3 * (1.0 - voids)


def porous_index(dense_index: float, voids: float) -> float:
    """Refractive index of a transparent film with empty round pores (Bruggeman in n²)."""
    return xp.sqrt(bruggeman(voids, 1.0, dense_index * dense_index))
