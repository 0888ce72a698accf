"""TiN: the steady state of a flow, electrons and light that agree, and the trade-offs of its literature."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tansaki.twin.deposition.discharge import DischargeParameters
from tansaki.twin.deposition.reactive_gas import BergParameters
from tansaki.twin.film import nitride
from tansaki.twin.film.nitride import Conduction, Nitride, Surface
from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M, drude_of_carriers, drude_resistivity_ohm_m
from tansaki.twin.quantities import load
from tansaki.twin.surrogate import Surrogate
from tansaki.twin.systems import tin
from tansaki.twin.systems.published import outputs_of
from tansaki.twin.systems.published_tin import PA_PER_NANOTORR, epsilon1, zeros
from tansaki.twin.units import ELEMENTARY_CHARGE_C

TIN = Surrogate("tin")
MATERIAL = load("materials", "tin")
FILM = MATERIAL.assembled(Nitride)
CHAMBER = load("instruments", tin.CHAMBER)
BERG = CHAMBER.parameters("reactive_gas", BergParameters)
DISCHARGE = CHAMBER.parameters("discharge", DischargeParameters)
SLOW = {"substrate_temperature_c": 600.0, "power_w": 60.0, "bias_v": 30.0}


def film(**settings: float) -> dict[str, float]:
    return dict(TIN.predict(**settings).values)


def series(name: str, values: list[float], output: str, **settings: float) -> np.ndarray:
    return np.array([film(**{name: value}, **settings)[output] for value in values])


def test_the_flow_has_one_steady_state_and_it_is_found() -> None:
    rng = np.random.default_rng(8)
    base = tin.rates(BERG)
    for flow, power in zip(10.0 ** rng.uniform(-2.0, 2.5, 100), 10.0 ** rng.uniform(1.3, 2.7, 100), strict=True):
        found = tin.steady_of_flow(flow, power, BERG, DISCHARGE)
        assert found.flow_sccm == pytest.approx(flow, rel=1e-10)
        flows = [tin.steady_at(s, power, base, BERG, DISCHARGE).flow_sccm for s in np.linspace(-13.0, 13.0, 261)]
        assert np.all(np.diff(flows) > 0.0), "hysteresis"


def test_electrons_of_the_current_are_those_of_the_light() -> None:
    for settings in ({}, {"bias_v": 0.0, "pressure_pa": 1.0}, {"thickness_nm": 8.0}):
        f = film(**settings)
        n, mobility = f["carrier_density_m3"], f["mobility_m2_vs"]
        assert f["resistivity_ohm_m"] * n * mobility * ELEMENTARY_CHARGE_C == pytest.approx(1.0, rel=1e-6)
        electrons = drude_of_carriers(n, mobility, FILM.electrons.mass_ratio)
        assert drude_resistivity_ohm_m(electrons) == pytest.approx(f["resistivity_ohm_m"], rel=1e-6)


def test_the_zero_of_epsilon_is_where_its_spectrum_says() -> None:
    for settings in ({}, {"substrate_temperature_c": 600.0}, {"base_pressure_pa": 6e-7}):
        f = outputs_of(MATERIAL, settings)
        exact = brentq(lambda w, f=f: epsilon1(f, w), 420e-9, 800e-9, xtol=1e-13)
        assert f.epsilon1_zero_wavelength_m == pytest.approx(exact, rel=2e-3)
    # With localised electrons it is an interpolation between two exact limits.
    oxynitride = outputs_of(MATERIAL, {**SLOW, "base_pressure_pa": 10.0 * PA_PER_NANOTORR})
    exact = brentq(lambda w: epsilon1(oxynitride, w), 600e-9, 1000e-9, xtol=1e-13)
    assert oxynitride.epsilon1_zero_wavelength_m == pytest.approx(exact, rel=0.05)


def test_both_limits_of_the_longitudinal_energy_are_exact() -> None:
    undamped = FILM._replace(oxynitride=FILM.oxynitride._replace(localised_broadening_ev=1e-4))
    for free in (1.0, 0.0):
        at = Conduction(15.0, free, 1.0 - free, 1e28, 1e-2)
        energy = nitride.zero_energy_ev(at, undamped)
        assert nitride.dielectric(energy, at, undamped).real == pytest.approx(0.0, abs=0.02)


def test_residual_oxygen_makes_three_regimes() -> None:
    # Braic et al. 2017 (abstract): metallic below 5 nTorr, two zeros from 5 to 20, not metallic above 20.
    torr = [1.0, 2.5, 10.0, 40.0, 70.0]
    films = [outputs_of(MATERIAL, {**SLOW, "base_pressure_pa": t * PA_PER_NANOTORR}) for t in torr]
    assert [zeros(f) for f in films] == [1.0, 1.0, 2.0, 0.0, 0.0]
    assert np.all(np.diff([f.resistivity_ohm_m for f in films]) > 0.0)
    edges = [w for w in np.linspace(700e-9, 1350e-9, 651) if abs(epsilon1(films[2], w)) < 0.05]
    assert min(edges) < 850e-9
    assert max(edges) > 1100e-9
    # Fast growth buries less of it.
    slow, fast = (film(base_pressure_pa=1e-6, power_w=p) for p in (50.0, 300.0))
    assert slow["oxygen_fraction"] / fast["oxygen_fraction"] == pytest.approx(
        fast["growth_rate_m_s"] / slow["growth_rate_m_s"], rel=0.05
    )


def test_nitrogen_has_an_optimum_and_poisons_the_target() -> None:
    flows = [1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0]
    found = series("nitrogen_flow_sccm", flows, "resistivity_ohm_m")
    assert 0 < int(found.argmin()) < len(flows) - 1
    assert np.all(np.diff(series("nitrogen_flow_sccm", flows, "nitrogen_ratio")) > 0.0)
    assert film(nitrogen_flow_sccm=1.0)["nitrogen_ratio"] < 0.6
    assert film(nitrogen_flow_sccm=40.0)["nitrogen_ratio"] > 1.03
    rates = series("nitrogen_flow_sccm", flows, "growth_rate_m_s")
    assert np.all(np.diff(rates) < 0.0)
    # The metal yields three times as much as the nitride.
    assert 2.0 < rates[0] / rates[-1] < 4.0


def test_bias_packs_smooths_and_presses() -> None:
    bias = [0.0, 25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 200.0]
    assert np.all(np.diff(series("bias_v", bias, "density_ratio")) > 0.0)
    assert np.all(np.diff(series("bias_v", bias, "roughness_m")) < 0.0)
    # Largest residual stress and hardness near -100 V (arc TiN, Materials 4, 929 (2011), abstract).
    stress = series("bias_v", bias, "stress_pa")
    assert 50.0 <= bias[int(stress.argmin())] <= 150.0
    assert stress.min() < -1e9
    assert film(bias_v=100.0)["hardness_pa"] > 1.2 * film(bias_v=0.0)["hardness_pa"]
    cold = {"substrate_temperature_c": 25.0, "pressure_pa": 0.5, "thickness_nm": 100.0}
    assert film(bias_v=0.0, **cold)["resistivity_ohm_m"] > 30.0 * film(bias_v=100.0, **cold)["resistivity_ohm_m"]


def test_heat_and_thickness_lower_the_resistivity() -> None:
    # Cheng, Tay and Lau 2002 (abstract) for the temperature; surfaces and small grains for the thickness.
    assert np.all(np.diff(series("substrate_temperature_c", [25, 150, 300, 500, 800], "resistivity_ohm_m")) < 0.0)
    assert np.all(np.diff(series("thickness_nm", [5, 10, 20, 50, 100, 500], "resistivity_ohm_m")) < 0.0)
    assert np.all(np.diff(series("thickness_nm", [5, 10, 20, 50, 100, 500], "epsilon1_zero_wavelength_m")) < 0.0)


def test_roughness_grows_with_the_published_exponents() -> None:
    # Auger et al. 2006: global exponent 0.67 of shadowed columns; KPZ in 2+1 dimensions for a dense front.
    s = MATERIAL.parameters("surface", Surface)
    for shadowed, exponent in ((1.0, 0.67), (0.0, 0.24)):
        grown = nitride.roughness_m(4e-7, shadowed, 0.0, s) / nitride.roughness_m(1e-7, shadowed, 0.0, s)
        assert np.log(grown) / np.log(4.0) == pytest.approx(exponent, rel=1e-9)


def test_quality_is_that_of_the_spectrum() -> None:
    f = outputs_of(MATERIAL, {})
    assert f.epsilon1_775nm == pytest.approx(epsilon1(f, 775e-9), rel=1e-9)
    assert f.epsilon1_1225nm == pytest.approx(epsilon1(f, 1225e-9), rel=1e-9)
    assert f.plasmonic_quality == pytest.approx(-f.epsilon1_775nm / f.epsilon2_775nm, rel=1e-12)
    assert PLANCK_TIMES_LIGHT_EV_M / f.epsilon1_zero_wavelength_m > 2.0
