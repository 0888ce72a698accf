"""Rigaku's text format for X-ray scans, ``.ras``.

A header of lines ``*KEY "value"`` between ``*RAS_HEADER_START`` and ``*RAS_HEADER_END``, then one line a step between
``*RAS_INT_START`` and ``*RAS_INT_END``: angle, intensity, attenuator factor. Key names, their spelling and the layout
are those of the public test file of the NIMS pipeline (nims-mdpf/RDE_XRD, ``test.ras``), and `PIPELINE_KEYS` those
that its definition ``metadata-def_rigaku_ras.json`` asks for; the vendor's own document was not read.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tansaki.hardware.files.contents import FileContents, number, read_text, scalar
from tansaki.twin.errors import InvalidInputError

PIPELINE_KEYS: Final = (
    "FILE_SAMPLE",
    "FILE_COMMENT",
    "FILE_MEMO",
    "FILE_OPERATOR",
    "HW_COUNTER_SELECT_NAME",
    "HW_COUNTER_PIXEL_SIZE",
    "HW_XG_TARGET_NAME",
    "HW_XG_CURRENT_UNIT",
    "HW_XG_VOLTAGE_UNIT",
    "HW_XG_WAVE_LENGTH_ALPHA1",
    "HW_XG_WAVE_LENGTH_ALPHA2",
    "HW_XG_WAVE_LENGTH_BETA",
    "MEAS_COND_OPT_ATTR",
    "MEAS_COND_XG_CURRENT",
    "MEAS_COND_XG_VOLTAGE",
    "MEAS_COND_XG_WAVE_TYPE",
    "MEAS_DATA_COUNT",
    "MEAS_SCAN_AXIS_X",
    "MEAS_SCAN_END_TIME",
    "MEAS_SCAN_MODE",
    "MEAS_SCAN_SPEED",
    "MEAS_SCAN_SPEED_UNIT",
    "MEAS_SCAN_START",
    "MEAS_SCAN_START_TIME",
    "MEAS_SCAN_STEP",
    "MEAS_SCAN_STOP",
    "MEAS_SCAN_UNIT_X",
    "MEAS_SCAN_UNIT_Y",
)
"""Header keys that the pipeline turns into metadata."""
ALWAYS: Final = {"FILE_TYPE": "RAS_RAW", "FILE_VERSION": "1", "HW_XG_WAVE_LENGTH_UNIT": "Angstrom"}
TIME: Final = "%m/%d/%Y %H:%M:%S"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a file."""

    header: Mapping[str, str]
    angle: Floats
    """In ``MEAS_SCAN_UNIT_X``."""
    recorded: Floats
    """Behind the attenuator, in ``MEAS_SCAN_UNIT_Y``."""
    attenuation: Floats
    """By how much the attenuator weakened the beam, >= 1."""


def read_scans(text: str, name: str) -> list[Scan]:
    """The scans of the text of a ``.ras`` file; `name` is the file's, for complaints."""
    scans = []
    for block in re.split(r"^\*RAS_HEADER_START\s*$", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("*RAS_HEADER_END")
        _, started, rest = rest.partition("*RAS_INT_START")
        body, ended, _ = rest.partition("*RAS_INT_END")
        if not (started and ended):
            raise InvalidInputError(name, "a scan without its end", "*RAS_HEADER_END, *RAS_INT_START, *RAS_INT_END")
        header = dict(re.findall(r'^\*(\S+)\s+"(.*)"\s*$', head, flags=re.MULTILINE))
        rows = [line.split() for line in body.split("\n") if line.strip()]
        if not rows or any(len(row) not in (2, 3) for row in rows):
            raise InvalidInputError(name, "lines of other lengths", "angle, intensity, attenuator factor on each line")
        table = np.array([[number(cell, name) for cell in [*row, "1"][:3]] for row in rows])
        count = header.get("MEAS_DATA_COUNT", "")
        if count.isdecimal() and int(count) != len(table):
            raise InvalidInputError(name, f"{len(table)} points", f"{count}, as its header says", "cut off?")
        scans.append(Scan(header, *table.T))
    if not scans:
        raise InvalidInputError(name, "no scan", "a .ras file, with *RAS_HEADER_START")
    return scans


def write_scan(header: Mapping[str, str], angle: Floats, recorded: Floats, attenuation: Floats | None = None) -> str:
    """Text of a file with one scan: every key of `PIPELINE_KEYS`, empty where `header` does not know it."""
    factors = np.ones_like(angle) if attenuation is None else attenuation
    full = {**dict.fromkeys(PIPELINE_KEYS, ""), **ALWAYS, **header, "MEAS_DATA_COUNT": str(len(angle))}
    lines = [f'*{key} "{_quoted(value)}"' for key, value in sorted(full.items())]
    rows = np.column_stack((angle, recorded, factors)).tolist()
    points = [" ".join(map(_decimal, row)) for row in rows]
    head = ["*RAS_DATA_START", "*RAS_HEADER_START", *lines, "*RAS_HEADER_END"]
    tail = ["*RAS_INT_END", "*RAS_DATA_END", "*DSC_DATA_END"]
    return "\n".join([*head, "*RAS_INT_START", *points, *tail, ""])


def pairs_of(values: Mapping[str, object]) -> str:
    """``a=1; b=2``, as our own files carry settings and origin in ``FILE_MEMO`` and ``FILE_COMMENT``."""
    return "; ".join(f"{name}={value}" for name, value in values.items())


def read_ras(path: Path, columns: Collection[str]) -> FileContents:
    """The one scan of a ``.ras`` file as the raw record of the instrument whose arrays are `columns`.

    A reflectometer keeps counts and ``attenuation`` apart, a diffractometer has one intensity.
    """
    text, source = read_text(path)
    scans = read_scans(text, path.name)
    if len(scans) != 1:
        raise InvalidInputError(path.name, f"{len(scans)} scans", "one scan a file", "export them one by one")
    scan = scans[0]
    header = scan.header
    if header.get("MEAS_SCAN_UNIT_X", "deg") != "deg":
        raise InvalidInputError(f"{path.name}: MEAS_SCAN_UNIT_X", header["MEAS_SCAN_UNIT_X"], "deg")
    counts = _counts(scan, path.name)
    settings = {name: scalar(value) for name, value in _pairs(header.get("FILE_MEMO", "")).items()}
    for key, (name, factor) in SETTINGS.items():
        value = scalar(header.get(key, ""))
        if not isinstance(value, str):
            settings.setdefault(name, value * factor)
    notes = {
        "maker": "Rigaku",
        "model": header.get("HW_GONIOMETER_NAME", ""),
        "sample": header.get("FILE_SAMPLE", ""),
        "operator": header.get("FILE_OPERATOR", ""),
        **_pairs(header.get("FILE_COMMENT", "")),
    }
    started = header.get("MEAS_SCAN_START_TIME", "")
    if started:
        notes.setdefault("started", _iso(started))
    if "attenuation" in columns:
        raw = {"two_theta_deg": scan.angle, "counts": counts, "attenuation": scan.attenuation}
        if "wavelength_1_m" in settings:
            settings.setdefault("wavelength_m", settings["wavelength_1_m"])
    else:
        raw = {"two_theta_deg": scan.angle, "intensity_counts": counts * scan.attenuation}
    return FileContents(source, raw, settings, {name: value for name, value in notes.items() if value})


SETTINGS: Final = {
    "HW_XG_WAVE_LENGTH_ALPHA1": ("wavelength_1_m", 1e-10),
    "HW_XG_WAVE_LENGTH_ALPHA2": ("wavelength_2_m", 1e-10),
    "HW_XG_WAVE_LENGTH_BETA": ("wavelength_beta_m", 1e-10),
    "MEAS_COND_XG_CURRENT": ("tube_current_ma", 1.0),
    "MEAS_COND_XG_VOLTAGE": ("tube_voltage_kv", 1.0),
    "MEAS_SCAN_START": ("start_deg", 1.0),
    "MEAS_SCAN_STOP": ("stop_deg", 1.0),
    "MEAS_SCAN_STEP": ("step_deg", 1.0),
    "MEAS_SCAN_SPEED": ("speed_deg_min", 1.0),
}
"""Header key, name of the setting of the analysis, factor to its unit."""


def _counts(scan: Scan, name: str) -> Floats:
    """What was recorded as counts a step; a rate is multiplied by the time of a step."""
    unit = scan.header.get("MEAS_SCAN_UNIT_Y", "counts")
    if unit == "counts":
        return scan.recorded
    if unit == "cps" and scan.header.get("MEAS_SCAN_SPEED_UNIT") == "deg/min":
        step = number(scan.header.get("MEAS_SCAN_STEP", ""), f"{name}: MEAS_SCAN_STEP")
        speed = number(scan.header.get("MEAS_SCAN_SPEED", ""), f"{name}: MEAS_SCAN_SPEED")
        return scan.recorded * 60.0 * step / speed
    raise InvalidInputError(f"{name}: MEAS_SCAN_UNIT_Y", unit, "counts, or cps with the speed in deg/min")


def _iso(text: str) -> str:
    """Date and time of the header in ISO 8601; it has no offset, so neither has this."""
    try:
        return datetime.strptime(text, TIME).isoformat()
    except ValueError:
        return ""


def _pairs(text: str) -> dict[str, str]:
    found = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, equals, value in found if equals and " " not in name.strip()}


def _decimal(value: float) -> str:
    """Four decimals as the instrument writes, more where they would lose something."""
    text = f"{value:.4f}"
    return text if float(text) == value else repr(value)


def _quoted(value: str) -> str:
    return " ".join(value.replace('"', "'").split())
