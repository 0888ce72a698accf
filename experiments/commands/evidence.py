"""Verbs that show how far to trust: ``validate``, ``speed`` and ``check``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tansaki.experiments.commands.output import JsonFlag, answer
from tansaki.experiments.commands.tables import table_lines
from tansaki.twin.errors import TansakiError, unknown_name

if TYPE_CHECKING:
    from tansaki.experiments.validation.caveats import Caveat


class CheckFailedError(TansakiError):
    """What was checked does not keep the contract; the findings have been printed."""


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("validate")(validate)
    app.command("speed")(speed)
    app.command("check")(check)


def validate(
    group: Annotated[str | None, typer.Option(help="Only the rows of this group.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare the twin with published and exact values, one row each; a row that fails is shown failing."""
    from dataclasses import asdict

    from tansaki.experiments.validation.caveats import DISAGREEMENTS, LEFT_OUT
    from tansaki.experiments.validation.table import agreement, rows

    found = rows(group)
    sources = list(dict.fromkeys(row.source for row in found))
    columns = ("", "quantity", "published", "twin", "tolerance", "kind", "ok", "source")
    cells = [
        (
            row.id,
            row.quantity,
            f"{row.published:.4g}",
            f"{row.twin:.4g}",
            row.tolerance,
            row.kind,
            "yes" if row.ok else "NO",
            f"[{sources.index(row.source) + 1}]",
        )
        for row in found
    ]
    failing = sum(not row.ok for row in found)
    materials = agreement(found)
    lines = [
        *table_lines(columns, cells),
        *(f"[{number}] {source}" for number, source in enumerate(sources, 1)),
        "",
        *(f"{row.id}, {row.quantity}: {row.note}" for row in found if row.note and not row.ok),
        *_agreement_lines(materials),
        *([] if group else _caveat_lines("What the twin leaves out", LEFT_OUT)),
        *([] if group else _caveat_lines("Where the literature disagrees with itself", DISAGREEMENTS)),
        f"{len(found)} rows, {len(found) - failing} within tolerance, {failing} not",
    ]
    result = {
        "rows": [asdict(row) for row in found],
        "agreement": materials,
        "left_out": [caveat._asdict() for caveat in LEFT_OUT],
        "disagreements": [caveat._asdict() for caveat in DISAGREEMENTS],
    }
    answer(result, as_json, lines)


def _agreement_lines(materials: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not materials:
        return []
    lines = [
        f"  {name}: {ratio['geometric_mean_ratio']:.2f}, scatter by a factor of "
        f"{ratio['geometric_standard_deviation']:.2f} ({ratio['rows']} rows)"
        for name, ratio in materials.items()
    ]
    return ["Twin over published values, geometric mean, one parameter set a material:", *lines, ""]


def _caveat_lines(title: str, caveats: Sequence["Caveat"]) -> list[str]:
    return [f"{title}:", *(f"  {caveat.topic}: {caveat.text}" for caveat in caveats), ""]


def speed(
    peers: Annotated[
        bool, typer.Option("--peers", help="Against other programs for the same (extra 'peers'), not against ours.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure how fast the twin is, each figure beside what it is compared with in the same run."""
    import sys
    from dataclasses import asdict

    from tansaki.experiments.speed import rows
    from tansaki.experiments.speed_peers import peer_rows

    found = []
    for row in peer_rows() if peers else rows():
        found.append(row)
        sys.stderr.write(f"{row.name}: {row.ours_per_s:.3g}\n")
    columns = ("", "ours", "versus", "theirs", "ratio", "accuracy", "note")
    cells = [
        (
            row.name,
            f"{row.ours_per_s:.3g}",
            row.versus,
            f"{row.versus_per_s:.3g}",
            f"{row.ratio:.3g}",
            row.accuracy,
            row.note,
        )
        for row in found
    ]
    answer({"rows": [asdict(row) for row in found]}, as_json, table_lines(columns, cells))


def check(
    what: Annotated[str, typer.Argument(metavar="agent", help="Kind of thing.")],
    name: Annotated[str, typer.Argument(help="MODULE:CLASS, or the name of one of ours.")],
    as_json: JsonFlag = False,
) -> None:
    """Run the contract suite on an agent and name the likely mistake of each finding."""
    if what != "agent":
        raise unknown_name("what to check", what, ("agent",))
    from dataclasses import asdict

    from tansaki.agents.contract import check_agent
    from tansaki.agents.registry import agent_class

    findings = check_agent(agent_class(name))
    lines = [f"{finding.check}: {finding.message}" for finding in findings]
    answer(
        {"agent": name, "ok": not findings, "findings": [asdict(finding) for finding in findings]},
        as_json,
        lines or [f"{name} keeps the contract of an agent"],
    )
    if findings:
        raise CheckFailedError(f"{name}: {len(findings)} findings")
