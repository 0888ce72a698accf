"""Stylus profilometer across a masked edge: hidden thickness → traces of the stylus → thickness.

The stylus starts on the bare substrate and climbs onto the film. The trace is the edge seen by a round tip, on a
sample that is tilted and bowed, with the vertical errors of the session (gain and step), the drift of each trace and
the noise of each point. Not in the model: a blunt tip rides on the hills of a rough film, so that it reads a few
times the roughness too much, and it scratches what is soft.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.measurement.surface import dilation, masked_step
from tansaki.twin.measurement.surface.step_analysis import analyse
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Specimen


class Stylus(NamedTuple):
    """Section [stylus]: tip, and errors of the vertical axis as standard deviations."""

    tip_radius_m: float
    range_m: float
    """Heights from −range to +range about the start are shown."""
    resolution_m: float
    gain: float
    step_m: float
    noise_m: float
    drift_m_sqrt_s: float
    """Random walk of the zero: standard deviation after a second."""


class Placement(NamedTuple):
    """Section [placement]: how the sample lies, as standard deviations, and its edge."""

    tilt_rad: float
    bow_per_m: float
    """c of a shape c·x², x from the middle of the trace."""
    offset_m: float
    """Of the edge from the middle of the trace."""
    edge_m: float
    edge_guard_m: float
    """Distance from the edge that the analysis leaves out on either side."""


class Scan(NamedTuple):
    """Section [scan]."""

    points_per_s: float
    return_s: float
    handling_s: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    gain: float
    step_m: float


class Mounting(NamedTuple):
    """How the sample lies."""

    tilt_rad: float
    bow_per_m: float
    offset_m: float


class StylusProfilometer(Instrument[Errors, Mounting]):
    """Thickness of the film at the centre from the step at a masked edge."""

    name = "stylus_profilometer"
    columns: ClassVar = {
        "position_m": Column("m", role="axis"),
        "trace": Column("1", role="axis"),
        "height_m": Column("m", ("trace", "position_m")),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.stylus = file.parameters("stylus", Stylus)
        self.placement = file.parameters("placement", Placement)
        self.scan = file.parameters("scan", Scan)

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Normal, of the size that the certificate of the height standard states."""
        gain, step = (0.0, 0.0) if rng is None else rng.standard_normal(2)
        return Errors(self.stylus.gain * gain, self.stylus.step_m * step)

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Lay the sample down, nearly level, the edge nearly in the middle."""
        tilt, bow, offset = (0.0, 0.0, 0.0) if rng is None else rng.standard_normal(3)
        p = self.placement
        return Mounting(p.tilt_rad * tilt, p.bow_per_m * bow, p.offset_m * offset)

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Traces over the same line, each levelled to start at zero."""
        length = chosen["scan_length_m"]
        if length > specimen.length_m:
            raise InvalidInputError("scan_length_m", length, f"at most the sample's length, {specimen.length_m} m")
        points, traces = max(round(chosen["trace_s"] * self.scan.points_per_s), 100), max(round(chosen["traces"]), 1)
        x = np.linspace(-0.5 * length, 0.5 * length, points)
        height = specimen.thickness_m * (1.0 + errors.gain) + errors.step_m
        step = height * bind(masked_step, "numpy").covered(x, mounting.offset_m, self.placement.edge_m)
        pixel = length / (points - 1)
        seen = bind(dilation, "numba").dilated_line(step, pixel * pixel / (2.0 * self.stylus.tip_radius_m))
        shape = seen + mounting.tilt_rad * x + mounting.bow_per_m * x * x
        heights = np.tile(shape, (traces, 1))
        if rng is not None:
            walk = self.stylus.drift_m_sqrt_s * math.sqrt(chosen["trace_s"] / points)
            heights += np.cumsum(walk * rng.standard_normal(heights.shape), axis=1)
            heights += self.stylus.noise_m * rng.standard_normal(heights.shape)
        heights -= heights[:, :1]
        heights = np.clip(heights, -self.stylus.range_m, self.stylus.range_m)
        if rng is not None:
            heights = self.stylus.resolution_m * np.round(heights / self.stylus.resolution_m)
        raw = {"position_m": x, "trace": np.arange(traces), "height_m": heights}
        return Acquisition(raw, self._known(chosen, traces))

    def _known(self, chosen: Mapping[str, float], traces: int) -> Settings:
        s = self.stylus
        return {
            "range_m": s.range_m,
            "gain": s.gain,
            "step_m": s.step_m,
            "noise_m": s.noise_m,
            "drift_m_sqrt_s": s.drift_m_sqrt_s,
            "edge_guard_m": self.placement.edge_guard_m,
            "duration_s": self.scan.handling_s + traces * (chosen["trace_s"] + self.scan.return_s),
        }

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.surface.step_analysis`."""
        return analyse(raw, settings)
