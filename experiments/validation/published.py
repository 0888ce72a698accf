"""Rows of a material from its published films, one frozen parameter set for all of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tansaki.experiments.validation.row import Row
from tansaki.twin.film.published_nb_tio2 import PublishedRow
from tansaki.twin.quantities import load
from tansaki.twin.systems.published import SystemRow

Film = TypeVar("Film", PublishedRow, SystemRow)


def _quantity(film: PublishedRow | SystemRow) -> str:
    return film.quantity


def film_rows(material_name: str, films: Iterable[Film], named: Callable[[Film], str] = _quantity) -> Iterator[Row]:
    """One row a published number of a material, with the coefficients of its file; `named` says of what it is."""
    material = load("materials", material_name)
    for film in films:
        used = "fitted to" if film.kind == "fitted" else "predicted"
        agrees = film.agrees(material)
        yield Row(
            film.id,
            "materials",
            f"{named(film)}, {film.unit}",
            film.published,
            film.twin(material),
            f"factor {film.tolerance:.2f}" if film.comparison == "ratio" else f"± {film.tolerance:g}",
            film.source,
            f"published, {used}",
            agrees,
            f"assumed: {film.assumed}" + (f"; {film.note}" if film.note and not agrees else ""),
            material.name,
        )
