"""Direct-current magnetron at constant power: voltage, current and ions as the target covers with compound.

The current-voltage law I = k·Vⁿ (Thornton and Penfold 1978; n = 5 to 15) is scaled by the least voltage that keeps
the discharge alive, which goes as 1/γ (Thornton, J. Vac. Sci. Technol. 15, 171 (1978))::

    I = I₀ [V γ(θ) / (V₀ γ_m)]ⁿ,   γ(θ) = γ_m (1−θ) + γ_c θ,   P = V I

so the voltage rises on poisoning where γ_c < γ_m and falls where γ_c > γ_m: the sign is data of the target.
Written for `tansaki.twin.backends.bind`.
"""

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates, scaled_erosion


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


def electron_yield(target_coverage: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Scalar:
    """γ(θ), electrons per ion."""
    metal, compound = berg.secondary_electron_yield, discharge.compound_electron_yield
    return metal * (1.0 - target_coverage) + compound * target_coverage


def voltage_v(power_w: Scalar, target_coverage: Scalar, berg: BergParameters, discharge: DischargeParameters) -> Scalar:
    """Discharge voltage at constant power: V₀ [P/(V₀I₀)]^{1/(n+1)} [γ_m/γ(θ)]^{n/(n+1)}."""
    n = discharge.voltage_exponent
    power_ratio = power_w / (discharge.reference_voltage_v * berg.discharge_current_a)
    yield_ratio = berg.secondary_electron_yield / electron_yield(target_coverage, berg, discharge)
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
    ions = power_w / voltage / (1.0 + electron_yield(target_coverage, berg, discharge))
    reference_ions = berg.discharge_current_a / (1.0 + berg.secondary_electron_yield)
    yields = xp.exp(discharge.sputter_exponent * xp.log(voltage / discharge.reference_voltage_v))
    factor = wear_factor * yields * ions / reference_ions
    return scaled_erosion(base, factor, factor)
