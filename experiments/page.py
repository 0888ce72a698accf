"""The page that a report is printed on: one HTML file, plotly embedded once, nothing loaded from anywhere."""

from collections.abc import Sequence
from html import escape
from typing import Final

from tansaki.experiments.figure_style import FONT, Panel

STYLE: Final = f"""
:root {{ color-scheme: light; }}
body {{ font: 16px/1.55 {FONT}; color: #222; background: #fff; max-width: 62rem;
  margin: 2.5rem auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.75rem; line-height: 1.25; margin: 0 0 .4rem; }}
h2 {{ font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-top: .8rem; border-top: 1px solid #ddd; }}
h3 {{ font-size: 1.05rem; margin: 1.8rem 0 .4rem; }}
p, li {{ max-width: 46rem; }}
.lead {{ font-size: 1.08rem; }}
nav ul {{ list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }}
a {{ color: #0b5a94; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; min-width: 34rem; font-size: .9rem;
  margin: .6rem 0 1rem; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; font-size: .92rem; color: #444; padding-bottom: .4rem; max-width: 46rem; }}
th, td {{ text-align: left; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid #e4e4e4; vertical-align: top; }}
thead th {{ border-bottom: 1.5px solid #888; font-weight: 600; vertical-align: bottom; }}
tbody th {{ font-weight: 600; }}
figure {{ margin: 1.2rem 0 2rem; break-inside: avoid; }}
figcaption {{ font-size: .92rem; color: #444; max-width: 46rem; }}
dt {{ font-weight: 600; margin-top: .5rem; }}
dd {{ margin: 0; max-width: 46rem; }}
code, pre {{ font: .88rem/1.5 ui-monospace, 'DejaVu Sans Mono', monospace; }}
pre {{ background: #f6f6f4; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
@media print {{
  body {{ font-size: 11pt; margin: 0; max-width: none; padding: 0; }}
  nav, .modebar {{ display: none !important; }}
  h2 {{ break-after: avoid; }}
}}
"""


def page(title: str, body: Sequence[str], language: str = "en") -> str:
    """The whole document around the parts of its body."""
    from plotly.offline import get_plotlyjs

    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<script>{get_plotlyjs()}</script>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(body) + "\n</main>\n</body>\n</html>\n"
    )


def figure(panel: Panel, identity: str, heading: str = "h3") -> str:
    """A figure under its title, with its sentence; `identity` is its id in the page."""
    drawn = panel.figure.to_html(
        include_plotlyjs=False,
        full_html=False,
        div_id=identity,
        config={"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["lasso2d", "select2d"]},
    )
    return (
        f'<figure>\n<{heading} id="{identity}-title">{escape(panel.title)}</{heading}>\n'
        f'<div role="img" aria-label="{escape(panel.description)}">{drawn}</div>\n'
        f"<figcaption>{escape(panel.sentence)}</figcaption>\n</figure>"
    )


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names its rows."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = [
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    ]
    return (
        f'<div class="scroll"><table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        "<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table></div>"
    )


def definitions(entries: Sequence[tuple[str, str]]) -> str:
    """Terms and what they mean."""
    return "<dl>\n" + "\n".join(f"<dt>{escape(t)}</dt><dd>{escape(d)}</dd>" for t, d in entries) + "\n</dl>"


def paragraph(text: str, kind: str = "") -> str:
    """One paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"
