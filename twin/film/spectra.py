"""Spectra of many films at once, through JAX: `tansaki.twin.film.stack` over films × wavelengths.

Real arithmetic in double or single precision, which is what complex128 and complex64 hold. Compiled once for each
number of layers; twenty layers take about a second.
"""

from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film import stack
from tansaki.twin.film.optical_constants import RefractiveIndex
from tansaki.twin.film.stack import Layer

Precision = Literal["float64", "float32"]


class Spectra(NamedTuple):
    """Intensities for light from the air, (films, wavelengths)."""

    reflected: NDArray[np.floating[Any]]
    transmitted: NDArray[np.floating[Any]]


def film_spectra(
    index: ArrayLike,
    thickness_m: ArrayLike,
    plate_index: ArrayLike,
    wavelength_m: ArrayLike,
    *,
    angle_rad: float = 0.0,
    parallel: float = 0.0,
    precision: Precision = "float64",
) -> Spectra:
    """R and T of films on a transparent half-space.

    `index` is n + ik, (layers, wavelengths) for films of the same materials or (films, layers, wavelengths);
    `thickness_m` (films, layers), the layer next to the air first; `plate_index` real, one or (wavelengths);
    `angle_rad` and `parallel` as of `tansaki.twin.film.stack.slanted_fractions`. Raises `InvalidInputError` where the
    shapes do not fit.
    """
    import jax

    indices, thicknesses = np.atleast_2d(np.asarray(index, complex)), np.asarray(thickness_m, float)
    wavelengths = np.atleast_1d(np.asarray(wavelength_m, float))
    if indices.ndim == 2:
        indices = indices[np.newaxis]
    films, layers, number = indices.shape
    if thicknesses.ndim != 2 or thicknesses.shape[1] != layers or number not in (1, len(wavelengths)):
        shapes = (indices.shape, thicknesses.shape, wavelengths.shape)
        raise InvalidInputError("shapes of index, thickness_m, wavelength_m", shapes, "(films, layers, wavelengths)")
    if films not in (1, len(thicknesses)):
        raise InvalidInputError("films of index", films, f"1 or {len(thicknesses)}, as many as of thickness_m")
    plate = np.broadcast_to(np.asarray(plate_index, float), wavelengths.shape)
    arguments = (
        indices.real,
        indices.imag,
        thicknesses,
        plate,
        wavelengths,
        np.float64(angle_rad),
        np.float64(parallel),
    )
    with jax.enable_x64(precision == "float64"):
        found = _compiled(angle_rad != 0.0)(*(value.astype(precision) for value in arguments))
        return Spectra(*(np.asarray(value) for value in found))


@cache
def _compiled(is_slanted: bool) -> Any:
    import jax

    engine = bind(stack, "jax")

    def spectra(
        n: Any, k: Any, thickness_m: Any, plate: Any, wavelength_m: Any, angle_rad: Any, parallel: Any
    ) -> Spectra:
        layers = tuple(
            Layer(RefractiveIndex(n[:, i], k[:, i]), thickness_m[:, i, None]) for i in range(thickness_m.shape[1])
        )
        if not is_slanted:
            found = engine.layer_fractions(layers, plate, wavelength_m)
        else:
            half_space = RefractiveIndex(plate, 0.0 * plate)
            found = engine.slanted_fractions(layers, half_space, wavelength_m, angle_rad, parallel)
        return Spectra(found.reflected, found.transmitted)

    return jax.jit(spectra)


def random_oxide_films(
    films: int, layers: int, wavelengths: int, seed: int
) -> tuple[NDArray[np.complex128], NDArray[np.float64], NDArray[np.float64]]:
    """Absorbing, dispersive stand-ins to compare programs with: index (layers, wavelengths), thickness, wavelength."""
    rng = np.random.default_rng(seed)
    wavelength_m = np.linspace(350e-9, 1100e-9, wavelengths)
    ratio = wavelength_m[0] / wavelength_m
    n = rng.uniform(1.5, 2.6, (layers, 1)) + rng.uniform(0.05, 0.3, (layers, 1)) * ratio**2
    k = rng.uniform(0.005, 0.3, (layers, 1)) * ratio**4
    return n + 1j * k, rng.uniform(5e-9, 200e-9, (films, layers)), wavelength_m
