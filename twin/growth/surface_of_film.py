"""The shape of a film's surface from the conditions under which it grew: what a microscope will look at.

Rules, all assumed, with their numbers in section [surface] of the material file:

- Atoms that kept their flight energy come as a narrow beam along the normal, the others as from a gas (cos¹). The
  share that kept it is exp(−pd/λ_E), as for the energy (`tansaki.twin.deposition.transport.surviving_energy`).
- An atom makes N hops before the next layer buries it: k(T)·t_layer of an atom alone on a terrace, and some for each
  eV that the film receives. The share N/(1 + N) of the atoms comes to rest in the lowest place nearby (Family), the
  rest stays where it touched (ballistic).
- What lands as one is a cluster `cell_height_m` high; the film is thickness/cell_height_m layers of them.
- Sideways the map is stretched until the correlation length is half a grain. Shadowing is that of cells as wide as
  high, so the stretch is a scaling, not a simulation; facets, grooves and steps of grains are not in the model.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tansaki.twin.backends import bind
from tansaki.twin.deposition.transport import Passage, surviving_energy
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.growth import ballistic
from tansaki.twin.growth.ballistic import Arrival
from tansaki.twin.growth.roughness import correlation_length
from tansaki.twin.growth.solid_on_solid import Hopping, hop_rate_hz
from tansaki.twin.growth.surface_map import SurfaceMap
from tansaki.twin.quantities import DataFile
from tansaki.twin.randomness import generator
from tansaki.twin.records import GrowthConditions


class Surface(NamedTuple):
    """Numbers of the rules above."""

    cell_height_m: float
    atom_spacing_m: float
    """Thickness of one layer of atoms, which is buried in the time `atom_spacing_m`/rate."""
    beam_cosine_power: float
    """Cosine power of the atoms that have not collided."""
    hops_per_ev: float
    """Hops of an arriving atom per eV that the film receives with it."""


def mobility(conditions: GrowthConditions, surface: Surface, hopping: Hopping) -> float:
    """N/(1 + N), the share of the atoms that relax; N hops by temperature and by energy before burial."""
    layer_s = surface.atom_spacing_m / conditions.rate_m_s
    hops = hop_rate_hz(0, 0.0, conditions.substrate_temperature_k, hopping) * layer_s
    hops += surface.hops_per_ev * conditions.energy_per_atom_ev
    return float(hops / (1.0 + hops))


def surface_of_film(
    layers: Sequence[GrowthConditions],
    material: DataFile,
    passage: Passage,
    grain_size_m: float,
    seed: int,
    pixels: int = 128,
) -> SurfaceMap:
    """Surface (`pixels` × `pixels`) of the film grown from `layers`, bottom first, on a flat substrate.

    `grain_size_m` is the lateral size of the grains at the surface. Deterministic in all arguments. Raises
    `InvalidInputError` where a thickness, rate, temperature or grain size is not positive, a pressure or energy is
    negative, or the map has fewer than 16 pixels a side (too few for a correlation length).
    """
    _check(layers, grain_size_m, pixels)
    surface, hopping = material.parameters("surface", Surface), material.parameters("hopping", Hopping)
    deposit = bind(ballistic, "numba").deposit_oblique
    numbers = generator(seed, "surface of film")
    heights = np.zeros((pixels, pixels), np.int32)
    for layer in layers:
        relaxing = mobility(layer, surface, hopping)
        straight = float(surviving_energy(layer.pressure_pa, passage))
        beam, gas = Arrival(0.0, surface.beam_cosine_power, relaxing), Arrival(0.0, 1.0, relaxing)
        clusters = layer.thickness_m / surface.cell_height_m * heights.size
        # Beam and gas take turns, a layer at most each, so that neither arrives on the finished work of the other.
        turns = max(1, round(clusters / heights.size))
        sent = np.rint(clusters / turns * np.arange(turns + 1)).astype(int)
        for number in np.diff(sent):
            from_beam = int(numbers.binomial(number, straight))
            deposit(heights, from_beam, beam, numbers)
            deposit(heights, number - from_beam, gas, numbers)
    length = min(correlation_length(heights), pixels / 2)
    return SurfaceMap(heights.astype(np.float64) * surface.cell_height_m, 0.5 * grain_size_m / length)


def _check(layers: Sequence[GrowthConditions], grain_size_m: float, pixels: int) -> None:
    if not layers:
        raise InvalidInputError("layers", list(layers), "at least one")
    for layer in layers:
        for name in ("thickness_m", "rate_m_s", "substrate_temperature_k"):
            if not 0.0 < getattr(layer, name) < np.inf:
                raise InvalidInputError(name, getattr(layer, name), "more than 0")
        for name in ("pressure_pa", "energy_per_atom_ev"):
            if not 0.0 <= getattr(layer, name) < np.inf:
                raise InvalidInputError(name, getattr(layer, name), "0 or more")
    if not 0.0 < grain_size_m < np.inf:
        raise InvalidInputError("grain_size_m", grain_size_m, "more than 0")
    if pixels < 16:
        raise InvalidInputError("pixels", pixels, "16 or more")
