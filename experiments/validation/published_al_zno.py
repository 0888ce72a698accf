"""V21: films of Al-doped ZnO against published ones; one frozen parameter set for all rows."""

from collections.abc import Iterator

from tansaki.experiments.validation.row import Row, relative


def rows() -> Iterator[Row]:
    """The published films, and the product of the published density and mobility."""
    from tansaki.experiments.validation.published import film_rows
    from tansaki.twin.systems.published_al_zno import ROWS
    from tansaki.twin.units import ELEMENTARY_CHARGE_C

    by_quantity = {row.id.removeprefix("V21-cornelius-"): row.published for row in ROWS}
    yield relative(
        "V21-cornelius-product",
        "materials",
        "1/(n e mu) of the published density and mobility, ohm m",
        by_quantity["resistivity"],
        1.0 / (ELEMENTARY_CHARGE_C * by_quantity["carriers"] * by_quantity["mobility"]),
        2e-3,
        "definition of the mobility; the published numbers have three digits",
        "exact",
    )
    yield from film_rows("al_zno", ROWS)
