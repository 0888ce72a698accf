"""Sputtered Al-doped ZnO (AZO) from a ceramic target at radio frequency: a transparent conductor and its oxygen ions.

The target loses a little oxygen to the pumps on every atom's way, so that films are short of it without added oxygen;
one balance of target, walls and pump gives its pressure in closed form (no metal target, hence no hysteresis). Negative
oxygen ions leave the racetrack with the whole voltage of the target and hit the sample where it faces the racetrack.
Everything is at rest. Left out: drift, hydrogen, texture, ageing of porous films, interference in the glass.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import (
    GasHeating,
    RadioFrequency,
    gas_temperature_k,
    rf_ion_current_a,
    self_bias_v,
)
from tansaki.twin.deposition.gas_path import (
    GasPath,
    arriving_fraction,
    edge_to_centre,
    free_edge_to_centre,
    mean_energy_ev,
)
from tansaki.twin.deposition.negative_ions import NegativeIons, negative_ions_per_atom
from tansaki.twin.deposition.reactive_gas import BergParameters, impingement_per_millipa
from tansaki.twin.deposition.sources import annulus_flux_m2
from tansaki.twin.film.bombardment import Defects, defect_share
from tansaki.twin.film.composition import (
    cation_fraction,
    evaporating_ratio,
    kept_fraction,
)
from tansaki.twin.film.grains import column_width_m
from tansaki.twin.film.light import visible_fractions
from tansaki.twin.film.optical_constants import (
    PLANCK_TIMES_LIGHT_EV_M,
    BursteinMoss,
    Dielectric,
    DopedOxide,
    TaucLorentz,
    burstein_moss_shift_ev,
    drude,
    drude_of_carriers,
    refractive_index,
    tauc_lorentz,
)
from tansaki.twin.film.quadrature import gauss_legendre
from tansaki.twin.film.zinc_oxide import (
    ZincOxide,
    charge,
    crystal_mobility_m2_vs,
    film_stress_pa,
    grain_size_m,
    mass_ratio,
)
from tansaki.twin.film.zones import Voids, ZoneLimits, void_fraction, zone_shares
from tansaki.twin.units import (
    BOLTZMANN_J_K,
    ELEMENTARY_CHARGE_C,
    MOLECULES_PER_S_PER_SCCM,
    ZERO_CELSIUS_K,
)

CHAMBER = "sputter_al_zno_3inch"
OPTIONS = {"substrate": "glass"}
ELEMENTS = {"zinc": "zn"}

NEAR_INFRARED_M = (800e-9, 1500e-9)
_WAVELENGTHS_M, _WEIGHTS = gauss_legendre(4, *NEAR_INFRARED_M)
NEAR_INFRARED = tuple((w, weight / (1500e-9 - 800e-9)) for w, weight in zip(_WAVELENGTHS_M, _WEIGHTS, strict=True))
NEAR_INFRARED_MIDDLE_EV = 1.1


class Ceramic(NamedTuple):
    """Section ``[ceramic]``: what leaves a target of ZnO with Al2O3."""

    reference_voltage_v: float
    """At which the yield is `BergParameters.compound_yield`."""
    sputter_exponent: float


class Geometry(NamedTuple):
    """Section ``[geometry]``: sample over target, and where the ions land."""

    distance_m: float
    inner_radius_m: float
    outer_radius_m: float
    beam_width_m: float
    """Standard deviation of the ring of negative ions around the mean radius of the racetrack."""


class Plasma(NamedTuple):
    """Section ``[plasma]``: other energy that comes with a zinc atom."""

    condensation_energy_ev: float
    radiation_energy_ev: float
    ions_per_target_ion: float
    ion_energy_ev: float


class Bound(NamedTuple):
    """Section ``[optics]``: `DopedOxide` but for the mass, which follows the carriers."""

    epsilon_infinity: float
    amplitude_ev: float
    peak_ev: float
    broadening_ev: float
    gap_ev: float
    localised_energy_ev: float
    localised_broadening_ev: float
    localised_oscillator_strength: float


class Substrate(NamedTuple):
    """What the substrate does to stress and light."""

    thermal_expansion_per_k: float
    refractive_index: float


class Parameters(NamedTuple):
    """Chamber and material."""

    reactive_gas: BergParameters
    radio_frequency: RadioFrequency
    gas_heating: GasHeating
    ceramic: Ceramic
    geometry: Geometry
    plasma: Plasma
    zinc: GasPath
    substrate: Substrate
    negative_ions: NegativeIons
    zones: ZoneLimits
    voids: Voids
    defects: Defects
    film: ZincOxide
    optics: Bound
    burstein_moss: BursteinMoss


class Inputs(NamedTuple):
    """What is set."""

    power_w: Scalar
    pressure_pa: Scalar
    """Partial pressure of argon."""
    oxygen_flow_sccm: Scalar
    """Added to the argon; 0 for none."""
    substrate_temperature_c: Scalar
    sample_offset_m: Scalar
    """From the axis of the target."""
    thickness_nm: Scalar
    dopant_fraction: Scalar
    """Al/(Al + Zn) of the target."""


class Outputs(NamedTuple):
    """What comes of it."""

    resistivity_ohm_m: Scalar
    sheet_resistance_ohm_sq: Scalar
    carrier_density_m3: Scalar
    mobility_m2_vs: Scalar
    visible_transmittance: Scalar
    near_infrared_absorption: Scalar
    band_gap_ev: Scalar
    stress_pa: Scalar
    grain_size_m: Scalar
    density_ratio: Scalar
    oxygen_ratio: Scalar
    aluminium_fraction: Scalar
    thickness_m: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar
    oxygen_ions_per_atom: Scalar
    oxygen_pressure_pa: Scalar
    voltage_v: Scalar


def oxygen_hits_per_zinc(flow_ratio: Scalar, pumping: Scalar, loss: Scalar) -> Scalar:
    """u, oxygen atoms that stick at first try per zinc on the walls, from the balance of the gas.

    Per sputtered zinc the gas gets `flow_ratio` q atoms with the flow and the share `loss` ε from the target; walls
    take εu/(1 + u) back, where zinc without oxygen waits, and the pump σu (`pumping` is σ)::

        q + ε/(1 + u) = σu,   u = {q − σ + √[(q − σ)² + 4σ(q + ε)]}/(2σ)
    """
    return (flow_ratio - pumping + xp.sqrt((flow_ratio - pumping) ** 2 + 4.0 * pumping * (flow_ratio + loss))) / (
        2.0 * pumping
    )


def wall_balance(flow_sccm: Scalar, emitted_s: Scalar, b: BergParameters, loss: Scalar) -> tuple[Scalar, Scalar]:
    """(oxygen pressure in Pa, oxygen atoms that stick per area and time) of a chamber with a ceramic target."""
    sticking_m2_s_pa = 2e3 * b.collector_sticking * impingement_per_millipa(b)
    wall_zinc = emitted_s / b.collector_area_m2
    atoms_s_pa = 2.0 * b.pumping_speed_m3_s / (BOLTZMANN_J_K * b.gas_temperature_k)
    pumping = atoms_s_pa / (sticking_m2_s_pa * b.collector_area_m2)
    hits = oxygen_hits_per_zinc(2.0 * MOLECULES_PER_S_PER_SCCM * flow_sccm / emitted_s, pumping, loss)
    return hits * wall_zinc / sticking_m2_s_pa, hits * wall_zinc


def beam_flux_m2(radius_m: Scalar, g: Geometry) -> Scalar:
    """Oxygen ions per area per emitted ion: a ring with a normal profile (narrow against its radius)."""
    middle = 0.5 * (g.inner_radius_m + g.outer_radius_m)
    away = (radius_m - middle) / g.beam_width_m
    return xp.exp(-0.5 * away * away) / ((2.0 * xp.pi) ** 1.5 * middle * g.beam_width_m)


def near_infrared_absorption(
    thickness_m: Scalar, carriers_m3: Scalar, mobility: Scalar, o: DopedOxide, b: BursteinMoss
) -> Scalar:
    """1 − e^{−4πkh/λ} from 800 to 1500 nm, all wavelengths alike: what one pass through the film costs.

    Free electrons absorb; bound ones, far below their gap, count with their permittivity in the middle of the range
    (the index changes by 0.01 there).
    """
    shift = burstein_moss_shift_ev(carriers_m3, b)
    interband = TaucLorentz(o.epsilon_infinity, o.amplitude_ev, o.peak_ev + shift, o.broadening_ev, o.gap_ev + shift)
    bound = tauc_lorentz(NEAR_INFRARED_MIDDLE_EV, interband).real
    electrons = drude_of_carriers(carriers_m3, mobility, o.drude_mass_ratio)
    lost = 0.0
    for wavelength, weight in NEAR_INFRARED:
        free = drude(PLANCK_TIMES_LIGHT_EV_M / wavelength, electrons)
        index = refractive_index(Dielectric(bound + free.real, free.imaginary))
        lost = lost - weight * xp.expm1(-4.0 * xp.pi * index.k * thickness_m / wavelength)
    return lost


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Target, gas, surface, crystal, light."""
    p, g, f = parameters, parameters.geometry, parameters.film
    surface_k = inputs.substrate_temperature_c + ZERO_CELSIUS_K
    thickness = 1e-9 * inputs.thickness_nm
    radius = inputs.sample_offset_m

    volts = self_bias_v(inputs.power_w, p.radio_frequency)
    ions_s = rf_ion_current_a(inputs.power_w, p.radio_frequency) / ELEMENTARY_CHARGE_C
    sputtered = p.reactive_gas.compound_yield * (volts / p.ceramic.reference_voltage_v) ** p.ceramic.sputter_exponent
    emitted_s = ions_s * sputtered
    oxygen_pa, sticking_m2_s = wall_balance(
        inputs.oxygen_flow_sccm, emitted_s, p.reactive_gas, f.composition.oxygen_loss
    )
    total_pa = inputs.pressure_pa + oxygen_pa
    gas_k = gas_temperature_k(inputs.power_w, total_pa, p.gas_heating)
    at_centre = arriving_fraction(total_pa, g.distance_m, gas_k, p.zinc)
    evened = edge_to_centre(total_pa, g.distance_m, gas_k, p.zinc) / free_edge_to_centre(g.distance_m, p.zinc)
    arriving = at_centre * evened ** ((radius / p.zinc.wafer_radius_m) ** 2)
    zinc = emitted_s * arriving * annulus_flux_m2(radius, g.distance_m, g.inner_radius_m, g.outer_radius_m)

    hits = sticking_m2_s / zinc
    kept = kept_fraction(evaporating_ratio(surface_k, zinc, f.oxide), 0.0, 0.0)
    # Zinc without oxygen evaporates before it is buried.
    free_kept = kept_fraction(evaporating_ratio(surface_k, zinc, f.free_zinc), 0.0, 0.0)
    missing = f.composition.oxygen_loss / (1.0 + hits) * free_kept
    dopant = cation_fraction(inputs.dopant_fraction, 1.0, kept)

    energy = mean_energy_ev(total_pa, g.distance_m, gas_k, p.zinc) + p.plasma.condensation_energy_ev
    energy = energy + p.plasma.radiation_energy_ev + p.plasma.ions_per_target_ion * p.plasma.ion_energy_ev / sputtered
    electrons = p.reactive_gas.secondary_electron_yield
    leaving = negative_ions_per_atom(electrons, 1.0, sputtered, total_pa, g.distance_m, p.negative_ions)
    oxygen_ions = leaving * emitted_s * beam_flux_m2(radius, g) / zinc
    damage = defect_share(oxygen_ions, volts, surface_k, p.defects)
    voids = void_fraction(zone_shares(surface_k, total_pa, energy, p.zones), energy, p.zones, p.voids)
    solid = 1.0 - voids
    rate = zinc * kept / (f.dopants.cation_density_m3 * solid)

    at = charge(dopant, hits, missing, damage, surface_k, f.dopants)
    cations = f.dopants.cation_density_m3
    inside = cations * at.electrons
    column = column_width_m(surface_k, rate, thickness, f.adatoms)
    grain = grain_size_m(column, damage, voids, f.refinement)
    mobility = crystal_mobility_m2_vs(inside, at, damage, grain, voids, f.scattering)
    # Voids take carriers with the volume they fill, and as much again of the conductivity by the way around them
    # (Bruggeman's differential form for insulating spheres, (1 − φ)^{3/2}).
    carriers = inside * solid
    mobility = mobility * xp.sqrt(solid)
    # Charge per volume stays within single precision, electrons per volume squared would not.
    resistivity = 1.0 / (ELEMENTARY_CHARGE_C * cations * (at.electrons * solid) * mobility)

    localised = cations * at.free_zinc
    o = p.optics
    optics = DopedOxide(
        o.epsilon_infinity,
        o.amplitude_ev,
        o.peak_ev,
        o.broadening_ev,
        o.gap_ev,
        mass_ratio(inside, f.scattering),
        o.localised_energy_ev,
        o.localised_broadening_ev,
        o.localised_oscillator_strength,
    )
    plate = p.substrate.refractive_index
    # Of a film without voids: the fit of the optical constants to porous films has them in.
    light = visible_fractions(thickness, carriers, mobility, localised, 0.0, plate, optics, p.burstein_moss)
    return Outputs(
        resistivity,
        resistivity / thickness,
        carriers,
        mobility,
        light.transmitted,
        near_infrared_absorption(thickness, carriers, mobility, optics, p.burstein_moss),
        o.gap_ev + burstein_moss_shift_ev(inside, p.burstein_moss),
        film_stress_pa(surface_k, damage, voids, p.substrate.thermal_expansion_per_k, f.stress),
        grain,
        solid,
        1.0 - missing,
        dopant,
        thickness,
        rate,
        thickness / rate,
        energy,
        oxygen_ions,
        oxygen_pa,
        volts,
    )
