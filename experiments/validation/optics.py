"""Light in layered films: closed forms, another program at all angles, and polarised light from a bare face.

Rows beside another program appear where it is installed (extra ``peers``).
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row

if TYPE_CHECKING:
    from tansaki.twin.film.stack import Layer

GROUP: Final = "optics"
FRESNEL: Final = "Fresnel equations, closed form"
TMM: Final = "tmm (S. Byrnes, arXiv:1603.02720), program of the extra peers"
GLASS: Final = 1.52
GREEN_M: Final = 550e-9
SILICON: Final = (3.88, 0.02)
"""Near 633 nm, for comparisons of programs and signs."""


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _against_tmm()
    yield _lossless()
    yield from _quarter_waves()
    yield from _plates()
    yield from _polarised()


def _close(row_id: str, quantity: str, target: float, twin: float, tolerance: float, source: str, kind: str) -> Row:
    ok = math.isfinite(twin) and abs(twin - target) <= tolerance
    return Row(row_id, GROUP, quantity, target, twin, f"± {tolerance:g}", source, kind, ok)


def _against_tmm() -> Iterator[Row]:
    """M10: absorbing films, s and p light, 0 to 80°: largest difference in R and T."""
    try:
        import tmm
    except ImportError:
        return
    import numpy as np

    from tansaki.twin.film.spectra import film_spectra, random_oxide_films

    index, thickness_m, wavelength_m = random_oxide_films(films=5, layers=3, wavelengths=8, seed=10)
    for polarisation, parallel in (("s", 0.0), ("p", 1.0)):
        worst = 0.0
        for angle_deg in range(0, 81, 20):
            angle = math.radians(angle_deg)
            ours = film_spectra(index, thickness_m, GLASS, wavelength_m, angle_rad=angle, parallel=parallel)
            for film, thicknesses in enumerate(thickness_m):
                for i, wavelength in enumerate(wavelength_m):
                    indices = [1.0, *index[:, i], GLASS]
                    theirs = tmm.coh_tmm(polarisation, indices, [np.inf, *thicknesses, np.inf], angle, wavelength)
                    worst = max(
                        worst,
                        abs(float(ours.reflected[film, i]) - theirs["R"]),
                        abs(float(ours.transmitted[film, i]) - theirs["T"]),
                    )
        label = f"three absorbing films on glass, {polarisation} light, 0 to 80°: largest difference of R or T"
        yield _close("M10", label, 0.0, worst, 1e-10, TMM, "exact")


def _lossless() -> Row:
    """M10: what transparent films do not reflect they transmit."""
    import numpy as np

    from tansaki.twin.film.stack import slanted_fractions

    rng = np.random.default_rng(10)
    worst = 0.0
    for _ in range(200):
        films = tuple(_film(rng.uniform(1.2, 3.0), rng.uniform(0.0, 4e-7)) for _ in range(rng.integers(1, 7)))
        angle, parallel = math.radians(rng.uniform(0.0, 80.0)), float(rng.integers(0, 2))
        found = slanted_fractions(films, _film(GLASS, 0.0).refractive_index, GREEN_M, angle, parallel)
        worst = max(worst, abs(float(found.reflected + found.transmitted) - 1.0))
    label = "random transparent stacks, s and p light, 0 to 80°: largest |R + T − 1|"
    return _close("M10", label, 0.0, worst, 1e-10, "conservation of energy", "exact")


def _film(n: float, thickness_m: float) -> "Layer":
    from tansaki.twin.film.optical_constants import RefractiveIndex
    from tansaki.twin.film.stack import Layer

    return Layer(RefractiveIndex(n, 0.0), thickness_m)


def _quarter_waves() -> Iterator[Row]:
    """M11: ((n_s − n²)/(n_s + n²))²."""
    from tansaki.twin.film.stack import layer_fractions

    for name, n, target in (("bare glass", 1.0, 0.04258), ("MgF2", 1.38, 0.01260), ("index 2.35", 2.35, 0.3230)):
        film = _film(n, 0.25 * GREEN_M / n)
        twin = float(layer_fractions((film,), GLASS, GREEN_M).reflected)
        label = f"{name}{'' if n == 1.0 else ', a quarter wave'} on glass of index 1.52: R"
        yield _close("M11", label, target, twin, 1e-4, FRESNEL, "exact")


def _plates() -> Iterator[Row]:
    """M12: films coherent, plate incoherent."""
    from tansaki.twin.film.stack import layer_fractions, on_plate

    for label, film, target, source, kind in (
        ("bare plate of index 1.52: T", _film(1.0, 0.0), 2.0 * GLASS / (GLASS**2 + 1.0), FRESNEL, "exact"),
        ("100 nm of index 2.4 on it at 550 nm: T", _film(2.4, 100e-9), 0.86207, f"{TMM}, inc_tmm", "own reference"),
    ):
        twin = float(on_plate(layer_fractions((film,), GLASS, GREEN_M), GLASS).transmitted)
        yield _close("M12", label, target, twin, 1e-4, source, kind)


def _polarised() -> Iterator[Row]:
    """Signs of Δ: a transparent face turns it by 180° at its Brewster angle; tmm shows 180° less ours."""
    import numpy as np

    from tansaki.twin.film.optical_constants import RefractiveIndex
    from tansaki.twin.measurement.optical.ellipsometry import Plate, psi_delta_rad, reflected_beam

    def of(index: RefractiveIndex, angle_rad: float) -> tuple[float, float]:
        beam = reflected_beam((_film(1.0, 0.0),), Plate(index, 0.0), 633e-9, angle_rad)
        psi, delta = psi_delta_rad(beam)
        return math.degrees(psi), math.degrees(delta) % 360.0

    glass, angle = RefractiveIndex(GLASS, 0.0), math.radians(70.0)
    inside = math.asin(math.sin(angle) / GLASS)
    target = math.degrees(math.atan(abs(math.cos(angle + inside) / math.cos(angle - inside))))
    yield _close("M-psi", "bare glass at 70°: psi, deg", target, of(glass, angle)[0], 1e-9, FRESNEL, "exact")
    for side, degrees, turned in (("below", 50.0, 180.0), ("above", 65.0, 0.0)):
        label = f"bare glass {side} its Brewster angle: Delta, deg"
        twin = of(glass, math.radians(degrees))[1]
        source = "sign of r_p changes at the Brewster angle; convention of Azzam and Bashara"
        yield _close("M-delta", label, turned, twin, 1e-9, source, "exact")
    try:
        import tmm
    except ImportError:
        return
    theirs = tmm.ellips([1.0, complex(*SILICON)], [np.inf, np.inf], angle, 633e-9)
    psi, delta = of(RefractiveIndex(*SILICON), angle)
    label = f"bare silicon of index {SILICON[0]} + {SILICON[1]}i at 70°"
    source = f"{TMM}; its Delta is 180° less that of the common convention"
    yield _close("M-si", f"{label}: psi, deg", math.degrees(theirs["psi"]), psi, 1e-9, source, "exact")
    yield _close("M-si", f"{label}: Delta, deg", 180.0 - math.degrees(theirs["Delta"]), delta, 1e-9, source, "exact")
