"""Films of titanium nitride against published ones; one frozen parameter set for all rows."""

from collections.abc import Iterator

from tansaki.experiments.validation.row import Row


def rows() -> Iterator[Row]:
    """The published films."""
    from tansaki.experiments.validation.published import film_rows
    from tansaki.twin.systems.published_tin import ROWS

    yield from film_rows("tin", ROWS)
