"""Published sputtered LiCoO2 films, the recipes that stand for them in the twin, and what the twin gives.

One frozen parameter set serves every row. The abstracts give oxygen pressure, anneal and result; `assumed` lists what
they do not say. A row whose quantity was used to fit the free coefficients of the material file says so.
"""

from collections.abc import Mapping
from typing import Any, Final

from tansaki.twin.calibration import Priors
from tansaki.twin.systems.published import SystemRow

MILLITORR_PA: Final = 0.133322
VISIBLE: Final = 0.05
"""Share of the cobalt in Co3O4 from which diffraction shows it (assumed)."""


def _film(oxygen_pa: float, total_pa: float, **changes: float) -> dict[str, float]:
    return {
        "power_w": 100.0,
        "pressure_pa": total_pa - oxygen_pa,
        "oxygen_pressure_pa": oxygen_pa,
        "substrate_temperature_c": 250.0,
        "thickness_nm": 300.0,
        "anneal_temperature_c": 600.0,
        "anneal_duration_s": 3600.0,
    } | changes


_WINDOW: Final = (
    "RF-sputtered LiCoO2 on platinised silicon: single phase after 500 to 700 C when grown at 5 to 10 mTorr of oxygen, "
    "Co3O4 beside it outside; grains 60, 95, 125 nm and capacity 41.77, 50.62, 61.16 uAh/(cm2 um) at 500, 600, 700 C"
)
_REVIEW: Final = "Julien, Mauger and Hussain, Materials 12, 2687 (2019), table 3"
_ASSUMED: Final = "5 Pa in all and 250 C (from the review's table), 100 W, 300 nm, anneal of 1 h"


_NOT_ALONE: Final = (
    "films at 5 Pa need 5 mTorr of oxygen to be single phase, this one at 0.5 Pa did with less: the window of the twin "
    "is one of oxygen pressure alone"
)


def _nanometre(outputs: Any) -> float:
    return 1e9 * float(outputs.grain_size_m)


def _charge(outputs: Any) -> float:
    return float(outputs.capacity_uah_cm2_um)


def _second_phase(outputs: Any) -> float:
    return float(outputs.co3o4_fraction)


def _seen(outputs: Any) -> float:
    return float(outputs.co3o4_fraction >= VISIBLE)


def _annealed(celsius: float) -> dict[str, float]:
    return _film(7.5 * MILLITORR_PA, 5.0, anneal_temperature_c=celsius)


def _grain(celsius: float, nanometre: float) -> SystemRow:
    return SystemRow(
        f"V22-grain-{celsius:g}", "grain size", "nm", nanometre, 1.2, "ratio", _WINDOW, "fitted", _ASSUMED,
        _annealed(celsius), _nanometre,
    )  # fmt: skip


def _first_discharge(celsius: float, charge: float) -> SystemRow:
    return SystemRow(
        f"V22-capacity-{celsius:g}", "first discharge", "uAh/(cm2 um)", charge, 1.2, "ratio", _WINDOW, "fitted",
        _ASSUMED, _annealed(celsius), _charge,
    )  # fmt: skip


def _edge(millitorr: float) -> SystemRow:
    return SystemRow(
        f"V22-co3o4-edge-{millitorr:g}mTorr", "share of the cobalt in Co3O4 at the edge of the window", "1", VISIBLE,
        2.0, "ratio", _WINDOW, "fitted", f"{_ASSUMED}; Co3O4 is seen from a share of {VISIBLE:g}",
        _film(millitorr * MILLITORR_PA, 5.0), _second_phase,
    )  # fmt: skip


def _phases(millitorr: float, seen: float) -> SystemRow:
    return SystemRow(
        f"V22-co3o4-{millitorr:g}mTorr", "Co3O4 is seen (1) or not (0)", "1", seen, 0.5, "difference", _WINDOW,
        "predicted", f"{_ASSUMED}; Co3O4 is seen from a share of {VISIBLE:g}",
        _film(millitorr * MILLITORR_PA, 5.0), _seen,
    )  # fmt: skip


def _other(
    name: str, charge: float, source: str, assumed: str, settings: Mapping[str, float], note: str = ""
) -> SystemRow:
    return SystemRow(
        f"LiCoO2-capacity-{name}", "discharge", "uAh/(cm2 um)", charge, 1.2, "ratio", source, "predicted", assumed,
        settings, _charge, note,
    )  # fmt: skip


ROWS: Final[tuple[SystemRow, ...]] = (
    _grain(500.0, 60.0),
    _grain(600.0, 95.0),
    _grain(700.0, 125.0),
    _first_discharge(500.0, 41.77),
    _first_discharge(600.0, 50.62),
    _first_discharge(700.0, 61.16),
    _edge(5.0),
    _edge(10.0),
    _phases(2.5, 1.0),
    _phases(7.5, 0.0),
    _phases(20.0, 1.0),
    _other(
        "400C-as-grown", 54.5,
        "RF-sputtered LiCoO2 on Pt, substrate from room temperature to 500 C (Surf. Coat. Technol. 2010, abstract)",
        "7.5 mTorr of oxygen, 5 Pa in all, 100 W, 300 nm, no anneal",
        _film(7.5 * MILLITORR_PA, 5.0, substrate_temperature_c=400.0, anneal_duration_s=0.0),
        "the grains of the twin's film as grown are smaller than those of annealed films, by assumption",
    ),
    _other(
        "600C-2Pa", 50.0, f"{_REVIEW}, reference 70: Ar:O2 3:1, 2 Pa, 100 W, 250 C, annealed at 600 C",
        "300 nm, anneal of 1 h", _film(0.5, 2.0),
    ),
    _other(
        "500C-2.2Pa", 50.0, f"{_REVIEW}, reference 25: Ar:O2 3:1, 2.2 Pa, 25 C, annealed at 500 C",
        "100 W over 2 inches for 500 W over a larger target, 300 nm, anneal of 1 h",
        _film(0.55, 2.2, substrate_temperature_c=25.0, anneal_temperature_c=500.0),
    ),
    _other(
        "700C-0.5Pa", 52.0, f"{_REVIEW}, reference 61: Ar:O2 9:1, 0.5 Pa, 200 C, annealed at 700 C",
        "100 W, 300 nm, anneal of 1 h", _film(0.05, 0.5, substrate_temperature_c=200.0, anneal_temperature_c=700.0),
        _NOT_ALONE,
    ),
    _other(
        "800C-0.5Pa", 70.0, f"{_REVIEW}, reference 64: Ar:O2 3:1, 0.5 Pa, 80 W, unheated, annealed at 800 C",
        "300 nm, anneal of 1 h",
        _film(0.125, 0.5, power_w=80.0, substrate_temperature_c=25.0, anneal_temperature_c=800.0), _NOT_ALONE,
    ),
)  # fmt: skip

PRIORS: Priors = {
    ("lithium", "emitted_ratio"): (1.2, 0.3),
    ("lithium", "resputtering"): (0.4, 0.7),
    ("oxidation", "least_pressure_pa"): (0.2, 0.7),
    ("coarsening", "reference_size_m"): (9e-8, 0.3),
    ("coarsening", "activation_energy_ev"): (0.6, 0.4),
    ("cathode", "shell_m"): (2.5e-8, 0.5),
}
"""What is fitted to the rows, and what was thought of it before."""
