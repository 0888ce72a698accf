"""Published TiN films, the recipes that stand for them in the twin, and what the twin gives.

Abstracts and tables were read, not the papers; `assumed` lists what of the recipe is ours. One frozen parameter set
serves every row.
"""

from typing import Any

import numpy as np

from tansaki.twin.calibration import Priors
from tansaki.twin.film.nitride import Conduction, Nitride, dielectric
from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M, PLASMA_EV2_M3
from tansaki.twin.quantities import load
from tansaki.twin.systems.published import SystemRow

PA_PER_NANOTORR = 1.33322e-7
SPECTRUM_M = (400e-9, 1700e-9)
"""Where zeros of ε₁ are counted."""


def epsilon1(film: Any, wavelength_m: float) -> float:
    """ε₁ of a film of the twin (its outputs) at one wavelength."""
    nitride = load("materials", "tin").assembled(Nitride)
    localised = film.localised_share
    plasma2 = film.carrier_density_m3 / (1.0 - localised) * PLASMA_EV2_M3 / nitride.electrons.mass_ratio
    at = Conduction(plasma2, 1.0 - localised, localised, film.carrier_density_m3, film.mobility_m2_vs)
    return float(dielectric(PLANCK_TIMES_LIGHT_EV_M / wavelength_m, at, nitride).real)


def zeros(film: Any) -> float:
    """How often ε₁ changes its sign over `SPECTRUM_M`."""
    values = [epsilon1(film, w) for w in np.linspace(*SPECTRUM_M, 651)]
    return float(np.count_nonzero(np.diff(np.sign(values))))


_BELIAEV = "n and k of a sputtered film of 50 nm, Beliaev et al., refractiveindex.info; Drude part of their fit"
_FILM = {"substrate_temperature_c": 400.0, "bias_v": 60.0, "thickness_nm": 50.0}
_FILM_ASSUMED = "400 C, 60 V, 0.4 Pa, nitrogen near the optimum; the conditions were not read"
_BIASED = (
    "J. Vac. Sci. Technol. A 34, 021503 (2016), abstract: room temperature, with and without a biased plasma at the "
    "substrate"
)
_COLD = {"substrate_temperature_c": 25.0, "pressure_pa": 0.5, "thickness_nm": 100.0}
_COLD_ASSUMED = "0.5 Pa, 100 nm; 100 V and none stand for the biased substrate plasma and its absence"
_CONTRAST = (
    "bombardment does not move adatoms here, so cold columns stay narrow and their boundaries open; the published "
    "contrast of unbiased to biased, a factor of 1000, comes out ten times smaller"
)
_BRAIC = "Braic et al., ACS Appl. Mater. Interfaces (2017), abstract: residual oxygen in the background vacuum"
_SLOW = {"substrate_temperature_c": 600.0, "power_w": 60.0, "bias_v": 30.0, "thickness_nm": 50.0}
_SLOW_ASSUMED = (
    "600 C, 60 W (4 nm/min), 30 V; rate and temperature of the paper were not read, and thresholds go with the rate"
)


def _residual(nanotorr: float) -> dict[str, float]:
    return {**_SLOW, "base_pressure_pa": nanotorr * PA_PER_NANOTORR}


ROWS = (
    SystemRow(
        "TIN-beliaev-zero",
        "wavelength of the zero of epsilon 1",
        "m",
        492e-9,
        1.05,
        "ratio",
        _BELIAEV,
        "fitted",
        _FILM_ASSUMED,
        _FILM,
        lambda film: film.epsilon1_zero_wavelength_m,
    ),
    SystemRow(
        "TIN-beliaev-resistivity",
        "resistivity",
        "ohm m",
        59e-8,
        1.3,
        "ratio",
        _BELIAEV,
        "fitted",
        _FILM_ASSUMED,
        _FILM,
        lambda film: film.resistivity_ohm_m,
    ),
    SystemRow(
        "TIN-biased-resistivity",
        "resistivity, biased at room temperature",
        "ohm m",
        1e-6,
        2.0,
        "ratio",
        _BIASED,
        "fitted",
        _COLD_ASSUMED,
        {**_COLD, "bias_v": 100.0},
        lambda film: film.resistivity_ohm_m,
        _CONTRAST,
    ),
    SystemRow(
        "TIN-unbiased-resistivity",
        "resistivity, unbiased at room temperature",
        "ohm m",
        1e-3,
        3.0,
        "ratio",
        _BIASED,
        "fitted",
        _COLD_ASSUMED,
        {**_COLD, "bias_v": 0.0},
        lambda film: film.resistivity_ohm_m,
        _CONTRAST,
    ),
    SystemRow(
        "TIN-biased-density",
        "density over that of the crystal (5.39 g/cm3), biased at room temperature",
        "1",
        5.4 / 5.39,
        0.05,
        "difference",
        _BIASED,
        "predicted",
        _COLD_ASSUMED,
        {**_COLD, "bias_v": 100.0},
        lambda film: film.density_ratio,
    ),
    SystemRow(
        "TIN-oxygen-first-zero",
        "epsilon 1 in the middle of the published range of the first zero, 775 nm, at 10 nTorr",
        "1",
        0.0,
        1.0,
        "difference",
        _BRAIC + "; zeros at 700-850 and 1100-1350 nm between 5 and 20 nTorr",
        "fitted",
        _SLOW_ASSUMED,
        _residual(10.0),
        lambda film: film.epsilon1_775nm,
    ),
    SystemRow(
        "TIN-oxygen-second-zero",
        "epsilon 1 in the middle of the published range of the second zero, 1225 nm, at 10 nTorr",
        "1",
        0.0,
        1.0,
        "difference",
        _BRAIC + "; zeros at 700-850 and 1100-1350 nm between 5 and 20 nTorr",
        "fitted",
        _SLOW_ASSUMED,
        _residual(10.0),
        lambda film: film.epsilon1_1225nm,
    ),
    *(
        SystemRow(
            f"TIN-oxygen-zeros-{torr:g}",
            f"zeros of epsilon 1 from 400 to 1700 nm at {torr:g} nTorr of residual oxygen",
            "1",
            count,
            0.0,
            "difference",
            _BRAIC + "; metallic below 5 nTorr, two zeros from 5 to 20, not metallic above 20",
            "predicted",
            _SLOW_ASSUMED,
            _residual(torr),
            zeros,
        )
        for torr, count in ((2.5, 1.0), (10.0, 2.0), (40.0, 0.0))
    ),
)

PRIORS: Priors = {
    ("electrons", "full_weight"): (1.1, 0.1),
    ("electrons", "boundary_reflection"): (0.5, 0.5),
    ("electrons", "boundary_voids"): (0.03, 0.5),
    ("electrons", "lattice_damping_ev"): (0.13, 0.3),
    ("adatoms", "hop_energy_ev"): (0.8, 0.2),
    ("oxynitride", "weight_fraction"): (0.03, 0.7),
    ("oxynitride", "localising_fraction"): (0.02, 0.7),
    ("oxynitride", "localised_energy_ev"): (0.95, 0.1),
}
"""What is fitted to the rows, and what was thought of it before."""
