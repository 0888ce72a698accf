"""Ellipsometer as an instrument: hidden films → polarisation of the reflected light → psi and Delta as read → record.

The spot sees the films at several thicknesses, whose light adds without interference; so does what comes from the back
face of a transparent plate. Azimuths of polariser and analyser and the retardance of the compensator are wrong by what
`Errors` holds for a session, the angle of incidence by the tilt in `Mounting`; every reading has its own noise, in
Delta the larger the closer psi is to 0 or 90°. Left out: bandwidth of the spectrometer, errors of its wavelengths.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.film.stack import Layer, rough_face
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.optical.ellipsometry import Beam, Plate, psi_delta_rad, reflected_beam
from tansaki.twin.measurement.optical.ellipsometry_analysis import CONVENTION, analyse
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]

_NM = 1e-9
_LEAST_ACROSS = 1e-3
"""sin 2ψ below which the noise of Delta grows no further: it is then anything."""
# Gauss-Legendre over the spot.
_SPOT_AT = math.sqrt(0.15)
_SPOT = ((-_SPOT_AT, 5.0 / 18.0), (0.0, 4.0 / 9.0), (_SPOT_AT, 5.0 / 18.0))


class Scan(NamedTuple):
    """Section [scan]."""

    angle_step_deg: float
    move_s: float
    handling_s: float
    spot_m: float


class Noise(NamedTuple):
    """Section [noise]: standard deviation of one reading."""

    psi_deg: float
    delta_deg: float
    depolarisation: float
    reference_s: float


class ErrorSizes(NamedTuple):
    """Section [errors]: standard deviation of what a session or a mounting keeps."""

    psi_deg: float
    delta_deg: float
    angle_deg: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    psi_deg: float
    delta_deg: float


class Mounting(NamedTuple):
    """Where the sample lies."""

    angle_deg: float
    """Angle of incidence beyond that of the arms."""


class Ellipsometer(Instrument[Errors, Mounting]):
    """Thickness, index and roughness of a film from the polarisation of reflected light."""

    name = "ellipsometer"
    columns: ClassVar = {
        "angle_deg": Column("deg", role="axis"),
        "wavelength_m": Column("m", role="axis"),
        "psi_deg": Column("deg", ("angle_deg", "wavelength_m")),
        "delta_deg": Column("deg", ("angle_deg", "wavelength_m")),
        "depolarisation": Column("1", ("angle_deg", "wavelength_m")),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.scan = file.parameters("scan", Scan)
        self.noise = file.parameters("noise", Noise)
        self.sizes = file.parameters("errors", ErrorSizes)
        # What the operator thinks of the film stands with the other optical fit.
        self.thought = {
            f"model_{name}{end}": value
            for name, quantity in load("instruments", "spectrophotometer").section("model").items()
            for end, value in (("", quantity.value), ("_u", quantity.sigma))
        }

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Find azimuths and retardance without a sample."""
        normals = np.zeros(2) if rng is None else rng.standard_normal(2)
        return Errors(float(self.sizes.psi_deg * normals[0]), float(self.sizes.delta_deg * normals[1]))

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Place the sample and align its tilt."""
        return Mounting(0.0 if rng is None else float(self.sizes.angle_deg * rng.standard_normal()))

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """One spectrum an angle."""
        count = max(math.floor((chosen["stop_nm"] - chosen["start_nm"]) / chosen["step_nm"] + 1e-9) + 1, 0)
        light: Floats = _NM * (chosen["start_nm"] + chosen["step_nm"] * np.arange(count, dtype=np.float64))
        number = int(chosen["angles"])
        angles: Floats = chosen["angle_deg"] + self.scan.angle_step_deg * np.arange(number, dtype=np.float64)
        true_angles = np.radians(angles + mounting.angle_deg)[:, np.newaxis]
        beam = seen(specimen, light, true_angles, chosen["back_side"], self.scan.spot_m)
        psi, delta = (np.degrees(value) for value in psi_delta_rad(beam))
        lost = 1.0 - (beam.n**2 + beam.c**2 + beam.s**2) / beam.total**2
        level = math.sqrt(self.noise.reference_s / chosen["integration_s"])
        normals = np.zeros((3, number, count)) if rng is None else level * rng.standard_normal((3, number, count))
        across = np.maximum(np.sin(2.0 * np.radians(psi)), _LEAST_ACROSS)
        psi = psi + errors.psi_deg + self.noise.psi_deg * normals[0]
        delta = delta + errors.delta_deg + self.noise.delta_deg / across * normals[1]
        raw = {
            "angle_deg": angles,
            "wavelength_m": light,
            "psi_deg": psi,
            "delta_deg": np.mod(delta, 360.0),
            "depolarisation": lost + self.noise.depolarisation * normals[2],
        }
        return Acquisition(raw, self._known(specimen, number, level, chosen["integration_s"]))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.optical.ellipsometry_analysis`."""
        return analyse(raw, settings)

    def _known(self, specimen: Specimen, number: int, level: float, integration_s: float) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        return {
            "films": len(specimen.layers),
            "substrate": specimen.substrate,
            **CONVENTION,
            "psi_noise_deg": self.noise.psi_deg * level,
            "delta_noise_deg": self.noise.delta_deg * level,
            "psi_error_deg": self.sizes.psi_deg,
            "delta_error_deg": self.sizes.delta_deg,
            "angle_error_deg": self.sizes.angle_deg,
            **self.thought,
            "duration_s": self.scan.handling_s + number * (self.scan.move_s + integration_s),
        }


def seen(specimen: Specimen, wavelength_m: Floats, angle_rad: Floats, back_side: float, spot_m: float) -> Beam:
    """What reaches the detector, without noise: `angle_rad` is (angles, 1), the numbers are (angles, wavelengths).

    The spot lies at the centre, along the specimen's length.
    """
    indices = [_index(layer.refractive_index(wavelength_m)) for layer in specimen.layers]
    plate_index = _index(open_substrate(specimen.substrate).refractive_index(wavelength_m))
    plate = Plate(plate_index, 0.0 if np.any(plate_index.k > 0.0) else back_side)
    top = specimen.layers[0]
    # Half a face cannot lie below the film.
    roughness = min(top.roughness_m, 0.5 * top.thickness_m)
    parts = []
    for place, weight in _SPOT:
        at = np.array([[specimen.relative_thickness(place * spot_m / np.cos(angle), 0.0)] for angle in angle_rad[:, 0]])
        layers = (
            *rough_face(indices[0], at * top.thickness_m, roughness),
            *(
                Layer(index, at * layer.thickness_m)
                for index, layer in zip(indices[1:], specimen.layers[1:], strict=True)
            ),
        )
        beam = reflected_beam(layers, plate, wavelength_m, angle_rad)
        parts.append([weight * value for value in beam])
    return Beam(*(sum(column) for column in zip(*parts, strict=True)))


def _index(index: NDArray[np.complex128]) -> RefractiveIndex:
    return RefractiveIndex(np.ascontiguousarray(index.real), np.ascontiguousarray(index.imag))
