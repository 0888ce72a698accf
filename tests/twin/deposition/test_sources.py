"""Collision-free sources against integration over the emitting surface, limits, and the three engines."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import sources
from tansaki.twin.deposition.sources import Cathode

N = 1000
lengths = st.floats(0.02, 0.2)


def emitted_by_points(x: float, y: float, height: float, points: np.ndarray, normal: np.ndarray) -> float:
    """Mean over emitting points of cosθ cosθ'/(π d²): the cosine law itself, nothing integrated by hand."""
    d = np.array([x, y, height]) - points
    square = (d * d).sum(axis=-1)
    return float(np.mean(np.maximum(d @ normal, 0.0) * d[..., 2] / (np.pi * square * square)))


def ring_points(cathode: Cathode, radius: float, number: int = 512) -> tuple[np.ndarray, np.ndarray]:
    normal = np.array([cathode.normal_x, cathode.normal_y, cathode.normal_z])
    first = np.cross(normal, [0.3, -0.5, 0.8])
    first /= np.linalg.norm(first)
    angle = np.arange(number) * 2.0 * np.pi / number
    around = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * np.cross(normal, first)
    return np.array([cathode.x_m, cathode.y_m, cathode.z_m]) + radius * around, normal


@given(st.floats(0.0, 0.1), lengths, st.floats(0.01, 0.06))
def test_ring_is_the_mean_over_its_points(r: float, h: float, ring: float) -> None:
    points, normal = ring_points(sources.facing_cathode(ring, ring), ring)
    assert sources.ring_flux_m2(r, h, ring) == pytest.approx(emitted_by_points(r, 0.0, h, points, normal), rel=1e-10)


@given(st.floats(-3.0, 3.0), st.floats(0.0, 0.08), st.floats(-0.5, 0.5), st.floats(-0.05, 0.05))
def test_tilted_ring_is_the_mean_over_its_points(azimuth: float, offset: float, tilt: float, x: float) -> None:
    cathode = sources.tilted_cathode(azimuth, offset, 0.01, tilt, 0.02, 0.02)
    points, normal = ring_points(cathode, 0.02)
    expected = emitted_by_points(x, 0.03, 0.1, points, normal)
    assert sources.tilted_ring_flux_m2(x, 0.03, 0.1, 0.02, cathode) == pytest.approx(expected, rel=1e-10)


@given(st.floats(0.0, 0.1), lengths, st.floats(0.005, 0.06))
def test_disc_is_the_mean_over_its_rings(r: float, h: float, disc: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(60)
    rings = disc * np.sqrt(0.5 * (nodes + 1.0))
    expected = np.sum(0.5 * weights * sources.ring_flux_m2(r, h, rings))
    assert sources.disc_flux_m2(r, h, disc) == pytest.approx(expected, rel=1e-10)
    # As it is usually printed.
    e = h * h + r * r
    printed = 0.5 * (1.0 - (e - disc**2) / math.sqrt((e + disc**2) ** 2 - 4.0 * r * r * disc * disc))
    assert math.pi * disc**2 * sources.disc_flux_m2(r, h, disc) == pytest.approx(printed, rel=1e-10)


@given(st.floats(0.0, 0.1), lengths)
def test_small_sources_are_points(r: float, h: float) -> None:
    x = r / h
    point = sources.point_flux_m2(r, h)
    assert point == pytest.approx(sources.point_flux_m2(0.0, h) * (1.0 + x * x) ** -2, rel=1e-12)
    assert sources.ring_flux_m2(r, h, 1e-9) == pytest.approx(point, rel=1e-10)
    assert sources.disc_flux_m2(r, h, 1e-9) == pytest.approx(point, rel=1e-10)


def test_every_atom_of_a_facing_source_lands_on_an_endless_plane() -> None:
    # r = h·u/(1 − u) brings the plane to [0, 1].
    nodes, weights = np.polynomial.legendre.leggauss(400)
    u = 0.5 * (nodes + 1.0)
    r, dr = 0.1 * u / (1.0 - u), 0.1 / (1.0 - u) ** 2
    for flux in (
        sources.point_flux_m2(r, 0.1),
        sources.ring_flux_m2(r, 0.1, 0.03),
        sources.disc_flux_m2(r, 0.1, 0.03),
        sources.annulus_flux_m2(r, 0.1, 0.02, 0.03),
    ):
        assert np.sum(0.5 * weights * 2.0 * np.pi * r * flux * dr) == pytest.approx(1.0, abs=1e-9)


def test_a_ring_is_flattest_at_root_two_radii() -> None:
    ring, height = 0.03, sources.FLATTEST_HEIGHT_PER_RADIUS * 0.03
    centre = sources.ring_flux_m2(0.0, height, ring)
    # t(r)/t(0) of the reference, rounded there to four digits.
    assert sources.ring_flux_m2(0.4 * ring, height, ring) / centre == pytest.approx(0.9954, abs=5e-5)
    assert sources.ring_flux_m2(0.6 * ring, height, ring) / centre == pytest.approx(0.9783, abs=5e-5)
    # No curvature: what is left grows with the fourth power of the radius.
    small, twice = (sources.ring_flux_m2(f * ring, height, ring) / centre - 1.0 for f in (0.05, 0.1))
    assert twice / small == pytest.approx(16.0, rel=0.02)


@given(st.floats(-0.06, 0.06), st.floats(-0.06, 0.06), lengths)
def test_an_untilted_cathode_is_the_annulus(x: float, y: float, h: float) -> None:
    cathode = sources.facing_cathode(0.02, 0.03)
    expected = sources.annulus_flux_m2(math.hypot(x, y), h, 0.02, 0.03)
    assert sources.cathode_flux_m2(x, y, h, cathode) == pytest.approx(expected, rel=1e-7)


def test_shares_of_several_cathodes_add_up_and_follow_their_rates() -> None:
    angles = (0.0, 2.0 * math.pi / 3.0, 4.0 * math.pi / 3.0)
    cathodes = tuple(sources.tilted_cathode(angle, 0.06, 0.01, 0.5, 0.01, 0.02) for angle in angles)
    shares = [sources.cathode_share(k, 0.01, -0.02, 0.1, cathodes, (1.0, 2.0, 3.0)) for k in range(3)]
    assert sum(shares) == pytest.approx(1.0, rel=1e-14)
    centre = [sources.cathode_share(k, 0.0, 0.0, 0.1, cathodes, (1.0, 2.0, 3.0)) for k in range(3)]
    assert centre == pytest.approx([1 / 6, 2 / 6, 3 / 6], rel=1e-12)
    # A cathode is nearest to the edge above it.
    towards = sources.cathode_share(0, 0.04, 0.0, 0.1, cathodes, (1.0, 1.0, 1.0))
    away = sources.cathode_share(0, -0.04, 0.0, 0.1, cathodes, (1.0, 1.0, 1.0))
    assert towards > 1 / 3 > away


def test_nothing_lands_behind_a_cathode() -> None:
    cathode = sources.tilted_cathode(0.0, 0.0, 0.0, 1.2, 0.001, 0.002)
    assert sources.cathode_flux_m2(0.5, 0.0, 0.05, cathode) == 0.0
    assert sources.cathode_flux_m2(-0.5, 0.0, 0.05, cathode) > 0.0


@given(st.floats(1e-15, 1e3))
def test_keller_simmons_limits(ratio: float) -> None:
    assert 0.0 < sources.keller_simmons(ratio, 1.0) <= 1.0
    assert sources.keller_simmons(1e-9 * ratio, 1e3) == pytest.approx(1.0, abs=1e-6)
    assert sources.keller_simmons(100.0 + ratio, 1.0) == pytest.approx(1.0 / (100.0 + ratio), rel=1e-12)


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(7)

    def between(low: float, high: float) -> Any:
        return np.asarray(rng.uniform(low, high, N), np.float32).astype(np.float64)

    r, h, ring = between(0.0, 0.08), between(0.05, 0.15), between(0.01, 0.03)
    tilt, azimuth = between(-0.4, 0.4), between(-3.0, 3.0)
    lean, upright = np.sin(tilt), np.cos(tilt)

    def rounded(value: Any) -> Any:
        return np.asarray(value, np.float32).astype(np.float64)

    cathode = Cathode(
        between(-0.02, 0.02), between(-0.02, 0.02), between(0.0, 0.01),
        rounded(lean * np.cos(azimuth)), rounded(lean * np.sin(azimuth)), rounded(upright),
        between(0.01, 0.02), between(0.02, 0.03),
    )  # fmt: skip
    x, y = between(-0.04, 0.04), between(-0.04, 0.04)
    arguments = {
        "point_flux_m2": (r, h),
        "ring_flux_m2": (r, h, ring),
        "disc_flux_m2": (r, h, ring),
        "annulus_flux_m2": (r, h, ring, 2.0 * ring),
        "tilted_ring_flux_m2": (x, y, h, ring, cathode),
        "cathode_flux_m2": (x, y, h, cathode),
        "keller_simmons": (r, ring),
        "tilted_cathode": (azimuth, r, h, tilt, ring, 2.0 * ring),
    }
    for name, values in arguments.items():
        # A cathode's offsets and normal may pass through zero: their size is that of the arm they are measured on.
        scales = [np.ones(N)] * 8 if name == "tilted_cathode" else None
        engines_agree(sources, name, values, scales)


@pytest.mark.parametrize("backend", ["numba", "jax"])
def test_sums_over_cathodes_run_on_every_engine(backend: Any) -> None:
    import jax

    cathodes = tuple(sources.tilted_cathode(a, 0.06, 0.01, 0.5, 0.01, 0.02) for a in (0.0, 2.0, 4.0))
    cathodes = tuple(Cathode(*map(float, cathode)) for cathode in cathodes)
    expected = sources.combined_flux_m2_s(0.01, 0.02, 0.1, cathodes, (1.0, 2.0, 3.0))
    with jax.enable_x64(True):
        engine = bind(sources, backend)
        assert engine.combined_flux_m2_s(0.01, 0.02, 0.1, cathodes, (1.0, 2.0, 3.0)) == pytest.approx(expected)
        share = engine.cathode_share(1, 0.01, 0.02, 0.1, cathodes, (1.0, 2.0, 3.0))
    assert share == pytest.approx(sources.cathode_share(1, 0.01, 0.02, 0.1, cathodes, (1.0, 2.0, 3.0)))
