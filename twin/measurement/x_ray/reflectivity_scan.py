"""A reflectivity scan as the analysis sees it: counts and what is specified of the machine, film and plate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Settings
from tansaki.twin.measurement.x_ray.compound import ScatteringLengthDensity, parsed, scattering_length_density
from tansaki.twin.measurement.x_ray.reflectometer_response import footprint, momentum_transfer
from tansaki.twin.records import Array
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]
_NUMBERS = (
    "count_time_s",
    "sample_length_m",
    "wavelength_m",
    "beam_width_m",
    "divergence_rad",
    "dead_time_s",
    "dead_time_spread",
    "attenuator_spread",
    "angle_rad",
    "angle_scale",
    "footprint_spread",
    "mixed_m",
    "mixed_spread_m",
    "share_spread",
    "plate_spread",
    "composition_spread",
)
_LEAST_POINTS = 60
_G_CM3 = 1000.0


@dataclass(frozen=True, slots=True)
class Scan:
    """Arrays over points; densities in scattering lengths per volume."""

    glancing_rad: Floats
    counts: Floats
    attenuation: Floats
    """Nominal factor by which the beam was weakened."""
    film: ScatteringLengthDensity
    """Of the stated formula at 1 g/cm³."""
    plate: ScatteringLengthDensity
    plate_roughness_m: float
    number: Mapping[str, float]
    """The settings that are numbers."""

    @property
    def sigma_rad(self) -> float:
        """Standard deviation of the divergence."""
        return self.number["divergence_rad"] / math.sqrt(8.0 * math.log(2.0))

    @property
    def step_rad(self) -> float:
        """Between points."""
        return float(self.glancing_rad[1] - self.glancing_rad[0])

    @property
    def footprint_ratio(self) -> float:
        """Length of the sample over width of the beam."""
        return self.number["sample_length_m"] / self.number["beam_width_m"]

    @property
    def q_per_m(self) -> Floats:
        """Momentum transfer at each point, from the angle as read."""
        q: Floats = momentum_transfer(self.glancing_rad, self.number["wavelength_m"])
        return q

    def corrected_per_s(self) -> Floats:
        """Rate of a detector without dead time and of a beam that is not weakened and falls on the sample whole."""
        recorded = self.counts / self.number["count_time_s"]
        rate = recorded / np.maximum(1.0 - recorded * self.number["dead_time_s"], 0.1)
        lit: Floats = footprint(self.glancing_rad, self.footprint_ratio)
        return rate * self.attenuation / lit

    def longest_thickness_m(self) -> float:
        """Above it the divergence takes more than four fifths of the fringes' height, or two points a fringe lack."""
        per_radian = 4.0 * math.pi / self.number["wavelength_m"]
        return min(math.sqrt(2.0 * math.log(5.0)) / self.sigma_rad, 0.8 * math.pi / self.step_rad) / per_radian


def scan_of(raw: Mapping[str, Array], settings: Settings) -> Scan:
    """The scan in a raw record; `InvalidInputError` names what is missing or does not fit."""
    number = {k: float(v) for k, v in settings.items() if not isinstance(v, str)}
    for name in _NUMBERS:
        if name not in number:
            raise InvalidInputError("settings of a reflectivity record", sorted(number), f"a number {name!r} too")
    for name in ("film_formula", "substrate"):
        if not isinstance(settings.get(name), str):
            raise InvalidInputError("settings of a reflectivity record", sorted(settings), f"a text {name!r} too")
    for name in ("two_theta_deg", "counts"):
        if name not in raw:
            raise InvalidInputError("raw reflectivity record", sorted(raw), f"an array {name!r} too")
    glancing = np.radians(0.5 * np.asarray(raw["two_theta_deg"], dtype=float))
    counts = np.asarray(raw["counts"], dtype=float)
    attenuation = np.asarray(raw.get("attenuation", np.ones(len(glancing))), dtype=float)
    if not (len(glancing) == len(counts) == len(attenuation) >= _LEAST_POINTS):
        raise InvalidInputError("raw reflectivity record", len(glancing), f">= {_LEAST_POINTS} points, arrays alike")
    steps = np.diff(glancing)
    if not (glancing[0] > 0.0 and steps[0] > 0.0 and np.all(np.abs(steps - steps[0]) < 0.02 * steps[0])):
        raise InvalidInputError(
            "raw two_theta_deg", (raw["two_theta_deg"][:3], "..."), "rising from above 0, even steps"
        )
    if np.any(counts < 0.0) or np.any(attenuation < 1.0):
        raise InvalidInputError("raw reflectivity record", float(counts.min()), "counts >= 0, attenuation >= 1")
    plate = open_substrate(str(settings["substrate"]))
    return Scan(
        glancing,
        counts,
        attenuation,
        scattering_length_density(parsed(str(settings["film_formula"])), _G_CM3),
        scattering_length_density(plate.composition, plate.density_kg_m3),
        plate.roughness_m,
        number,
    )
