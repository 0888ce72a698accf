"""Sputtered LiCoO2 of the twin against published films (V22 and later ones), one frozen parameter set for all rows."""

from collections.abc import Iterator

from tansaki.experiments.validation.row import Row


def rows() -> Iterator[Row]:
    """Grains, capacity and phases."""
    from tansaki.experiments.validation.published import film_rows
    from tansaki.twin.systems.published_licoo2 import ROWS

    yield from film_rows(
        "licoo2", ROWS, lambda film: f"LiCoO2, {film.settings['oxygen_pressure_pa']:.2g} Pa O2: {film.quantity}"
    )
