"""One layer of doped titania: from what reached it while it grew, and the heat it saw, to what it is.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`). A sample is a stack of such layers, which
conduct side by side; `tansaki.twin.film.grow` stacks any number of them, a surrogate a fixed number.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.film.charge import (
    Carriers,
    Mobility,
    Phases,
    anatase_conductivity_s_m,
    film_conductivity_s_m,
    vacancies,
)
from tansaki.twin.film.structure import (
    Atmosphere,
    Crystallisation,
    Oxygen,
    Stress,
    annealed_deficit,
    annealed_occupation,
    crystallisation_rate,
    crystallised_fraction,
    exchange_exposure,
    film_stress,
    interstitial_occupation,
    metal_fraction,
    rutile_fraction_annealed,
    rutile_fraction_grown,
)

LEAST_CRYSTALLINE = 1e-12


class Titania(NamedTuple):
    """All coefficients of the material; the names of the fields are the sections of its file."""

    crystallisation: Crystallisation
    oxygen: Oxygen
    stress: Stress
    carriers: Carriers
    mobility: Mobility
    phases: Phases


class Substrate(NamedTuple):
    """What a substrate does to the film on it."""

    epitaxy: float
    thermal_expansion_per_k: float


class Arrival(NamedTuple):
    """What reached a layer while it grew (see `tansaki.twin.records.GrowthConditions`)."""

    oxygen_pressure_pa: float
    oxygen_coverage: float
    energy_per_atom_ev: float
    substrate_temperature_k: float
    dopant_fraction: float


class Base(NamedTuple):
    """What a layer grows on: anatase that saves it the nucleation, and order that it inherits; both 0 to 1."""

    seed: float
    epitaxy: float


class Layer(NamedTuple):
    """What a layer is, per volume."""

    conductivity_s_m: float
    carriers_per_cation: float
    localised_per_cation: float
    """Electrons of missing oxygen that are trapped as Ti³⁺: they absorb light and do not conduct."""
    crystalline: float
    rutile: float
    """Rutile, suboxide and metal among the crystals."""
    oxygen_ratio: float
    stress_pa: float


def growth_exposure(arrival: Arrival, base: Base, temperature_k: float, duration_s: float, m: Titania) -> float:
    """∫k dt of crystallisation that a layer collects at `temperature_k` while it or a later layer grows."""
    deficit = 1.0 - arrival.oxygen_coverage
    return crystallisation_rate(temperature_k, deficit, base.seed, m.crystallisation) * duration_s


def finished_layer(
    arrival: Arrival,
    base: Base,
    exposure_grown: float,
    anneal_temperature_k: float,
    anneal_duration_s: float,
    atmosphere: Atmosphere,
    substrate_expansion_per_k: float,
    activation_factor: float,
    mobility_factor: float,
    m: Titania,
) -> Layer:
    """The layer after its anneal; no anneal is one of 0 s. The factors are 1 for the mean film.

    What crystallised while growing chose its phase under bombardment and with the oxygen it had then; the rest
    chose on heating.
    """
    c = m.crystallisation
    deficit_grown = 1.0 - arrival.oxygen_coverage
    as_grown = crystallised_fraction(exposure_grown, c)
    occupation_grown = interstitial_occupation(arrival.oxygen_pressure_pa, deficit_grown, m.oxygen)
    heated = crystallisation_rate(anneal_temperature_k, deficit_grown, base.seed, c) * anneal_duration_s
    crystalline = crystallised_fraction(exposure_grown + heated, c)
    exchanged = exchange_exposure(anneal_temperature_k, anneal_duration_s, atmosphere, m.oxygen)
    occupation = annealed_occupation(occupation_grown, exchanged, atmosphere)
    deficit = annealed_deficit(deficit_grown, exchanged, atmosphere)
    early = as_grown / xp.maximum(crystalline, LEAST_CRYSTALLINE)
    rutile = early * rutile_fraction_grown(arrival.energy_per_atom_ev, deficit_grown, base.seed, c)
    rutile = rutile + (1.0 - early) * rutile_fraction_annealed(deficit, base.seed, c)
    metal = metal_fraction(deficit, c)
    anatase_s_m, per_cation = anatase_conductivity_s_m(
        arrival.dopant_fraction,
        occupation,
        deficit,
        base.epitaxy,
        activation_factor,
        mobility_factor,
        m.carriers,
        m.mobility,
    )
    point_defects = vacancies(deficit, m.carriers)
    stress = film_stress(
        arrival.energy_per_atom_ev,
        arrival.substrate_temperature_k,
        crystalline - as_grown,
        substrate_expansion_per_k,
        m.stress,
    )
    return Layer(
        film_conductivity_s_m(anatase_s_m, crystalline, rutile, metal, m.phases),
        per_cation,
        # Two electrons for each of the 2·deficit oxygen atoms that miss, less those that the vacancies set free.
        4.0 * deficit - 2.0 * m.carriers.vacancy_activation * point_defects,
        crystalline,
        1.0 - (1.0 - rutile) * (1.0 - metal),
        2.0 * (1.0 - deficit) + arrival.dopant_fraction * occupation,
        stress,
    )


def base_above(layer: Layer, base: Base) -> Base:
    """What the next layer grows on: the anatase of this one."""
    anatase = layer.crystalline * (1.0 - layer.rutile)
    return Base(anatase, base.epitaxy * anatase)
