"""Rows of a material system from its published films."""

from collections.abc import Iterable, Iterator

from tansaki.experiments.validation.row import Row
from tansaki.twin.quantities import load
from tansaki.twin.systems.published import SystemRow


def system_rows(system: str, films: Iterable[SystemRow]) -> Iterator[Row]:
    """One row a published number of `system`, with the coefficients of its file."""
    material = load("materials", system)
    for film in films:
        used = "fitted to" if film.kind == "fitted" else "predicted"
        yield Row(
            film.id,
            "materials",
            f"{film.quantity}, {film.unit}",
            film.published,
            film.twin(material),
            f"factor {film.tolerance:.2f}" if film.comparison == "ratio" else f"± {film.tolerance:g}",
            film.source,
            f"published, {used}",
            film.agrees(material),
            f"assumed: {film.assumed}" + (f"; {film.note}" if film.note else ""),
            material.name,
        )
