"""The optical stack of the twin: published indices, the closed form of a mirror, rates beside the hysteresis."""

from collections.abc import Iterator
from dataclasses import replace

from tansaki.experiments.validation.row import Row, relative

_MATERIAL = "tio2_al2o3"
_WEB = "refractiveindex.info"


def rows() -> Iterator[Row]:
    """Indices, mirror, rates."""
    for row in (*_indices(), _mirror(), _rates()):
        yield replace(row, material=_MATERIAL)


def _outputs(oxygen_pa: float) -> dict[str, float]:
    from tansaki.twin.quantities import load
    from tansaki.twin.systems.published import outputs_of

    settings = {"tio2_oxygen_pressure_pa": oxygen_pa, "al2o3_oxygen_pressure_pa": oxygen_pa}
    found: dict[str, float] = outputs_of(load("materials", _MATERIAL), settings)._asdict()
    return found


def _indices() -> Iterator[Row]:
    grown = _outputs(0.05)
    for name, output, target, tolerance, source, kind in (
        ("tio2", "tio2_index", 2.347, 0.001, f"near-amorphous film, Franta et al., {_WEB}", "published, fitted to"),
        ("al2o3", "al2o3_index", 1.656, 0.001, f"film, Franta et al., {_WEB}", "published, fitted to"),
        ("al2o3-ald", "al2o3_index", 1.630, 0.02, f"ALD film, Zhukovsky et al., {_WEB}", "published, predicted"),
    ):
        quantity = f"stack: n(550 nm) of {name}"
        yield relative(f"stack-{name}", "materials", quantity, target, float(grown[output]), tolerance, source, kind)


def _mirror() -> Row:
    """n_H L H L H of quarter waves on n_s: the admittance is n_H⁶/(n_L⁴n_s)."""
    from tansaki.twin.film.optical_constants import RefractiveIndex
    from tansaki.twin.film.stack import Layer, layer_fractions

    high, low, plate, wavelength_m = 2.35, 1.65, 1.52, 550e-9
    films = tuple(
        Layer(RefractiveIndex(index, 0.0), 0.25 * wavelength_m / index) for index in (high, low, high, low, high)
    )
    admittance = high**6 / (low**4 * plate)
    return relative(
        "stack-quarter-waves",
        "materials",
        "reflectance of five lossless quarter waves",
        ((admittance - 1.0) / (admittance + 1.0)) ** 2,
        float(layer_fractions(films, plate, wavelength_m).reflected),
        1e-9,
        "admittance of quarter-wave films, closed form",
        "exact",
    )


def _rates() -> Row:
    bare, poisoned = _outputs(1e-7)["tio2_growth_rate_m_s"], _outputs(0.3)["tio2_growth_rate_m_s"]
    return relative(
        "stack-rate-ratio",
        "materials",
        "titania: rate of the bare over that of the poisoned target",
        22.0,
        float(bare / poisoned),
        0.2,
        "prototype of the same equations, 3-inch Ti at constant current; here at constant power",
        "own reference",
    )
