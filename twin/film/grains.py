"""How large the grains of a film are: as they nucleate, as columns compete, and as they coarsen in an anneal.

Adatoms hop at k = ν·exp(−E/k_BT). Nuclei of one stable pair lie (k/F)^{1/6} sites apart, F the monolayers that
arrive per time (Venables, critical size 1). From there columns overgrow each other, and in an anneal grains coarsen::

    D₀ = a·(1 + k·a/R)^{1/6}                 R growth rate, a height and spacing of a site
    D(h) = D₀·(1 + h/D₀)^p                   p = 0.4 to 0.5
    Dⁿ − D₀ⁿ = K·t·exp(−Q/k_BT)              K given as: D_ref grows from nothing in t_ref at T_ref

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`). Lengths are compared with a reference length
before they are raised to a power, so that single precision does not underflow.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.film.structure import BOLTZMANN_EV_K, arrhenius_rate


class Adatoms(NamedTuple):
    """Atoms on the growing surface, and what becomes of the islands they form."""

    hop_energy_ev: float
    attempt_per_s: float
    site_m: float
    column_exponent: float
    boundary_insertion: float
    """β of `insertion`, 1."""


class Coarsening(NamedTuple):
    """Normal growth of grains in an anneal."""

    exponent: float
    reference_size_m: float
    reference_temperature_k: float
    reference_time_s: float
    activation_energy_ev: float


def hops_per_s(temperature_k: float, a: Adatoms) -> float:
    """k = ν·exp(−E/k_BT)."""
    return a.attempt_per_s * xp.exp(-a.hop_energy_ev / (BOLTZMANN_EV_K * temperature_k))


def adatom_diffusivity_m2_s(temperature_k: float, a: Adatoms) -> float:
    """k·a²/4: hops of one site on a square lattice."""
    return 0.25 * hops_per_s(temperature_k, a) * a.site_m * a.site_m


def nucleus_distance_m(temperature_k: float, rate_m_s: float, a: Adatoms) -> float:
    """D₀, from one nucleus to the next; one site where nothing moves."""
    return a.site_m * (1.0 + hops_per_s(temperature_k, a) * a.site_m / rate_m_s) ** (1.0 / 6.0)


def column_width_m(temperature_k: float, rate_m_s: float, thickness_m: float, a: Adatoms) -> float:
    """D(h), the width of the columns at the top of a film that grew at this temperature and rate."""
    start = nucleus_distance_m(temperature_k, rate_m_s, a)
    return start * (1.0 + thickness_m / start) ** a.column_exponent


def coarsened_size_m(size_m: float, temperature_k: float, duration_s: float, c: Coarsening) -> float:
    """Size of grains of `size_m` after an anneal."""
    rate = arrhenius_rate(temperature_k, c.reference_temperature_k, c.reference_time_s, c.activation_energy_ev)
    relative = (size_m / c.reference_size_m) ** c.exponent + rate * duration_s
    return c.reference_size_m * relative ** (1.0 / c.exponent)


def insertion(temperature_k: float, rate_m_s: float, grain_m: float, a: Adatoms) -> float:
    """βD/(LR): how far adatoms get into the grain boundaries before they are buried (see `structure.film_stress`).

    Source: Chason et al., Phys. Rev. Lett. 88, 156103 (2002), for the form (remembered, not confirmed).
    """
    return a.boundary_insertion * adatom_diffusivity_m2_s(temperature_k, a) / (grain_m * rate_m_s)
