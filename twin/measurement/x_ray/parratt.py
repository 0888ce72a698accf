"""Specular reflectivity of a stack of layers: Parratt's recursion with the roughness factor of Névot and Croce.

Media are listed from the air (0) to the substrate (last). With wave numbers along the normal
k²ⱼ = (q/2)² − 4π(ρⱼ − ρ₀) + 4πi·ρ″ⱼ and interface amplitudes fⱼ = (kⱼ − kⱼ₊₁)/(kⱼ + kⱼ₊₁)·exp(−2kⱼkⱼ₊₁σ²ⱼ₊₁),

    rⱼ = (fⱼ + rⱼ₊₁ e^{2ikⱼ₊₁dⱼ₊₁})/(1 + fⱼ rⱼ₊₁ e^{2ikⱼ₊₁dⱼ₊₁}),   R = |r₀|².

The absorbing part enters with the sign that makes the principal root decay into the layer. Parratt, Phys. Rev. 95,
359 (1954); Névot and Croce, Rev. Phys. Appl. 15, 761 (1980). The roughness factor holds for roughnesses small against
the thicknesses beside them. Float64: in float32 deep minima are off by percents.

Written for `tansaki.twin.backends.bind`. The number of layers is that of the arrays.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import math
from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar


class Stack(NamedTuple):
    """Media from the air to the substrate, arrays over media."""

    density_per_m2: Scalar
    """Scattering-length density, real part; 0 for air."""
    absorption_per_m2: Scalar
    """Its imaginary part, ≥ 0."""
    thickness_m: Scalar
    """Of no meaning in the first and the last medium."""
    roughness_m: Scalar
    """Root mean square of the face towards the air; of no meaning in the first medium."""


def wave_number(q_per_m: Scalar, density_per_m2: Scalar, absorption_per_m2: Scalar) -> Scalar:
    """k along the normal in a medium (1/m, complex), for the momentum transfer q in vacuum."""
    return xp.sqrt(0.25 * q_per_m * q_per_m - 4.0 * math.pi * (density_per_m2 - 1j * absorption_per_m2))


def interface_amplitude(upper: Scalar, lower: Scalar, roughness_m: Scalar) -> Scalar:
    """Amplitude reflected where k goes from `upper` to `lower`."""
    return (upper - lower) / (upper + lower) * xp.exp(-2.0 * upper * lower * roughness_m * roughness_m)


def with_layer(amplitude: Scalar, below: Scalar, k: Scalar, thickness_m: Scalar) -> Scalar:
    """Amplitude at the upper face of a layer from that of the face itself and that at its `below` end."""
    returned = below * xp.exp(2j * k * thickness_m)
    return (amplitude + returned) / (1.0 + amplitude * returned)


def reflectivity(q_per_m: Scalar, stack: Stack) -> Scalar:
    """R(q) in the shape of `q_per_m` (> 0); at least two media."""
    last = len(stack.thickness_m) - 1
    lower = wave_number(q_per_m, stack.density_per_m2[last], stack.absorption_per_m2[last])
    upper = wave_number(q_per_m, stack.density_per_m2[last - 1], stack.absorption_per_m2[last - 1])
    amplitude = interface_amplitude(upper, lower, stack.roughness_m[last])
    for j in range(last - 1, 0, -1):
        lower = upper
        upper = wave_number(q_per_m, stack.density_per_m2[j - 1], stack.absorption_per_m2[j - 1])
        face = interface_amplitude(upper, lower, stack.roughness_m[j])
        amplitude = with_layer(face, amplitude, lower, stack.thickness_m[j])
    return xp.real(amplitude) ** 2 + xp.imag(amplitude) ** 2
