"""Whole reflectivity curves: one stack by Numba, many stacks and gradients by JAX.

Both follow the number of layers from the arrays: Numba compiles once for all, JAX about a second for each new number.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import parratt, reflectivity_loops
from tansaki.twin.measurement.x_ray.parratt import Stack

Floats = NDArray[np.float64]


def random_stack(uniforms: Floats) -> Stack:
    """Made up for comparisons: media of densities from polymers to platinum below the air, rough by up to 0.8 nm.

    `uniforms` (4, media) between 0 and 1.
    """
    density, absorption, thickness, roughness = uniforms
    rows = (
        5e14 + 1.25e16 * density,
        1e12 + 6e14 * absorption,
        0.5e-9 + 40e-9 * thickness,
        0.8e-9 * roughness,
    )
    return Stack(*(np.concatenate([[0.0], row]) for row in rows))


def curve(q_per_m: Floats, stack: Stack) -> Floats:
    """R of one stack (arrays over media) at each of `q_per_m` (points)."""
    values: Floats = bind(reflectivity_loops, "numba").curve(q_per_m, stack)
    return values


def curves(q_per_m: Any, stacks: Stack) -> Any:
    """R (stacks, points) under JAX for a `Stack` of (stacks, media); `q_per_m` (points).

    To be called, and differentiated, where 64-bit floats are on: single precision loses the deep minima.
    """
    return _batched()(q_per_m, stacks)


@cache
def _batched() -> Any:
    import jax

    kernel = bind(parratt, "jax")

    def one(q: Any, stack: Stack) -> Any:
        k = kernel.wave_number(q, stack.density_per_m2[:, None], stack.absorption_per_m2[:, None])
        faces = kernel.interface_amplitude(k[:-1], k[1:], stack.roughness_m[1:, None])

        # A scan, because unrolled the compile time grows with the layers: 21 s for 20 of them.
        def up(below: Any, layer: Any) -> Any:
            face, wave, thickness = layer
            return kernel.with_layer(face, below, wave, thickness), None

        layers = (faces[:-1], k[1:-1], stack.thickness_m[1:-1])
        amplitude, _ = jax.lax.scan(up, faces[-1], layers, reverse=True)
        return amplitude.real**2 + amplitude.imag**2

    return jax.jit(jax.vmap(one, (None, 0)))
