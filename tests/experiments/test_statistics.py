"""Statistics against hand-computed values, SciPy, published tables and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from tansaki.experiments import statistics as stats
from tansaki.experiments.statistics import Bounds

INF = math.inf
ITSELF = np.array([[0, 1, 2, 3, 4]])
counts = st.lists(st.one_of(st.integers(1, 20).map(float), st.just(INF)), min_size=3, max_size=12)


def test_first_reach_counts_from_one_and_never_is_infinite() -> None:
    assert stats.first_reach([0.3, 0.05, 0.01], 0.05) == 2
    assert stats.first_reach([0.05], 0.05) == 1
    assert stats.first_reach([0.3, 0.2], 0.05) == INF


def test_censored_median_by_hand() -> None:
    assert stats.censored_median([3, 1, 2], 21) == Bounds(2, 2)
    # two of five censored: the median is still a number
    assert stats.censored_median([3, 1, INF, 2, INF], 21) == Bounds(3, 3)
    # three of five: above the budget, no more is known
    assert stats.censored_median([3, 1, INF, INF, INF], 21) == Bounds(21, INF)
    # four runs, the middle two are 5 and censored: at least (5 + 21) / 2
    assert stats.censored_median([5, 1, INF, INF], 21) == Bounds(13, INF)
    # each run its own bound (hours)
    assert stats.censored_median([5, INF, INF], [0, 30, 40]) == Bounds(30, INF)


@given(counts)
def test_censored_median_holds_every_completion(values: list[float]) -> None:
    found = stats.censored_median(values, 21)
    for late in (21.0, 50.0, 1e6):
        completed = np.median(np.where(np.isinf(values), late, values))
        assert found.low <= completed <= found.high


def test_acceleration_by_hand() -> None:
    # medians 12 and 4
    found = stats.acceleration([12, 10, 14, 8, 20], [4, 2, 4, 6, 10], 21, ITSELF)
    assert (found.value, found.low, found.high, found.censored) == (3.0, 3.0, 3.0, False)


def test_acceleration_when_only_the_reference_is_censored_is_a_lower_bound() -> None:
    found = stats.acceleration([INF, INF, INF, 8, 20], [4, 2, 4, 6, 10], 21, ITSELF)
    assert (found.value, found.low, found.high, found.censored) == (21 / 4, 21 / 4, INF, True)


def test_acceleration_when_only_the_agent_is_censored_is_an_upper_bound() -> None:
    found = stats.acceleration([4, 2, 4, 6, 10], [INF, INF, INF, 8, 20], 21, ITSELF)
    assert (found.value, found.low, found.high, found.censored) == (4 / 21, 0.0, 4 / 21, True)


def test_acceleration_when_both_are_censored_says_nothing() -> None:
    found = stats.acceleration([INF] * 5, [INF] * 5, 21, ITSELF)
    assert math.isnan(found.value)
    assert (found.low, found.high, found.censored) == (0.0, INF, True)


def test_pairing_by_seed_is_kept_in_the_bootstrap() -> None:
    # every agent run takes a third of its partner: whatever seeds are drawn, the ratio is 3
    agent = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 4.0])
    found = stats.acceleration(3 * agent, agent, 100, stats.resampled_runs(7))
    assert found.low == pytest.approx(3.0)
    assert found.high == pytest.approx(3.0)


@given(counts, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_acceleration_interval_holds_the_claimed_bound_of_no_resampling(values: list[float], random) -> None:
    other = list(values)
    random.shuffle(other)
    itself = np.arange(len(values))[None, :]
    found = stats.acceleration(values, other, 21, itself)
    assert found.low <= found.high
    if not math.isnan(found.value):
        assert found.low <= found.value <= found.high


def test_restricted_mean_ratio_by_hand() -> None:
    # means of min(n, 20): (20 + 20 + 20 + 8 + 12) / 5 = 16 and (4 + 4 + 8 + 20 + 4) / 5 = 8
    found = stats.restricted_mean_ratio([INF, INF, 20, 8, 12], [4, 4, 8, INF, 4], 20, ITSELF)
    assert found.value == found.low == found.high == 2.0


def test_bootstrap_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(1).normal(size=40)
    mine = stats.bootstrap(lambda drawn: drawn.mean(axis=-1), values, stats.resampled_runs(40, 20000))
    theirs = scipy_stats.bootstrap((values,), np.mean, n_resamples=20000, method="percentile", rng=2)
    assert mine.value == pytest.approx(values.mean())
    assert mine.low == pytest.approx(theirs.confidence_interval.low, abs=0.01)
    assert mine.high == pytest.approx(theirs.confidence_interval.high, abs=0.01)


def test_at_least_2000_resamples_the_same_every_time() -> None:
    assert stats.RESAMPLES >= 2000
    assert np.array_equal(stats.resampled_runs(30), stats.resampled_runs(30))


def test_what_is_nothing_over_nothing_widens_both_ends() -> None:
    values = np.concatenate([np.full(90, 2.0), np.full(10, np.nan)])
    assert stats.percentiles(values) == (-INF, INF)


def test_share_interval_against_clopper_and_pearson() -> None:
    # 9 of 10: 0.5550 to 0.9975 (Clopper & Pearson 1934, chart and tables of exact limits)
    found = stats.share_interval(9, 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.9, 0.5550, 0.9975), abs=5e-5)
    assert stats.share_interval(0, 10).low == 0.0
    assert stats.share_interval(10, 10).high == 1.0


def test_signed_rank_of_five_equal_signs_is_two_in_32() -> None:
    assert stats.signed_rank([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]) == pytest.approx(2 / 32)


def test_signed_rank_agrees_with_scipy_and_is_symmetric() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 30))
    expected = scipy_stats.wilcoxon(first, second).pvalue
    assert stats.signed_rank(first, second) == pytest.approx(expected, rel=1e-9)
    assert stats.signed_rank(second, first) == pytest.approx(expected, rel=1e-9)


def test_signed_rank_of_ties() -> None:
    assert stats.signed_rank([0.1, 0.2], [0.1, 0.2]) == 1.0
    # rounding noise is no difference
    assert stats.signed_rank([0.1 + 0.2, 0.5, 0.7], [0.3, 0.5, 0.7]) == 1.0
    # Equal pairs weaken the evidence: nine wins with and without nine draws.
    wins, draws = np.arange(1.0, 10.0), np.zeros(9)
    assert stats.signed_rank(np.r_[wins, draws], np.zeros(18)) > stats.signed_rank(wins, np.zeros(9))


def test_holm_by_hand() -> None:
    # sorted 0.005 x 4, 0.01 x 3, 0.03 x 2, max(0.06, 0.04 x 1)
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([0.6, 0.7]) == [1.0, 1.0]
    assert stats.holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_raw_and_bonferroni(p_values: list[float]) -> None:
    for raw, corrected in zip(p_values, stats.holm(p_values), strict=True):
        assert raw <= corrected <= min(1.0, len(p_values) * raw) + 1e-15


def test_mean_ranks_share_ties() -> None:
    first, second = np.array([0.1, 0.0, 0.1]), np.array([0.5, 0.2, 0.1])
    assert stats.mean_ranks([first]).tolist() == [2.5, 1.0, 2.5]
    assert stats.mean_ranks([first, second]).tolist() == [2.75, 1.5, 1.75]


def test_band_holds_the_whole_true_curve_where_pointwise_intervals_do_not() -> None:
    rng = np.random.default_rng(4)
    draw = stats.resampled_runs(40, 1000)
    inside = pointwise = 0
    for _ in range(120):
        curves = rng.normal(size=(40, 12))
        _, low, high = stats.simultaneous_band(curves, draw)
        inside += bool(np.all((low <= 0) & (high >= 0)))
        ends = np.quantile(np.median(curves[draw], axis=1), [0.025, 0.975], axis=0)
        pointwise += bool(np.all((ends[0] <= 0) & (ends[1] >= 0)))
    assert inside / 120 > 0.88
    assert pointwise < inside


def test_detectable_effect_by_hand() -> None:
    # z(0.975) + z(0.8) = 1.95996 + 0.84162; sqrt(3 / pi * 30) = 5.35237
    found = stats.detectable_effect(30, 1, sd_regret=0.1, sd_log_experiments=1.0)
    assert found.regret_difference == pytest.approx(0.1 * 2.80158 / 5.35237, rel=1e-5)
    assert found.acceleration == pytest.approx(math.exp(2.80158 / 5.35237), rel=1e-5)
    assert stats.detectable_effect(30, 4).regret_difference > found.regret_difference


def test_seeds_needed_is_where_the_smallest_p_falls_below_the_level() -> None:
    for comparisons in (1, 4, 10):
        found = stats.detectable_effect(5, comparisons)
        level = stats.ALPHA / comparisons
        assert 2.0 ** (1 - found.seeds_needed) <= level < 2.0 ** (2 - found.seeds_needed)


def test_detectable_effect_has_the_power_that_it_claims() -> None:
    found = stats.detectable_effect(30, 1, sd_regret=1.0)
    rng = np.random.default_rng(5)
    hits = sum(
        stats.signed_rank(rng.normal(found.regret_difference, 1.0, 30), np.zeros(30)) < stats.ALPHA for _ in range(600)
    )
    assert hits / 600 == pytest.approx(stats.POWER, abs=0.05)
