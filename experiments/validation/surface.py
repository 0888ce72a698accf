"""Microscopes and the stylus against exact values: dilation, known roughness, known steps, what a tip hides."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.growth.surface_map import SurfaceMap
    from tansaki.twin.specimens.specimen import Specimen

GROUP = "surface"
IDENTITY = "definition"


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield _dilation()
    yield from _steps()
    yield from _roughness()
    yield _tip()
    yield _size()
    yield _law()


def _specimen(thickness_m: float, surface: "SurfaceMap") -> "Specimen":
    import numpy as np

    from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen

    layer = FilmLayer(thickness_m, {"Ti": 1.0, "O": 2.0}, 3890.0, 1e-9, lambda x: np.full(np.shape(x), 2.4 + 0j))
    return Specimen("validation", "glass", 0.01, 0.01, (layer,), Charge(1e-5, 1e27, 1e-3), lambda: surface)


def _dilation() -> Row:
    import numpy as np
    from scipy.ndimage import grey_dilation

    from tansaki.twin.backends import bind
    from tansaki.twin.measurement.surface import dilation

    heights = np.random.default_rng(0).standard_normal((48, 48))
    reach = np.arange(-47, 48)
    worst = 0.0
    for curvature in (0.002, 0.05, 1.0):
        tip = -curvature * (reach[:, None] ** 2 + reach[None, :] ** 2)
        # The stubs of scipy know structures of integers only.
        expected = grey_dilation(heights, structure=tip, mode="constant", cval=-1e9)  # type: ignore[call-overload]
        found = bind(dilation, "numba").dilated_map(heights, curvature)
        worst = max(worst, float(np.abs(found - expected).max()))
    label = "dilation by a paraboloid, largest difference from scipy over the spread of the heights"
    return Row("dilation", GROUP, label, 0.0, worst, "1e-12", "scipy.ndimage.grey_dilation", "exact", worst <= 1e-12)


def _steps() -> Iterator[Row]:
    from tansaki.twin.measurement.instrument import open_instrument
    from tansaki.twin.measurement.surface.relief import gaussian_surface

    smooth = gaussian_surface(1e-9, 2e-8, 4e-9, 1, pixels=32)
    stylus = open_instrument("stylus_profilometer")
    for height_nm in (20.0, 100.0, 1000.0):
        found = stylus.measure(_specimen(1e-9 * height_nm, smooth), None).derived["thickness"].value
        label = f"stylus without errors: a step of {height_nm:g} nm, nm"
        yield relative("step", GROUP, label, height_nm, found, 1e-3, IDENTITY, "exact")


def _roughness() -> Iterator[Row]:
    import numpy as np

    from tansaki.twin.growth.surface_map import SurfaceMap
    from tansaki.twin.measurement.instrument import open_instrument

    microscope = open_instrument("atomic_force_microscope")
    # Eight periods of 62.5 nm in the scan; the radius at the bottom of the wave is far above that of the tip.
    wave = 1e-9 * np.cos(2.0 * np.pi * 8.0 * np.arange(128) / 128)
    derived = microscope.measure(_specimen(1e-7, SurfaceMap(np.tile(wave, (128, 1)), 5e-7 / 128)), None).derived
    label = "AFM without errors: Sq of a wave of 1 nm amplitude, nm"
    yield relative("Sq", GROUP, label, 1.0 / math.sqrt(2.0), derived["roughness_sq"].value, 0.03, "A/√2", "exact")
    label = "AFM without errors: Sa of the same, nm"
    yield relative("Sa", GROUP, label, 2.0 / math.pi, derived["roughness_sa"].value, 0.03, "2A/π", "exact")


def _tip() -> Row:
    """What a tip hides, over four normal surfaces."""
    import numpy as np

    from tansaki.twin.backends import bind
    from tansaki.twin.measurement.surface import dilation
    from tansaki.twin.measurement.surface.relief import gaussian_surface
    from tansaki.twin.measurement.surface.roughness_analysis import flattened, taken_again, tip_share

    shares = []
    for seed in range(4):
        heights = gaussian_surface(1.0, 10.0, 2.0, seed).heights_m
        image = flattened(bind(dilation, "numba").dilated_map(heights, 4.0 / 16.0))
        shares.append((flattened(heights).std() / image.std() - 1.0, tip_share(taken_again(image, 4.0 / 16.0))))
    true, found = np.mean(shares, axis=0)
    label = "share of Sq hid by a tip of 8 nm (Sq 1 nm, ξ 10 nm), told from its image"
    note = "relation fitted to like surfaces"
    return relative("tip", GROUP, label, float(true), float(found), 0.3, "the surface itself", "exact", note)


def _size() -> Row:
    import numpy as np

    from tansaki.twin.measurement.surface.feature_analysis import features, spectrum
    from tansaki.twin.measurement.surface.relief import gaussian_surface

    sizes = []
    for seed in range(6):
        seen = features(spectrum(1.0 + gaussian_surface(0.05, 2e-8, 4e-9, seed).heights_m, 4e-9), 0.0, 1.0, 1e-30)
        sizes.append(math.nan if seen is None else 1e9 * seen.length_m)
    label = "SEM analysis: ξ of a normal field of 20 nm, nm"
    return relative("ξ", GROUP, label, 20.0, float(np.mean(sizes)), 0.06, IDENTITY, "exact")


def _law() -> Row:
    """Films under random conditions that the fit has not seen."""
    import numpy as np

    from tansaki.twin.deposition.chamber import open_chamber
    from tansaki.twin.film.grow import grow
    from tansaki.twin.growth.surface_of_film import surface_of_film
    from tansaki.twin.quantities import load
    from tansaki.twin.records import Deposition, GrowthConditions

    rng = np.random.default_rng(123)
    material, chamber = load("materials", "nb_tio2"), open_chamber()
    logarithms = []
    for seed in range(12):
        pressure, kelvin = float(np.exp(rng.uniform(math.log(0.1), math.log(5.0)))), rng.uniform(300.0, 800.0)
        thickness, rate = rng.uniform(20e-9, 150e-9), rng.uniform(2e-11, 3e-10)
        film = [GrowthConditions(thickness, rate, pressure, 0.01, 0.99, rng.uniform(6.0, 40.0), kelvin, 0.06)]
        passage = chamber.passage(Deposition(100.0, pressure, kelvin - 273.15, 3600.0))
        grown = surface_of_film(film, material, passage, 3e-8, seed).heights_m.std()
        logarithms.append(math.log(grow(film, None, "glass", material).roughness_m / grown))
    spread = float(np.sqrt(np.mean(np.square(logarithms))))
    label = "law of the roughness against grown surfaces, 12 random films: rms of the logarithm"
    source = "maps grown by the twin"
    return Row("law", GROUP, label, 0.046, spread, "at most 0.08", source, "own reference", spread <= 0.08)
