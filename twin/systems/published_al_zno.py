"""Published AZO films, the recipes that stand for them in the twin, and what the twin gives.

The abstracts were read, not the papers; `assumed` lists what of the recipe is ours. One frozen parameter set serves
every row.
"""

from tansaki.twin.calibration import Priors
from tansaki.twin.systems.published import SystemRow

_CORNELIUS = (
    "Cornelius et al., Appl. Phys. Lett. 94, 042103 (2009), abstract: the best film of reactive pulsed sputtering"
)
_BEST = {
    "power_w": 100.0,
    "pressure_pa": 0.3,
    "oxygen_flow_sccm": 0.02,
    "substrate_temperature_c": 240.0,
    "thickness_nm": 400.0,
    "dopant_fraction": 0.03,
}
_BEST_ASSUMED = (
    "a metal target in the paper, a ceramic one here; 240 C, 0.3 Pa, 400 nm, 3 % Al, on the axis, little oxygen added"
)
_IGASAKI = "Igasaki and Kanma, Appl. Surf. Sci. 169-170, 508 (2001), abstract: RF 100 W, 2 wt% Al2O3, 200 C, 0.13 Pa"
_RF = {
    "power_w": 100.0,
    "pressure_pa": 0.13,
    "oxygen_flow_sccm": 0.0,
    "substrate_temperature_c": 200.0,
    "thickness_nm": 300.0,
    "dopant_fraction": 0.032,
}
_RF_ASSUMED = "on the axis of a 3-inch target, no oxygen added, 300 nm"

ROWS = (
    SystemRow(
        "V21-cornelius-carriers",
        "carrier density",
        "m^-3",
        6.0e26,
        1.3,
        "ratio",
        _CORNELIUS,
        "fitted",
        _BEST_ASSUMED,
        _BEST,
        lambda film: film.carrier_density_m3,
    ),
    SystemRow(
        "V21-cornelius-mobility",
        "mobility",
        "m^2/(V s)",
        46e-4,
        1.3,
        "ratio",
        _CORNELIUS,
        "fitted",
        _BEST_ASSUMED,
        _BEST,
        lambda film: film.mobility_m2_vs,
    ),
    SystemRow(
        "V21-cornelius-resistivity",
        "resistivity",
        "ohm m",
        2.26e-6,
        1.3,
        "ratio",
        _CORNELIUS,
        "fitted",
        _BEST_ASSUMED,
        _BEST,
        lambda film: film.resistivity_ohm_m,
    ),
    SystemRow(
        "AZO-igasaki-resistivity",
        "resistivity",
        "ohm m",
        2.5e-6,
        1.4,
        "ratio",
        _IGASAKI,
        "fitted",
        _RF_ASSUMED,
        _RF,
        lambda film: film.resistivity_ohm_m,
    ),
    SystemRow(
        "AZO-igasaki-transmittance",
        "visible transmittance",
        "1",
        0.90,
        0.05,
        "difference",
        _IGASAKI,
        "predicted",
        _RF_ASSUMED,
        _RF,
        lambda film: film.visible_transmittance,
        "glass and film of these indices reflect 14 % on the mean of 400 to 700 nm, so no absorption-free film could "
        "pass 0.86; the abstract does not say whether the bare glass is divided out or a peak is meant",
    ),
)

PRIORS: Priors = {
    ("composition", "oxygen_loss"): (0.05, 0.7),
    ("dopants", "activation"): (0.7, 0.3),
    ("dopants", "background_acceptors"): (5e-4, 0.7),
    ("scattering", "lattice_m2_vs"): (0.02, 0.25),
    ("scattering", "nonparabolicity_per_ev"): (0.29, 0.3),
    ("scattering", "trap_density_m2"): (5e16, 0.5),
}
"""What is fitted to the rows, and what was thought of it before."""
