"""What the analyses of process records have in common: a record that lacks something is refused by name."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Settings
from tansaki.twin.records import Array


def numbers(settings: Settings, wanted: Iterable[str], what: str) -> dict[str, float]:
    """The numeric settings; `InvalidInputError` where one of `wanted` is missing."""
    found = {name: float(value) for name, value in settings.items() if not isinstance(value, str)}
    for name in wanted:
        if name not in found:
            raise InvalidInputError(f"settings of {what}", sorted(found), f"a number {name!r} too")
    return found


def words(settings: Settings, name: str, what: str) -> list[str]:
    """The words of a text setting; `InvalidInputError` where there are none."""
    found = str(settings.get(name, "")).split()
    if not found:
        raise InvalidInputError(f"settings of {what}", sorted(settings), f"a text {name!r} too")
    return found


def series(raw: Mapping[str, Array], wanted: Iterable[str], what: str) -> dict[str, NDArray[np.float64]]:
    """The raw arrays as floats; `InvalidInputError` where one of `wanted` is missing."""
    for name in wanted:
        if name not in raw:
            raise InvalidInputError(f"raw arrays of {what}", sorted(raw), f"an array {name!r} too")
    return {name: np.asarray(values, float) for name, values in raw.items()}
