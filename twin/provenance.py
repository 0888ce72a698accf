"""What a record says of itself beyond its values: identity, origin, time, equipment, analysis, who may use it.

All are small, immutable and optional parts of `Measurement` and `Experiment`: what was not known stays None or empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Final, Literal
from uuid import UUID, uuid5

SCHEMA: Final = 2
"""Version of the records' shape; 1 had neither ids nor anything else of this module."""
Tier = Literal["open", "share-closed", "closed"]
_NAMESPACE: Final = UUID("2c5c2c4e-6f0b-5c0e-9d5f-7c1a7d3c9b11")
"""Of all our identifiers: a fixed number, drawn once."""


def record_id(*parts: object) -> str:
    """Name-based UUID (version 5): equal for equal `parts`, so that a repeated run gives the same identifiers."""
    return str(uuid5(_NAMESPACE, "\n".join(map(str, parts))))


@cache
def software() -> str:
    """Name and version of this software."""
    return f"tansaki {version('tansaki')}"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the data, so that it can be made again."""

    software: str
    seed: int | None = None
    """Of the world in which the sample was made; None where there is no such number."""
    fidelity: str = ""
    """``surrogate``, ``standard``, ``reference``; empty for what is no simulation."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How laboratory time becomes date and time."""

    source: str
    """``simulated`` or the name of a clock."""
    epoch: str
    """Date and time at laboratory time 0, ISO 8601 with offset."""

    def at(self, lab_s: float) -> str:
        """Date and time at `lab_s`, ISO 8601 with the offset of the epoch, to the microsecond."""
        return (datetime.fromisoformat(self.epoch) + timedelta(seconds=lab_s)).isoformat()


SIMULATED: Final = Clock("simulated", "2026-01-01T00:00:00+00:00")
"""The clock of the twin: it starts on a date of its own, in UTC, and never looks at the wall."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The room while work was done."""

    temperature_k: float
    relative_humidity: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who may use a record."""

    tier: Tier = "closed"
    """``open`` to all, ``share-closed`` to those named by the owner, ``closed`` to the owner alone."""
    licence: str = ""
    """SPDX identifier."""
    embargo: str = ""
    """Date, ISO 8601, before which nothing is released."""


@dataclass(frozen=True, slots=True)
class Commission:
    """For whom a laboratory works."""

    campaign_id: str
    problem: str
    agent: str
    """Name of the planner that chose the recipes."""
    operator: str = ""
    """Who answers for the campaign; empty where nobody was named."""
    sharing: Sharing = Sharing()


@dataclass(frozen=True, slots=True)
class Equipment:
    """The apparatus behind a measurement."""

    maker: str
    model: str
    serial: str = ""
    firmware: str = ""
    adapter: str = ""
    """What spoke to it: the class that took the reading, or the reader of its file."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """When an instrument was calibrated last, and against what."""

    at_s: float
    """Laboratory time."""
    reference: str
    """Artefact or document that the calibration goes back to."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where on the sample, from its centre along length and width."""

    x_mm: float
    y_mm: float
    index: int | None = None
    """Number of the point in a map."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file from which a record was read."""

    name: str
    """Without folders."""
    sha256: str


@dataclass(frozen=True, slots=True)
class AnalysisRun:
    """Which analysis drew the values, and from exactly which arrays; its parameters are the record's settings."""

    method: str
    """Import path of the function."""
    software: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of every raw array as `tansaki.twin.fingerprint.array_digest` has it."""
