"""What a growing and annealed oxide film is made of: phases, oxygen, stress.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`). `deficit` is 1 − (oxygen coverage of the
growing surface): the share of metal atoms that were buried before they found their oxygen.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

BOLTZMANN_EV_K = 8.617333262e-5


class Crystallisation(NamedTuple):
    """Amorphous to crystalline (JMAK) and the choice between anatase and rutile/suboxide/metal."""

    onset_temperature_k: float
    onset_time_s: float
    deficit_delay_k: float
    deficit_delay_width: float
    activation_energy_ev: float
    avrami_exponent: float
    bombardment_weight: float
    """1 where bombardment decides the phase of a growing film, 0 where only nucleation does."""
    rutile_energy_ev: float
    rutile_energy_width_ev: float
    rutile_deficit_width: float
    anatase_logit: float
    seed_logit: float
    metal_deficit: float
    metal_deficit_width: float


class Oxygen(NamedTuple):
    """Excess oxygen taken up while growing, and its exchange with the gas of an anneal."""

    interstitial_constant_pa: float
    exchange_temperature_k: float
    exchange_time_s: float
    exchange_activation_energy_ev: float


class Atmosphere(NamedTuple):
    """What the gas of an anneal does to the film."""

    equilibrium_occupation: float
    exchange_factor: float
    deficit_healing: float


class Stress(NamedTuple):
    """Growth, thermal and crystallisation stress, and the load a film bears before it peels."""

    tensile_pa: float
    """σ_T, where adatoms are buried before they reach a grain boundary."""
    compressive_pa: float
    """σ_C, where they all do."""
    peening_pa: float
    """For one particle of `peening_energy_ev` per atom."""
    peening_energy_ev: float
    biaxial_modulus_pa: float
    thermal_expansion_per_k: float
    crystallisation_pa: float
    reference_temperature_k: float
    peeling_load_n_m: float
    peeling_width: float


def arrhenius_rate(temperature_k: float, reference_k: float, reference_s: float, energy_ev: float) -> float:
    """Rate (1/s) that equals 1/`reference_s` at `reference_k`."""
    # 1/T₀ − 1/T would lose digits in single precision.
    inverse = (temperature_k - reference_k) / (temperature_k * reference_k)
    return xp.exp(energy_ev / BOLTZMANN_EV_K * inverse) / reference_s


def crystallisation_rate(temperature_k: float, deficit: float, seed: float, c: Crystallisation) -> float:
    """Rate constant k (1/s) of X = 1 − exp(−(kt)^m); the onset is where k·`onset_time_s` = 1.

    Missing oxygen delays the nucleation of anatase; on an anatase surface (`seed` 1) there is no need for any.
    """
    delay = -c.deficit_delay_k * xp.expm1(-deficit / c.deficit_delay_width)
    onset = c.onset_temperature_k + (1.0 - seed) * delay
    return arrhenius_rate(temperature_k, onset, c.onset_time_s, c.activation_energy_ev)


def crystallised_fraction(exposure: float, c: Crystallisation) -> float:
    """JMAK fraction for `exposure` = ∫k dt (Johnson–Mehl–Avrami–Kolmogorov, isokinetic form)."""
    return -xp.expm1(-(exposure**c.avrami_exponent))


def logistic(z: float) -> float:
    """1/(1 + exp(−z)), without overflow at either end."""
    return 0.5 * (1.0 + xp.tanh(0.5 * z))


def rutile_fraction_grown(energy_per_atom_ev: float, deficit: float, seed: float, c: Crystallisation) -> float:
    """Rutile and suboxide among the crystals that form while growing: bombardment and missing oxygen favour them.

    Without a say of the bombardment (`bombardment_weight` 0) both nucleate alike on a bare substrate and anatase wins
    on anatase: seen by electron microscopy, Jia et al., Nanoscale Res. Lett. 11, 324 (2016).
    """
    bombardment = c.bombardment_weight * (energy_per_atom_ev - c.rutile_energy_ev) / c.rutile_energy_width_ev
    return logistic(bombardment + deficit / c.rutile_deficit_width - seed * c.seed_logit)


def rutile_fraction_annealed(deficit: float, seed: float, c: Crystallisation) -> float:
    """Rutile and suboxide among the crystals that form from the amorphous film on heating.

    Anatase nucleates first there, however hard the film was bombarded; only missing oxygen prevents it.
    """
    return logistic(deficit / c.rutile_deficit_width - c.anatase_logit - seed * c.seed_logit)


def metal_fraction(deficit: float, c: Crystallisation) -> float:
    """Share of metallic conductor (TiO and oxygen-dissolving Ti) in a film grown far from the oxide."""
    return logistic((deficit - c.metal_deficit) / c.metal_deficit_width)


def interstitial_occupation(oxygen_pressure_pa: float, deficit: float, o: Oxygen) -> float:
    """Excess oxygen atoms per dopant atom in the film as grown, 0-1.

    Sieverts' law for a dissociating gas, limited by the dopant sites to which the oxygen binds:
    y = K√p/(1 + K√p); metal that is still short of oxygen leaves none over, hence the factor (1 − deficit).
    """
    activity = o.interstitial_constant_pa * xp.sqrt(oxygen_pressure_pa)
    return (1.0 - deficit) * activity / (1.0 + activity)


def exchange_exposure(temperature_k: float, duration_s: float, a: Atmosphere, o: Oxygen) -> float:
    """Number of time constants for which film and gas exchanged oxygen."""
    rate = arrhenius_rate(temperature_k, o.exchange_temperature_k, o.exchange_time_s, o.exchange_activation_energy_ev)
    return a.exchange_factor * rate * duration_s


def annealed_occupation(occupation: float, exposure: float, a: Atmosphere) -> float:
    """Excess oxygen per dopant after an anneal: relaxes towards the equilibrium with the gas."""
    return a.equilibrium_occupation + (occupation - a.equilibrium_occupation) * xp.exp(-exposure)


def annealed_deficit(deficit: float, exposure: float, a: Atmosphere) -> float:
    """Oxygen deficit after an anneal: an oxidising gas (`deficit_healing` 1) fills it, a reducing one does not."""
    return deficit * (1.0 + a.deficit_healing * xp.expm1(-exposure))


def coalescence_stress_pa(insertion: float, s: Stress) -> float:
    """σ_C + (σ_T − σ_C)·exp(−βD/(LR)): tension where grain boundaries close, relieved by adatoms that get into them.

    `insertion` is βD/(LR), from `tansaki.twin.film.grains.insertion`. Form of Chason et al. (2002), remembered.
    """
    return s.compressive_pa + (s.tensile_pa - s.compressive_pa) * xp.exp(-insertion)


def peening_stress_pa(particles_per_atom: float, energy_ev: float, s: Stress) -> float:
    """Compression by energetic particles, flux·√E (form of Davis 1993 without relaxation, remembered); negative."""
    return -s.peening_pa * particles_per_atom * xp.sqrt(energy_ev / s.peening_energy_ev)


def film_stress(
    energy_per_atom_ev: float,
    growth_temperature_k: float,
    crystallised_after_growth: float,
    substrate_expansion_per_k: float,
    s: Stress,
    insertion: float = 0.0,
) -> float:
    """Stress at room temperature (Pa, tensile positive).

    Coalescence of columns and peening, in which every atom arrives with its `energy_per_atom_ev`; plus the expansion
    mismatch since growth and the shrinkage of what crystallised after it was laid down. Without `insertion` the film
    is too cold for its adatoms to reach the grain boundaries.
    """
    growth = coalescence_stress_pa(insertion, s) + peening_stress_pa(1.0, energy_per_atom_ev, s)
    mismatch = s.thermal_expansion_per_k - substrate_expansion_per_k
    thermal = s.biaxial_modulus_pa * mismatch * (growth_temperature_k - s.reference_temperature_k)
    return growth + thermal + s.crystallisation_pa * crystallised_after_growth


def peeling_probability(stress_pa: float, thickness_m: float, s: Stress) -> float:
    """Probability that the film comes off: logistic in ln(|stress|·thickness), ½ at `peeling_load_n_m`."""
    load = xp.abs(stress_pa) * thickness_m / s.peeling_load_n_m
    return logistic(xp.log(load + 1e-30) / s.peeling_width)
