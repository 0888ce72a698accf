"""The records that travel through tansaki: recipe in, experiment out.

All are immutable; units stand in the names. `Film` is the hidden truth: it is made by the twin, seen by the
virtual instruments, and never leaves twin/ and hardware/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.provenance import (
    AnalysisRun,
    Calibration,
    Clock,
    Commission,
    Environment,
    Equipment,
    Position,
    Provenance,
    SourceFile,
)

Status = Literal["ok", "partial", "failed", "censored"]
Origin = Literal["twin", "virtual", "real", "replay"]
Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Deposition:
    """One sputtered layer.

    Either the oxygen partial pressure is regulated (`oxygen_pressure_pa`, feedback on the flow) or the oxygen
    flow is held (`oxygen_flow_sccm`); exactly one of the two is set. A held flow may be stepped while the film
    grows (`oxygen_flow_steps`). The shutter closes when the thickness monitor reads `thickness_nm`, at the latest
    after `duration_s`.
    """

    power_w: float
    pressure_pa: float
    """Partial pressure of the working gas (argon), Pa."""
    substrate_temperature_c: float
    duration_s: float
    dopant_fraction: float = 0.0
    """Atomic fraction of the dopant among the metal atoms of the target."""
    oxygen_pressure_pa: float | None = None
    oxygen_flow_sccm: float | None = None
    thickness_nm: float | None = None
    oxygen_flow_steps: tuple[tuple[float, float], ...] = ()
    """(seconds after the shutter opened, new flow in sccm), times rising."""


@dataclass(frozen=True, slots=True)
class Anneal:
    """Heat treatment after the last layer."""

    temperature_c: float
    duration_s: float
    atmosphere: Literal["vacuum", "hydrogen", "air"] = "vacuum"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the laboratory is told to do for one sample."""

    material: str
    substrate: str
    layers: tuple[Deposition, ...]
    anneal: Anneal | None = None


@dataclass(frozen=True, slots=True)
class SystemRecipe:
    """A recipe for the laboratory at surrogate fidelity: settings of one material system by name.

    Names, units and ranges are in section ``settings`` of the material's file; what is not set has its usual value.
    """

    system: str
    settings: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A recipe for a laboratory that is a table of past measurements: repeat the row with these inputs."""

    table: str
    point: Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class ReceivedSample:
    """In place of a recipe: the sample came from elsewhere, and how it was made is not known here."""

    substrate: str = ""
    parent_id: str = ""
    """Sample that this one was cut from, if any."""


AnyRecipe: TypeAlias = Recipe | SystemRecipe | TableRequest | ReceivedSample
"""What some laboratory can be asked for, and what came to be measured only."""


@dataclass(frozen=True, slots=True)
class GrowthConditions:
    """What reached the substrate while one layer, or a slice of one, grew: means weighted by the arriving metal."""

    thickness_m: float
    rate_m_s: float
    pressure_pa: float
    """Total pressure."""
    oxygen_pressure_pa: float
    oxygen_coverage: float
    """Fraction of the growing metal surface that has found its oxygen (1 is the stoichiometric oxide)."""
    energy_per_atom_ev: float
    substrate_temperature_k: float
    dopant_fraction: float


@dataclass(frozen=True, slots=True)
class Film:
    """The hidden truth of one sample.

    Densities in m^-3, mobility in m^2/(V s), resistivity in ohm m, stress in Pa (tensile positive).
    """

    material: str
    thickness_m: float
    dopant_fraction: float
    oxygen_ratio: float
    """Oxygen atoms per metal atom."""
    crystalline_fraction: float
    rutile_fraction: float
    """Rutile and suboxide share of the crystalline part."""
    carrier_density_m3: float
    mobility_m2_vs: float
    resistivity_ohm_m: float
    stress_pa: float
    grain_size_m: float
    void_fraction: float
    localised_density_m3: float
    """Electrons that are trapped where oxygen is missing: they absorb light and do not conduct."""
    roughness_m: float = 0.0
    """Root mean square height of the upper face."""
    extrapolated: tuple[str, ...] = ()
    """Inputs that lay outside the range for which the material file claims validity."""

    @property
    def sheet_resistance_ohm_sq(self) -> float:
        """Resistivity over thickness, ohm per square."""
        return self.resistivity_ohm_m / self.thickness_m


@dataclass(frozen=True, slots=True)
class Trace:
    """Process time series of one run; every channel has the length of `time_s` and its unit in its name."""

    time_s: Array
    channels: Mapping[str, Array]
    events: tuple[tuple[float, str], ...] = ()
    """(time in s, what happened)."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that the analysis draws from raw data.

    `u` is the combined standard uncertainty; `u_systematic` is the part of it that repeating the measurement
    on the same mounting does not average away (u^2 = u_random^2 + u_systematic^2).
    """

    value: float
    u: float
    unit: str
    u_systematic: float = 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """What a raw array is: its unit, and over which other arrays of the record it runs."""

    unit: str
    axes: tuple[str, ...] = ()
    """Names of the arrays that its axes count along; empty for an axis itself."""
    role: Literal["axis", "signal", "status"] = "signal"


@dataclass(frozen=True, slots=True)
class MeasurementRequest:
    """A measurement to be taken: which instrument, and the settings that differ from its usual ones."""

    instrument: str
    settings: Mapping[str, float] = field(default_factory=dict)


def as_request(measurement: str | MeasurementRequest) -> MeasurementRequest:
    """A name alone asks for the instrument with its usual settings."""
    return MeasurementRequest(measurement) if isinstance(measurement, str) else measurement


@dataclass(frozen=True, slots=True)
class Measurement:
    """One instrument's record of one sample: settings, raw arrays, derived values, flags."""

    instrument: str
    settings: Mapping[str, float | int | str]
    calibration_id: str
    raw: Mapping[str, Array]
    derived: Mapping[str, Derived]
    flags: tuple[str, ...] = ()
    """``over_range``, ``compliance``, ...; empty for a clean measurement."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """What each array of `raw` is."""
    id: str = ""
    """UUID, given by the laboratory."""
    started_s: float | None = None
    """Laboratory time; it took ``settings["duration_s"]``."""
    position: Position | None = None
    equipment: Equipment | None = None
    calibration: Calibration | None = None
    analysis: AnalysisRun | None = None
    """None where the values were not drawn from `raw`."""
    source: SourceFile | None = None
    """Where the raw arrays were read from, if from a file."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one experiment took: laboratory time and money (in the currency of the laboratory file)."""

    lab_time_s: float = 0.0
    money: float = 0.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """One sample from recipe to values: the only thing that is stored, exported and told to agents."""

    number: int
    """Position in the laboratory's order of submission, from 0; also the ticket."""
    sample_id: str
    recipe: AnyRecipe
    status: Status
    origin: Origin
    started_s: float
    """Laboratory time at which work on the sample began."""
    cost: Cost
    trace: Trace | None = None
    measurements: tuple[Measurement, ...] = ()
    message: str = ""
    """Why the status is not ``ok``; empty otherwise."""
    notes: Mapping[str, str] = field(default_factory=dict)
    schema: int = 1
    """Version of the record's shape, `tansaki.twin.provenance.SCHEMA` where it is made now."""
    id: str = ""
    """UUID, given by the laboratory."""
    provenance: Provenance | None = None
    clock: Clock | None = None
    environment: Environment | None = None
    commission: Commission | None = None
    """For whom it was made, and who may use it; None outside a campaign."""

    def derived(self, name: str) -> Derived | None:
        """The derived value `name` of whichever measurement holds it, or None."""
        for measurement in self.measurements:
            if name in measurement.derived:
                return measurement.derived[name]
        return None
