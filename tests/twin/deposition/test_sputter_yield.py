"""Yields: tables, thresholds, conservation in alloys, what is left on a bombarded compound, three engines."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.backends import bind
from tansaki.twin.deposition import sputter_yield as sy
from tansaki.twin.deposition.discharge import Chemisorption, ElectronYields
from tansaki.twin.deposition.sputter_yield import Atom, Compound, Eckstein, Solid, Sputtering
from tansaki.twin.measurement.x_ray.scattering_factors import XRay
from tansaki.twin.quantities import available, load

METALS = ("li", "al", "si", "ti", "co", "ni", "cu", "zn", "nb", "ru", "pd", "ag", "in", "pt")
GASES = ("ar", "o", "n")
COMPOUNDS = {"tio2": ("ti", "o"), "tin": ("ti", "n"), "al2o3": ("al", "o"), "zno": ("zn", "o"), "ito": ("in", "o")}


def atom(symbol: str) -> Atom:
    return load("elements", symbol).parameters("atom", Atom)


def sputtering(symbol: str) -> Sputtering:
    return load("elements", symbol).parameters("sputtering", Sputtering)


def compound(name: str, metal: str) -> Compound:
    return load("elements", metal).parameters(name, Compound)


ARGON = atom("ar")
ZINC = load("elements", "zn").parameters("eckstein_argon", Eckstein)


def argon_yield(energy_ev: Any, symbol: str) -> Any:
    return sy.yamamura_yield(energy_ev, ARGON, atom(symbol), sputtering(symbol))


def test_every_section_of_every_element_is_one_that_the_physics_reads() -> None:
    kinds: dict[str, Any] = {
        "atom": Atom,
        "solid": Solid,
        "sputtering": Sputtering,
        "eckstein_argon": Eckstein,
        "electrons_magnetron": ElectronYields,
        "electrons_beam": ElectronYields,
        "chemisorption": Chemisorption,
        "x_ray": XRay,
    }
    kinds |= dict.fromkeys((*COMPOUNDS, "licoo2"), Compound)
    assert set(METALS) | set(GASES) <= set(available("elements"))
    for symbol in (*METALS, *GASES):
        file = load("elements", symbol)
        needed = {"atom"} if symbol in GASES else {"atom", "solid", "sputtering"}
        assert needed <= set(file.sections)
        for section in file.sections:
            values = file.parameters(section, kinds[section])
            assert section == "x_ray" or all(value >= 0.0 for value in values)
    assert {name for symbol in METALS for name in load("elements", symbol).sections} == set(kinds)


@pytest.mark.parametrize(
    ("symbol", "lattice_m", "atoms"),
    [("al", 4.0495e-10, 4), ("cu", 3.6149e-10, 4), ("pt", 3.9242e-10, 4), ("si", 5.4310e-10, 8)],
)
def test_density_is_that_of_the_lattice(symbol: str, lattice_m: float, atoms: int) -> None:
    """Cubic cells; lattice constants at room temperature."""
    density = load("elements", symbol).parameters("solid", Solid).density_m3
    assert density == pytest.approx(atoms / lattice_m**3, rel=5e-3)


def test_stopping_is_that_of_the_published_form() -> None:
    # By hand at ε = 1: 3.441 ln 3.718/(1 + 6.355 + 6.882 − 1.708).
    assert sy.reduced_stopping(1.0) == pytest.approx(3.441 * math.log(3.718) / 12.529, rel=1e-12)


def test_largest_transfer_is_whole_between_equal_masses() -> None:
    assert sy.energy_transfer(ARGON, ARGON) == 1.0
    assert sy.energy_transfer(ARGON, atom("pt")) == sy.energy_transfer(atom("pt"), ARGON) < 1.0


def test_both_branches_meet_at_equal_masses() -> None:
    equal, titanium = ARGON._replace(atomic_number=22.0), sputtering("ti")
    lighter, heavier = (equal._replace(mass_u=ARGON.mass_u * factor) for factor in (1 - 1e-9, 1 + 1e-9))
    yields = [sy.yamamura_yield(500.0, ARGON, target, titanium) for target in (lighter, heavier)]
    assert yields[0] == pytest.approx(yields[1], rel=1e-7)
    thresholds = [sy.threshold_ev(ARGON, target, titanium) for target in (lighter, heavier)]
    assert thresholds[0] == pytest.approx(thresholds[1], rel=1e-7)
    assert thresholds[0] == pytest.approx(6.7 * titanium.surface_binding_ev)


@pytest.mark.parametrize("symbol", METALS)
def test_nothing_leaves_below_the_threshold_and_more_above(symbol: str) -> None:
    threshold = float(sy.threshold_ev(ARGON, atom(symbol), sputtering(symbol)))
    for energy in (-10.0, 0.0, 0.5 * threshold, threshold):
        assert argon_yield(energy, symbol) == 0.0
    rising = argon_yield(np.linspace(1.01 * threshold, 1500.0, 200), symbol)
    assert rising[0] > 0.0
    assert np.all(np.diff(rising) > 0.0)


def test_eckstein_reproduces_its_table() -> None:
    """Argon on zinc at 204.2, 537.6 and 1166 eV, IAEA plasma-wall interaction data base."""
    for energy, expected in ((204.2, 3.129), (537.6, 5.209), (1166.0, 7.160)):
        assert sy.eckstein_yield(energy, ZINC) == pytest.approx(expected, rel=5e-4)
    for energy in (-1.0, 0.0, ZINC.threshold_ev):
        assert sy.eckstein_yield(energy, ZINC) == 0.0


def test_gradients_are_finite_on_both_sides_of_the_threshold() -> None:
    import jax

    physics = bind(sy, "jax")
    copper, parameters = atom("cu"), sputtering("cu")
    with jax.enable_x64(True):
        slope = jax.grad(physics.yamamura_yield, argnums=(0, 3))
        threshold = float(sy.threshold_ev(ARGON, copper, parameters))
        for energy in (0.0, 0.5 * threshold, threshold, np.nextafter(threshold, 1e9), 20.0, 400.0):
            by_energy, by_parameters = slope(float(energy), ARGON, copper, parameters)
            assert all(math.isfinite(value) for value in (by_energy, *by_parameters))
        assert float(slope(400.0, ARGON, copper, parameters)[0]) == pytest.approx(
            (argon_yield(400.01, "cu") - argon_yield(399.99, "cu")) / 0.02, rel=1e-6
        )
        eckstein = jax.grad(physics.eckstein_yield, argnums=(0, 1))
        for energy in (0.0, ZINC.threshold_ev, ZINC.threshold_ev + 1e-12, 300.0):
            by_energy, by_fit = eckstein(float(energy), ZINC)
            assert all(math.isfinite(value) for value in (by_energy, *by_fit))


def test_compound_has_its_yield_at_its_energy_and_that_of_its_metal_elsewhere() -> None:
    oxide = compound("tio2", "ti")
    arguments = (ARGON, atom("ti"), sputtering("ti"), oxide)
    assert sy.compound_yield(oxide.reference_energy_ev, *arguments) == pytest.approx(oxide.metal_yield)
    ratio = argon_yield(300.0, "ti") / argon_yield(600.0, "ti")
    assert sy.compound_yield(300.0, *arguments) / sy.compound_yield(600.0, *arguments) == pytest.approx(ratio)
    assert sy.compound_yield(20.0, *arguments) == 0.0


@pytest.mark.parametrize("name", COMPOUNDS)
def test_remembered_yields_lie_in_their_range_and_say_so(name: str) -> None:
    quantity = load("elements", COMPOUNDS[name][0]).section(name)["metal_yield"]
    assert quantity.kind == "assumed"
    assert quantity.source.startswith("remembered, not confirmed")
    assert quantity.valid is not None
    assert quantity.valid[0] <= quantity.value <= quantity.valid[1]


def test_drawn_factors_have_median_one_and_the_spread_of_the_data() -> None:
    quantity = load("elements", "ti").section("sputtering")["q"]
    factors = sy.drawn_factor(np.random.default_rng(5).standard_normal(20000), quantity.sigma / quantity.value)
    assert quantity.sigma / quantity.value == pytest.approx(0.3)
    assert np.mean(np.log(factors)) == pytest.approx(0.0, abs=3 * 0.3 / math.sqrt(20000))
    assert np.std(np.log(factors)) == pytest.approx(0.3, rel=0.02)


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.05, 5.0)), min_size=2, max_size=5))
def test_an_alloy_emits_its_bulk_composition(parts: list[tuple[float, float]]) -> None:
    whole = sum(share for share, _ in parts)
    fractions, yields = tuple(share / whole for share, _ in parts), tuple(y for _, y in parts)
    total = sy.alloy_yield(fractions, yields)
    surface = [sy.surface_fraction(x, y, total) for x, y in zip(fractions, yields, strict=True)]
    assert sum(surface) == pytest.approx(1.0, rel=1e-12)
    emitted = [c * y / total for c, y in zip(surface, yields, strict=True)]
    assert emitted == pytest.approx(fractions, rel=1e-12)
    assert min(yields) * (1 - 1e-12) <= total <= max(yields) * (1 + 1e-12)


def test_copper_leaves_a_copper_titanium_surface_poorer_than_its_bulk() -> None:
    yields = (float(argon_yield(400.0, "cu")), float(argon_yield(400.0, "ti")))
    total = sy.alloy_yield((0.5, 0.5), yields)
    surface = [sy.surface_fraction(0.5, y, total) for y in yields]
    assert surface[0] / surface[1] == pytest.approx(yields[1] / yields[0], rel=1e-12)
    assert surface[0] < 0.25


def test_an_element_below_its_threshold_stops_the_erosion_of_an_alloy() -> None:
    total = sy.alloy_yield((0.5, 0.5), (0.3, 0.0))
    assert 0.0 < total < 1e-11
    assert sy.surface_fraction(0.5, 0.0, total) == pytest.approx(1.0)


def test_oxides_lose_oxygen_the_more_the_heavier_the_metal() -> None:
    """Mass dominates: Malherbe, Hofmann and Sanz, Appl. Surf. Sci. 27, 355 (1986)."""
    oxygen = atom("o")
    oxide = compound("tio2", "ti")
    left = [sy.surface_gas_per_metal(oxygen, atom(metal), oxide) for metal in ("al", "ti", "nb", "pt")]
    assert 2.0 > left[0] > left[1] > left[2] > left[3] > 0.0
    # By hand: 2 · (15.999/47.867)^{2m}.
    exponent = 2.0 * oxide.cascade_exponent
    assert left[1] == pytest.approx(2.0 * (15.999 / 47.867) ** exponent, rel=1e-12)
    # A metal bound more firmly than the oxygen stays; with equal masses and bindings nothing is preferred.
    firm = oxide._replace(binding_ratio=1.5)
    assert sy.surface_gas_per_metal(oxygen, atom("ti"), firm) < left[1]
    assert sy.preference(oxygen, oxygen, oxide) == 1.0
    # What leaves is the bulk: surface ratio times preference.
    ratio = sy.surface_gas_per_metal(oxygen, atom("ti"), firm) * sy.preference(oxygen, atom("ti"), firm)
    assert ratio == pytest.approx(2.0, rel=1e-12)


def test_erosion_depth() -> None:
    # 1e20 ions/(m² s) on copper at 400 eV take 1.7 nm/s.
    copper = load("elements", "cu").parameters("solid", Solid)
    rate = sy.erosion_rate_m_s(1e20, argon_yield(400.0, "cu"), copper)
    assert rate == pytest.approx(1.446e20 / 8.491e28, rel=1e-3)


class Four(NamedTuple):
    """A plain tuple of arrays would not be one row an input in the comparison."""

    a: Any
    b: Any
    c: Any
    d: Any


def test_engines_agree_on_1000_random_inputs(engines_agree: Callable[..., None]) -> None:
    rng = np.random.default_rng(17)

    def rounded(values: Any) -> Any:
        return np.asarray(values, np.float32).astype(np.float64)

    def around(values: Any) -> Any:
        return rounded(np.asarray(values) * np.exp(rng.uniform(-0.1, 0.1, 1000)))

    def drawn(rows: list[Any]) -> Any:
        chosen = [rows[i] for i in rng.integers(0, len(rows), 1000)]
        return type(rows[0])(*(around(column) for column in zip(*chosen, strict=True)))

    ion, target = drawn([ARGON]), drawn([atom(symbol) for symbol in METALS])
    parameters = drawn([sputtering(symbol) for symbol in METALS])
    fit = drawn([ZINC])
    made_of = drawn([compound(name, metal) for name, (metal, _) in COMPOUNDS.items()])
    gas, solid = drawn([atom("o"), atom("n")]), drawn([load("elements", "cu").parameters("solid", Solid)])
    threshold = sy.threshold_ev(ion, target, parameters)
    # Not at the threshold itself, where the last digit of single precision decides between zero and not.
    energy = rounded(
        threshold * np.where(rng.random(1000) < 0.2, rng.uniform(0, 0.8, 1000), rng.uniform(1.4, 60, 1000))
    )
    reference = made_of._replace(reference_energy_ev=rounded(threshold * rng.uniform(2.0, 30.0, 1000)))
    zinc_energy = rounded(fit.threshold_ev * rng.uniform(1.4, 100.0, 1000))
    shares = Four(*(rounded(column) for column in rng.dirichlet([1.0] * 4, 1000).T))
    yields = Four(*(rounded(rng.uniform(0.1, 3.0, 1000)) for _ in range(4)))
    one, total = rounded(rng.uniform(0.1, 3.0, 1000)), rounded(rng.uniform(0.1, 3.0, 1000))
    normal, sigma = rounded(rng.standard_normal(1000)), rounded(rng.uniform(0.0, 0.4, 1000))
    arguments: dict[str, Any] = {
        "energy_transfer": (ion, target),
        "threshold_ev": (ion, target, parameters),
        "reduced_stopping": (rounded(10.0 ** rng.uniform(-4, 1, 1000)),),
        "yamamura_yield": (energy, ion, target, parameters),
        "eckstein_yield": (zinc_energy, fit),
        "compound_yield": (energy, ion, target, parameters, reference),
        "drawn_factor": (normal, sigma),
        "alloy_yield": (shares, yields),
        "surface_fraction": (shares.a, one, total),
        "preference": (gas, target, made_of),
        "surface_gas_per_metal": (gas, target, made_of),
        "erosion_rate_m_s": (around(np.full(1000, 1e20)), one, solid),
    }
    assert set(arguments) == set(vars(bind(sy, "numpy")))
    for name, values in arguments.items():
        engines_agree(sy, name, values)
