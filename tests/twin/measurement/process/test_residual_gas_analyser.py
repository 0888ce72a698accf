"""Partial pressures end to end: exact without noise, honest with it, and the leak test."""

from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.deposition.course import Course
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.process.residual_gas_analyser import ResidualGasAnalyser
from tansaki.twin.quantities import load


@pytest.fixture(scope="module")
def analyser() -> ResidualGasAnalyser:
    return ResidualGasAnalyser(load("instruments", "residual_gas_analyser"))


def filled(course: Course, **pressures_pa: float) -> Course:
    """The course with steady partial pressures."""
    still = np.ones_like(course.time_s)
    return replace(course, pressures_pa={gas: value * still for gas, value in pressures_pa.items()})


MIXTURE = {"ar": 0.8, "o2": 3e-3, "h2o": 2e-4, "n2": 1e-4, "h2": 5e-5, "co2": 4e-5}


def test_without_noise_the_pressures_come_back(analyser: ResidualGasAnalyser, course: Course) -> None:
    found = analyser.measure(filled(course, **MIXTURE), None)
    for gas, value in MIXTURE.items():
        assert found.derived[f"{gas}_pressure"].value == pytest.approx(value, rel=1e-6)
    ratio = found.derived["oxygen_to_argon_pressure"]
    assert ratio.value == pytest.approx(3e-3 / 0.8, rel=1e-6)
    # gain and inlet cancel in the ratio
    assert ratio.u / ratio.value < 0.5 * found.derived["ar_pressure"].u / found.derived["ar_pressure"].value


def test_intervals_hold_the_truth(analyser: ResidualGasAnalyser, course: Course) -> None:
    rng = np.random.default_rng(1)
    hits: list[bool] = []
    ratios: list[bool] = []
    above: list[bool] = []
    for _ in range(300):
        traces = {gas: 10.0 ** rng.uniform(-7.0, -3.0) for gas in ("h2", "h2o", "n2", "co2")}
        mixture = {"ar": rng.uniform(0.3, 3.0), "o2": 10.0 ** rng.uniform(-4.0, -1.0), **traces}
        derived = analyser.measure(filled(course, **mixture), rng).derived
        for gas, value in mixture.items():
            if f"{gas}_pressure" in derived:
                hits.append(abs(derived[f"{gas}_pressure"].value - value) < 1.96 * derived[f"{gas}_pressure"].u)
            else:
                above.append(derived[f"{gas}_pressure_upper_bound"].value > value)
        ratio = derived["oxygen_to_argon_pressure"]
        ratios.append(abs(ratio.value - mixture["o2"] / mixture["ar"]) < 1.96 * ratio.u)
    assert 0.92 <= np.mean(hits) <= 0.98
    assert 0.92 <= np.mean(ratios) <= 0.985
    assert len(above) > 100
    assert np.mean(above) > 0.93


def test_repeats_do_not_average_gain_and_inlet_away(analyser: ResidualGasAnalyser, course: Course) -> None:
    mixed, rng = filled(course, **MIXTURE), np.random.default_rng(2)
    misses = []
    for _ in range(80):
        session, mounting = analyser.session(rng, "s"), analyser.mount(course, rng)
        found = [analyser.measure(mixed, rng, calibration=session, mounting=mounting) for _ in range(4)]
        misses.append(np.log(np.mean([m.derived["ar_pressure"].value for m in found]) / MIXTURE["ar"]))
    stated = found[0].derived["ar_pressure"]
    assert np.std(misses) == pytest.approx(stated.u_systematic / stated.value, rel=0.25)


def test_ions_arrive_with_shot_noise(analyser: ResidualGasAnalyser, course: Course) -> None:
    settings = {"scans": 500.0, "multiplier_gain": 1e5, "dwell_s": 0.005}
    raw = analyser.measure(filled(course, o2=1e-3), np.random.default_rng(3), settings=settings).raw
    at_32 = raw["ion_current_a"][:, raw["mass_u"] == 32.0].ravel()
    charges = at_32 * 0.005 / 1.602176634e-19
    # variance over mean is the gain, where the electrometer's own noise is small against it
    assert charges.var() / charges.mean() == pytest.approx(1e5, rel=4.0 * np.sqrt(2.0 / 500.0))


def test_the_inlet_is_late(analyser: ResidualGasAnalyser, course: Course) -> None:
    time = np.linspace(0.0, 40.0, 2001)
    step = Course(
        time_s=time,
        pressures_pa={"o2": np.where(time > 0.0, 1e-3, 0.0)},
        **{name: np.zeros_like(time) for name in ("oxygen_flow_sccm", "target_coverage", "collector_coverage",
           "current_a", "window_transmission", "substrate_temperature_c", "oxygen_reading_pa", "deposited_reading_nm",
           "voltage_v")},
        metals_per_s={}, arcs_s=np.zeros(0), events=(), idle_temperature_c=25.0, target_area_m2=2e-3,
    )  # fmt: skip
    raw = analyser.measure(step, None, settings={"scans": 41.0}).raw
    seen = raw["ion_current_a"][:, raw["mass_u"] == 32.0].ravel() - raw["shut_current_a"][31]
    late = 1.0 - np.exp(-raw["time_s"] / analyser.inlet.lag_s)
    np.testing.assert_allclose(seen / seen[-1], late / late[-1], atol=0.006)  # the step takes 20 ms


def test_argon_off_scale_is_known_by_its_lesser_peaks(analyser: ResidualGasAnalyser, course: Course) -> None:
    found = analyser.measure(filled(course, **MIXTURE), np.random.default_rng(4), settings={"multiplier_gain": 2e3})
    assert "over_range" in found.flags
    assert found.raw["ion_current_a"][:, 39].min() == analyser.analyser.largest_current_a
    assert found.derived["ar_pressure"].value == pytest.approx(0.8, abs=3.0 * found.derived["ar_pressure"].u)
    blind = analyser.measure(filled(course, **MIXTURE), np.random.default_rng(4), settings={"multiplier_gain": 1e6})
    assert "ar_pressure" not in blind.derived
    assert "ar_pressure_upper_bound" not in blind.derived


def test_leaks(analyser: ResidualGasAnalyser, course: Course) -> None:
    rng = np.random.default_rng(5)
    assert analyser.measure(course, rng).flags == ()
    air = {"n2": 7.8e-4, "o2": 2.1e-4, "ar": 9.3e-6, "h2o": 4e-5}
    found = analyser.measure(filled(course, **air), rng)
    assert found.flags == ("nitrogen", "air_leak")
    current = found.raw["ion_current_a"].mean(axis=0) - found.raw["shut_current_a"]
    assert current[13] / current[27] > 0.05
    assert analyser.measure(filled(course, **MIXTURE), rng).flags == ("nitrogen",)
    carbon = analyser.measure(filled(course, co2=2e-3), rng)
    assert "nitrogen" not in carbon.flags
    assert "n2_pressure" not in carbon.derived


def test_a_record_without_its_settings_is_refused(analyser: ResidualGasAnalyser, course: Course) -> None:
    record = analyser.measure(course, None)
    with pytest.raises(InvalidInputError, match="inlet_ratio"):
        analyser.analyse(record.raw, {k: v for k, v in record.settings.items() if k != "inlet_ratio"})
