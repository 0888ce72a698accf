"""Kinetic Monte Carlo: rates, detailed balance against exact enumeration, conservation, islands and mounds."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth import series, solid_on_solid
from tansaki.twin.growth.roughness import correlation_length, island_density, squared_width
from tansaki.twin.growth.series import crystal_maps
from tansaki.twin.growth.solid_on_solid import BOLTZMANN_EV_K, Hopping, hop_rate_hz
from tansaki.twin.quantities import load

KERNEL = bind(solid_on_solid, "numba")
T = 500.0
KT = BOLTZMANN_EV_K * T
TITANIA = load("materials", "nb_tio2").parameters("hopping", Hopping)
LATTICE_M = 3e-10


def _bonds(heights: np.ndarray) -> int:
    """Lateral bonds of a periodic surface up to a constant of the sum of heights: Σ over pairs of min(h, h')."""
    return int(sum(np.minimum(heights, np.roll(heights, 1, axis)).sum() for axis in (0, 1)))


def _hop_rate(before: np.ndarray, source: tuple[int, int], target: tuple[int, int], hopping: Hopping) -> float:
    """Rate of one hop, from the definition: bonds lost by taking the top atom away, barrier if the layer changes."""
    without = before.copy()
    without[source] -= 1
    # Removing an atom whose layer is h takes its share of Σ min: one for each neighbour at least as high.
    lost = _bonds(before) - _bonds(without)
    changes_layer = without[target] + 1 != before[source]
    return hop_rate_hz(lost, float(changes_layer), T, hopping) / 4.0


def test_rates_up_and_down_are_in_the_ratio_of_boltzmann() -> None:
    hopping = Hopping(1e13, 0.6, 0.2, 0.15)
    rng = np.random.default_rng(1)
    for _ in range(300):
        before = rng.integers(-2, 3, (4, 5))
        source = (int(rng.integers(4)), int(rng.integers(5)))
        target = ((source[0] + 1) % 4, source[1]) if rng.random() < 0.5 else (source[0], (source[1] + 1) % 5)
        after = before.copy()
        after[source] -= 1
        after[target] += 1
        there, back = _hop_rate(before, source, target, hopping), _hop_rate(after, target, source, hopping)
        energy_ev = -hopping.bond_energy_ev * (_bonds(after) - _bonds(before))
        assert there / back == pytest.approx(np.exp(-energy_ev / KT), rel=1e-10)


def test_classes_are_the_bonds_that_a_hop_breaks() -> None:
    heights = np.random.default_rng(2).integers(0, 3, (6, 7)).astype(np.int32)
    beside = KERNEL.neighbours(6, 7)
    for site, (y, x) in enumerate(product(range(6), range(7))):
        without = heights.copy()
        without[y, x] -= 1
        assert KERNEL.lateral_bonds(heights.reshape(-1), site, beside) == _bonds(heights) - _bonds(without)


@pytest.mark.parametrize(("shape", "step_barrier_kt"), [((1, 3), 0.0), ((1, 3), 1.0), ((3, 3), 0.7)])
def test_without_flux_states_are_visited_as_boltzmann_says(shape: tuple[int, int], step_barrier_kt: float) -> None:
    # Every state of a tiny periodic surface within 4 layers, its weight exp(bonds·E_n/kT), against time averages.
    hopping = Hopping(1.0, 0.0, 1.2 * KT, step_barrier_kt * KT)
    sites = shape[0] * shape[1]
    levels = range(-4, 5) if sites < 9 else range(-1, 2)
    states = [s for s in product(levels, repeat=sites) if sum(s) == 0]
    bonds = np.array([_bonds(np.array(s).reshape(shape)) for s in states])
    # The single row is its own neighbour across: its bonds there are the same in every state.
    weights = np.exp(1.2 * (bonds - bonds.max()))
    heights, rng = np.zeros(shape, np.int32), np.random.default_rng(3)
    seen: Counter[tuple[int, ...]] = Counter()
    samples = 30_000
    for _ in range(samples):
        KERNEL.advance(heights, 150.0, 0.0, T, hopping, 10**6, rng)
        seen[tuple(heights.ravel().tolist())] += 1
    inside = sum(seen[s] for s in states)
    expected = inside * weights / weights.sum()
    common = expected > 50.0
    observed = np.array([seen[s] for s in states])[common]
    expected = expected[common]
    assert len(expected) >= 7
    # Samples are nearly independent, so the counts are Poisson: χ² per state is about 1.
    chi_squared = np.mean((observed - expected) ** 2 / expected)
    assert chi_squared < 1.0 + 5.0 * np.sqrt(2.0 / len(expected))


def test_the_clock_is_that_of_the_flux() -> None:
    # Arrivals in a fixed time are Poisson, whatever the atoms do meanwhile.
    counts = []
    for seed in range(200):
        heights = np.zeros((8, 8), np.int32)
        events = KERNEL.advance(heights, 2.0, 0.5, 400.0, TITANIA, 10**6, np.random.default_rng(seed))
        assert heights.sum() == events.deposited
        assert events.elapsed_s == 2.0
        counts.append(events.deposited)
    assert np.mean(counts) == pytest.approx(64.0, abs=4.0 * 8.0 / np.sqrt(200))
    assert np.var(counts) == pytest.approx(64.0, rel=0.4)


def test_a_lone_atom_hops_at_its_rate() -> None:
    # All other atoms sit in full terraces and hop e^{-40} as often.
    hopping = Hopping(1e6, 0.0, 10.0 * KT, 0.0)
    heights = np.zeros((16, 16), np.int32)
    heights[3, 3] = 1
    events = KERNEL.advance(heights, 0.05, 0.0, T, hopping, 10**7, np.random.default_rng(0))
    assert events.hops == pytest.approx(0.05 * 1e6, abs=4.0 * np.sqrt(0.05 * 1e6))
    assert sorted(np.unique(heights)) == [0, 1]
    assert heights.sum() == 1


def test_no_flux_and_no_heat_is_no_event() -> None:
    heights = np.zeros((4, 4), np.int32)
    events = KERNEL.advance(heights, 1.0, 0.0, 1.0, TITANIA, 1000, np.random.default_rng(0))
    assert events == (0, 0, 1.0)


def _islands(flux_hz: float, seed: int) -> float:
    """Density of islands at 0.1 layer; bonds so strong that a pair is stable."""
    hopping = Hopping(4e4, 0.0, 1.0, 0.0)
    heights = np.zeros((96, 96), np.int32)
    KERNEL.advance(heights, 0.1 / flux_hz, flux_hz, T, hopping, 10**8, np.random.default_rng(seed))
    return island_density(heights, 0)


def test_faster_flux_makes_more_islands() -> None:
    slow, fast = np.mean([_islands(1.0, s) for s in range(3)]), np.mean([_islands(100.0, s) for s in range(3)])
    assert slow > 0.0
    # Mean-field theory of a stable pair remembers (F/D)^{1/3}: 4.6 for a factor 100. Only the sense is tested.
    assert fast > 2.0 * slow


def test_heat_smooths_and_step_barriers_make_mounds() -> None:
    def last(temperature_k: float, barrier_ev: float) -> np.ndarray:
        hopping = TITANIA._replace(step_barrier_ev=barrier_ev)
        maps = list(crystal_maps((64, 64), [10.0], 1.0, temperature_k, hopping, LATTICE_M, seed=1))
        return np.rint(maps[-1].heights_m / LATTICE_M)

    cold, warm, barred = last(300.0, 0.0), last(480.0, 0.0), last(480.0, 0.3)
    assert squared_width(cold) > 3.0 * squared_width(warm)
    assert squared_width(barred) > 3.0 * squared_width(warm)
    # Mounds, not noise: the barred surface is correlated over several sites, the cold one is not.
    assert correlation_length(barred) > 2.0 * correlation_length(cold)


def test_maps_follow_the_coverage_and_the_seed() -> None:
    def maps(seed: int) -> list[np.ndarray]:
        return [m.heights_m for m in crystal_maps((16, 16), [0.5, 1.0], 0.1, 400.0, TITANIA, LATTICE_M, seed)]

    assert maps(1)[1].mean() / LATTICE_M == pytest.approx(1.0, abs=0.3)
    assert all(np.array_equal(a, b) for a, b in zip(maps(1), maps(1), strict=True))
    assert not np.array_equal(maps(1)[0], maps(2)[0])


def test_too_hot_a_crystal_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MOST_EVENTS", 10_000)
    with pytest.raises(InvalidInputError, match="grow faster or colder"):
        list(crystal_maps((16, 16), [1.0], 1.0, 900.0, TITANIA, LATTICE_M, 0))
    with pytest.raises(InvalidInputError, match="temperature_k"):
        list(crystal_maps((16, 16), [1.0], 1.0, 0.0, TITANIA, LATTICE_M, 0))
