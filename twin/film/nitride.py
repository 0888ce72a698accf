"""Titanium nitride: from what arrives to electrons, permittivity, stress, hardness and roughness.

Electrons: ω_p and Γ of the free carriers are those of the direct current. Γ of the crystal (phonons, bombardment
defects, vacant or surplus nitrogen, oxygen) is raised by surfaces and grain boundaries (Fuchs-Sondheimer, Mayadas-
Shatzkes, Matthiessen's sum); boundaries that lie along voids hardly let electrons through.

Oxygen takes electrons away and, where the nitride no longer forms a network, localises those that are left: their
response moves from E = 0 to a resonance E_l. So ε₁ has one zero (metal), then two (it is negative only between E_l and
the longitudinal energy), then none: the three regimes of Braic et al., ACS Appl. Mater. Interfaces (2017), abstract.
Form and names of the coefficients are ours. Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.charge import positive_part
from tansaki.twin.film.optical_constants import (
    DAMPING_EV_M2_VS,
    PLASMA_EV2_M3,
    Dielectric,
    Drude,
    Lorentz,
    drude,
    lorentz,
)
from tansaki.twin.film.size_effects import matthiessen_resistivity_ratio, mean_free_path_m
from tansaki.twin.units import ELEMENTARY_CHARGE_C

SOFTNESS_EV2 = 0.1
"""Rounding of E² near zero: shifts a zero of ε₁ in the visible by 2e-4."""
ZERO_STEPS = tuple(range(6))
SLOPE_STEP_EV = 0.01


class Lattice(NamedTuple):
    """Section ``[lattice]``."""

    titanium_per_m3: float
    """Of the dense film."""


class Nitrogen(NamedTuple):
    """Section ``[nitrogen]``."""

    largest_excess: float
    """Surplus nitrogen per Ti of a film that gets far more than it binds."""
    half_ratio: float
    """Nitrogen atoms that stick at first try per arriving Ti which bring half of it."""
    resputtering_energy_ev: float
    """Ion energy per atom that takes half of the surplus away."""
    weight_exponent: float
    """Electrons go as (share of nitride)^k where nitrogen is missing or surplus."""


class Oxynitride(NamedTuple):
    """Section ``[oxynitride]``: what oxygen does, by its share of the anions."""

    sticking: float
    """Oxygen atoms kept per atom that hits, clean Ti and fresh nitride."""
    weight_fraction: float
    """Share of oxygen that leaves 1/e of the electrons."""
    localising_fraction: float
    """Share of oxygen at which half of those are localised."""
    localising_exponent: float
    localised_energy_ev: float
    localised_broadening_ev: float
    hopping_m2_vs: float
    """Mobility of localised electrons at direct current."""


class Electrons(NamedTuple):
    """Section ``[electrons]``."""

    mass_ratio: float
    full_weight: float
    """(ħω_p)² of the dense stoichiometric film over that of ``[optics_drude]``, which is one film's."""
    lattice_damping_ev: float
    defect_damping_ev: float
    """For one displaced atom per atom."""
    composition_damping_ev: float
    """For one anion in two wrong or missing, ∝ x(1 − x)."""
    boundary_reflection: float
    """R/(1 − R) of a tight grain boundary."""
    boundary_voids: float
    """Share of voids that lowers the transmission 1 − R to 1/e."""
    specularity: float


class Mechanics(NamedTuple):
    """Section ``[mechanics]``; tensile is positive."""

    tensile_pa: float
    peening_pa: float
    """Compression for D = 1."""
    biaxial_modulus_pa: float
    thermal_expansion_per_k: float
    reference_temperature_k: float
    hardness_pa: float
    """Dense, stoichiometric, without stress."""
    hardness_voids: float
    """Share of voids that leaves 1/e."""
    hardness_per_compression: float


class Surface(NamedTuple):
    """Section ``[surface]``: rms roughness ∝ hᵝ."""

    reference_roughness_m: float
    reference_thickness_m: float
    dense_exponent: float
    shadowed_exponent: float
    smoothing_energy_ev: float
    """Ion energy per atom that halves the roughness."""


class Nitride(NamedTuple):
    """All coefficients of the film; the names of the fields are the sections of its file."""

    optics_drude: Drude
    optics_lorentz_1: Lorentz
    optics_lorentz_2: Lorentz
    lattice: Lattice
    nitrogen: Nitrogen
    oxynitride: Oxynitride
    electrons: Electrons
    mechanics: Mechanics
    surface: Surface


class Conduction(NamedTuple):
    """Electrons of the film."""

    plasma2_ev2: Scalar
    """(ħω_p)² of all of them."""
    free: Scalar
    localised: Scalar
    """Shares of them."""
    carriers_m3: Scalar
    """Free ones."""
    mobility_m2_vs: Scalar


def nitrogen_excess(hits_per_metal: Scalar, ion_energy_per_atom_ev: Scalar, n: Nitrogen) -> Scalar:
    """Surplus nitrogen per Ti: grows with the supply, resputtered by ions."""
    offered = n.largest_excess * hits_per_metal / (hits_per_metal + n.half_ratio)
    return offered / (1.0 + ion_energy_per_atom_ev / n.resputtering_energy_ev)


def localising(oxygen_fraction: Scalar, o: Oxynitride) -> Scalar:
    """Localised over free electrons, (f/f_l)ᵏ."""
    return (oxygen_fraction / o.localising_fraction) ** o.localising_exponent


def conduction(
    missing: Scalar,
    surplus: Scalar,
    oxygen_fraction: Scalar,
    displaced: Scalar,
    voids: Scalar,
    grain_size_m: Scalar,
    thickness_m: Scalar,
    c: Nitride,
) -> Conduction:
    """Density and mobility of the film's electrons.

    `missing` is the share of Ti without nitrogen, `surplus` nitrogen per Ti beyond one, `oxygen_fraction` the share
    of oxygen among the anions.
    """
    e, o = c.electrons, c.oxynitride
    wrong = missing + surplus - missing * surplus
    weight = (1.0 - wrong) ** c.nitrogen.weight_exponent * xp.exp(-oxygen_fraction / o.weight_fraction)
    plasma2 = e.full_weight * c.optics_drude.plasma_energy_ev**2 * weight * (1.0 - voids)
    damping = (
        e.lattice_damping_ev
        + e.defect_damping_ev * displaced
        + 4.0 * e.composition_damping_ev * (wrong * (1.0 - wrong) + oxygen_fraction * (1.0 - oxygen_fraction))
    )
    ratio = localising(oxygen_fraction, o)
    free = 1.0 / (1.0 + ratio)
    carriers = plasma2 * free * (e.mass_ratio / PLASMA_EV2_M3)
    inside = DAMPING_EV_M2_VS / (e.mass_ratio * damping)
    path = mean_free_path_m(plasma2 * (e.mass_ratio / PLASMA_EV2_M3), inside)
    # α = (λ/D)·R/(1 − R), by 1/(1 − R): voids leave next to nothing of 1 − R.
    alpha = path / grain_size_m * ((1.0 + e.boundary_reflection) * xp.exp(voids / e.boundary_voids) - 1.0)
    size = matthiessen_resistivity_ratio(thickness_m / path, e.specularity, alpha)
    return Conduction(plasma2, free, ratio * free, carriers, inside / size)


def resistivity_ohm_m(at: Conduction, c: Nitride) -> Scalar:
    """Free electrons, and localised ones that hop."""
    # Charge per volume stays within single precision, electrons per volume squared would not.
    all_c_m3 = at.plasma2_ev2 * (c.electrons.mass_ratio / PLASMA_EV2_M3 * ELEMENTARY_CHARGE_C)
    return 1.0 / (all_c_m3 * (at.free * at.mobility_m2_vs + at.localised * c.oxynitride.hopping_m2_vs))


def bound(photon_energy_ev: Scalar, c: Nitride) -> Dielectric:
    """1 + interband transitions."""
    one, two = lorentz(photon_energy_ev, c.optics_lorentz_1), lorentz(photon_energy_ev, c.optics_lorentz_2)
    return Dielectric(1.0 + one.real + two.real, one.imaginary + two.imaginary)


def dielectric(photon_energy_ev: Scalar, at: Conduction, c: Nitride) -> Dielectric:
    """ε: interband, free electrons with the Γ of the direct current, localised electrons."""
    o = c.oxynitride
    interband = bound(photon_energy_ev, c)
    damping = DAMPING_EV_M2_VS / (c.electrons.mass_ratio * at.mobility_m2_vs)
    free = drude(photon_energy_ev, Drude(xp.sqrt(at.plasma2_ev2 * at.free), damping))
    strength = at.plasma2_ev2 * at.localised / (o.localised_energy_ev * o.localised_energy_ev)
    trapped = lorentz(photon_energy_ev, Lorentz(strength, o.localised_energy_ev, o.localised_broadening_ev))
    return Dielectric(
        interband.real + free.real + trapped.real, interband.imaginary + free.imaginary + trapped.imaginary
    )


def longitudinal_excess(photon_energy_ev: Scalar, at: Conduction, c: Nitride) -> Scalar:
    """E² − E_L²(E), zero at the first zero of ε₁ on the way down from the ultraviolet.

    E_L² = (ħω_p)²/ε_b(E) + ℓE_l² − (1 − ℓ)Γ² with the localised share ℓ: exact for free electrons (ℓ = 0) and for
    undamped localised ones (ℓ = 1, Lyddane-Sachs-Teller), interpolated between; kept above zero, softly.
    """
    damping = DAMPING_EV_M2_VS / (c.electrons.mass_ratio * at.mobility_m2_vs)
    screened = at.plasma2_ev2 / bound(photon_energy_ev, c).real
    square = screened + at.localised * c.oxynitride.localised_energy_ev**2 - at.free * damping**2
    return photon_energy_ev * photon_energy_ev - positive_part(square, SOFTNESS_EV2)


def zero_energy_ev(at: Conduction, c: Nitride) -> Scalar:
    """Photon energy (eV) of that zero, by Newton's method; far below 1 eV it says that there is none."""
    energy = xp.sqrt(positive_part(at.plasma2_ev2 / 9.0, SOFTNESS_EV2))
    for _ in ZERO_STEPS:
        above = longitudinal_excess(energy + SLOPE_STEP_EV, at, c)
        below = longitudinal_excess(energy - SLOPE_STEP_EV, at, c)
        slope = (above - below) / (2.0 * SLOPE_STEP_EV)
        energy = energy - longitudinal_excess(energy, at, c) / slope
    return energy


def film_stress_pa(
    temperature_k: Scalar, defects: Scalar, voids: Scalar, substrate_expansion_per_k: Scalar, m: Mechanics
) -> Scalar:
    """At room temperature: columns pull together, defects press, the substrate shrinks differently.

    A porous film bears a share of it, (1 − φ)².
    """
    mismatch = m.thermal_expansion_per_k - substrate_expansion_per_k
    thermal = m.biaxial_modulus_pa * mismatch * (temperature_k - m.reference_temperature_k)
    return (m.tensile_pa - m.peening_pa * defects + thermal) * (1.0 - voids) ** 2


def hardness_pa(wrong: Scalar, voids: Scalar, stress_pa: Scalar, m: Mechanics) -> Scalar:
    """Dense nitride less what voids and wrong anions cost, more under compression."""
    pressed = positive_part(-stress_pa / 1e9, 0.1) * 1e9
    return m.hardness_pa * (1.0 - wrong) * xp.exp(-voids / m.hardness_voids) + m.hardness_per_compression * pressed


def roughness_m(thickness_m: Scalar, shadowed: Scalar, ion_energy_per_atom_ev: Scalar, s: Surface) -> Scalar:
    """W ∝ hᵝ, β between those of a dense front and of shadowed columns (`shadowed` is the share of zone 1)."""
    exponent = s.dense_exponent + (s.shadowed_exponent - s.dense_exponent) * shadowed
    rough = s.reference_roughness_m * xp.exp(exponent * xp.log(thickness_m / s.reference_thickness_m))
    return rough / (1.0 + ion_energy_per_atom_ev / s.smoothing_energy_ev)
