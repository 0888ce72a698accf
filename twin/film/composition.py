"""What of the arriving elements stays in the film: re-evaporation, resputtering, oxygen too few or too many.

An element that lands leaves again in two ways until the next monolayer buries it: by evaporation at ω = ν·exp(−E/k_BT)
per atom, and by energetic particles, κ of them per atom of the film, each of which takes y away from a film of this
element alone. Both losses go with the share of the element in the film, so the balance closes in one line::

    kept = 1/(1 + ω·N_s/F + κ·y)            F atoms/(m² s) that stay, N_s sites per area

Light and weakly bound elements go first: y_A/y_B = (M_B/M_A)^{2m}·(U_B/U_A)^{1−2m}, m = 0 to 0.2 (linear cascades,
Sigmund). Preferential loss of oxygen is of this kind, by mass with a correction by binding (Malherbe, Hofmann and
Sanz 1986).

The energetic particles over an oxide target are its own O⁻ ions (`tansaki.twin.deposition.negative_ions`).

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.film.structure import BOLTZMANN_EV_K


class Evaporation(NamedTuple):
    """How an element leaves a surface that does not bind it well: Zn and In from cold oxides, Li when hot."""

    desorption_energy_ev: float
    attempt_per_s: float
    site_density_m2: float


def evaporating_ratio(temperature_k: float, film_flux_m2_s: float, e: Evaporation) -> float:
    """ω·N_s/F: chances to evaporate within the time of one monolayer."""
    hops = e.attempt_per_s * xp.exp(-e.desorption_energy_ev / (BOLTZMANN_EV_K * temperature_k))
    return hops * (e.site_density_m2 / film_flux_m2_s)


def preferential_yield_ratio(
    mass_u: float, other_mass_u: float, binding_ev: float, other_binding_ev: float, m: float
) -> float:
    """Partial sputter yield of an element over that of another, both at the same share of the surface."""
    return (other_mass_u / mass_u) ** (2.0 * m) * (other_binding_ev / binding_ev) ** (1.0 - 2.0 * m)


def kept_fraction(evaporating: float, particles_per_atom: float, yield_per_particle: float) -> float:
    """Share of the arriving atoms of an element that stays in the film."""
    return 1.0 / (1.0 + evaporating + particles_per_atom * yield_per_particle)


def cation_fraction(arriving_fraction: float, kept: float, kept_of_others: float) -> float:
    """Atomic fraction of an element among the metal atoms of the film."""
    staying = arriving_fraction * kept
    return staying / (staying + (1.0 - arriving_fraction) * kept_of_others)


def oxygen_per_metal(coverage: float, stoichiometric: float, kept_oxygen: float, excess: float) -> float:
    """Oxygen atoms per metal atom.

    Metal that was buried bare (1 − `coverage`) has none. The rest has its `stoichiometric` share, less what was
    sputtered from it (1 − `kept_oxygen`), and the `excess` that dissolves beside it where none is missing.
    """
    found = coverage * kept_oxygen
    return stoichiometric * found + excess * found
