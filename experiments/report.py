"""Reports: one self-contained HTML file for a benchmark or for a campaign, its data beside it."""

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from tansaki.experiments import experiment_figures, figures, page
from tansaki.experiments import journal as journals
from tansaki.experiments.benchmark import Benchmark
from tansaki.experiments.raw_figures import raw_panel
from tansaki.experiments.results import FILE_NAME
from tansaki.experiments.scores import LEVEL, Scores, acceleration_text, experiments_text
from tansaki.experiments.statistics import RESAMPLES, detectable_effect, detectable_sentences
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.records import Experiment

REPORT: Final = "report.html"
HOW_TO_READ: Final = (
    (
        "Regret",
        "Shortfall against the best value that the problem has without noise, as a share of the objective's "
        "range: 0 % is the optimum, 100 % the worst point. It is computed on the truth, which no agent sees.",
    ),
    (
        "Simple and recommended",
        "Simple regret looks at the best point that an agent has visited; regret of the recommended point at "
        "the one that it would hand over. Under noise they differ, and the second is what a laboratory gets.",
    ),
    (
        "AF, acceleration factor",
        "Experiments that the reference agent needs to reach 95 % of the range, divided by those that this "
        "agent needs; both are medians over seeds. AF 3 means a third of the experiments.",
    ),
    (
        "Censored",
        "A run that does not get there within its budget is not dropped: it counts as needing more than the "
        "budget. Where a median falls on such a run, AF is a bound, written with ≥ or ≤.",
    ),
    (
        "Intervals",
        "95 % intervals from a bootstrap over whole runs, the same seeds drawn for every agent. An interval "
        "for AF that lies above 1 means: faster than the reference, beyond what the choice of seeds explains.",
    ),
    (
        "p (Holm)",
        "Wilcoxon signed-rank test on the recommended regret of paired seeds, corrected for the number of "
        "comparisons; below 0.05 the difference is called significant.",
    ),
    (
        "Ratio of restricted means",
        "Mean experiments to 95 % of the range, each run counted up to the budget, reference over agent. It "
        "is always defined, and censoring pulls it towards 1.",
    ),
    (
        "Discovery enhancement",
        "On pools: share of the best 5 % of the pool found within the budget, agent over reference.",
    ),
    (
        "Normalised value gain",
        "(y agent - y reference) / (y optimum - median of the space), y being the median over seeds of the "
        "best true value visited. It does not change when a constant is added to the objective.",
    ),
)


def write_report(folder: Path, validation: bool = False) -> Path:
    """The report of whatever `folder` holds, a finished benchmark or a campaign; with the validation table if asked."""
    if (folder / FILE_NAME).is_file():
        with Benchmark.open(folder) as benchmark:
            return write_benchmark_report(benchmark, validation)[0]
    if (folder / journals.FILE_NAME).is_file():
        return write_campaign_report(folder, validation)
    allowed = f"a folder with {FILE_NAME} (benchmark) or {journals.FILE_NAME} (campaign)"
    raise InvalidInputError("report", str(folder), allowed)


def write_benchmark_report(benchmark: Benchmark, validation: bool = False) -> tuple[Path, list[Path]]:
    """``report.html`` with ``steps.parquet`` and ``scores.json`` beside it; returns the page and all files."""
    left = len(benchmark.left())
    if left:
        command = benchmark.config.command(benchmark.out)
        raise StateError(f"{left} of {len(benchmark.tasks)} campaigns are not finished; go on with: {command}")
    steps = benchmark.write_steps()
    scores = benchmark.out / "scores.json"
    said = benchmark.scores
    content: dict[str, Any] = {"cells": said.cells, "comparisons": said.comparisons, "ranking": said.ranking}
    content["versions"] = benchmark.results.note("versions")
    content["config"] = benchmark.results.note("config")
    content["problems"] = benchmark.problems
    scores.write_text(json.dumps(_finite(content), indent=1, ensure_ascii=False), encoding="utf-8")
    path = benchmark.out / REPORT
    path.write_text(benchmark_page(benchmark, validation), encoding="utf-8")
    return path, [path, steps, scores]


def benchmark_page(benchmark: Benchmark, validation: bool = False) -> str:
    """The report of a finished benchmark as HTML."""
    config, scores = benchmark.config, benchmark.scores
    title = f"{len(config.agents)} agents on {', '.join(map(_short_name, config.problems))}"
    body = [
        f"<h1>{escape(title)}</h1>",
        page.paragraph(_verdict(scores.ranking, scores.cells, config.reference), "lead"),
        _contents(len(config.problems), validation),
        '<h2 id="ranking">Ranking</h2>',
        _ranking_table(scores, config.seeds, config.problems),
    ]
    for number, name in enumerate(config.problems, start=1):
        body += _problem_section(benchmark, name, number)
    body += ['<h2 id="tests">Tests between agents</h2>', _comparison_table(scores.comparisons)]
    body += ['<h2 id="experiment">One experiment</h2>', *_experiment_section(benchmark)]
    body += ['<h2 id="reading">How to read the numbers</h2>', page.definitions(HOW_TO_READ)]
    body += _validation(validation)
    body += ['<h2 id="configuration">Configuration</h2>', *_configuration(benchmark)]
    return page.page(f"tansaki benchmark: {title}", body)


def _verdict(ranking: Sequence[Mapping[str, Any]], cells: Sequence[Mapping[str, Any]], reference: str) -> str:
    """The result in two sentences, no stronger than its intervals."""
    best = [row["agent"] for row in ranking if row["mean_rank"] == ranking[0]["mean_rank"]]
    mine = [cell for cell in cells if cell["agent"] == best[0]]
    words = "; ".join(
        f"{_short_name(cell['problem'])}: {_percent(cell['regret_recommended_median'])} of the range"
        f" ({_percent(cell['regret_recommended_low'])} to {_percent(cell['regret_recommended_high'])})"
        for cell in mine
    )
    leads = f"{' and '.join(best)} {'ranks' if len(best) == 1 else 'rank'} first."
    leads += f" Median regret of what {best[0]} recommends: {words}."
    if best[0] == reference:
        return leads
    faster = [cell for cell in mine if cell["af_low"] > 1]
    if len(faster) == len(mine):
        return (
            f"{leads} It reaches 95 % of the range sooner than {reference}: the interval of its acceleration factor"
            f" lies above 1{' on every problem' * (len(mine) > 1)}."
        )
    return (
        f"{leads} Its acceleration over {reference} has an interval above 1 on {len(faster)} of {len(mine)}"
        f" problem{'s' * (len(mine) > 1)}."
    )


def _validation(wanted: bool) -> list[str]:
    if not wanted:
        return []
    from tansaki.experiments.validation.section import validation_section

    return validation_section()


def _contents(problems: int, validation: bool) -> str:
    entries = [("ranking", "Ranking"), *[(f"problem-{i}", f"Problem {i}") for i in range(1, problems + 1)]]
    entries += [("tests", "Tests"), ("experiment", "One experiment"), ("reading", "How to read the numbers")]
    entries += [("validation", "How good is the twin")] if validation else []
    entries += [("configuration", "Configuration")]
    links = "".join(f'<li><a href="#{anchor}">{escape(text)}</a></li>' for anchor, text in entries)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _ranking_table(scores: Scores, seeds: int, problems: Sequence[str]) -> str:
    found = {(row["problem"], row["agent"]): row for row in scores.cells}
    columns = ["agent", "rank", "95 % interval"]
    for problem in problems:
        name = f"{_short_name(problem)}: " if len(problems) > 1 else ""
        columns += [f"{name}median regret recommended", f"{name}AF (95 % interval)"]
    rows = []
    for row in scores.ranking:
        cells = [row["agent"], f"{row['mean_rank']:.3g}", f"{row['mean_rank_low']:.3g} to {row['mean_rank_high']:.3g}"]
        for problem in problems:
            cell = found[problem, row["agent"]]
            cells += [_percent(cell["regret_recommended_median"]), acceleration_text(cell)]
        rows.append(cells)
    caption = (
        f"Rank of the median regret of the recommended point at the end of the budget (1 is best, ties share), over"
        f" {seeds} paired seeds{f', averaged over {len(problems)} problems' if len(problems) > 1 else ''}. Agents whose"
        " intervals overlap are not told apart by their rank."
    )
    return page.table(caption, columns, rows)


def _problem_section(benchmark: Benchmark, name: str, number: int) -> list[str]:
    described = benchmark.problems[name]
    order = {row["agent"]: i for i, row in enumerate(benchmark.scores.ranking)}
    rows = sorted((r for r in benchmark.scores.cells if r["problem"] == name), key=lambda r: order[r["agent"]])
    cells = sorted((c for c in benchmark.cells if c.problem == name), key=lambda c: order[c.agent])
    objective, truth = described["objective"], described["truth"]
    unit = f" {objective['unit']}" if objective["unit"] else ""
    space = f"a pool of {described['pool']} measured settings" if described["pool"] else "a continuous space"
    best = ", ".join(f"{key} = {_number(value)}" for key, value in truth["best_point"].items())
    response = benchmark.response(name)
    panels = [figures.regret_panel(cells), figures.final_panel(cells)]
    if len(cells) > 1:
        panels.insert(1, figures.acceleration_panel(rows))
    parameters = described["parameters"]
    if len(parameters) == 1 and parameters[0]["kind"] != "Categorical":
        panels.append(figures.response_panel(cells, described, response))
    elif (view := figures.factors_panel(cells, described, response)) is not None:
        panels.append(view)
    return [
        f'<h2 id="problem-{number}">Problem {number}: {escape(described["title"])}</h2>',
        page.paragraph(
            f"{name}: {'minimise' if objective['goal'] == 'min' else 'maximise'}"
            f" {objective['name'].replace('_', ' ')} over {len(parameters)} parameter{'s' * (len(parameters) > 1)} in"
            f" {space}, {cells[0].budget} experiments a run. Best without noise: {_number(truth['best_value'])}{unit}"
            f" at {best}; worst: {_number(truth['worst_value'])}{unit} ({truth['method']})."
        ),
        _quality_table(rows),
        _speed_table(rows),
        *(page.figure(panel, f"figure-{number}-{i}") for i, panel in enumerate(panels, start=1)),
    ]


def _quality_table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = (
        "agent", "regret recommended: median (95 % interval)", "quartiles", f"within {100 * LEVEL:g} %: share of runs",
        "simple regret: median", "quartiles", "p (Holm)",
    )  # fmt: skip
    lines = [
        (
            row["agent"],
            _with_ends(row, "regret_recommended_median", "regret_recommended"),
            f"{_percent(row['regret_recommended_q25'])}, {_percent(row['regret_recommended_q75'])}",
            _with_ends(row, "recommended_within_5_percent"),
            _percent(row["regret_simple_median"]),
            f"{_percent(row['regret_simple_q25'])}, {_percent(row['regret_simple_q75'])}",
            "" if row["p_holm"] is None else f"{row['p_holm']:.2g}",
        )
        for row in rows
    ]
    lost = ", ".join(
        f"{row['agent']} {_percent(row['failed_share'])} failed, {_percent(row['censored_share'])} censored"
        for row in rows
        if row["failed_share"] or row["censored_share"]
    )
    caption = "Quality at the end of the budget; regrets are shares of the range."
    return page.table(f"{caption}{f' Experiments without a value: {lost}.' if lost else ''}", columns, lines)


def _speed_table(rows: Sequence[Mapping[str, Any]]) -> str:
    measures = [("ratio of restricted means", "af_restricted_mean"), ("normalised value gain", "normalised_value_gain")]
    if "discovery_enhancement" in rows[0]:
        measures.append(("discovery enhancement", "discovery_enhancement"))
    columns = ("agent", "experiments to 95 %", "lab hours to 95 %", "AF (95 % interval)")
    lines = []
    for row in rows:
        line = [row["agent"], experiments_text(row), _hours(row), acceleration_text(row)]
        for _, key in measures:
            interval = f"{_signed(row[key])} ({_signed(row[f'{key}_low'])} to {_signed(row[f'{key}_high'])})"
            line.append("reference" if row["agent"] == row["reference"] else interval)
        lines.append([*line, f"{row['suggest_ms_median']:.3g} ms"])
    caption = (
        f"Speed, and gain over {rows[0]['reference']}, with 95 % intervals; what the columns mean is said under"
        " How to read the numbers."
    )
    return page.table(caption, (*columns, *(label for label, _ in measures), "CPU a suggestion"), lines)


def _with_ends(row: Mapping[str, Any], value: str, ends: str | None = None) -> str:
    ends = ends or value
    return f"{_percent(row[value])} ({_percent(row[f'{ends}_low'])} to {_percent(row[f'{ends}_high'])})"


def _comparison_table(comparisons: Sequence[Mapping[str, Any]]) -> str:
    if not comparisons:
        return page.paragraph("There is one agent: nothing to compare.")
    rows = [
        (
            f"{row['agent']} against {row['other']}",
            _short_name(row["problem"]),
            f"{row['better']} / {row['equal']} / {row['worse']}",
            _percent(row["mean_difference"]),
            f"{row['p']:.2g}",
            f"{row['p_holm_all_pairs']:.2g}",
            f"{row['p_holm_reference']:.2g}" if "p_holm_reference" in row else "",
        )
        for row in comparisons
    ]
    caption = (
        "Wilcoxon signed-rank tests on the recommended regret at the end of the budget, paired by seed. Seeds better,"
        " equal and worse are those of the agent named first; the mean difference is positive where it is better."
    )
    columns = ("pair", "problem", "better / equal / worse", "mean difference", "p", "p (Holm, all pairs)",
               "p (Holm, against the reference)")  # fmt: skip
    return page.table(caption, columns, rows)


def _experiment_section(benchmark: Benchmark) -> list[str]:
    agent, problem = benchmark.scores.ranking[0]["agent"], benchmark.config.problems[0]
    experiment = benchmark.experiment(agent, problem)
    if experiment is None:
        return [page.paragraph("No experiment of the first run gave a sample.")]
    lead = f"The best sample of {agent}'s first run on {_short_name(problem)}"
    return [page.paragraph(f"{lead}, {_told(experiment)}"), *experiment_parts(experiment)]


def _told(experiment: Experiment) -> str:
    hours = experiment.cost.lab_time_s / 3600.0
    took = f"; it took {hours:.1f} h in the laboratory" if hours else ""
    return f"sample {experiment.sample_id} (origin: {experiment.origin}, status: {experiment.status}){took}."


def experiment_parts(experiment: Experiment) -> list[str]:
    """Trace and raw measurements of one experiment as HTML."""
    panels = [] if experiment.trace is None else [experiment_figures.trace_panel(experiment.trace)]
    panels += [raw_panel(measurement) for measurement in experiment.measurements]
    parts = [page.figure(panel, f"experiment-{i}") for i, panel in enumerate(panels, start=1)]
    if experiment.trace is None:
        parts.insert(0, page.paragraph("It has no process trace: a table of past measurements holds none."))
    return parts


def _configuration(benchmark: Benchmark) -> list[str]:
    config = benchmark.config
    comparisons = (len(config.agents) - 1) * len(config.problems)
    rows = [
        ("problems", ", ".join(config.problems)),
        ("agents", ", ".join(config.agents)),
        ("reference", config.reference),
        ("seeds", f"0 to {config.seeds - 1}; a seed is the same world for every agent"),
        ("budget", ", ".join(f"{cell.budget} ({_short_name(cell.problem)})" for cell in _one_a_problem(benchmark))),
        ("bootstrap", f"{RESAMPLES} resamples of whole runs, paired by seed; percentile intervals"),
        ("fingerprints", "; ".join(f"{_short_name(n)}: {d['fingerprint']}" for n, d in benchmark.problems.items())),
        ("versions", ", ".join(f"{name} {number}" for name, number in benchmark.results.note("versions").items())),
    ]
    observed = [row["sd_difference"] for row in benchmark.scores.comparisons if row["other"] == config.reference]
    observed = [sd for sd in observed if math.isfinite(sd)]
    seen = ""
    if observed:
        effect = detectable_effect(config.seeds, comparisons, sd_regret=max(observed))
        seen = (
            f"As observed, the standard deviation of the paired difference is at most {_percent(max(observed))}: with"
            f" it, so many seeds find a difference of {_percent(effect.regret_difference)} of the range."
        )
    return [
        page.table("What was run.", ("setting", "value"), rows),
        "<h3>What so many seeds can find</h3>",
        page.paragraph(" ".join(line.strip() for line in detectable_sentences(config.seeds, comparisons)) + "."),
        page.paragraph(seen) if seen else "",
        "<h3>Repeat it</h3>",
        f"<pre>{escape(config.command())}</pre>",
        page.paragraph(
            "Every step of every run is in steps.parquet, every number of this page in scores.json, beside it."
        ),
    ]


def _one_a_problem(benchmark: Benchmark) -> list[Any]:
    return list({cell.problem: cell for cell in benchmark.cells}.values())


def write_campaign_report(folder: Path, validation: bool = False) -> Path:
    """``report.html`` of the campaign journalled in `folder`, finished or not."""
    with journals.Journal.open(folder) as journal:
        header, steps = journal.header, list(journal.steps())
        finished = next((event.body for event in journal.events("finished")), None)
    if not steps:
        raise StateError(f"{folder}: no experiment is finished yet; go on with: tansaki resume {folder}")
    config = header["config"]
    told = [(s.trial.number + 1, s.trial.values[0], s.trial.u[0]) for s in steps if s.trial.status in ("ok", "partial")]
    title = f"{config['agent']} on {_short_name(config['problem']['id'])}, seed {config['seed']}"
    body = [f"<h1>{escape(title)}</h1>"]
    done = f"{len(steps)} of {header['budget']} experiments are done."
    objective = {"name": "objective", "unit": "", "goal": "min"} if finished is None else finished["objective"]
    if finished is not None:
        point = ", ".join(f"{name} = {_number(value)}" for name, value in finished["recommended"].items())
        done = f"{len(steps)} experiments; recommended: {point}."
        if finished["regret_recommended"] is not None:
            done += f" Its regret against the truth is {_percent(finished['regret_recommended'])} of the range."
    body.append(page.paragraph(done, "lead"))
    shown = steps[-1]
    if told:
        sign = 1.0 if objective["goal"] == "min" else -1.0
        best = min(told, key=lambda row: sign * row[1])[0]
        shown = next(step for step in steps if step.trial.number + 1 == best)
        if finished is not None:
            panel = experiment_figures.values_panel(told, objective["name"], objective["unit"], objective["goal"])
            body.append(page.figure(panel, "values"))
    rows = [
        (str(s.trial.number + 1), s.trial.status, ", ".join(f"{k} = {_number(v)}" for k, v in s.trial.point.items()),
         f"{s.trial.values[0]:.5g} ± {s.trial.u[0]:.2g}" if s.trial.values else "", s.experiment.message)
        for s in steps
    ]  # fmt: skip
    unit = f", {objective['unit']}" if objective["unit"] else ""
    caption = f"Every experiment in order; value with standard uncertainty{unit}."
    body += ["<h2>Experiments</h2>", page.table(caption, ("experiment", "status", "point", "value", "message"), rows)]
    body += [f"<h2>Experiment {shown.trial.number + 1}</h2>", page.paragraph(f"This is {_told(shown.experiment)}")]
    body += experiment_parts(shown.experiment)
    settings = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in config.items()
    ]
    settings += [(f"version of {name}", number) for name, number in header["versions"].items()]
    body += _validation(validation)
    body += ["<h2>Configuration</h2>", page.table("What was run.", ("setting", "value"), settings)]
    path = folder / REPORT
    path.write_text(page.page(f"tansaki campaign: {title}", body), encoding="utf-8")
    return path


def _short_name(problem: str) -> str:
    return Path(problem.removeprefix("dataset:")).stem if problem.startswith("dataset:") else problem.rpartition("/")[2]


def _percent(share: float) -> str:
    """Two significant figures, and no more places than a hundredth of a percent."""
    percent = 100.0 * share
    places = 0 if abs(percent) >= 10 or percent == 0 else 1 if abs(percent) >= 1 else 2
    return f"{percent:.{places}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "no bound"


def _number(value: object) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}") if isinstance(value, float) else str(value)


def _hours(row: Mapping[str, Any]) -> str:
    if math.isnan(row["lab_hours_to_95_at_least"]):
        return "not known"
    median = row["lab_hours_to_95_median"]
    return f"≥ {row['lab_hours_to_95_at_least']:.1f}" if median is None else f"{median:.1f}"


def _finite(value: Any) -> Any:
    """`value` as JSON has it: what is not finite as null."""
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
