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

YIELDS: Final[Mapping[str, tuple[str, ...]]] = {"reactive_gas": ("metal_yield", "compound_yield")}
"""Section and names of the quantities that a chamber draws."""


def drawn_chamber(file: DataFile, world: int) -> DataFile:
    """`file` with the yields of chamber number `world`: log-normal, median the value, relative spread sigma/value."""
    rng = generator(world, "chamber yields")
    sections = {name: dict(section) for name, section in file.sections.items()}
    for section, names in YIELDS.items():
        if section not in sections:
            raise InvalidInputError(f"{file.name} sections", sorted(sections), f"a section {section!r}: a chamber")
        for name in names:
            nominal = sections[section][name]
            factor = math.exp(nominal.sigma / nominal.value * float(np.clip(rng.standard_normal(), -3.0, 3.0)))
            sections[section][name] = replace(nominal, value=nominal.value * factor)
    return DataFile(f"{file.name}#{world}", file.title, sections)
