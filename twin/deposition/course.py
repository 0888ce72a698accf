"""The true course of a run: what the instruments of a chamber watch. It never leaves twin/ and hardware/, as `Film`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """One run over time; arrays run along `time_s` and are straight between its instants.

    Two readings are here and not with the other gauges: those on which the run itself depended, of the oxygen gauge
    in the control loop and of the thickness monitor that closes the shutter.
    """

    time_s: Floats
    pressures_pa: Mapping[str, Floats]
    """Partial pressures by gas: ``ar``, ``o2``, and what the pump leaves behind."""
    oxygen_flow_sccm: Floats
    target_coverage: Floats
    collector_coverage: Floats
    voltage_v: Floats
    """0 where no plasma burns."""
    current_a: Floats
    metals_per_s: Mapping[str, Floats]
    """Atoms that leave the target, by symbol."""
    window_transmission: Floats
    substrate_temperature_c: Floats
    oxygen_reading_pa: Floats
    deposited_reading_nm: Floats
    arcs_s: Floats
    """Instants of the arcs, rising."""
    events: tuple[tuple[float, str], ...]
    idle_temperature_c: float
    """Of substrate and heater, unheated."""
    target_area_m2: float
    """Eroded."""

    @property
    def burning(self) -> NDArray[np.bool_]:
        """Where the plasma burns."""
        return self.voltage_v > 0.0

    @property
    def pressure_pa(self) -> Floats:
        """Of all gases."""
        total: Floats = np.sum(list(self.pressures_pa.values()), axis=0)
        return total

    @property
    def metal_per_s(self) -> Floats:
        """Metal atoms that leave the target."""
        total: Floats = np.sum(list(self.metals_per_s.values()), axis=0)
        return total

    @property
    def arcs(self) -> Floats:
        """Arcs counted up to each instant."""
        return np.searchsorted(self.arcs_s, self.time_s, side="right").astype(float)


_SERIES = (
    "oxygen_flow_sccm",
    "target_coverage",
    "collector_coverage",
    "voltage_v",
    "current_a",
    "window_transmission",
    "substrate_temperature_c",
    "oxygen_reading_pa",
    "deposited_reading_nm",
)


def at_instants(course: Course, time_s: Floats) -> Course:
    """The same course at other instants, straight between its own; events and arcs stay.

    `InvalidInputError` unless `time_s` rises and lies within the course.
    """
    first, last = float(course.time_s[0]), float(course.time_s[-1])
    if time_s.ndim != 1 or not time_s.size or np.any(np.diff(time_s) < 0.0) or time_s[0] < first or time_s[-1] > last:
        raise InvalidInputError("instants of a course", time_s, f"rising times within {first:g} to {last:g} s")

    def seen(values: Floats) -> Floats:
        return np.interp(time_s, course.time_s, values)

    return Course(
        time_s=time_s,
        pressures_pa={gas: seen(values) for gas, values in course.pressures_pa.items()},
        metals_per_s={metal: seen(values) for metal, values in course.metals_per_s.items()},
        **{name: seen(getattr(course, name)) for name in _SERIES},
        arcs_s=course.arcs_s,
        events=course.events,
        idle_temperature_c=course.idle_temperature_c,
        target_area_m2=course.target_area_m2,
    )


def joined(courses: Sequence[Course], starts_s: Sequence[float]) -> Course:
    """The courses of several layers on one time axis."""
    shifted = list(zip(starts_s, courses, strict=True))

    def row(name: str) -> Floats:
        return np.concatenate([getattr(course, name) for course in courses])

    return Course(
        time_s=np.concatenate([start + course.time_s for start, course in shifted]),
        pressures_pa={gas: np.concatenate([c.pressures_pa[gas] for c in courses]) for gas in courses[0].pressures_pa},
        metals_per_s={m: np.concatenate([c.metals_per_s[m] for c in courses]) for m in courses[0].metals_per_s},
        **{name: row(name) for name in _SERIES},
        arcs_s=np.concatenate([start + course.arcs_s for start, course in shifted]),
        events=tuple((float(start + time), what) for start, course in shifted for time, what in course.events),
        idle_temperature_c=courses[0].idle_temperature_c,
        target_area_m2=courses[0].target_area_m2,
    )
