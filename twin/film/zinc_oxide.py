"""Doped zinc oxide: from what arrives to carriers, mobility, grains and stress.

Electrons come from Al on Zn sites and from missing oxygen; excess oxygen binds two each (Al-O_i complexes, zinc
vacancies). The crystal scatters them by phonons and, above all, by the ions they came from: Brooks and Herring's
screened Coulomb scattering of a degenerate gas in a band that is not parabolic,

    μ_ii = 3(ε_rε₀)²h³/(m*²e³) · n/Σ Z²N · 1/[ln(1+ξ) − ξ/(1+ξ)],   ξ = (3π²)^⅓ ε_rε₀h² n^⅓/(m*e²)
    m* = m₀√(1 + 2Cħ²k_F²/m₀)

(degenerate form: Dingle 1955; mass: Pisarkiewicz 1989), which bounds the product of n and μ. Grain boundaries add the
barriers of Seto (1975). Defects of energetic oxygen ions take carriers, mobility and grains together and press the
film: all depend on one number, so properties collapse onto the stress, as found by Crovetto et al., J. Phys. D 49,
295101 (2016). Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.charge import positive_part
from tansaki.twin.film.composition import Evaporation
from tansaki.twin.film.grains import Adatoms
from tansaki.twin.film.optical_constants import ELECTRON_MASS_KG, FREE_ELECTRON_EV_M2, VACUUM_PERMITTIVITY_F_M
from tansaki.twin.film.structure import logistic
from tansaki.twin.units import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C

PLANCK_J_S = 6.62607015e-34
ROOM_TEMPERATURE_K = 300.0
SCREENING_M = PLANCK_J_S**2 * VACUUM_PERMITTIVITY_F_M / (ELECTRON_MASS_KG * ELEMENTARY_CHARGE_C**2)
"""ε₀h²/(m_e e²), π times the Bohr radius."""
IONISED_M2_VS = 3.0 * VACUUM_PERMITTIVITY_F_M**2 * PLANCK_J_S**3 / (ELECTRON_MASS_KG**2 * ELEMENTARY_CHARGE_C**3)
"""3ε₀²h³/(m_e²e³)."""

# Electron mass times thermal energy is far below the smallest single-precision number.
THERMAL_SPEED_M_S = (BOLTZMANN_J_K * ROOM_TEMPERATURE_K / (2.0 * float(xp.pi) * ELECTRON_MASS_KG)) ** 0.5
"""√(k_BT/2πm_e)."""


class Composition(NamedTuple):
    """Section ``[composition]``."""

    oxygen_loss: float
    """Share of the sputtered oxygen that neither sticks with the zinc it left with nor comes back at once."""


class Dopants(NamedTuple):
    """Section ``[dopants]``."""

    cation_density_m3: float
    activation: float
    """Share of Al that gives its electron, dilute, at the best temperature, without defects."""
    solubility: float
    incorporation_k: float
    incorporation_width_k: float
    segregation_k: float
    segregation_width_k: float
    deactivating_defects: float
    """D that halves the activation."""
    oxygen_half_ratio: float
    """Oxygen atoms that hit the surface per arriving zinc which bind half of the Al."""
    vacancy_solubility: float
    """Missing oxygen per cation that stays as point defects; the rest is free zinc."""
    vacancy_activation: float
    background_acceptors: float
    fluctuation: float


class Scattering(NamedTuple):
    """Section ``[scattering]``."""

    lattice_m2_vs: float
    band_mass_ratio: float
    nonparabolicity_per_ev: float
    static_permittivity: float
    defect_m2_vs: float
    """Mobility if there were only defects with D = 1."""
    zinc_m2_vs: float
    """Mobility if there was only free zinc, one per cation."""
    trap_density_m2: float
    trap_depth_ev: float
    """No barrier is higher."""
    void_traps: float
    """Growth of the trap density with porosity."""


class Refinement(NamedTuple):
    """Section ``[refinement]``: what makes columns narrower."""

    halving_defects: float
    halving_voids: float


class GrowthStress(NamedTuple):
    """Section ``[stress]``; tensile is positive."""

    tensile_pa: float
    peening_pa: float
    """Compression for D = 1."""
    biaxial_modulus_pa: float
    thermal_expansion_per_k: float
    reference_temperature_k: float


class ZincOxide(NamedTuple):
    """All coefficients of the film; the names of the fields are the sections of its file."""

    composition: Composition
    free_zinc: Evaporation
    oxide: Evaporation
    dopants: Dopants
    scattering: Scattering
    adatoms: Adatoms
    refinement: Refinement
    stress: GrowthStress


class Charge(NamedTuple):
    """Charged centres per cation of the crystal, and what is left over."""

    electrons: Scalar
    scatterers: Scalar
    """Σ Z²N."""
    free_zinc: Scalar


def charge(
    dopant_fraction: Scalar,
    oxygen_ratio: Scalar,
    missing_oxygen: Scalar,
    defects: Scalar,
    temperature_k: Scalar,
    d: Dopants,
) -> Charge:
    """Electrons and scatterers per cation.

    `oxygen_ratio` counts the oxygen atoms that hit the surface per arriving zinc. Al is inactive where it arrives too
    cold to find a Zn site, where defects hold it (Jullien et al. 2010), and where heat lets Al2O3 segregate.
    """
    incorporated = logistic((temperature_k - d.incorporation_k) / d.incorporation_width_k)
    dissolved = logistic((d.segregation_k - temperature_k) / d.segregation_width_k)
    share = d.activation * incorporated * dissolved / (1.0 + defects / d.deactivating_defects)
    donors = share * dopant_fraction / (1.0 + (dopant_fraction / d.solubility) ** 2)
    excess = dopant_fraction * oxygen_ratio / (oxygen_ratio + d.oxygen_half_ratio)
    vacancies = -d.vacancy_solubility * xp.expm1(-missing_oxygen / d.vacancy_solubility)
    supply = donors + 2.0 * d.vacancy_activation * vacancies
    loss = 2.0 * excess + d.background_acceptors
    electrons = positive_part(supply - loss, d.fluctuation * (supply + loss))
    scatterers = donors + 4.0 * excess + 4.0 * d.vacancy_activation * vacancies + d.background_acceptors
    return Charge(electrons, scatterers, missing_oxygen - vacancies)


def mass_ratio(carriers_m3: Scalar, s: Scattering) -> Scalar:
    """m*/m_e at the Fermi level, m₀√(1 + 4C·ħ²k_F²/(2m₀))."""
    fermi = (3.0 * xp.pi**2 * carriers_m3) ** (1.0 / 3.0)
    kinetic_ev = FREE_ELECTRON_EV_M2 / s.band_mass_ratio * fermi * fermi
    return s.band_mass_ratio * xp.sqrt(1.0 + 4.0 * s.nonparabolicity_per_ev * kinetic_ev)


def ionised_mobility_m2_vs(carriers_m3: Scalar, scatterers_per_electron: Scalar, s: Scattering) -> Scalar:
    """μ_ii of a degenerate gas (Brooks-Herring, see the module); n above the Mott density, some 1e25 m⁻³."""
    mass = mass_ratio(carriers_m3, s)
    xi = (3.0 * xp.pi**2 * carriers_m3) ** (1.0 / 3.0) * s.static_permittivity * SCREENING_M / mass
    screening = xp.log1p(xi) - xi / (1.0 + xi)
    return IONISED_M2_VS * (s.static_permittivity / mass) ** 2 / (screening * scatterers_per_electron)


def boundary_mobility_m2_vs(carriers_m3: Scalar, grain_size_m: Scalar, voids: Scalar, s: Scattering) -> Scalar:
    """Seto's eL/√(2πm*k_BT)·e^{−E_b/k_BT}.

    B = e²Q²/(8ε n)/[1 + (Q/nL)²] joins his limits of filled traps and of depleted grains, and E_b = BE_t/(B + E_t)
    stays below the depth E_t of the traps.
    """
    traps = s.trap_density_m2 * (1.0 + s.void_traps * voids)
    thermal_j = BOLTZMANN_J_K * ROOM_TEMPERATURE_K
    coulomb = ELEMENTARY_CHARGE_C**2 / (8.0 * VACUUM_PERMITTIVITY_F_M * thermal_j)
    trapped_m = traps / carriers_m3
    barrier = coulomb / s.static_permittivity * traps * trapped_m / (1.0 + (trapped_m / grain_size_m) ** 2)
    barrier = barrier / (1.0 + barrier * thermal_j / (ELEMENTARY_CHARGE_C * s.trap_depth_ev))
    speed = THERMAL_SPEED_M_S / xp.sqrt(mass_ratio(carriers_m3, s))
    return ELEMENTARY_CHARGE_C / thermal_j * grain_size_m * speed * xp.exp(-barrier)


def crystal_mobility_m2_vs(
    carriers_m3: Scalar, at: Charge, defects: Scalar, grain_size_m: Scalar, voids: Scalar, s: Scattering
) -> Scalar:
    """Matthiessen: phonons, ions, defects, free zinc, grain boundaries; `carriers_m3` is n in the crystal."""
    inverse = 1.0 / s.lattice_m2_vs + 1.0 / ionised_mobility_m2_vs(carriers_m3, at.scatterers / at.electrons, s)
    inverse = inverse + defects / s.defect_m2_vs + at.free_zinc / s.zinc_m2_vs
    return 1.0 / (inverse + 1.0 / boundary_mobility_m2_vs(carriers_m3, grain_size_m, voids, s))


def grain_size_m(column_m: Scalar, defects: Scalar, voids: Scalar, r: Refinement) -> Scalar:
    """Columns as `tansaki.twin.film.grains` gives them, narrower under bombardment and between voids."""
    return column_m / ((1.0 + defects / r.halving_defects) * (1.0 + voids / r.halving_voids))


def film_stress_pa(
    temperature_k: Scalar, defects: Scalar, voids: Scalar, substrate_expansion: Scalar, s: GrowthStress
) -> Scalar:
    """At room temperature: columns pull together (tensile), defects press, the substrate shrinks differently."""
    growth = s.tensile_pa * (1.0 - voids) - s.peening_pa * defects
    mismatch = s.thermal_expansion_per_k - substrate_expansion
    return growth + s.biaxial_modulus_pa * mismatch * (temperature_k - s.reference_temperature_k)
