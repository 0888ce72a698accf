"""X-ray reflectometer: hidden specimen → counts against 2θ → record.

Order of events: the sample is aligned (`Mounting`: what is left of the tilt, how much of the beam it catches, what has
mixed with its plate), then the angle is scanned while attenuators keep the detector below its limit. Zero and scale of
the angle, the foils and the dead time (`Errors`) stay for a session. The operator states formula and plate; the
analysis knows the specified sizes of the errors, never their values.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.x_ray import reflectivity_loops
from tansaki.twin.measurement.x_ray.compound import formula, scattering_length_density
from tansaki.twin.measurement.x_ray.diffraction_pattern import counted
from tansaki.twin.measurement.x_ray.divergence import gaussian_nodes
from tansaki.twin.measurement.x_ray.parratt import Stack
from tansaki.twin.measurement.x_ray.reflectivity_analysis import analyse
from tansaki.twin.measurement.x_ray.reflectometer_response import Response
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]
_NODE_SPACING = 0.4
"""Of the forward model, in standard deviations of the divergence: fine enough that its smearing is exact."""


class Beam(NamedTuple):
    """Section [beam]."""

    wavelength_m: float
    intensity_per_s: float
    width_m: float
    divergence_rad: float
    """Full width at half maximum."""


class Background(NamedTuple):
    """Section [background]."""

    rate_per_s: float
    spread: float


class Detector(NamedTuple):
    """Section [detector]."""

    dead_time_s: float
    dead_time_spread: float
    limit_per_s: float


class Attenuator(NamedTuple):
    """Section [attenuator]: foil n weakens the beam by factorⁿ."""

    foils: float
    factor: float
    spread: float


class Alignment(NamedTuple):
    """Section [alignment]."""

    zero_rad: float
    scale: float
    tilt_rad: float
    footprint_spread: float


class Sample(NamedTuple):
    """Section [sample]: what nobody states about a sample."""

    mixed_m: float
    mixed_spread_m: float
    share_spread: float
    plate_spread: float
    composition_spread: float


class Method(NamedTuple):
    """Section [method]."""

    alignment_s: float
    move_s: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    zero_rad: float
    scale: float
    """Actual over indicated angle, less 1."""
    foil_logarithms: tuple[float, ...]
    """ln(actual over nominal transmission) of each foil."""
    dead_time_ratio: float


class Mounting(NamedTuple):
    """How one sample lies there."""

    tilt_rad: float
    footprint_scale: float
    background_scale: float
    mixed_m: float
    """Between the film and its plate."""
    film_share: float
    """Of the mixed layer that was film."""
    plate_scale: float
    """Density of this plate over that of its file."""


class XRayReflectometer(Instrument[Errors, Mounting]):
    """Thickness, density and roughness of a film; the beam runs along the specimen's length."""

    name = "x_ray_reflectometer"
    columns: ClassVar = {
        "two_theta_deg": Column("deg", role="axis"),
        "counts": Column("1", ("two_theta_deg",)),
        "attenuation": Column("1", ("two_theta_deg",), "status"),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.beam = file.parameters("beam", Beam)
        self.background = file.parameters("background", Background)
        self.detector = file.parameters("detector", Detector)
        self.attenuator = file.parameters("attenuator", Attenuator)
        self.alignment = file.parameters("alignment", Alignment)
        self.sample = file.parameters("sample", Sample)
        self.method = file.parameters("method", Method)
        self.sigma_rad = self.beam.divergence_rad / math.sqrt(8.0 * math.log(2.0))

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Zero and scale of the angle, transmission of the foils, dead time."""
        foils = int(self.attenuator.foils)
        normals = np.zeros(foils + 3) if rng is None else rng.standard_normal(foils + 3)
        logarithms = tuple(float(x) for x in self.attenuator.spread * normals[3:])
        ratio = 1.0 + self.detector.dead_time_spread * float(normals[1])
        zero_rad, scale = self.alignment.zero_rad * float(normals[0]), self.alignment.scale * float(normals[2])
        return Errors(zero_rad, scale, logarithms, ratio)

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Align the specimen in the beam."""
        if specimen.length_m <= self.beam.width_m:
            raise InvalidInputError("specimen length_m", specimen.length_m, f"above {self.beam.width_m} m")
        normals = np.zeros(6) if rng is None else rng.standard_normal(6)
        tilt, lit, background, mixed, share, plate = (float(x) for x in normals)
        return Mounting(
            self.alignment.tilt_rad * tilt,
            math.exp(self.alignment.footprint_spread * lit),
            math.exp(self.background.spread * background),
            max(self.sample.mixed_m + self.sample.mixed_spread_m * mixed, 0.0),
            0.5 + self.sample.share_spread * share,
            math.exp(self.sample.plate_spread * plate),
        )

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Counts at each angle behind the attenuator that the rate asks for."""
        start, stop = chosen["two_theta_start_deg"], chosen["two_theta_stop_deg"]
        number = round((stop - start) / chosen["step_deg"]) + 1
        two_theta_deg: Floats = start + chosen["step_deg"] * np.arange(number, dtype=np.float64)
        rates = self.rates(specimen, two_theta_deg, errors, mounting)
        seconds = chosen["count_time_s"]
        mean = rates.recorded_per_s * seconds
        raw = {
            "two_theta_deg": two_theta_deg,
            "counts": mean if rng is None else rng.poisson(mean).astype(float),
            "attenuation": self.attenuator.factor**rates.foil,
        }
        duration = self.method.alignment_s + number * (seconds + self.method.move_s)
        return Acquisition(raw, self._known(specimen, duration))

    def rates(self, specimen: Specimen, two_theta_deg: Floats, errors: Errors, mounting: Mounting) -> "Rates":
        """Mean recorded rate and foil at each angle."""
        loops = bind(reflectivity_loops, "numba")
        glancing = np.radians(0.5 * two_theta_deg) * (1.0 + errors.scale) + errors.zero_rad + mounting.tilt_rad
        nodes, weights = gaussian_nodes(self.sigma_rad, _NODE_SPACING * self.sigma_rad)
        response = Response(
            self.beam.wavelength_m,
            self.beam.intensity_per_s,
            mounting.footprint_scale * specimen.length_m / self.beam.width_m,
            self.background.rate_per_s * mounting.background_scale,
            0.0,
        )
        stack = self._stack(specimen, mounting)
        open_rate = loops.mean_rates(glancing, nodes, weights, stack, response, np.ones(len(glancing)))
        foils = int(self.attenuator.foils)
        excess = np.log(open_rate / self.detector.limit_per_s) / math.log(self.attenuator.factor)
        foil = np.clip(np.ceil(excess), 0, foils).astype(int)
        logarithms = np.array([0.0, *errors.foil_logarithms])[foil] - foil * math.log(self.attenuator.factor)
        background = response.background_per_s
        rate = np.exp(logarithms) * (open_rate - background) + background
        return Rates(counted(rate, self.detector.dead_time_s * errors.dead_time_ratio), foil)

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.x_ray.reflectivity_analysis`."""
        return analyse(raw, settings)

    def _stack(self, specimen: Specimen, mounting: Mounting) -> Stack:
        plate = open_substrate(specimen.substrate)
        below = np.array(scattering_length_density(plate.composition, plate.density_kg_m3 * mounting.plate_scale))
        films = [np.array(scattering_length_density(film.composition, film.density_kg_m3)) for film in specimen.layers]
        densities = np.array([(0.0, 0.0), *films, 0.5 * (films[-1] + below), below])
        # Wherever it came from, what has mixed lies halfway in density; both its faces are as rough as the plate.
        mixed_m = min(mounting.mixed_m, 0.5 * specimen.layers[-1].thickness_m)
        thicknesses = [film.thickness_m for film in specimen.layers]
        thicknesses[-1] -= mounting.film_share * mixed_m
        lengths = np.array(
            [
                (0.0, 0.0),
                *((each, film.roughness_m) for each, film in zip(thicknesses, specimen.layers, strict=True)),
                (mixed_m, plate.roughness_m),
                (0.0, plate.roughness_m),
            ]
        )
        return Stack(*np.ascontiguousarray(densities.T), *np.ascontiguousarray(lengths.T))

    def _known(self, specimen: Specimen, duration_s: float) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        return {
            "film_formula": formula(specimen.layers[0].composition),
            "substrate": specimen.substrate,
            "sample_length_m": specimen.length_m,
            "wavelength_m": self.beam.wavelength_m,
            "beam_width_m": self.beam.width_m,
            "divergence_rad": self.beam.divergence_rad,
            "dead_time_s": self.detector.dead_time_s,
            "dead_time_spread": self.detector.dead_time_spread,
            "attenuator_spread": self.attenuator.spread,
            "angle_rad": math.hypot(self.alignment.zero_rad, self.alignment.tilt_rad),
            "angle_scale": self.alignment.scale,
            "footprint_spread": self.alignment.footprint_spread,
            "mixed_m": self.sample.mixed_m,
            "mixed_spread_m": self.sample.mixed_spread_m,
            "share_spread": self.sample.share_spread,
            "plate_spread": self.sample.plate_spread,
            "composition_spread": self.sample.composition_spread,
            "duration_s": duration_s,
        }


class Rates(NamedTuple):
    """Mean recorded rate (1/s) and number of the foil at each angle."""

    recorded_per_s: Floats
    foil: NDArray[np.int64]
