"""O⁻ from an oxide target, which the sheath drives to the target voltage and the gas hardly stops.

Their number goes with the secondary electrons of the oxide (Mahieu and Depla; Welzel and Ellmer 2013, abstracts)::

    κ = s·γ_c·θ_t/Y·exp(−pd/λ)              per arriving metal atom; Y metal atoms per target ion, energy e·V

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`).
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp


class NegativeIons(NamedTuple):
    """O⁻ from an oxide target."""

    ions_per_electron: float
    """s: O⁻ that leave the covered target towards the substrate, per secondary electron of the oxide."""
    stripping_length_pa_m: float
    """p·d after which 1/e of them still has its energy."""


def negative_ions_per_atom(
    compound_electron_yield: float,
    target_coverage: float,
    mean_yield: float,
    pressure_pa: float,
    distance_m: float,
    n: NegativeIons,
) -> float:
    """κ: fast oxygen that reaches the film per arriving metal atom."""
    leaving = n.ions_per_electron * compound_electron_yield * target_coverage
    return leaving / mean_yield * xp.exp(-pressure_pa * distance_m / n.stripping_length_pa_m)


def negative_ion_energy_per_atom_ev(ions_per_atom: float, voltage_v: float) -> float:
    """Energy that fast oxygen brings per arriving metal atom: κ·e·V."""
    return ions_per_atom * voltage_v
