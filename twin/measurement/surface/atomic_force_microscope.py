"""Atomic force microscope: hidden surface → height map with the marks of tip, scanner and time → roughness.

The scanner writes line by line. A round tip dilates the surface; the loop that keeps it in touch lags along the fast
axis; the scanner bows; from line to line the height jumps and wanders; the sample drifts sideways as it warms. The
vertical gain, the lateral gain and the bow are those of the session; where the tip lands, the tilt and the drift
those of the mounting, so that repeats see the same spot.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.signal import lfilter

from tansaki.twin.backends import bind
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.surface import dilation
from tansaki.twin.measurement.surface.relief import Floats, scanned, surface_of
from tansaki.twin.measurement.surface.roughness_analysis import analyse
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen


class Tip(NamedTuple):
    """Section [tip]."""

    radius_m: float
    radius_spread: float
    """Relative standard deviation of the radius, which wears and differs from tip to tip."""


class Scanner(NamedTuple):
    """Section [scanner]: errors as standard deviations."""

    height_gain: float
    lateral_gain: float
    bow_per_m: float
    """c of c·x² on either axis."""
    tilt_rad: float
    place_m: float
    """Spread of the spot about the centre of the sample."""
    drift_m_s: float
    """Lateral, on either axis."""
    noise_m: float
    line_offset_m: float
    wander_m_sqrt_s: float
    """Random walk of the height: standard deviation after a second."""
    bandwidth_hz: float
    """Of the loop."""
    handling_s: float


class Errors(NamedTuple):
    """Actual errors of one session; it has one tip."""

    radius_m: float
    height_gain: float
    lateral_gain: float
    bow_per_m: tuple[float, float]


class Mounting(NamedTuple):
    """Where the tip came down, and how the sample lies."""

    place_m: tuple[float, float]
    tilt_rad: tuple[float, float]
    drift_m_s: tuple[float, float]


class AtomicForceMicroscope(Instrument[Errors, Mounting]):
    """Roughness of the face towards the air."""

    name = "atomic_force_microscope"
    columns: ClassVar = {
        "x_m": Column("m", role="axis"),
        "y_m": Column("m", role="axis"),
        "height_m": Column("m", ("y_m", "x_m")),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.tip = file.parameters("tip", Tip)
        self.scanner = file.parameters("scanner", Scanner)

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """A new tip and the errors of the scanner."""
        normal = np.zeros(5) if rng is None else rng.standard_normal(5)
        s, t = self.scanner, self.tip
        radius = t.radius_m * math.exp(t.radius_spread * normal[0])
        bow = (s.bow_per_m * normal[3], s.bow_per_m * normal[4])
        return Errors(radius, s.height_gain * normal[1], s.lateral_gain * normal[2], bow)

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Land near the centre."""
        normal = np.zeros((3, 2)) if rng is None else rng.standard_normal((3, 2))
        s = self.scanner
        scaled = normal * np.array([[s.place_m], [s.tilt_rad], [s.drift_m_s]])
        place, tilt, drift = ((float(x), float(y)) for x, y in scaled)
        return Mounting(place, tilt, drift)

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """One frame; each row is the trace in which the tip moves forward."""
        n = round(chosen["pixels"])
        pixel = chosen["scan_size_m"] / n
        true_pixel = pixel * (1.0 + errors.lateral_gain)
        line_s = 1.0 / chosen["line_rate_hz"]
        heights = self._touched(surface_of(specimen), n, true_pixel, line_s, errors.radius_m, mounting)
        heights *= 1.0 + errors.height_gain
        # Half of a line is the way forward: the share of a step that the loop follows within a pixel.
        follow = -math.expm1(-2.0 * math.pi * self.scanner.bandwidth_hz * 0.5 * line_s / n)
        start = (1.0 - follow) * heights[:, :1]
        heights = lfilter([follow], [1.0, follow - 1.0], heights, axis=1, zi=start)[0]
        axis = pixel * (np.arange(n) - 0.5 * (n - 1))
        heights += axis * mounting.tilt_rad[0] + axis**2 * errors.bow_per_m[0]
        heights += (axis * mounting.tilt_rad[1] + axis**2 * errors.bow_per_m[1])[:, None]
        if rng is not None:
            s = self.scanner
            heights += s.line_offset_m * rng.standard_normal((n, 1))
            walk = s.wander_m_sqrt_s * math.sqrt(line_s / n) * rng.standard_normal((n, n))
            heights += np.cumsum(walk.ravel()).reshape(n, n)
            heights += s.noise_m * rng.standard_normal((n, n))
        raw = {"x_m": axis, "y_m": axis.copy(), "height_m": heights}
        return Acquisition(raw, self._known(n * line_s))

    def _touched(
        self, surface: SurfaceMap, n: int, pixel: float, line_s: float, radius_m: float, mounting: Mounting
    ) -> Floats:
        """Where the apex of the tip runs."""
        reach = math.sqrt(2.0 * radius_m * float(np.ptp(surface.heights_m)))
        margin = min(math.ceil(reach / pixel), n)
        position = pixel * (np.arange(-margin, n + margin, dtype=np.float64) - 0.5 * (n - 1))
        time_s = line_s * np.arange(-margin, n + margin, dtype=np.float64)
        (place_x, place_y), (drift_x, drift_y) = mounting.place_m, mounting.drift_m_s
        seen = scanned(surface, position + place_x, position + place_y + drift_y * time_s, drift_x * time_s)
        image = bind(dilation, "numba").dilated_map(seen, pixel * pixel / (2.0 * radius_m))
        return np.ascontiguousarray(image[margin : margin + n, margin : margin + n])

    def _known(self, scan_s: float) -> Settings:
        s = self.scanner
        return {
            "tip_radius_m": self.tip.radius_m,
            "tip_radius_spread": self.tip.radius_spread,
            "height_gain": s.height_gain,
            "lateral_gain": s.lateral_gain,
            "noise_m": s.noise_m,
            "wander_m_sqrt_s": s.wander_m_sqrt_s,
            "duration_s": s.handling_s + scan_s,
        }

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.surface.roughness_analysis`."""
        return analyse(raw, settings)
