"""Films of the twin against published films of the same material."""

from collections.abc import Iterator

from tansaki.experiments.validation import (
    published_al_zno,
    published_cosputter,
    published_licoo2,
    published_tin,
    published_tio2_al2o3,
)
from tansaki.experiments.validation.row import Row


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _nb_tio2()
    yield from published_al_zno.rows()
    yield from published_cosputter.rows()
    yield from published_licoo2.rows()
    yield from published_tin.rows()
    yield from published_tio2_al2o3.rows()


def _nb_tio2() -> Iterator[Row]:
    """V20: the Nb-doped TiO2 table, one frozen parameter set for all rows."""
    from tansaki.experiments.validation.published import film_rows
    from tansaki.twin.film.published_nb_tio2 import ROWS

    yield from film_rows("nb_tio2", ROWS, lambda film: f"{film.id.removeprefix('V20-')}: {film.quantity}")
