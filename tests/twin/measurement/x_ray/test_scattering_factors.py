"""Atoms and compounds under Cu Kα, against tables and the public database."""

import math
from typing import Any

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.x_ray import scattering_factors
from tansaki.twin.measurement.x_ray.compound import element, linear_attenuation_per_m, scattering_length_density
from tansaki.twin.measurement.x_ray.scattering_factors import critical_angle_rad, delta_of, form_factor

ENERGY_EV = 8047.8
WAVELENGTH_M = 12398.4198e-10 / ENERGY_EV
SYMBOLS = (
    *("Ti", "Nb", "O", "N", "Zn", "Al", "Li", "Co", "In", "Sn", "Si", "Na", "Ca", "Sr", "La", "Mg", "B", "K"),
    *("Fe", "C", "Cu", "Ni", "Pd", "Pt", "Ru", "Ag"),
)
CRITICAL: dict[str, tuple[dict[str, float], float, float, float]] = {
    "Si": ({"Si": 1}, 2329, 7.573e-6, 0.2230),
    "SiO2": ({"Si": 1, "O": 2}, 2200, 7.12e-6, 0.2162),
    "anatase": ({"Ti": 1, "O": 2}, 3890, 1.194e-5, 0.2800),
    "rutile": ({"Ti": 1, "O": 2}, 4250, 1.305e-5, 0.2927),
    "TiN": ({"Ti": 1, "N": 1}, 5400, 1.633e-5, 0.3275),
    "In2O3": ({"In": 2, "O": 3}, 7180, 2.024e-5, 0.3646),
    "ZnO": ({"Zn": 1, "O": 1}, 5610, 1.612e-5, 0.3254),
    "LiCoO2": ({"Li": 1, "Co": 1, "O": 2}, 5050, 1.443e-5, 0.3078),
}


@pytest.mark.parametrize("name", CRITICAL)
def test_critical_angles_of_the_table(name: str) -> None:
    """δ and θ_c computed with xraydb; the table is rounded to four figures."""
    composition, density, delta, angle_deg = CRITICAL[name]
    real = scattering_length_density(composition, density).real_per_m2
    assert delta_of(real, WAVELENGTH_M) == pytest.approx(delta, rel=1e-3)
    assert math.degrees(critical_angle_rad(real, WAVELENGTH_M)) == pytest.approx(angle_deg, rel=1e-3)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_elements_are_those_of_the_database(symbol: str) -> None:
    xraydb = pytest.importorskip("xraydb")
    own = element(symbol)
    assert own.atomic_number == xraydb.atomic_number(symbol)
    assert own.mass_u == pytest.approx(xraydb.atomic_mass(symbol), rel=1e-4)
    s = np.linspace(0.0, 3.0, 31)
    np.testing.assert_allclose(form_factor(s * 1e10, own.x_ray), xraydb.f0(symbol, s), rtol=1e-6)
    # Forward scattering is by all electrons.
    assert form_factor(0.0, own.x_ray) == pytest.approx(own.atomic_number, abs=0.04)
    assert own.x_ray.f_prime == pytest.approx(float(xraydb.f1_chantler(symbol, ENERGY_EV)), abs=1e-4)
    assert own.x_ray.f_double_prime == pytest.approx(float(xraydb.f2_chantler(symbol, ENERGY_EV)), rel=1e-4)


@pytest.mark.parametrize("formula", ["TiO2", "SrTiO3", "LaAlO3", "Al2O3", "In2O3", "LiCoO2", "Ti0.94Nb0.06O2"])
def test_compounds_are_those_of_the_database(formula: str) -> None:
    xraydb = pytest.importorskip("xraydb")
    composition = xraydb.chemparse(formula)
    density = scattering_length_density(composition, 4000.0)
    delta, beta, length_cm = xraydb.xray_delta_beta(formula, 4.0, ENERGY_EV)
    assert delta_of(density.real_per_m2, WAVELENGTH_M) == pytest.approx(delta, rel=1e-4)
    assert delta_of(density.imaginary_per_m2, WAVELENGTH_M) == pytest.approx(beta, rel=1e-4)
    attenuation = linear_attenuation_per_m(composition, 4000.0)
    assert attenuation == pytest.approx(100.0 / length_cm, rel=2e-3)
    # Elam's table is another source: the two differ by up to 3 %.
    assert attenuation == pytest.approx(100.0 * xraydb.material_mu(formula, ENERGY_EV, density=4.0), rel=0.03)


def test_attenuation_length_of_anatase() -> None:
    assert 1e6 / linear_attenuation_per_m({"Ti": 1, "O": 2}, 3890.0) == pytest.approx(20.9, rel=0.01)


def test_absorption_and_imaginary_part_are_the_same_thing() -> None:
    """Optical theorem: μ = 2λ·Im ρ but for the scattered part, which for a heavy absorber is small."""
    density = scattering_length_density({"La": 1.0}, 6000.0)
    assert 2.0 * WAVELENGTH_M * density.imaginary_per_m2 == pytest.approx(
        linear_attenuation_per_m({"La": 1.0}, 6000.0), rel=0.03
    )


def test_multiples_of_the_formula_and_absent_elements_change_nothing() -> None:
    one = scattering_length_density({"Ti": 1.0, "O": 2.0}, 3890.0)
    assert scattering_length_density({"Ti": 0.5, "O": 1.0, "Nb": 0.0}, 3890.0) == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize("composition", [{}, {"Ti": -1.0}, {"Ti": math.nan}])
def test_compositions_that_are_none_are_refused(composition: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match="composition"):
        scattering_length_density(composition, 4000.0)
    with pytest.raises(InvalidInputError, match="name in elements"):
        linear_attenuation_per_m({"Xx": 1.0}, 4000.0)


def test_engines_agree() -> None:
    import jax

    atom = element("Ti").x_ray
    s = np.linspace(0.0, 1e10, 50)

    def on(backend: Any, s: Any) -> Any:
        return bind(scattering_factors, backend).form_factor(s, atom)

    by_numpy = form_factor(s, atom)
    np.testing.assert_allclose([on("numba", x) for x in s.tolist()], by_numpy, rtol=1e-12)
    with jax.enable_x64(True):
        np.testing.assert_allclose(on("jax", jax.numpy.asarray(s)), by_numpy, rtol=1e-12)
