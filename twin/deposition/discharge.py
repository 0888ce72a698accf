"""The magnetron discharge: voltage, current and ions, at direct current and at radio frequency.

Direct current at constant power, as the target covers with compound.

The current-voltage law I = k·Vⁿ (Thornton and Penfold 1978; n = 5 to 15) is scaled by the least voltage that keeps
the discharge alive, which goes as 1/γ (Thornton, J. Vac. Sci. Technol. 15, 171 (1978))::

    I = I₀ [V γ(θ) / (V₀ γ_m)]ⁿ,   γ(θ) = γ_m (1−θ) + γ_c θ,   P = V I

so the voltage rises on poisoning where γ_c < γ_m and falls where γ_c > γ_m: the sign is data of the target. The two
literatures conflict in it for Ti (twin/elements/ti.toml, ``[electrons_magnetron]`` and ``[electrons_beam]``).

At radio frequency (13.56 MHz) the target is insulating or blocked, and the ions fall through its self-bias, ∝ √P.
Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates, scaled_erosion
from tansaki.twin.units import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C


class DischargeParameters(NamedTuple):
    """Bare target at the current of `BergParameters`, and what poisoning does to it."""

    reference_voltage_v: float
    """V₀ of the bare target at I₀ = `BergParameters.discharge_current_a`."""
    voltage_exponent: float
    """n of I = k·Vⁿ."""
    compound_electron_yield: float
    """γ_c, effective; γ_m is `BergParameters.secondary_electron_yield`."""
    sputter_exponent: float
    """Both yields go as Vᵐ around V₀."""


class ElectronYields(NamedTuple):
    """Section ``[electrons_magnetron]`` or ``[electrons_beam]`` of an element: electrons per ion, both states."""

    metal: float
    compound: float


class Chemisorption(NamedTuple):
    """Section ``[chemisorption]`` of an element: chemisorbed gas lowers γ before the compound forms."""

    drop: float
    """Largest drop, electrons per ion; 0 for targets that show none."""
    coverage: float
    """Target coverage where the drop is largest, above 0 and below 1."""


class Cathode(NamedTuple):
    """Section ``[cathode]`` of an instrument: where the ions land and with what share of the voltage."""

    target_area_m2: float
    eroded_fraction: float
    """Racetrack over target area."""
    ion_energy_fraction: float
    """Energy of the arriving ion over e·V."""


class Sustaining(NamedTuple):
    """Section ``[sustaining]``: Thornton's condition for a discharge that keeps itself alive."""

    ionisation_cost_ev: float
    """W₀, energy spent for one ion pair."""
    ion_collection: float
    """ε_i, share of the ions that reach the target."""
    electron_efficiency: float
    """ε_e, share of the energy of an electron that ionises before it is lost."""
    multiplication: float
    """m ≥ 1, ionisation in the sheath."""


class RadioFrequency(NamedTuple):
    """Section ``[radio_frequency]``: self-bias at one power, for fixed pressure and gas."""

    reference_power_w: float
    reference_bias_v: float
    ion_power_fraction: float
    """Share of the power that the ions carry to the target."""


class GasHeating(NamedTuple):
    """Section ``[gas_heating]``: gas between target and substrate while the plasma burns."""

    least_temperature_k: float
    largest_temperature_k: float
    half_ratio_w_pa: float
    """Power over pressure that takes the temperature halfway."""


def electron_yield(target_coverage: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Scalar:
    """γ(θ), electrons per ion."""
    metal, compound = berg.secondary_electron_yield, discharge.compound_electron_yield
    return metal * (1.0 - target_coverage) + compound * target_coverage


def chemisorbed_electron_yield(target_coverage: Scalar, electrons: ElectronYields, c: Chemisorption) -> Scalar:
    """γ(θ) that first drops: γ_m(1−θ) + γ_cθ − Δ·h(θ), h(θ) = (θ/θ₀)(1−θ)^k/(1−θ₀)^k with k = 1/θ₀ − 1.

    h is 0 on the bare and on the covered target and 1 at its peak θ₀. With γ_c > γ_m and enough drop |V| rises
    before it falls (seen for O on Al: Depla and De Gryse, J. Vac. Sci. Technol. A 20, 521 (2002)); the form is ours.
    """
    linear = electrons.metal * (1.0 - target_coverage) + electrons.compound * target_coverage
    bare = (1.0 - target_coverage) / (1.0 - c.coverage)
    return linear - c.drop * target_coverage / c.coverage * bare ** (1.0 / c.coverage - 1.0)


def voltage_v(power_w: Scalar, target_coverage: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Scalar:
    """Discharge voltage at constant power: V₀ [P/(V₀I₀)]^{1/(n+1)} [γ_m/γ(θ)]^{n/(n+1)}."""
    return voltage_at_yield_v(power_w, electron_yield(target_coverage, berg, discharge), berg, discharge)


def voltage_at_yield_v(
    power_w: Scalar, electrons_per_ion: Scalar, berg: BergParameters, discharge: DischargeParameters
) -> Scalar:
    """Discharge voltage at constant power and any γ, such as that of `chemisorbed_electron_yield`."""
    n = discharge.voltage_exponent
    power_ratio = power_w / (discharge.reference_voltage_v * berg.discharge_current_a)
    yield_ratio = berg.secondary_electron_yield / electrons_per_ion
    logarithm = (xp.log(power_ratio) + n * xp.log(yield_ratio)) / (n + 1.0)
    return discharge.reference_voltage_v * xp.exp(logarithm)


def rates_at(
    voltage: Scalar,
    power_w: Scalar,
    target_coverage: Scalar,
    wear_factor: Scalar,
    base: Rates,
    berg: BergParameters,
    discharge: DischargeParameters,
) -> Rates:
    """`Rates` of the reference current, brought to this voltage, coverage and state of wear."""
    ions = ion_current_a(power_w / voltage, electron_yield(target_coverage, berg, discharge))
    reference_ions = berg.discharge_current_a / (1.0 + berg.secondary_electron_yield)
    yields = xp.exp(discharge.sputter_exponent * xp.log(voltage / discharge.reference_voltage_v))
    factor = wear_factor * yields * ions / reference_ions
    return scaled_erosion(base, factor, factor)


def ion_current_a(current_a: Scalar, electrons_per_ion: Scalar) -> Scalar:
    """I/(1+γ): the rest of the current is electrons that leave the target (charge balance, exact)."""
    return current_a / (1.0 + electrons_per_ion)


def racetrack_ion_flux_m2_s(ion_current: Scalar, cathode: Cathode) -> Scalar:
    """Ions/(m² s) on the racetrack, I_ion/(e A_rt)."""
    return ion_current / (ELEMENTARY_CHARGE_C * cathode.target_area_m2 * cathode.eroded_fraction)


def ion_energy_ev(voltage: Scalar, cathode: Cathode) -> Scalar:
    """Mean energy of a (singly charged) ion at the target, eV; a direct-current sheath takes a part of e·V."""
    return cathode.ion_energy_fraction * voltage


def least_voltage_v(electrons_per_ion: Scalar, s: Sustaining) -> Scalar:
    """V = W₀/(γ ε_i ε_e m), below which the discharge dies: Thornton, J. Vac. Sci. Technol. 15, 171 (1978)."""
    return s.ionisation_cost_ev / (electrons_per_ion * s.ion_collection * s.electron_efficiency * s.multiplication)


def self_bias_v(power_w: Scalar, rf: RadioFrequency) -> Scalar:
    """Self-bias of the target at radio frequency, V₀√(P/P₀); the ions arrive with the whole of it. P > 0."""
    return rf.reference_bias_v * xp.sqrt(power_w / rf.reference_power_w)


def rf_ion_current_a(power_w: Scalar, rf: RadioFrequency) -> Scalar:
    """Ion current on the target at radio frequency, f P/V_dc: it too goes as √P. P > 0."""
    return rf.ion_power_fraction * power_w / self_bias_v(power_w, rf)


def gas_temperature_k(power_w: Scalar, pressure_pa: Scalar, heating: GasHeating) -> Scalar:
    """T_g between target and substrate, T₁ + (T₂ − T₁) x/(1 + x) with x = (P/p)/(P/p)_½; p > 0.

    Sputtered atoms heat the gas in proportion to the power, and fewer gas atoms share it at low pressure; conduction
    bounds it. For small x linear in P/p. First order: one temperature for the whole gap.
    """
    x = power_w / pressure_pa / heating.half_ratio_w_pa
    return heating.least_temperature_k + (heating.largest_temperature_k - heating.least_temperature_k) * x / (1.0 + x)


def gas_density_m3(pressure_pa: Scalar, temperature_k: Scalar) -> Scalar:
    """Gas atoms per volume p/(k_B T_g): the mean free path grows with T_g at constant pressure (rarefaction)."""
    return pressure_pa / (BOLTZMANN_J_K * temperature_k)
