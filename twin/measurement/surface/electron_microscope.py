"""Scanning electron microscope: hidden surface → picture of counted secondary electrons → size of the features.

The beam is blurred by its size, a defocus and an astigmatism that remain after focusing (mounting), and counts
electrons as a Poisson process. What cannot carry the beam current off charges, and then brightness changes along the
scan lines. The film alone is looked at for its conduction: a conducting substrate below does not help it.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from tansaki.twin.backends import bind
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.surface import secondary_electrons
from tansaki.twin.measurement.surface.feature_analysis import analyse
from tansaki.twin.measurement.surface.relief import Floats, scanned, surface_of
from tansaki.twin.measurement.surface.secondary_electrons import Contrast
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.units import ELEMENTARY_CHARGE_C


class Beam(NamedTuple):
    """Section [beam]; blurs are standard deviations of a Gaussian."""

    current_a: float
    blur_m: float
    defocus_m: float
    """Spread of the blur that focusing leaves, added in squares."""
    astigmatism: float
    """Spread of the relative difference of the blur along the two axes."""
    detected: float
    """Electrons counted for each of the beam, from a flat face."""


class Stage(NamedTuple):
    """Section [stage]."""

    magnification: float
    """Relative spread of the lengths."""
    place_m: float
    handling_s: float


class Charge(NamedTuple):
    """Section [charging]."""

    onset_v: float
    streak: float
    """Relative spread of the brightness of lines where charging is complete."""


class Errors(NamedTuple):
    """Actual errors of one session."""

    magnification: float


class Mounting(NamedTuple):
    """Where the beam fell, and how well it was focused."""

    place_m: tuple[float, float]
    blur_m: tuple[float, float]
    """Along x and y."""


class ElectronMicroscope(Instrument[Errors, Mounting]):
    """Size of what is seen on the face towards the air."""

    name = "electron_microscope"
    columns: ClassVar = {
        "x_m": Column("m", role="axis"),
        "y_m": Column("m", role="axis"),
        "electrons": Column("1", ("y_m", "x_m")),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.beam = file.parameters("beam", Beam)
        self.stage = file.parameters("stage", Stage)
        self.contrast = file.parameters("contrast", Contrast)
        self.charge = file.parameters("charging", Charge)

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Magnification."""
        return Errors(0.0 if rng is None else self.stage.magnification * rng.standard_normal())

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Find a place near the centre and focus."""
        normal = np.zeros(4) if rng is None else rng.standard_normal(4)
        blur = math.hypot(self.beam.blur_m, self.beam.defocus_m * normal[2])
        skew = 0.5 * self.beam.astigmatism * normal[3]
        place = self.stage.place_m * normal[:2]
        return Mounting((float(place[0]), float(place[1])), (blur * math.exp(skew), blur * math.exp(-skew)))

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """One frame; the fast axis is x."""
        n = round(chosen["pixels"])
        pixel = chosen["field_m"] / n
        axis = pixel * (np.arange(n, dtype=np.float64) - 0.5 * (n - 1))
        mean = chosen["electrons_per_pixel"] * self.beam.detected
        electrons = mean * self._bright(specimen, axis * (1.0 + errors.magnification), mounting)
        if rng is not None:
            share = 1.0
            if specimen.charge is not None:
                sheet = specimen.sheet_resistance_ohm_sq
                compiled = bind(secondary_electrons, "numpy")
                share = float(compiled.charging(self.beam.current_a, sheet, self.charge.onset_v))
            electrons *= _streaks(n, self.charge.streak * share, rng)
            electrons = rng.poisson(electrons).astype(np.float64)
        raw = {"x_m": axis, "y_m": axis.copy(), "electrons": electrons}
        frame_s = n * n * chosen["electrons_per_pixel"] * ELEMENTARY_CHARGE_C / self.beam.current_a
        return Acquisition(raw, self._known(frame_s))

    def _bright(self, specimen: Specimen, axis: Floats, mounting: Mounting) -> Floats:
        """Mean brightness over that of a flat face, blurred by the beam."""
        (x, y), (blur_x, blur_y) = mounting.place_m, mounting.blur_m
        pixel = float(axis[1] - axis[0])
        heights = scanned(surface_of(specimen), axis + x, axis + y)
        slope_y, slope_x = np.gradient(heights, pixel)
        above = heights - gaussian_filter(heights, self.contrast.shadow_width_m / pixel, mode="reflect")
        seen = bind(secondary_electrons, "numpy").emission(slope_x, slope_y, above, self.contrast)
        return np.asarray(gaussian_filter(seen, (blur_y / pixel, blur_x / pixel), mode="reflect"))

    def _known(self, frame_s: float) -> Settings:
        return {
            "blur_m": math.hypot(self.beam.blur_m, self.beam.defocus_m),
            "u_blur_m": self.beam.defocus_m,
            "magnification": self.stage.magnification,
            "shadow_width_m": self.contrast.shadow_width_m,
            "duration_s": self.stage.handling_s + frame_s,
        }

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.surface.feature_analysis`."""
        return analyse(raw, settings)


def _streaks(n: int, spread: float, rng: np.random.Generator) -> Floats:
    """Factor of the brightness: each line has its own up to a discharge somewhere in it, and another after that."""
    levels = np.exp(spread * rng.standard_normal((2, n, 1)))
    break_at = rng.uniform(0.0, n, (n, 1))
    return np.asarray(np.where(np.arange(n) < break_at, levels[0], levels[1]))
