"""Sputtered LiCoO2 for battery cathodes: oxygen, pressure, heat and thickness against orientation, phases and capacity.

One layer from a ceramic target at radio frequency, then one anneal in oxygen. What decides:

- Lithium. The target emits its bulk composition (steady state); the light Li and the heavy Co lose different shares to
  the gas (tables of the particle transport). At the film energetic O⁻ sputters lithium again, and heat evaporates it::

      x = (J_Li/J_Co)/(1 + J_ev(T)/J_Co + K),   x ← x exp(−J_ev(T_a) t f/(n_Co h)) in an anneal

  (J_ev ∝ content, Arrhenius; K ∝ oxygen share of the gas, survival of O⁻ and √bias). What lacks lithium below a
  tolerance is Co3O4, as is what lacks oxygen.
- Order. Crystals grown with mobile surfaces (heat, energy of the atoms) turn their (003) planes, of least surface
  energy, to the front; stress, which bombardment brings, costs them strain energy in proportion to thickness. Atoms
  that come aslant, after collisions, leave the planes less parallel. Grains that grow in an anneal favour (003) too.
  The peak ratio (003)/(104) follows from a March-Dollase distribution, kinematic, for a film that absorbs little.
- Capacity: half a lithium per cobalt of the layered crystals, less a shell at the grain boundaries.

Left out: surplus lithium (it leaves as an oxide on the surface), cation disorder, rate capability, the lateral map.
Source of the March function: Dollase, J. Appl. Cryst. 19, 267 (1986).
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
from tansaki.twin.deposition.gas_path import GasPath, arriving_fraction, mean_energy_ev
from tansaki.twin.deposition.sources import annulus_flux_m2
from tansaki.twin.film.charge import positive_part
from tansaki.twin.film.grains import Coarsening, coarsened_size_m
from tansaki.twin.film.structure import Stress, arrhenius_rate, film_stress, logistic
from tansaki.twin.units import ELEMENTARY_CHARGE_C, ZERO_CELSIUS_K

CHAMBER = "sputter_rf_licoo2"
OPTIONS = {"substrate": "platinised_silicon"}
ELEMENTS = {"lithium_path": "li", "cobalt_path": "co"}

C_M3_PER_UAH_CM2_UM = 3.6e7
"""1 µAh/(cm² µm) in C/m³."""


class CeramicTarget(NamedTuple):
    """What the ions eject from the target."""

    metal_yield: float
    """Li and Co together per ion at the reference bias."""
    reference_bias_v: float
    sputter_exponent: float
    """The yield goes as Vᵐ."""


class Position(NamedTuple):
    """Where the substrate is."""

    distance_m: float


class Bombardment(NamedTuple):
    """Energy that comes with the atoms, and energetic oxygen."""

    base_energy_ev: float
    """Condensation, plasma radiation and slow ions, per metal atom."""
    negative_ions_per_metal: float
    """O⁻ that leave the target per emitted metal atom in pure oxygen."""
    stopping_length_pa_m: float
    """p·d in which the fast O⁻ are lost by a factor e."""


class Lithium(NamedTuple):
    """What the target gives, losses from the film, and what the crystal bears."""

    emitted_ratio: float
    """Li/Co that leaves the target: its bulk composition in the steady state."""
    resputtering: float
    """K in pure oxygen, without gas in the way, at the reference bias."""
    evaporation_flux_m2_s: float
    """J_ev of a film with Li/Co 1 in vacuum at the reference temperature."""
    reference_temperature_k: float
    evaporation_energy_ev: float
    anneal_factor: float
    """f: evaporation into the gas of an anneal over that into vacuum."""
    least_ratio: float
    """Li/Co below which Co3O4 appears."""
    ratio_width: float


class Oxidation(NamedTuple):
    """Oxygen that the layered oxide needs while it grows."""

    least_pressure_pa: float
    """Where half the cobalt ends up as Co3O4."""
    width: float
    """Of the change, in ln p."""


class Crystals(NamedTuple):
    """Crystallisation, and the columns of a film as grown."""

    onset_temperature_k: float
    """k·`onset_time_s` = 1."""
    onset_time_s: float
    activation_energy_ev: float
    column_width_m: float
    """At the reference thickness."""
    column_exponent: float
    reference_thickness_m: float


class Texture(NamedTuple):
    """What turns (003) to the front, and what is seen of it."""

    surface_gain_j_m2: float
    """Surface energy that (003) saves against (104)."""
    strain_anisotropy: float
    """Strain energy that (003) costs, over σ²h/M."""
    gain_width_j_m2: float
    mobile_temperature_k: float
    """Where half of the crystals can turn, if nothing but heat moved them."""
    mobile_width_k: float
    warmth_k_per_ev: float
    """Heat that does as much for mobility as 1 eV per atom."""
    coarsening_preference: float
    """Order that grains take on which grow in an anneal, over that of mobile growth."""
    random_march: float
    """r of crystals that grew without mobility, above 1: (104) rather than (003)."""
    ordered_march: float
    """r of complete order under atoms that come straight from the target."""
    shading_march: float
    """What scattered atoms, which come aslant, add to it."""
    powder_ratio: float
    """Peak ratio of a thick powder."""
    interplanar_angle_rad: float
    """Between (003) and (104)."""
    sine_003: float
    """sin θ of the two reflections, Cu Kα."""
    sine_104: float
    absorption_per_m: float
    background: float
    """Under each peak, over the (104) peak of a thick powder."""


class Cathode(NamedTuple):
    """What the battery sees."""

    cobalt_density_m3: float
    lithium_used: float
    """Per cobalt, of the layered crystal."""
    shell_m: float
    """exp(−shell/D) of a grain works."""


class Substrate(NamedTuple):
    """What the substrate does to the film."""

    thermal_expansion_per_k: float


class Parameters(NamedTuple):
    """Chamber and material."""

    ceramic_target: CeramicTarget
    radio_frequency: RadioFrequency
    gas_heating: GasHeating
    position: Position
    bombardment: Bombardment
    lithium_path: GasPath
    cobalt_path: GasPath
    lithium: Lithium
    oxidation: Oxidation
    crystals: Crystals
    coarsening: Coarsening
    texture: Texture
    cathode: Cathode
    stress: Stress
    substrate: Substrate


class Inputs(NamedTuple):
    """What is set."""

    power_w: Scalar
    pressure_pa: Scalar
    """Partial pressure of argon."""
    oxygen_pressure_pa: Scalar
    substrate_temperature_c: Scalar
    thickness_nm: Scalar
    anneal_temperature_c: Scalar
    anneal_duration_s: Scalar
    """0 for none."""


class Outputs(NamedTuple):
    """What comes of it; shares of phases are shares of the cobalt."""

    texture_ratio: Scalar
    """Peak intensity (003)/(104), background included: 1 for an amorphous film."""
    li_co_ratio: Scalar
    licoo2_fraction: Scalar
    co3o4_fraction: Scalar
    crystalline_fraction: Scalar
    grain_size_m: Scalar
    capacity_uah_cm2_um: Scalar
    stress_pa: Scalar
    strain_energy_j_m2: Scalar
    """σ²h/M, what a crack would set free."""
    thickness_m: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar
    self_bias_v: Scalar
    gas_temperature_k: Scalar


class Arrival(NamedTuple):
    """What reaches the substrate."""

    lithium_m2_s: Scalar
    cobalt_m2_s: Scalar
    energy_ev: Scalar
    """Per metal atom."""
    straightness: Scalar
    """Share of the energy of the cobalt that collisions have left."""
    resputtering: Scalar
    """K: lithium that O⁻ removes from a film of Li/Co 1, per arriving cobalt."""


def arrival(inputs: Inputs, p: Parameters) -> Arrival:
    """Sputtering at the self-bias, both metals through the warm gas, O⁻ straight through it."""
    total_pa = inputs.pressure_pa + inputs.oxygen_pressure_pa
    bias = self_bias_v(inputs.power_w, p.radio_frequency)
    warm = gas_temperature_k(inputs.power_w, total_pa, p.gas_heating)
    metal_yield = p.ceramic_target.metal_yield * (bias / p.ceramic_target.reference_bias_v) ** (
        p.ceramic_target.sputter_exponent
    )
    ions_s = rf_ion_current_a(inputs.power_w, p.radio_frequency) / ELEMENTARY_CHARGE_C
    distance = p.position.distance_m
    reach = annulus_flux_m2(0.0, distance, p.cobalt_path.inner_radius_m, p.cobalt_path.outer_radius_m)
    emitted = ions_s * metal_yield * reach / (1.0 + p.lithium.emitted_ratio)
    cobalt = emitted * arriving_fraction(total_pa, distance, warm, p.cobalt_path)
    lithium = emitted * p.lithium.emitted_ratio
    lithium = lithium * arriving_fraction(total_pa, distance, warm, p.lithium_path)
    share = lithium / (lithium + cobalt)
    cobalt_ev = mean_energy_ev(total_pa, distance, warm, p.cobalt_path)
    kinetic = share * mean_energy_ev(total_pa, distance, warm, p.lithium_path) + (1.0 - share) * cobalt_ev
    # O⁻ per emitted metal atom that keep their energy; they fall through the whole bias.
    fast = inputs.oxygen_pressure_pa / total_pa * xp.exp(-total_pa * distance / p.bombardment.stopping_length_pa_m)
    energy = p.bombardment.base_energy_ev + kinetic + p.bombardment.negative_ions_per_metal * fast * bias
    strength = xp.sqrt(bias / p.radio_frequency.reference_bias_v)
    straightness = cobalt_ev / p.cobalt_path.emitted_energy_ev
    return Arrival(lithium, cobalt, energy, straightness, p.lithium.resputtering * fast * strength)


def evaporation_m2_s(temperature_k: Scalar, li: Lithium) -> Scalar:
    """J_ev of a film with Li/Co 1."""
    speed = arrhenius_rate(temperature_k, li.reference_temperature_k, 1.0, li.evaporation_energy_ev)
    return li.evaporation_flux_m2_s * speed


def march(r: Scalar, angle_rad: Scalar) -> Scalar:
    """Pole density of (003) at an angle from the normal, (r² cos² + sin²/r)^(−3/2); its mean over the sphere is 1."""
    cosine = xp.cos(angle_rad)
    return (r * r * cosine * cosine + (1.0 - cosine * cosine) / r) ** -1.5


def peak_ratio(march_r: Scalar, amount: Scalar, thickness_m: Scalar, t: Texture) -> Scalar:
    """(003)/(104) over equal backgrounds; `amount` is the layered crystalline share of the film.

    A film of thickness h reflects 1 − exp(−2μh/sin θ) of what thick material of the same texture does.
    """
    seen_003 = -xp.expm1(-2.0 * t.absorption_per_m * thickness_m / t.sine_003)
    seen_104 = -xp.expm1(-2.0 * t.absorption_per_m * thickness_m / t.sine_104)
    high = amount * t.powder_ratio * seen_003 * march(march_r, 0.0)
    low = amount * seen_104 * march(march_r, t.interplanar_angle_rad)
    return (high + t.background) / (low + t.background)


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """The film as grown, then its anneal."""
    p = parameters
    growth_k = inputs.substrate_temperature_c + ZERO_CELSIUS_K
    anneal_k = inputs.anneal_temperature_c + ZERO_CELSIUS_K
    thickness = 1e-9 * inputs.thickness_nm
    at = arrival(inputs, p)
    rate = at.cobalt_m2_s / p.cathode.cobalt_density_m3
    time_s = thickness / rate

    evaporated = evaporation_m2_s(growth_k, p.lithium) / at.cobalt_m2_s
    ratio = at.lithium_m2_s / at.cobalt_m2_s / (1.0 + evaporated + at.resputtering)
    leaving = p.lithium.anneal_factor * evaporation_m2_s(anneal_k, p.lithium) / p.cathode.cobalt_density_m3
    ratio = ratio * xp.exp(-leaving * inputs.anneal_duration_s / thickness)
    short_of_lithium = positive_part(1.0 - ratio / p.lithium.least_ratio, p.lithium.ratio_width)
    short_of_lithium = xp.minimum(short_of_lithium, 1.0)
    short_of_oxygen = logistic(xp.log(p.oxidation.least_pressure_pa / inputs.oxygen_pressure_pa) / p.oxidation.width)
    layered = (1.0 - short_of_lithium) * (1.0 - short_of_oxygen)

    c = p.crystals
    grown = arrhenius_rate(growth_k, c.onset_temperature_k, c.onset_time_s, c.activation_energy_ev) * time_s
    heated = arrhenius_rate(anneal_k, c.onset_temperature_k, c.onset_time_s, c.activation_energy_ev)
    exposure = grown + heated * inputs.anneal_duration_s
    crystalline = -xp.expm1(-exposure)
    # (1 − e⁻ᵃ)/(1 − e⁻ᵃ⁻ᵇ): the share of the crystals that formed while growing.
    early = -xp.expm1(-grown) / xp.maximum(crystalline, 1e-30)
    column = c.column_width_m * (thickness / c.reference_thickness_m) ** c.column_exponent
    before = coarsened_size_m(column, growth_k, time_s, p.coarsening)
    grain = coarsened_size_m(before, anneal_k, inputs.anneal_duration_s, p.coarsening)
    coarsened = 1.0 - (before / grain) ** 2

    t = p.texture
    expansion = p.substrate.thermal_expansion_per_k
    intrinsic = film_stress(at.energy_ev, p.stress.reference_temperature_k, 0.0, expansion, p.stress)
    strain = t.strain_anisotropy * (intrinsic / p.stress.biaxial_modulus_pa) * intrinsic * thickness
    favoured = logistic((t.surface_gain_j_m2 - strain) / t.gain_width_j_m2)
    warmth = growth_k + t.warmth_k_per_ev * at.energy_ev
    mobile = logistic((warmth - t.mobile_temperature_k) / t.mobile_width_k)
    order = early * favoured * mobile
    order = order + coarsened * t.coarsening_preference * (favoured - order)
    best_march = t.ordered_march + t.shading_march * (1.0 - at.straightness)
    march_r = t.random_march - (t.random_march - best_march) * order * layered

    stress = film_stress(at.energy_ev, growth_k, crystalline * (1.0 - early), expansion, p.stress)
    working = layered * crystalline * xp.exp(-p.cathode.shell_m / grain)
    charge = p.cathode.lithium_used * ELEMENTARY_CHARGE_C * p.cathode.cobalt_density_m3 / C_M3_PER_UAH_CM2_UM
    return Outputs(
        peak_ratio(march_r, layered * crystalline, thickness, t),
        ratio,
        layered,
        1.0 - layered,
        crystalline,
        grain,
        charge * working,
        stress,
        stress / p.stress.biaxial_modulus_pa * stress * thickness,
        thickness,
        rate,
        time_s,
        at.energy_ev,
        self_bias_v(inputs.power_w, p.radio_frequency),
        gas_temperature_k(inputs.power_w, inputs.pressure_pa + inputs.oxygen_pressure_pa, p.gas_heating),
    )
