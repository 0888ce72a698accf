"""Emitted energies and directions: closed forms against quadrature, samplers against densities, three engines."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import kstest

from tansaki.twin.backends import bind
from tansaki.twin.deposition import emission

binding = st.floats(1.0, 9.0)
strength = st.floats(1.05, 1000.0)
"""Λ/U."""
heart = st.floats(-0.99, 3.0)


def _shape(energy: float, u: float, transferred: float) -> float:
    return energy / (energy + u) ** 3 * (1.0 - math.sqrt((energy + u) / transferred))


@given(binding, strength)
def test_norm_and_mean_agree_with_quadrature(u: float, times: float) -> None:
    transferred = u * times
    top = float(emission.largest_energy_ev(u, transferred))
    points = [min(u * k, 0.9 * top) for k in (0.3, 1.0, 5.0)]
    norm = quad(_shape, 0.0, top, args=(u, transferred), epsrel=1e-11, limit=200, points=points)[0]
    first = quad(lambda e: e * _shape(e, u, transferred), 0.0, top, epsrel=1e-11, limit=200, points=points)[0]
    assert emission.mean_energy_ev(u, transferred) == pytest.approx(first / norm, rel=1e-8)
    middle = 0.4 * top
    assert emission.energy_density_per_ev(middle, u, transferred) == pytest.approx(
        _shape(middle, u, transferred) / norm, rel=1e-8
    )


@given(binding, st.floats(2.0, 1000.0))
def test_mean_without_the_bracket_agrees_with_quadrature(u: float, times: float) -> None:
    top = u * (times - 1.0)
    norm, first = (quad(lambda e, n=n: e**n / (e + u) ** 3, 0.0, top, epsrel=1e-10, limit=200)[0] for n in (1, 2))
    assert emission.mean_energy_uncut_ev(u, u * times) == pytest.approx(first / norm, rel=1e-7)


def test_series_and_closed_form_meet() -> None:
    """δ = ½ is where one takes over from the other."""
    at = [float(emission.mean_energy_ev(1.0, 1.0 / (0.5 + shift) ** 2)) for shift in (-1e-12, 1e-12)]
    assert at[0] == pytest.approx(at[1], rel=1e-11)


def test_mean_vanishes_where_nothing_can_be_ejected() -> None:
    assert emission.mean_energy_ev(5.0, 5.0) == 0.0
    assert emission.mean_energy_ev(5.0, 1.0) == 0.0
    # ⟨E⟩ ≈ U(1 − ρ) just above.
    assert emission.mean_energy_ev(5.0, 5.0 * (1.0 + 2e-6)) == pytest.approx(5e-6, rel=1e-5)


def test_density_peaks_at_half_the_binding_without_the_bracket() -> None:
    """Exact for E/(E + U)³, the limit of a large ion energy; the bracket moves it down."""
    grid = np.linspace(0.01, 20.0, 200001)
    far = grid[np.argmax(emission.energy_density_per_ev(grid, 4.0, 1e12))]
    assert far == pytest.approx(2.0, abs=2e-3)
    # With it, the root of (ln f)' = 1/E − 3/(E+U) − 1/(2[√(Λ(E+U)) − (E+U)]).
    near = brentq(lambda e: 1 / e - 3 / (e + 4.0) - 0.5 / (math.sqrt(300.0 * (e + 4.0)) - e - 4.0), 0.1, 3.0)
    assert near < 1.95
    assert grid[np.argmax(emission.energy_density_per_ev(grid, 4.0, 300.0))] == pytest.approx(near, abs=2e-3)


def test_nothing_is_faster_than_the_largest_energy() -> None:
    top = emission.largest_energy_ev(4.0, 100.0)
    assert top == 96.0
    assert emission.energy_density_per_ev(top * 1.001, 4.0, 100.0) == 0.0
    assert emission.energy_density_per_ev(top * 0.999, 4.0, 100.0) > 0.0
    assert emission.largest_energy_ev(4.0, 3.0) == 0.0


@given(st.floats(0.0, 1.0, exclude_max=True), binding)
def test_proposal_is_the_inverse_of_its_distribution(uniform: float, u: float) -> None:
    # F(E) = (E/(E + U))².
    energy = emission.proposed_energy_ev(uniform, u)
    assert (energy / (energy + u)) ** 2 == pytest.approx(uniform, rel=1e-9, abs=1e-300)


def test_accepted_proposals_follow_the_density() -> None:
    u, transferred, number = 4.85, 396.7, 200000
    rng = np.random.default_rng(23)
    proposed = emission.proposed_energy_ev(rng.random(number), u)
    kept = proposed[rng.random(number) < emission.bracket(proposed, u, transferred)]
    root = math.sqrt(u / transferred)
    share = (1.0 - root) ** 3 * (1.0 + root / 3.0)
    assert kept.size / number == pytest.approx(share, abs=3.0 * math.sqrt(share * (1.0 - share) / number))
    mean = emission.mean_energy_ev(u, transferred)
    assert kept.mean() == pytest.approx(mean, abs=3.0 * kept.std() / math.sqrt(kept.size))
    grid = np.concatenate(([0.0], np.geomspace(1e-3, transferred - u, 4000)))
    density = emission.energy_density_per_ev(grid, u, transferred)
    below = np.concatenate(([0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))))
    assert kstest(kept[:20000], lambda e: np.interp(e, grid, below)).pvalue > 0.01


@given(heart, st.floats(1e-6, 1.0))
def test_direction_is_the_inverse_of_its_distribution(h: float, uniform: float) -> None:
    cosine = float(emission.emitted_cosine(uniform, h))
    assert 0.0 <= cosine <= 1.0 + 1e-12
    below = quad(emission.direction_density, 0.0, cosine, args=(h,), epsrel=1e-11)[0]
    assert below == pytest.approx(uniform, rel=1e-8)


def test_cosine_law_and_heart() -> None:
    assert emission.emitted_cosine(0.36, 0.0) == pytest.approx(0.6)
    assert emission.emitted_cosine(1.0, -0.8) == pytest.approx(1.0)
    cosines = np.linspace(1e-3, 1.0, 100001)
    lobe = cosines[np.argmax(emission.direction_density(cosines, -0.8))]
    assert lobe == pytest.approx(1.0 / math.sqrt(3.0 * 0.8), abs=1e-4)
    assert cosines[np.argmax(emission.direction_density(cosines, -0.3))] == 1.0


def test_mean_energy_has_a_finite_slope_everywhere() -> None:
    import jax

    slope = jax.grad(bind(emission, "jax").mean_energy_ev, argnums=(0, 1))
    with jax.enable_x64(True):
        for transferred in (1.0, 4.0, 6.0, 15.9, 16.1, 400.0):
            assert all(math.isfinite(value) for value in slope(4.0, transferred))
        step = float(emission.mean_energy_ev(4.0, 400.01) - emission.mean_energy_ev(4.0, 399.99))
        assert float(slope(4.0, 400.0)[1]) == pytest.approx(step / 0.02, rel=1e-6)


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(29)

    def rounded(values: Any) -> Any:
        return np.asarray(values, np.float32).astype(np.float64)

    u = rounded(rng.uniform(1.0, 9.0, 1000))
    transferred = rounded(u * np.exp(rng.uniform(math.log(2.0), math.log(300.0), 1000)))
    top = transferred - u
    # The bracket is a difference that vanishes at the largest energy; beyond it is zero.
    energy = rounded(top * np.where(rng.random(1000) < 0.2, 1.2, rng.uniform(0.01, 0.7, 1000)))
    uniform = rounded(rng.uniform(0.001, 0.99, 1000))
    shape = rounded(rng.uniform(-0.9, 2.0, 1000))
    arguments: dict[str, Any] = {
        "largest_energy_ev": (u, transferred),
        "bracket": (energy, u, transferred),
        "energy_density_per_ev": (energy, u, transferred),
        "mean_energy_ev": (u, transferred),
        "mean_energy_uncut_ev": (u, rounded(5.0 * transferred)),
        "proposed_energy_ev": (uniform, u),
        "direction_density": (uniform, shape),
        "emitted_cosine": (uniform, shape),
    }
    assert set(arguments) == set(vars(bind(emission, "numpy")))
    for name, values in arguments.items():
        engines_agree(emission, name, values)
