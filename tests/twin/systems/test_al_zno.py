"""AZO: exact balances, closed forms, and the trade-offs that its literature reports."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from tansaki.twin.film import bombardment, zinc_oxide
from tansaki.twin.film.bombardment import Defects
from tansaki.twin.film.optical_constants import drude_of_carriers, drude_resistivity_ohm_m
from tansaki.twin.film.zinc_oxide import Scattering
from tansaki.twin.quantities import load
from tansaki.twin.surrogate import Surrogate
from tansaki.twin.systems import al_zno
from tansaki.twin.systems.al_zno import Geometry
from tansaki.twin.units import ELEMENTARY_CHARGE_C

AZO = Surrogate("al_zno")
MATERIAL = load("materials", "al_zno")
SCATTERING = MATERIAL.parameters("scattering", Scattering)
COLD = 1.0
"""Kelvin: no healing."""


def film(**settings: float) -> dict[str, float]:
    return dict(AZO.predict(**settings).values)


def series(name: str, values: list[float], output: str, **settings: float) -> np.ndarray:
    return np.array([film(**{name: value}, **settings)[output] for value in values])


def test_hall_and_light_see_the_electrons_that_conduct() -> None:
    for settings in ({}, {"oxygen_flow_sccm": 0.3}, {"pressure_pa": 4.0, "sample_offset_m": 0.025}):
        f = film(**settings)
        n, mobility = f["carrier_density_m3"], f["mobility_m2_vs"]
        assert f["resistivity_ohm_m"] * n * mobility * ELEMENTARY_CHARGE_C == pytest.approx(1.0, rel=1e-12)
        electrons = drude_of_carriers(n, mobility, zinc_oxide.mass_ratio(n, SCATTERING))
        assert drude_resistivity_ohm_m(electrons) == pytest.approx(f["resistivity_ohm_m"], rel=1e-6)


def test_oxygen_of_the_ceramic_target_is_conserved() -> None:
    rng = np.random.default_rng(5)
    for q, pumping, loss in np.column_stack([10.0 ** rng.uniform(-4, 2, (200, 2)), rng.random(200)]):
        u = al_zno.oxygen_hits_per_zinc(q, pumping, loss)
        assert u > 0.0
        # What comes with the flow and from the target goes to the walls and the pump.
        assert q + loss == pytest.approx(loss * u / (1.0 + u) + pumping * u, rel=1e-9)
    assert al_zno.oxygen_hits_per_zinc(0.0, 1.0, 0.0) == 0.0


def test_ions_of_the_racetrack_land_once() -> None:
    g = load("instruments", al_zno.CHAMBER).parameters("geometry", Geometry)
    radius = np.linspace(0.0, 0.1, 20001)
    landed = np.trapezoid(2.0 * math.pi * radius * np.array([al_zno.beam_flux_m2(r, g) for r in radius]), radius)
    assert landed == pytest.approx(1.0, abs=2e-3)


def test_ionised_impurities_limit_the_mobility() -> None:
    parabolic = SCATTERING._replace(nonparabolicity_per_ev=0.0, band_mass_ratio=0.3, static_permittivity=8.5)
    # Worked out by hand: prefactor 0.0161 m²/Vs, ξ = 12.3, bracket 1.66.
    assert zinc_oxide.ionised_mobility_m2_vs(6e26, 1.0, parabolic) == pytest.approx(97e-4, rel=0.01)
    heavier = [zinc_oxide.ionised_mobility_m2_vs(n, 1.0, SCATTERING) for n in (1e26, 3e26, 6e26, 1.2e27)]
    assert heavier == sorted(heavier, reverse=True)
    compensated = zinc_oxide.ionised_mobility_m2_vs(6e26, 2.0, SCATTERING)
    assert compensated == pytest.approx(0.5 * heavier[2])


def test_barriers_have_both_limits_of_seto() -> None:
    def barrier(n: float, deep: float = 1e6) -> float:
        s = SCATTERING._replace(trap_depth_ev=deep, nonparabolicity_per_ev=0.0)
        open_grain = zinc_oxide.boundary_mobility_m2_vs(1e40, 3e-8, 0.0, s)
        return -math.log(zinc_oxide.boundary_mobility_m2_vs(n, 3e-8, 0.0, s) / open_grain)

    filled = SCATTERING.trap_density_m2 / 3e-8
    assert barrier(filled / 1e3) / barrier(filled / 2e3) == pytest.approx(2.0, rel=1e-4)
    assert barrier(filled * 1e3) / barrier(filled * 2e3) == pytest.approx(2.0, rel=1e-4)
    assert barrier(filled) > 10.0 * max(barrier(filled / 100), barrier(filled * 100))
    assert barrier(filled, 0.1) < 0.1 / 0.02585


def test_defects_are_most_where_davis_says() -> None:
    d = MATERIAL.parameters("defects", Defects)
    energies = np.linspace(100.0, 4000.0, 20001)
    found = np.array([bombardment.defect_share(0.5, e, COLD, d) for e in energies])
    excess = energies[found.argmax()] / d.penetration_energy_ev - 1.0
    assert d.spike_relief * 0.5 * excess ** (5.0 / 3.0) == pytest.approx(3.0 / 7.0, rel=0.01)
    # Below the penetration energy nothing gets under the surface.
    assert bombardment.defect_share(0.5, 10.0, COLD, d) < 0.1 * found[0]


def test_the_racetrack_is_the_worst_place() -> None:
    # Crovetto et al. 2016; Zhang, Pei, Gong and Sun (abstracts): energetic O- cause the inhomogeneity.
    places = [0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05]
    for celsius in (90.0, 200.0):
        for output, sign in (("resistivity_ohm_m", 1), ("stress_pa", -1), ("oxygen_ions_per_atom", 1)):
            found = sign * series("sample_offset_m", places, output, substrate_temperature_c=celsius)
            assert 0.02 <= places[int(found.argmax())] <= 0.03, (celsius, output)
        grains = series("sample_offset_m", places, "grain_size_m", substrate_temperature_c=celsius)
        assert 0.02 <= places[int(grains.argmin())] <= 0.03


def test_heat_takes_stress_and_resistivity() -> None:
    # Zhang et al. (abstract): highly compressed and poor at 90 °C, good with low stress at 200 °C.
    cold, warm = (film(substrate_temperature_c=t, sample_offset_m=0.025) for t in (90.0, 200.0))
    assert cold["stress_pa"] < 2.0 * warm["stress_pa"] < 0.0
    assert cold["resistivity_ohm_m"] > 1.5 * warm["resistivity_ohm_m"]


def test_properties_collapse_onto_the_compressive_stress() -> None:
    # Crovetto et al. 2016 (abstract): whatever pressure or position, in the low and intermediate regime.
    films = [
        film(pressure_pa=p, sample_offset_m=r, substrate_temperature_c=90.0, oxygen_flow_sccm=0.0)
        for p in (0.1, 0.2, 0.4, 0.6)
        for r in (0.0, 0.008, 0.012, 0.016, 0.02, 0.025)
    ]
    stress = [f["stress_pa"] for f in films]
    for output, sign in (("resistivity_ohm_m", -1), ("grain_size_m", 1), ("carrier_density_m3", 1)):
        assert sign * spearmanr(stress, [f[output] for f in films]).statistic > 0.9, output


def test_oxygen_has_an_optimum() -> None:
    flows = [0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28]
    found = series("oxygen_flow_sccm", flows, "resistivity_ohm_m", substrate_temperature_c=150.0, power_w=250.0)
    best = int(found.argmin())
    assert 0 < best < len(flows) - 1
    # Too little is metallic and absorbs; too much kills the dopants.
    light = series("oxygen_flow_sccm", flows, "visible_transmittance", substrate_temperature_c=150.0, power_w=250.0)
    assert light[0] < light[best]
    dead = film(oxygen_flow_sccm=1.0)
    assert dead["resistivity_ohm_m"] > 1e3 * film(oxygen_flow_sccm=0.0)["resistivity_ohm_m"]
    assert dead["carrier_density_m3"] < 0.01 * film(oxygen_flow_sccm=0.0)["carrier_density_m3"]


def test_argon_makes_films_worse_but_not_darker() -> None:
    # Igasaki and Kanma 2001 (abstract): 0.08 to 2.7 Pa; rate and grains fall, carriers and mobility fall, T stays.
    recipe = {"oxygen_flow_sccm": 0.0, "dopant_fraction": 0.032}
    pressures = [0.08, 0.3, 1.0, 2.7]
    for output in ("growth_rate_m_s", "grain_size_m", "carrier_density_m3", "mobility_m2_vs"):
        assert np.all(np.diff(series("pressure_pa", pressures, output, **recipe)) < 0.0), output
    assert np.ptp(series("pressure_pa", pressures, "visible_transmittance", **recipe)) < 0.02


def test_doping_and_temperature_have_optima() -> None:
    doping = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08]
    assert 0 < int(series("dopant_fraction", doping, "resistivity_ohm_m").argmin()) < len(doping) - 1
    # Light doping: few carriers, mobile ones (Duenow et al. 2008, abstract, for the trend).
    mobility = series("dopant_fraction", doping[1:], "mobility_m2_vs")
    assert np.all(np.diff(mobility) < 0.0)
    celsius = [25.0, 100.0, 175.0, 250.0, 325.0, 400.0]
    assert 0 < int(series("substrate_temperature_c", celsius, "resistivity_ohm_m").argmin()) < len(celsius) - 1
    # Heat takes zinc and leaves aluminium.
    hot, warm = film(substrate_temperature_c=450.0), film(substrate_temperature_c=200.0)
    assert hot["aluminium_fraction"] > warm["aluminium_fraction"]


def test_carriers_cost_infrared_light_and_widen_the_gap() -> None:
    poor, rich = film(dopant_fraction=0.004), film(dopant_fraction=0.03)
    assert rich["carrier_density_m3"] > 3.0 * poor["carrier_density_m3"]
    assert rich["near_infrared_absorption"] > 2.0 * poor["near_infrared_absorption"]
    assert rich["band_gap_ev"] > poor["band_gap_ev"] + 0.3
    thin, thick = film(thickness_nm=100.0), film(thickness_nm=900.0)
    assert thick["sheet_resistance_ohm_sq"] < thin["sheet_resistance_ohm_sq"] / 8.0
    assert thick["visible_transmittance"] < thin["visible_transmittance"] - 0.05
    assert thick["grain_size_m"] > 2.0 * thin["grain_size_m"]
