"""Verbs for records that leave or enter: ``export`` and ``analyse``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tansaki.experiments.commands.output import JsonFlag, answer
from tansaki.twin.errors import InvalidInputError


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("export")(export)
    app.command("analyse")(analyse)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a campaign.")],
    to: Annotated[str, typer.Option("--to", help="parquet, nexus, rocrate, rde or maiml.")],
    out: Annotated[
        Path | None, typer.Option(help="File or folder to write, not there yet; in DIR if not given.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the records of a campaign in a format of others.

    Everything is written, for the owner: who else may use a record (closed unless the campaign file or --set
    sharing.tier says otherwise), its licence and its embargo travel with it, as do its origin and seed.
    """
    from tansaki.experiments.exports import export as exports

    done = exports.export(folder, to, out)
    lines = [f"{done.experiments} experiments, {done.measurements} measurements as {to}", f"written to {done.path}"]
    said = {"format": to, "out": str(done.path), "experiments": done.experiments, "measurements": done.measurements}
    answer(said, as_json, lines)


def analyse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of an instrument: .ras, CSV, columns of text.")],
    instrument: Annotated[str, typer.Option(help="Whose analysis: a name from 'tansaki list instruments'.")],
    overrides: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE over the file's settings.")] = None,
    sample: Annotated[str, typer.Option(help="Name of the sample; the file's own if not given.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Analyse the file of a real instrument exactly as the twin's own records are analysed."""
    from tansaki.hardware.files.analysed import analyse_file
    from tansaki.hardware.files.contents import scalar

    settings = {}
    for override in overrides or ():
        name, equals, text = override.partition("=")
        if not equals or not name:
            raise InvalidInputError("--set", override, "NAME=VALUE, as in --set spacing_m=0.001")
        settings[name.strip()] = scalar(text.strip())
    experiment = analyse_file(file, instrument, settings, sample)
    (measurement,) = experiment.measurements
    values = {
        name: {"value": d.value, "u": d.u, "u_systematic": d.u_systematic, "unit": d.unit}
        for name, d in measurement.derived.items()
    }
    made, source = experiment.provenance, measurement.source
    said = {
        "sample": experiment.sample_id,
        "instrument": instrument,
        "origin": experiment.origin,
        "seed": made.seed if made else None,
        "software": made.software if made else "",
        "file": source.name if source else "",
        "sha256": source.sha256 if source else "",
        "status": experiment.status,
        "flags": list(measurement.flags),
        "specified": experiment.notes.get("specified", ""),
        "values": values,
        "analysis": measurement.analysis.method if measurement.analysis else "",
        "id": measurement.id,
    }
    lines = [f"{experiment.sample_id} by {instrument}, origin {experiment.origin}"]
    lines += [f"{name}  {d.value:.6g} {d.unit} (u = {d.u:.2g})" for name, d in measurement.derived.items()]
    lines += [f"flags  {', '.join(measurement.flags)}"] if measurement.flags else []
    if "specified" in experiment.notes:
        sys.stderr.write(
            f"warning: {file.name} leaves out settings that the analysis needs; those in the data file of {instrument}"
            " stand in for them: see 'specified' with --json, and correct them with --set\n"
        )
    answer(said, as_json, lines)
