"""Tables for a terminal."""

import shutil
from collections.abc import Sequence


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> list[str]:
    """Lines of a plain table, as wide as the terminal; cells wrap, nothing is cut.

    The first column holds what one types: where it is one word a row, it is not broken.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    words = all(" " not in row[0] for row in rows)
    first = Column(
        columns[0],
        no_wrap=words,
        overflow="fold",
        min_width=max((len(row[0]) for row in rows), default=0) if words else None,
    )
    others = [Column(name, overflow="fold") for name in columns[1:]]
    table = Table(first, *others, title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console = Console(width=max(80, shutil.get_terminal_size((120, 24)).columns), highlight=False)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]
