"""Maps of a co-sputtered wafer: thickness and composition at any points, from the sources of a system, for plots."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.backends import Backend, bind
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.quantities import SETTINGS, load
from tansaki.twin.systems import cosputter
from tansaki.twin.systems.registry import SYSTEMS, open_system, system_module

Floats = NDArray[np.float64]


class WaferMap(NamedTuple):
    """What stands at each point of a wafer; arrays have the shape of the points, `fractions` one more axis in front."""

    x_m: Floats
    y_m: Floats
    thickness_m: Floats
    doses_m2: Floats
    """Atoms per area of each element [element, ...]."""
    fractions: Floats
    """Atomic fractions [element, ...]."""
    elements: tuple[str, ...]


def wafer_grid(system: str, points: int = 41) -> tuple[Floats, Floats]:
    """Square grid over the wafer of a system, [points, points] each; nan beyond its edge, where nothing is drawn."""
    radius = load("instruments", system_module(system).CHAMBER).section("wafer")["radius_m"].value
    axis = np.linspace(-radius, radius, points)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    outside = x * x + y * y > radius * radius * (1.0 + 1e-12)
    return np.where(outside, np.nan, x), np.where(outside, np.nan, y)


def wafer_map(
    system: str, settings: Mapping[str, float], x_m: ArrayLike, y_m: ArrayLike, backend: Backend = "numpy"
) -> WaferMap:
    """Thickness and composition at (`x_m`, `y_m`), arrays of one shape; inputs not in `settings` are as usual.

    The same equations as `evaluate` of the system, whose outputs summarise this map. All engines agree to rounding.
    Raises `InvalidInputError` for a system without cathodes, an unknown or impossible setting, or unequal shapes.
    """
    spread = [name for name in SYSTEMS if hasattr(system_module(name), "CATHODES")]
    if system not in spread:
        raise unknown_name("co-sputtered system", system, spread)
    module, parameters = open_system(system, {})
    usual = load("materials", system).section(SETTINGS)
    for name, value in settings.items():
        if name not in usual:
            raise unknown_name(f"{system} setting", name, usual)
        low, high = usual[name].possible or (-np.inf, np.inf)
        if not low <= value <= high:
            raise InvalidInputError(f"{system} {name}", value, f"{low:g} to {high:g} {usual[name].unit}")
    x, y = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
    if x.shape != y.shape:
        raise InvalidInputError("x_m and y_m of a wafer map", (x.shape, y.shape), "arrays of one shape")
    inputs = module.Inputs(*(float(settings.get(name, usual[name].value)) for name in module.Inputs._fields))
    sources = tuple(_plain(source) for source in module.sources(inputs, parameters))
    fluxes = np.stack([_flux_m2_s(x, y, inputs.throw_distance_m, source, backend) for source in sources])
    doses = inputs.duration_s * fluxes
    volumes = np.array([source.atomic_volume_m3 for source in sources])
    thickness = np.tensordot(volumes, doses, axes=1)
    return WaferMap(x, y, thickness, doses, doses / doses.sum(axis=0), module.CATHODES)


def _plain(source: cosputter.Source) -> cosputter.Source:
    cathode = type(source.cathode)(*(float(value) for value in source.cathode))
    return cosputter.Source(cathode, *(float(value) for value in source[1:]))


def _flux_m2_s(x: Floats, y: Floats, height_m: float, source: cosputter.Source, backend: Backend) -> Floats:
    flux = bind(cosputter, backend).flux_m2_s
    if backend != "jax":
        # Numba compiles for arrays of one dimension, whatever the shape of the map.
        return np.asarray(flux(x.ravel(), y.ravel(), height_m, source)).reshape(x.shape)
    import jax

    with jax.enable_x64(True):
        return np.asarray(jax.jit(flux)(x, y, height_m, source))
