"""Verbs that run campaigns: ``run`` and ``resume``."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tansaki.experiments.commands.output import JsonFlag, StoppedError, answer
from tansaki.twin.errors import TansakiError

if TYPE_CHECKING:
    from tansaki.experiments.campaign import Campaign
    from tansaki.experiments.loop import Step

PLAIN_LINE_EVERY_S = 30.0


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("run")(run)
    app.command("resume")(resume)


def run(
    file: Annotated[Path | None, typer.Argument(metavar="[CAMPAIGN.TOML]", help="The campaign as a file.")] = None,
    problem: Annotated[str | None, typer.Option(help="Problem id, or dataset:PATH.")] = None,
    agent: Annotated[str | None, typer.Option(help="Agent name, or MODULE:CLASS.")] = None,
    budget: Annotated[int | None, typer.Option(help="Number of experiments; the problem's own if not given.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of agent and world.")] = None,
    lab: Annotated[str | None, typer.Option(help="Laboratory: twin.")] = None,
    fidelity: Annotated[
        str | None, typer.Option(help="Of the twin: surrogate or standard; the problem's usual one if not given.")
    ] = None,
    goal: Annotated[str | None, typer.Option(help="min or max, for data sets.")] = None,
    objective: Annotated[str | None, typer.Option(help="Objective column, for data sets.")] = None,
    out: Annotated[
        str | None, typer.Option(help="Folder to write to, new or empty; one under runs/ if not given.")
    ] = None,
    tracking: Annotated[Literal["on", "off"] | None, typer.Option(help="Log the finished campaign to MLflow.")] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE over the file's.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a campaign: one agent, one problem, one seed, one budget.

    Records are closed to others unless the file opens them, or --set sharing.tier=open with a licence.
    """
    from tansaki.experiments.campaign import Campaign
    from tansaki.experiments.config import CampaignConfig

    options = {
        "problem.id": problem,
        "agent": agent,
        "budget": budget,
        "seed": seed,
        "lab": lab,
        "fidelity": fidelity,
        "problem.goal": goal,
        "problem.objective": objective,
        "out": out,
        "tracking": None if tracking is None else tracking == "on",
    }
    given = {name: value for name, value in options.items() if value is not None}
    _carry_out(Campaign.start(CampaignConfig.read(file, overrides or (), given)), as_json)


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a campaign that was stopped.")],
    as_json: JsonFlag = False,
) -> None:
    """Go on with a campaign that was stopped, to the same result as if it had not been."""
    from tansaki.experiments.campaign import Campaign

    campaign = Campaign.resume(folder)
    if campaign.done:
        sys.stderr.write(f"{folder}: finished, nothing left to do\n")
    _carry_out(campaign, as_json)


def _carry_out(campaign: "Campaign", as_json: bool) -> None:
    budget = campaign.session.budget
    again = f"tansaki resume {campaign.out}"
    with campaign:
        try:
            with _progress(campaign) as show:
                for step in campaign.play():
                    show(step)
            result = campaign.finish()
        except KeyboardInterrupt:
            done = campaign.journal.finished()
            raise StoppedError(
                f"stopped; {done} of {budget} experiments are in the journal; go on with: {again}"
            ) from None
        except TansakiError as error:
            raise TansakiError(f"{error}; what was done until then is kept; go on with: {again}") from error
        try:
            logged = campaign.log()
        except TansakiError as error:
            sys.stderr.write(f"warning: {error}\n")
            logged = False
        except KeyboardInterrupt:
            raise StoppedError(f"stopped while logging; the campaign is complete; to log it: {again}") from None
        if not logged:
            sys.stderr.write(f"the campaign is complete; to log it when the store can be reached: {again}\n")
    answer(result, as_json, _lines(result))


@contextmanager
def _progress(campaign: "Campaign") -> Iterator[Callable[["Step"], None]]:
    """Who shows each step on stderr: a bar on a terminal, else a line now and then."""
    budget = campaign.session.budget
    objective = campaign.problem.objectives[0]
    best: float | None = None

    def words(step: "Step") -> str:
        nonlocal best
        if step.trial.status in ("ok", "partial"):
            value = step.trial.values[0]
            best = value if best is None else min(best, value, key=lambda v: objective.sign * v)
        return f"best {objective.name} {'none yet' if best is None else f'{best:.5g} {objective.unit}'}".rstrip()

    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=budget, completed=campaign.session.used)
            yield lambda step: bar.update(task, completed=campaign.session.used, description=words(step))
        return

    spoken = monotonic()

    def line(step: "Step") -> None:
        nonlocal spoken
        used, text = campaign.session.used, words(step)
        if monotonic() - spoken >= PLAIN_LINE_EVERY_S or used == budget:
            spoken = monotonic()
            sys.stderr.write(f"{used}/{budget} {text}\n")

    yield line


def _lines(result: Mapping[str, Any]) -> list[str]:
    objective, best = result["objective"], result["best"]
    unit = f" {objective['unit']}" if objective["unit"] else ""
    recommended = ", ".join(f"{name} = {_short(value)}" for name, value in result["recommended"].items())
    lines = [
        f"{result['agent']} on {result['problem']}, seed {result['seed']}: {result['experiments']} experiments,"
        f" {result['lab_hours']:.1f} h in the laboratory",
        f"recommended  {recommended}",
    ]
    if best is not None:
        lines.append(
            f"best {objective['name']}  {best['value']:.5g}{unit} (u = {best['u']:.2g}), trial {best['trial']}"
        )
    if result["regret_recommended"] is not None:
        lines.append(f"regret of the recommended point  {100 * result['regret_recommended']:.2f} % of the range")
    return [*lines, f"written to {result['out']}"]


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
