"""Tables for a terminal."""

import shutil
from collections.abc import Sequence


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> list[str]:
    """Lines of a plain table, as wide as the terminal; cells wrap, nothing is cut."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns, title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console = Console(width=max(80, shutil.get_terminal_size((120, 24)).columns), highlight=False)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]
