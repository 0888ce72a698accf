"""The flight of one sputtered atom through a gas, compiled: random numbers, collisions, deflections, first passages.

What it computes and why is told in `tansaki.twin.deposition.particle_transport`, which is the way to call it. All
compiled functions stand in this one file: Numba looks at the calling file alone to tell whether code kept on disk is
still that of the source.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange

BLOCK = 1024
"""Atoms that share one stream of random numbers."""
SUBSTRATE, TARGET, WALL = 0, 1, 2
"""Where an atom ended."""
_REACH = 5.0
_NODES = 8


class Flight(NamedTuple):
    """What a flight needs to know, worked out once a run; SI, energies in eV, squared speeds as they are compared."""

    rate: float
    exponent: float
    screened: float
    gas_share: float
    gas_speed: float
    atom_speed: float
    ev_per_speed2: float
    thermal_speed2: float
    relaxation_s: float
    jump_m: float
    distance_m: float
    wall_m: float
    binding_ev: float
    root_largest: float
    transfer_ev: float
    reduced_per_speed2: float
    impact_in_lengths: float


@njit(cache=True)
def _mix(value: Any) -> Any:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True)
def _stream(seed: Any, block: int) -> Any:
    """State of the stream of one block."""
    return np.array([_mix(_mix(seed + np.uint64(0x9E3779B97F4A7C15)) + np.uint64(block))])


@njit(cache=True)
def _uniform(state: Any) -> float:
    """Uniform in (0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return (np.float64(_mix(state[0]) >> np.uint64(11)) + 0.5) * 1.1102230246251565e-16


@njit(cache=True)
def _pair(state: Any) -> Any:
    """A point in the unit disc and its squared radius."""
    while True:
        a, b = 2.0 * _uniform(state) - 1.0, 2.0 * _uniform(state) - 1.0
        s = a * a + b * b
        if 0.0 < s < 1.0:
            return a, b, s


@njit(cache=True)
def _direction(state: Any) -> Any:
    """A direction, all equally likely (Marsaglia)."""
    a, b, s = _pair(state)
    f = 2.0 * math.sqrt(1.0 - s)
    return a * f, b * f, 1.0 - 2.0 * s


@njit(cache=True)
def _normals(state: Any) -> Any:
    """Three standard normals (polar method; the fourth is not kept)."""
    a, b, s = _pair(state)
    f = math.sqrt(-2.0 * math.log(s) / s)
    c, _, t = _pair(state)
    return a * f, b * f, c * math.sqrt(-2.0 * math.log(t) / t)


@njit(cache=True)
def _turned(x: float, y: float, z: float, cosine: float, state: Any) -> Any:
    """A direction at the angle with `cosine` to the unit vector (x, y, z), any azimuth."""
    a, b, s = _pair(state)
    f = math.sqrt(max(0.0, 1.0 - cosine * cosine) / s)
    a, b = a * f, b * f
    across = x * x + y * y
    if across < 1e-20:
        return a, b, cosine if z > 0.0 else -cosine
    root = math.sqrt(across)
    return (
        cosine * x + (a * x * z - b * y) / root,
        cosine * y + (a * y * z + b * x) / root,
        cosine * z - a * root,
    )


@njit(cache=True)
def _screening(x: float) -> float:
    """Universal screening function of Ziegler, Biersack and Littmark."""
    return (
        0.18175 * math.exp(-3.19980 * x)
        + 0.50986 * math.exp(-0.94229 * x)
        + 0.28022 * math.exp(-0.40290 * x)
        + 0.02817 * math.exp(-0.20162 * x)
    )


@njit(cache=True)
def deflection_cosine(energy: float, impact: float) -> float:
    """cosθ in the centre of mass at reduced energy ε and impact parameter in screening lengths.

    θ = π[1 − (b/r₀)(1/m) Σ g(u_i)], g(u) = √[(1 − u²)/(1 − V(r₀/u)/E − b²u²/r₀²)], u_i = cos[(2i − 1)π/4m]; r₀ from
    r² − rφ(r)/ε − b² = 0 by bisection and secants.
    """
    low, high = impact, impact + 1.0
    while high * high - high * _screening(high) / energy - impact * impact < 0.0:
        low, high = high, high + 4.0
    at_low = low * low - low * _screening(low) / energy - impact * impact
    at_high = high * high - high * _screening(high) / energy - impact * impact
    for turn in range(60):
        # Every third step halves the bracket, whatever the secant does.
        middle = 0.5 * (low + high) if turn % 3 == 2 else low - at_low * (high - low) / (at_high - at_low)
        at_middle = middle * middle - middle * _screening(middle) / energy - impact * impact
        if at_middle < 0.0:
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_middle
        if high - low < 1e-9 * high or at_middle == 0.0:
            break
    nearest = high
    total = 0.0
    for i in range(1, _NODES + 1):
        u = math.cos((2 * i - 1) * math.pi / (4 * _NODES))
        left = 1.0 - u / (nearest * energy) * _screening(nearest / u) - (impact * u / nearest) ** 2
        total += math.sqrt((1.0 - u * u) / max(left, 1e-300))
    return math.cos(math.pi * (1.0 - impact / nearest * total / _NODES))


@njit(cache=True)
def screened_transport(reduced_thermal: float, impact: float) -> float:
    """σ_tr/(πb_max²) averaged with 2γ⁵exp(−γ²)/2 over the thermal γ; 40 × 40 midpoints."""
    total = 0.0
    for i in range(40):
        gamma = (i + 0.5) * 0.1
        mean = 0.0
        for j in range(40):
            mean += 1.0 - deflection_cosine(reduced_thermal * gamma * gamma, impact * math.sqrt((j + 0.5) / 40.0))
        total += gamma**5 * math.exp(-gamma * gamma) * 0.1 * mean / 40.0
    return total


@njit(cache=True)
def _collide(vx: float, vy: float, vz: float, top: float, f: Any, state: Any) -> Any:
    """Velocity after meeting a gas atom, and whether it was a collision; `top` is the rate the flight was drawn for."""
    a, b, c = _normals(state)
    a, b, c = a * f.gas_speed, b * f.gas_speed, c * f.gas_speed
    gx, gy, gz = vx - a, vy - b, vz - c
    g2 = gx * gx + gy * gy + gz * gz
    if _uniform(state) * top > f.rate * g2**f.exponent:
        return vx, vy, vz, False
    g = math.sqrt(g2)
    if f.screened > 0.0:
        impact = f.impact_in_lengths * math.sqrt(_uniform(state))
        cosine = deflection_cosine(f.reduced_per_speed2 * g2, impact)
        ex, ey, ez = _turned(gx / g, gy / g, gz / g, cosine, state)
    else:
        ex, ey, ez = _direction(state)
    share = f.gas_share
    return (
        vx + share * (g * ex - gx),
        vy + share * (g * ey - gy),
        vz + share * (g * ez - gz),
        True,
    )


@njit(cache=True)
def _emission_energy(f: Any, state: Any) -> Any:
    """Thompson: E = U√u/(1 − √u) below the largest energy, kept with 1 − √[(E + U)/(γE_i)]."""
    while True:
        root = math.sqrt(_uniform(state)) * f.root_largest
        energy = f.binding_ev * root / (1.0 - root)
        if _uniform(state) < 1.0 - math.sqrt((energy + f.binding_ev) / f.transfer_ev):
            return energy


@njit(cache=True)
def _trace_atom(frame: Any, f: Any, state: Any, landing: Any) -> Any:
    """One atom from the racetrack to where it stays; fills `landing`, returns fate and collisions."""
    a, b, s = _pair(state)
    radius = math.sqrt((frame[4, 0] + (frame[4, 1] - frame[4, 0]) * _uniform(state)) / s)
    a, b = a * radius, b * radius
    x = frame[0, 0] + a * frame[1, 0] + b * frame[2, 0]
    y = frame[0, 1] + a * frame[1, 1] + b * frame[2, 1]
    z = frame[0, 2] + a * frame[1, 2] + b * frame[2, 2]
    speed = math.sqrt(_emission_energy(f, state) / f.ev_per_speed2)
    ex, ey, ez = _turned(frame[3, 0], frame[3, 1], frame[3, 2], math.sqrt(_uniform(state)), state)
    vx, vy, vz = speed * ex, speed * ey, speed * ez
    collisions = 0
    reach = _REACH * f.gas_speed
    top = f.rate * (speed + reach) ** (2.0 * f.exponent)
    while True:
        time = -math.log(_uniform(state)) / top
        to_x, to_y, to_z = x + vx * time, y + vy * time, z + vz * time
        if to_z <= 0.0 or to_z >= f.distance_m or to_x * to_x + to_y * to_y >= f.wall_m * f.wall_m:
            fate = WALL
            hit = math.inf
            plane = f.distance_m if vz > 0.0 else 0.0
            if vz != 0.0:
                hit = (plane - z) / vz
            if vz != 0.0 and (x + vx * hit) ** 2 + (y + vy * hit) ** 2 < f.wall_m * f.wall_m:
                fate = SUBSTRATE if vz > 0.0 else TARGET
            v2 = vx * vx + vy * vy + vz * vz
            if fate != WALL:
                landing[0], landing[1] = x + vx * hit, y + vy * hit
                landing[2], landing[3] = v2 * f.ev_per_speed2, abs(vz) / math.sqrt(v2)
            return fate, collisions
        x, y, z = to_x, to_y, to_z
        vx, vy, vz, collided = _collide(vx, vy, vz, top, f, state)
        if not collided:
            continue
        collisions += 1
        v2 = vx * vx + vy * vy + vz * vz
        if v2 < f.thermal_speed2:
            cx, cy, cz = x + vx * f.relaxation_s, y + vy * f.relaxation_s, z + vz * f.relaxation_s
            free = min(cz, f.distance_m - cz, f.wall_m - math.sqrt(cx * cx + cy * cy))
            while free > f.jump_m:
                ex, ey, ez = _direction(state)
                # A hair inside, so that rounding does not put the atom behind the surface.
                x, y, z = cx + 0.999999 * free * ex, cy + 0.999999 * free * ey, cz + 0.999999 * free * ez
                energy_kt = -math.log(_uniform(state) * _uniform(state))
                if _uniform(state) < 0.5:
                    cosine = math.sqrt(_uniform(state))
                else:
                    cosine = _uniform(state) ** (1.0 / 3.0)
                    energy_kt += 0.5 * _normals(state)[0] ** 2
                speed = f.atom_speed * math.sqrt(2.0 * energy_kt)
                ex, ey, ez = _turned(ex, ey, ez, cosine, state)
                vx, vy, vz = speed * ex, speed * ey, speed * ez
                v2 = speed * speed
                cx, cy, cz = x + vx * f.relaxation_s, y + vy * f.relaxation_s, z + vz * f.relaxation_s
                free = min(cz, f.distance_m - cz, f.wall_m - math.sqrt(cx * cx + cy * cy))
        top = f.rate * (math.sqrt(v2) + reach) ** (2.0 * f.exponent)


@njit(cache=True, parallel=True)
def trace_blocks(seed: Any, frame: Any, f: Any, landing: Any, fate: Any, collisions: Any) -> None:
    atoms = fate.size
    for block in prange((atoms + BLOCK - 1) // BLOCK):
        state = _stream(seed, block)
        for i in range(block * BLOCK, min((block + 1) * BLOCK, atoms)):
            fate[i], collisions[i] = _trace_atom(frame, f, state, landing[i])


@njit(cache=True)
def relax(seed: Any, f: Any, speed: float, atoms: int, mean: Any) -> Any:
    """Adds the energy after each collision to `mean`; returns the energy averaged in time over the second half."""
    state = _stream(seed, 0)
    reach = _REACH * f.gas_speed
    weighted, total = 0.0, 0.0
    for _ in range(atoms):
        vx, vy, vz = 0.0, 0.0, speed
        done = 0
        while done < mean.size:
            v2 = vx * vx + vy * vy + vz * vz
            top = f.rate * (math.sqrt(v2) + reach) ** (2.0 * f.exponent)
            if 2 * done + 1 >= mean.size:
                weighted += v2 / top
                total += 1.0 / top
            vx, vy, vz, collided = _collide(vx, vy, vz, top, f, state)
            if collided:
                mean[done] += (vx * vx + vy * vy + vz * vz) * f.ev_per_speed2
                done += 1
    return f.ev_per_speed2 * weighted / total
