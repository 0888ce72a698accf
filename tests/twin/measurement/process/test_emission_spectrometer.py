"""Spectra end to end: what the analysis finds, what it states, and where it refuses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.deposition.course import Course, at_instants
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.process.emission_analysis import pixel_edges_nm, profile
from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer
from tansaki.twin.quantities import load

CourseAt = Callable[..., Course]


@pytest.fixture(scope="module")
def spectrometer() -> EmissionSpectrometer:
    return EmissionSpectrometer(load("instruments", "emission_spectrometer"))


def exposed(course: Course, exposures: int = 20) -> Course:
    """The course at the instants of the exposures."""
    first, last = course.time_s[course.burning][[0, -1]]
    return at_instants(course, np.linspace(first, last, exposures))


def test_a_line_keeps_its_light_whatever_its_width() -> None:
    edges = pixel_edges_nm(300.0, 860.0, 2048)
    for width in (0.1, 0.3, 2.0):
        shape = profile(edges, 500.123, width)
        assert shape.sum() == pytest.approx(1.0, abs=1e-12)
    assert shape @ (0.5 * (edges[1:] + edges[:-1])) == pytest.approx(500.123, abs=1e-6)


def test_the_ideal_record_gives_back_the_light_of_every_line(
    spectrometer: EmissionSpectrometer, course: Course
) -> None:
    found = spectrometer.measure(course, None)
    seen = exposed(course)
    for line in ("ar_750", "ar_811", "ti_500", "ti_365", "nb_406"):
        # stray light and continuum are flat and drop out
        expected = spectrometer.rate_per_s(seen, line, 0.0).mean()
        assert found.derived[line].value == pytest.approx(expected, rel=1e-3)


def test_the_ideal_ratio_of_oxygen_is_the_true_one(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    for oxygen_pa in (0.01, 0.05, 0.1):
        course = course_at(oxygen_pa)
        truth = spectrometer.oxygen_to_argon(exposed(course), 0.0).mean()
        assert spectrometer.measure(course, None).derived["oxygen_to_argon"].value == pytest.approx(truth, rel=0.02)


def test_intervals_hold_the_oxygen_ratio(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    rng = np.random.default_rng(1)
    hits, above = [], []
    for oxygen_pa, argon_pa, power_w in ((0.02, 0.5, 90.0), (0.05, 1.0, 120.0), (0.1, 1.5, 150.0), (2e-3, 1.0, 120.0)):
        course = course_at(oxygen_pa, argon_pa, power_w)
        for _ in range(60):
            mounting = spectrometer.mount(course, rng)
            derived = spectrometer.measure(course, rng, mounting=mounting).derived
            truth = spectrometer.oxygen_to_argon(exposed(course), mounting).mean()
            if "oxygen_to_argon" in derived:
                hits.append(abs(derived["oxygen_to_argon"].value - truth) < 1.96 * derived["oxygen_to_argon"].u)
            else:
                above.append(derived["oxygen_to_argon_upper_bound"].value > truth)
    assert len(hits) > 150
    assert 0.92 <= np.mean(hits) <= 0.98
    assert len(above) > 30
    assert np.mean(above) > 0.9  # stated for 95 %


def test_repeats_under_one_calibration_do_not_average_the_systematic_part_away(
    spectrometer: EmissionSpectrometer, course_at: CourseAt
) -> None:
    course = course_at(0.05)
    rng = np.random.default_rng(2)
    misses, stated = [], []
    for _ in range(40):
        session, mounting = spectrometer.session(rng, "s"), spectrometer.mount(course, rng)
        found = [spectrometer.measure(course, rng, calibration=session, mounting=mounting) for _ in range(4)]
        ratios = [m.derived["oxygen_to_argon"] for m in found]
        truth = spectrometer.oxygen_to_argon(exposed(course), mounting).mean()
        misses.append(np.mean([d.value for d in ratios]) - truth)
        stated.append(ratios[0].u_systematic)
    assert np.std(misses) == pytest.approx(np.mean(stated), rel=0.35)


def test_more_exposures_lessen_the_random_part_alone(spectrometer: EmissionSpectrometer, course: Course) -> None:
    course = at_instants(course, course.time_s[-2:])
    few, many = (
        spectrometer.measure(course, np.random.default_rng(3), settings={"exposures": n}).derived["ti_500"]
        for n in (10, 160)
    )
    random = [np.sqrt(d.u**2 - d.u_systematic**2) for d in (few, many)]
    assert random[0] / random[1] == pytest.approx(4.0, rel=0.15)
    assert many.u_systematic == pytest.approx(few.u_systematic, rel=0.05)


def test_counts_are_poisson(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    course = at_instants(course_at(0.05), course_at(0.05).time_s[-2:])
    steady = spectrometer.measure(course, np.random.default_rng(4), settings={"exposures": 500.0}).raw
    pixel = int(np.argmax(steady["counts"].mean(axis=0)))
    light = steady["counts"][:, pixel] - spectrometer.detector.bias
    assert light.var() / light.mean() == pytest.approx(1.0, abs=4.0 * np.sqrt(2.0 / 500.0))


def test_metal_light_falls_as_the_target_covers_and_the_window_drops_out_of_the_ratio(
    spectrometer: EmissionSpectrometer, course_at: CourseAt
) -> None:
    found = [spectrometer.measure(course_at(p), None).derived["metal_to_argon"].value for p in (1e-4, 1e-3, 1e-2, 0.1)]
    assert all(found[k + 1] < 0.9 * found[k] for k in range(3))
    course = course_at(1e-3)
    coated = replace(course, window_transmission=0.4 * course.window_transmission)
    clear, dim = (spectrometer.measure(c, None).derived for c in (course, coated))
    assert dim["ti_500"].value == pytest.approx(0.4 * clear["ti_500"].value, rel=1e-3)
    assert dim["metal_to_argon"].value == pytest.approx(clear["metal_to_argon"].value, rel=1e-3)


def test_flags(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    rng = np.random.default_rng(5)
    course = course_at(0.05)
    assert spectrometer.measure(course, rng).flags == ()
    full = spectrometer.measure(course, rng, settings={"exposure_s": 5.0})
    assert "saturated" in full.flags
    assert "ar_750" not in full.derived
    assert "oxygen_to_argon" not in full.derived
    truth = spectrometer.rate_per_s(exposed(course), "ar_750", 0.0).mean()
    assert 0.0 < full.derived["ar_750_lower_bound"].value < truth
    leaking = replace(course, pressures_pa={**course.pressures_pa, "n2": np.full_like(course.time_s, 0.02)})
    assert "nitrogen" in spectrometer.measure(leaking, rng).flags
    assert "no_oxygen_light" in spectrometer.measure(course_at(1e-4), rng).flags
    fresh = replace(course, collector_coverage=0.0 * course.collector_coverage)  # metal walls take the atoms
    mounting = spectrometer.mount(fresh, rng)
    metallic = spectrometer.measure(fresh, rng, mounting=mounting)
    assert metallic.flags == ("dissociative_excitation",)
    assert "oxygen_to_argon" not in metallic.derived
    truth = spectrometer.oxygen_to_argon(exposed(fresh), mounting).mean()
    assert metallic.derived["oxygen_to_argon_upper_bound"].value > 1.2 * truth
    with pytest.raises(InvalidInputError, match="plasma"):
        spectrometer.measure(replace(course, voltage_v=0.0 * course.voltage_v), rng)


def test_a_shifted_scale_is_found(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    course = course_at(0.05)
    shifted = spectrometer.session(None, "s")
    shifted = shifted._replace(errors=shifted.errors._replace(shift_nm=0.15))
    straight = spectrometer.measure(course, None).derived
    found = spectrometer.measure(course, None, calibration=shifted).derived
    assert found["oxygen_to_argon"].value == pytest.approx(straight["oxygen_to_argon"].value, rel=2e-3)


def test_the_fast_signal_has_the_noise_of_its_photons(spectrometer: EmissionSpectrometer, course_at: CourseAt) -> None:
    course = course_at(1e-3)
    late = at_instants(course, np.full(4000, course.time_s[-1]))
    errors = spectrometer.calibrate(None)
    mean = spectrometer.monitored_per_s(late, "ti_500", errors, 0.0, None)[0]
    noisy = spectrometer.monitored_per_s(late, "ti_500", errors, 0.0, np.random.default_rng(6))
    exposure = spectrometer.monitor.exposure_s
    expected = np.sqrt(mean * exposure + spectrometer.detector.read_noise**2) / exposure
    assert 0.01 <= exposure <= 0.1
    assert noisy.mean() == pytest.approx(mean, rel=4.0 * expected / mean / np.sqrt(4000))
    assert noisy.std() == pytest.approx(expected, rel=0.05)
    with pytest.raises(InvalidInputError, match="line"):
        spectrometer.rate_per_s(course, "xe_828", 0.0)
