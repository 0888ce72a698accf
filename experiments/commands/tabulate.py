"""The verb that makes tables from the slow models: ``tabulate``."""

import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tansaki.experiments.commands.output import JsonFlag, StoppedError, answer
from tansaki.twin.errors import InvalidInputError, unknown_name

if TYPE_CHECKING:
    from tansaki.twin.deposition.transport_table import Progress

_LINE_EVERY_S = 5.0
TABLES: Final = {
    "transport": "twin/deposition/transport_tables.toml",
    "readings": "hardware/fast_readings.toml",
}
"""What can be tabulated, and where the twin looks for it."""


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""
    app.command("tabulate")(tabulate)


def tabulate(
    what: Annotated[str, typer.Argument(metavar="|".join(TABLES), help="What to tabulate.")],
    out: Annotated[
        Path,
        typer.Option(help="File to write; used are " + " and ".join(TABLES.values()) + "."),
    ],
    atoms: Annotated[int | None, typer.Option(help="Atoms followed at each point of the grid.")] = None,
    elements: Annotated[str | None, typer.Option(metavar="SYMBOL,...", help="Only these elements.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a table from a slow model: atoms through the gas, or the shortcut beside the measurement chain."""
    if what not in TABLES:
        raise unknown_name("what to tabulate", what, TABLES)
    if out.is_dir() or not out.parent.is_dir():
        raise InvalidInputError("--out", str(out), "a file in a folder that exists")
    if what == "readings":
        _readings(out, as_json)
    else:
        _transport(out, atoms, elements, as_json)


def _readings(out: Path, as_json: bool) -> None:
    from tansaki.experiments import fast_fit

    begun = monotonic()
    found = []
    try:
        for entry in fast_fit.fitted():
            found.append(entry)
            sys.stderr.write(f"{entry.instrument}, {monotonic() - begun:.0f} s\n")
    except KeyboardInterrupt:
        raise StoppedError(f"stopped; {out} is as it was") from None
    _write(out, fast_fit.as_toml(found))
    seconds = round(monotonic() - begun, 1)
    lines = [f"{len(found)} instruments in {seconds} s", f"table  {out}"]
    answer({"out": str(out), "instruments": len(found), "seconds": seconds}, as_json, lines)


def _transport(out: Path, atoms: int | None, elements: str | None, as_json: bool) -> None:
    from tansaki.twin.deposition import transport_table

    number = transport_table.ATOMS if atoms is None else atoms
    symbols = transport_table.ELEMENTS if elements is None else tuple(elements.split(","))
    found: list[Progress] = []
    begun = said = monotonic()
    try:
        for step in transport_table.tabulate(number, symbols):
            found.append(step)
            if monotonic() - said > _LINE_EVERY_S or step.done == step.total:
                said = monotonic()
                sys.stderr.write(f"{step.done}/{step.total} {step.symbol}, {said - begun:.0f} s\n")
                sys.stderr.flush()
    except KeyboardInterrupt:
        raise StoppedError(f"stopped; {out} is as it was") from None
    text = transport_table.as_toml(found, number)
    _write(out, text)
    seconds = round(monotonic() - begun, 1)
    lines = [f"{len(found)} points of {', '.join(symbols)} in {seconds} s", f"table  {out}"]
    answer({"out": str(out), "points": len(found), "atoms": number, "seconds": seconds}, as_json, lines)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInputError("--out", str(out), "a file that can be written", str(error.strerror)) from None
