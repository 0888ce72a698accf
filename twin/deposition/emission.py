"""How fast and in which direction sputtered atoms leave the target.

Energies follow Thompson's distribution with the cut-off at the largest energy that an ion can hand over::

    f(E) ∝ E/(E + U)³ · [1 − √((E + U)/Λ)],   0 ≤ E ≤ Λ − U,   Λ = γ_E E_i

U is the surface binding energy, E_i the ion energy and γ_E the transfer factor of
`tansaki.twin.deposition.sputter_yield.energy_transfer`. The bracket lowers the mean energy by a third at 400 eV. With
ρ = √(U/Λ) norm and mean are closed forms, valid for every Λ > U.

Directions follow cosθ(1 + h cos²θ): h = 0 is the cosine law, h < −⅓ the heart of low ion energies, with its lobe at
cosθ = 1/√(−3h); h > −1.

Source: Thompson, Philos. Mag. 18, 377 (1968) for E/(E + U)³; closed forms and inverses derived here.
Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp

from tansaki.twin.backends import Scalar

SERIES_TERMS = 48
"""Powers of δ ≤ ½ kept in `mean_energy_ev`: the rest is below 1e-15 of the sum."""


def largest_energy_ev(binding_ev: Scalar, transferred_ev: Scalar) -> Scalar:
    """Λ − U: no atom leaves faster; zero where the ion cannot eject at all."""
    return xp.maximum(transferred_ev - binding_ev, 0.0)


def bracket(energy_ev: Scalar, binding_ev: Scalar, transferred_ev: Scalar) -> Scalar:
    """1 − √((E + U)/Λ), zero beyond `largest_energy_ev`: also the probability to accept a `proposed_energy_ev`."""
    return xp.maximum(1.0 - xp.sqrt((energy_ev + binding_ev) / transferred_ev), 0.0)


def energy_density_per_ev(energy_ev: Scalar, binding_ev: Scalar, transferred_ev: Scalar) -> Scalar:
    """Probability density f(E) in 1/eV; its integral over 0 ≤ E ≤ Λ − U is one.

    ∫E/(E+U)³ [1 − √((E+U)/Λ)] dE = (1−ρ)³(3+ρ)/(6U).
    """
    root = xp.sqrt(binding_ev / transferred_ev)
    norm = (1.0 - root) ** 3 * (3.0 + root) / (6.0 * binding_ev)
    shape = energy_ev / (energy_ev + binding_ev) ** 3
    return shape * bracket(energy_ev, binding_ev, transferred_ev) / norm


def mean_energy_ev(binding_ev: Scalar, transferred_ev: Scalar) -> Scalar:
    """Mean energy of the emitted atoms, eV; zero where Λ ≤ U::

        ⟨E⟩ = U (6 ln(1/ρ²) − 21 + 32ρ − 12ρ² + ρ⁴)/((1−ρ)³(3+ρ))

    Near Λ = U the numerator is a small difference; there its series in δ = 1 − ρ is used,
    4δ⁴ + 12(δ⁵/5 + δ⁶/6 + …), whence ⟨E⟩ ≈ Uδ.
    """
    root = xp.minimum(xp.sqrt(binding_ev / transferred_ev), 1.0)
    step = 1.0 - root
    small = xp.minimum(step, 0.5)
    tail = 0.0
    for k in range(SERIES_TERMS, 4, -1):
        tail = (tail + 1.0 / k) * small
    near = small * (4.0 + 12.0 * tail)
    far = xp.minimum(root, 0.5)
    closed = (-12.0 * xp.log(far) - 21.0 + 32.0 * far - 12.0 * far**2 + far**4) / (1.0 - far) ** 3
    return binding_ev * xp.where(step < 0.5, near, closed) / (3.0 + root)


def mean_energy_uncut_ev(binding_ev: Scalar, transferred_ev: Scalar) -> Scalar:
    """Mean energy without the bracket, f ∝ E/(E + U)³ up to Λ − U, eV: what the bracket corrects.

    ⟨E⟩ = U (2 ln(Λ/U) − 3 + 4r − r²)/(1−r)² with r = U/Λ; for Λ > 2U.
    """
    r = binding_ev / transferred_ev
    return binding_ev * (-2.0 * xp.log(r) - 3.0 + 4.0 * r - r * r) / (1.0 - r) ** 2


def proposed_energy_ev(uniform: Scalar, binding_ev: Scalar) -> Scalar:
    """E = U√u/(1 − √u) with `uniform` u in [0, 1): a draw from E/(E + U)³.

    Accepted with probability `bracket` it is a draw from f; a share of (1−ρ)³(1 + ρ/3) is accepted.
    """
    root = xp.sqrt(uniform)
    # 1 − √u would lose digits where u is near one.
    return binding_ev * root * (1.0 + root) / (1.0 - uniform)


def direction_density(cosine: Scalar, heart: Scalar) -> Scalar:
    """Probability density of cosθ in 0 to 1, 2 cosθ (1 + h cos²θ)/(1 + h/2); per solid angle divide by 2π."""
    return 2.0 * cosine * (1.0 + heart * cosine * cosine) / (1.0 + 0.5 * heart)


def emitted_cosine(uniform: Scalar, heart: Scalar) -> Scalar:
    """cosθ of one atom from `uniform` u in [0, 1], the inverse of the distribution of `direction_density`.

    cos²θ = 2c/(1 + √(1 + 2hc)), c = u(1 + h/2); √u for the cosine law.
    """
    c = uniform * (1.0 + 0.5 * heart)
    return xp.sqrt(2.0 * c / (1.0 + xp.sqrt(1.0 + 2.0 * heart * c)))
