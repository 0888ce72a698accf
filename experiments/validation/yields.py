"""Sputtering: yields of elements by two fits, energies of the emitted atoms (V1, V2, V3, V13)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.deposition.sputter_yield import Atom, Sputtering

YAMAMURA: Final = (
    "form and table of Yamamura & Tawara, At. Data Nucl. Data Tables 62, 149 (1996), erratum 63, 353; prototype"
)
ECKSTEIN: Final = "Eckstein fits for argon, IAEA plasma-wall interaction data base"
THOMPSON: Final = "Thompson's distribution with its cut-off; prototype quadrature"
ENERGIES_EV: Final = (300.0, 400.0, 500.0, 600.0, 1000.0)
TABLE: Final = {
    "al": (0.62, 0.78, 0.91, 1.03, 1.37),
    "si": (0.27, 0.34, 0.41, 0.47, 0.64),
    "ti": (0.31, 0.40, 0.47, 0.54, 0.73),
    "co": (0.82, 1.03, 1.21, 1.36, 1.83),
    "ni": (0.75, 0.94, 1.11, 1.25, 1.69),
    "cu": (1.17, 1.45, 1.68, 1.87, 2.48),
    "nb": (0.38, 0.51, 0.62, 0.72, 1.02),
    "pd": (1.10, 1.36, 1.57, 1.76, 2.34),
    "ag": (1.91, 2.34, 2.70, 3.02, 3.99),
    "pt": (0.83, 1.06, 1.25, 1.43, 1.97),
    "zn": (4.08, 4.81, 5.41, 5.93, 7.49),
    "in": (2.35, 2.83, 3.23, 3.58, 4.64),
}
"""Atoms per argon ion at `ENERGIES_EV`."""
MEANS_EV: Final = {
    "ti": (19.5, 29.1),
    "al": (15.2, 22.4),
    "cu": (15.4, 22.8),
    "nb": (24.6, 37.1),
    "zn": (7.8, 11.3),
    "co": (18.1, 26.9),
}
"""Mean energy of the emitted atoms for 400 eV argon, with the bracket and without."""


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _yamamura()
    yield from _eckstein()
    yield from _emission()


def _element(symbol: str) -> "tuple[Atom, Sputtering]":
    from tansaki.twin.deposition.sputter_yield import Atom, Sputtering
    from tansaki.twin.quantities import load

    file = load("elements", symbol)
    return file.parameters("atom", Atom), file.parameters("sputtering", Sputtering)


def _argon() -> "Atom":
    from tansaki.twin.deposition.sputter_yield import Atom
    from tansaki.twin.quantities import load

    return load("elements", "ar").parameters("atom", Atom)


def _yield(symbol: str, energy_ev: float) -> float:
    from tansaki.twin.deposition.sputter_yield import yamamura_yield

    return float(yamamura_yield(energy_ev, _argon(), *_element(symbol)))


def _yamamura() -> Iterator[Row]:
    """V1: per element the energy of the five at which the twin is farthest from the table."""
    for symbol, targets in TABLE.items():
        pairs = [(e, t, _yield(symbol, e)) for e, t in zip(ENERGIES_EV, targets, strict=True)]
        # The table is rounded to 0.01 atoms.
        energy, target, twin = max(pairs, key=lambda pair: abs(pair[2] - pair[1]) / max(0.01 * pair[1], 0.005))
        ok = abs(twin - target) <= max(0.01 * target, 0.005)
        label = f"argon on {symbol.capitalize()}: worst of five yields, here at {energy:g} eV, atoms/ion"
        yield Row("V1", "yields", label, target, twin, "1 %, at least 0.005", YAMAMURA, "own reference", ok)


def _eckstein() -> Iterator[Row]:
    """V2: the fit for zinc against its own table; V3: the two fits against each other."""
    from tansaki.twin.deposition.sputter_yield import Eckstein, eckstein_yield
    from tansaki.twin.quantities import load

    fit = load("elements", "zn").parameters("eckstein_argon", Eckstein)
    zinc = {204.2: 3.129, 537.6: 5.209, 1166.0: 7.160}
    for energy, target in zinc.items():
        twin = float(eckstein_yield(energy, fit))
        label = f"argon on Zn, Eckstein at {energy:g} eV, atoms/ion"
        yield relative("V2", "yields", label, target, twin, 0.005, ECKSTEIN, "published, fitted to")
    aluminium = {202.4: 0.4296, 339.4: 0.6749, 479.0: 0.8165, 569.1: 0.8840, 954.0: 1.083}
    for symbol, table in (("al", aluminium), ("zn", zinc)):
        for energy, target in table.items():
            label = f"argon on {symbol.capitalize()}, Yamamura against Eckstein at {energy:g} eV, atoms/ion"
            note = "two fits of different data: their distance is the uncertainty of a yield" if energy > 900.0 else ""
            # 20 % is asked near the working voltage; the fits part by up to 30 % elsewhere.
            tolerance = 0.2 if energy < 600.0 else 0.3
            twin = _yield(symbol, energy)
            yield relative("V3", "yields", label, target, twin, tolerance, ECKSTEIN, "published, predicted", note)


def _emission() -> Iterator[Row]:
    """V13: mean energies at 400 eV with and without the bracket, and the peak at U/2."""
    from tansaki.twin.deposition import emission
    from tansaki.twin.deposition.sputter_yield import energy_transfer

    for symbol, (cut, uncut) in MEANS_EV.items():
        target, sputtering = _element(symbol)
        transferred = 400.0 * energy_transfer(_argon(), target)
        for what, mean, twin in (
            ("", cut, emission.mean_energy_ev(sputtering.surface_binding_ev, transferred)),
            (" without the bracket", uncut, emission.mean_energy_uncut_ev(sputtering.surface_binding_ev, transferred)),
        ):
            label = f"argon 400 eV on {symbol.capitalize()}: mean emitted energy{what}, eV"
            yield relative("V13", "yields", label, mean, float(twin), 0.01, THOMPSON, "own reference")
    peak, step = 0.5, 1e-5
    below, at, above = (float(emission.energy_density_per_ev(peak + k * step, 1.0, 1e18)) for k in (-1, 0, 1))
    # Vertex of the parabola through three points about U/2.
    vertex = peak + 0.5 * step * (below - above) / (below - 2.0 * at + above)
    label = "peak of the emitted energies over U, for a large ion energy"
    yield relative("V13", "yields", label, 0.5, vertex, 1e-4, "algebra of Thompson's distribution", "exact")
