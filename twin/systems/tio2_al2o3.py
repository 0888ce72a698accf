"""A mirror of TiO2 and Al2O3 by reactive sputtering: rate against stoichiometry, twice, and five thicknesses.

Two cathodes in one chamber run in turn, each at its own oxygen pressure. On the way from metal to compound the rate
of each falls some twentyfold while the film finds its oxygen; a film short of oxygen absorbs. Two and a half pairs on
glass, titania first and last, are compared in reflectance and transmittance with a target spectrum, and the time that
they take is charged.

Everything is at rest (`tansaki.twin.deposition.steady`). Left out: oxygen that one cathode leaves on the other,
roughness and inhomogeneous layers, the index of a film far from the oxide (only its absorption is modelled).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import DischargeParameters, GasHeating, gas_temperature_k
from tansaki.twin.deposition.gas_path import GasPath
from tansaki.twin.deposition.negative_ions import NegativeIons
from tansaki.twin.deposition.reactive_gas import BergParameters, steady_surface_metal
from tansaki.twin.deposition.steady import Rest, growth, rest
from tansaki.twin.deposition.transport import Passage, TransportParameters, passing_fraction
from tansaki.twin.film.optical_constants import (
    Dielectric,
    RefractiveIndex,
    Sellmeier,
    TaucLorentz,
    bruggeman_dielectric,
    photon_energy_ev,
    refractive_index,
    sellmeier_index,
    tauc_lorentz,
)
from tansaki.twin.film.stack import FilmFractions, Layer, layer_fractions

CHAMBER = "sputter_oxide_pair"
OPTIONS = {"plate": "glass"}
ELEMENTS = {"path_tio2": "ti", "path_al2o3": "al"}

WAVELENGTHS_M = (430e-9, 470e-9, 510e-9, 550e-9, 590e-9, 630e-9, 670e-9)
"""Where the target spectrum is given."""


class Voids(NamedTuple):
    """Volume between the grains of the titania, as dense films of the same material have none."""

    fraction: float


class Plate(NamedTuple):
    """Thick transparent substrate."""

    refractive_index: float


class Absorption(NamedTuple):
    """k = `per_deficit` × oxygen deficit, for small deficits, the same at all wavelengths."""

    tio2_per_deficit: float
    al2o3_per_deficit: float


class TargetSpectrum(NamedTuple):
    """Wanted reflectance at each of `WAVELENGTHS_M`; all other light is to be transmitted."""

    reflectance_430nm: float
    reflectance_470nm: float
    reflectance_510nm: float
    reflectance_550nm: float
    reflectance_590nm: float
    reflectance_630nm: float
    reflectance_670nm: float


class Price(NamedTuple):
    """What deposition time counts against the error of the spectrum."""

    error_per_hour: float


class Parameters(NamedTuple):
    """Chamber and materials."""

    reactive_gas_tio2: BergParameters
    discharge_tio2: DischargeParameters
    transport_tio2: TransportParameters
    reactive_gas_al2o3: BergParameters
    discharge_al2o3: DischargeParameters
    transport_al2o3: TransportParameters
    gas_heating: GasHeating
    path_tio2: GasPath
    path_al2o3: GasPath
    negative_ions: NegativeIons
    optics_tio2: TaucLorentz
    optics_tio2_voids: Voids
    optics_al2o3: Sellmeier
    absorption: Absorption
    plate: Plate
    target_spectrum: TargetSpectrum
    price: Price


class Inputs(NamedTuple):
    """What is set; films are counted from the glass."""

    power_w: Scalar
    pressure_pa: Scalar
    """Partial pressure of argon."""
    tio2_oxygen_pressure_pa: Scalar
    al2o3_oxygen_pressure_pa: Scalar
    tio2_1_nm: Scalar
    al2o3_1_nm: Scalar
    tio2_2_nm: Scalar
    al2o3_2_nm: Scalar
    tio2_3_nm: Scalar


class Outputs(NamedTuple):
    """What comes of it."""

    coating_cost: Scalar
    """`spectrum_error` + `Price.error_per_hour` × hours of deposition."""
    spectrum_error: Scalar
    """Root mean square over the wavelengths of the errors of R and of T."""
    absorption_loss: Scalar
    """1 − R − T, mean over the wavelengths."""
    visible_reflectance: Scalar
    """R, mean over the wavelengths."""
    deposition_time_s: Scalar
    tio2_growth_rate_m_s: Scalar
    al2o3_growth_rate_m_s: Scalar
    tio2_oxygen_deficit: Scalar
    al2o3_oxygen_deficit: Scalar
    tio2_target_coverage: Scalar
    al2o3_target_coverage: Scalar
    tio2_index: Scalar
    """At 550 nm."""
    al2o3_index: Scalar
    tio2_extinction: Scalar
    al2o3_extinction: Scalar


def tio2_index(wavelength_m: Scalar, deficit: Scalar, p: Parameters) -> RefractiveIndex:
    """Dense titania with voids (Bruggeman), and the absorption of missing oxygen."""
    dense = tauc_lorentz(photon_energy_ev(wavelength_m), p.optics_tio2)
    film = refractive_index(bruggeman_dielectric(p.optics_tio2_voids.fraction, Dielectric(1.0, 0.0), dense))
    return RefractiveIndex(film.n, film.k + p.absorption.tio2_per_deficit * deficit)


def al2o3_index(wavelength_m: Scalar, deficit: Scalar, p: Parameters) -> RefractiveIndex:
    """Alumina, and the absorption of missing oxygen."""
    return RefractiveIndex(sellmeier_index(wavelength_m, p.optics_al2o3), p.absorption.al2o3_per_deficit * deficit)


def stack_fractions(
    wavelength_m: Scalar, inputs: Inputs, tio2_deficit: Scalar, al2o3_deficit: Scalar, p: Parameters
) -> FilmFractions:
    """R and T of the coated plate at one wavelength; its back face is taken not to reflect."""
    high = tio2_index(wavelength_m, tio2_deficit, p)
    low = al2o3_index(wavelength_m, al2o3_deficit, p)
    films = (
        Layer(high, 1e-9 * inputs.tio2_3_nm),
        Layer(low, 1e-9 * inputs.al2o3_2_nm),
        Layer(high, 1e-9 * inputs.tio2_2_nm),
        Layer(low, 1e-9 * inputs.al2o3_1_nm),
        Layer(high, 1e-9 * inputs.tio2_1_nm),
    )
    return layer_fractions(films, p.plate.refractive_index, wavelength_m)


def oxygen_deficit(at: Rest, argon_pressure_pa: Scalar, passage: Passage) -> Scalar:
    """1 − `Growth.coverage`, without the difference, which single precision does not bear."""
    arriving = passing_fraction(argon_pressure_pa + 1e-3 * at.state.pressure_millipa, passage)
    return steady_surface_metal(
        at.state.pressure_millipa, at.state.target_coverage, at.coefficients, passage.transport.flux_factor * arriving
    )


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Both processes at rest, five films, the spectrum and its price."""
    p = parameters
    # Oxygen is a small part of the gas.
    heated_k = gas_temperature_k(inputs.power_w, inputs.pressure_pa, p.gas_heating)
    passage = Passage(
        p.transport_tio2, p.path_tio2, p.negative_ions, p.discharge_tio2.compound_electron_yield, heated_k
    )
    at_high = rest(inputs.power_w, inputs.tio2_oxygen_pressure_pa, p.reactive_gas_tio2, p.discharge_tio2)
    high = growth(
        at_high.state, at_high.voltage_v, at_high.coefficients, inputs.pressure_pa, p.reactive_gas_tio2, passage
    )
    high_deficit = oxygen_deficit(at_high, inputs.pressure_pa, passage)
    passage = Passage(
        p.transport_al2o3, p.path_al2o3, p.negative_ions, p.discharge_al2o3.compound_electron_yield, heated_k
    )
    at_low = rest(inputs.power_w, inputs.al2o3_oxygen_pressure_pa, p.reactive_gas_al2o3, p.discharge_al2o3)
    low = growth(at_low.state, at_low.voltage_v, at_low.coefficients, inputs.pressure_pa, p.reactive_gas_al2o3, passage)
    low_deficit = oxygen_deficit(at_low, inputs.pressure_pa, passage)
    time_s = 1e-9 * (inputs.tio2_1_nm + inputs.tio2_2_nm + inputs.tio2_3_nm) / high.rate_m_s
    time_s = time_s + 1e-9 * (inputs.al2o3_1_nm + inputs.al2o3_2_nm) / low.rate_m_s

    square, reflected, absorbed = 0.0, 0.0, 0.0
    for wavelength_m, wanted in zip(WAVELENGTHS_M, p.target_spectrum):  # noqa: B905  Numba's zip has no `strict`
        light = stack_fractions(wavelength_m, inputs, high_deficit, low_deficit, p)
        square = square + (light.reflected - wanted) ** 2 + (light.transmitted - (1.0 - wanted)) ** 2
        reflected = reflected + light.reflected
        absorbed = absorbed + light.absorbed
    number = len(WAVELENGTHS_M)
    error = xp.sqrt(square / (2.0 * number))
    high_index = tio2_index(550e-9, high_deficit, p)
    low_index = al2o3_index(550e-9, low_deficit, p)
    return Outputs(
        error + p.price.error_per_hour * time_s / 3600.0,
        error,
        absorbed / number,
        reflected / number,
        time_s,
        high.rate_m_s,
        low.rate_m_s,
        high_deficit,
        low_deficit,
        at_high.state.target_coverage,
        at_low.state.target_coverage,
        high_index.n,
        low_index.n,
        high_index.k,
        low_index.k,
    )
