"""The validation table as a section of a report."""

from tansaki.experiments import page
from tansaki.experiments.validation.caveats import DISAGREEMENTS, LEFT_OUT
from tansaki.experiments.validation.table import agreement, rows


def validation_section() -> list[str]:
    """HTML of all rows, of the agreement by material, and of what no row can show."""
    found = rows()
    sources = list(dict.fromkeys(row.source for row in found))
    failing = sum(not row.ok for row in found)
    cells = [
        (
            row.id,
            row.quantity,
            f"{row.published:.4g}",
            f"{row.twin:.4g}",
            row.tolerance,
            row.kind,
            "yes" if row.ok else f"no: {row.note}" if row.note else "no",
            f"[{sources.index(row.source) + 1}]",
        )
        for row in found
    ]
    materials = [
        (name, f"{r['geometric_mean_ratio']:.2f}", f"{r['geometric_standard_deviation']:.2f}", f"{r['rows']}")
        for name, r in agreement(found).items()
    ]
    return [
        '<h2 id="validation">How good is the twin</h2>',
        page.paragraph(f"{len(found)} comparisons, {len(found) - failing} within their tolerance, {failing} not."),
        page.table(
            "Twin over published values, one frozen parameter set a material.",
            ("material", "geometric mean", "scatter by a factor of", "rows"),
            materials,
        ),
        page.table(
            "Every comparison; a row that does not agree stays in the table.",
            ("target", "quantity", "published", "twin", "tolerance", "kind", "agrees", "source"),
            cells,
        ),
        "<h3>Sources</h3>",
        page.definitions([(f"[{number}]", source) for number, source in enumerate(sources, start=1)]),
        "<h3>What the twin leaves out</h3>",
        page.definitions(LEFT_OUT),
        "<h3>Where the literature disagrees with itself</h3>",
        page.definitions(DISAGREEMENTS),
    ]
