"""Zones, grains, composition, competing phases and stress: closed forms, limits, signs; the three engines."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film import composition, grains, phases, structure, zones
from tansaki.twin.film.alternatives import with_alternatives
from tansaki.twin.film.composition import Evaporation
from tansaki.twin.film.grains import Adatoms, Coarsening
from tansaki.twin.film.grow import grow
from tansaki.twin.film.phases import Phases, Transformation
from tansaki.twin.film.structure import BOLTZMANN_EV_K, Crystallisation, Stress
from tansaki.twin.film.zones import Voids, ZoneLimits
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Anneal, GrowthConditions
from tansaki.twin.units import GAS_CONSTANT_J_MOL_K

MATERIAL = load("materials", "nb_tio2")
LIMITS = MATERIAL.parameters("zones", ZoneLimits)
VOIDS = MATERIAL.parameters("voids", Voids)
ADATOMS = MATERIAL.parameters("adatoms", Adatoms)
COARSENING = MATERIAL.parameters("coarsening", Coarsening)
STRESS = MATERIAL.parameters("stress", Stress)
ZINC = Evaporation(1.3, 1e13, 1e19)

hot = st.floats(280.0, 2000.0)
gas = st.floats(0.01, 20.0)
energy = st.floats(0.0, 200.0)


@given(hot, gas, energy)
def test_zones_add_up_and_follow_thornton_and_anders(temperature: float, pressure: float, ev: float) -> None:
    shares = zones.zone_shares(temperature, pressure, ev, LIMITS)
    assert sum(shares) == pytest.approx(1.0, abs=1e-14)
    assert all(share >= 0.0 for share in shares)
    slack = 1e-12
    # heat and energy lead away from zone 1, pressure back to it; heat towards zone 3
    assert zones.zone_shares(temperature + 50.0, pressure, ev, LIMITS).zone_1 <= shares.zone_1 + slack
    assert zones.zone_shares(temperature, pressure, ev + 5.0, LIMITS).zone_1 <= shares.zone_1 + slack
    assert zones.zone_shares(temperature, 2.0 * pressure, ev, LIMITS).zone_1 >= shares.zone_1 - slack
    assert zones.zone_shares(temperature + 50.0, pressure, ev, LIMITS).zone_3 >= shares.zone_3 - slack


def test_each_zone_has_its_temperature() -> None:
    melting = LIMITS.melting_k
    for homologous, name in ((0.05, "zone_1"), (0.30, "zone_t"), (0.50, "zone_2"), (0.85, "zone_3")):
        shares = zones.zone_shares(homologous * melting, 1.0, 0.0, LIMITS)
        assert max(shares._asdict(), key=shares._asdict().__getitem__) == name
    # halves at the boundary
    at = zones.zone_shares((LIMITS.transition + 0.5 * LIMITS.pressure_rise) * melting, 1.0, 0.0, LIMITS)
    assert at.zone_1 == pytest.approx(0.5)


@given(hot, gas, energy)
def test_heat_and_energy_close_the_voids_and_pressure_opens_them(
    temperature: float, pressure: float, ev: float
) -> None:
    def voids(t: float, p: float, e: float) -> float:
        return zones.void_fraction(zones.zone_shares(t, p, e, LIMITS), e, LIMITS, VOIDS)

    here = voids(temperature, pressure, ev)
    assert 0.0 <= here <= VOIDS.zone_1
    assert voids(temperature + 30.0, pressure, ev) <= here + 1e-12
    assert voids(temperature, pressure, ev + 3.0) <= here + 1e-12
    assert voids(temperature, 1.5 * pressure, ev) >= here - 1e-12
    assert zones.film_density_kg_m3(3890.0, here) == pytest.approx(3890.0 * (1.0 - here))


def test_the_most_open_film_has_the_lowest_index_of_the_database() -> None:
    """Dense anatase 2.517; TiO2 films at 550 nm down to 2.16 (refractiveindex.info)."""
    assert zones.porous_index(2.517, VOIDS.zone_1) == pytest.approx(2.16, abs=0.01)
    assert zones.porous_index(2.517, 0.0) == pytest.approx(2.517, rel=1e-12)
    assert zones.porous_index(2.517, 1.0) == pytest.approx(1.0, rel=1e-12)


def test_nuclei_follow_venables_and_columns_their_power() -> None:
    # N ∝ (F/k)^{1/3} in two dimensions: the distance goes as rate^{-1/6} once adatoms move far
    near, far = (grains.nucleus_distance_m(900.0, r, ADATOMS) for r in (64e-11, 1e-11))
    assert far / near == pytest.approx(2.0, rel=1e-4)
    assert grains.nucleus_distance_m(100.0, 5e-11, ADATOMS) == pytest.approx(ADATOMS.site_m)
    thin, thick = (grains.column_width_m(300.0, 5e-11, h, ADATOMS) for h in (1e-6, 1e-4))
    assert math.log(thick / thin) / math.log(100.0) == pytest.approx(ADATOMS.column_exponent, rel=1e-3)
    assert grains.column_width_m(300.0, 5e-11, 0.0, ADATOMS) == grains.nucleus_distance_m(300.0, 5e-11, ADATOMS)
    assert 2e-9 < grains.column_width_m(300.0, 5e-11, 1e-7, ADATOMS) < 2e-8
    diffusivity = grains.adatom_diffusivity_m2_s(600.0, ADATOMS)
    expected = 0.25e13 * (3.24e-10) ** 2 * math.exp(-0.75 / (BOLTZMANN_EV_K * 600.0))
    assert diffusivity == pytest.approx(expected, rel=1e-9)


@given(st.floats(5e-9, 1e-7), st.floats(500.0, 1000.0), st.floats(1.0, 1e5))
def test_coarsening_is_its_law(size: float, temperature: float, seconds: float) -> None:
    n, q = COARSENING.exponent, COARSENING.activation_energy_ev / BOLTZMANN_EV_K
    after = grains.coarsened_size_m(size, temperature, seconds, COARSENING)
    grown = (after / 3e-8) ** n - (size / 3e-8) ** n
    expected = seconds / 3600.0 * math.exp(q / 673.0 - q / temperature)
    assert grown == pytest.approx(expected, rel=1e-6, abs=1e-9 * (size / 3e-8) ** n)
    # two anneals one after the other are one long one
    half = grains.coarsened_size_m(size, temperature, 0.5 * seconds, COARSENING)
    assert grains.coarsened_size_m(half, temperature, 0.5 * seconds, COARSENING) == pytest.approx(after, rel=1e-12)


def test_the_law_of_coarsening_bears_the_published_grains_of_lithium_cobalt_oxide() -> None:
    """60, 95, 125 nm at 500, 600, 700 C: one straight line of n·ln D over 1/T within 4 %."""
    celsius, sizes = np.array([500.0, 600.0, 700.0]), np.array([60e-9, 95e-9, 125e-9])
    kelvin = celsius + 273.15
    slope, level = np.polyfit(1.0 / kelvin, np.log(sizes), 1)
    n = 4.0
    law = Coarsening(n, math.exp(level + slope / 873.15), 873.15, 3600.0, -slope * n * BOLTZMANN_EV_K)
    found = [grains.coarsened_size_m(1e-9, t, 3600.0, law) for t in kelvin]
    assert found == pytest.approx(sizes.tolist(), rel=0.04)
    assert -slope * GAS_CONSTANT_J_MOL_K == pytest.approx(22.9e3, rel=0.02)


def test_stress_runs_from_tension_to_compression_as_adatoms_reach_the_boundaries() -> None:
    assert structure.coalescence_stress_pa(0.0, STRESS) == STRESS.tensile_pa
    assert structure.coalescence_stress_pa(1e3, STRESS) == pytest.approx(STRESS.compressive_pa)
    even = math.log((STRESS.tensile_pa - STRESS.compressive_pa) / -STRESS.compressive_pa)
    assert structure.coalescence_stress_pa(even, STRESS) == pytest.approx(0.0, abs=1.0)
    # slower growth, smaller grains and heat all help adatoms in
    base = grains.insertion(500.0, 5e-11, 1e-8, ADATOMS)
    assert grains.insertion(500.0, 2.5e-11, 1e-8, ADATOMS) == pytest.approx(2.0 * base)
    assert grains.insertion(500.0, 5e-11, 5e-9, ADATOMS) == pytest.approx(2.0 * base)
    assert grains.insertion(600.0, 5e-11, 1e-8, ADATOMS) > base
    assert grains.insertion(300.0, 5e-11, 1e-8, ADATOMS) < 1e-3 * base


def test_peening_goes_with_flux_and_with_the_root_of_the_energy() -> None:
    assert structure.peening_stress_pa(1.0, STRESS.peening_energy_ev, STRESS) == -STRESS.peening_pa
    one, four = (structure.peening_stress_pa(0.02, e, STRESS) for e in (100.0, 400.0))
    assert four == pytest.approx(2.0 * one)
    assert structure.peening_stress_pa(0.04, 100.0, STRESS) == pytest.approx(2.0 * one)
    # parts of the whole
    whole = structure.film_stress(20.0, STRESS.reference_temperature_k, 0.0, 8e-6, STRESS, 0.3)
    parts = structure.coalescence_stress_pa(0.3, STRESS) + structure.peening_stress_pa(1.0, 20.0, STRESS)
    assert whole == pytest.approx(parts)


def test_what_stays_is_the_balance_of_a_growing_surface() -> None:
    """Two elements with re-evaporation and resputtering: the rate equations integrated to rest by hand."""
    arriving, yields, rates_per_s = np.array([0.7, 0.3]), np.array([0.4, 1.5]), np.array([0.0, 0.2])
    ions, sites = 0.2, 1e19
    flux = 1e19 * arriving
    share = np.array([0.5, 0.5])
    for _ in range(300):
        total = np.sum(flux / (1.0 + rates_per_s * sites / 1e19))
        for _ in range(50):
            staying = flux - share * (rates_per_s * sites + ions * total * yields)
            share, total = staying / staying.sum(), staying.sum()
    kept = [composition.kept_fraction(rates_per_s[i] * sites / total, ions, yields[i]) for i in range(2)]
    assert staying == pytest.approx(flux * kept, rel=1e-9)
    assert share[0] == pytest.approx(composition.cation_fraction(0.7, kept[0], kept[1]), rel=1e-9)


def test_heat_drives_a_weakly_bound_element_out() -> None:
    kept = [
        composition.kept_fraction(composition.evaporating_ratio(t, 1e19, ZINC), 0.0, 0.0) for t in (300.0, 500.0, 700.0)
    ]
    assert kept[0] == pytest.approx(1.0, abs=1e-6)
    assert kept[0] > kept[1] > kept[2]
    # a tenfold flux buries ten times as fast
    slow, fast = (composition.evaporating_ratio(500.0, f, ZINC) for f in (1e18, 1e19))
    assert slow == pytest.approx(10.0 * fast)
    half_k = 1.3 / BOLTZMANN_EV_K / math.log(1e13)
    assert composition.kept_fraction(composition.evaporating_ratio(half_k, 1e19, ZINC), 0, 0) == pytest.approx(0.5)


def test_light_and_weakly_bound_elements_go_first() -> None:
    oxygen, titanium = (15.999, 2.6), (47.867, 4.85)
    ratio = composition.preferential_yield_ratio(oxygen[0], titanium[0], oxygen[1], titanium[1], 0.1)
    assert ratio == pytest.approx((47.867 / 15.999) ** 0.2 * (4.85 / 2.6) ** 0.8)
    assert ratio > 1.0
    assert composition.preferential_yield_ratio(20.0, 20.0, 3.0, 3.0, 0.17) == 1.0
    kept = composition.kept_fraction(0.0, 0.1, 0.5 * ratio), composition.kept_fraction(0.0, 0.1, 0.5)
    assert kept[0] < kept[1]


def test_oxygen_per_metal_is_that_of_its_parts() -> None:
    assert composition.oxygen_per_metal(1.0, 2.0, 1.0, 0.0) == 2.0
    assert composition.oxygen_per_metal(0.0, 2.0, 1.0, 0.1) == 0.0
    assert composition.oxygen_per_metal(1.0, 2.0, 1.0, 0.03) == pytest.approx(2.03)
    assert composition.oxygen_per_metal(0.75, 2.0, 0.9, 0.0) == pytest.approx(1.35)


@given(st.floats(0.0, 5.0), st.floats(0.0, 5.0), st.sampled_from([1.0, 1.5, 3.0]))
def test_phases_share_one_amorphous_rest(anatase: float, rutile: float, m: float) -> None:
    formed = phases.competing_phases(anatase, rutile, m)
    assert formed.anatase + formed.rutile <= 1.0 + 1e-15
    assert 1.0 - sum(formed) == pytest.approx(math.exp(-((anatase + rutile) ** m)), abs=1e-12)
    assert formed.anatase * rutile == pytest.approx(formed.rutile * anatase, abs=1e-12)


@pytest.mark.parametrize("m", [1.0, 2.5])
def test_the_closed_form_is_the_integral_of_the_rates(m: float) -> None:
    """dX_i/dt = k_i/k·(1 − X_a − X_r)·d(kt)^m/dt, integrated by SciPy."""
    from scipy.integrate import solve_ivp

    ka, kr = 0.7, 0.25

    def slope(t: float, x: Any) -> Any:
        extended = m * (ka + kr) ** m * t ** (m - 1.0) * (1.0 - x[0] - x[1])
        return [ka / (ka + kr) * extended, kr / (ka + kr) * extended]

    done = solve_ivp(slope, (0.0, 2.0), [0.0, 0.0], rtol=1e-10, atol=1e-12).y[:, -1]
    assert phases.competing_phases(2.0 * ka, 2.0 * kr, m) == pytest.approx(done, rel=1e-7)


def test_the_choice_of_phase_is_the_ratio_of_the_rates() -> None:
    """Crystallised fraction times logistic share is the competition of two rates that add to the one."""
    c = MATERIAL.parameters("crystallisation", Crystallisation)
    share = structure.rutile_fraction_grown(28.0, 0.01, 0.2, c)
    formed = phases.competing_phases(0.8 * (1.0 - share), 0.8 * share, c.avrami_exponent)
    assert formed.rutile == pytest.approx(structure.crystallised_fraction(0.8, c) * share, rel=1e-12)


@pytest.mark.parametrize("kind", ["nanotubes", "films"])
def test_anatase_turns_into_rutile_where_it_is_hot(kind: str) -> None:
    law = MATERIAL.parameters(f"transformation_{kind}", Transformation)
    at_onset = phases.transformed_fraction(law.onset_temperature_k, law.onset_time_s, law)
    assert at_onset == pytest.approx(1.0 - 1.0 / math.e)
    assert phases.transformed_fraction(1400.0, 36000.0, law) > 0.9
    before = Phases(0.8, 0.1)
    after = phases.transformed(before, at_onset)
    assert sum(after) == pytest.approx(0.9)
    assert after.anatase == pytest.approx(0.8 / math.e)


def test_published_activation_energies_do_not_transfer() -> None:
    """The same film after an hour at 400 C: the law of nanotubes leaves all of it anatase, that of films does not."""
    tubes, films = (MATERIAL.parameters(f"transformation_{k}", Transformation) for k in ("nanotubes", "films"))
    assert tubes.activation_energy_ev * 96485.0 == pytest.approx(207e3, rel=1e-3)
    one, other = (phases.transformed_fraction(673.0, 3600.0, law) for law in (tubes, films))
    assert one < 2e-3 < 0.01 < other


HOT = GrowthConditions(100e-9, 5e-11, 0.5, 0.02, 0.998, 45.0, 800.0, 0.06)


def test_the_defaults_are_the_material_as_it_is() -> None:
    plain, chosen = (m.parameters("crystallisation", Crystallisation) for m in (MATERIAL, with_alternatives(MATERIAL)))
    assert plain == chosen
    # what stands twice in the file stands there with one value
    hopping = MATERIAL.section("hopping")
    assert ADATOMS.hop_energy_ev == hopping["surface_energy_ev"].value
    assert ADATOMS.attempt_per_s == hopping["attempt_frequency_hz"].value


def test_the_switch_decides_whether_bombardment_makes_rutile() -> None:
    nucleation = with_alternatives(MATERIAL, phase="nucleation")

    def rutile(energy_ev: float, material: DataFile) -> float:
        return grow([replace(HOT, energy_per_atom_ev=energy_ev)], None, "glass", material).rutile_fraction

    assert rutile(45.0, MATERIAL) > 0.9 > 0.1 > rutile(10.0, MATERIAL)
    assert rutile(45.0, nucleation) == pytest.approx(rutile(10.0, nucleation), rel=1e-12)
    # both phases at first, anatase above anatase (Jia et al. 2016)
    assert 0.4 < rutile(45.0, nucleation) < 0.6
    assert grow([HOT, HOT], None, "strontium_titanate", nucleation).rutile_fraction < 0.3


def test_kinetics_of_nanotubes_spread_crystallisation_over_temperature() -> None:
    tubes = with_alternatives(MATERIAL, jmak="nanotubes")
    cold = GrowthConditions(100e-9, 5e-11, 0.5, 0.02, 1.0, 15.0, 300.0, 0.06)
    for celsius, sign in ((220.0, 1.0), (330.0, -1.0)):
        usual, other = (
            grow([cold], Anneal(celsius, 3600.0), "glass", m).crystalline_fraction for m in (MATERIAL, tubes)
        )
        assert sign * (other - usual) > 0.05


def test_unknown_answers_are_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'nucleation'"):
        with_alternatives(MATERIAL, phase="nucleaton")
    with pytest.raises(InvalidInputError, match="jmak for nb_tio2"):
        with_alternatives(MATERIAL, jmak="slow")


def _all(z: Any, g: Any, c: Any, p: Any, s: Any, t: Any, gas_pa: Any, ev: Any, rate: Any, h: Any) -> Any:
    """One number out of every function."""
    shares = z.zone_shares(t, gas_pa, ev, LIMITS)
    voids = z.void_fraction(shares, ev, LIMITS, VOIDS)
    width = g.column_width_m(t, rate, h, ADATOMS)
    kept = c.kept_fraction(
        c.evaporating_ratio(t, 1e19, ZINC), 0.1, c.preferential_yield_ratio(65.0, 16.0, 1.3, 2.6, 0.1)
    )
    formed = p.transformed(p.competing_phases(0.1 * ev, 0.02 * t, 1.5), p.transformed_fraction(t, h * 1e10, TUBES))
    return (
        *shares,
        z.film_density_kg_m3(3890.0, voids),
        z.porous_index(2.5, voids),
        width,
        g.coarsened_size_m(width, t, 3600.0, COARSENING),
        s.film_stress(ev, t, 0.1, 4e-6, STRESS, g.insertion(t, rate, width, ADATOMS)) / 1e9,
        c.cation_fraction(0.3, kept, 1.0),
        c.oxygen_per_metal(0.9, 2.0, kept, 0.01),
        formed.anatase,
        formed.rutile,
    )


TUBES = MATERIAL.parameters("transformation_nanotubes", Transformation)
MODULES = (zones, grains, composition, phases, structure)


def test_engines_agree_and_slopes_are_finite() -> None:
    import jax

    rng = np.random.default_rng(5)
    n = 300
    inputs = (
        rng.uniform(280.0, 1300.0, n),
        10.0 ** rng.uniform(-2.0, 1.3, n),
        rng.uniform(1.0, 80.0, n),
        10.0 ** rng.uniform(-11.5, -8.7, n),
        10.0 ** rng.uniform(-8.0, -6.0, n),
    )

    def on(backend: Any, *values: Any) -> Any:
        return _all(*(bind(module, backend) for module in MODULES), *values)

    by_numpy = np.array([on("numpy", *(float(v) for v in row)) for row in zip(*inputs, strict=True)]).T
    by_numba = np.array([on("numba", *(float(v) for v in row)) for row in zip(*inputs, strict=True)]).T
    size = np.abs(by_numpy) + 1e-9
    # shares of a zone far away are differences from one: exact to an absolute 1e-16
    assert np.all(np.abs(by_numba - by_numpy) <= 1e-12 * size + 1e-15)
    batched = jax.jit(jax.vmap(lambda *values: on("jax", *values)))
    with jax.enable_x64(True):
        assert np.all(np.abs(np.array(batched(*inputs)) - by_numpy) <= 1e-12 * size + 1e-15)
        slopes = jax.jacfwd(lambda values: jax.numpy.stack(on("jax", *values)))
        assert np.all(np.isfinite(jax.vmap(slopes)(tuple(inputs))[0]))
        edge = jax.grad(lambda e: phases_sum(e))(0.0)
        assert np.isfinite(edge)
    single = np.array(batched(*(v.astype(np.float32) for v in inputs)))
    # exp(−E/kT) of an Arrhenius law carries the rounding of T thirtyfold
    assert np.all(np.abs(single - by_numpy) <= 2e-4 * size + 1e-6)
    assert np.quantile(np.abs(single - by_numpy) / size, 0.8) < 1e-5


def phases_sum(exposure: Any) -> Any:
    return sum(bind(phases, "jax").competing_phases(exposure, 0.0 * exposure, 1.0))
