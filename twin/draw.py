"""One chamber out of all that could bear its nameplate: sputter yields are uncertain by 30 %, so they are drawn.

Two semi-empirical fits of the same yield differ by that much; a twin that hard-codes one of them trains agents on a
constant that no laboratory knows.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import DataFile
from tansaki.twin.randomness import generator

_REACTIVE: Final = ("metal_yield", "compound_yield")
YIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "reactive_gas": _REACTIVE,
    "reactive_gas_tio2": _REACTIVE,
    "reactive_gas_al2o3": _REACTIVE,
    "ceramic_target": ("metal_yield",),
    "yields": (),
}
"""Sections with yields, one a target of the chamber, and the quantities drawn there (none named: all)."""


def drawn_chamber(file: DataFile, world: int) -> DataFile:
    """`file` with the yields of chamber number `world`: log-normal, median the value, relative spread sigma/value."""
    rng = generator(world, "chamber yields")
    sections = {name: dict(section) for name, section in file.sections.items()}
    drawn = [section for section in YIELDS if section in sections]
    if not drawn:
        raise InvalidInputError(f"{file.name} sections", sorted(sections), f"one of {', '.join(YIELDS)}: a chamber")
    for section in drawn:
        for name in YIELDS[section] or tuple(sections[section]):
            nominal = sections[section][name]
            factor = math.exp(nominal.sigma / nominal.value * float(np.clip(rng.standard_normal(), -3.0, 3.0)))
            sections[section][name] = replace(nominal, value=nominal.value * factor)
    return DataFile(f"{file.name}#{world}", file.title, sections)
