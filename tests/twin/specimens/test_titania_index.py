"""The light that a film of titania absorbs follows from the charge that it conducts, voids and all."""

import numpy as np
import pytest

from tansaki.twin.film.optical_constants import (
    PLANCK_TIMES_LIGHT_EV_M,
    REDUCED_PLANCK_EV_S,
    VACUUM_PERMITTIVITY_F_M,
)
from tansaki.twin.records import Film
from tansaki.twin.specimens.titania import film_index
from tansaki.twin.units import ELEMENTARY_CHARGE_C


@pytest.mark.parametrize("voids", [0.0, 0.05, 0.23])
@pytest.mark.parametrize(("carriers", "mobility"), [(1e27, 8e-4), (3e26, 2e-3)])
def test_slow_light_is_absorbed_as_direct_current_is_conducted(voids: float, carriers: float, mobility: float) -> None:
    resistivity = 1.0 / (carriers * ELEMENTARY_CHARGE_C * mobility)
    film = Film("nb_tio2", 1e-7, 0.06, 2.0, 1.0, 0.0, carriers, mobility, resistivity, 0.0, 3e-8, voids, 1e27)
    energy_ev = 1e-6
    dielectric = film_index(film, np.array([PLANCK_TIMES_LIGHT_EV_M / energy_ev]))[0] ** 2
    conductivity = VACUUM_PERMITTIVITY_F_M * energy_ev / REDUCED_PLANCK_EV_S * dielectric.imag
    assert 1.0 / conductivity == pytest.approx(resistivity, rel=1e-4)
