"""The reflectometer end to end: hidden film, counts, analysed values and what their uncertainties claim."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tansaki.experiments.validation.coverage import random_films
from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.x_ray import reflectometer_response
from tansaki.twin.measurement.x_ray.compound import formula, parsed
from tansaki.twin.measurement.x_ray.diffraction_pattern import counted
from tansaki.twin.measurement.x_ray.divergence import gaussian_nodes
from tansaki.twin.measurement.x_ray.parratt import Stack
from tansaki.twin.measurement.x_ray.reflectivity_analysis import analyse
from tansaki.twin.measurement.x_ray.reflectivity_fringes import edge_of, fall_of, fringes
from tansaki.twin.measurement.x_ray.reflectivity_scan import scan_of
from tansaki.twin.measurement.x_ray.reflectometer import XRayReflectometer
from tansaki.twin.measurement.x_ray.reflectometer_response import Response, footprint, mean_rate
from tansaki.twin.quantities import load
from tansaki.twin.records import Measurement
from tansaki.twin.specimens.specimen import FilmLayer, Specimen

INSTRUMENT = XRayReflectometer(load("instruments", "x_ray_reflectometer"))
TITANIA = {"Ti": 1.0, "O": 2.0}


def _layer(
    thickness_nm: float, roughness_nm: float = 0.8, density: float = 3700.0, composition: dict[str, float] = TITANIA
) -> FilmLayer:
    return FilmLayer(
        thickness_nm * 1e-9, composition, density, roughness_nm * 1e-9, lambda wavelength_m: 2.5 + 0j * wavelength_m
    )


def _specimen(*layers: FilmLayer, substrate: str = "glass") -> Specimen:
    return Specimen("any", substrate, 0.01, 0.01, layers)


def _raw(record: Measurement) -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(record.raw), dict(record.settings)


@pytest.mark.parametrize("substrate", ["glass", "silicon", "strontium_titanate", "alumina"])
@pytest.mark.parametrize("thickness", [15.0, 60.0, 180.0])
def test_ideal_reading_returns_the_truth(thickness: float, substrate: str) -> None:
    record = INSTRUMENT.measure(_specimen(_layer(thickness), substrate=substrate), None)
    assert record.flags == ()
    assert record.derived["thickness"].value == pytest.approx(thickness, abs=0.01)
    assert record.derived["density"].value == pytest.approx(3.7, rel=2e-3)
    assert record.derived["roughness"].value == pytest.approx(0.8, abs=0.01)


def test_95_percent_intervals_hold_the_truth_of_random_films() -> None:
    rng = np.random.default_rng(11)
    scores = []
    for _, specimen in random_films(40, 11, (10e-9, 180e-9)):
        found = INSTRUMENT.measure(specimen, rng).derived["thickness"]
        scores.append((found.value - 1e9 * specimen.thickness_m) / found.u)
    held = np.abs(scores) <= 1.96
    # Of 40 with a chance of 0.95 each, fewer than 34 hold in 3 of 1000 cases.
    assert held.sum() >= 34
    assert np.max(np.abs(scores)) < 5.0
    assert np.sqrt(np.mean(np.square(scores))) > 0.7


def test_repeats_keep_the_systematic_error() -> None:
    rng = np.random.default_rng(12)
    kept, scatter = [], []
    for thickness in (40.0, 80.0, 120.0, 160.0):
        specimen = _specimen(_layer(thickness))
        session, mounting = INSTRUMENT.session(rng, "session"), INSTRUMENT.mount(specimen, rng)
        found = [
            INSTRUMENT.measure(specimen, rng, calibration=session, mounting=mounting).derived["thickness"]
            for _ in range(12)
        ]
        values = np.array([each.value for each in found])
        systematic = float(np.mean([each.u_systematic for each in found]))
        random = math.sqrt(float(np.mean([each.u**2 - each.u_systematic**2 for each in found])))
        kept.append((values.mean() - thickness) / systematic)
        scatter.append(values.std(ddof=1) / random)
    # rms of 4 standard normal numbers, and of 44 degrees of freedom: 99.9 % within.
    assert 0.15 < math.sqrt(np.mean(np.square(kept))) < 2.2
    assert 0.6 < math.sqrt(np.mean(np.square(scatter))) < 1.4


@pytest.mark.parametrize(("thickness", "roughness"), [(400.0, 0.2), (400.0, 1.0), (1000.0, 1.0)])
def test_films_too_thick_are_censored(thickness: float, roughness: float) -> None:
    record = INSTRUMENT.measure(_specimen(_layer(thickness, roughness)), np.random.default_rng(13))
    assert record.flags == ("no_fringes",)
    assert "thickness" not in record.derived
    assert 200.0 < record.derived["thickness_lower_bound"].value < thickness
    assert record.derived["density"].value == pytest.approx(3.7, rel=0.03)


def test_a_coarser_scan_tells_only_thinner_films() -> None:
    specimen = _specimen(_layer(200.0))
    fine = INSTRUMENT.measure(specimen, np.random.default_rng(14))
    coarse = INSTRUMENT.measure(specimen, np.random.default_rng(14), settings={"step_deg": 0.03})
    assert "thickness" in fine.derived
    assert "thickness" not in coarse.derived


def test_rough_films_have_no_number_rather_than_a_wrong_one() -> None:
    record = INSTRUMENT.measure(_specimen(_layer(100.0, 8.0)), np.random.default_rng(15))
    found = record.derived.get("thickness")
    assert found is None or abs(found.value - 100.0) < 4.0 * found.u
    assert found is not None or "no_fringes" in record.flags


def test_two_films_are_not_taken_for_one() -> None:
    lower = _layer(40.0, 0.5, 3000.0, {"Al": 2.0, "O": 3.0})
    record = INSTRUMENT.measure(_specimen(_layer(40.0), lower), np.random.default_rng(16))
    assert record.flags == ("poor_fit",)
    assert not record.derived


@pytest.mark.parametrize(
    "below", [_layer(1.0, 0.5, 2700.0, {"Ti": 0.5, "Si": 0.5, "O": 2.0}), _layer(1.0, 0.5, 3000.0)]
)
def test_an_interface_layer_that_no_one_stated_is_within_the_uncertainty(below: FilmLayer) -> None:
    for seed in range(3):
        record = INSTRUMENT.measure(_specimen(_layer(60.0), below), np.random.default_rng(seed))
        found = record.derived.get("thickness")
        assert found is None or abs(found.value - 60.0) < 3.0 * found.u


def test_the_spectrum_of_the_fringes_gives_the_thickness() -> None:
    for thickness in (20.0, 90.0, 170.0):
        raw, settings = _raw(INSTRUMENT.measure(_specimen(_layer(thickness)), np.random.default_rng(18)))
        scan = scan_of(raw, settings)
        fall = fall_of(scan, edge_of(scan))
        assert fall is not None
        assert fringes(fall, 300.0, 1)[0].thickness_nm == pytest.approx(thickness, abs=0.6)


def test_attenuators_keep_the_detector_below_its_limit() -> None:
    record = INSTRUMENT.measure(_specimen(_layer(60.0)), np.random.default_rng(19))
    rate = np.asarray(record.raw["counts"], float) / float(record.settings["count_time_s"])
    assert rate.max() < 1.05 * INSTRUMENT.detector.limit_per_s
    assert set(np.asarray(record.raw["attenuation"], float)) >= {1.0, 10.0, 100.0, 1000.0}


def test_counting_longer_costs_time_and_buys_certainty() -> None:
    specimen = _specimen(_layer(60.0))
    records = [INSTRUMENT.measure(specimen, None, settings={"count_time_s": seconds}) for seconds in (1.0, 9.0)]
    short, long = (record.settings["duration_s"] for record in records)
    assert float(long) - float(short) == pytest.approx(8.0 * len(records[0].raw["counts"]))
    assert 1200.0 < float(INSTRUMENT.measure(specimen, None).settings["duration_s"]) < 3600.0
    random = [math.sqrt(r.derived["thickness"].u ** 2 - r.derived["thickness"].u_systematic ** 2) for r in records]
    assert random[1] < 0.5 * random[0]


def test_a_file_without_attenuator_and_with_the_names_of_its_settings_is_read_alike() -> None:
    """Rates already corrected by the instrument's own program, as in a text file of two columns."""
    raw, settings = _raw(INSTRUMENT.measure(_specimen(_layer(60.0)), None))
    scan = scan_of(raw, settings)
    counts = scan.counts / (1.0 - scan.counts / settings["count_time_s"] * settings["dead_time_s"])
    file = {"two_theta_deg": raw["two_theta_deg"], "counts": counts * raw["attenuation"]}
    found, flags = analyse(file, {**settings, "dead_time_s": 0.0})
    assert flags == ()
    assert found["thickness"].value == pytest.approx(60.0, abs=0.05)


@pytest.mark.parametrize("missing", ["wavelength_m", "divergence_rad", "film_formula", "substrate"])
def test_missing_settings_are_named(missing: str) -> None:
    raw, settings = _raw(INSTRUMENT.measure(_specimen(_layer(60.0)), None))
    del settings[missing]
    with pytest.raises(InvalidInputError, match=missing):
        analyse(raw, settings)


def test_scans_that_are_none_are_refused() -> None:
    raw, settings = _raw(INSTRUMENT.measure(_specimen(_layer(60.0)), None))
    with pytest.raises(InvalidInputError, match="points"):
        analyse({name: array[:20] for name, array in raw.items()}, settings)
    with pytest.raises(InvalidInputError, match="counts"):
        analyse({**raw, "counts": -raw["counts"]}, settings)
    with pytest.raises(InvalidInputError, match="rising"):
        analyse({**raw, "two_theta_deg": raw["two_theta_deg"][::-1]}, settings)
    with pytest.raises(InvalidInputError, match="'counts'"):
        analyse({"two_theta_deg": raw["two_theta_deg"]}, settings)


def test_a_beam_wider_than_the_specimen_is_refused() -> None:
    small = replace(_specimen(_layer(60.0)), length_m=5e-5)
    with pytest.raises(InvalidInputError, match="length_m"):
        INSTRUMENT.measure(small, None)


def test_formulas_say_what_is_on_the_box() -> None:
    assert formula({"Ti": 0.94, "Nb": 0.06, "O": 1.973}) == "Ti0.94Nb0.06O2"
    assert formula({"In": 2.0, "O": 3.0}) == "InO1.5"
    assert formula({"Ti": 1.0, "N": 0.9}) == "TiN"
    assert parsed("Ti0.94Nb0.06O2") == {"Ti": 0.94, "Nb": 0.06, "O": 2.0}
    assert parsed("LiCoO2") == {"Li": 1.0, "Co": 1.0, "O": 2.0}
    for text in ("", "tio2", "Ti(O2)", "Ti-O2"):
        with pytest.raises(InvalidInputError, match="formula"):
            parsed(text)


def test_nodes_average_over_a_gaussian() -> None:
    nodes, weights = gaussian_nodes(2.0, 1.0)
    assert weights.sum() == pytest.approx(1.0, rel=1e-14)
    assert np.sum(weights * nodes**2) == pytest.approx(4.0, rel=2e-3)
    # Mean of cos kx over a Gaussian: exp(−k²σ²/2).
    assert np.sum(weights * np.cos(0.7 * nodes)) == pytest.approx(math.exp(-0.5 * 1.4**2), abs=1e-4)


def test_footprint_and_dead_time_in_closed_form() -> None:
    assert footprint(math.asin(1.0 / 200.0), 100.0) == pytest.approx(0.5)
    assert footprint(0.5, 100.0) == 1.0
    assert counted(1e5, 1e-6) == pytest.approx(1e5 / 1.1)


def _mean(functions: Any, theta: Any, thickness: Any, density: Any, xp: Any) -> Any:
    stack = Stack(
        xp.stack([0.0 * density, density, 0.7 * density]),
        xp.stack([0.0 * density, 0.04 * density, 0.01 * density]),
        xp.stack([0.0 * thickness, thickness, 0.0 * thickness]),
        np.array([0.0, 0.8e-9, 0.5e-9]),
    )
    response = Response(1.5405929e-10, 1e8, 100.0, 10.0, 1e-6)
    nodes, weights = gaussian_nodes(7e-5, 3e-5)
    return functions.mean_rate(theta, nodes, weights, stack, response, 0.1)


def test_noiseless_mean_is_the_same_and_differentiable_on_all_engines() -> None:
    import jax

    thickness, density = 60e-9, 3.1e15
    thetas = (0.004, 0.0048, 0.008, 0.012, 0.03)
    by_numpy = [_mean(reflectometer_response, x, thickness, density, np) for x in thetas]
    numba = bind(reflectometer_response, "numba")
    np.testing.assert_allclose([_mean(numba, x, thickness, density, np) for x in thetas], by_numpy, rtol=1e-11)
    with jax.enable_x64(True):
        functions = bind(reflectometer_response, "jax")

        def mean(theta: Any, d: Any, rho: Any) -> Any:
            return _mean(functions, theta, d, rho, jax.numpy)

        values = jax.jit(jax.vmap(mean, (0, None, None)))(np.array(thetas), thickness, density)
        np.testing.assert_allclose(values, by_numpy, rtol=1e-11)
        slopes = jax.jit(jax.vmap(jax.grad(mean, (1, 2)), (0, None, None)))(np.array(thetas), thickness, density)
    for i, theta in enumerate(thetas):
        for j, moved in enumerate(((1e-5, 0.0), (0.0, 1e-6))):
            up, down = (
                mean_of(theta, thickness * (1.0 + sign * moved[0]), density * (1.0 + sign * moved[1]))
                for sign in (1.0, -1.0)
            )
            step = 2.0 * (thickness * moved[0] + density * moved[1])
            assert float(slopes[j][i]) == pytest.approx((up - down) / step, rel=1e-4)


def mean_of(theta: float, thickness: float, density: float) -> float:
    return float(_mean(reflectometer_response, theta, thickness, density, np))


def test_the_instrument_counts_what_the_kernel_says() -> None:
    """Ideal counts of a specimen against `mean_rate` of its stack at a few angles."""
    specimen = _specimen(_layer(60.0))
    errors, mounting = INSTRUMENT.calibrate(None), INSTRUMENT.mount(specimen, None)
    acquired = INSTRUMENT.acquire(specimen, INSTRUMENT.checked({}), errors, mounting, None)
    stack = INSTRUMENT._stack(specimen, mounting)
    nodes, weights = gaussian_nodes(INSTRUMENT.sigma_rad, 0.2 * INSTRUMENT.sigma_rad)
    response = Response(INSTRUMENT.beam.wavelength_m, 1e8, 100.0, 10.0, 1e-6)
    for i in (5, 60, 150, 400):
        theta = math.radians(0.5 * float(np.asarray(acquired.raw["two_theta_deg"])[i]))
        open_to = 1.0 / float(np.asarray(acquired.raw["attenuation"])[i])
        mean = 3.0 * mean_rate(theta, nodes, weights, stack, response, open_to)
        assert float(np.asarray(acquired.raw["counts"])[i]) == pytest.approx(mean, rel=2e-3)


def test_counts_are_poisson() -> None:
    specimen = _specimen(_layer(60.0))
    errors, mounting = INSTRUMENT.calibrate(None), INSTRUMENT.mount(specimen, None)
    chosen = INSTRUMENT.checked({"two_theta_stop_deg": 2.0})
    mean = np.asarray(INSTRUMENT.acquire(specimen, chosen, errors, mounting, None).raw["counts"], float)
    rng = np.random.default_rng(20)
    drawn = [INSTRUMENT.acquire(specimen, chosen, errors, mounting, rng).raw["counts"] for _ in range(50)]
    # Σ(N − μ)²/μ over 50 × 181 points: 9050 ± √(2·9050).
    chi_square = float(np.sum(np.square(np.asarray(drawn, float) - mean) / mean))
    number = 50 * len(mean)
    assert abs(chi_square - number) < 5.0 * math.sqrt(2.0 * number)
