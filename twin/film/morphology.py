"""How a film is put together: size of its grains and share of its voids, from growth and anneal.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`); the parts are in `zones` and `grains`.
"""

from typing import NamedTuple

import numpy as xp  # noqa: F401 - marks a physics module for `bind`

from tansaki.twin.film.grains import Adatoms, Coarsening, coarsened_size_m, column_width_m
from tansaki.twin.film.zones import Voids, ZoneLimits, void_fraction, zone_shares


class Morphology(NamedTuple):
    """All coefficients; the names of the fields are sections of the material file."""

    zones: ZoneLimits
    voids: Voids
    adatoms: Adatoms
    coarsening: Coarsening


class Grains(NamedTuple):
    """What a microscope and a density show."""

    grain_size_m: float
    """Width of the columns at the top, after the anneal."""
    void_fraction: float
    """An anneal does not close voids."""


def grains_of(
    temperature_k: float,
    pressure_pa: float,
    energy_per_atom_ev: float,
    rate_m_s: float,
    thickness_m: float,
    anneal_temperature_k: float,
    anneal_duration_s: float,
    m: Morphology,
) -> Grains:
    """Columns grown at this temperature, total pressure, energy per atom and rate, then annealed (0 s for not)."""
    columns = column_width_m(temperature_k, rate_m_s, thickness_m, m.adatoms)
    return Grains(
        coarsened_size_m(columns, anneal_temperature_k, anneal_duration_s, m.coarsening),
        void_fraction(
            zone_shares(temperature_k, pressure_pa, energy_per_atom_ev, m.zones), energy_per_atom_ev, m.zones, m.voids
        ),
    )
