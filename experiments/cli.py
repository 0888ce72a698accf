"""The command line ``tansaki``: verbs live in `commands`, one module a group, and import what they need when run."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from tansaki.experiments.commands import benchmark, campaign, catalogue, evidence, records, tabulate
from tansaki.experiments.commands.output import execute

app = typer.Typer(name="tansaki", add_completion=False, pretty_exceptions_enable=False)
for verbs in (campaign, benchmark, catalogue, evidence, records, tabulate):
    verbs.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"tansaki {version('tansaki')}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Digital twin of an autonomous thin-film laboratory, and the benchmark for the agents that drive it."""
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``tansaki`` with `arguments` (those of the process by default); returns the exit code."""
    return execute(app, arguments)
