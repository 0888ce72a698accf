"""Published Nb-doped TiO2 films, the conditions that stand for them in the twin, and what the twin gives.

One frozen parameter set serves every row. The sources give the value, the dopant fraction where stated, the
substrate and the anneal; oxygen pressure, coverage and energy are assumed where the abstract is silent (`assumed`
lists them). A row whose quantity was used to fit the free coefficients of the material file says so.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, NamedTuple

from tansaki.twin.calibration import Priors, agrees
from tansaki.twin.film.grow import grow
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Anneal, Film, GrowthConditions

_PULSED = GrowthConditions(
    thickness_m=50e-9,
    rate_m_s=5e-11,
    pressure_pa=1.3e-3,
    oxygen_pressure_pa=1.3e-3,
    oxygen_coverage=1.0,
    energy_per_atom_ev=8.0,
    substrate_temperature_k=823.0,
    dopant_fraction=0.06,
)
_SPUTTERED = GrowthConditions(
    thickness_m=120e-9,
    rate_m_s=5e-11,
    pressure_pa=1.0,
    oxygen_pressure_pa=0.01,
    oxygen_coverage=0.99,
    energy_per_atom_ev=15.0,
    substrate_temperature_k=300.0,
    dopant_fraction=0.04,
)


def _changed(base: GrowthConditions, **changes: float) -> GrowthConditions:
    return GrowthConditions(**{n: changes.get(n, getattr(base, n)) for n in GrowthConditions.__dataclass_fields__})


class PublishedRow(NamedTuple):
    """One published number and the recipe that stands for it."""

    id: str
    quantity: str
    unit: str
    published: float
    tolerance: float
    comparison: Literal["ratio", "difference"]
    """``ratio``: ok within a factor `tolerance`; ``difference``: ok within ± `tolerance`."""
    source: str
    kind: Literal["fitted", "predicted"]
    """Whether the row took part in fitting the free coefficients of the material file."""
    assumed: str
    layers: tuple[GrowthConditions, ...]
    anneal: Anneal | None
    substrate: str
    value: Callable[["PublishedRow", DataFile], float]
    note: str = ""
    """Why the row does not agree, where it does not."""

    def film(self, material: DataFile) -> Film:
        """The twin's film for this row."""
        return grow(self.layers, self.anneal, self.substrate, material)

    def twin(self, material: DataFile) -> float:
        """The twin's number, in `unit`."""
        return self.value(self, material)

    def agrees(self, material: DataFile) -> bool:
        """Whether the twin lies within the tolerance."""
        return agrees(self, material)


def _resistivity_ohm_cm(row: PublishedRow, material: DataFile) -> float:
    return 100.0 * row.film(material).resistivity_ohm_m


def _carriers_cm3(row: PublishedRow, material: DataFile) -> float:
    return 1e-6 * row.film(material).carrier_density_m3


def _fall_on_anneal(row: PublishedRow, material: DataFile) -> float:
    before = grow(row.layers, None, row.substrate, material)
    return before.resistivity_ohm_m / row.film(material).resistivity_ohm_m


def _lag_of_crystallisation_k(row: PublishedRow, material: DataFile) -> float:
    """Temperature where ln ρ falls steepest minus the one where half the film is crystalline, one hour each."""
    temperatures = [200.0 + 2.0 * i for i in range(201)]
    films = [grow(row.layers, Anneal(t, 3600.0, "hydrogen"), row.substrate, material) for t in temperatures]
    falls = [math.log(a.resistivity_ohm_m / b.resistivity_ohm_m) for a, b in pairwise(films)]
    steepest = temperatures[falls.index(max(falls))] + 1.0
    half = min(zip(films, temperatures, strict=True), key=lambda pair: abs(pair[0].crystalline_fraction - 0.5))[1]
    return steepest - half


_SEEDED = (
    _changed(_SPUTTERED, thickness_m=30e-9, oxygen_pressure_pa=0.1, oxygen_coverage=1.0),
    _changed(_SPUTTERED, thickness_m=120e-9),
)

ROWS: tuple[PublishedRow, ...] = (
    PublishedRow(
        "V20-epitaxial-x0.03", "resistivity", "ohm cm", math.sqrt(2e-4 * 3e-4), 1.3 * math.sqrt(1.5), "ratio",
        "Furubayashi et al., APL 86, 252101 (2005): 2-3e-4 for x >= 0.03; tolerance 1.3 beyond that range",
        "fitted", "oxygen pressure, energy, thickness",
        (_changed(_PULSED, dopant_fraction=0.03),), None, "strontium_titanate", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-epitaxial-x0.06", "resistivity", "ohm cm", 2.3e-4, 1.3, "ratio",
        "Hitosugi et al., pssa 207, 1529 (2010)",
        "fitted", "oxygen pressure, energy, thickness",
        (_PULSED,), None, "strontium_titanate", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-sputtered-best", "resistivity", "ohm cm", 6.4e-4, 1.3, "ratio",
        "Hitosugi et al., pssa 207, 1529 (2010): best sputtered film on glass",
        "predicted", "x = 0.06, single layer at the twin's usual oxygen pressure, hydrogen 500 C 1 h",
        (_changed(_SPUTTERED, dopant_fraction=0.06),), Anneal(500.0, 3600.0, "hydrogen"), "glass", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-reactive-h2-600", "resistivity", "ohm cm", 9.5e-4, 1.4, "ratio",
        "Yamada et al. 2007/2008: reactive sputtering at room temperature, 10 % O2, hydrogen 600 C",
        "fitted", "x = 0.04, total pressure 1 Pa, coverage 1, 1 h",
        (_changed(_SPUTTERED, oxygen_pressure_pa=0.1, oxygen_coverage=1.0),), Anneal(600.0, 3600.0, "hydrogen"),
        "glass", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-seed-vacuum-300", "resistivity", "ohm cm", 9.2e-4, 1.4, "ratio",
        "Hitosugi et al. 2009: seed layer, sputtered, x = 0.04, vacuum 300 C",
        "fitted", "pressures and thicknesses of seed and film, 1 h",
        _SEEDED, Anneal(300.0, 3600.0, "vacuum"), "glass", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-seed-h2-400", "resistivity", "ohm cm", 7.0e-4, 1.4, "ratio",
        "Hitosugi et al. 2009: seed layer, sputtered, x = 0.04, hydrogen 400 C",
        "fitted", "pressures and thicknesses of seed and film, 1 h",
        _SEEDED, Anneal(400.0, 3600.0, "hydrogen"), "glass", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-seed-bilayer-400", "resistivity", "ohm cm", 6.4e-4, 1.4, "ratio",
        "Hoang et al. 2009: seed bilayer, 400 C",
        "predicted", "x = 0.06, vacuum, pressures and thicknesses of seed and film, 1 h",
        tuple(_changed(layer, dopant_fraction=0.06) for layer in _SEEDED), Anneal(400.0, 3600.0, "vacuum"),
        "glass", _resistivity_ohm_cm,
    ),
    PublishedRow(
        "V20-carriers-x0.002", "carrier density", "cm^-3", 1e19, 1.3, "ratio",
        "Furubayashi et al., APL 86, 252101 (2005): 1e19 at the lower end of x",
        "fitted", "oxygen pressure, energy, thickness",
        (_changed(_PULSED, dopant_fraction=0.002),), None, "strontium_titanate", _carriers_cm3,
    ),
    PublishedRow(
        "V20-carriers-x0.2", "carrier density", "cm^-3", 2e21, 1.3, "ratio",
        "Furubayashi et al., APL 86, 252101 (2005): 2e21 at the upper end of x",
        "fitted", "oxygen pressure, energy, thickness",
        (_changed(_PULSED, dopant_fraction=0.2),), None, "strontium_titanate", _carriers_cm3,
    ),
    PublishedRow(
        "V20-vacuum-anneal-fall", "resistance before / after vacuum anneal", "1", 2e4, 2.0, "ratio",
        "published vacuum anneal of oxygen-rich films (XPS and DFT: O_i-Nb complexes); tolerance assumed",
        "fitted", "epitaxial, x = 0.06, oxygen 1 Pa, vacuum 500 C 1 h",
        (_changed(_PULSED, oxygen_pressure_pa=1.0, pressure_pa=1.0),), Anneal(500.0, 3600.0, "vacuum"),
        "strontium_titanate", _fall_on_anneal,
    ),
    PublishedRow(
        "V20-crystallisation-coincidence", "steepest fall of resistivity minus half crystallisation", "K",
        0.0, 25.0, "difference",
        "Yamada et al. 2007/2008: crystallisation and the fall coincide; tolerance assumed",
        "predicted", "anneal series 200-600 C, hydrogen, 1 h each, of the oxygen-rich film",
        (_changed(_SPUTTERED, oxygen_pressure_pa=0.1, oxygen_coverage=1.0),), Anneal(600.0, 3600.0, "hydrogen"),
        "glass", _lag_of_crystallisation_k,
    ),
)  # fmt: skip

PRIORS: Priors = {
    ("mobility", "lattice_m2_vs"): (3.6e-3, 0.3),
    ("mobility", "ionised_m2_vs"): (5.0e-3, 0.4),
    ("mobility", "disorder_m2_vs"): (1.5e-3, 0.3),
    ("oxygen", "interstitial_constant_pa"): (1.0, 0.7),
    ("carriers", "fluctuation"): (0.01, 0.7),
    ("carriers", "solubility"): (0.16, 0.3),
    ("carriers", "background_acceptors"): (0.0013, 0.4),
    ("crystallisation", "onset_temperature_k"): (553.0, 0.02),
}
"""What is fitted to the rows, and what was thought of it before."""
