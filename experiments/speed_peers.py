"""How fast the twin is beside the programs that laboratories use for the same, in the same run on the same problem.

The peers are in the extra ``peers``; nothing else of tansaki needs them.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from tansaki.experiments.speed import SpeedRow, best_per_s
from tansaki.twin.errors import TansakiError


class MissingPeerError(TansakiError):
    """A program to compare with is not installed."""


def peer(name: str) -> Any:
    """The module of a peer; `MissingPeerError` where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise MissingPeerError(f"{name} is not installed; it is in the extra: pip install 'tansaki[peers]'") from None


def peer_rows() -> Iterator[SpeedRow]:
    """All rows, one after the other as they are measured."""
    yield from spectra_rows()
    yield from reflectivity_rows()


def spectra_rows(films: int = 1000, wavelengths: int = 500, layers: int = 3, timed: int = 2) -> Iterator[SpeedRow]:
    """R and T of absorbing, dispersive films: ours all at once, against `tmm.coh_tmm` on `timed` of the films."""
    from tansaki.twin.film.spectra import Precision, film_spectra, random_oxide_films

    tmm = peer("tmm")
    plate = 1.52
    index, thickness_m, wavelength_m = random_oxide_films(films, layers, wavelengths, seed=0)
    theirs = np.zeros((timed, 2, wavelengths))

    def one_by_one() -> int:
        for film in range(timed):
            thicknesses = [np.inf, *thickness_m[film], np.inf]
            for i, wavelength in enumerate(wavelength_m):
                found = tmm.coh_tmm("s", [1.0, *index[:, i], plate], thicknesses, 0.0, wavelength)
                theirs[film, :, i] = found["R"], found["T"]
        return timed * wavelengths

    peer_per_s = best_per_s(one_by_one)
    kinds: tuple[Precision, ...] = ("float64", "float32")
    for precision in kinds:

        def at_once(precision: Precision = precision) -> int:
            film_spectra(index, thickness_m, plate, wavelength_m, precision=precision)
            return films * wavelengths

        ours_per_s = best_per_s(at_once)
        found = film_spectra(index, thickness_m[:timed], plate, wavelength_m, precision=precision)
        error = float(np.max(np.abs(np.stack([found.reflected, found.transmitted], axis=1) - theirs)))
        yield SpeedRow(
            f"{layers} films on glass, {films} samples × {wavelengths} wavelengths in {precision}, spectral points/s",
            ours_per_s,
            f"tmm.coh_tmm on {timed} of the samples",
            peer_per_s,
            ours_per_s / peer_per_s,
            f"largest difference in R or T {error:.1g}",
        )


def reflectivity_rows(films: int = 1000, points: int = 500, layers: int = 3) -> Iterator[SpeedRow]:
    """X-ray reflectivity of random rough stacks: ours film by film and all at once, against refnx on one thread."""
    import jax

    from tansaki.twin.measurement.x_ray.parratt import Stack
    from tansaki.twin.measurement.x_ray.reflectivity_curves import curve, curves, random_stack

    peer("refnx")
    abeles = peer("refnx.reflect.reflect_model").abeles
    rng = np.random.default_rng(0)
    stacks = [random_stack(rng.random((4, layers + 1))) for _ in range(films)]
    q_per_m = np.linspace(5e7, 5e9, points)
    tables = [
        np.stack([s.thickness_m * 1e10, s.density_per_m2 * 1e-14, s.absorption_per_m2 * 1e-14, s.roughness_m * 1e10], 1)
        for s in stacks
    ]
    batch = Stack(*(np.array(column) for column in zip(*stacks, strict=True)))

    def theirs() -> int:
        for table in tables:
            abeles(1e-10 * q_per_m, table, threads=1)
        return films * points

    def one_by_one() -> int:
        for stack in stacks:
            curve(q_per_m, stack)
        return films * points

    def at_once() -> int:
        with jax.enable_x64(True):
            curves(q_per_m, batch).block_until_ready()
        return films * points

    peer_per_s = best_per_s(theirs)
    expected = np.array([abeles(1e-10 * q_per_m, table, threads=1) for table in tables])
    with jax.enable_x64(True):
        batched = np.asarray(curves(q_per_m, batch))
    kinds = (("Numba", one_by_one, np.array([curve(q_per_m, stack) for stack in stacks])), ("JAX", at_once, batched))
    for engine, work, found in kinds:
        ours_per_s = best_per_s(work)
        yield SpeedRow(
            f"reflectivity of {layers} rough films, {films} samples × {points} q by {engine} in float64, points/s",
            ours_per_s,
            "refnx abeles (C, one thread)",
            peer_per_s,
            ours_per_s / peer_per_s,
            f"largest relative difference {float(np.max(np.abs(found / expected - 1.0))):.1g}",
        )
