"""The validation table as a section of a report."""

from collections.abc import Sequence

from tansaki.experiments import page
from tansaki.experiments.validation.caveats import DISAGREEMENTS, LEFT_OUT
from tansaki.experiments.validation.row import Row
from tansaki.experiments.validation.table import GROUPS, agreement, rows


def validation_section() -> list[str]:
    """HTML: agreement by material, rows that do not agree, all rows by group, and what no row can show."""
    found = rows()
    failing = [row for row in found if not row.ok]
    sources = list(dict.fromkeys(row.source for row in found))
    ratios = [
        (name, f"{r['geometric_mean_ratio']:.2f}", f"{r['geometric_standard_deviation']:.2f}", f"{r['rows']}")
        for name, r in agreement(found).items()
    ]
    count = f"{len(found)} comparisons, {len(found) - len(failing)} within their tolerance, {len(failing)} not."
    body = [
        '<h2 id="validation">How good is the twin</h2>',
        page.paragraph(count),
        page.table(
            "Twin over published values, one frozen parameter set a material.",
            ("material", "geometric mean", "scatter by a factor of", "rows"),
            ratios,
        ),
    ]
    if failing:
        columns = ("target", "quantity", "published", "twin", "tolerance", "why")
        cells = [(*_numbers(row), row.note) for row in failing]
        body += ["<h3>What does not agree</h3>", page.table("Comparisons beyond their tolerance.", columns, cells)]
    for group, subject in GROUPS.items():
        of_group = [row for row in found if row.group == group]
        if not of_group:
            continue
        body += [f"<h3>{group.capitalize()}</h3>", _group_table(subject, of_group, sources)]
    return [
        *body,
        "<h3>Sources</h3>",
        page.definitions([(f"[{number}]", source) for number, source in enumerate(sources, start=1)]),
        "<h3>What the twin leaves out</h3>",
        page.definitions(LEFT_OUT),
        "<h3>Where the literature disagrees with itself</h3>",
        page.definitions(DISAGREEMENTS),
    ]


def _group_table(subject: str, found: Sequence[Row], sources: Sequence[str]) -> str:
    columns = ("target", "quantity", "published", "twin", "tolerance", "kind", "agrees", "source")
    cells = [
        (*_numbers(row), row.kind, "yes" if row.ok else "no", f"[{sources.index(row.source) + 1}]") for row in found
    ]
    return page.table(f"{subject.capitalize()}.", columns, cells)


def _numbers(row: Row) -> tuple[str, str, str, str, str]:
    return row.id, row.quantity, f"{row.published:.4g}", f"{row.twin:.4g}", row.tolerance
