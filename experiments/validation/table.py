"""The twin against published and exact values: one row a target, whatever it says.

A row that does not agree stays in the table, failing, with a note where there is something to say. Identifiers
V1 to V22 and M1 to M15 are those of the validation lists for deposition and for measurement. A group is a module
beside this one.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from statistics import fmean, pstdev
from typing import Final, cast

from tansaki.experiments.validation.row import Row
from tansaki.twin.errors import unknown_name

GROUPS: Final[Mapping[str, str]] = {
    "yields": "sputter yields and energies of the emitted atoms",
    "transport": "sputtered atoms on their way through the gas",
    "reactive": "rate, pressure and target in a reactive gas",
    "plasma": "what watches the process: lags of gauges, light of the plasma, partial pressures, feedback on light",
    "growth": "roughness of growing surfaces: exponents, hopping, shadowing",
    "structure": "order of growth in a film: jumps of the gas, sequence of layers, competing phases, pores",
    "materials": "films against published films",
    "properties": "electrons and light in films: size effects, dispersion, transmittance",
    "electrical": "four-point probe, van der Pauw and Hall: geometry, bias, intervals",
    "optics": "light in layered films: closed forms, another program at all angles, polarised light",
    "spectrophotometry": "transmittance and reflectance: fringes in closed form, a published film by the whole chain",
    "consistency": "one film by several instruments: probe, Hall effect and the light of its free electrons",
    "surface": "stylus and microscopes: steps, roughness, what a tip hides, size of features",
    "reflectivity": "X-ray reflectivity: critical angles, another program on random stacks, films through the chain",
    "diffraction": "X-ray diffraction: angles, absorption, sizes, counting statistics",
    "coverage": "stated uncertainties of the instruments against the truth, over random films",
}
"""Name (of the module too) and what its rows are about."""
BY_NAME: Final = ("coverage",)
"""Groups that take minutes: carried out only where they are asked for."""


def rows(group: str | None = None) -> list[Row]:
    """The rows of one group, or of all that take seconds."""
    if group is not None and group not in GROUPS:
        raise unknown_name("--group", group, GROUPS)
    return [
        row for name in GROUPS if name == group or (group is None and name not in BY_NAME) for row in _rows_of(name)()
    ]


def agreement(found: Iterable[Row]) -> dict[str, dict[str, float]]:
    """By material: how far the twin is from what was published of it, one frozen parameter set for all its rows.

    Geometric mean of twin over published (1: no bias) and geometric standard deviation (1: no scatter) over the rows
    that compare positive numbers, with their number.
    """
    logarithms: dict[str, list[float]] = {}
    for row in found:
        if row.material and row.kind.startswith("published") and row.published > 0.0 and row.twin > 0.0:
            logarithms.setdefault(row.material, []).append(math.log(row.twin / row.published))
    return {
        material: {
            "rows": len(values),
            "geometric_mean_ratio": math.exp(fmean(values)),
            "geometric_standard_deviation": math.exp(pstdev(values)),
        }
        for material, values in logarithms.items()
    }


def _rows_of(group: str) -> Callable[[], Iterator[Row]]:
    return cast(Callable[[], Iterator[Row]], import_module(f"tansaki.experiments.validation.{group}").rows)
