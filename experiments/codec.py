"""Records as JSON and arrays, and back without loss; nothing is pickled.

A record becomes ``{"~": class name, field: ...}``; an array becomes ``{"~": "array", "sha256": ...}`` and is
kept beside the JSON under that name; numbers that are not finite become ``{"~": "float", "is": "nan"}``, because
JSON has none. Tuples become lists and lists are read as tuples: records hold no lists. Numbers come back exactly
(int as int, float to the last bit), arrays with dtype, shape and bytes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

import numpy as np

from tansaki.envs.problem import Trial
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.fingerprint import array_digest
from tansaki.twin.provenance import (
    AnalysisRun,
    Calibration,
    Clock,
    Commission,
    Environment,
    Equipment,
    Position,
    Provenance,
    Sharing,
    SourceFile,
)
from tansaki.twin.records import (
    Anneal,
    Array,
    Column,
    Cost,
    Deposition,
    Derived,
    Experiment,
    Measurement,
    ReceivedSample,
    Recipe,
    SystemRecipe,
    TableRequest,
    Trace,
)

RECORDS: Final = {
    kind.__name__: kind
    for kind in (
        Experiment,
        Recipe,
        SystemRecipe,
        TableRequest,
        ReceivedSample,
        Deposition,
        Anneal,
        Trace,
        Derived,
        Measurement,
        Column,
        Cost,
        Trial,
        Provenance,
        Clock,
        Environment,
        Commission,
        Sharing,
        Equipment,
        Calibration,
        Position,
        SourceFile,
        AnalysisRun,
    )
}
_TAG: Final = "~"


def to_array(dtype: str, shape: tuple[int, ...], content: bytes) -> Array:
    """The array behind stored bytes; read-only, as records are."""
    return np.frombuffer(content, dtype=np.dtype(dtype)).reshape(shape)


def encode(value: object, arrays: dict[str, Array]) -> Any:
    """`value` (a record, or what a record may hold) as JSON; its arrays are added to `arrays` by digest."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_TAG: "float", "is": repr(float(value))}
    if isinstance(value, np.generic):
        return encode(value.item(), arrays)
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject or value.dtype.names is not None:
            raise InvalidInputError("array", str(value.dtype), "plain numbers, texts or times, one kind an array")
        name = array_digest(value)
        arrays[name] = value
        return {_TAG: "array", "sha256": name}
    if isinstance(value, tuple | list):
        return [encode(entry, arrays) for entry in value]
    if isinstance(value, Mapping):
        if _TAG in value or not all(isinstance(key, str) for key in value):
            return {_TAG: "mapping", "items": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}
        return {key: encode(entry, arrays) for key, entry in value.items()}
    if is_dataclass(value) and type(value).__name__ in RECORDS:
        body = {field.name: encode(getattr(value, field.name), arrays) for field in fields(value)}
        return {_TAG: type(value).__name__, **body}
    raise InvalidInputError("value to store", type(value).__name__, f"{', '.join(RECORDS)} and what they hold")


def decode(stored: Any, load: Callable[[str], Array]) -> Any:
    """What `encode` was given; `load` returns an array by digest."""
    if isinstance(stored, list):
        return tuple(decode(entry, load) for entry in stored)
    if not isinstance(stored, dict):
        return stored
    kind = stored.get(_TAG)
    if kind is None:
        return {key: decode(entry, load) for key, entry in stored.items()}
    if kind == "array":
        return load(stored["sha256"])
    if kind == "float":
        return float(stored["is"])
    if kind == "mapping":
        return {decode(key, load): decode(entry, load) for key, entry in stored["items"]}
    if kind not in RECORDS:
        raise InvalidInputError("stored record", kind, ", ".join(RECORDS), "written by another version of tansaki?")
    body = {key: decode(entry, load) for key, entry in stored.items() if key != _TAG}
    known = {field.name for field in fields(RECORDS[kind])}
    if not body.keys() <= known:
        strange = sorted(body.keys() - known)
        raise InvalidInputError(f"fields of {kind}", strange, "known ones", "written by a newer version of tansaki?")
    return RECORDS[kind](**body)
