"""Anatase and rutile: competing for the same amorphous rest, and one turning into the other when hot.

Both nucleate with their own rates k_a and k_r and consume the same rest. With rates that keep their ratio (isokinetic)
the equations of Kolmogorov, Johnson, Mehl and Avrami close::

    X_i = k_i/(k_a + k_r)·[1 − exp(−(∫(k_a + k_r) dt)^m)]

so the share of a phase among the crystals is its share of the rates, which is what `structure.rutile_fraction_grown`
and `structure.rutile_fraction_annealed` give. Anatase then turns into rutile, f = 1 − exp(−(kt)^m).

What decides the phase as deposited, and with which activation energies, is not settled in the literature: the
alternatives are sections of the material file, chosen by name (`tansaki.twin.film.alternatives`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.film.structure import arrhenius_rate

LEAST_EXPOSURE = 1e-30


class Transformation(NamedTuple):
    """Anatase to rutile in a film that is crystalline."""

    onset_temperature_k: float
    """Where k·`onset_time_s` = 1."""
    onset_time_s: float
    activation_energy_ev: float
    avrami_exponent: float


class Phases(NamedTuple):
    """Volume fractions; the rest is amorphous."""

    anatase: float
    rutile: float


def competing_phases(anatase_exposure: float, rutile_exposure: float, avrami_exponent: float) -> Phases:
    """What has crystallised after ∫k dt of each phase."""
    both = anatase_exposure + rutile_exposure
    crystalline = -xp.expm1(-(both**avrami_exponent))
    share = crystalline / xp.maximum(both, LEAST_EXPOSURE)
    return Phases(share * anatase_exposure, share * rutile_exposure)


def transformed_fraction(temperature_k: float, duration_s: float, t: Transformation) -> float:
    """Share of the anatase that has become rutile after a time at this temperature."""
    rate = arrhenius_rate(temperature_k, t.onset_temperature_k, t.onset_time_s, t.activation_energy_ev)
    return -xp.expm1(-((rate * duration_s) ** t.avrami_exponent))


def transformed(phases: Phases, fraction: float) -> Phases:
    """Phases after this share of the anatase has become rutile."""
    moved = fraction * phases.anatase
    return Phases(phases.anatase - moved, phases.rutile + moved)
