"""X-ray reflectivity: critical angles, another program on random stacks, films through the whole chain.

The row beside another program appears where it is installed (extra ``peers``).
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tansaki.twin.specimens.specimen import Floats, Specimen

GROUP: Final = "reflectivity"
XRAYDB: Final = "δ by xraydb (Chantler's tables), rounded to four figures"
REFNX: Final = "refnx.reflect.reflect_model.abeles, program of the extra peers"
CHAIN: Final = "stated film through the whole chain"
WAVELENGTH_M: Final = 1.5405929e-10
ANGLES: Final = (
    ("Si", 2329.0, 0.2230),
    ("SiO2", 2200.0, 0.2162),
    ("TiO2", 3890.0, 0.2800),
    ("TiO2", 4250.0, 0.2927),
    ("TiN", 5400.0, 0.3275),
    ("In2O3", 7180.0, 0.3646),
    ("ZnO", 5610.0, 0.3254),
    ("LiCoO2", 5050.0, 0.3078),
)
"""Formula, density (kg/m³), critical angle (degrees)."""


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _critical_angles()
    yield from _against_refnx()
    yield from _films()


def _critical_angles() -> Iterator[Row]:
    """Target 8."""
    from tansaki.twin.measurement.x_ray.compound import parsed, scattering_length_density
    from tansaki.twin.measurement.x_ray.scattering_factors import critical_angle_rad

    for name, density, angle_deg in ANGLES:
        real = scattering_length_density(parsed(name), density).real_per_m2
        found = math.degrees(critical_angle_rad(real, WAVELENGTH_M))
        label = f"{name} of {density / 1000.0:g} g/cm3: critical angle under Cu Kα1, degrees"
        yield relative("M8", GROUP, label, angle_deg, found, 0.005, XRAYDB, "own reference")


def _against_refnx() -> Iterator[Row]:
    """Target 9."""
    try:
        from refnx.reflect.reflect_model import abeles
    except ImportError:
        return
    import numpy as np

    from tansaki.twin.measurement.x_ray.reflectivity_curves import curve, random_stack

    rng = np.random.default_rng(9)
    q_per_m = np.linspace(5e7, 5e9, 500)
    worst = 0.0
    for _ in range(200):
        stack = random_stack(rng.random((4, 1 + int(rng.integers(0, 9)))))
        columns = np.stack(
            [stack.thickness_m, stack.density_per_m2, stack.absorption_per_m2, stack.roughness_m], axis=1
        )
        theirs = abeles(1e-10 * q_per_m, columns * [1e10, 1e-14, 1e-14, 1e10], threads=1)
        worst = max(worst, float(np.max(np.abs(curve(q_per_m, stack) / theirs - 1.0))))
    label = "200 random rough stacks of 0 to 8 layers, R at 500 q: largest relative difference"
    yield Row("M9", GROUP, label, 0.0, worst, "± 1e-08", REFNX, "exact", worst <= 1e-8)


def _films() -> Iterator[Row]:
    """Thickness and density come back without noise, within their interval with it; a thick film is censored."""
    import numpy as np

    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument("x_ray_reflectometer")
    for thickness_nm in (15.0, 60.0, 180.0):
        found = instrument.measure(_titania(thickness_nm), None).derived
        for name, target, unit in (("thickness", thickness_nm, "nm"), ("density", 3.7, "g/cm3")):
            value = found[name].value if name in found else math.nan
            label = f"TiO2 film of {thickness_nm:g} nm on glass, ideal reading: {name}, {unit}"
            yield relative("M9", GROUP, label, target, value, 0.002, CHAIN, "exact")
        noisy = instrument.measure(_titania(thickness_nm), np.random.default_rng(9)).derived
        error = (noisy["thickness"].value - thickness_nm) / noisy["thickness"].u if "thickness" in noisy else math.nan
        label = f"TiO2 film of {thickness_nm:g} nm on glass, with all errors: error of the thickness over u"
        yield Row("M9", GROUP, label, 0.0, error, "± 3", CHAIN, "exact", abs(error) <= 3.0)
    thick = instrument.measure(_titania(400.0), np.random.default_rng(9))
    bound = thick.derived["thickness_lower_bound"].value if "thickness_lower_bound" in thick.derived else math.nan
    label = "TiO2 film of 400 nm on glass is censored: lower bound of the thickness, nm"
    ok = thick.flags == ("no_fringes",) and "thickness" not in thick.derived and 200.0 < bound < 400.0
    yield Row("M9", GROUP, label, 400.0, bound, "below, no value", CHAIN, "exact", ok)


def _titania(thickness_nm: float) -> "Specimen":
    import numpy as np

    from tansaki.twin.specimens.specimen import FilmLayer, Specimen

    def index(wavelength_m: "Floats") -> "NDArray[np.complex128]":
        return np.full(np.shape(wavelength_m), 2.5 + 0.0j)

    film = FilmLayer(thickness_nm * 1e-9, {"Ti": 1.0, "O": 2.0}, 3700.0, 0.8e-9, index)
    return Specimen("titania", "glass", 0.01, 0.01, (film,))
