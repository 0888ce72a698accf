"""Numbers that describe nature or an instrument: value, unit, uncertainty, source, kind and valid range.

They live in TOML files beside the code, one table a number::

    [chamber.pumping_speed]
    value = 0.05
    unit = "m3/s"
    sigma = 0.005
    source = "nameplate of the pump"
    kind = "assumed"            # measured | fitted | assumed
    valid = [0.01, 0.5]         # optional: where the number (or the input it bounds) may be trusted
    possible = [0.0, 10.0]      # optional, for inputs: beyond it there is no such sample

Code holds equations; a function that needs numbers takes a NamedTuple that `parameters` fills from a section.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeVar, cast, get_args, get_type_hints

from tansaki.twin.errors import InvalidInputError, unknown_name

Kind = Literal["measured", "fitted", "assumed"]
Folder = Literal["crystals", "elements", "instruments", "materials", "substrates"]
SETTINGS: Final = "settings"
"""Section of a material file with one quantity a setting of its system: usual value, valid and possible range."""
READINGS: Final = "readings"
"""Section of a material file with the relative standard uncertainty of a reading of each output that is measured."""
_REQUIRED = ("value", "unit", "sigma", "source", "kind")
_FIELDS = (*_REQUIRED, "valid", "possible")
_T = TypeVar("_T", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number with everything needed to judge it; `sigma` is a standard uncertainty in the same unit."""

    value: float
    unit: str
    sigma: float
    source: str
    kind: Kind
    valid: tuple[float, float] | None = None
    possible: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of quantities: free text about the whole, and sections of named quantities."""

    name: str
    title: str
    sections: Mapping[str, Mapping[str, Quantity]]

    def parameters(self, section: str, kind: type[_T]) -> _T:
        """The values of one section as the NamedTuple `kind`, whose field names are the quantity names."""
        quantities = self.section(section)
        fields = cast(Any, kind)._fields
        for name in quantities:
            if name not in fields:
                raise unknown_name(f"{self.name}: [{section}]", name, fields)
        for name in fields:
            if name not in quantities:
                raise InvalidInputError(f"{self.name}: [{section}]", sorted(quantities), f"a quantity {name!r} too")
        return cast(_T, cast(Any, kind)(*(quantities[name].value for name in fields)))

    def assembled(self, kind: type[_T]) -> _T:
        """A NamedTuple of NamedTuples: each field holds the `parameters` of the section of its name."""
        hints = get_type_hints(kind)
        return cast(_T, cast(Any, kind)(*(self.parameters(name, hints[name]) for name in cast(Any, kind)._fields)))

    def section(self, name: str) -> Mapping[str, Quantity]:
        """One section by name."""
        if name not in self.sections:
            raise unknown_name(f"section of {self.name}", name, self.sections)
        return self.sections[name]


def available(folder: Folder) -> tuple[str, ...]:
    """Names of the data files in twin/`folder`."""
    entries = files(f"tansaki.twin.{folder}").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


@cache
def load(folder: Folder, name: str) -> DataFile:
    """Read twin/`folder`/`name`.toml; every quantity is checked for unit, source and kind."""
    if name not in available(folder):
        raise unknown_name(f"name in {folder}", name, available(folder))
    document = tomllib.loads(files(f"tansaki.twin.{folder}").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    title = document.pop("title", "")
    sections = {
        section: {key: quantity_from(f"{name}.toml: [{section}.{key}]", entry) for key, entry in table.items()}
        for section, table in document.items()
    }
    return DataFile(name, title, sections)


def quantity_from(where: str, entry: object) -> Quantity:
    """The quantity of one TOML table; `InvalidInputError` says `where` something is amiss."""
    if not isinstance(entry, dict):
        raise InvalidInputError(where, entry, f"a table with {', '.join(_FIELDS)}")
    for key in entry:
        if key not in _FIELDS:
            raise unknown_name(where, key, _FIELDS)
    for key in _REQUIRED:
        if key not in entry:
            raise InvalidInputError(where, sorted(entry), f"a field {key!r} too")
    if entry["kind"] not in get_args(Kind):
        raise unknown_name(f"{where} kind", str(entry["kind"]), get_args(Kind))
    if not entry["source"]:
        raise InvalidInputError(f"{where} source", "", "a source, or the word 'assumed' and why")
    quantity = Quantity(
        float(entry["value"]),
        entry["unit"],
        float(entry["sigma"]),
        entry["source"],
        entry["kind"],
        _range(where, entry.get("valid")),
        _range(where, entry.get("possible")),
    )
    if not math.isfinite(quantity.value) or not quantity.sigma >= 0:
        raise InvalidInputError(where, (quantity.value, quantity.sigma), "a finite value and sigma >= 0")
    return quantity


def _range(where: str, ends: Any) -> tuple[float, float] | None:
    if ends is None:
        return None
    low, high = (float(end) for end in ends)
    if not low <= high:
        raise InvalidInputError(f"{where} range", (low, high), "the lower end first")
    return low, high
