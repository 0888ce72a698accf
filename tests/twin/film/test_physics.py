"""Closed forms and limits of the film physics, and its three engines."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.film import charge, structure
from tansaki.twin.film.charge import Carriers, Mobility, Phases
from tansaki.twin.film.structure import Atmosphere, Crystallisation, Oxygen, Stress
from tansaki.twin.quantities import load

MATERIAL = load("materials", "nb_tio2")
CRYSTALLISATION = MATERIAL.parameters("crystallisation", Crystallisation)
OXYGEN = MATERIAL.parameters("oxygen", Oxygen)
STRESS = MATERIAL.parameters("stress", Stress)
CARRIERS = MATERIAL.parameters("carriers", Carriers)
MOBILITY = MATERIAL.parameters("mobility", Mobility)
PHASES = MATERIAL.parameters("phases", Phases)
VACUUM = MATERIAL.parameters("anneal_vacuum", Atmosphere)
AIR = MATERIAL.parameters("anneal_air", Atmosphere)

fraction = st.floats(0.0, 1.0)
conductivity = st.floats(1e-3, 1e7)


@given(fraction, conductivity, conductivity)
def test_bruggeman_solves_its_equation(f: float, one: float, two: float) -> None:
    mixed = charge.bruggeman(f, one, two)
    left = f * (one - mixed) / (one + 2.0 * mixed)
    right = (1.0 - f) * (mixed - two) / (two + 2.0 * mixed)
    assert left == pytest.approx(right, abs=1e-8)
    assert min(one, two) * (1 - 1e-9) <= mixed <= max(one, two) * (1 + 1e-9)


def test_bruggeman_percolates_at_a_third() -> None:
    # With an insulating host the exact solution is σ(3f − 1)/2 above 1/3 and zero below.
    assert charge.bruggeman(0.6, 1.0, 1e-14) == pytest.approx(0.4, rel=1e-9)
    assert charge.bruggeman(0.3, 1.0, 1e-14) < 1e-12


@given(st.floats(-10.0, 10.0), st.floats(1e-4, 1.0))
def test_charge_balance_holds_and_stays_positive(x: float, scale: float) -> None:
    n = charge.positive_part(x, scale)
    assert n > 0.0
    assert n * (n - x) == pytest.approx(scale * scale, rel=1e-6, abs=1e-12)


def test_crystallised_fraction_is_the_avrami_law() -> None:
    # 1 − 1/e after one time constant at the onset, m = 1.
    rate = structure.crystallisation_rate(CRYSTALLISATION.onset_temperature_k, 0.0, 0.0, CRYSTALLISATION)
    exposure = rate * CRYSTALLISATION.onset_time_s
    assert structure.crystallised_fraction(exposure, CRYSTALLISATION) == pytest.approx(1.0 - math.exp(-1.0))
    assert structure.crystallised_fraction(0.0, CRYSTALLISATION) == 0.0


def test_seed_and_oxygen_ease_crystallisation() -> None:
    def rate(deficit: float, seed: float) -> float:
        return structure.crystallisation_rate(600.0, deficit, seed, CRYSTALLISATION)

    assert rate(0.05, 0.0) < rate(0.05, 1.0) == pytest.approx(rate(0.0, 0.0))


def test_interstitials_follow_sieverts_law_and_saturate() -> None:
    def y(p: float, deficit: float = 0.0) -> float:
        return structure.interstitial_occupation(p, deficit, OXYGEN)

    assert y(4e-8) / y(1e-8) == pytest.approx(2.0, rel=1e-3)
    assert y(1e12) == pytest.approx(1.0, abs=1e-4)
    assert y(0.1, 0.5) == pytest.approx(0.5 * y(0.1))


def test_anneals_relax_towards_their_gas() -> None:
    assert structure.annealed_occupation(0.7, 0.0, VACUUM) == pytest.approx(0.7)
    assert structure.annealed_occupation(0.7, 50.0, VACUUM) == pytest.approx(VACUUM.equilibrium_occupation)
    assert structure.annealed_occupation(0.0, 50.0, AIR) == pytest.approx(AIR.equilibrium_occupation)
    assert structure.annealed_deficit(0.2, 50.0, AIR) == pytest.approx(0.0, abs=1e-12)
    assert structure.annealed_deficit(0.2, 50.0, VACUUM) == 0.2


def test_mobility_adds_reciprocals() -> None:
    # Without barriers and disorder and with few scatterers only the lattice is left.
    mobility = charge.mobility_m2_vs(0.04, 1e-12, 1.0, 1.0, MOBILITY)
    assert mobility == pytest.approx(MOBILITY.lattice_m2_vs, rel=1e-8)
    both = charge.mobility_m2_vs(0.04, 0.04, 1.0, 1.0, MOBILITY)
    assert 1.0 / both == pytest.approx(1.0 / MOBILITY.lattice_m2_vs + 1.0 / MOBILITY.ionised_m2_vs)


def test_grain_barriers_are_highest_where_traps_just_deplete_the_grains() -> None:
    n = MOBILITY.barrier_density
    scale = [charge.mobility_m2_vs(c, 1e-9, 0.0, 1.0, MOBILITY) for c in (n / 100, n, n * 100)]
    assert scale[1] < 0.1 * min(scale[0], scale[2])


def test_rutile_is_half_at_its_energy_and_grows_with_missing_oxygen() -> None:
    half = structure.rutile_fraction_grown(CRYSTALLISATION.rutile_energy_ev, 0.0, 0.0, CRYSTALLISATION)
    assert half == pytest.approx(0.5)
    gentle = [structure.rutile_fraction_grown(15.0, d, 0.0, CRYSTALLISATION) for d in (0.0, 0.05, 0.2)]
    assert gentle[0] < 0.05 < gentle[1] < gentle[2]
    annealed = [structure.rutile_fraction_annealed(d, 0.0, CRYSTALLISATION) for d in (0.0, 0.05, 0.2)]
    assert annealed[0] < 0.05 < annealed[1] < annealed[2]


def test_peeling_is_even_at_the_load_and_certain_far_above() -> None:
    load_pa = STRESS.peeling_load_n_m / 1e-7
    assert structure.peeling_probability(-load_pa, 1e-7, STRESS) == pytest.approx(0.5)
    assert structure.peeling_probability(20 * load_pa, 1e-7, STRESS) > 0.9999
    assert structure.peeling_probability(0.0, 1e-7, STRESS) < 1e-9


def _random_films(number: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(11)
    dopant = 10.0 ** rng.uniform(math.log10(0.002), math.log10(0.2), number)
    occupation = rng.uniform(0.0, 1.0, number)
    deficit = 10.0 ** rng.uniform(-4.0, math.log10(0.5), number)
    epitaxy = rng.uniform(0.0, 1.0, number)
    return dopant, occupation, deficit, epitaxy


def _conductivity(transport: Any, structure: Any, x: Any, y: Any, d: Any, epitaxy: Any) -> tuple[Any, Any]:
    anatase, carriers = transport.anatase_conductivity_s_m(x, y, d, epitaxy, 1.0, 1.0, CARRIERS, MOBILITY)
    exposure = structure.crystallisation_rate(560.0 + 80.0 * epitaxy, d, y, CRYSTALLISATION) * 3600.0
    crystalline = structure.crystallised_fraction(exposure, CRYSTALLISATION)
    rutile = structure.rutile_fraction_grown(20.0, d, epitaxy, CRYSTALLISATION)
    metal = structure.metal_fraction(d, CRYSTALLISATION)
    return transport.film_conductivity_s_m(anatase, crystalline, rutile, metal, PHASES), carriers


def test_engines_agree() -> None:
    import jax

    inputs = _random_films(1000)

    def on(backend: Any, *values: Any) -> Any:
        return _conductivity(bind(charge, backend), bind(structure, backend), *values)

    by_numpy = np.array([on("numpy", *values) for values in zip(*inputs, strict=True)]).T
    by_numba = np.array([on("numba", *values) for values in zip(*inputs, strict=True)]).T
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12)
    batched = jax.jit(jax.vmap(lambda *values: on("jax", *values)))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*inputs)), by_numpy, rtol=1e-12)
    single = np.array(batched(*inputs))
    assert single.dtype == np.float32
    # Two differences lose digits whatever the formula: donors less acceptors near full compensation (up to a
    # hundredfold, 1/(2·fluctuation)), and the distance to the percolation threshold.
    error = np.abs(single / by_numpy - 1.0)
    assert np.quantile(error, 0.97) < 1e-5
    assert error.max() < 1e-4
