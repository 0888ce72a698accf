"""Charge transport in a doped oxide: carriers left by compensation, Matthiessen mobility, mixed phases.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`). Densities are counted per cation site, so
that single precision neither overflows nor loses the difference of donors and acceptors.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.units import ELEMENTARY_CHARGE_C


class Carriers(NamedTuple):
    """Donors and acceptors of the doped crystal."""

    cation_density_m3: float
    activation: float
    solubility: float
    background_acceptors: float
    vacancy_solubility: float
    vacancy_activation: float
    fluctuation: float


class Mobility(NamedTuple):
    """Scattering at room temperature."""

    lattice_m2_vs: float
    ionised_m2_vs: float
    disorder_m2_vs: float
    reference_density: float
    barrier_height_kt: float
    barrier_density: float


class Phases(NamedTuple):
    """Resistivities (ohm m) of what is not doped anatase."""

    amorphous_ohm_m: float
    rutile_ohm_m: float
    metal_ohm_m: float


def active_donors(dopant_fraction: float, activation_factor: float, c: Carriers) -> float:
    """Donors per cation: x·a/(1 + (x/x_s)²); activation fades towards the solubility x_s."""
    return c.activation * activation_factor * dopant_fraction / (1.0 + (dopant_fraction / c.solubility) ** 2)


def vacancies(deficit: float, c: Carriers) -> float:
    """Oxygen vacancies per cation that stay as point defects; the rest of the deficit becomes suboxide."""
    return -c.vacancy_solubility * xp.expm1(-2.0 * deficit / c.vacancy_solubility)


def positive_part(x: float, scale: float) -> float:
    """(x + √(x² + 4·scale²))/2: a smooth max(x, 0), the charge balance n·(n − x) = scale²."""
    root = xp.sqrt(x * x + 4.0 * scale * scale)
    # The plain form cancels where x < 0.
    return xp.where(x > 0.0, 0.5 * (x + root), 2.0 * scale * scale / (root + xp.abs(x)))


def carriers_per_cation(donors: float, interstitials: float, vacancy: float, c: Carriers) -> float:
    """Free electrons per cation: donors + vacancy electrons − 2·[O_i] − background acceptors, kept positive.

    Each excess oxygen binds two electrons in an O_i–dopant complex. Near full compensation potential
    fluctuations, whose size grows with the number of charged centres, leave a few electrons free.
    """
    supply = donors + 2.0 * c.vacancy_activation * vacancy
    loss = 2.0 * interstitials + c.background_acceptors
    return positive_part(supply - loss, c.fluctuation * (supply + loss))


def mobility_m2_vs(carriers: float, scatterers: float, epitaxy: float, mobility_factor: float, m: Mobility) -> float:
    """Drift mobility in the crystal (m²/Vs).

    Matthiessen: 1/μ = 1/μ_L + 1/μ_ii + (1 − epitaxy)/μ_disorder. Ionised centres scatter a degenerate gas as
    μ_ii ∝ n^⅓/N_I (Johnson and Lark-Horovitz; charge number squared in N_I). A polycrystal also has barriers
    at its grain boundaries, highest where the traps can just deplete the grains (Seto 1975):
    E_b/kT = 2b·u/(1 + u²), u = n/n*, which joins his two limits, ∝ n below and ∝ 1/n above.
    """
    relative = carriers / m.reference_density
    ionised = m.ionised_m2_vs * relative ** (1.0 / 3.0) * m.reference_density / scatterers
    inside = 1.0 / (1.0 / m.lattice_m2_vs + 1.0 / ionised + (1.0 - epitaxy) / m.disorder_m2_vs)
    u = carriers / m.barrier_density
    barrier = m.barrier_height_kt * 2.0 * u / (1.0 + u * u)
    return mobility_factor * inside * xp.exp(-(1.0 - epitaxy) * barrier)


def anatase_conductivity_s_m(
    dopant_fraction: float,
    occupation: float,
    deficit: float,
    epitaxy: float,
    activation_factor: float,
    mobility_factor: float,
    c: Carriers,
    m: Mobility,
) -> tuple[float, float]:
    """(conductivity in S/m, carriers per cation) of doped anatase.

    `occupation` is the excess oxygen per dopant, `deficit` the missing share of oxygen; the factors are
    1 for the mean film.
    """
    donors = active_donors(dopant_fraction, activation_factor, c)
    interstitials = dopant_fraction * occupation
    vacancy = vacancies(deficit, c)
    carriers = carriers_per_cation(donors, interstitials, vacancy, c)
    scatterers = donors + 4.0 * interstitials + 4.0 * vacancy + c.background_acceptors
    mobility = mobility_m2_vs(carriers, scatterers, epitaxy, mobility_factor, m)
    return ELEMENTARY_CHARGE_C * c.cation_density_m3 * carriers * mobility, carriers


def bruggeman(fraction: float, inclusion: float, host: float) -> float:
    """Effective conductivity of two phases (Bruggeman 1935, spheres in three dimensions).

    Root of f(σ₁−σ)/(σ₁+2σ) + (1−f)(σ₂−σ)/(σ₂+2σ) = 0; a conducting phase percolates at f = ⅓.
    """
    b = (3.0 * fraction - 1.0) * inclusion + (2.0 - 3.0 * fraction) * host
    root = xp.sqrt(b * b + 8.0 * inclusion * host)
    return xp.where(b > 0.0, 0.25 * (b + root), 2.0 * inclusion * host / (root + xp.abs(b)))


def film_conductivity_s_m(anatase_s_m: float, crystalline: float, rutile: float, metal: float, p: Phases) -> float:
    """Conductivity (S/m) of a layer: rutile in anatase, those in the amorphous rest, all with metal in it."""
    crystals = bruggeman(rutile, 1.0 / p.rutile_ohm_m, anatase_s_m)
    oxide = bruggeman(crystalline, crystals, 1.0 / p.amorphous_ohm_m)
    return bruggeman(metal, 1.0 / p.metal_ohm_m, oxide)
