"""Reactively sputtered titanium nitride: a metal for light, hard, and quickly spoilt by oxygen.

Nitrogen flow, power and pumping set the pressure of nitrogen; with this pump there is no hysteresis, so the flow has
one steady state. It is found in s = ln[θ/(1 − θ)] of the target coverage, in which voltage, pressure and flow are
explicit, by halving a bracket and then by Newton's method, which also carries the implicit derivative. In a drawn
chamber of low compound yield there may be hysteresis after all: then the answer is one of the branches.

Left out: drift, texture, a lateral map, argon in the film.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import (
    DischargeParameters,
    GasHeating,
    electron_yield,
    gas_temperature_k,
    ion_current_a,
    rates_at,
    voltage_v,
)
from tansaki.twin.deposition.gas_path import GasPath, arriving_fraction, mean_energy_ev
from tansaki.twin.deposition.reactive_gas import (
    BergParameters,
    Rates,
    balancing_flow_sccm,
    impingement_per_millipa,
    rates,
    steady_surface_metal,
)
from tansaki.twin.deposition.sources import annulus_flux_m2
from tansaki.twin.film.bombardment import Defects, defect_share, displaced_share
from tansaki.twin.film.grains import Adatoms, column_width_m
from tansaki.twin.film.nitride import (
    Nitride,
    conduction,
    dielectric,
    film_stress_pa,
    hardness_pa,
    nitrogen_excess,
    resistivity_ohm_m,
    roughness_m,
    zero_energy_ev,
)
from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M
from tansaki.twin.film.structure import logistic
from tansaki.twin.film.zones import Voids, ZoneLimits, void_fraction, zone_shares
from tansaki.twin.units import ELEMENTARY_CHARGE_C, ZERO_CELSIUS_K

CHAMBER = "sputter_tin_3inch"
OPTIONS = {"substrate": "silicon"}
ELEMENTS = {"titanium": "ti"}

LARGEST_LOGIT = 14.0
HALVINGS = tuple(range(10))
NEWTON_STEPS = tuple(range(3))
LOGIT_STEP = 0.01
OXYGEN_PER_NITROGEN_IMPINGEMENT = (28.014 / 31.998) ** 0.5
"""O2 is heavier and slower than N2."""
NEAR_M, FAR_M = 775e-9, 1225e-9
"""Where ε is given: the middles of the ranges in which oxynitrides have their two zeros of ε₁ (Braic et al. 2017)."""


class Geometry(NamedTuple):
    """Section ``[geometry]``: the sample faces the middle of the target."""

    distance_m: float
    inner_radius_m: float
    outer_radius_m: float


class Plasma(NamedTuple):
    """Section ``[plasma]``: what comes with a titanium atom, and how ions fall on the sample."""

    condensation_energy_ev: float
    radiation_energy_ev: float
    ions_per_target_ion: float
    """Relative to the same share of the metal."""
    floating_potential_v: float
    """Plasma over floating substrate: the energy of an ion without bias."""
    ionisation_energy_ev: float


class Substrate(NamedTuple):
    """What the substrate does to the stress."""

    thermal_expansion_per_k: float


class Parameters(NamedTuple):
    """Chamber and material."""

    reactive_gas: BergParameters
    discharge: DischargeParameters
    gas_heating: GasHeating
    geometry: Geometry
    plasma: Plasma
    titanium: GasPath
    substrate: Substrate
    zones: ZoneLimits
    voids: Voids
    adatoms: Adatoms
    defects: Defects
    film: Nitride


class Inputs(NamedTuple):
    """What is set."""

    nitrogen_flow_sccm: Scalar
    substrate_temperature_c: Scalar
    bias_v: Scalar
    """Magnitude of the negative voltage of the substrate; 0 for a floating one."""
    pressure_pa: Scalar
    """Partial pressure of argon."""
    base_pressure_pa: Scalar
    """Residual oxygen and water, as oxygen."""
    power_w: Scalar
    thickness_nm: Scalar


class Outputs(NamedTuple):
    """What comes of it."""

    resistivity_ohm_m: Scalar
    epsilon1_zero_wavelength_m: Scalar
    epsilon1_775nm: Scalar
    epsilon2_775nm: Scalar
    epsilon1_1225nm: Scalar
    plasmonic_quality: Scalar
    """−ε₁/ε₂ at 775 nm."""
    carrier_density_m3: Scalar
    mobility_m2_vs: Scalar
    localised_share: Scalar
    nitrogen_ratio: Scalar
    oxygen_fraction: Scalar
    density_ratio: Scalar
    grain_size_m: Scalar
    roughness_m: Scalar
    stress_pa: Scalar
    hardness_pa: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar
    nitrogen_pressure_pa: Scalar
    target_coverage: Scalar
    voltage_v: Scalar


class Steady(NamedTuple):
    """The chamber at rest with a given coverage of the target."""

    flow_sccm: Scalar
    pressure_millipa: Scalar
    target_coverage: Scalar
    voltage_v: Scalar
    coefficients: Rates


def steady_at(
    logit: Scalar, power_w: Scalar, base: Rates, berg: BergParameters, discharge: DischargeParameters
) -> Steady:
    """All that follows from s = ln[θ/(1 − θ)] of the target: p = (J Y_c/N_s)/(rate of nitriding per p)·eˢ, and Q(p)."""
    covered = logistic(logit)
    volts = voltage_v(power_w, covered, berg, discharge)
    now = rates_at(volts, power_w, covered, 1.0, base, berg, discharge)
    millipa = now.compound_erosion / now.target_oxidation * xp.exp(logit)
    walls = steady_surface_metal(millipa, covered, now, 1.0)
    return Steady(balancing_flow_sccm(millipa, logistic(-logit), walls, now), millipa, covered, volts, now)


def steady_of_flow(flow_sccm: Scalar, power_w: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Steady:
    """The chamber at rest with this flow (> 0) of the reactive gas."""
    base = rates(berg)
    low, high = 0.0 * flow_sccm - LARGEST_LOGIT, 0.0 * flow_sccm + LARGEST_LOGIT
    for _ in HALVINGS:
        middle = 0.5 * (low + high)
        too_little = steady_at(middle, power_w, base, berg, discharge).flow_sccm < flow_sccm
        low, high = xp.where(too_little, middle, low), xp.where(too_little, high, middle)
    logit = 0.5 * (low + high)
    for _ in NEWTON_STEPS:
        above = xp.log(steady_at(logit + LOGIT_STEP, power_w, base, berg, discharge).flow_sccm)
        below = xp.log(steady_at(logit - LOGIT_STEP, power_w, base, berg, discharge).flow_sccm)
        here = xp.log(steady_at(logit, power_w, base, berg, discharge).flow_sccm)
        logit = logit - (here - xp.log(flow_sccm)) * (2.0 * LOGIT_STEP) / (above - below)
    return steady_at(logit, power_w, base, berg, discharge)


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Chamber at rest, what arrives, the film, its electrons."""
    p, g, f = parameters, parameters.geometry, parameters.film
    surface_k = inputs.substrate_temperature_c + ZERO_CELSIUS_K
    thickness = 1e-9 * inputs.thickness_nm

    at = steady_of_flow(inputs.nitrogen_flow_sccm, inputs.power_w, p.reactive_gas, p.discharge)
    volts, covered, a = at.voltage_v, at.target_coverage, at.coefficients
    total_pa = inputs.pressure_pa + 1e-3 * at.pressure_millipa
    gas_k = gas_temperature_k(inputs.power_w, total_pa, p.gas_heating)
    # Metal atoms per target ion, by the erosion rates of the balance and the ions that cause them.
    ions_s = ion_current_a(inputs.power_w / volts, electron_yield(covered, p.reactive_gas, p.discharge))
    ions_s = ions_s / ELEMENTARY_CHARGE_C
    eroded = a.metal_erosion * (1.0 - covered) + a.compound_erosion * covered
    emitted_s = eroded * p.reactive_gas.site_density_m2 * p.reactive_gas.target_area_m2
    mean_yield = emitted_s / ions_s
    share = annulus_flux_m2(0.0, g.distance_m, g.inner_radius_m, g.outer_radius_m)
    share = share * arriving_fraction(total_pa, g.distance_m, gas_k, p.titanium)
    metal = emitted_s * share

    bare = steady_surface_metal(at.pressure_millipa, covered, a, share * p.reactive_gas.collector_area_m2)
    impinging = 2.0 * impingement_per_millipa(p.reactive_gas)
    hits = p.reactive_gas.collector_sticking * impinging * at.pressure_millipa / metal
    ions = p.plasma.ions_per_target_ion / mean_yield
    ion_ev = p.plasma.floating_potential_v + inputs.bias_v
    energy = mean_energy_ev(total_pa, g.distance_m, gas_k, p.titanium) + p.plasma.condensation_energy_ev
    energy = energy + p.plasma.radiation_energy_ev + ions * (ion_ev + p.plasma.ionisation_energy_ev)
    surplus = nitrogen_excess(hits, ions * ion_ev, f.nitrogen)
    residual = 1e3 * inputs.base_pressure_pa * impinging * OXYGEN_PER_NITROGEN_IMPINGEMENT
    oxygen = f.oxynitride.sticking * residual / metal
    oxygen = oxygen / (1.0 + oxygen)

    damage = defect_share(ions, ion_ev, surface_k, p.defects)
    displaced = displaced_share(ions, ion_ev, surface_k, p.defects)
    shares = zone_shares(surface_k, total_pa, energy, p.zones)
    empty = void_fraction(shares, energy, p.zones, p.voids)
    rate = metal / (f.lattice.titanium_per_m3 * (1.0 - empty))
    grain = column_width_m(surface_k, rate, thickness, p.adatoms)
    electrons = conduction(bare, surplus, oxygen, displaced, empty, grain, thickness, f)
    near = dielectric(PLANCK_TIMES_LIGHT_EV_M / NEAR_M, electrons, f)
    wrong = bare + surplus - bare * surplus
    stress = film_stress_pa(surface_k, damage, empty, p.substrate.thermal_expansion_per_k, f.mechanics)
    return Outputs(
        resistivity_ohm_m(electrons, f),
        PLANCK_TIMES_LIGHT_EV_M / zero_energy_ev(electrons, f),
        near.real,
        near.imaginary,
        dielectric(PLANCK_TIMES_LIGHT_EV_M / FAR_M, electrons, f).real,
        -near.real / near.imaginary,
        electrons.carriers_m3,
        electrons.mobility_m2_vs,
        electrons.localised,
        (1.0 - bare) * (1.0 + surplus),
        oxygen,
        1.0 - empty,
        grain,
        roughness_m(thickness, shares.zone_1, ions * ion_ev, f.surface),
        stress,
        hardness_pa(wrong, empty, stress, f.mechanics),
        rate,
        thickness / rate,
        energy,
        1e-3 * at.pressure_millipa,
        covered,
        volts,
    )
