"""Columns of numbers as text: CSV with names, and the plain two columns that every instrument can export.

Lines that begin with ``#``, ``;``, ``!`` or ``*`` are remarks; one that reads ``# NAME = VALUE`` states a setting, and
``# record.NAME = VALUE`` something about the record. Columns are parted by commas, semicolons, tabs or blanks. The
first other line may name them; without names, two columns are the axis and the signal of the instrument. Columns may
differ in length: what is missing at the end is left empty.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tansaki.hardware.files.contents import FileContents, Scalar, number, read_text, scalar
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.records import Array, Column

REMARKS = ("#", ";", "!", "*")
RECORD = "record."
SETTING = "settings."


def read_columns(path: Path, columns: Mapping[str, Column]) -> FileContents:
    """Arrays of the file by the names of `columns`, those of the instrument's raw record."""
    text, source = read_text(path)
    settings: dict[str, Scalar] = {}
    notes: dict[str, str] = {}
    rows: list[tuple[int, list[str]]] = []
    for line_number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if line.lstrip().startswith(REMARKS):
            _remark(line.lstrip().lstrip("".join(REMARKS)), settings, notes)
        else:
            rows.append((line_number, _cells(line)))
    if not rows:
        raise InvalidInputError("file", str(path), "columns of numbers")
    if _are_names(rows[0][1]):
        names = [_name(cell) for cell in rows.pop(0)[1]]
        for name in names:
            if name not in columns:
                raise unknown_name(f"{path.name}: column", name, columns)
    else:
        names = _two_columns(path, len(rows[0][1]), columns)
    cells: dict[str, list[float]] = {name: [] for name in names}
    for index, (line_number, row) in enumerate(rows):
        where = f"{path.name}: line {line_number}"
        if len(row) > len(names):
            raise InvalidInputError(where, f"{len(row)} columns", f"{len(names)}")
        for name, cell in zip(names, row, strict=False):
            if cell:
                if len(cells[name]) != index:
                    raise InvalidInputError(where, f"a value of {name} after an empty cell", "empty cells at the end")
                cells[name].append(number(cell, where))
    return FileContents(source, {name: np.array(values) for name, values in cells.items()}, settings, notes)


def write_columns(raw: Mapping[str, Array], settings: Mapping[str, Scalar], notes: Mapping[str, str]) -> str:
    """Text of a CSV file from which `read_columns` gives the same numbers; for arrays of one dimension."""
    lines = [f"# {RECORD}{name} = {_one_line(value)}" for name, value in notes.items()]
    lines += [f"# {SETTING}{name} = {_one_line(str(value))}" for name, value in settings.items()]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(raw)
    texts = [[repr(entry) for entry in np.asarray(array, dtype=float).tolist()] for array in raw.values()]
    for row in range(max(map(len, texts), default=0)):
        writer.writerow([text[row] if row < len(text) else "" for text in texts])
    return "\n".join([*lines, stream.getvalue()])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _remark(text: str, settings: dict[str, Scalar], notes: dict[str, str]) -> None:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or " " in name:
        return
    if name.startswith(RECORD):
        notes[name.removeprefix(RECORD)] = value
    else:
        settings[name.removeprefix(SETTING)] = scalar(value)


def _cells(line: str) -> list[str]:
    for mark in (",", "\t", ";"):
        if mark in line:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]
    return line.split()


def _are_names(cells: Sequence[str]) -> bool:
    return not any(isinstance(scalar(cell), float | int) for cell in cells)


def _name(cell: str) -> str:
    """``two_theta_deg`` as it is, ``two_theta (deg)`` with the unit at its end."""
    name, bracket, unit = cell.partition("(")
    return f"{name.strip()}_{unit.strip(' )')}".lower() if bracket else cell.strip().lower()


def _two_columns(path: Path, width: int, columns: Mapping[str, Column]) -> list[str]:
    axes = [name for name, column in columns.items() if column.role == "axis"]
    signals = [name for name, column in columns.items() if column.role == "signal" and column.axes == tuple(axes)]
    if width == 2 and len(axes) == 1 and len(signals) == 1:
        return [axes[0], signals[0]]
    raise InvalidInputError(f"{path.name}: columns", f"{width} without names", f"names from {', '.join(columns)}")
