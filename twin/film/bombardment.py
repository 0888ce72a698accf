"""Defects that fast particles leave in a growing film.

They are knocked in ∝ flux·√E and healed by the spike of the same impact ∝ flux·E^{5/3} (Davis, Thin Solid Films 226,
30 (1993), remembered) and by heat (ours). With y particles per arriving atom and their energy E counted from the
penetration energy E_p, below which they do not get under the surface::

    D = y·√x/[1 + k·y·x^{5/3} + e^{(E_a/k_B)(1/T_a − 1/T)}],   x = E/E_p − 1

Without heat it is largest where k·y·x^{5/3} = 3/7: the stress of Davis' formula with its maximum.
Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.charge import positive_part
from tansaki.twin.film.structure import BOLTZMANN_EV_K

THRESHOLD_SOFTNESS = 0.05
"""Rounding of the threshold at the penetration energy, as a fraction of it."""


class Defects(NamedTuple):
    """Section ``[defects]``: what particles faster than the penetration energy leave behind."""

    penetration_energy_ev: float
    spike_relief: float
    """k."""
    healing_temperature_k: float
    healing_energy_ev: float


def arrhenius_ratio(temperature_k: Scalar, reference_k: Scalar, energy_ev: Scalar) -> Scalar:
    """exp[(E/k_B)(1/T₀ − 1/T)]: a rate over its value at T₀."""
    # 1/T₀ − 1/T would lose digits in single precision.
    return xp.exp(energy_ev / BOLTZMANN_EV_K * (temperature_k - reference_k) / (temperature_k * reference_k))


def excess_energy(energy_ev: Scalar, d: Defects) -> Scalar:
    """(E − E_p)/E_p where positive, else nearly zero."""
    return positive_part(energy_ev / d.penetration_energy_ev - 1.0, THRESHOLD_SOFTNESS)


def defect_share(particles_per_atom: Scalar, energy_ev: Scalar, temperature_k: Scalar, d: Defects) -> Scalar:
    """D, defects left per arriving atom, in units in which one particle of twice E_p leaves one when cold."""
    excess = excess_energy(energy_ev, d)
    root = xp.sqrt(excess)
    spike = d.spike_relief * particles_per_atom * excess * xp.exp(xp.log(excess) * (2.0 / 3.0))
    healing = arrhenius_ratio(temperature_k, d.healing_temperature_k, d.healing_energy_ev)
    return particles_per_atom * root / (1.0 + spike + healing)


def displaced_share(particles_per_atom: Scalar, energy_ev: Scalar, temperature_k: Scalar, d: Defects) -> Scalar:
    """Atoms displaced and not healed by heat, per arriving atom: ∝ energy above the penetration energy.

    The number of displacements in a cascade goes with its energy (Kinchin and Pease 1955, remembered). What electrons
    meet: spikes relax the stress, but they do not bring displaced atoms home.
    """
    healing = arrhenius_ratio(temperature_k, d.healing_temperature_k, d.healing_energy_ev)
    return particles_per_atom * excess_energy(energy_ev, d) / (1.0 + healing)
