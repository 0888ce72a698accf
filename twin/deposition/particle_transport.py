"""Sputtered atoms followed through the gas one by one: a Monte Carlo of emission, flight and collision.

An atom leaves a racetrack with an energy of the Thompson distribution and a cosine direction, and flies among gas
atoms of a Maxwellian at rest until it meets the substrate plane z = h, the target plane z = 0 or the cylindrical
wall; all of them keep it. Two laws of collision (`Scattering.screened`):

- variable hard spheres: σ(g) = πd²(g_r/g)^{2ω−1}, isotropic in the centre of mass; d is the diameter at the relative
  speed g_r = √(2k_BT_r/m_r). (Bird refers his diameter to the viscosity at T_r: d_Bird = d√Γ(5/2 − ω).)
- screened Coulomb: potential of Ziegler, Biersack and Littmark (1985), impact parameters up to b_max, deflection by
  Gauss-Chebyshev quadrature (8 points) of the classical integral. It counts glancing collisions too: thirty to fifty
  times slower.

Collision partners have the right distribution, weighted with g·σ(g): flights are drawn for the largest rate that a
partner below five standard deviations can cause, and a collision counts with the probability rate/largest rate.

An atom that has become thermal (E < 4·(3/2)k_BT) and is far from all surfaces, L > `DIFFUSION_PATHS` transport mean
free paths λ, goes by diffusion: first passage to a sphere. x + vτ, τ the relaxation time of momentum, is on average
where the walk leads; a walk that starts there leaves the sphere of radius L around it anywhere with equal chance,
outwards with p(μ) ∝ μ(1 + 3μ/2), the Eddington form of Milne's law, and a velocity weighted with the flux; in the
second, drifting term fast atoms come from farther, λ(v) ∝ v, which weights their energy once more with √E. The last
steps before a surface are always collisions one by one, so no condition at the walls has to be assumed.

Streams of random numbers belong to blocks of atoms (splitmix64, state from seed and block), and every atom
writes its own row: the answer is a function of the seed, not of the number of threads.

Not in it: gas rarefaction (give the temperature), charge, resputtering, sticking below one, the body of a cathode
that stands above z = 0. Numba only.
"""

import math
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numba import get_num_threads, set_num_threads
from numpy.typing import NDArray

from tansaki.twin.deposition.atom_flight import (
    BLOCK,
    SUBSTRATE,
    TARGET,
    WALL,
    Flight,
    relax,
    screened_transport,
    trace_blocks,
)
from tansaki.twin.deposition.sources import Cathode
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load
from tansaki.twin.units import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C

ATOMIC_MASS_KG = 1.66053906892e-27
DIFFUSION_PATHS = 3.0
"""Least distance to a surface, in transport mean free paths, from which an atom goes by diffusion."""
COULOMB_EV_M = 1.43996454e-9
"""e²/(4πε₀)."""

Floats = NDArray[np.float64]


class Atom(NamedTuple):
    """A sputtered element."""

    mass_u: float
    atomic_number: float
    surface_binding_ev: float


class Gas(NamedTuple):
    """The gas in the chamber, at rest and of one temperature."""

    mass_u: float
    atomic_number: float
    pressure_pa: float
    temperature_k: float


class Scattering(NamedTuple):
    """The law of collision; `screened` 0 for variable hard spheres, 1 for screened Coulomb."""

    diameter_m: float
    reference_temperature_k: float
    viscosity_exponent: float
    largest_impact_m: float
    screened: float = 0.0


class Room(NamedTuple):
    """Substrate plane at `distance_m` over the target plane, cylindrical wall."""

    distance_m: float
    wall_radius_m: float


class Arrivals(NamedTuple):
    """Atoms on the substrate plane, one entry each, and how many were emitted and ended elsewhere."""

    x_m: Floats
    y_m: Floats
    energy_ev: Floats
    cosine: Floats
    """Of the angle to the normal of the substrate."""
    emitted: int
    on_target: int
    on_wall: int
    collisions_per_atom: float


def atom_of(symbol: str) -> Atom:
    """The element `symbol` of twin/elements."""
    file = load("elements", symbol)
    atom = file.section("atom")
    binding = file.section("sputtering")["surface_binding_ev"].value
    return Atom(atom["mass_u"].value, atom["atomic_number"].value, binding)


def argon(pressure_pa: float, temperature_k: float) -> Gas:
    """Argon."""
    atom = load("elements", "ar").section("atom")
    return Gas(atom["mass_u"].value, atom["atomic_number"].value, pressure_pa, temperature_k)


def scattering_of(screened: bool = False) -> Scattering:
    """The law of collision with the numbers of twin/instruments/gas_scattering.toml."""
    section = load("instruments", "gas_scattering").section("scattering")
    return Scattering(**{name: quantity.value for name, quantity in section.items()}, screened=float(screened))


def trace(
    atom: Atom,
    cathode: Cathode,
    room: Room,
    gas: Gas,
    scattering: Scattering,
    *,
    atoms: int,
    seed: int,
    ion_energy_ev: float = 400.0,
    diffusion: bool = True,
) -> Arrivals:
    """Follow `atoms` atoms from one cathode to where they stay.

    For several cathodes or elements call it once for each and combine the maps (`thickness_map_m2`). `diffusion`
    False follows every collision to the end. The answer depends on `seed` and the other arguments only. Valid for
    g·σ(g) that grows with g (ω ≤ 1); `InvalidInputError` for numbers without a meaning.
    """
    flight = _flight(atom, room, gas, scattering, ion_energy_ev, diffusion)
    frame = _frame(cathode, room)
    if atoms < 1:
        raise InvalidInputError("atoms", atoms, "1 or more")
    if not 0 <= seed < 2**64:
        raise InvalidInputError("seed", seed, "0 to 2**64 - 1")
    landing = np.empty((atoms, 4))
    fate = np.empty(atoms, np.int8)
    collisions = np.empty(atoms, np.int64)
    trace_blocks(np.uint64(seed), frame, flight, landing, fate, collisions)
    x_m, y_m, energy_ev, cosine = np.ascontiguousarray(landing[fate == SUBSTRATE].T)
    return Arrivals(
        x_m,
        y_m,
        energy_ev,
        cosine,
        atoms,
        int(np.count_nonzero(fate == TARGET)),
        int(np.count_nonzero(fate == WALL)),
        float(collisions.mean()),
    )


def thickness_map_m2(arrivals: Arrivals, half_width_m: float, cells: int) -> Floats:
    """Flux per emitted atom (1/m²) in `cells` × `cells` squares of the wafer |x|, |y| < `half_width_m`; [x, y]."""
    edges = np.linspace(-half_width_m, half_width_m, cells + 1)
    counts: Floats = np.histogram2d(arrivals.x_m, arrivals.y_m, bins=(edges, edges))[0]
    flux: Floats = counts / (arrivals.emitted * (edges[1] - edges[0]) ** 2)
    return flux


def composition_maps(fluxes_m2: list[Floats], emitted_s: list[float]) -> Floats:
    """Atomic fractions [cathode, ...] from the thickness maps of several cathodes and their atoms per second.

    Cells where nothing arrived are nan.
    """
    rates = np.stack([flux * emitted for flux, emitted in zip(fluxes_m2, emitted_s, strict=True)])
    total = rates.sum(axis=0)
    shares: Floats = np.divide(rates, total, out=np.full_like(rates, np.nan), where=total > 0.0)
    return shares


def radial_flux_m2(arrivals: Arrivals, edges_m: Floats) -> tuple[Floats, Floats]:
    """Flux per emitted atom (1/m²) between the radii `edges_m` [n + 1], and its standard error (Poisson); both [n]."""
    radius = np.hypot(arrivals.x_m, arrivals.y_m)
    counts, _ = np.histogram(radius, bins=edges_m)
    scale = 1.0 / (arrivals.emitted * np.pi * np.diff(np.square(edges_m)))
    return counts * scale, np.sqrt(np.maximum(counts, 1.0)) * scale


def spectrum(values: Floats, edges: Floats) -> Floats:
    """Probability density of energies (per eV) or cosines between `edges`; [n]."""
    counts, _ = np.histogram(values, bins=edges)
    return counts / (max(values.size, 1) * np.diff(edges))


def relaxation(
    atom: Atom, gas: Gas, scattering: Scattering, *, energy_ev: float, collisions: int, atoms: int, seed: int
) -> tuple[Floats, float]:
    """Atoms of one energy in an endless gas: mean energy (eV) after each collision, [collisions], and its mean in
    time over the second half of them.
    """
    flight = _flight(atom, Room(1.0, 1.0), gas, scattering, 400.0, False)
    mean = np.zeros(collisions)
    timed = relax(np.uint64(seed), flight, math.sqrt(energy_ev / flight.ev_per_speed2), atoms, mean)
    return mean / atoms, float(timed)


def atoms_per_second(pressure_pa: float = 0.5, atoms: int = 300_000) -> float:
    """Speed of `trace` on one thread after warming up: Ti, racetrack 2 to 3 cm, h 10 cm, wall 25 cm, argon 400 K."""
    cathode = Cathode(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.02, 0.03)
    room, gas, threads = Room(0.1, 0.25), argon(pressure_pa, 400.0), get_num_threads()
    set_num_threads(1)
    try:
        trace(atom_of("ti"), cathode, room, gas, scattering_of(), atoms=BLOCK, seed=0)
        start = perf_counter()
        trace(atom_of("ti"), cathode, room, gas, scattering_of(), atoms=atoms, seed=1)
        return atoms / (perf_counter() - start)
    finally:
        set_num_threads(threads)


def _flight(atom: Atom, room: Room, gas: Gas, scattering: Scattering, ion_energy_ev: float, diffusion: bool) -> Flight:
    for what, value in (
        ("pressure_pa", gas.pressure_pa),
        ("temperature_k", gas.temperature_k),
        *room._asdict().items(),
    ):
        if not (math.isfinite(value) and value > 0.0):
            raise InvalidInputError(what, value, "a positive number")
    if not 0.5 < scattering.viscosity_exponent <= 1.0:
        raise InvalidInputError("viscosity_exponent", scattering.viscosity_exponent, "above 0.5, up to 1")
    transfer = 4.0 * atom.mass_u * gas.mass_u / (atom.mass_u + gas.mass_u) ** 2
    largest_ev = transfer * ion_energy_ev - atom.surface_binding_ev
    if not largest_ev > 0.0:
        limit = f"above {atom.surface_binding_ev / transfer:.3g} eV"
        raise InvalidInputError("ion_energy_ev", ion_energy_ev, limit, "no atom leaves the surface")
    mass, gas_mass = atom.mass_u * ATOMIC_MASS_KG, gas.mass_u * ATOMIC_MASS_KG
    reduced = mass * gas_mass / (mass + gas_mass)
    kt = BOLTZMANN_J_K * gas.temperature_k
    density = gas.pressure_pa / kt
    omega = scattering.viscosity_exponent
    screening = 0.4685e-10 / (atom.atomic_number**0.23 + gas.atomic_number**0.23)
    reduced_per_speed2 = (
        0.5 * reduced / ELEMENTARY_CHARGE_C * screening / (COULOMB_EV_M * atom.atomic_number * gas.atomic_number)
    )
    impact = scattering.largest_impact_m / screening
    # Ω¹¹ of Chapman and Enskog over √(k_BT/2πm_r), the mean of σ_tr(g) weighted with γ⁵exp(−γ²).
    if scattering.screened:
        rate, exponent = density * math.pi * scattering.largest_impact_m**2, 0.5
        collision_m2 = (
            math.pi
            * scattering.largest_impact_m**2
            * float(screened_transport(reduced_per_speed2 * 2.0 * kt / reduced, impact))
        )
    else:
        reference2 = 2.0 * BOLTZMANN_J_K * scattering.reference_temperature_k / reduced
        power = omega - 0.5
        area = math.pi * scattering.diameter_m**2 * reference2**power
        rate, exponent = density * area, 1.0 - omega
        collision_m2 = area * (2.0 * kt / reduced) ** -power * math.gamma(3.5 - omega) / 2.0
    diffusion_m2_s = 3.0 / (16.0 * density * collision_m2) * math.sqrt(2.0 * math.pi * kt / reduced)
    path_m = 3.0 * diffusion_m2_s / math.sqrt(8.0 * kt / (math.pi * mass))
    return Flight(
        rate=rate,
        exponent=exponent,
        screened=scattering.screened,
        gas_share=gas_mass / (mass + gas_mass),
        gas_speed=math.sqrt(kt / gas_mass),
        atom_speed=math.sqrt(kt / mass),
        ev_per_speed2=0.5 * mass / ELEMENTARY_CHARGE_C,
        thermal_speed2=12.0 * kt / mass,
        relaxation_s=diffusion_m2_s * mass / kt,
        jump_m=DIFFUSION_PATHS * path_m if diffusion else math.inf,
        distance_m=room.distance_m,
        wall_m=room.wall_radius_m,
        binding_ev=atom.surface_binding_ev,
        root_largest=largest_ev / (largest_ev + atom.surface_binding_ev),
        transfer_ev=transfer * ion_energy_ev,
        reduced_per_speed2=reduced_per_speed2,
        impact_in_lengths=impact,
    )


def _frame(cathode: Cathode, room: Room) -> Floats:
    """Rows: centre, two directions in the plane of the cathode, normal, squared radii."""
    normal = np.array([cathode.normal_x, cathode.normal_y, cathode.normal_z], np.float64)
    if abs(np.linalg.norm(normal) - 1.0) > 1e-6:
        raise InvalidInputError("normal of the cathode", tuple(normal), "a vector of length 1")
    if not 0.0 <= cathode.inner_radius_m < cathode.outer_radius_m:
        raise InvalidInputError("radii of the racetrack", cathode[-2:], "0 <= inner < outer")
    first = np.cross(normal, [0.0, 1.0, 0.0] if abs(normal[1]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    dip = cathode.outer_radius_m * math.sqrt(max(0.0, 1.0 - normal[2] ** 2))
    if not (cathode.z_m - dip >= -1e-12 and cathode.z_m + dip < room.distance_m):
        raise InvalidInputError("height of the cathode", cathode.z_m, f"racetrack within 0 and {room.distance_m} m")
    if math.hypot(cathode.x_m, cathode.y_m) + cathode.outer_radius_m >= room.wall_radius_m:
        raise InvalidInputError("position of the cathode", cathode[:2], "racetrack within the wall")
    radii = [cathode.inner_radius_m**2, cathode.outer_radius_m**2, 0.0]
    return np.array([[cathode.x_m, cathode.y_m, cathode.z_m], first, second, normal, radii])
