"""X-ray diffractometer, θ-2θ: hidden specimen → lines and diffuse light → counts at each step.

Errors of a session are the zero of 2θ and how well the width of the instrument is known; those of a mounting are the
height of the specimen and its tilt, which decides how much of a crystalline plate's own lines is seen.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.x_ray import diffraction_grid
from tansaki.twin.measurement.x_ray.crystal import available_crystals, open_crystal
from tansaki.twin.measurement.x_ray.diffraction_analysis import analyse
from tansaki.twin.measurement.x_ray.diffraction_pattern import Alignment, Resolution, counted
from tansaki.twin.measurement.x_ray.scattering_specimen import (
    Diffuse,
    Mosaic,
    Optics,
    Source,
    diffuse,
    film_lines,
    substrate_lines,
)
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen

Floats = NDArray[np.float64]
LARGEST_SCAN = 30_000
"""Steps."""


class Goniometer(NamedTuple):
    """Section [goniometer]."""

    radius_m: float
    displacement_m: float
    zero_deg: float
    tilt_deg: float


class Widths(NamedTuple):
    """Section [resolution]: Caglioti's U, V, W, the Lorentzian, and how well their scale is known."""

    u_deg2: float
    v_deg2: float
    w_deg2: float
    lorentz_deg: float
    scale: float


class Background(NamedTuple):
    """Section [background]."""

    rate_per_kw_s: float
    low_angle: float


class Method(NamedTuple):
    """Section [method]."""

    shape_factor: float
    overhead_s: float
    loading_s: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    zero_rad: float
    width_scale: float
    """Width of the instrument over what is believed of it."""


class Mounting(NamedTuple):
    """How the specimen lies."""

    displacement_m: float
    tilt_rad: float


class XRayDiffractometer(Instrument[Errors, Mounting]):
    """Phases, size and strain of crystals, lattice and orientation from a θ-2θ scan."""

    name = "x_ray_diffractometer"
    columns: ClassVar = {
        "two_theta_deg": Column("deg", role="axis"),
        "intensity_counts": Column("1", ("two_theta_deg",)),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.source = file.parameters("source", Source)
        self.goniometer = file.parameters("goniometer", Goniometer)
        self.widths = file.parameters("resolution", Widths)
        self.background = file.parameters("background", Background)
        self.diffuse = file.parameters("diffuse", Diffuse)
        self.method = file.parameters("method", Method)
        self.mosaic = file.parameters("mosaic", Mosaic)
        self.dead_time_s = file.section("detector")["dead_time_s"].value

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Alignment of the zero, and a line-profile standard."""
        if rng is None:
            return Errors(0.0, 1.0)
        zero = np.deg2rad(self.goniometer.zero_deg) * rng.standard_normal()
        return Errors(float(zero), float(np.exp(self.widths.scale * rng.standard_normal())))

    def mount(self, subject: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Put the specimen onto the stage; without `rng` exactly on the focusing circle."""
        if rng is None:
            return Mounting(0.0, float(np.deg2rad(self.goniometer.tilt_deg)))
        height, tilt = rng.standard_normal(2)
        return Mounting(
            float(self.goniometer.displacement_m * height), float(np.deg2rad(self.goniometer.tilt_deg * abs(tilt)))
        )

    def acquire(
        self,
        subject: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Counts at each step, as whole numbers with `rng` and as their means without."""
        two_theta_deg = steps(chosen)
        seconds = 60.0 * chosen["step_deg"] / chosen["speed_deg_min"]
        rate = counted(self.rate_per_s(subject, two_theta_deg, chosen, errors, mounting), self.dead_time_s)
        counts = seconds * rate
        if rng is not None:
            counts = rng.poisson(counts).astype(np.float64)
        raw = {"two_theta_deg": two_theta_deg, "intensity_counts": counts}
        return Acquisition(raw, self._known(subject, chosen))

    def rate_per_s(
        self, specimen: Specimen, two_theta_deg: Floats, chosen: Mapping[str, float], errors: Errors, mounting: Mounting
    ) -> Floats:
        """Expected rate before the detector, counts/s at evenly spaced angles; `chosen` gives the tube."""
        optics = self.optics(errors, mounting)
        angle = np.deg2rad(two_theta_deg)
        first, step = float(angle[0]), float(angle[-1] - angle[0]) / (len(angle) - 1)
        total = diffuse(specimen, angle, self.diffuse, self.source.wavelength_1_m)
        sum_of_lines = bind(diffraction_grid, "numba").sum_of_lines
        for lines in film_lines(specimen, optics):
            total += sum_of_lines(first, step, len(angle), lines, diffraction_grid.NEAR)
        for lines in substrate_lines(specimen, optics, mounting.tilt_rad, self.mosaic):
            total += sum_of_lines(first, step, len(angle), lines, diffraction_grid.FAR)
        kilowatts = 1e-3 * chosen["tube_voltage_kv"] * chosen["tube_current_ma"]
        background = self.background.rate_per_kw_s * (1.0 + self.background.low_angle * (20.0 / two_theta_deg) ** 2)
        return np.asarray(kilowatts * (self.source.rate_m2_per_kw * total + background))

    def optics(self, errors: Errors, mounting: Mounting) -> Optics:
        """The instrument with its actual errors."""
        u, v, w = (np.deg2rad(1.0) ** 2 * errors.width_scale**2 * value for value in self.widths[:3])
        resolution = Resolution(u, v, w, np.deg2rad(self.widths.lorentz_deg) * errors.width_scale)
        alignment = Alignment(mounting.displacement_m, self.goniometer.radius_m, errors.zero_rad)
        return Optics(self.source, alignment, resolution, self.method.shape_factor)

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.x_ray.diffraction_analysis`."""
        return analyse(raw, settings)

    def _known(self, specimen: Specimen, chosen: Mapping[str, float]) -> Settings:
        """What the operator and the data sheets know, in the names that the analysis asks for."""
        span = chosen["stop_deg"] - chosen["start_deg"]
        return {
            **known_of(self.file),
            "substrate": specimen.substrate,
            "candidates": " ".join(candidates(specimen)),
            "duration_s": 60.0 * span / chosen["speed_deg_min"] + self.method.overhead_s + self.method.loading_s,
        }


def steps(chosen: Mapping[str, float]) -> Floats:
    """2θ of each step in degrees."""
    start, stop, step = chosen["start_deg"], chosen["stop_deg"], chosen["step_deg"]
    number = round((stop - start) / step) + 1 if stop > start else 0
    if not 100 <= number <= LARGEST_SCAN:
        raise InvalidInputError("x_ray_diffractometer stop_deg", stop, f"100 to {LARGEST_SCAN} steps above start_deg")
    return np.round(start + step * np.arange(number), 6)


def known_of(file: DataFile) -> dict[str, float]:
    """What the analysis may know of the instrument, under the names it uses."""
    sections = ("source", "goniometer", "resolution", "diffuse", "detector", "expected")
    known = {
        f"{section}_{name}": quantity.value for section in sections for name, quantity in file.section(section).items()
    }
    for name in ("wavelength_1_m", "wavelength_2_m", "wavelength_beta_m"):
        known[name] = known.pop(f"source_{name}")
    known["shape_factor"] = file.section("method")["shape_factor"].value
    return known


def candidates(specimen: Specimen) -> tuple[str, ...]:
    """Phases made of elements that were put into the films: what an operator looks for."""
    put_in = {symbol for layer in specimen.layers for symbol, amount in layer.composition.items() if amount > 0.0}
    return tuple(name for name in available_crystals() if set(open_crystal(name).atoms.elements) <= put_in)
