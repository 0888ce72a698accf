"""Arcs: the statistics of a Poisson process, its rate, and the same seed the same arcs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from tansaki.twin.deposition import arcs
from tansaki.twin.deposition.arcs import ArcParameters, arc_rate_per_s, drawn_arcs
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load
from tansaki.twin.randomness import generator

ARCS = load("instruments", "sputter_tio2_2inch").parameters("arcs", ArcParameters)
EDGES = (0.0, 2.0, 3.0, 10.0, 14.0)
RATES = (1.0, 8.0, 0.0, 0.5)
MEAN = 12.0


def test_counts_are_poisson() -> None:
    """Mean ∫λ dt and variance over mean one, within 4 standard errors of 4000 runs."""
    runs = 4000
    counts = np.array([drawn_arcs(EDGES, RATES, ARCS, generator(3, "arcs", run)).times_s.size for run in range(runs)])
    assert counts.mean() == pytest.approx(MEAN, abs=4.0 * math.sqrt(MEAN / runs))
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(1.0, abs=4.0 * math.sqrt(2.0 / runs))


def test_times_follow_the_rate() -> None:
    times = np.concatenate([drawn_arcs(EDGES, RATES, ARCS, generator(5, "arcs", k)).times_s for k in range(400)])
    expected = np.concatenate(([0.0], np.cumsum(np.array(RATES) * np.diff(EDGES)))) / MEAN
    assert kstest(times, lambda t: np.interp(t, EDGES, expected)).pvalue > 0.01
    assert not np.any((times > 3.0) & (times < 10.0))


def test_arcs_are_in_order_and_inside_and_carry_their_charge() -> None:
    drawn = drawn_arcs(EDGES, RATES, ARCS, generator(1, "arcs"))
    assert np.all(np.diff(drawn.times_s) >= 0.0)
    assert drawn.times_s.min() >= EDGES[0]
    assert drawn.times_s.max() <= EDGES[-1]
    assert np.all(drawn.durations_s > 0.0)
    np.testing.assert_allclose(drawn.charges_c, ARCS.arc_current_a * drawn.durations_s)


def test_durations_have_their_median_and_spread() -> None:
    drawn = drawn_arcs((0.0, 1.0), (20000.0,), ARCS, generator(2, "arcs"))
    logarithm = np.log(drawn.durations_s / ARCS.duration_s)
    assert logarithm.mean() == pytest.approx(0.0, abs=4.0 * ARCS.duration_log_sigma / math.sqrt(logarithm.size))
    assert logarithm.std() == pytest.approx(ARCS.duration_log_sigma, rel=0.03)


def test_same_seed_same_arcs() -> None:
    one, same, other = (drawn_arcs(EDGES, RATES, ARCS, generator(seed, "arcs")) for seed in (7, 7, 8))
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one.times_s, other.times_s)


def test_no_rate_no_arcs() -> None:
    drawn = drawn_arcs((0.0, 5.0, 100.0), (0.0, 0.0), ARCS, generator(1, "arcs"))
    assert all(field.shape == (0,) for field in drawn)


def test_rate_rises_with_the_compound_and_falls_with_the_drive() -> None:
    direct = [arc_rate_per_s(coverage, 0.0, ARCS) for coverage in (0.0, 0.3, 0.7, 1.0)]
    assert direct == sorted(direct)
    assert direct[0] == pytest.approx(ARCS.metal_rate_per_s)
    assert direct[-1] == pytest.approx(ARCS.compound_rate_per_s)
    assert arc_rate_per_s(1.0, ARCS.suppression_frequency_hz, ARCS) == pytest.approx(direct[-1] / 2.0)
    assert arc_rate_per_s(1.0, 13.56e6, ARCS) < 1e-3 * direct[-1]


@pytest.mark.parametrize(
    ("edges", "rates", "message"),
    [
        ((0.0, 0.0), (1.0,), "increasing"),
        ((0.0,), (), "at least two"),
        ((0.0, math.nan), (1.0,), "finite"),
        ((0.0, 1.0), (1.0, 2.0), "one rate an interval"),
        ((0.0, 1.0), (-1.0,), "0 or more"),
        ((0.0, 1.0), (math.inf,), "finite rates"),
    ],
)
def test_a_bad_rate_is_refused(edges: Any, rates: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        drawn_arcs(edges, rates, ARCS, generator(1, "arcs"))


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(31)

    def rounded(values: Any) -> Any:
        return np.asarray(values, np.float32).astype(np.float64)

    parameters = ArcParameters(*(rounded(value * np.exp(rng.uniform(-0.5, 0.5, 1000))) for value in ARCS))
    coverage, drive = rounded(rng.random(1000)), rounded(rng.uniform(0.0, 1e5, 1000))
    engines_agree(arcs, "arc_rate_per_s", (coverage, drive, parameters))
