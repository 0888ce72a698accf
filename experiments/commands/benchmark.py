"""Verbs that compare agents: ``benchmark`` and ``report``."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from tansaki.experiments.commands.output import JsonFlag, StoppedError, answer
from tansaki.experiments.commands.tables import table_lines
from tansaki.twin.errors import InvalidInputError, TansakiError, unknown_name

if TYPE_CHECKING:
    from tansaki.experiments.benchmark import Benchmark, BenchmarkConfig
    from tansaki.experiments.scores import Scores

PLAIN_LINE_EVERY_S: Final = 10.0
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "quick": {
        "problems": "tansaki/NbTiO2-Oxygen-v0",
        "agents": "random,sobol,grid,one-factor,gp",
        "seeds": 10,
        "budget": 15,
    },
}
"""What ``--preset`` fills in where an option is not given."""


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("benchmark")(benchmark)
    app.command("report")(report)


def benchmark(
    problems: Annotated[str | None, typer.Option(metavar="ID,...", help="Problem ids, or dataset:PATH.")] = None,
    agents: Annotated[str | None, typer.Option(metavar="NAME,...", help="Agent names, or MODULE:CLASS.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Paired seeds: seed s is the same world for every agent.")] = None,
    budget: Annotated[int | None, typer.Option(help="Experiments a campaign; the problem's own if not given.")] = None,
    preset: Annotated[str | None, typer.Option(help=f"Fill in what is not given: {', '.join(PRESETS)}.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Agent the others are measured by; random, or else the first, if not given.")
    ] = None,
    goal: Annotated[Literal["min", "max"] | None, typer.Option(help="For data sets.")] = None,
    objective: Annotated[str | None, typer.Option(help="Objective column, for data sets.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Local processes; one a core if not given.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="A running Dask scheduler, tcp://HOST:PORT.")] = None,
    tracking: Annotated[Literal["on", "off"], typer.Option(help="Log the finished benchmark to MLflow.")] = "on",
    out: Annotated[
        Path | None, typer.Option(help="Folder: new, or one where this benchmark was begun; under runs/ if not given.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare agents on problems over paired seeds; the same command goes on where it was stopped."""
    from tansaki.experiments.benchmark import Benchmark, BenchmarkConfig

    if preset is not None and preset not in PRESETS:
        raise unknown_name("--preset", preset, PRESETS)
    filled = dict(PRESETS[preset]) if preset else {}
    given = {"problems": problems, "agents": agents, "seeds": seeds, "budget": budget}
    filled |= {name: value for name, value in given.items() if value is not None}
    for name in ("problems", "agents", "seeds"):
        if name not in filled:
            raise InvalidInputError(f"--{name}", None, "a value, or a --preset that has one")
    names = _names(filled["agents"])
    config = BenchmarkConfig(
        problems=_names(filled["problems"]),
        agents=names,
        seeds=filled["seeds"],
        budget=filled.get("budget"),
        goal=goal,
        objective=objective,
        reference=reference or ("random" if "random" in names else names[0]),
    )
    with Benchmark.start(config, out) as begun:
        again = config.command(begun.out)
        _say(_prospect(config))
        try:
            _run(begun, workers, scheduler)
        except KeyboardInterrupt:
            done = len(begun.tasks) - len(begun.left())
            kept = f"stopped; {done} of {len(begun.tasks)} campaigns are finished and kept"
            raise StoppedError(f"{kept}; go on with: {again}") from None
        except InvalidInputError:
            raise
        except TansakiError as error:
            raise TansakiError(f"{error}; go on with: {again}") from error
        _conclude(begun, tracking == "on", as_json)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a benchmark, or of a campaign.")],
    validation: Annotated[bool, typer.Option("--validation", help="Include the table of `tansaki validate`.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write report.html: one file that opens without network, its data beside it."""
    from tansaki.experiments.report import write_report

    path = write_report(folder, validation)
    answer({"report": str(path)}, as_json, [f"report  {path}"])


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _prospect(config: "BenchmarkConfig") -> str:
    """What so many seeds can and cannot find, before they are spent."""
    from tansaki.experiments.statistics import detectable_sentences

    comparisons = (len(config.agents) - 1) * len(config.problems)
    return "\n".join(detectable_sentences(config.seeds, comparisons))


def _run(begun: "Benchmark", workers: int | None, scheduler: str | None) -> None:
    from tansaki.experiments.workers import carry_out_chunks

    left = len(begun.left())
    if left == 0:
        _say(f"{begun.out}: all {len(begun.tasks)} campaigns are finished")
        return
    with _progress(len(begun.tasks), len(begun.tasks) - left) as show:
        begun.run(lambda chunks: carry_out_chunks(chunks, workers, scheduler), show)


def _conclude(begun: "Benchmark", tracking: bool, as_json: bool) -> None:
    from tansaki.experiments.report import write_benchmark_report

    report_path, artifacts = write_benchmark_report(begun)
    scores = begun.scores
    if tracking and begun.results.note("tracked") is None:
        run = begun.track(artifacts)
        if run is not None:
            begun.results.keep("tracked", run)
    result = {
        "cells": scores.cells,
        "ranking": scores.ranking,
        "comparisons": scores.comparisons,
        "out": str(begun.out),
        "report": str(report_path),
    }
    answer(result, as_json, [*ranking_lines(scores), f"report  {report_path}"])


def ranking_lines(scores: "Scores") -> list[str]:
    """The ranking for a terminal: one table a problem, best agent first."""
    from tansaki.experiments.scores import acceleration_text, experiments_text

    order = {row["agent"]: position for position, row in enumerate(scores.ranking)}
    lines: list[str] = []
    columns = ("agent", "regret recommended, %", "within 5 %", "experiments to 95 %", "AF (95 % interval)", "p (Holm)")
    for problem in dict.fromkeys(cell["problem"] for cell in scores.cells):
        cells = [cell for cell in scores.cells if cell["problem"] == problem]
        rows = []
        for cell in sorted(cells, key=lambda cell: order[cell["agent"]]):
            rows.append(
                (
                    cell["agent"],
                    f"{100 * cell['regret_recommended_median']:.2g}"
                    f" ({100 * cell['regret_recommended_low']:.2g} to {100 * cell['regret_recommended_high']:.2g})",
                    f"{100 * cell['recommended_within_5_percent']:.0f} %",
                    experiments_text(cell),
                    acceleration_text(cell),
                    "" if cell["p_holm"] is None else f"{cell['p_holm']:.2g}",
                )
            )
        title = f"{problem}: {cells[0]['seeds']} seeds, {cells[0]['budget']} experiments each"
        lines += table_lines(columns, rows, title)
    return lines


@contextmanager
def _progress(total: int, done: int) -> Iterator[Callable[[int], None]]:
    """Who shows finished campaigns on stderr: one bar on a terminal, else a line now and then."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("campaigns"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=total, completed=done)
            yield lambda count: bar.advance(task, count)
        return

    spoken = monotonic()

    def line(count: int) -> None:
        nonlocal done, spoken
        done += count
        if monotonic() - spoken >= PLAIN_LINE_EVERY_S or done == total:
            spoken = monotonic()
            _say(f"{done}/{total} campaigns")

    yield line
