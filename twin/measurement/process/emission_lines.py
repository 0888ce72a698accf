"""Light of the plasma: photons per volume and time in one line, by excitation from the ground state (corona model).

::

    I = n_e [n_X k(T_e) + n_X2 k_d(T_e)],   k(T_e) = k₀ exp(−E/T_e)

n_X is the emitting species, n_X2 the molecule of which it may be born excited (dissociative excitation). The electron
density goes with the discharge current, the electron temperature slowly falls with pressure. A detector counts
photons, so no hν appears; the branching ratio is in k₀.

Oxygen atoms balance dissociation against their loss on walls, which metal takes up far faster than oxide::

    n_O = 2 n_O2 k_diss n_e/ν,   ν = (v/4)(A/V)[s_m (1−θ) + s_o θ]

Therefore actinometry, n_O/n_Ar = K I_O/I_Ar, holds in a poisoned chamber and fails in a metallic one, where the few
atoms are outshone by those that dissociation leaves excited. The forms are textbook, the numbers assumed: no
radiation trapping, no metastables, no quenching, one temperature.
Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar


class Plasma(NamedTuple):
    """Section [plasma] of the spectrometer: electrons in view, and what becomes of oxygen there."""

    electron_density_m3: float
    """At the reference current."""
    reference_current_a: float
    temperature_ev: float
    """At the reference pressure."""
    reference_pressure_pa: float
    temperature_exponent: float
    """T_e ∝ p^−m."""
    gas_temperature_k: float
    metal_speed_m_s: float
    """Of sputtered atoms away from the target."""
    dissociation_m3_s: float
    dissociation_ev: float
    atom_speed_m_s: float
    """Mean thermal speed v of oxygen atoms."""
    wall_distance_m: float
    """V/A of the chamber."""
    metal_sticking: float
    oxide_sticking: float


class Line(NamedTuple):
    """Section ``[line_…]``: one line, or an unresolved group."""

    wavelength_nm: float
    rate_m3_s: float
    """k₀ times branching ratio, electrons on the species itself."""
    threshold_ev: float
    dissociative_m3_s: float
    """The same for electrons on its molecule; 0 where there is none."""
    dissociative_ev: float


def electron_temperature_ev(pressure_pa: Scalar, deviation: Scalar, plasma: Plasma) -> Scalar:
    """T_e = T₀ (p/p₀)^−m e^deviation; p > 0."""
    return plasma.temperature_ev * xp.exp(
        deviation - plasma.temperature_exponent * xp.log(pressure_pa / plasma.reference_pressure_pa)
    )


def electron_density_m3(current_a: Scalar, plasma: Plasma) -> Scalar:
    """n_e ∝ I."""
    return plasma.electron_density_m3 * current_a / plasma.reference_current_a


def excitation_m3_s(rate_m3_s: Scalar, threshold_ev: Scalar, temperature_ev: Scalar) -> Scalar:
    """k₀ exp(−E/T_e)."""
    return rate_m3_s * xp.exp(-threshold_ev / temperature_ev)


def oxygen_atoms_m3(
    molecules_m3: Scalar, electrons_m3: Scalar, temperature_ev: Scalar, collector_coverage: Scalar, plasma: Plasma
) -> Scalar:
    """n_O in balance with its loss on the walls; the molecules are taken as not used up."""
    sticking = plasma.metal_sticking * (1.0 - collector_coverage) + plasma.oxide_sticking * collector_coverage
    loss_per_s = 0.25 * plasma.atom_speed_m_s / plasma.wall_distance_m * sticking
    made_per_s = 2.0 * electrons_m3 * excitation_m3_s(plasma.dissociation_m3_s, plasma.dissociation_ev, temperature_ev)
    return molecules_m3 * made_per_s / loss_per_s


def metal_atoms_m3(leaving_per_s: Scalar, target_area_m2: Scalar, plasma: Plasma) -> Scalar:
    """n = R/(A v) before the target."""
    return leaving_per_s / (target_area_m2 * plasma.metal_speed_m_s)


def photons_m3_s(
    density_m3: Scalar, parent_m3: Scalar, electrons_m3: Scalar, temperature_ev: Scalar, line: Line
) -> Scalar:
    """I of one line; `parent_m3` is the density of the molecule behind dissociative excitation."""
    direct = density_m3 * excitation_m3_s(line.rate_m3_s, line.threshold_ev, temperature_ev)
    born = parent_m3 * excitation_m3_s(line.dissociative_m3_s, line.dissociative_ev, temperature_ev)
    return electrons_m3 * (direct + born)
