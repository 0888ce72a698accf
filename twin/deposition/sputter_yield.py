"""How many atoms an ion ejects: elements, compounds, alloys, and what the surface is made of afterwards.

Normal incidence, amorphous targets, one ion at a time. Two fits of elemental yields differ by up to 30 % where both
exist, so a yield is a mean value with a factor (`drawn_factor`), never a constant of nature.
Written for `tansaki.twin.backends.bind`; the NamedTuples are the sections of twin/elements.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar

SMALLEST_YIELD = 1e-12
"""Stands for an element below its threshold where a yield divides."""


class Atom(NamedTuple):
    """Section ``[atom]``."""

    atomic_number: float
    mass_u: float


class Solid(NamedTuple):
    """Section ``[solid]``."""

    density_m3: float
    """Atoms per volume of the bulk."""


class Sputtering(NamedTuple):
    """Section ``[sputtering]``: the target of the fit of Yamamura and Tawara."""

    surface_binding_ev: float
    """U_s."""
    q: float
    w: float
    """W of the electronic stopping, in the paper's units; 0.35 U_s for metals outside its table."""
    s: float


class Eckstein(NamedTuple):
    """Section ``[eckstein_argon]``: the fit of Eckstein for argon."""

    onset: float
    """λ: where the yield begins to fall towards the threshold."""
    q: float
    mu: float
    reduced_energy_per_ev: float
    """ε_L."""
    threshold_ev: float


class Compound(NamedTuple):
    """A compound of the metal with the gas, in the file of the metal (``[tio2]`` in ti.toml)."""

    gas_atoms_per_metal_atom: float
    """b of the bulk."""
    metal_yield: float
    """Metal atoms per ion at the reference energy."""
    reference_energy_ev: float
    binding_ratio: float
    """Surface binding of the metal over that of the gas atom."""
    cascade_exponent: float
    """m of the power potential in Sigmund's theory, 0 (hard) to 0.25."""


def energy_transfer(ion: Atom, target: Atom) -> Scalar:
    """γ_E = 4M₁M₂/(M₁+M₂)²: largest share of its energy that an ion gives to a target atom at rest."""
    total = ion.mass_u + target.mass_u
    return 4.0 * ion.mass_u * target.mass_u / (total * total)


def threshold_ev(ion: Atom, target: Atom, sputtering: Sputtering) -> Scalar:
    """Threshold of Yamamura and Tawara: U_s(1 + 5.7 M₁/M₂)/γ_E for M₁ ≤ M₂, else 6.7 U_s/γ_E."""
    # The two expressions meet at M₁ = M₂.
    ratio = xp.minimum(ion.mass_u / target.mass_u, 1.0)
    return sputtering.surface_binding_ev * (1.0 + 5.7 * ratio) / energy_transfer(ion, target)


def reduced_stopping(reduced_energy: Scalar) -> Scalar:
    """s_n(ε) of the Thomas-Fermi potential, the form used with the fit of Yamamura and Tawara."""
    root = xp.sqrt(reduced_energy)
    numerator = 3.441 * root * xp.log(reduced_energy + 2.718)
    return numerator / (1.0 + 6.355 * root + reduced_energy * (6.882 * root - 1.708))


def yamamura_yield(energy_ev: Scalar, ion: Atom, target: Atom, sputtering: Sputtering) -> Scalar:
    """Atoms per ion at normal incidence, zero below the threshold::

        Y = 0.042 (Q α*/U_s) S_n(E) / (1 + Γ k_e ε^0.3) · [1 − √(E_th/E)]^s,   Γ = W/(1 + (M₁/7)³)

    `energy_ev` in eV, up to some keV. Source: Yamamura and Tawara, At. Data Nucl. Data Tables 62, 149 (1996) with
    the erratum 63, 353 (84.78 in S_n); read in an open implementation.
    """
    z_ion, z_target, m_ion, m_target = ion.atomic_number, target.atomic_number, ion.mass_u, target.mass_u
    threshold = threshold_ev(ion, target, sputtering)
    is_above = energy_ev > threshold
    energy = xp.where(is_above, energy_ev, 2.0 * threshold)
    screening = z_ion ** (2.0 / 3.0) + z_target ** (2.0 / 3.0)
    charges = z_ion * z_target / xp.sqrt(screening)
    reduced = 0.03255 * energy * m_target / ((m_ion + m_target) * z_ion * z_target * xp.sqrt(screening))
    stopping = 84.78 * charges * m_ion / (m_ion + m_target) * reduced_stopping(reduced)
    electronic = 0.079 * (m_ion + m_target) ** 1.5 * z_ion ** (2.0 / 3.0) * xp.sqrt(z_target)
    electronic = electronic / (m_ion**1.5 * xp.sqrt(m_target) * screening**0.75)
    ratio = m_target / m_ion
    heavy = 0.249 * ratio**0.56 + 0.0035 * ratio**1.5
    light = 0.0875 * ratio**-0.15 + 0.165 * ratio
    alpha = xp.where(m_ion <= m_target, heavy, light)
    gamma = sputtering.w / (1.0 + (m_ion / 7.0) ** 3)
    near_threshold = (1.0 - xp.sqrt(threshold / energy)) ** sputtering.s
    strength = 0.042 * sputtering.q * alpha / sputtering.surface_binding_ev
    value = strength * stopping / (1.0 + gamma * electronic * reduced**0.3) * near_threshold
    return xp.where(is_above, value, 0.0)


def eckstein_yield(energy_ev: Scalar, fit: Eckstein) -> Scalar:
    """Atoms per ion at normal incidence, zero below the threshold::

        Y = q s_n x/(λ/w + x),   x = (E/E_th − 1)^μ,   w = ε + 0.1728√ε + 0.008 ε^0.1504
        s_n = ½ ln(1 + 1.2288 ε)/w   (krypton-carbon),   ε = ε_L E

    The form as often printed has λ where λ/w is meant; λ/w reproduces the tables of the data base to four digits.
    Source: Eckstein fits of the IAEA plasma-wall interaction data base. Valid to some 10 keV.
    """
    is_above = energy_ev > fit.threshold_ev
    energy = xp.where(is_above, energy_ev, 2.0 * fit.threshold_ev)
    reduced = fit.reduced_energy_per_ev * energy
    width = reduced + 0.1728 * xp.sqrt(reduced) + 0.008 * reduced**0.1504
    stopping = 0.5 * xp.log1p(1.2288 * reduced) / width
    excess = (energy / fit.threshold_ev - 1.0) ** fit.mu
    return xp.where(is_above, fit.q * stopping * excess / (fit.onset / width + excess), 0.0)


def compound_yield(energy_ev: Scalar, ion: Atom, metal: Atom, sputtering: Sputtering, compound: Compound) -> Scalar:
    """Metal atoms per ion from a compound: its yield at one energy, with the energy dependence of its metal.

    Assumed for want of fits: Y_c(E) = Y_c(E_ref) Y_m(E)/Y_m(E_ref).
    """
    reference = yamamura_yield(compound.reference_energy_ev, ion, metal, sputtering)
    return compound.metal_yield * yamamura_yield(energy_ev, ion, metal, sputtering) / reference


def drawn_factor(normal: Scalar, relative_sigma: Scalar) -> Scalar:
    """Factor exp(σz) by which one laboratory's yield differs from the fit; median 1, `normal` is standard normal.

    σ is the relative standard uncertainty of the yield: `sigma`/`value` of ``[sputtering.q]`` or of the compound's
    ``metal_yield``.
    """
    return xp.exp(relative_sigma * normal)


def alloy_yield(fractions: tuple[Scalar, ...], yields: tuple[Scalar, ...]) -> Scalar:
    """Atoms of all kinds per ion from an alloy in its steady state, 1/Y = Σ xᵢ/Yᵢ.

    `fractions` xᵢ of the bulk add up to one; `yields` Yᵢ are those of the pure elements, so that the component
    yield is cᵢYᵢ with the surface fraction cᵢ. Once the altered layer has formed the emitted composition is the bulk
    composition (conservation), hence cᵢYᵢ = xᵢY and, as Σcᵢ = 1, the sum above. An element below its threshold
    ends up alone at the surface and stops the erosion: Y tends to zero.
    """
    total = 0.0
    for i in range(len(fractions)):
        total = total + fractions[i] / xp.maximum(yields[i], SMALLEST_YIELD)
    return 1.0 / total


def surface_fraction(bulk_fraction: Scalar, elemental_yield: Scalar, total_yield: Scalar) -> Scalar:
    """Fraction of one element at the surface of an alloy in its steady state, cᵢ = xᵢ Y/Yᵢ (see `alloy_yield`)."""
    return bulk_fraction * total_yield / xp.maximum(elemental_yield, SMALLEST_YIELD)


def preference(gas: Atom, metal: Atom, compound: Compound) -> Scalar:
    """Yield per surface gas atom over yield per surface metal atom, (M_m/M_g)^{2m} (U_m/U_g)^{1−2m}.

    The lighter and the looser atom goes first: mass dominates for oxides and the bindings correct it (Malherbe,
    Hofmann and Sanz, Appl. Surf. Sci. 27, 355 (1986), on Sigmund's theory).
    """
    m = compound.cascade_exponent
    return (metal.mass_u / gas.mass_u) ** (2.0 * m) * compound.binding_ratio ** (1.0 - 2.0 * m)


def surface_gas_per_metal(gas: Atom, metal: Atom, compound: Compound) -> Scalar:
    """Gas atoms per metal atom at the surface of a bombarded compound in its steady state.

    What leaves has the composition of the bulk, b, so the surface has b over `preference`: TiO2 turns towards Ti2O3.
    No gas arrives here; in a reactive gas the surface is fuller.
    """
    return compound.gas_atoms_per_metal_atom / preference(gas, metal, compound)


def erosion_rate_m_s(ion_flux_m2_s: Scalar, sputter_yield: Scalar, solid: Solid) -> Scalar:
    """Depth per time that a target loses, J·Y/n (m/s)."""
    return ion_flux_m2_s * sputter_yield / solid.density_m3
