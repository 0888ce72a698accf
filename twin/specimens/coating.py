"""A plate coated with titania and alumina by the system `tio2_al2o3`, as the instruments meet it.

Numbers: section [specimen] of the material file. Faces are smooth, as in the system. Unlike the system's spectrum, a
measured one holds the light that the back face of the plate returns.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.quantities import load
from tansaki.twin.specimens.specimen import FilmLayer, Floats, Specimen
from tansaki.twin.systems.tio2_al2o3 import Inputs, Outputs, Parameters, al2o3_index, tio2_index

MATERIAL = "tio2_al2o3"
SUBSTRATE = "glass"

_Index = Callable[[Floats, float, Parameters], RefractiveIndex]


def specimen_of_coating(
    inputs: Inputs, outputs: Outputs, parameters: Parameters, sample_id: str, length_m: float, width_m: float
) -> Specimen:
    """The specimen of one recipe, of what the system gives for it, and of the system's parameters.

    Films of no thickness are left out; `InvalidInputError` where none is left.
    """
    solid = {name: quantity.value for name, quantity in load("materials", MATERIAL).section("specimen").items()}
    short = {"tio2": outputs.tio2_oxygen_deficit, "al2o3": outputs.al2o3_oxygen_deficit}
    kinds: dict[str, tuple[_Index, dict[str, float]]] = {
        "tio2": (tio2_index, {"Ti": 1.0, "O": 2.0 * (1.0 - short["tio2"])}),
        "al2o3": (al2o3_index, {"Al": 2.0, "O": 3.0 * (1.0 - short["al2o3"])}),
    }
    films = []
    # Films are set from the glass up; a specimen begins at the air.
    for name in ("tio2_3", "al2o3_2", "tio2_2", "al2o3_1", "tio2_1"):
        thickness_m = 1e-9 * getattr(inputs, f"{name}_nm")
        if thickness_m == 0.0:
            continue
        kind = name.partition("_")[0]
        index, composition = kinds[kind]
        light = partial(_complex_index, index, short[kind], parameters)
        films.append(FilmLayer(thickness_m, composition, solid[f"{kind}_kg_m3"], 0.0, light))
    return Specimen(sample_id, SUBSTRATE, length_m, width_m, tuple(films))


def _complex_index(
    index: _Index, deficit: float, parameters: Parameters, wavelength_m: Floats
) -> NDArray[np.complex128]:
    found = index(np.asarray(wavelength_m, dtype=np.float64), deficit, parameters)
    return np.asarray(found.n + 1j * found.k)
