"""Where sputtered atoms land when nothing scatters them: point, ring, disc and tilted cathodes in closed form.

Every source emits with a cosine distribution, n·Ω/π per solid angle. The substrate is the plane z = `height`, seen
from sources that face it. `..._flux_m2` is the landing density per emitted atom, 1/m²; its integral over an endless
plane is 1 for a source parallel to that plane. Thickness is flux times atoms emitted over atoms per volume of film.

With q from the centre of a ring of radius R and normal n to the point on the substrate, n·(q − s) = n·q for each
point s of the ring, so that the mean over the ring is elementary also where the cathode is tilted::

    flux = n·q [q_z A − 2R²(q_z − n·q n_z)] / [π (A² − B²)^{3/2}],   A = |q|² + R²,   B² = 4R²[|q|² − (n·q)²]

which for n along z is h²A/[π (A² − B²)^{3/2}]. Sources: cosine law and plane geometry (exact); Keller and Simmons,
IBM J. Res. Dev. 23, 24 (1979) for the loss in a gas. Scalar functions for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar

PI = 3.141592653589793
FLATTEST_HEIGHT_PER_RADIUS = 1.4142135623730951
"""Height over ring radius where the thickness has no curvature at the centre (exact)."""
_NODES = (
    (0.033765242898423975, 0.08566224618958518),
    (0.16939530676686776, 0.1803807865240693),
    (0.38069040695840156, 0.23395696728634552),
    (0.6193095930415985, 0.23395696728634552),
    (0.8306046932331322, 0.1803807865240693),
    (0.966234757101576, 0.08566224618958518),
)
"""Gauss-Legendre abscissae and weights on [0, 1]."""


class Cathode(NamedTuple):
    """A planar magnetron: centre, unit normal and the ring that is eroded evenly between two radii.

    The substrate plane is z = constant; a cathode parallel to it and below has the normal (0, 0, 1).
    """

    x_m: float
    y_m: float
    z_m: float
    normal_x: float
    normal_y: float
    normal_z: float
    inner_radius_m: float
    outer_radius_m: float


def facing_cathode(inner_radius_m: float, outer_radius_m: float) -> Cathode:
    """A cathode centred at the origin that faces the substrate plane."""
    return Cathode(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, inner_radius_m, outer_radius_m)


def tilted_cathode(
    azimuth_rad: float, offset_m: float, height_m: float, tilt_rad: float, inner_radius_m: float, outer_radius_m: float
) -> Cathode:
    """A cathode `offset_m` from the axis at `height_m` over z = 0, tilted by `tilt_rad` towards the axis."""
    outward_x, outward_y = xp.cos(azimuth_rad), xp.sin(azimuth_rad)
    lean = -xp.sin(tilt_rad)
    return Cathode(
        offset_m * outward_x,
        offset_m * outward_y,
        height_m,
        lean * outward_x,
        lean * outward_y,
        xp.cos(tilt_rad),
        inner_radius_m,
        outer_radius_m,
    )


def point_flux_m2(radius_m: Scalar, height_m: Scalar) -> Scalar:
    """h²/[π(h² + r²)²]: (1 + x²)⁻² of the value at the centre, x = r/h; h > 0."""
    reach = height_m * height_m + radius_m * radius_m
    return height_m * height_m / (PI * reach * reach)


def ring_flux_m2(radius_m: Scalar, height_m: Scalar, ring_radius_m: Scalar) -> Scalar:
    """h²A/[π(A² − B²)^{3/2}], A = h² + r² + R², B = 2rR: a ring that lies parallel to the substrate; h > 0."""
    a = height_m * height_m + radius_m * radius_m + ring_radius_m * ring_radius_m
    # A² − B² as a product keeps its digits where the point lies close over the ring.
    near = height_m * height_m + (radius_m - ring_radius_m) * (radius_m - ring_radius_m)
    far = height_m * height_m + (radius_m + ring_radius_m) * (radius_m + ring_radius_m)
    product = near * far
    return height_m * height_m * a / (PI * product * xp.sqrt(product))


def disc_flux_m2(radius_m: Scalar, height_m: Scalar, disc_radius_m: Scalar) -> Scalar:
    """{½ − (h² + r² − R²)/[2√((h² + r² + R²)² − 4r²R²)]}/(πR²): a disc that is eroded evenly; h, R > 0.

    Written as 2h²/[√D(√D + h² + r² − R²)]/π, D = (h² + r² − R²)² + 4h²R², which loses no digits for a small disc.
    """
    square = height_m * height_m
    excess = square + radius_m * radius_m - disc_radius_m * disc_radius_m
    root = xp.sqrt(excess * excess + 4.0 * square * disc_radius_m * disc_radius_m)
    # For a point over the disc `excess` may be negative: then the other factor of D − excess² is the exact one.
    sum_of_both = root + xp.abs(excess)
    small = 2.0 * square / (root * sum_of_both)
    large = sum_of_both / (2.0 * root * xp.maximum(disc_radius_m * disc_radius_m, 1e-30))
    return xp.where(excess >= 0.0, small, large) / PI


def annulus_flux_m2(radius_m: Scalar, height_m: Scalar, inner_radius_m: Scalar, outer_radius_m: Scalar) -> Scalar:
    """A facing racetrack, eroded evenly between two radii: the difference of two discs; outer > inner > 0."""
    inner, outer = inner_radius_m * inner_radius_m, outer_radius_m * outer_radius_m
    whole = outer * disc_flux_m2(radius_m, height_m, outer_radius_m)
    hole = inner * disc_flux_m2(radius_m, height_m, inner_radius_m)
    return (whole - hole) / (outer - inner)


def tilted_ring_flux_m2(x_m: Scalar, y_m: Scalar, height_m: Scalar, ring_radius_m: Scalar, cathode: Cathode) -> Scalar:
    """Flux from a ring of the cathode's plane at the substrate point (x, y, height); see the head of this module.

    Zero behind the cathode. Every point of the ring must lie below the substrate.
    """
    qx, qy, qz = x_m - cathode.x_m, y_m - cathode.y_m, height_m - cathode.z_m
    along = qx * cathode.normal_x + qy * cathode.normal_y + qz * cathode.normal_z
    square = qx * qx + qy * qy + qz * qz
    ring = ring_radius_m * ring_radius_m
    a = square + ring
    sideways = xp.maximum(square - along * along, 0.0)
    product = a * a - 4.0 * ring * sideways
    numerator = xp.maximum(along, 0.0) * (qz * a - 2.0 * ring * (qz - along * cathode.normal_z))
    return numerator / (PI * product * xp.sqrt(product))


def cathode_flux_m2(x_m: Scalar, y_m: Scalar, height_m: Scalar, cathode: Cathode) -> Scalar:
    """Flux from the racetrack of a cathode, 1/m² per emitted atom: six rings of equal-area quadrature in R²."""
    inner = cathode.inner_radius_m * cathode.inner_radius_m
    width = cathode.outer_radius_m * cathode.outer_radius_m - inner
    total = 0.0 * x_m
    for node, weight in _NODES:
        total = total + weight * tilted_ring_flux_m2(x_m, y_m, height_m, xp.sqrt(inner + width * node), cathode)
    return total


def combined_flux_m2_s(
    x_m: Scalar, y_m: Scalar, height_m: Scalar, cathodes: tuple[Cathode, ...], emitted_s: tuple[Scalar, ...]
) -> Scalar:
    """Atoms per area and time from several cathodes that emit `emitted_s` atoms per second each."""
    total = 0.0 * x_m
    for k in range(len(cathodes)):
        total = total + emitted_s[k] * cathode_flux_m2(x_m, y_m, height_m, cathodes[k])
    return total


def cathode_share(
    which: int,
    x_m: Scalar,
    y_m: Scalar,
    height_m: Scalar,
    cathodes: tuple[Cathode, ...],
    emitted_s: tuple[Scalar, ...],
) -> Scalar:
    """Atomic fraction that cathode `which` brings to a point of the substrate: the composition map of a co-sputter."""
    own = emitted_s[which] * cathode_flux_m2(x_m, y_m, height_m, cathodes[which])
    return own / xp.maximum(combined_flux_m2_s(x_m, y_m, height_m, cathodes, emitted_s), 1e-30)


def keller_simmons(path_pa_m: Scalar, length_pa_m: Scalar) -> Scalar:
    """F/F₀ = (p₀d₀/pd)[1 − exp(−pd/p₀d₀)] of `path_pa_m` = pd and `length_pa_m` = p₀d₀ > 0."""
    ratio = xp.maximum(path_pa_m / length_pa_m, 1e-12)
    return -xp.expm1(-ratio) / ratio
