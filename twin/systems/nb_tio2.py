"""Sputtered Nb-doped TiO2 (TNO), a transparent conductor: oxygen, doping and anneal against resistivity and light.

Recipe: an optional seed layer grown at its own oxygen pressure, the film, one anneal. Everything is at rest: the
oxygen pressure is held, target and walls have settled (`tansaki.twin.deposition.steady`). Left out: drift, failures,
the lateral map, what the anneal's gas does beyond its oxygen; light sees one layer of mean carriers with the dielectric
function of anatase, whatever the phase.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import DischargeParameters, GasHeating, gas_temperature_k
from tansaki.twin.deposition.gas_path import GasPath
from tansaki.twin.deposition.negative_ions import NegativeIons
from tansaki.twin.deposition.reactive_gas import BergParameters
from tansaki.twin.deposition.steady import growth, rest
from tansaki.twin.deposition.transport import Passage, TransportParameters
from tansaki.twin.film.layer import (
    Arrival,
    Base,
    Substrate,
    Titania,
    base_above,
    finished_layer,
    growth_exposure,
)
from tansaki.twin.film.light import visible_fractions
from tansaki.twin.film.morphology import Morphology, grains_of
from tansaki.twin.film.optical_constants import BursteinMoss, DopedOxide
from tansaki.twin.film.structure import Atmosphere
from tansaki.twin.units import ELEMENTARY_CHARGE_C, ZERO_CELSIUS_K

CHAMBER = "sputter_tio2_2inch"
OPTIONS = {"substrate": "glass", "anneal": "vacuum", "phase": "bombardment", "jmak": "usual"}
ELEMENTS = {"path": "ti"}


class Seeding(NamedTuple):
    """How thick a seed layer must be to be one."""

    closing_thickness_m: float
    """Thickness at which islands cover 1 − 1/e of the substrate."""


class Plate(NamedTuple):
    """The substrate as a transparent plate, thick against the coherence length."""

    refractive_index: float


class Parameters(NamedTuple):
    """Chamber and material."""

    reactive_gas: BergParameters
    discharge: DischargeParameters
    transport: TransportParameters
    gas_heating: GasHeating
    path: GasPath
    negative_ions: NegativeIons
    substrate: Substrate
    anneal: Atmosphere
    seeding: Seeding
    titania: Titania
    morphology: Morphology
    optics: DopedOxide
    burstein_moss: BursteinMoss
    plate: Plate


class Inputs(NamedTuple):
    """What is set."""

    power_w: Scalar
    pressure_pa: Scalar
    """Partial pressure of argon."""
    oxygen_pressure_pa: Scalar
    substrate_temperature_c: Scalar
    thickness_nm: Scalar
    """Of the film above the seed layer."""
    dopant_fraction: Scalar
    seed_thickness_nm: Scalar
    """0 for none."""
    seed_oxygen_pressure_pa: Scalar
    anneal_temperature_c: Scalar
    anneal_duration_s: Scalar
    """0 for none."""


class Outputs(NamedTuple):
    """What comes of it."""

    resistivity_ohm_m: Scalar
    sheet_resistance_ohm_sq: Scalar
    carrier_density_m3: Scalar
    mobility_m2_vs: Scalar
    visible_transmittance: Scalar
    """Of film and plate in air, average over 400 to 700 nm."""
    crystalline_fraction: Scalar
    rutile_fraction: Scalar
    oxygen_ratio: Scalar
    stress_pa: Scalar
    grain_size_m: Scalar
    void_fraction: Scalar
    thickness_m: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar
    oxygen_coverage: Scalar
    target_coverage: Scalar
    voltage_v: Scalar
    oxygen_flow_sccm: Scalar


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Both layers at rest, then the anneal; layers conduct side by side."""
    p, m = parameters, parameters.titania
    growth_k = inputs.substrate_temperature_c + ZERO_CELSIUS_K
    anneal_k = inputs.anneal_temperature_c + ZERO_CELSIUS_K
    heated_k = gas_temperature_k(inputs.power_w, inputs.pressure_pa, p.gas_heating)
    passage = Passage(p.transport, p.path, p.negative_ions, p.discharge.compound_electron_yield, heated_k)
    below = rest(inputs.power_w, inputs.seed_oxygen_pressure_pa, p.reactive_gas, p.discharge)
    seed_growth = growth(below.state, below.voltage_v, below.coefficients, inputs.pressure_pa, p.reactive_gas, passage)
    at = rest(inputs.power_w, inputs.oxygen_pressure_pa, p.reactive_gas, p.discharge)
    film_growth = growth(at.state, at.voltage_v, at.coefficients, inputs.pressure_pa, p.reactive_gas, passage)
    seed_m, film_m = 1e-9 * inputs.seed_thickness_nm, 1e-9 * inputs.thickness_nm
    seed_s, film_s = seed_m / seed_growth.rate_m_s, film_m / film_growth.rate_m_s

    glass = Base(p.substrate.epitaxy, p.substrate.epitaxy)
    arriving = Arrival(
        inputs.seed_oxygen_pressure_pa, seed_growth.coverage, seed_growth.energy_ev, growth_k, inputs.dopant_fraction
    )
    seed = finished_layer(
        arriving,
        glass,
        growth_exposure(arriving, glass, growth_k, seed_s + film_s, m),
        anneal_k,
        inputs.anneal_duration_s,
        p.anneal,
        p.substrate.thermal_expansion_per_k,
        1.0,
        1.0,
        m,
    )
    closed = -xp.expm1(-seed_m / p.seeding.closing_thickness_m)
    above = base_above(seed, glass)
    base = Base(
        glass.seed + (above.seed - glass.seed) * closed, glass.epitaxy + (above.epitaxy - glass.epitaxy) * closed
    )
    arriving = Arrival(
        inputs.oxygen_pressure_pa, film_growth.coverage, film_growth.energy_ev, growth_k, inputs.dopant_fraction
    )
    film = finished_layer(
        arriving,
        base,
        growth_exposure(arriving, base, growth_k, film_s, m),
        anneal_k,
        inputs.anneal_duration_s,
        p.anneal,
        p.substrate.thermal_expansion_per_k,
        1.0,
        1.0,
        m,
    )

    share = seed_m / (seed_m + film_m)
    thickness = seed_m + film_m
    conductivity = share * seed.conductivity_s_m + (1.0 - share) * film.conductivity_s_m
    per_cation = share * seed.carriers_per_cation + (1.0 - share) * film.carriers_per_cation
    # Charge per volume stays within single precision, electrons per volume squared would not.
    charge_c_m3 = ELEMENTARY_CHARGE_C * m.carriers.cation_density_m3 * per_cation
    carriers = m.carriers.cation_density_m3 * per_cation
    mobility = conductivity / charge_c_m3
    localised = share * seed.localised_per_cation + (1.0 - share) * film.localised_per_cation
    grains = grains_of(
        growth_k,
        inputs.pressure_pa + inputs.oxygen_pressure_pa,
        film_growth.energy_ev,
        film_growth.rate_m_s,
        thickness,
        anneal_k,
        inputs.anneal_duration_s,
        p.morphology,
    )
    light = visible_fractions(
        thickness,
        carriers,
        mobility,
        m.carriers.cation_density_m3 * localised,
        grains.void_fraction,
        p.plate.refractive_index,
        p.optics,
        p.burstein_moss,
    )
    return Outputs(
        1.0 / conductivity,
        1.0 / (conductivity * thickness),
        carriers,
        mobility,
        light.transmitted,
        share * seed.crystalline + (1.0 - share) * film.crystalline,
        share * seed.rutile + (1.0 - share) * film.rutile,
        share * seed.oxygen_ratio + (1.0 - share) * film.oxygen_ratio,
        share * seed.stress_pa + (1.0 - share) * film.stress_pa,
        grains.grain_size_m,
        grains.void_fraction,
        thickness,
        film_growth.rate_m_s,
        seed_s + film_s,
        film_growth.energy_ev,
        film_growth.coverage,
        at.state.target_coverage,
        at.voltage_v,
        at.flow_sccm,
    )
