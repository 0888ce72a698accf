"""Lattice models against exact laws and known exponents; long runs behind the mark slow."""

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth import ballistic, relaxation, restricted
from tansaki.twin.growth.ballistic import Arrival
from tansaki.twin.growth.roughness import (
    correlation_length,
    local_exponents,
    power_law,
    size_exponent,
    skewness,
    squared_width,
)
from tansaki.twin.growth.series import attempts_per_second, grown, saturated_widths, squared_widths

RELAXATION = bind(relaxation, "numba")
RESTRICTED = bind(restricted, "numba")
BALLISTIC = bind(ballistic, "numba")
STRAIGHT_DOWN = 1e30


def _flat(rows: int, columns: int) -> np.ndarray:
    return np.zeros((rows, columns), np.int32)


def test_random_deposition_has_the_width_of_a_multinomial() -> None:
    # ⟨W²⟩ = t(1 − 1/N) and its scatter √((2t² + t)/N), exact for balls thrown into N boxes (large N).
    times, sites, runs = [1.0, 4.0, 16.0, 64.0], 64 * 64, 16
    widths = squared_widths("random", (64, 64), times, runs, seed=1)
    for time, mean in zip(times, widths.mean(axis=0), strict=True):
        allowed = 3.0 * np.sqrt((2.0 * time**2 + time) / sites / runs)
        assert mean == pytest.approx(time * (1.0 - 1.0 / sites), abs=allowed)


def test_random_deposition_has_no_correlation_and_the_skew_of_poisson() -> None:
    heights = next(grown("random", (256, 256), [25.0], seed=2))
    assert skewness(heights) == pytest.approx(1.0 / np.sqrt(25.0), abs=5.0 * np.sqrt(6.0 / heights.size))
    assert correlation_length(heights) < 1.0


def test_relaxing_surface_roughens_as_edwards_and_wilkinson_say_in_one_dimension() -> None:
    times = [2.0**k for k in range(3, 10)]
    exponent = power_law(times, squared_widths("relaxation", (1, 4096), times, 8, seed=7))
    assert 0.5 * exponent.value == pytest.approx(0.25, abs=0.02)


def test_relaxing_surface_roughens_logarithmically_in_two_dimensions() -> None:
    # W² grows by the same step with each doubling of time (Edwards and Wilkinson 1982), far below any power KPZ has.
    times = [2.0, 8.0, 32.0, 128.0]
    widths = squared_widths("relaxation", (256, 256), times, 2, seed=3).mean(axis=0)
    steps = np.diff(widths)
    assert steps == pytest.approx(steps.mean(), rel=0.15)
    assert 0.5 * local_exponents(times, widths)[-1] < 0.08


def test_saturated_width_of_a_relaxing_line_grows_with_its_length() -> None:
    # α = ½ in 1+1 dimensions: W² ∝ L.
    sizes = (16, 32, 64)
    widths = [saturated_widths("relaxation", (1, n), n * n, 0.25 * n * n, 600, seed=n) for n in sizes]
    exponent = size_exponent(sizes, widths)
    assert exponent.value == pytest.approx(0.5, abs=max(0.05, 3.0 * exponent.u))


def test_restricted_growth_has_the_exponents_of_kpz_in_one_dimension() -> None:
    times = [2.0**k for k in range(5, 11)]
    exponent = power_law(times, squared_widths("restricted", (1, 8192), times, 6, seed=7))
    assert 0.5 * exponent.value == pytest.approx(1.0 / 3.0, abs=0.02)


def test_restricted_growth_never_steps_by_more_than_a_layer_and_counts_what_stays() -> None:
    rng = np.random.default_rng(5)
    heights = _flat(48, 32)
    stayed = RESTRICTED.deposit_restricted(heights, 20_000, rng)
    assert heights.sum() == stayed < 20_000
    for axis in (0, 1):
        assert np.abs(heights - np.roll(heights, 1, axis)).max() <= 1


@pytest.mark.parametrize("name", ["deposit_randomly", "deposit_relaxing"])
def test_no_particle_is_lost(name: str) -> None:
    heights = _flat(20, 30)
    getattr(RELAXATION, name)(heights, 12_345, np.random.default_rng(0))
    assert heights.sum() == 12_345


def test_ballistic_growth_loses_nothing_and_leaves_voids() -> None:
    heights = _flat(20, 30)
    BALLISTIC.deposit_ballistic(heights, 12_345, np.random.default_rng(0))
    assert heights.sum() > 12_345


@pytest.mark.parametrize("model", ["random", "relaxation", "restricted", "ballistic"])
def test_no_place_is_special(model: str) -> None:
    # The mean height of every row and column is that of all others: a wrong edge would stand out.
    total = sum(next(grown(model, (8, 8), [20.0], seed=11, run=r)).astype(float) for r in range(300))
    deviation = total - total.mean()
    scale = deviation.std()
    for axis in (0, 1):
        assert np.abs(deviation.mean(axis=axis)).max() < 4.0 * scale / np.sqrt(8)


@pytest.mark.parametrize("mobility", [0.0, 1.0])
def test_a_beam_straight_down_is_the_plain_model(mobility: float) -> None:
    # Mobility 0 is ballistic deposition, 1 the Family model: same law, other random numbers.
    arrival = Arrival(0.0, STRAIGHT_DOWN, mobility)
    plain = BALLISTIC.deposit_ballistic if mobility == 0.0 else RELAXATION.deposit_relaxing
    oblique, straight = [], []
    for seed in range(12):
        one, other = _flat(64, 64), _flat(64, 64)
        BALLISTIC.deposit_oblique(one, 10 * one.size, arrival, np.random.default_rng([1, seed]))
        plain(other, 10 * other.size, np.random.default_rng([2, seed]))
        oblique.append((one.mean(), squared_width(one)))
        straight.append((other.mean(), squared_width(other)))
    first, second = np.array(oblique), np.array(straight)
    allowed = 4.0 * np.hypot(first.std(axis=0), second.std(axis=0)) / np.sqrt(12) + 1e-9
    assert np.all(np.abs(first.mean(axis=0) - second.mean(axis=0)) < allowed)


@pytest.mark.parametrize("power", [1.0, 4.0, 30.0])
def test_directions_follow_the_power_of_the_cosine(power: float) -> None:
    # ⟨cos θ⟩ = (m + 1)/(m + 2) for a density ∝ cosᵐ per solid angle; no azimuth is preferred.
    rng = np.random.default_rng(8)
    flights = np.array([ballistic.direction(Arrival(0.0, power, 0.0), *rng.random(2)) for _ in range(20_000)])
    assert np.linalg.norm(flights, axis=1) == pytest.approx(1.0, rel=1e-12)
    assert flights.mean(axis=0) == pytest.approx([0.0, 0.0, (power + 1.0) / (power + 2.0)], abs=0.02)


def test_a_tilted_spread_keeps_its_shape_about_the_tilted_axis() -> None:
    rng = np.random.default_rng(9)
    flights = np.array([ballistic.direction(Arrival(0.7, 2.0, 0.0), *rng.random(2)) for _ in range(20_000)])
    axis = np.array([np.sin(0.7), 0.0, np.cos(0.7)])
    assert np.linalg.norm(flights, axis=1) == pytest.approx(1.0, rel=1e-12)
    assert flights.mean(axis=0) == pytest.approx(0.75 * axis, abs=0.015)


def test_a_wall_is_hit_all_over_its_face() -> None:
    # A wall of 100 cells, flights that fall 100 cells in the 64 columns between its images: each touches the face
    # at a height that is uniform between 4 and 101, by the geometry of the start.
    arrival = Arrival(float(np.arctan(0.64)), STRAIGHT_DOWN, 0.0)
    rng, touched = np.random.default_rng(6), []
    for _ in range(2000):
        heights = _flat(4, 64)
        heights[:, 0] = 100
        BALLISTIC.deposit_oblique(heights, 1, arrival, rng)
        touched += heights[:, 63][heights[:, 63] > 0].tolist()
    assert len(touched) > 1800
    assert np.mean(touched) == pytest.approx(52.5, abs=4.0 * 28.0 / np.sqrt(len(touched)) + 0.5)
    assert np.std(touched) == pytest.approx(97.0 / np.sqrt(12.0), rel=0.1)


def test_the_axis_of_the_beam_is_tilted() -> None:
    for first, second in np.random.default_rng(1).random((5, 2)):
        ux, uy, down = ballistic.direction(Arrival(0.7, STRAIGHT_DOWN, 0.0), first, second)
        assert (ux, uy, down) == pytest.approx((np.sin(0.7), 0.0, np.cos(0.7)), abs=1e-9)


def _oblique(tilt: float, power: float, mobility: float, layers: int = 40) -> np.ndarray:
    heights = _flat(96, 96)
    BALLISTIC.deposit_oblique(heights, layers * heights.size, Arrival(tilt, power, mobility), np.random.default_rng(3))
    return heights


def test_shadowing_roughens_and_mobility_smooths() -> None:
    straight, oblique, gas = (_oblique(*case) for case in ((0.0, 1e9, 0.0), (1.2, 1e9, 0.0), (0.0, 1.0, 0.0)))
    assert squared_width(oblique) > 3.0 * squared_width(straight)
    assert squared_width(gas) > 2.0 * squared_width(straight)
    assert squared_width(_oblique(1.2, 1e9, 0.9)) < 0.5 * squared_width(oblique)


def test_oblique_incidence_makes_porous_columns() -> None:
    density = [40.0 / _oblique(tilt, 1e9, 0.0).mean() for tilt in (0.0, 0.6, 1.2)]
    assert density[0] > density[1] > density[2]


def test_atoms_that_relax_are_counted_once() -> None:
    heights = _oblique(1.0, 3.0, 1.0, 10)
    assert heights.sum() == 10 * heights.size


@pytest.mark.parametrize("model", ["random", "relaxation", "restricted", "ballistic"])
def test_a_seed_decides_and_a_run_differs(model: str) -> None:
    def last(seed: int, run: int) -> np.ndarray:
        return [h.copy() for h in grown(model, (16, 16), [1.0, 3.0], seed, run)][-1]

    assert np.array_equal(last(4, 0), last(4, 0))
    assert not np.array_equal(last(4, 0), last(4, 1))
    assert not np.array_equal(last(4, 0), last(5, 0))


def test_speed_is_a_number_of_attempts() -> None:
    assert attempts_per_second(edge=64, layers=2.0) > 0.0


def test_bad_requests_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'restricted'"):
        next(grown("restrictd", (4, 4), [1.0], 0))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="do not fall"):
        next(grown("random", (4, 4), [2.0, 1.0], 0))
    with pytest.raises(InvalidInputError, match="at least one row"):
        next(grown("random", (0, 4), [1.0], 0))


@pytest.mark.slow
def test_kpz_exponents_in_two_dimensions() -> None:
    # V16: β 0.235–0.242, α 0.383 ± 0.008 (Aarão Reis 2004), both ± 0.03.
    times = [2.0**k for k in range(3, 10)]
    growth = power_law(times, squared_widths("restricted", (512, 512), times, 4, seed=7))
    assert 0.205 <= 0.5 * growth.value <= 0.272
    sizes, settle = (16, 32, 64), 4.0
    widths = [
        saturated_widths("restricted", (n, n), settle * n**1.61, 0.3 * n**1.61, 3000 if n < 64 else 1000, 5)
        for n in sizes
    ]
    roughness = size_exponent(sizes, widths)
    assert roughness.value == pytest.approx(0.383, abs=0.03)
    assert roughness.u < 0.01


@pytest.mark.slow
def test_bins_show_the_ballistic_exponent_that_the_plain_width_hides() -> None:
    times = [2.0**k for k in range(4, 10)]
    plain = power_law(times, squared_widths("ballistic", (512, 512), times, 4, seed=7))
    binned = power_law(times, squared_widths("ballistic", (512, 512), times, 4, seed=7, bin_edge=4))
    assert 0.5 * plain.value < 0.19
    assert 0.205 <= 0.5 * binned.value <= 0.272
