"""The instruments of a laboratory in the twin: each is calibrated once, at its first use, and errs on its own.

What an instrument reads depends on the seed, the sample's number and how often that instrument has measured this
sample; never on which other instruments were asked.
"""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Generic, cast

from tansaki.twin.deposition.course import Course
from tansaki.twin.measurement.instrument import (
    INSTRUMENTS,
    C,
    Calibrated,
    M,
    MeasurementChain,
    S,
    open_instrument,
)
from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer
from tansaki.twin.measurement.process.instrument import (
    PROCESS_INSTRUMENTS,
    open_process_instrument,
)
from tansaki.twin.measurement.process.process_gauges import ProcessGauges
from tansaki.twin.measurement.process.recording import recorded_trace
from tansaki.twin.randomness import generator
from tansaki.twin.records import Measurement, MeasurementRequest, Status, Trace
from tansaki.twin.specimens.specimen import Specimen

SAMPLE_M: Final = (0.01, 0.01)
"""Length and width of every substrate."""


class _Station(ABC, Generic[S]):
    """Instruments of one kind, each calibrated once; S is what they look at."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._calibrations: dict[str, Calibrated[Any]] = {}

    @staticmethod
    @abstractmethod
    def open(name: str) -> MeasurementChain[S, Any, Any]:
        """The instrument `name`."""

    def check(self, requests: Sequence[MeasurementRequest]) -> None:
        """Names and settings."""
        for request in requests:
            self.open(request.instrument).checked(request.settings)

    def measure(self, subject: S, number: int, requests: Sequence[MeasurementRequest]) -> list[Measurement]:
        """The records of sample `number`, one a request."""
        before: Counter[str] = Counter()
        taken = []
        for request in requests:
            instrument = self.open(request.instrument)
            rng = generator(self.seed, f"measurement by {instrument.name}", number, before[instrument.name])
            before[instrument.name] += 1
            calibration = self._session(instrument)
            taken.append(instrument.measure(subject, rng, settings=request.settings, calibration=calibration))
        return taken

    def _session(self, instrument: MeasurementChain[S, C, M]) -> Calibrated[C]:
        name = instrument.name
        if name not in self._calibrations:
            rng = generator(self.seed, f"calibration of {name}")
            self._calibrations[name] = instrument.session(rng, f"{name}-{self.seed}")
        return self._calibrations[name]


class FullChain(_Station[Specimen]):
    """Every instrument of the twin with its errors, its raw record and its analysis."""

    measurements = tuple(INSTRUMENTS)
    open = staticmethod(open_instrument)


class ProcessStation(_Station[Course]):
    """The instruments that watch the chamber."""

    measurements = tuple(PROCESS_INSTRUMENTS)
    open = staticmethod(open_process_instrument)

    def trace(self, course: Course, number: int) -> Trace:
        """What is stored of run `number`: what gauges and spectrometer read of it."""
        gauges = cast(ProcessGauges, self.open(ProcessGauges.name))
        spectrometer = cast(EmissionSpectrometer, self.open(EmissionSpectrometer.name))
        return recorded_trace(
            course,
            (gauges, self._session(gauges).errors),
            (spectrometer, self._session(spectrometer).errors),
            generator(self.seed, "process instruments", number),
        )

    def measure(self, subject: Course, number: int, requests: Sequence[MeasurementRequest]) -> list[Measurement]:
        """One record a request, none where no plasma burned."""
        return super().measure(subject, number, requests) if subject.burning.any() else []


def judged(status: Status, message: str, taken: Sequence[Measurement]) -> tuple[Status, str]:
    """Status of an experiment: ``censored`` where something lay beyond an instrument's range.

    That leaves a lower bound. An upper bound is a result: there is less than the instrument can find.
    """
    for measurement in taken:
        if not all(math.isfinite(derived.value) for derived in measurement.derived.values()):
            raise ArithmeticError(f"{measurement.instrument} derived a value that is not finite: {measurement.derived}")
    beyond = [m for m in taken if any(name.endswith("_lower_bound") for name in m.derived)]
    if beyond:
        return "censored", "; ".join(f"{m.instrument}: {', '.join(m.flags)}" for m in beyond)
    return status, message


def timed(taken: Sequence[Measurement], ended_s: float) -> tuple[Measurement, ...]:
    """With the times at which they began: the measurements are the last work on a sample, one after the other."""
    begun: list[Measurement] = []
    for measurement in reversed(taken):
        ended_s -= float(measurement.settings["duration_s"])
        begun.append(replace(measurement, started_s=ended_s))
    return tuple(reversed(begun))
