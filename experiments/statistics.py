"""Statistics of paired, censored benchmark runs: what the numbers of a ranking rest on.

One run is one campaign; its experiments are not independent, so runs are resampled whole, and all agents with
the same draw of seeds, because a seed is one world that every agent meets. A run that does not reach a level
within its budget is censored: its number of experiments is known to be above the budget and nothing else. Such a
run is carried as infinity, a median that touches it as an interval, never dropped and never replaced.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.randomness import generator

Floats = NDArray[np.float64]
RESAMPLES: Final = 4000
CONFIDENCE: Final = 0.95
ALPHA: Final = 0.05
POWER: Final = 0.8
ASSUMED_SD_REGRET: Final = 0.10
"""Standard deviation over seeds of the paired difference in recommended regret, fraction of the range; assumed."""
ASSUMED_SD_LOG_EXPERIMENTS: Final = 1.0
"""Standard deviation over seeds of ln(n_ref / n_agent) at one level; assumed."""
RANK_EFFICIENCY: Final = 3.0 / math.pi
"""Efficiency of the signed-rank test relative to the t test on normal differences (Hodges and Lehmann 1956)."""
_ROUNDING: Final = 12
"""Decimals of a regret beyond which two are the same: below it they differ by the order of their sums."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of a number: it lies in [low, high]; `low` equals `high` where it is known exactly."""

    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether the number is known."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Acceleration:
    """Acceleration factor n_ref(L) / n_agent(L) at one level L, with n the median number of experiments over runs.

    `value` is the ratio, or the bound that can be claimed where a median is censored: a lower bound if only the
    reference's is, an upper bound if only the agent's is, nan if both are. `low` and `high` are the ends of the
    bootstrap interval, the lower end taken over lower bounds and the upper end over upper bounds.
    """

    value: float
    low: float
    high: float
    censored: bool


@dataclass(frozen=True, slots=True)
class DetectableEffect:
    """The smallest true effect that a design finds with the stated power; see `detectable_effect`."""

    seeds: int
    comparisons: int
    regret_difference: float
    acceleration: float
    smallest_p: float
    """The smallest p value that a signed-rank test on so many pairs can give."""
    seeds_needed: int
    """Seeds below which that smallest p value stays above the corrected level."""


def first_reach(regret: ArrayLike, level: float) -> float:
    """Number of experiments (from 1) at which `regret`, shape (steps,), is first <= `level`; infinity if never."""
    reached = np.flatnonzero(np.asarray(regret, dtype=np.float64) <= level)
    return float(reached[0] + 1) if reached.size else math.inf


def censored_median(values: ArrayLike, bound: ArrayLike) -> Bounds:
    """Median of `values`, shape (runs,), in which infinity stands for "at least `bound`" (one, or one a run)."""
    runs = np.asarray(values, dtype=np.float64)
    low, high = _median_bounds(runs, np.broadcast_to(np.asarray(bound, dtype=np.float64), runs.shape))
    return Bounds(float(low), float(high))


def resampled_runs(runs: int, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.intp]:
    """Positions of runs drawn with replacement, shape (resamples, runs); the same draw serves every agent."""
    return generator(seed, "bootstrap", runs).integers(runs, size=(resamples, runs))


def bootstrap(estimate: Callable[[Floats], Floats], runs: ArrayLike, draw: NDArray[np.intp]) -> Interval:
    """Percentile interval of `estimate` over whole runs.

    `runs` has shape (..., runs); `estimate` maps (..., resamples, runs) to (resamples,), and the runs of all rows
    are drawn together, which keeps the pairing. A resample whose estimate is not a number (nothing over nothing)
    counts against both ends.
    """
    values = np.asarray(runs, dtype=np.float64)
    value = float(estimate(values[..., None, :])[0])
    return Interval(value, *percentiles(estimate(values[..., draw])))


def percentiles(values: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Ends of the central interval of resampled estimates; conservative order statistics, infinities allowed."""
    tail = (1.0 - confidence) / 2.0
    unknown = np.isnan(values)  # nothing over nothing: it may be anything
    low = np.quantile(np.where(unknown, -np.inf, values), tail, method="lower")
    return float(low), float(np.quantile(np.where(unknown, np.inf, values), 1.0 - tail, method="higher"))


def acceleration(reference: ArrayLike, agent: ArrayLike, bound: ArrayLike, draw: NDArray[np.intp]) -> Acceleration:
    """Acceleration factor of `agent` over `reference`, each shape (runs,), paired; infinity stands for censored.

    `bound` is what a censored run is known to have exceeded: the budget plus one, or one number a run where the
    cost is counted in hours (then of shape (2, runs): reference, agent).
    """
    runs = np.stack([np.asarray(reference, dtype=np.float64), np.asarray(agent, dtype=np.float64)])
    bounds = np.broadcast_to(np.asarray(bound, dtype=np.float64), runs.shape)
    low, high = _median_bounds(runs, bounds)
    censored = low < high
    # A censored median enters with the bound that it is known to exceed.
    value = math.nan if censored.all() else float(low[0] / low[1])
    low, high = _median_bounds(runs[:, draw], bounds[:, draw])
    ratio_low, ratio_high = low[0] / high[1], high[0] / low[1]
    return Acceleration(value, percentiles(ratio_low)[0], percentiles(ratio_high)[1], bool(censored.any()))


def restricted_mean_ratio(reference: ArrayLike, agent: ArrayLike, budget: float, draw: NDArray[np.intp]) -> Interval:
    """Ratio of mean numbers of experiments, each run counted up to `budget`: always defined, pulled towards 1.

    The restricted mean of survival analysis (Royston and Parmar 2011), mean of min(n, budget).
    """
    runs = np.minimum(np.stack([np.asarray(reference, float), np.asarray(agent, float)]), budget)
    return bootstrap(lambda drawn: drawn[0].mean(axis=-1) / drawn[1].mean(axis=-1), runs, draw)


def median_interval(values: ArrayLike, draw: NDArray[np.intp]) -> Interval:
    """Median over runs with its interval."""
    return bootstrap(lambda drawn: np.median(drawn, axis=-1), values, draw)


def share_interval(hits: int, runs: int) -> Interval:
    """Share of runs with its exact (Clopper-Pearson) interval."""
    from scipy.stats import beta

    tail = (1.0 - CONFIDENCE) / 2.0
    low = float(beta.ppf(tail, hits, runs - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1.0 - tail, hits + 1, runs - hits)) if hits < runs else 1.0
    return Interval(hits / runs, low, high)


def simultaneous_band(curves: ArrayLike, draw: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    """Median curve over runs with a band that holds the whole curve, not each of its points, with 95 % confidence.

    `curves` has shape (runs, steps). The band is the widest-rank envelope of the resampled median curves: the k-th
    smallest to the k-th largest at every step, k as large as leaves 95 % of the curves inside from end to end
    (global rank envelope, Myllymaki et al. 2017). Returns (median, low, high), each of shape (steps,).
    """
    values = np.asarray(curves, dtype=np.float64)
    medians = np.median(values[draw[:2000]], axis=1)
    ordered = np.sort(medians, axis=0)
    depth = np.full(len(medians), len(medians))
    for step in range(medians.shape[1]):
        below = np.searchsorted(ordered[:, step], medians[:, step], side="right")
        above = len(medians) - np.searchsorted(ordered[:, step], medians[:, step], side="left")
        depth = np.minimum(depth, np.minimum(below, above))
    k = int(np.quantile(depth, 1.0 - CONFIDENCE, method="lower"))
    return np.median(values, axis=0), ordered[k - 1], ordered[-k]


def signed_rank(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided p value of Wilcoxon's signed-rank test on paired runs; 1 if no pair differs.

    Pairs without a difference are ranked with the others and split between the signs (Pratt 1959 for the ranking,
    `zsplit` in SciPy): dropping them would overstate how many runs speak.
    """
    from scipy.stats import wilcoxon

    difference = np.round(np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64), _ROUNDING)
    if not difference.any():
        return 1.0
    return float(wilcoxon(difference, zero_method="zsplit").pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number by Holm's step-down procedure (1979), in the order given."""
    corrected = [0.0] * len(p_values)
    running = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, (len(p_values) - rank) * p_values[position])
        corrected[position] = min(running, 1.0)
    return corrected


def mean_ranks(scores: Sequence[Floats]) -> Floats:
    """Rank of each agent (1 is the smallest score, ties share the mean of their ranks), averaged over problems.

    Each entry of `scores` is one problem, shape (..., agents).
    """
    from scipy.stats import rankdata

    ranks = [rankdata(np.round(problem, _ROUNDING), axis=-1) for problem in scores]
    return np.asarray(np.mean(ranks, axis=0), dtype=np.float64)


def detectable_effect(
    seeds: int,
    comparisons: int,
    sd_regret: float = ASSUMED_SD_REGRET,
    sd_log_experiments: float = ASSUMED_SD_LOG_EXPERIMENTS,
) -> DetectableEffect:
    """The paired difference, and the acceleration factor, that `seeds` runs find with power 0.8 at level 0.05.

    Normal approximation to the paired signed-rank test::

        delta = (z(1 - alpha / (2 m)) + z(power)) * sd / sqrt(efficiency * seeds),   AF = exp(delta of ln n)

    with m comparisons: alpha / m is the strictest step of Holm's correction, so a single true difference among
    many is found. `sd_regret` is the standard deviation over seeds of the paired difference (fraction of the
    range), `sd_log_experiments` that of the log ratio of experiments; their defaults are assumed. Valid for about
    10 seeds and more.
    """
    from scipy.stats import norm

    comparisons = max(comparisons, 1)
    level = ALPHA / comparisons
    spread = float(norm.ppf(1.0 - level / 2.0) + norm.ppf(POWER)) / math.sqrt(RANK_EFFICIENCY * seeds)
    return DetectableEffect(
        seeds=seeds,
        comparisons=comparisons,
        regret_difference=spread * sd_regret,
        acceleration=math.exp(spread * sd_log_experiments),
        smallest_p=min(1.0, 2.0 ** (1 - seeds)),
        seeds_needed=math.ceil(1.0 - math.log2(level)),
    )


def detectable_sentences(seeds: int, comparisons: int) -> list[str]:
    """What a design can find, in words, with its assumptions."""
    effect = detectable_effect(seeds, comparisons)
    lines = [
        f"minimum detectable effect with {seeds} paired seeds (power {POWER:.0%}, alpha {ALPHA:g} with Holm's"
        f" correction over {effect.comparisons} comparisons with the reference):",
        f"  paired difference in recommended regret {effect.regret_difference:.1%} of the range,"
        f" assuming a standard deviation of {ASSUMED_SD_REGRET:.0%} over seeds",
        f"  acceleration factor {effect.acceleration:.2f}, assuming a standard deviation of"
        f" {ASSUMED_SD_LOG_EXPERIMENTS:g} of ln(n_ref/n_agent) over seeds",
        "  normal approximation to the paired signed-rank test: (z(1 - alpha/2m) + z(power)) * sd / sqrt(3/pi * seeds)",
    ]
    if seeds < effect.seeds_needed:
        lines.append(
            f"  with {seeds} seeds the smallest possible p is {effect.smallest_p:.2g}: no difference can become"
            f" significant; at least {effect.seeds_needed} seeds are needed"
        )
    return lines


def _median_bounds(runs: Floats, bounds: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest median over the last axis that censored runs (infinite) allow."""
    censored = np.isinf(runs)
    low = np.median(np.where(censored, bounds, runs), axis=-1)
    # The two middle runs are taken apart: the mean of a number and infinity is infinity, that of two infinities too.
    return low, np.median(runs, axis=-1)
