"""Spectrophotometer: fringes in closed form (target 13), and a published film by the whole chain (target 14)."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.records import Film

GROUP: Final = "spectrophotometry"
SWANEPOEL: Final = "Swanepoel, J. Phys. E 16, 1214 (1983)"
YAMADA: Final = "Yamada et al. 2007/2008: reactive sputtering at room temperature, 10 % O2, hydrogen 600 C"
GLASS: Final = 1.52
RESISTIVITY: Final = 9.5e-4
"""Ohm cm, published."""
TRANSMITTANCE: Final = 0.75
"""About, published."""


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _fringes()
    yield from _published_film()


def _fringes() -> Iterator[Row]:
    """Target 13: n = 2.3 on glass from T_M and T_m; d from a noiseless spectrum."""
    import numpy as np

    from tansaki.twin.film.optical_constants import RefractiveIndex
    from tansaki.twin.measurement.optical.film_spectrum import rough_film_fractions
    from tansaki.twin.measurement.optical.swanepoel import extrema, fringes, index_from_envelopes

    n, s = 2.3, GLASS
    upper = 2.0 * s / (s * s + 1.0)
    lower = 4.0 * n * n * s / (n**4 + n * n * (s * s + 1.0) + s * s)
    twin = float(index_from_envelopes(upper, lower, s))
    label = "film of index 2.3 on glass: n from T_M and T_m"
    yield Row("M13-index", GROUP, label, n, twin, "± 1e-6", SWANEPOEL, "exact", abs(twin - n) <= 1e-6)
    light = np.arange(400e-9, 2500e-9, 5e-9)
    for thickness_nm in (500.0, 1000.0):
        sample = rough_film_fractions(RefractiveIndex(n, 0.0), 1e-9 * thickness_nm, 0.0, s, light)
        turns = extrema(light, sample.transmitted, sample.reflected, np.full(len(light), 1e-4))
        found = fringes(turns, np.full(len(turns.wavelength_m), s))
        twin = math.nan if found is None else 1e9 * found.thickness_m
        label = f"film of index 2.3 and {thickness_nm:g} nm: thickness from the fringes, nm"
        source = f"{SWANEPOEL}: better than 1 %"
        yield relative("M13-thickness", GROUP, label, thickness_nm, twin, 0.01, source, "exact")


def published_film() -> "Film":
    """Row V20-reactive-h2-600: sputtered at room temperature, annealed in hydrogen."""
    from tansaki.twin.film.published_nb_tio2 import ROWS
    from tansaki.twin.quantities import load

    return next(row for row in ROWS if row.id == "V20-reactive-h2-600").film(load("materials", "nb_tio2"))


def _published_film() -> Iterator[Row]:
    """Target 14: resistivity by the probe and transmittance by the spectrophotometer.

    Of the film that the twin grows by the published recipe, and of a state that has the published resistivity: the
    twin's carriers, the mobility that belongs to them, and of the thicknesses the best. That one exists is all that the
    last two rows say: both numbers were used to find it.
    """
    film = published_film()
    resistivity, light = _measured(film)
    label = "Nb-doped TiO2, reactive, hydrogen 600 C: resistivity by the probe, ohm cm"
    note = "coefficients fitted to all published films of the material together, none to this one alone"
    yield relative("M14-grown", GROUP, label, RESISTIVITY, resistivity, 0.2, YAMADA, "published, fitted to", note)
    label = "the same film: transmittance 400-700 nm with the plate"
    note = "120 nm assumed; m* and the absorption of trapped electrons are assumed too"
    ok = abs(light - TRANSMITTANCE) <= 0.05
    yield Row("M14-grown", GROUP, label, TRANSMITTANCE, light, "± 0.05", YAMADA, "published, predicted", ok, note)
    state = _state(film)
    resistivity, light = _measured(state)
    note = (
        f"n = {1e-6 * state.carrier_density_m3:.3g} cm^-3, mobility {1e4 * state.mobility_m2_vs:.3g} cm2/Vs, "
        f"{1e9 * state.thickness_m:.0f} nm: chosen for these two numbers"
    )
    label = "one state: resistivity by the probe, ohm cm"
    yield relative("M14-state", GROUP, label, RESISTIVITY, resistivity, 0.2, YAMADA, "published, fitted to", note)
    label = "one state: transmittance 400-700 nm with the plate"
    ok = abs(light - TRANSMITTANCE) <= 0.05
    yield Row("M14-state", GROUP, label, TRANSMITTANCE, light, "± 0.05", YAMADA, "published, fitted to", ok, note)


def _state(film: "Film") -> "Film":
    """`film` with the published resistivity, as thick as suits the published transmittance best (80 to 300 nm)."""
    from dataclasses import replace

    from tansaki.twin.measurement.optical.visible import visible_transmittance
    from tansaki.twin.specimens.titania import specimen_of_film

    film = replace(
        film,
        resistivity_ohm_m=0.01 * RESISTIVITY,
        mobility_m2_vs=film.mobility_m2_vs * film.resistivity_ohm_m / (0.01 * RESISTIVITY),
    )
    films = [replace(film, thickness_m=1e-9 * thickness_nm) for thickness_nm in range(80, 301, 20)]
    return min(
        films,
        key=lambda one: abs(visible_transmittance(specimen_of_film(one, "any", "glass", 0.01, 0.01)) - TRANSMITTANCE),
    )


def _measured(film: "Film") -> tuple[float, float]:
    """Resistivity (ohm cm) and visible transmittance, each by its instrument at default noise."""
    import numpy as np

    from tansaki.twin.measurement.instrument import open_instrument
    from tansaki.twin.specimens.titania import specimen_of_film

    specimen = specimen_of_film(film, "published", "glass", 0.01, 0.01)
    rng = np.random.default_rng(14)
    probe = open_instrument("four_point_probe").measure(specimen, rng).derived["resistivity"]
    light = open_instrument("spectrophotometer").measure(specimen, rng).derived["visible_transmittance"]
    return probe.value, light.value
