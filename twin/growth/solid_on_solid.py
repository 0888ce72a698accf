"""Kinetic Monte Carlo of a growing crystal surface: atoms arrive, hop over a square lattice, and bind sideways.

Solid-on-solid: each site has one integer height (rows × columns, periodic) and only the top atom of a column moves.
Every event has its rate, so the clock runs in seconds. Loops, hence `bind(..., "numba")`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import Any, NamedTuple

import numpy as xp
from numpy.typing import NDArray

BOLTZMANN_EV_K = 8.617333262e-5
BONDS = 5
"""Classes of atoms: none to four lateral neighbours."""


class Hopping(NamedTuple):
    """How hard it is for the top atom of a column to leave its site."""

    attempt_frequency_hz: float
    surface_energy_ev: float
    """E_s, barrier of an atom alone on a terrace."""
    bond_energy_ev: float
    """E_n, added by each lateral neighbour."""
    step_barrier_ev: float
    """E_ES (Ehrlich and Schwoebel), added where a hop changes the layer."""


class Events(NamedTuple):
    """What happened in one call of `advance`."""

    deposited: int
    hops: int
    elapsed_s: float
    """Less than asked for where the limit of events came first."""


def hop_rate_hz(bonds: int, changes_layer: float, temperature_k: float, hopping: Hopping) -> float:
    """k = ν exp[−(E_s + nE_n + E_ES)/k_BT] of one atom, over its four directions together; `changes_layer` 0 or 1.

    The barrier at the step holds for hops down and up alike: both cross the same saddle. With the energy
    −E_n·(number of lateral bonds) the rates then are in detailed balance.
    """
    barrier = hopping.surface_energy_ev + bonds * hopping.bond_energy_ev + changes_layer * hopping.step_barrier_ev
    return hopping.attempt_frequency_hz * xp.exp(-barrier / (BOLTZMANN_EV_K * temperature_k))


def neighbours(rows: int, columns: int) -> NDArray[xp.int32]:
    """Flat indices (sites × 4) of the neighbours of every site."""
    table = xp.empty((rows * columns, 4), xp.int32)
    for y in range(rows):
        for x in range(columns):
            site = y * columns + x
            table[site, 0] = (y + 1 if y + 1 < rows else 0) * columns + x
            table[site, 1] = (y - 1 if y > 0 else rows - 1) * columns + x
            table[site, 2] = y * columns + (x + 1 if x + 1 < columns else 0)
            table[site, 3] = y * columns + (x - 1 if x > 0 else columns - 1)
    return table


def lateral_bonds(heights: NDArray[xp.int32], site: int, beside: NDArray[xp.int32]) -> int:
    """Lateral neighbours of the top atom at `site` of the flat `heights`: 0 to 4."""
    height = heights[site]
    bonds = 0
    for way in range(4):
        bonds += int(heights[beside[site, way]] >= height)
    return bonds


def reclassify(
    heights: NDArray[xp.int32],
    site: int,
    beside: NDArray[xp.int32],
    kind: NDArray[xp.int32],
    place: NDArray[xp.int32],
    members: NDArray[xp.int32],
    counts: NDArray[xp.int64],
) -> None:
    """Move `site` to the class of its present bonds; the last member of its old class fills the gap."""
    new = lateral_bonds(heights, site, beside)
    old = kind[site]
    if new == old:
        return
    counts[old] -= 1
    last = members[old, counts[old]]
    members[old, place[site]] = last
    place[last] = place[site]
    members[new, counts[new]] = site
    place[site] = counts[new]
    kind[site] = new
    counts[new] += 1


def advance(
    heights: NDArray[xp.int32],
    duration_s: float,
    flux_hz: float,
    temperature_k: float,
    hopping: Hopping,
    most_events: int,
    generator: Any,
) -> Events:
    """Let `duration_s` pass, in place: `flux_hz` atoms a second and site arrive, all hop at `temperature_k`.

    List of classes (Bortz, Kalos and Lebowitz, J. Comput. Phys. 17, 10, 1975): the next event is drawn among the
    classes by their summed rates, the atom within its class evenly, and the waiting time from the total rate. A hop
    that changes the layer happens with probability exp(−E_ES/k_BT), which keeps its rate exact. Atoms hop to any of
    the four neighbouring columns, however high.
    """
    beside = neighbours(heights.shape[0], heights.shape[1])
    flat = heights.reshape(heights.size)
    sites = heights.size
    rates = xp.empty(BONDS)
    for bonds in range(BONDS):
        rates[bonds] = hop_rate_hz(bonds, 0.0, temperature_k, hopping)
    passing = xp.exp(-hopping.step_barrier_ev / (BOLTZMANN_EV_K * temperature_k))
    kind = xp.empty(sites, xp.int32)
    place = xp.empty(sites, xp.int32)
    members = xp.empty((BONDS, sites), xp.int32)
    counts = xp.zeros(BONDS, xp.int64)
    for site in range(sites):
        bonds = lateral_bonds(flat, site, beside)
        kind[site] = bonds
        place[site] = counts[bonds]
        members[bonds, counts[bonds]] = site
        counts[bonds] += 1
    arriving = flux_hz * sites
    deposited, hops, time_s = 0, 0, 0.0
    for _ in range(most_events):
        total = arriving
        for bonds in range(BONDS):
            total += counts[bonds] * rates[bonds]
        if total <= 0.0:
            return Events(deposited, hops, duration_s)
        time_s -= xp.log(1.0 - generator.random()) / total
        if time_s >= duration_s:
            # The rest of the waiting time has no memory; the next call draws it anew.
            return Events(deposited, hops, duration_s)
        drawn = generator.random() * total
        if drawn < arriving:
            source = min(int(drawn / flux_hz), sites - 1)
            target = source
            flat[target] += 1
            deposited += 1
        else:
            drawn -= arriving
            bonds = 0
            while bonds < BONDS - 1 and drawn >= counts[bonds] * rates[bonds]:
                drawn -= counts[bonds] * rates[bonds]
                bonds += 1
            if counts[bonds] * rates[bonds] == 0.0:
                continue  # rounding left a rest beyond the last class
            source = members[bonds, min(int(drawn / rates[bonds]), counts[bonds] - 1)]
            target = beside[source, int(4.0 * generator.random())]
            if target == source:
                continue
            level = flat[source]
            changes_layer = flat[target] + 1 != level
            if changes_layer and generator.random() >= passing:
                continue
            flat[source] -= 1
            flat[target] += 1
            hops += 1
            reclassify(flat, source, beside, kind, place, members, counts)
            for way in range(4):
                reclassify(flat, beside[source, way], beside, kind, place, members, counts)
        reclassify(flat, target, beside, kind, place, members, counts)
        for way in range(4):
            reclassify(flat, beside[target, way], beside, kind, place, members, counts)
    return Events(deposited, hops, time_s)
