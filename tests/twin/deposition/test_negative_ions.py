"""Fast oxygen from an oxide target."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tansaki.twin.deposition import negative_ions
from tansaki.twin.deposition.negative_ions import NegativeIons
from tansaki.twin.quantities import load

NEGATIVE = load("instruments", "sputter_tio2_2inch").parameters("negative_ions", NegativeIons)


def test_fast_oxygen_goes_with_the_electrons_of_the_oxide_and_dies_with_pressure() -> None:
    def ions(gamma: float = 0.2, coverage: float = 1.0, pressure: float = 0.5) -> float:
        return negative_ions.negative_ions_per_atom(gamma, coverage, 0.02, pressure, 0.1, NEGATIVE)

    assert ions(gamma=0.4) == pytest.approx(2.0 * ions())
    assert ions(coverage=0.0) == 0.0
    one_length = NEGATIVE.stripping_length_pa_m / 0.1
    assert ions(pressure=0.5 + one_length) == pytest.approx(ions() / math.e)
    assert negative_ions.negative_ion_energy_per_atom_ev(ions(), 400.0) == 400.0 * ions()


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(9)

    def between(low: float, high: float) -> np.ndarray:
        return np.asarray(rng.uniform(low, high, 1000), np.float32).astype(np.float64)

    ions = NegativeIons(between(1e-3, 0.1), between(0.05, 0.5))
    places = (between(0.05, 0.3), between(0.0, 1.0), between(0.01, 1.0), between(0.05, 5.0), between(0.05, 0.15))
    engines_agree(negative_ions, "negative_ions_per_atom", (*places, ions))
    engines_agree(negative_ions, "negative_ion_energy_per_atom_ev", (between(0.0, 0.1), between(100.0, 600.0)))
