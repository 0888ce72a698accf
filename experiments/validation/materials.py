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
    from tansaki.twin.film.published_nb_tio2 import ROWS
    from tansaki.twin.quantities import load

    material = load("materials", "nb_tio2")
    for film in ROWS:
        used = "fitted to" if film.kind == "fitted" else "predicted"
        yield Row(
            film.id,
            "materials",
            f"{film.id.removeprefix('V20-')}: {film.quantity}, {film.unit}",
            film.published,
            film.twin(material),
            f"factor {film.tolerance:.2f}" if film.comparison == "ratio" else f"± {film.tolerance:g}",
            film.source,
            f"published, {used}",
            film.agrees(material),
            f"assumed: {film.assumed}",
            material.name,
        )
