"""Roughness of a film in closed form: what its grown surface (`tansaki.twin.growth.surface_of_film`) shows on average.

With layers N = thickness/c of cells c high, L = ln(N/100), share of the flux that collisions have turned aside
g = 1 − exp(−p/p_s), and share of the atoms that rest where they touch u = 1/(1 + hops before burial)::

    (Sq/c)² = smooth + roughening·L + shadow·exp[(growth·L + steepness)·g + sticking·u]

The first two terms are those of a surface that relaxes (Edwards and Wilkinson: logarithmic in time), the third is
shadowing. Fitted to 502 maps of 20 to 500 nm, 0.1 to 5 Pa, 290 to 900 K, 5 pm/s to 2 nm/s and 2 to 60 eV: 4.6 % rms
(of which 3.4 % are the spread of maps of one film) where at least 95 % of the atoms relax, 7 % over all. It is low by
up to half for thick films of which less relax: there columns form. Above 5 Pa it is extrapolated.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.growth.solid_on_solid import Hopping, hop_rate_hz


class RoughnessLaw(NamedTuple):
    """Section [roughness_law] of a material file."""

    smooth: float
    roughening: float
    shadow: float
    growth: float
    steepness: float
    sticking: float
    scattering_pa: float
    """p_s, for the target distance of the chamber of the fit."""


class Cells(NamedTuple):
    """What the law takes from section [surface]."""

    cell_height_m: float
    atom_spacing_m: float
    hops_per_ev: float


def resting_share(
    rate_m_s: float, temperature_k: float, energy_per_atom_ev: float, cells: Cells, hopping: Hopping
) -> float:
    """u, share of the atoms that do not relax; 1 less `tansaki.twin.growth.surface_of_film.mobility`."""
    hops = hop_rate_hz(0, 0.0, temperature_k, hopping) * cells.atom_spacing_m / rate_m_s
    return 1.0 / (1.0 + hops + cells.hops_per_ev * energy_per_atom_ev)


def turned_share(pressure_pa: float, law: RoughnessLaw) -> float:
    """g, share of the flux that has lost its direction."""
    return 1.0 - xp.exp(-pressure_pa / law.scattering_pa)


def roughness_m(thickness_m: float, turned: float, resting: float, cells: Cells, law: RoughnessLaw) -> float:
    """Sq of a film from the means of `turned_share` and `resting_share` over its thickness.

    Below 20 layers the terms that grow are those of 20 layers in proportion to the thickness.
    """
    layers = thickness_m / cells.cell_height_m
    thin = xp.minimum(layers / FEWEST, 1.0)
    grown = xp.log(xp.maximum(layers, FEWEST) / REFERENCE)
    shadow = law.shadow * xp.exp((law.growth * grown + law.steepness) * turned + law.sticking * resting)
    return cells.cell_height_m * xp.sqrt(thin * (law.smooth + law.roughening * grown + shadow))


FEWEST = 20.0
REFERENCE = 100.0
