"""What a reader makes of the file of an instrument."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import SourceFile
from tansaki.twin.records import Array

Scalar = float | int | str
ENCODINGS = ("utf-8-sig", "cp932")
"""Tried in this order; instruments sold in Japan write the second."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """Raw arrays, and what the file says of how they were taken."""

    source: SourceFile
    raw: Mapping[str, Array]
    settings: Mapping[str, Scalar]
    notes: Mapping[str, str] = field(default_factory=dict)
    """What else the file says of the record: ``origin``, ``seed``, ``software``, ``sample``, ``started``, ``maker``."""


def read_text(path: Path) -> tuple[str, SourceFile]:
    """Text of a file with its name and SHA-256; raises `InvalidInputError` for what cannot be read as text."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInputError("file", str(path), "a file that can be read", error.strerror or "") from error
    source = SourceFile(path.name, hashlib.sha256(content).hexdigest())
    for encoding in ENCODINGS if b"\0" not in content else ():
        try:
            return content.decode(encoding), source
        except UnicodeDecodeError:
            continue
    raise InvalidInputError("file", str(path), f"text, as {' or '.join(ENCODINGS)}")


def scalar(text: str) -> Scalar:
    """`text` as a whole number, a finite number, or the text it is."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def number(text: str, where: str) -> float:
    """`text` as a number; ``where`` names file and line in the complaint."""
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(where, text, "a number") from None
