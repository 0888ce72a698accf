"""Cu-Ti alloys co-sputtered from two cathodes across the wafer: composition, evenness, oxygen, resistivity.

The film conducts as a disordered alloy: Nordheim's rule for the bulk, ρλ taken from copper and the ordered compound
CuTi, surfaces and grain boundaries on top (`tansaki.twin.film.size_effects`). Residual gas brings oxygen while the
film grows, so what is grown slowly for evenness is not clean. Left out: ordering and decomposition (an annealed film
conducts far better), the glass of middle compositions as a phase of its own, argon in the film.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import math
from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import GasHeating
from tansaki.twin.film.size_effects import film_conductivity_ratio, grain_alpha
from tansaki.twin.systems.cosputter import (
    Magnetron,
    Projectile,
    Source,
    Species,
    Wafer,
    chamber_at,
    energy_per_atom_ev,
    film_of,
    fraction_at,
    growth_rate_m_s,
    mixed_volume_m3,
    relative_doses,
    source_at,
)
from tansaki.twin.units import BOLTZMANN_J_K

CHAMBER = "cosputter_two"
OPTIONS: dict[str, str] = {}
ELEMENTS = {"argon": "ar", "copper": "cu", "titanium": "ti"}
ATOMIC_MASS_KG = 1.66053906892e-27
IMPINGEMENT = 1.0 / math.sqrt(2.0 * math.pi * ATOMIC_MASS_KG * BOLTZMANN_J_K)
"""Molecules/(m² s) of p/√(MT), M in u: the factors one by one leave single precision."""
CATHODES = ("copper", "titanium")
"""Which field of `Parameters` each entry of `sources` belongs to."""
COPPER_RAD, TITANIUM_RAD = 0.0, 3.141592653589793
"""Azimuths of the cathodes."""


class Yields(NamedTuple):
    """Section ``[yields]``: what the chamber's yields are, over those of the fit."""

    copper: float
    titanium: float


class Wanted(NamedTuple):
    """Section ``[wanted]``: the film against which deviations count."""

    copper: float
    """Atomic fraction; the rest is titanium."""
    thickness_m: float


class Tolerances(NamedTuple):
    """Section ``[tolerances]``: what a deviation from the wanted film is counted in."""

    metal: float
    """Dose of a metal, relative to the dose of both."""
    oxygen: float
    """Oxygen atoms a metal atom."""


class ResidualGas(NamedTuple):
    """Section ``[residual_gas]`` of the chamber: what the pump leaves, one oxygen atom a molecule."""

    pressure_pa: float
    temperature_k: float
    molecule_mass_u: float


class Gettering(NamedTuple):
    """Section ``[gettering]``: share of the molecules that hit the growing element and leave their oxygen in it."""

    copper: float
    titanium: float


class Conduction(NamedTuple):
    """Section ``[conduction]``."""

    copper_ohm_m: float
    titanium_ohm_m: float
    disorder_ohm_m: float
    """C of Nordheim's rule."""
    oxygen_ohm_m: float
    """Per oxygen atom a metal atom."""
    copper_path_ohm_m2: float
    """ρλ of copper: a property of its Fermi surface, whatever scatters."""
    compound_path_ohm_m2: float
    """ρλ at equal parts."""
    specularity: float
    reflection: float
    """Share of the electrons that a grain boundary reflects."""
    grain_size_m: float
    """At the thickness `grain_thickness_m`."""
    grain_thickness_m: float
    grain_exponent: float
    """Grains grow as thickness to this power."""


class Parameters(NamedTuple):
    """Chamber and material."""

    argon: Projectile
    copper: Species
    titanium: Species
    yields: Yields
    magnetron: Magnetron
    gas_heating: GasHeating
    wafer: Wafer
    residual_gas: ResidualGas
    gettering: Gettering
    wanted: Wanted
    tolerances: Tolerances
    conduction: Conduction


class Inputs(NamedTuple):
    """What is set."""

    power_cu_w: Scalar
    power_ti_w: Scalar
    pressure_pa: Scalar
    tilt_deg: Scalar
    """Of both cathodes towards the axis of the wafer; 0 when they look straight up."""
    throw_distance_m: Scalar
    """From the plane of the cathodes to the wafer."""
    duration_s: Scalar


class Outputs(NamedTuple):
    """What comes of it; at the centre of the wafer where nothing else is said."""

    copper_fraction: Scalar
    composition_span: Scalar
    """Largest minus smallest copper fraction on the wafer."""
    target_distance: Scalar
    film_deviation: Scalar
    """From the wanted film, in tolerances: √⟨Σ((N_k/N − x_k)/t_k)²⟩ over the wafer, with oxygen at x = 0."""
    oxygen_fraction: Scalar
    """Oxygen atoms a metal atom."""
    thickness_m: Scalar
    """Mean over the wafer."""
    thickness_nonuniformity: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar
    resistivity_ohm_m: Scalar
    sheet_resistance_ohm_sq: Scalar
    grain_size_m: Scalar


def sources(inputs: Inputs, parameters: Parameters) -> tuple[Source, ...]:
    """The running cathodes, in the order of `CATHODES`."""
    p = parameters
    total_w = inputs.power_cu_w + inputs.power_ti_w
    chamber = chamber_at(total_w, inputs.pressure_pa, inputs.tilt_deg, inputs.throw_distance_m, p.gas_heating)
    return (
        source_at(COPPER_RAD, inputs.power_cu_w, p.yields.copper, p.copper, p.argon, p.magnetron, chamber),
        source_at(TITANIUM_RAD, inputs.power_ti_w, p.yields.titanium, p.titanium, p.argon, p.magnetron, chamber),
    )


def bulk_resistivity_ohm_m(copper_fraction: Scalar, c: Conduction) -> Scalar:
    """Nordheim: ρ = xρ_Cu + (1−x)ρ_Ti + Cx(1−x), a random alloy of any thickness."""
    titanium_fraction = 1.0 - copper_fraction
    pure = copper_fraction * c.copper_ohm_m + titanium_fraction * c.titanium_ohm_m
    return pure + c.disorder_ohm_m * copper_fraction * titanium_fraction


def mean_free_path_m(copper_fraction: Scalar, c: Conduction) -> Scalar:
    """λ = (ρλ)/ρ, with ρλ a straight line in the composition through copper and the compound CuTi."""
    slope = 2.0 * (c.copper_path_ohm_m2 - c.compound_path_ohm_m2)
    path_ohm_m2 = c.compound_path_ohm_m2 + slope * (copper_fraction - 0.5)
    return path_ohm_m2 / bulk_resistivity_ohm_m(copper_fraction, c)


def grain_size_m(thickness_m: Scalar, c: Conduction) -> Scalar:
    """Columns that compete: size ∝ thickness to a power below one."""
    return c.grain_size_m * (thickness_m / c.grain_thickness_m) ** c.grain_exponent


def oxygen_flux_m2_s(copper_fraction: Scalar, residual: ResidualGas, gettering: Gettering) -> Scalar:
    """Oxygen atoms kept per area and time: the molecules that hit, p/√(2πmk_BT), times the share that stays."""
    hits = IMPINGEMENT * residual.pressure_pa / xp.sqrt(residual.molecule_mass_u * residual.temperature_k)
    return hits * (copper_fraction * gettering.copper + (1.0 - copper_fraction) * gettering.titanium)


def film_resistivity_ohm_m(
    copper_fraction: Scalar, oxygen_fraction: Scalar, thickness_m: Scalar, grain_m: Scalar, c: Conduction
) -> Scalar:
    """Bulk with oxygen, ρλ as without, over the Mayadas-Shatzkes ratio with both surfaces."""
    clean = bulk_resistivity_ohm_m(copper_fraction, c)
    bulk = clean + c.oxygen_ohm_m * oxygen_fraction
    path = mean_free_path_m(copper_fraction, c) * clean / bulk
    alpha = grain_alpha(path, grain_m, c.reflection)
    return bulk / film_conductivity_ratio(thickness_m / path, c.specularity, alpha)


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Fluxes of both cathodes over the wafer, the film they make, and how its centre conducts."""
    p, height, seconds = parameters, inputs.throw_distance_m, inputs.duration_s
    running = sources(inputs, parameters)
    copper = fraction_at(0, 0.0, 0.0, height, running)
    rate = growth_rate_m_s(0.0, 0.0, height, running)
    oxygen_m2_s = oxygen_flux_m2_s(copper, p.residual_gas, p.gettering)
    oxygen = oxygen_m2_s / rate * mixed_volume_m3((copper, 1.0 - copper), running)

    wanted = (p.wanted.copper, 1.0 - p.wanted.copper)
    doses = relative_doses(running, wanted, p.wanted.thickness_m, seconds, height, p.wafer)
    film = film_of(doses, wanted, p.wanted.thickness_m, running)
    oxygen_dose = oxygen_m2_s * seconds * (mixed_volume_m3(wanted, running) / p.wanted.thickness_m)
    metals, gas = film.film_deviation / p.tolerances.metal, oxygen_dose / p.tolerances.oxygen

    thickness = rate * seconds
    grain = grain_size_m(thickness, p.conduction)
    resistivity = film_resistivity_ohm_m(copper, oxygen, thickness, grain, p.conduction)
    return Outputs(
        copper,
        film.composition_span,
        film.target_distance,
        xp.sqrt(metals * metals + gas * gas),
        oxygen,
        film.thickness_m,
        film.nonuniformity,
        rate,
        seconds,
        energy_per_atom_ev(height, running),
        resistivity,
        resistivity / thickness,
        grain,
    )
