"""What every instrument of the twin is: hidden specimen → raw record → analysis → values with uncertainty.

An instrument errs in three ways, kept apart because they average differently: its `calibrate` draws what stays for a
session, its `mount` what stays as long as the specimen lies where it lies, and each reading has its own noise. The
analysis sees raw arrays and settings alone, never the specimen, so it works on the file of a real instrument too; the
settings carry the specified sizes of the errors, never their values.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

import numpy as np

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.fingerprint import array_digest
from tansaki.twin.provenance import AnalysisRun, Calibration, Equipment, Position, software
from tansaki.twin.quantities import SETTINGS, DataFile, Quantity, load
from tansaki.twin.records import Array, Column, Derived, Measurement
from tansaki.twin.specimens.specimen import Specimen

S = TypeVar("S")
"""What an instrument looks at."""
C = TypeVar("C")
"""What `calibrate` draws."""
M = TypeVar("M")
"""What `mount` draws."""
Settings = Mapping[str, float | int | str]

INSTRUMENTS: Final = {
    "four_point_probe": "electrical.four_point_probe:FourPointProbe",
    "atomic_force_microscope": "surface.atomic_force_microscope:AtomicForceMicroscope",
    "electron_microscope": "surface.electron_microscope:ElectronMicroscope",
    "stylus_profilometer": "surface.stylus_profilometer:StylusProfilometer",
    "four_point_map": "electrical.four_point_map:FourPointMap",
    "hall_station": "electrical.hall_station:HallStation",
    "x_ray_diffractometer": "x_ray.diffractometer:XRayDiffractometer",
    "x_ray_reflectometer": "x_ray.reflectometer:XRayReflectometer",
    "spectrophotometer": "optical.spectrophotometer:Spectrophotometer",
    "ellipsometer": "optical.ellipsometer:Ellipsometer",
}
"""Where each instrument is; the names are those of the files in twin/instruments."""


class Acquisition(NamedTuple):
    """What comes out of the machine: raw arrays, and everything that the analysis may know."""

    raw: Mapping[str, Array]
    settings: Settings
    """With ``duration_s``, the laboratory time taken."""


class Analysis(NamedTuple):
    """What the analysis makes of an acquisition."""

    derived: Mapping[str, Derived]
    flags: tuple[str, ...]
    """Empty for a clean measurement."""


class Calibrated(NamedTuple, Generic[C]):
    """An instrument's actual errors for one session."""

    id: str
    errors: C
    at_s: float = 0.0
    """Laboratory time of the calibration."""


class MeasurementChain(ABC, Generic[S, C, M]):
    """One kind of instrument with the numbers of its file, read once, whatever it looks at."""

    name: ClassVar[str]
    columns: ClassVar[Mapping[str, Column]]
    """Unit and role of every raw array."""
    position: ClassVar[Position | None] = None
    """Where on a sample it measures."""

    def __init__(self, file: DataFile) -> None:
        self.file = file
        self.choices: Mapping[str, Quantity] = file.sections.get(SETTINGS, {})
        """What may be asked for: usual value and range of each setting."""
        self.equipment = Equipment("simulated", file.title, adapter=f"{type(self).__module__}:{type(self).__name__}")

    @abstractmethod
    def calibrate(self, rng: np.random.Generator | None) -> C:
        """The errors left after a calibration, within the specified bounds; none without `rng`."""

    @abstractmethod
    def mount(self, subject: S, rng: np.random.Generator | None) -> M:
        """Place the subject; exactly in place without `rng`. Raises `InvalidInputError` where it does not fit."""

    @abstractmethod
    def acquire(
        self,
        subject: S,
        chosen: Mapping[str, float],
        errors: C,
        mounting: M,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """The raw record; `chosen` holds every setting of `choices`. Without `rng` there is no noise."""

    @staticmethod
    @abstractmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """Values with uncertainty and flags from the raw record alone; `InvalidInputError` names what is missing.

        Where the raw data only bound a value there is no value but ``<name>_lower_bound`` or ``<name>_upper_bound``.
        """

    def measure(
        self,
        subject: S,
        rng: np.random.Generator | None,
        *,
        settings: Mapping[str, float] | None = None,
        calibration: Calibrated[C] | None = None,
        mounting: M | None = None,
    ) -> Measurement:
        """Measure once. Without `calibration` or `mounting` they are drawn anew; pass them to repeat under the same.

        `settings` changes what `choices` offers. With ``rng=None`` nothing errs: the ideal reading.
        """
        chosen = self.checked(settings or {})
        held = self.session(rng, "single use") if calibration is None else calibration
        placed = self.mount(subject, rng) if mounting is None else mounting
        raw, known = self.acquire(subject, chosen, held.errors, placed, rng)
        known = {**chosen, **known}
        derived, flags = self.analyse(raw, known)
        return Measurement(
            self.name,
            known,
            held.id,
            raw,
            derived,
            flags,
            self.columns,
            position=self.position,
            equipment=self.equipment,
            calibration=Calibration(held.at_s, f"specified errors in {self.file.name}.toml"),
            analysis=self.analysis_of(raw),
        )

    @classmethod
    def analysis_of(cls, raw: Mapping[str, Array]) -> AnalysisRun:
        """What the record says of the analysis of `raw` by this instrument's `analyse`."""
        inputs = {name: array_digest(array) for name, array in raw.items()}
        return AnalysisRun(f"{cls.__module__}:{cls.__name__}.analyse", software(), inputs)

    def session(self, rng: np.random.Generator | None, calibration_id: str) -> Calibrated[C]:
        """A calibration under its name."""
        return Calibrated(calibration_id, self.calibrate(rng))

    def checked(self, settings: Mapping[str, float]) -> dict[str, float]:
        """All settings: the usual values, changed by `settings`; an unknown name or a value out of range is refused."""
        for name, value in settings.items():
            if name not in self.choices:
                raise unknown_name(f"setting of {self.name}", name, self.choices)
            low, high = self.choices[name].possible or self.choices[name].valid or (-np.inf, np.inf)
            if not low <= value <= high:
                unit = self.choices[name].unit
                raise InvalidInputError(f"{self.name} {name}", value, f"{low:g} to {high:g} {unit}")
        return {**{name: quantity.value for name, quantity in self.choices.items()}, **settings}


class Instrument(MeasurementChain[Specimen, C, M]):
    """One kind of instrument that measures specimens, in their centre if not said otherwise."""

    position = Position(0.0, 0.0)


def class_at(name: str, places: Mapping[str, str]) -> Any:
    """The class behind a name of `INSTRUMENTS` or of another such table."""
    if name not in places:
        raise unknown_name("measurement", name, places)
    module, _, kind = places[name].partition(":")
    return getattr(import_module(f"tansaki.twin.measurement.{module}"), kind)


@cache
def instrument_class(name: str) -> type[Instrument[Any, Any]]:
    """The class behind a name of `INSTRUMENTS`."""
    found: type[Instrument[Any, Any]] = class_at(name, INSTRUMENTS)
    return found


@cache
def open_instrument(name: str) -> Instrument[Any, Any]:
    """The instrument `name` with the values of its file; the same object for the same name."""
    kind = instrument_class(name)
    return kind(load("instruments", name))
