"""Coated plates: the films that the system made, in the order in which light meets them."""

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.optical.spectrophotometer import sample_fractions
from tansaki.twin.specimens.coating import specimen_of_coating
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.surrogate import open_surrogate
from tansaki.twin.systems.registry import open_system
from tansaki.twin.systems.tio2_al2o3 import WAVELENGTHS_M, Inputs, Outputs, stack_fractions


def _made(**settings: float) -> tuple[Specimen, Inputs, Outputs]:
    module, parameters = open_system("tio2_al2o3", {})
    surrogate = open_surrogate("tio2_al2o3")
    usual = {name: quantity.value for name, quantity in surrogate.settings.items()}
    inputs = module.Inputs(**{**usual, **settings})
    outputs = module.Outputs(**surrogate.predict(**settings).values)
    return specimen_of_coating(inputs, outputs, parameters, "mirror", 0.01, 0.01), inputs, outputs


def test_the_spectrum_is_that_of_the_system_with_a_back_face() -> None:
    specimen, inputs, outputs = _made()
    _, parameters = open_system("tio2_al2o3", {})
    seen = sample_fractions(specimen, np.array(WAVELENGTHS_M))
    face = (0.52 / 2.52) ** 2
    for i, wavelength_m in enumerate(WAVELENGTHS_M):
        front = stack_fractions(
            wavelength_m, inputs, outputs.tio2_oxygen_deficit, outputs.al2o3_oxygen_deficit, parameters
        )
        # Both ways through the films once more; light that goes round a second time is below a thousandth.
        assert seen.reflected[i] == pytest.approx(front.reflected + face * front.transmitted**2, abs=3e-3)
        assert 0.0 <= seen.transmitted[i] <= 1.0 - seen.reflected[i]


def test_films_begin_at_the_air() -> None:
    specimen, inputs, _ = _made(tio2_3_nm=11.0, tio2_1_nm=77.0)
    assert len(specimen.layers) == 5
    assert specimen.layers[0].thickness_m == pytest.approx(11e-9)
    assert specimen.layers[-1].thickness_m == pytest.approx(77e-9)
    assert [("Ti" in layer.composition) for layer in specimen.layers] == [True, False, True, False, True]
    assert specimen.thickness_m == pytest.approx(1e-9 * sum(getattr(inputs, n) for n in inputs._fields if "_nm" in n))


def test_films_of_no_thickness_are_left_out() -> None:
    _, parameters = open_system("tio2_al2o3", {})
    _, inputs, outputs = _made()
    bare = inputs._replace(tio2_1_nm=0.0, al2o3_1_nm=0.0, tio2_2_nm=0.0, al2o3_2_nm=0.0)
    assert len(specimen_of_coating(bare, outputs, parameters, "one", 0.01, 0.01).layers) == 1
    with pytest.raises(InvalidInputError, match="at least one"):
        specimen_of_coating(bare._replace(tio2_3_nm=0.0), outputs, parameters, "none", 0.01, 0.01)


def test_the_spectrophotometer_gives_averages_only() -> None:
    specimen, _, _ = _made()
    record = open_instrument("spectrophotometer").measure(specimen, np.random.default_rng(1))
    assert record.flags == ("stack",)
    assert set(record.derived) == {"visible_transmittance", "visible_reflectance"}
