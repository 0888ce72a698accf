"""The file of an instrument into the same analysis as the twin's own records, and the record that comes of it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from tansaki.hardware.files.columns import read_columns
from tansaki.hardware.files.contents import FileContents, Scalar
from tansaki.hardware.files.ras import read_ras
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.measurement.instrument import Analysis, Instrument, open_instrument
from tansaki.twin.provenance import SCHEMA, Equipment, Provenance, record_id, software
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Cost, Experiment, Measurement, Origin, ReceivedSample

TEXT_ENDINGS: Final = (".csv", ".txt", ".tsv", ".dat", ".xy", ".asc")
ENDINGS: Final = (".ras", *TEXT_ENDINGS)


def read_file(path: Path, instrument: str) -> FileContents:
    """Raw arrays and settings that `path` holds for `instrument`; by its ending ``.ras`` or columns of text."""
    kind = open_instrument(instrument)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InvalidInputError("file", path.name, f"a file that ends in {', '.join(ENDINGS)}")
    contents = read_ras(path, kind.columns) if ending == ".ras" else read_columns(path, kind.columns)
    for name in contents.raw:
        if name not in kind.columns:
            raise unknown_name(f"{path.name}: raw array for {instrument}", name, kind.columns)
    return contents


def analyse_file(
    path: Path, instrument: str, settings: Mapping[str, Scalar] | None = None, sample_id: str = ""
) -> Experiment:
    """The record of one measurement that came as a file.

    `settings` go before those that the file states, and both before the instrument's usual ones. Where the analysis
    still misses something, the specifications in the instrument's data file stand in, and the note ``specified`` names
    them. The origin is ``real`` unless the file itself says that it came out of a twin. Raises `InvalidInputError`
    where the file cannot be read or the analysis misses something all the same.
    """
    kind = open_instrument(instrument)
    contents = read_file(path, instrument)
    usual = {name: quantity.value for name, quantity in kind.choices.items()}
    known = {**usual, **contents.settings, **(settings or {})}
    specified = {name: value for name, value in _specified(kind.file).items() if name not in known}
    try:
        derived, flags = kind.analyse(contents.raw, known)
        specified = {}
    except (InvalidInputError, KeyError):
        known = {**known, **specified}
        derived, flags = _analysed(kind, contents, known, path)
    notes = contents.notes
    origin: Origin = _origin(notes.get("origin", "real"), path)
    sample = sample_id or notes.get("sample", "") or path.stem
    own = record_id("experiment", "file", contents.source.sha256, sample)
    measurement = Measurement(
        instrument,
        known,
        notes.get("calibration", ""),
        contents.raw,
        derived,
        flags,
        {name: kind.columns[name] for name in contents.raw},
        id=record_id("measurement", own, instrument, sorted(known.items())),
        equipment=_equipment(contents, kind, path),
        analysis=kind.analysis_of(contents.raw),
        source=contents.source,
    )
    said = {name: notes[name] for name in ("started", "operator") if name in notes}
    return Experiment(
        number=0,
        sample_id=sample,
        recipe=ReceivedSample(),
        status="censored" if any(name.endswith("_bound") for name in derived) else "ok" if derived else "failed",
        origin=origin,
        started_s=0.0,
        cost=Cost(float(known.get("duration_s", 0.0))),
        measurements=(measurement,),
        message=", ".join(flags),
        notes={**said, **({"specified": ", ".join(specified)} if specified else {})},
        schema=SCHEMA,
        id=own,
        provenance=_provenance(notes),
    )


def _analysed(kind: Instrument[Any, Any], contents: FileContents, known: Mapping[str, Scalar], path: Path) -> Analysis:
    try:
        return kind.analyse(contents.raw, known)
    except KeyError as error:
        held = [*contents.raw, *known]
        raise InvalidInputError(f"{path.name}: arrays and settings", held, f"{error.args[0]!r} too") from None


def _specified(file: DataFile) -> dict[str, Scalar]:
    """The quantities of a data file by section and name, and by the name alone where only one section has it."""
    named = [(section, name, q.value) for section, held in file.sections.items() for name, q in held.items()]
    times = Counter(name for _, name, _ in named)
    alone: dict[str, Scalar] = {name: value for _, name, value in named if times[name] == 1}
    return alone | {f"{section}_{name}": value for section, name, value in named}


def _origin(text: str, path: Path) -> Origin:
    origins: tuple[Origin, ...] = get_args(Origin)
    for origin in origins:
        if text == origin:
            return origin
    raise unknown_name(f"{path.name}: origin", text, origins)


def _provenance(notes: Mapping[str, str]) -> Provenance:
    """Of a twin's file as it says itself; else only what analysed it is known."""
    seed = notes.get("seed", "")
    return Provenance(
        notes.get("software", software()), int(seed) if seed.isdecimal() else None, notes.get("fidelity", "")
    )


def _equipment(contents: FileContents, kind: Instrument[Any, Any], path: Path) -> Equipment:
    notes = contents.notes
    reader = f"tansaki.hardware.files, reader of {path.suffix.lower()}"
    usual = kind.equipment if notes.get("origin", "real") != "real" else Equipment("", "")
    return Equipment(
        notes.get("maker", usual.maker),
        notes.get("model", usual.model),
        notes.get("serial", ""),
        notes.get("firmware", ""),
        reader,
    )
