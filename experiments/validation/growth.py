"""Growth of the surface: random deposition, Edwards-Wilkinson, Kardar-Parisi-Zhang (V15, V16), hopping, shadowing.

Rows G1 to G3 are not in the project's list: balance of hops, islands, shadowing.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row

if TYPE_CHECKING:
    from tansaki.twin.growth.series import Model

EDWARDS_WILKINSON: Final = "Edwards & Wilkinson, Proc. R. Soc. A 381, 17 (1982)"
KPZ: Final = "Kardar, Parisi & Zhang, PRL 56, 889 (1986): exact in 1+1 dimensions"
KPZ_GROWTH: Final = (
    "Kelling, Ódor & Gemming: β = 0.2414(2); 0.235-0.242 by z and α of Aarão Reis, PRE 69, 021610 (2004)"
)
KPZ_ROUGHNESS: Final = "Aarão Reis, PRE 69, 021610 (2004): α = 0.383(8)"
SKEWNESS: Final = "arXiv cond-mat/9810083 (1998): W3/W2^(3/2) = -0.27(1) of this model"
BINS: Final = "Alves, Oliveira & Ferreira, PRE 90, 052405 (2014): ballistic deposition is KPZ"
BOLTZMANN: Final = "exact enumeration of the states"
VENABLES: Final = "remembered, not confirmed: mean-field nucleation with stable pairs, Venables (1973)"
SHADOWING: Final = "shadowing with lateral growth in 2+1 dimensions, PRB 62, 2118 (2000): β = 1"
SEED: Final = 7


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _random_and_relaxing()
    yield from _restricted()
    yield from _ballistic()
    yield from _hopping()
    yield _shadowing()


def _exponent(row_id: str, quantity: str, target: float, twin: float, by: float, source: str, note: str = "") -> Row:
    kind = "exact" if row_id == "V15" else "published, predicted"
    return Row(row_id, "growth", quantity, target, twin, f"± {by:g}", source, kind, abs(twin - target) <= by, note)


def _growth_exponent(model: "Model", shape: tuple[int, int], last: int, first: int, runs: int) -> tuple[float, str]:
    """β of W over the times 2^first to 2^last, and its standard error in words."""
    from tansaki.twin.growth.roughness import power_law
    from tansaki.twin.growth.series import squared_widths

    times = [2.0**k for k in range(first, last + 1)]
    found = power_law(times, squared_widths(model, shape, times, runs, SEED))
    return 0.5 * found.value, f"standard error {0.5 * found.u:.3f}"


def _random_and_relaxing() -> Iterator[Row]:
    """V15: W² = t without relaxation; β = ¼ with it in 1+1 dimensions."""
    from tansaki.twin.growth.series import squared_widths

    time, sites, runs = 64.0, 128 * 128, 4
    width = float(squared_widths("random", (128, 128), [time], runs, SEED).mean())
    allowed = 3.0 * math.sqrt((2.0 * time**2 + time) / sites / runs)
    label = "random deposition: W² after 64 layers"
    ok = abs(width - time) <= allowed
    yield Row("V15", "growth", label, time, width, f"± {allowed:.2g} (3σ)", "Poisson statistics", "exact", ok)
    beta, note = _growth_exponent("relaxation", (1, 4096), 9, 3, 8)
    yield _exponent("V15", "relaxation to the lowest neighbour, 1+1: β", 0.25, beta, 0.02, EDWARDS_WILKINSON, note)


def _restricted() -> Iterator[Row]:
    """V15: KPZ in 1+1 dimensions; V16: in 2+1."""
    import numpy as np

    from tansaki.twin.growth.roughness import size_exponent, skewness, squared_width
    from tansaki.twin.growth.series import grown

    beta, note = _growth_exponent("restricted", (1, 8192), 10, 5, 8)
    yield _exponent("V15", "restricted solid-on-solid, 1+1: β", 1.0 / 3.0, beta, 0.02, KPZ, note)
    beta, note = _growth_exponent("restricted", (384, 384), 8, 3, 2)
    yield _exponent("V16", "restricted solid-on-solid, 2+1: β", 0.2414, beta, 0.03, KPZ_GROWTH, note)
    sizes, widths, skew = (8, 16, 32), [], 0.0
    for size, settle, apart, samples in zip(sizes, (200, 500, 1500), (25, 60, 180), (3000, 1500, 500), strict=True):
        times = [float(settle + apart * k) for k in range(samples)]
        surfaces = [(squared_width(h), skewness(h)) for h in grown("restricted", (size, size), times, SEED)]
        widths.append(np.array([w for w, _ in surfaces]))
        mean = float(widths[-1].mean())
        skew = sum(s * w**1.5 for w, s in surfaces) / samples / mean**1.5
    found = size_exponent(sizes, widths)
    note = f"sizes 8 to 32, standard error {found.u:.3f}"
    yield _exponent("V16", "restricted solid-on-solid, 2+1: α", 0.383, found.value, 0.03, KPZ_ROUGHNESS, note)
    note = "at size 32"
    yield _exponent("V16", "restricted solid-on-solid, 2+1: skewness at rest", -0.27, skew, 0.03, SKEWNESS, note)


def _ballistic() -> Iterator[Row]:
    """V16: the plain width of ballistic deposition misleads; maxima of bins do not."""
    from tansaki.twin.growth.roughness import bin_maxima, power_law, squared_width
    from tansaki.twin.growth.series import grown

    times = [2.0**k for k in range(4, 9)]
    plain, binned = [], []
    for run in range(3):
        pairs = [
            (squared_width(h), squared_width(bin_maxima(h, 4)))
            for h in grown("ballistic", (384, 384), times, SEED, run)
        ]
        plain.append([one for one, _ in pairs])
        binned.append([other for _, other in pairs])
    for what, widths, why in (
        (
            "plain W",
            plain,
            "expected to fail: each deposition jumps by as much as the surface is rough, and that constant in W² hides "
            "the power law at any time that can be simulated; see the row of the bins",
        ),
        ("maxima of 4 × 4 bins", binned, ""),
    ):
        found = power_law(times, widths)
        note = f"standard error {0.5 * found.u:.3f}" + (f"; {why}" if why else "")
        label = f"ballistic deposition, 2+1, {what}: β"
        yield _exponent("V16", label, 0.2414, 0.5 * found.value, 0.03, BINS, note)


def _hopping() -> Iterator[Row]:
    """Kinetic Monte Carlo: Boltzmann statistics without flux, islands with it."""
    import numpy as np

    from tansaki.twin.backends import bind
    from tansaki.twin.growth import solid_on_solid
    from tansaki.twin.growth.roughness import island_density, power_law
    from tansaki.twin.growth.solid_on_solid import BOLTZMANN_EV_K, Hopping

    advance = bind(solid_on_solid, "numba").advance
    kt = BOLTZMANN_EV_K * 500.0
    hopping = Hopping(1.0, 0.0, kt, 0.5 * kt)
    weights = {s: math.exp(_ring_bonds(s)) for s in product(range(-12, 13), repeat=3) if sum(s) == 0}
    heights, numbers, samples = np.zeros((1, 3), np.int32), np.random.default_rng(SEED), 20_000
    flat, squares = 0, 0.0
    for _ in range(samples):
        advance(heights, 60.0, 0.0, 500.0, hopping, 10**6, numbers)
        flat += not heights.any()
        squares += float(np.var(heights))
    total = sum(weights.values())
    share = weights[(0, 0, 0)] / total
    allowed = 4.0 * math.sqrt(share * (1.0 - share) / samples)
    label = "hopping without flux, three columns, E_n = k_BT: share of time flat"
    ok = abs(flat / samples - share) <= allowed
    yield Row("G1", "growth", label, share, flat / samples, f"± {allowed:.2g} (4σ)", BOLTZMANN, "exact", ok)
    width = sum(w * float(np.var(s)) for s, w in weights.items()) / total
    fourth = sum(w * float(np.var(s)) ** 2 for s, w in weights.items()) / total
    allowed = 4.0 * math.sqrt((fourth - width**2) / samples)
    label = "hopping without flux, three columns, E_n = k_BT: W²"
    ok = abs(squares / samples - width) <= allowed
    yield Row("G1", "growth", label, width, squares / samples, f"± {allowed:.2g} (4σ)", BOLTZMANN, "exact", ok)
    fluxes = (0.003, 0.03, 0.3)
    densities: list[list[float]] = []
    for run in range(3):
        densities.append([])
        for flux_hz in fluxes:
            heights = np.zeros((192, 192), np.int32)
            strong = Hopping(4e4, 0.0, 2.0, 0.0)
            advance(heights, 0.1 / flux_hz, flux_hz, 500.0, strong, 10**9, np.random.default_rng([SEED, run]))
            densities[-1].append(island_density(heights, 0))
    found = power_law(fluxes, densities)
    label = "islands at 0.1 layer, stable pairs, D/F 3e4 to 3e6: exponent of N ~ (F/D)^χ"
    note = f"standard error {found.u:.3f}; shown for comparison with a remembered law"
    yield _exponent("G2", label, 1.0 / 3.0, found.value, 0.05, VENABLES, note)


def _ring_bonds(heights: Sequence[int]) -> int:
    return sum(min(one, other) for one, other in zip(heights, [*heights[1:], heights[0]], strict=True))


def _shadowing() -> Row:
    """Atoms from a gas that mostly relax where they land: roughening far beyond KPZ."""
    import numpy as np

    from tansaki.twin.backends import bind
    from tansaki.twin.growth import ballistic
    from tansaki.twin.growth.ballistic import Arrival
    from tansaki.twin.growth.roughness import power_law, squared_width

    deposit = bind(ballistic, "numba").deposit_oblique
    times = (32, 64, 128)
    widths: list[list[float]] = []
    for run in range(2):
        heights, numbers, before = np.zeros((128, 128), np.int32), np.random.default_rng([SEED, run]), 0
        widths.append([])
        for time in times:
            deposit(heights, (time - before) * heights.size, Arrival(0.0, 1.0, 0.9), numbers)
            before = time
            widths[-1].append(squared_width(heights))
    beta = 0.5 * power_law(times, widths).value
    label = "oblique incidence cos¹, mobility 0.9, 2+1: β at 32 to 128 layers"
    note = (
        "another shadowing model, before its asymptote: the local exponent rises from KPZ-like to about 0.9 and then "
        "meets the finite size; β well above 0.24 is what the twin claims"
    )
    return _exponent("G3", label, 1.0, beta, 0.1, SHADOWING, note)
