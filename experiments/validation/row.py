"""One comparison of the twin with a published or exact value."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    `kind` says what the target is: ``exact`` (an identity), ``published`` (a measured or published value; with
    ``fitted to`` where coefficients of the twin were fitted to it, ``predicted`` where not), ``own reference`` (an
    independent prototype of the same equations).
    """

    id: str
    group: str
    quantity: str
    published: float
    twin: float
    tolerance: str
    source: str
    kind: str
    ok: bool
    note: str = ""
    material: str = ""
    """Name of the material file whose one parameter set the row tests, where it tests one."""


def relative(
    row_id: str,
    group: str,
    quantity: str,
    target: float,
    twin: float,
    tolerance: float,
    source: str,
    kind: str,
    note: str = "",
) -> Row:
    """A `Row` that agrees where the twin lies within `tolerance` (a fraction) of the target."""
    ok = math.isfinite(twin) and abs(twin - target) <= tolerance * abs(target)
    return Row(row_id, group, quantity, target, twin, f"{100 * tolerance:g} %", source, kind, ok, note)
