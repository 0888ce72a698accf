"""Dielectric functions of films: bound electrons, free electrons, and mixtures of phases.

ε(E) = ε₁ + iε₂ over the photon energy E (the field writes ε₂ > 0 for absorption, time factor e^(−iωt)). A model
is a sum of terms:

- `tauc_lorentz`: interband absorption with a gap, ε∞ included. Jellison and Modine, Appl. Phys. Lett. 69, 371 and
  2137 (1996), closed form of the Kramers-Kronig integral.
- `lorentz`, `drude`: one damped oscillator, free electrons. The latter takes ω_p and Γ from the same density and
  mobility as the charge transport, ω_p² = n e²/(ε₀m*) and Γ = ħe/(m*μ), so optics and resistivity agree.

Energies in eV and squares of plasma energies in eV² are O(1), so single precision is enough; at public boundaries
everything else is SI. Written for `tansaki.twin.backends.bind`, in real arithmetic: complex64 costs XLA four times
as much.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.units import ELEMENTARY_CHARGE_C

REDUCED_PLANCK_EV_S = 6.582119569e-16
PLANCK_TIMES_LIGHT_EV_M = 1.2398419843320026e-6
"""h·c/e (exact in the SI of 2019)."""
VACUUM_PERMITTIVITY_F_M = 8.8541878128e-12
ELECTRON_MASS_KG = 9.1093837015e-31
"""CODATA 2018, as is the permittivity."""
DAMPING_EV_M2_VS = REDUCED_PLANCK_EV_S * ELEMENTARY_CHARGE_C / ELECTRON_MASS_KG
"""Γ·m*·μ/m_e."""
PLASMA_EV2_M3 = DAMPING_EV_M2_VS * REDUCED_PLANCK_EV_S * ELEMENTARY_CHARGE_C / VACUUM_PERMITTIVITY_F_M
"""(ħω_p)²·m*/(m_e·n)."""
FREE_ELECTRON_EV_M2 = 0.5 * DAMPING_EV_M2_VS * REDUCED_PLANCK_EV_S
"""ħ²/(2m_e)."""
TINY_EV2 = 1e-30


class Dielectric(NamedTuple):
    """Relative permittivity, or one term of it."""

    real: Scalar
    imaginary: Scalar


class RefractiveIndex(NamedTuple):
    """n + ik."""

    n: Scalar
    k: Scalar


class TaucLorentz(NamedTuple):
    """Interband absorption; 2·`peak_ev` > `broadening_ev`."""

    epsilon_infinity: Scalar
    amplitude_ev: Scalar
    peak_ev: Scalar
    broadening_ev: Scalar
    gap_ev: Scalar


class Lorentz(NamedTuple):
    """One oscillator; `strength` is its share of the static permittivity."""

    strength: Scalar
    energy_ev: Scalar
    broadening_ev: Scalar


class Drude(NamedTuple):
    """Free electrons."""

    plasma_energy_ev: Scalar
    damping_ev: Scalar


class Sellmeier(NamedTuple):
    """Transparent material with one resonance in the ultraviolet, given by its index at one wavelength."""

    reference_index: float
    reference_wavelength_m: float
    resonance_wavelength_m: float


class BursteinMoss(NamedTuple):
    """Filling of the conduction band, and the narrowing that the same electrons cause."""

    reduced_mass_ratio: float
    """Of conduction and valence band, over the electron mass."""
    renormalisation_ev: float
    """Narrowing at `renormalisation_density_m3`, ∝ n^⅓ (exchange)."""
    renormalisation_density_m3: float


class DopedOxide(NamedTuple):
    """Transparent conductor: Tauc-Lorentz, Drude of the transport, and a band of localised electrons."""

    epsilon_infinity: float
    amplitude_ev: float
    peak_ev: float
    broadening_ev: float
    gap_ev: float
    drude_mass_ratio: float
    """m*/m_e."""
    localised_energy_ev: float
    localised_broadening_ev: float
    localised_oscillator_strength: float
    """Of one localised electron, in units of a free one."""


def photon_energy_ev(wavelength_m: Scalar) -> Scalar:
    """hc/λ."""
    return PLANCK_TIMES_LIGHT_EV_M / wavelength_m


def tauc_lorentz(photon_energy_ev: Scalar, t: TaucLorentz) -> Dielectric:
    """ε∞ + Tauc-Lorentz, E > 0.

    ε₂ = A·E₀·C·(E − E_g)²/{E·[(E² − E₀²)² + C²E²]} above the gap, 0 below; ε₁ is its Kramers-Kronig integral.

    The five terms of the published ε₁ are up to sixty times their sum. Here they are regrouped by the logarithm and
    the angles that do not depend on E, with their coefficients expanded about E₀ and C = 0, which leaves single
    precision a relative error below 1e-5. The term of the gap, (E − E_g)²·ln|E − E_g|, is finite and smooth there.
    """
    e, peak, width, gap = photon_energy_ev, t.peak_ev, t.broadening_ev, t.gap_ev
    p2, w2, g2 = peak * peak, width * width, gap * gap
    detuning = (e - peak) * (e + peak)
    resonance = detuning * detuning + w2 * e * e
    above = xp.maximum(e - gap, 0.0)
    absorption = t.amplitude_ev * peak * width * above * above / (e * resonance)

    alpha = xp.sqrt(4.0 * p2 - w2)
    # 2E₀/α − 1, of second order in C.
    excess = w2 / (alpha * (2.0 * peak + alpha))
    upper = p2 + g2 + alpha * gap
    lower = (((peak - gap) * (peak + gap)) ** 2 + g2 * w2) / upper  # E₀² + E_g² − αE_g
    a_log = (g2 - p2) * detuning - 2.0 * p2 * (p2 + g2) + g2 * w2
    pole = (e - peak) ** 2 * (g2 * (e + 2.0 * peak) - e * p2) / e + g2 * w2 + excess * a_log
    logarithms = 0.5 * pole / p2 * 0.5 * xp.log(upper / lower)
    far, near = (e + gap) ** 2, (e - gap) ** 2
    edges = far * xp.log(far / upper) - near * xp.log(xp.maximum(near, TINY_EV2) / lower)

    difference = (peak - gap) ** 2 / peak - 2.0 * gap * excess
    offset = w2 * gap * ((peak - gap) / peak + excess)
    mean = (p2 + g2) / peak + 2.0 * gap * (1.0 + excess)
    lift = w2 * gap * (gap / peak + 1.0 + excess)
    wide = 0.5 * xp.pi + xp.arctan((alpha - 2.0 * gap) / width)
    narrow = xp.arctan(width / (alpha + 2.0 * gap))
    angles = wide * (detuning * difference - offset) + narrow * (detuning * mean + lift)
    bound = width * (logarithms + 0.5 * peak / e * edges) - angles
    return Dielectric(t.epsilon_infinity + t.amplitude_ev / xp.pi * bound / resonance, absorption)


def lorentz(photon_energy_ev: Scalar, o: Lorentz) -> Dielectric:
    """f·E₀²/(E₀² − E² − iΓE), without the 1 of vacuum."""
    resonance2 = o.energy_ev * o.energy_ev
    detuning = resonance2 - photon_energy_ev * photon_energy_ev
    loss = o.broadening_ev * photon_energy_ev
    scale = o.strength * resonance2 / (detuning * detuning + loss * loss)
    return Dielectric(scale * detuning, scale * loss)


def drude(photon_energy_ev: Scalar, d: Drude) -> Dielectric:
    """−(ħω_p)²/(E² + iΓE), E > 0."""
    scale = d.plasma_energy_ev * d.plasma_energy_ev / (photon_energy_ev**2 + d.damping_ev * d.damping_ev)
    return Dielectric(-scale, scale * d.damping_ev / photon_energy_ev)


def drude_of_carriers(carriers_m3: Scalar, mobility_m2_vs: Scalar, mass_ratio: Scalar) -> Drude:
    """ω_p² = n e²/(ε₀m*) and Γ = ħe/(m*μ) of the carriers that also conduct the direct current; n, μ > 0."""
    plasma2 = PLASMA_EV2_M3 / mass_ratio * carriers_m3
    return Drude(xp.sqrt(plasma2), DAMPING_EV_M2_VS / (mass_ratio * mobility_m2_vs))


def drude_resistivity_ohm_m(d: Drude) -> Scalar:
    """Resistivity at zero frequency, ħΓ/(ε₀(ħω_p)²); equal to 1/(n·e·μ), m* drops out."""
    plasma2 = d.plasma_energy_ev * d.plasma_energy_ev
    return REDUCED_PLANCK_EV_S / VACUUM_PERMITTIVITY_F_M * d.damping_ev / plasma2


def burstein_moss_shift_ev(carriers_m3: Scalar, b: BursteinMoss) -> Scalar:
    """Shift of the absorption edge: ħ²/(2m_vc)·(3π²n)^⅔ − E_r·(n/n_r)^⅓; parabolic bands, degenerate electrons."""
    fermi = (3.0 * xp.pi**2 * carriers_m3) ** (1.0 / 3.0)
    narrowing = b.renormalisation_ev * (carriers_m3 / b.renormalisation_density_m3) ** (1.0 / 3.0)
    return FREE_ELECTRON_EV_M2 / b.reduced_mass_ratio * fermi * fermi - narrowing


def doped_oxide(
    photon_energy_ev: Scalar,
    carriers_m3: Scalar,
    mobility_m2_vs: Scalar,
    localised_m3: Scalar,
    o: DopedOxide,
    b: BursteinMoss,
) -> Dielectric:
    """ε of a transparent conductor with n free and `localised_m3` trapped electrons; n, μ > 0.

    The Burstein-Moss shift moves gap and peak of the interband absorption together. The localised electrons
    (Ti³⁺ in titania) absorb as one Lorentz oscillator whose strength grows with their number (f-sum rule).
    """
    shift = burstein_moss_shift_ev(carriers_m3, b)
    bound = TaucLorentz(o.epsilon_infinity, o.amplitude_ev, o.peak_ev + shift, o.broadening_ev, o.gap_ev + shift)
    strength = o.localised_oscillator_strength / o.localised_energy_ev**2 * PLASMA_EV2_M3 * localised_m3
    interband = tauc_lorentz(photon_energy_ev, bound)
    free = drude(photon_energy_ev, drude_of_carriers(carriers_m3, mobility_m2_vs, o.drude_mass_ratio))
    trapped = lorentz(photon_energy_ev, Lorentz(strength, o.localised_energy_ev, o.localised_broadening_ev))
    return Dielectric(
        interband.real + free.real + trapped.real, interband.imaginary + free.imaginary + trapped.imaginary
    )


def porous_oxide(
    photon_energy_ev: Scalar,
    carriers_m3: Scalar,
    mobility_m2_vs: Scalar,
    localised_m3: Scalar,
    void_fraction: Scalar,
    o: DopedOxide,
    b: BursteinMoss,
) -> Dielectric:
    """ε of `doped_oxide` with empty round voids (Bruggeman); 0 ≤ f < ⅔.

    Carriers and mobility of a film are those of the whole: what a Hall measurement gives. The solid between the voids
    has n/(1 − f) of them and conducts 1/(1 − 3f/2) as well, which is what the mixture gives at zero frequency with
    spheres that do not conduct: at low frequency the film absorbs as it conducts direct current.
    """
    solid = 1.0 - void_fraction
    dense = doped_oxide(
        photon_energy_ev,
        carriers_m3 / solid,
        mobility_m2_vs * solid / (1.0 - 1.5 * void_fraction),
        localised_m3 / solid,
        o,
        b,
    )
    return with_voids(void_fraction, dense)


def with_voids(fraction: Scalar, host: Dielectric) -> Dielectric:
    """`bruggeman_dielectric` with empty inclusions: 2ε² − bε − ε_h = 0, b = 3f − 1 + (2 − 3f)ε_h; 0 ≤ f < ⅔.

    One root where the general mixture takes two and two quotients; of ±√(b² + 8ε_h) the one with which the mixture
    absorbs more.
    """
    less = 2.0 - 3.0 * fraction
    b = Dielectric(3.0 * fraction - 1.0 + less * host.real, less * host.imaginary)
    square = _product(b, b)
    root = _root(Dielectric(square.real + 8.0 * host.real, square.imaginary + 8.0 * host.imaginary))
    sign = xp.where(root.imaginary < 0.0, -1.0, 1.0)
    return Dielectric(0.25 * (b.real + sign * root.real), 0.25 * (b.imaginary + sign * root.imaginary))


def refractive_index(d: Dielectric) -> RefractiveIndex:
    """n + ik = √(ε₁ + iε₂), n and k ≥ 0, without cancellation; not both parts zero."""
    modulus = xp.sqrt(d.real * d.real + d.imaginary * d.imaginary)
    larger = xp.sqrt(0.5 * (modulus + xp.abs(d.real)))
    smaller = 0.5 * d.imaginary / larger
    return RefractiveIndex(xp.where(d.real > 0.0, larger, smaller), xp.where(d.real > 0.0, smaller, larger))


def sellmeier_index(wavelength_m: Scalar, s: Sellmeier) -> Scalar:
    """n² = 1 + (n_r² − 1)·(1 − λ₀²/λ_r²)/(1 − λ₀²/λ²), n_r at λ_r; λ well above the resonance λ₀."""
    reference = 1.0 - (s.resonance_wavelength_m / s.reference_wavelength_m) ** 2
    dispersion = reference / (1.0 - (s.resonance_wavelength_m / wavelength_m) ** 2)
    return xp.sqrt(1.0 + (s.reference_index * s.reference_index - 1.0) * dispersion)


def bruggeman_dielectric(fraction: Scalar, inclusion: Dielectric, host: Dielectric) -> Dielectric:
    """Effective medium of spheres (Bruggeman 1935): f(ε₁−ε)/(ε₁+2ε) + (1−f)(ε₂−ε)/(ε₂+2ε) = 0.

    With r = √(ε₁/ε₂) (principal, Re r > 0) and w = ε/(r·ε₂) the equation is 2w² − βw − 1 = 0, β = (3f−1)r +
    (2−3f)/r. Its roots multiply to −½, so exactly one has Re w > 0. That one is r for f = 1 and 1/r for f = 0, and
    no passive pair of phases makes it cross the imaginary axis between: the principal square roots are always the
    physical branch. Not for ε₁/ε₂ real and negative, where the lossless mixture has a resonance.
    """
    ratio = _root(_quotient(inclusion, host))
    turned = _quotient(Dielectric(1.0, 0.0), ratio)
    more, less = 3.0 * fraction - 1.0, 2.0 - 3.0 * fraction
    beta = Dielectric(more * ratio.real + less * turned.real, more * ratio.imaginary + less * turned.imaginary)
    # (β + √(β² + 8))/4 cancels for Re β < 0; the other root has the same digits and their product is known.
    positive = beta.real > 0.0
    sign = xp.where(positive, 1.0, -1.0)
    folded = Dielectric(sign * beta.real, sign * beta.imaginary)
    square = _product(folded, folded)
    spread = _root(Dielectric(square.real + 8.0, square.imaginary))
    root = Dielectric(0.25 * (folded.real + spread.real), 0.25 * (folded.imaginary + spread.imaginary))
    other = _quotient(Dielectric(0.5, 0.0), root)
    chosen = Dielectric(xp.where(positive, root.real, other.real), xp.where(positive, root.imaginary, other.imaginary))
    return _product(chosen, _product(ratio, host))


def _product(a: Dielectric, b: Dielectric) -> Dielectric:
    return Dielectric(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)


def _quotient(a: Dielectric, b: Dielectric) -> Dielectric:
    inverse = 1.0 / (b.real * b.real + b.imaginary * b.imaginary)
    return Dielectric(
        (a.real * b.real + a.imaginary * b.imaginary) * inverse,
        (a.imaginary * b.real - a.real * b.imaginary) * inverse,
    )


def _root(z: Dielectric) -> Dielectric:
    """Principal square root, real part ≥ 0; not of zero."""
    modulus = xp.sqrt(z.real * z.real + z.imaginary * z.imaginary)
    larger = xp.sqrt(0.5 * (modulus + xp.abs(z.real)))
    smaller = 0.5 * z.imaginary / larger
    turned = xp.where(z.imaginary < 0.0, -larger, larger)
    return Dielectric(xp.where(z.real > 0.0, larger, xp.abs(smaller)), xp.where(z.real > 0.0, smaller, turned))
