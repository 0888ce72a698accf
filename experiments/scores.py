"""What a benchmark came to: scores of every (agent, problem) cell, tests between agents, a ranking.

Regrets are fractions of the objective's range on the noise-free truth. Everything here is a function of finished
runs; all intervals are 95 % percentile intervals of a bootstrap over whole runs, drawn together for all agents.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Final

import numpy as np

from tansaki.experiments import statistics as stats
from tansaki.experiments.statistics import Bounds, Floats
from tansaki.experiments.tasks import Run

LEVEL: Final = 0.05
"""Regret at which a run has reached 95 % of the range."""


@dataclass(frozen=True)
class Cell:
    """The runs of one agent on one problem, in the order of their seeds, as arrays (runs, steps)."""

    agent: str
    problem: str
    runs: tuple[Run, ...]

    def column(self, name: str) -> Floats:
        """One column of the step rows, shape (runs, steps); nan where it has no value."""
        rows = [[getattr(step, name) for step in run.steps] for run in self.runs]
        return np.asarray([[math.nan if value is None else float(value) for value in row] for row in rows])

    @property
    def budget(self) -> int:
        """Experiments a run."""
        return len(self.runs[0].steps)

    @cached_property
    def simple(self) -> Floats:
        """Regret of the best point visited so far, shape (runs, steps)."""
        return self.column("regret_simple")

    @cached_property
    def recommended(self) -> Floats:
        """Regret of the point that the agent would go with, shape (runs, steps)."""
        return self.column("regret_recommended")

    @cached_property
    def experiments(self) -> Floats:
        """Experiments to 95 % of the range, shape (runs,); infinity where censored."""
        return np.asarray([stats.first_reach(curve, LEVEL) for curve in self.simple])

    @cached_property
    def clock_h(self) -> Floats:
        """Laboratory time gone after each experiment, hours, shape (runs, steps)."""
        return np.asarray(np.cumsum(self.column("lab_time_s"), axis=1) / 3600.0)

    @cached_property
    def hours(self) -> Floats:
        """Laboratory hours to 95 % of the range, shape (runs,); infinity where censored."""
        steps = np.where(np.isinf(self.experiments), 1, self.experiments).astype(int) - 1
        return np.where(np.isinf(self.experiments), np.inf, self.clock_h[np.arange(len(self.runs)), steps])


@dataclass(frozen=True)
class Scores:
    """Everything that is said about a benchmark; plain values, infinities and nan where nothing can be said."""

    cells: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    """Signed-rank tests on the final recommended regret: all pairs of agents on every problem."""
    ranking: list[dict[str, Any]]


def score(cells: Sequence[Cell], reference: str, median_regret: Mapping[str, float]) -> Scores:
    """Score cells that share seeds and, on each problem, the budget.

    `median_regret` is, for each problem, the regret of the median of the objective over the space.
    """
    found = {(cell.problem, cell.agent): cell for cell in cells}
    problems = list(dict.fromkeys(cell.problem for cell in cells))
    agents = list(dict.fromkeys(cell.agent for cell in cells))
    draw = stats.resampled_runs(len(cells[0].runs))
    ranking = _ranking(found, problems, agents, draw)
    comparisons = _comparisons(found, problems, [row["agent"] for row in ranking], reference)
    rows = []
    for cell in cells:
        against = found[cell.problem, reference]
        row = _alone(cell, draw) | _against(cell, against, median_regret[cell.problem], draw)
        row["p_holm"] = next(
            (
                c["p_holm_reference"]
                for c in comparisons
                if c["problem"] == cell.problem and c["agent"] == cell.agent and c["other"] == reference
            ),
            None,
        )
        rows.append(row)
    return Scores(rows, comparisons, ranking)


def _alone(cell: Cell, draw: Any) -> dict[str, Any]:
    seeds, budget = len(cell.runs), cell.budget
    final = cell.recommended[:, -1]
    middle = stats.median_interval(final, draw)
    reached = stats.censored_median(cell.experiments, budget + 1)
    timed = bool(cell.clock_h[:, -1].any())
    hours = stats.censored_median(cell.hours, cell.clock_h[:, -1]) if timed else Bounds(math.nan, math.nan)
    within = stats.share_interval(int(np.sum(final <= LEVEL)), seeds)
    statuses = [step.status for run in cell.runs for step in run.steps if step.status not in ("pending", "unspent")]
    return {
        "agent": cell.agent,
        "problem": cell.problem,
        "seeds": seeds,
        "budget": budget,
        "regret_recommended_median": middle.value,
        "regret_recommended_low": middle.low,
        "regret_recommended_high": middle.high,
        **_quartiles("regret_recommended", final),
        "recommended_within_5_percent": within.value,
        "recommended_within_5_percent_low": within.low,
        "recommended_within_5_percent_high": within.high,
        "regret_simple_median": float(np.median(cell.simple[:, -1])),
        **_quartiles("regret_simple", cell.simple[:, -1]),
        "reached_95": int(np.isfinite(cell.experiments).sum()),
        "experiments_to_95_median": reached.low if reached.exact else None,
        "experiments_to_95_at_least": reached.low,
        "lab_hours_to_95_median": hours.low if hours.exact else None,
        "lab_hours_to_95_at_least": hours.low,
        "suggest_ms_median": 1e3 * _median_above_zero(cell.column("suggest_s")),
        "failed_share": statuses.count("failed") / len(statuses),
        "censored_share": statuses.count("censored") / len(statuses),
    }


def _median_above_zero(values: Floats) -> float:
    """Units of budget in which nothing was asked hold zero."""
    above = values[values > 0.0]
    return float(np.median(above)) if above.size else 0.0


def _quartiles(name: str, values: Floats) -> dict[str, float]:
    low, high = np.quantile(values, [0.25, 0.75])
    return {f"{name}_q25": float(low), f"{name}_q75": float(high)}


def _against(cell: Cell, reference: Cell, median_regret: float, draw: Any) -> dict[str, Any]:
    """Measures relative to the reference agent; the reference itself is 1 (or 0 gain) by definition."""
    itself = cell.agent == reference.agent
    factor = stats.acceleration(reference.experiments, cell.experiments, cell.budget + 1, draw)
    if itself:
        factor = stats.Acceleration(1.0, 1.0, 1.0, factor.censored)
    restricted = stats.restricted_mean_ratio(reference.experiments, cell.experiments, cell.budget, draw)
    ends = np.stack([reference.simple[:, -1], cell.simple[:, -1]])
    gain = stats.bootstrap(
        lambda drawn: (np.median(drawn[0], axis=-1) - np.median(drawn[1], axis=-1)) / median_regret, ends, draw
    )
    row: dict[str, Any] = {"reference": reference.agent}
    row |= {"af": factor.value, "af_low": factor.low, "af_high": factor.high, "af_censored": factor.censored}
    row |= _interval("af_restricted_mean", restricted) | _interval("normalised_value_gain", gain)
    found = np.stack([reference.column("discovered")[:, -1], cell.column("discovered")[:, -1]])
    if not np.isnan(found).any():
        with np.errstate(divide="ignore", invalid="ignore"):
            enhancement = stats.bootstrap(lambda drawn: drawn[1].mean(axis=-1) / drawn[0].mean(axis=-1), found, draw)
        row |= _interval("discovery_enhancement", enhancement)
        row["discovered_top_5_percent"] = float(found[1].mean())
    return row


def _interval(name: str, interval: stats.Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _comparisons(
    found: Mapping[tuple[str, str], Cell], problems: Sequence[str], agents: Sequence[str], reference: str
) -> list[dict[str, Any]]:
    """All pairs, corrected over all of them; those with the reference also corrected among themselves."""
    pairs = [(a, b) for a, b in combinations(agents, 2)]
    pairs = [(b, a) if a == reference else (a, b) for a, b in pairs]
    rows: list[dict[str, Any]] = []
    for problem in problems:
        for agent, other in pairs:
            mine, theirs = found[problem, agent].recommended[:, -1], found[problem, other].recommended[:, -1]
            difference = theirs - mine
            rows.append(
                {
                    "problem": problem,
                    "agent": agent,
                    "other": other,
                    "better": int(np.sum(difference > 1e-12)),
                    "equal": int(np.sum(np.abs(difference) <= 1e-12)),
                    "worse": int(np.sum(difference < -1e-12)),
                    "mean_difference": float(np.mean(difference)),
                    "sd_difference": float(np.std(difference, ddof=1)) if len(difference) > 1 else math.nan,
                    "p": stats.signed_rank(mine, theirs),
                }
            )
    for row, corrected in zip(rows, stats.holm([row["p"] for row in rows]), strict=True):
        row["p_holm_all_pairs"] = corrected
    with_reference = [row for row in rows if row["other"] == reference]
    for row, corrected in zip(with_reference, stats.holm([row["p"] for row in with_reference]), strict=True):
        row["p_holm_reference"] = corrected
    return rows


def _ranking(
    found: Mapping[tuple[str, str], Cell], problems: Sequence[str], agents: Sequence[str], draw: Any
) -> list[dict[str, Any]]:
    """Agents by their rank in median recommended regret, averaged over problems, with bootstrap intervals."""
    finals = [np.stack([found[problem, agent].recommended[:, -1] for agent in agents]) for problem in problems]
    ranks = stats.mean_ranks([np.median(final, axis=-1) for final in finals])
    drawn = stats.mean_ranks([np.median(final[:, draw], axis=-1).T for final in finals])
    ends = [stats.percentiles(drawn[:, i]) for i in range(len(agents))]
    rows = [
        {"agent": agent, "mean_rank": float(ranks[i]), "mean_rank_low": ends[i][0], "mean_rank_high": ends[i][1]}
        for i, agent in enumerate(agents)
    ]
    return sorted(rows, key=lambda row: row["mean_rank"])


def acceleration_text(cell: Mapping[str, Any]) -> str:
    """AF of a cell with its interval; what is censored is written as a bound."""
    if cell["agent"] == cell["reference"]:
        return "1 (reference)"
    value, high = cell["af"], cell["af_high"]
    interval = f"{cell['af_low']:.2f} to {high:.2f}" if math.isfinite(high) else f"{cell['af_low']:.2f} or more"
    if cell["af_low"] <= 0.0 and not math.isfinite(high):
        interval = "no bound"
    if math.isnan(value):
        return f"not reached ({interval})"
    if not cell["af_censored"]:
        return f"{value:.2f} ({interval})"
    sign = "≤" if cell["experiments_to_95_median"] is None else "≥"
    return f"{sign} {value:.2f} ({interval})"


def experiments_text(cell: Mapping[str, Any]) -> str:
    """Median number of experiments to 95 % of the range, or the bound that a censored median has."""
    at_least = (
        f"> {cell['budget']}"
        if cell["experiments_to_95_at_least"] > cell["budget"]
        else (f"≥ {cell['experiments_to_95_at_least']:g}")
    )
    median = cell["experiments_to_95_median"]
    return f"{at_least if median is None else f'{median:g}'} ({cell['reached_95']}/{cell['seeds']} runs)"
