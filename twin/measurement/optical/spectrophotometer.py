"""Spectrophotometer as an instrument: hidden films → T and R as the two detectors read them → record.

Light passes the films coherently and the plate incoherently; the face towards the air is rough. A slit smooths the
spectrum, light of other wavelengths lifts it a little. The 100 % line of T and the mirror of R are wrong by what
`Errors` holds for a session; drift since the 100 % line and how the sample lies add what `Mounting` holds; every
reading has its own noise. The analysis knows the specified sizes of these errors and never their values.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.film.stack import Layer, SampleFractions, layer_fractions, on_plate, rough_face
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.optical.film_spectrum import scattered_less
from tansaki.twin.measurement.optical.spectrum_analysis import analyse, noise_of
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]

_FWHM = math.sqrt(8.0 * math.log(2.0))
_NM = 1e-9


class Scan(NamedTuple):
    """Section [scan]: what takes time besides the readings."""

    move_s: float
    handling_s: float


class Response(NamedTuple):
    """Section [response]."""

    slit_m: float
    stray: float
    detector_change_m: float


class Beam(NamedTuple):
    """Section [beam]: the spot on the sample, about its centre, and how even the film is thought to be."""

    length_m: float
    width_m: float
    uneven: float


class Noise(NamedTuple):
    """Section [noise]."""

    level: float
    reference_s: float
    ultraviolet_m: float
    ultraviolet_width_m: float


class Drift(NamedTuple):
    """Section [drift]: sizes of what is wrong for longer than a reading."""

    session_baseline: float
    per_hour: float
    since_h: float
    mirror: float
    alignment: float
    detector_step: float


class Errors(NamedTuple):
    """Actual relative errors of one session."""

    transmittance: float
    mirror: float
    transmittance_step: float
    """Of T beyond the change of detector."""
    reflectance_step: float
    stray: float
    """Actual share of stray light."""


class Mounting(NamedTuple):
    """Actual relative errors of one sample in its holder."""

    transmittance: float
    reflectance: float


class Spectrophotometer(Instrument[Errors, Mounting]):
    """Transmittance and reflectance of a coated plate, and what they tell of a single film."""

    name = "spectrophotometer"
    columns: ClassVar = {
        "wavelength_m": Column("m", role="axis"),
        "transmittance": Column("1", ("wavelength_m",)),
        "reflectance": Column("1", ("wavelength_m",)),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.scan = file.parameters("scan", Scan)
        self.response = file.parameters("response", Response)
        self.stray_u = file.section("response")["stray"].sigma
        self.beam = file.parameters("beam", Beam)
        self.noise = file.parameters("noise", Noise)
        self.drift = file.parameters("drift", Drift)
        self.thought = {
            f"model_{name}{end}": value
            for name, quantity in file.section("model").items()
            for end, value in (("", quantity.value), ("_u", quantity.sigma))
        }

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Take the 100 % line and trust the mirror."""
        d = self.drift
        sizes = np.array([d.session_baseline, d.mirror, d.detector_step, d.detector_step, self.stray_u])
        normals = np.zeros(5) if rng is None else rng.standard_normal(5)
        line, mirror, step_through, step_back, deviation = (float(error) for error in sizes * normals)
        return Errors(line, mirror, step_through, step_back, max(self.response.stray + deviation, 0.0))

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Put the sample into the holder, some time after the 100 % line was taken."""
        drifted = self.drift.per_hour * self.drift.since_h
        normals = np.zeros(3) if rng is None else rng.standard_normal(3)
        return Mounting(float(drifted * normals[0]), float(drifted * normals[1] + self.drift.alignment * normals[2]))

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """One scan of T and one of R."""
        step = chosen["step_nm"]
        count = math.floor((chosen["stop_nm"] - chosen["start_nm"]) / step + 1e-9) + 1
        light = np.asarray(_NM * (chosen["start_nm"] + step * np.arange(count)), dtype=np.float64)
        seen = through_slit(specimen, light, self.response.slit_m, self.beam)
        beyond = (light > self.response.detector_change_m).astype(np.float64)
        level = self.noise.level * math.sqrt(self.noise.reference_s / chosen["integration_s"])
        noise = noise_of(light, level, self.noise.ultraviolet_m, self.noise.ultraviolet_width_m)
        normals = np.zeros((2, count)) if rng is None else rng.standard_normal((2, count))
        gains = (
            1.0 + errors.transmittance + mounting.transmittance + errors.transmittance_step * beyond,
            1.0 + errors.mirror + mounting.reflectance + errors.reflectance_step * beyond,
        )
        read = [
            gain * (ideal + errors.stray) / (1.0 + errors.stray) + noise * normal
            for gain, ideal, normal in zip(gains, (seen.transmitted, seen.reflected), normals, strict=True)
        ]
        raw = {"wavelength_m": light, "transmittance": read[0], "reflectance": read[1]}
        return Acquisition(raw, self._known(specimen, level, count, chosen["integration_s"]))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.optical.spectrum_analysis`."""
        return analyse(raw, settings)

    def _known(self, specimen: Specimen, level: float, count: int, integration_s: float) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        d, carriers = self.drift, self.file.section("carriers")
        drifted = d.per_hour * d.since_h
        # Mean of x² + y² over the beam, against the fall at the middle of an edge.
        spot = (self.beam.length_m**2 + self.beam.width_m**2) / 12.0 / (0.5 * specimen.length_m) ** 2
        return {
            "beam_uneven": self.beam.uneven * spot,
            "films": len(specimen.layers),
            "substrate": specimen.substrate,
            "slit_m": self.response.slit_m,
            "detector_change_m": self.response.detector_change_m,
            "stray": self.response.stray,
            "stray_u": self.stray_u,
            "noise": level,
            "noise_ultraviolet_m": self.noise.ultraviolet_m,
            "noise_ultraviolet_width_m": self.noise.ultraviolet_width_m,
            "transmittance_gain": math.hypot(d.session_baseline, drifted),
            "reflectance_gain": math.hypot(d.mirror, drifted, d.alignment),
            "transmittance_step": d.detector_step,
            "reflectance_step": d.detector_step,
            "mass_ratio": carriers["mass_ratio"].value,
            "mass_ratio_u": carriers["mass_ratio"].sigma,
            **self.thought,
            "duration_s": 2.0 * count * (integration_s + self.scan.move_s) + self.scan.handling_s,
        }


def sample_fractions(specimen: Specimen, wavelength_m: Floats, relative_thickness: float = 1.0) -> SampleFractions:
    """Ideal R and T at each wavelength, near normal incidence; faces between films are smooth."""
    plate_index = _plate_index(specimen.substrate, wavelength_m)
    films = [_layer_index(layer.refractive_index(wavelength_m)) for layer in specimen.layers]
    thicknesses = [relative_thickness * layer.thickness_m for layer in specimen.layers]
    # Half a face cannot lie below the film.
    roughness = min(specimen.layers[0].roughness_m, 0.5 * thicknesses[0])
    layers = (
        *rough_face(films[0], thicknesses[0], roughness),
        *(Layer(index, thickness) for index, thickness in zip(films[1:], thicknesses[1:], strict=True)),
    )
    sample = on_plate(layer_fractions(layers, plate_index, wavelength_m), plate_index)
    return scattered_less(sample, films[0].n, roughness, wavelength_m)


def through_slit(specimen: Specimen, wavelength_m: Floats, slit_m: float, beam: Beam) -> SampleFractions:
    """`sample_fractions` averaged over a Gaussian slit of full width `slit_m`: three Gauss-Hermite nodes.

    The thickness is the mean over the beam, exact for a thickness of second order in the position.
    """
    x, y = 0.5 * beam.length_m / math.sqrt(3.0), 0.5 * beam.width_m / math.sqrt(3.0)
    relative = 0.25 * sum(specimen.relative_thickness(a, b) for a in (-x, x) for b in (-y, y))
    offset = math.sqrt(3.0) * slit_m / _FWHM
    nodes = np.concatenate([wavelength_m - offset, wavelength_m, wavelength_m + offset])
    sample = sample_fractions(specimen, nodes, relative)
    weights = np.array([1.0, 4.0, 1.0]) / 6.0
    reflected, transmitted = (weights @ part.reshape(3, -1) for part in sample)
    return SampleFractions(reflected, transmitted)


def _layer_index(index: NDArray[np.complex128]) -> RefractiveIndex:
    # Stored indices may have a k of exactly zero.
    return RefractiveIndex(np.ascontiguousarray(index.real), np.ascontiguousarray(index.imag))


def _plate_index(substrate: str, wavelength_m: Floats) -> Floats:
    index = open_substrate(substrate).refractive_index(wavelength_m)
    if index.imag.any():
        raise InvalidInputError("substrate", substrate, "a transparent plate")
    return index.real
