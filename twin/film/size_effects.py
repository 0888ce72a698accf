"""Resistivity of films that are not much thicker, or whose grains are not much larger, than the electron path.

Three conductivities relative to that of the same metal in bulk, σ/σ₀ in (0, 1], for κ = h/λ (thickness over mean
free path), specularity p (0 diffuse, 1 mirror) and α = (λ/D)·R/(1 − R) (grain size D, share R reflected at a grain
boundary):

- surfaces, Fuchs (1938) and Sondheimer (1952): σ/σ₀ = 1 − (3/2κ)(1−p)∫₁^∞(t⁻³−t⁻⁵)(1−e^(−κt))/(1−p·e^(−κt))dt
- grain boundaries, Mayadas and Shatzkes, Phys. Rev. B 1, 1382 (1970): σ/σ₀ = 3[⅓ − α/2 + α² − α³·ln(1 + 1/α)]
- both in their order: boundaries shorten the path direction by direction, λ → λ/H with H = 1 + α/(cos φ·sin θ),
  and the surfaces act on what is left (the double integral of the same paper)

All integrands are rearranged into sums of positive terms, so nothing cancels for thin films or small grains. The
two-parameter sum `matthiessen_resistivity_ratio` is cheaper than the double integral and up to 6 % off it.

Free electrons, one spherical Fermi surface, equal faces. Written for `tansaki.twin.backends.bind`.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.film.quadrature import gauss_legendre
from tansaki.twin.units import ELEMENTARY_CHARGE_C

REDUCED_PLANCK_J_S = 1.054571817e-34

# u = cos θ is taken as y⁴: glancing electrons, u ≈ κ, decide in thin films and need nodes near zero.
_Y, _W = gauss_legendre(20)
COSINES = tuple(y**4 for y in _Y)
COSINE_WEIGHTS = tuple(4.0 * y**3 * w * (1.0 - y**8) for y, w in zip(_Y, _W, strict=True))
"""Weights of ∫₀¹ … (1 − u²) du."""

# Fewer nodes in the double integral: XLA fuses 48 into one loop, and is twenty times as slow with 120.
_FEW_Y, _FEW_W = gauss_legendre(12)
FEW_COSINES = tuple(y**4 for y in _FEW_Y)
FEW_COSINE_WEIGHTS = tuple(4.0 * y**3 * w * (1.0 - y**8) for y, w in zip(_FEW_Y, _FEW_W, strict=True))
_TURNS, _TURN_WEIGHTS = gauss_legendre(4)
AZIMUTH_COSINES = tuple(float(xp.cos(0.5 * xp.pi * turn)) for turn in _TURNS)
AZIMUTH_WEIGHTS = tuple(0.5 * float(xp.pi) * w * c**2 for c, w in zip(AZIMUTH_COSINES, _TURN_WEIGHTS, strict=True))
"""Weights of ∫₀^(π/2) … cos²φ dφ."""

GRAIN_NODES, GRAIN_WEIGHTS = gauss_legendre(12)

SMALL_PATH = 0.5
SMALL_ALPHA = 0.5
TINY_ALPHA = 1e-12


def mean_free_path_m(carriers_m3: Scalar, mobility_m2_vs: Scalar) -> Scalar:
    """λ = ħ·(3π²n)^⅓·μ/e of a degenerate free-electron gas, whatever its mass (m)."""
    wave_number = (3.0 * xp.pi**2 * carriers_m3) ** (1.0 / 3.0)
    return REDUCED_PLANCK_J_S / ELEMENTARY_CHARGE_C * wave_number * mobility_m2_vs


def grain_alpha(mean_free_path_m: Scalar, grain_size_m: Scalar, reflection: Scalar) -> Scalar:
    """α = (λ/D)·R/(1 − R) of Mayadas and Shatzkes; 0 ≤ R < 1."""
    return mean_free_path_m / grain_size_m * reflection / (1.0 - reflection)


def exponential_remainder(x: Scalar) -> Scalar:
    """x − 1 + e^(−x) for x ≥ 0 without cancellation (a Taylor series below `SMALL_PATH`)."""
    small = xp.minimum(x, SMALL_PATH)
    series = 0.0
    for k in (13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3):
        series = (1.0 - series) * small / k
    return xp.where(x < SMALL_PATH, 0.5 * small * small * (1.0 - series), x + xp.expm1(-x))


def flight_share(x: Scalar, specularity: Scalar) -> Scalar:
    """Share of their bulk drift kept by electrons that cross the film in x mean free paths, 0-1.

    1 − (1−p)(1 − e^(−x))/[x(1 − p·e^(−x))], written as [(1−p)(x − 1 + e^(−x)) + p·x·(1 − e^(−x))] over
    x·[(1−p) + p(1 − e^(−x))].
    """
    absorbed = -xp.expm1(-x)
    kept = (1.0 - specularity) * exponential_remainder(x) + specularity * x * absorbed
    return kept / (x * ((1.0 - specularity) + specularity * absorbed))


def surface_conductivity_ratio(kappa: Scalar, specularity: Scalar) -> Scalar:
    """Fuchs-Sondheimer σ/σ₀ of a film of large grains.

    (3/2)∫₀¹(1 − u²)·`flight_share`(κ/u) du, relative error below 5e-6 for 0.01 ≤ κ ≤ 100, 0 ≤ p ≤ 0.99. Limits:
    1 − 3(1−p)/(8κ) for thick films, (3κ/4)[ln(1/κ) + 1 − γ] for thin ones with p = 0 (γ of Euler).
    """
    total = 0.0
    for u, weight in zip(COSINES, COSINE_WEIGHTS):  # noqa: B905  Numba's zip has no `strict`
        total = total + weight * flight_share(kappa / u, specularity)
    return 1.5 * total


def grain_conductivity_ratio(alpha: Scalar) -> Scalar:
    """Mayadas-Shatzkes σ/σ₀ of a thick film, α ≥ 0.

    The logarithm cancels for large α; there the same function is 3∫₀¹u³/(u + α) du, whose integrand is smooth
    (12 nodes: relative error below 1e-12 for α > 0.5).
    """
    small = xp.minimum(xp.maximum(alpha, TINY_ALPHA), SMALL_ALPHA)
    logarithm = small**3 * (xp.log1p(small) - xp.log(small))
    closed = 1.0 + 3.0 * (alpha * (alpha - 0.5) - logarithm)
    large = xp.maximum(alpha, SMALL_ALPHA)
    total = 0.0
    for u, weight in zip(GRAIN_NODES, GRAIN_WEIGHTS):  # noqa: B905
        total = total + weight * u**3 / (u + large)
    return xp.where(alpha < SMALL_ALPHA, closed, 3.0 * total)


def film_conductivity_ratio(kappa: Scalar, specularity: Scalar, alpha: Scalar) -> Scalar:
    """Mayadas-Shatzkes σ/σ₀ with both surfaces and grain boundaries.

    (6/π)∫₀^(π/2)cos²φ dφ ∫₀¹(1 − u²)·`flight_share`(κH/u)/H du, H = 1 + α/(cos φ·√(1 − u²)): relative error below
    4e-4 for 0.01 ≤ κ ≤ 100, 0 ≤ α ≤ 20 (2e-4 for κ ≥ 0.1). It is the surface formula for α = 0 and the grain formula
    for κ → ∞.
    """
    total = 0.0
    for u, weight in zip(FEW_COSINES, FEW_COSINE_WEIGHTS):  # noqa: B905
        sine = (1.0 - u * u) ** 0.5
        ring = 0.0
        for cosine, turn in zip(AZIMUTH_COSINES, AZIMUTH_WEIGHTS):  # noqa: B905
            shortening = 1.0 + alpha / (cosine * sine)
            ring = ring + turn * flight_share(kappa * shortening / u, specularity) / shortening
        total = total + weight * ring
    return 6.0 / xp.pi * total


def matthiessen_resistivity_ratio(kappa: Scalar, specularity: Scalar, alpha: Scalar) -> Scalar:
    """ρ/ρ₀ by Matthiessen's rule: what surfaces and grain boundaries add to ρ₀ one by one, summed."""
    return 1.0 / surface_conductivity_ratio(kappa, specularity) + 1.0 / grain_conductivity_ratio(alpha) - 1.0
