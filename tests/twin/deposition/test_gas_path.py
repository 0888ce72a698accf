"""The smooth forms of gas transport: limits of nature, the table they come from, engines, beyond the edges."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import gas_path, sources, transport_table
from tansaki.twin.deposition.gas_path import GasPath
from tansaki.twin.deposition.transport_table import ELEMENTS, points
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load

BOLTZMANN_EV_K = 8.617333262e-5
FORMS = ("arriving_fraction", "mean_energy_ev", "edge_to_centre")
pressures, distances, temperatures = st.floats(0.05, 6.0), st.floats(0.05, 0.15), st.floats(300.0, 700.0)
symbols = st.sampled_from(ELEMENTS)


def path_of(symbol: str) -> GasPath:
    return transport_table.gas_path(symbol)


@settings(deadline=None)  # the first example fits the forms
@given(symbols, pressures, distances, temperatures)
def test_values_are_those_of_nature(symbol: str, p: float, d: float, t: float) -> None:
    path = path_of(symbol)
    assert 0.0 < gas_path.arriving_fraction(p, d, t, path) <= 1.0
    assert 2.0 * BOLTZMANN_EV_K * t * (1 - 1e-9) <= gas_path.mean_energy_ev(p, d, t, path) <= path.emitted_energy_ev
    assert 0.3 < gas_path.edge_to_centre(p, d, t, path) < 1.1


@settings(deadline=None)  # the first example fits the forms
@given(symbols, distances, temperatures)
def test_energy_and_rate_fall_with_pressure(symbol: str, d: float, t: float) -> None:
    ladder = np.exp(np.linspace(math.log(0.06), math.log(5.9), 12))
    path = path_of(symbol)
    assert np.all(np.diff(gas_path.mean_energy_ev(ladder, d, t, path)) < 0.0)
    # Heavy atoms suffer almost no loss at first: there the fit moves within its error.
    assert np.all(np.diff(gas_path.arriving_fraction(ladder, d, t, path)) < 0.02)


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_limits_without_gas_and_in_thick_gas(symbol: str) -> None:
    path = path_of(symbol)
    assert gas_path.arriving_fraction(1e-7, 0.1, 400.0, path) == pytest.approx(1.0, abs=1e-5)
    assert gas_path.mean_energy_ev(1e-7, 0.1, 400.0, path) == pytest.approx(path.emitted_energy_ev, rel=1e-5)
    free = sources.annulus_flux_m2(0.05, 0.1, 0.02, 0.03) / sources.annulus_flux_m2(0.0, 0.1, 0.02, 0.03)
    assert gas_path.edge_to_centre(1e-7, 0.1, 400.0, path) == pytest.approx(free, rel=1e-5)
    thin, thick = (gas_path.arriving_fraction(p, 0.1, 400.0, path) for p in (500.0, 1000.0))
    assert thin / thick == pytest.approx(2.0, rel=1e-3)
    assert gas_path.mean_energy_ev(1e3, 0.1, 400.0, path) == pytest.approx(2.0 * BOLTZMANN_EV_K * 400.0, rel=1e-3)


@pytest.mark.parametrize("symbol", ELEMENTS)
@pytest.mark.parametrize(("form", "column", "allowed"), [(FORMS[0], "rate", 0.03), (FORMS[2], "edge", 0.03)])
def test_forms_lie_within_the_scatter_of_the_grid(symbol: str, form: str, column: str, allowed: float) -> None:
    known = points(symbol)
    place = [known[name] for name in ("pressure_pa", "distance_m", "gas_temperature_k")]
    residual = getattr(gas_path, form)(*place, path_of(symbol)) / known[column] - 1.0
    error = known[f"{column}_error"] / known[column]
    assert np.all(np.abs(residual) < 4.0 * error + allowed)
    assert abs(np.mean(residual / error)) < 0.5


@given(st.floats(-3.0, 3.0))
def test_soft_clip_keeps_the_range_and_holds_beyond(x: float) -> None:
    clipped = float(gas_path.soft_clip(x))
    assert clipped == pytest.approx(x, abs=1e-15) if abs(x) <= 1.0 else 1.0 < abs(clipped) <= 1.1
    assert float(gas_path.soft_clip(x + 1e-6)) >= clipped
    assert gas_path.soft_clip(-x) == -clipped


def test_scales_are_those_of_the_range() -> None:
    for place, expected in ((gas_path.LOWEST, -1.0), (gas_path.HIGHEST, 1.0)):
        assert gas_path.scaled(*place) == pytest.approx((expected,) * 3, abs=1e-12)


def test_emitted_energy_is_that_of_the_reference() -> None:
    """Thompson with cut-off at 400 eV."""
    for symbol, energy in (("ti", 19.5), ("al", 15.2), ("cu", 15.4), ("nb", 24.6), ("zn", 7.8), ("co", 18.1)):
        assert transport_table.mean_emitted_energy_ev(symbol, 400.0) == pytest.approx(energy, rel=0.01)


def test_one_point_of_the_grid_comes_out_again() -> None:
    """The table is that of the code beside it; thick gas, so that all of the code is used."""
    inputs, known, which = transport_table.table()["inputs"], points("zn"), 60
    place = tuple(known[name][which] for name in ("pressure_pa", "distance_m", "gas_temperature_k"))
    assert place == transport_table.grid()[which]
    seed = inputs["seed"] + 1000 * ELEMENTS.index("zn") + which
    again = transport_table.run_point("zn", place, inputs["atoms_per_point"], seed)
    for name in again._fields:
        assert getattr(again, name) == pytest.approx(known[name][which], rel=6e-4)


def test_the_table_says_what_it_was_made_from() -> None:
    inputs = transport_table.table()["inputs"]
    for section in ("scattering", "chamber"):
        for name, quantity in load("instruments", "gas_scattering").section(section).items():
            assert inputs[name] == quantity.value
    assert set(transport_table.table()["grid"]) == set(transport_table.table()["held_out"]) == set(ELEMENTS)
    assert inputs["code"] == transport_table.code_digest(), "run tansaki tabulate transport again"


def test_the_profile_of_a_known_flux_is_found() -> None:
    """Radii drawn from ring × (1 + 2r²/R² ...): centre 1 and edge are recovered within their errors."""
    room, rng, number = transport_table.chamber(), np.random.default_rng(3), 400_000
    reach = 0.105
    proposed = reach * np.sqrt(rng.uniform(size=number))
    flux = sources.annulus_flux_m2(proposed, 0.15, 0.02, 0.03) * (0.5 + 20.0 * proposed**2)
    kept = proposed[rng.uniform(size=number) * 30.0 < flux]
    # Of `emitted` atoms number·(flux/30) lie within the reach if the area is 1/30 of what they would fill.
    emitted = number / (30.0 * np.pi * reach**2)
    found, covariance = transport_table.relative_profile(kept, emitted, 0.15, room)
    expected = np.array([0.5, 0.5 + 20.0 * 0.05**2])
    assert np.all(np.abs(found - expected) < 4.0 * np.sqrt(np.diag(covariance)))
    assert np.sqrt(covariance[0, 0]) < 0.02


def test_unknown_elements_and_few_atoms_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'ti'"):
        path_of("tii")
    with pytest.raises(InvalidInputError, match="1000 or more"):
        next(transport_table.tabulate(10))
    with pytest.raises(InvalidInputError, match="element of the transport table"):
        next(transport_table.tabulate(1000, ("xx",)))


def _inputs(number: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(8)
    # A little beyond the range on all sides.
    columns = (
        np.exp(rng.uniform(-3.5, 2.3, number)),
        rng.uniform(0.03, 0.2, number),
        rng.uniform(250.0, 800.0, number),
    )
    return tuple(np.asarray(column, np.float32).astype(np.float64) for column in columns)


@pytest.mark.parametrize("form", FORMS)
def test_engines_agree_on_1000_random_inputs(form: str) -> None:
    import jax

    inputs, path = _inputs(1000), path_of("nb")
    by_numpy = getattr(gas_path, form)(*inputs, path)
    compiled, traced = (getattr(bind(gas_path, backend), form) for backend in ("numba", "jax"))
    by_numba = [compiled(*(float(x) for x in row), path) for row in zip(*inputs, strict=True)]
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12)
    batched = jax.jit(jax.vmap(traced, in_axes=(0, 0, 0, None)))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(batched(*inputs, path)), by_numpy, rtol=1e-12)
    single = np.array(batched(*(x.astype(np.float32) for x in inputs), path))
    assert single.dtype == np.float32
    # exp(q) with x up to ten: a part in 10⁷ of the exponent is a part in 10⁶ of the energy above thermal.
    np.testing.assert_allclose(single, by_numpy, rtol=2e-5)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_finite_and_right_also_beyond_the_edges(form: str) -> None:
    import jax

    traced, path = getattr(bind(gas_path, "jax"), form), path_of("ti")
    with jax.enable_x64(True):
        slope = jax.grad(traced, argnums=(0, 1, 2))
        for place in ((1.0, 0.1, 400.0), (1e-4, 0.02, 200.0), (50.0, 0.3, 1000.0), (0.2, 0.06, 650.0)):
            found = slope(*place, path)
            for k, derivative in enumerate(found):
                up, down = list(place), list(place)
                up[k], down[k] = place[k] * (1 + 1e-6), place[k] * (1 - 1e-6)
                function = getattr(gas_path, form)
                numeric = (function(*up, path) - function(*down, path)) / (2e-6 * place[k])
                assert float(derivative) == pytest.approx(float(numeric), rel=1e-4, abs=1e-8)
        assert all(np.isfinite(value) for value in slope(*gas_path.LOWEST, path))
        assert all(np.isfinite(value) for value in slope(0.0, 0.1, 400.0, path))
