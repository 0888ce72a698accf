"""Sputtered LiCoO2 of the twin against published films (V22 and later ones), one frozen parameter set for all rows."""

from collections.abc import Iterator

from tansaki.experiments.validation.row import Row


def rows() -> Iterator[Row]:
    """Grains, capacity and phases."""
    from tansaki.twin.quantities import load
    from tansaki.twin.systems.published_licoo2 import ROWS

    material = load("materials", "licoo2")
    for film in ROWS:
        agrees = film.agrees(material)
        used = "fitted to" if film.kind == "fitted" else "predicted"
        yield Row(
            film.id,
            "materials",
            f"LiCoO2, {film.settings['oxygen_pressure_pa']:.2g} Pa O2: {film.quantity}, {film.unit}",
            film.published,
            film.twin(material),
            f"factor {film.tolerance:.2f}" if film.comparison == "ratio" else f"± {film.tolerance:g}",
            film.source,
            f"published, {used}",
            agrees,
            f"assumed: {film.assumed}" + ("" if agrees else f"; {film.note}"),
            material.name,
        )
