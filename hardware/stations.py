"""The instruments of a laboratory in the twin: each is calibrated once, at its first use, and errs on its own.

What an instrument reads depends on the seed, the sample's number and how often that instrument has measured this
sample; never on which other instruments were asked. `FastReadings` is the shortcut beside the full chain: truth times
a log-normal factor that was fitted to it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from tansaki.twin.measurement.instrument import INSTRUMENTS, Calibrated, open_instrument
from tansaki.twin.randomness import generator
from tansaki.twin.records import Measurement, MeasurementRequest
from tansaki.twin.specimens.specimen import Specimen


class Stations(Protocol):
    """Who measures."""

    @property
    def measurements(self) -> tuple[str, ...]:
        """What may be asked for."""

    def check(self, requests: Sequence[MeasurementRequest]) -> None:
        """Refuse what cannot be measured, before anything is made."""

    def measure(self, specimen: Specimen, number: int, requests: Sequence[MeasurementRequest]) -> list[Measurement]:
        """The records of sample `number`, in the order of `requests`."""


class FullChain:
    """Every instrument of the twin with its errors, its raw record and its analysis."""

    measurements = tuple(INSTRUMENTS)

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._calibrations: dict[str, Calibrated[Any]] = {}

    def check(self, requests: Sequence[MeasurementRequest]) -> None:
        """Names and settings."""
        for request in requests:
            open_instrument(request.instrument).checked(request.settings)

    def measure(self, specimen: Specimen, number: int, requests: Sequence[MeasurementRequest]) -> list[Measurement]:
        """One record a request."""
        before: Counter[str] = Counter()
        taken = []
        for request in requests:
            name = request.instrument
            instrument = open_instrument(name)
            if name not in self._calibrations:
                rng = generator(self.seed, f"calibration of {name}")
                self._calibrations[name] = instrument.session(rng, f"{name}-{self.seed}")
            rng = generator(self.seed, f"measurement by {name}", number, before[name])
            before[name] += 1
            calibration = self._calibrations[name]
            taken.append(instrument.measure(specimen, rng, settings=request.settings, calibration=calibration))
        return taken
