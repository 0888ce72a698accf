"""Gauges on true courses: coverage of what they state, where they end, and what the laboratory keeps of a run."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.deposition.course import Course, at_instants, joined
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer
from tansaki.twin.measurement.process.process_gauges import ProcessGauges
from tansaki.twin.measurement.process.recording import recorded_trace
from tansaki.twin.quantities import load

CourseAt = Callable[..., Course]


@pytest.fixture(scope="module")
def gauges() -> ProcessGauges:
    return ProcessGauges(load("instruments", "process_gauges"))


@pytest.fixture(scope="module")
def spectrometer() -> EmissionSpectrometer:
    return EmissionSpectrometer(load("instruments", "emission_spectrometer"))


def truths(course: Course) -> dict[str, float]:
    first, last = course.time_s[course.burning][[0, -1]]
    lit = at_instants(course, np.linspace(first, last, 4000))
    return {
        "pressure": float(lit.pressure_pa.mean()),
        "oxygen_flow": float(lit.oxygen_flow_sccm.mean()),
        "voltage": float(lit.voltage_v.mean()),
        "current": float(lit.current_a.mean()),
        "power": float((lit.voltage_v * lit.current_a).mean()),
        "substrate_temperature": float(lit.substrate_temperature_c.mean()),
    }


def test_intervals_hold_the_truth(gauges: ProcessGauges, course_at: CourseAt) -> None:
    rng = np.random.default_rng(3)
    held: dict[str, list[bool]] = {}
    for oxygen_pa, argon_pa, power_w, temperature_c in (
        (2e-3, 1.0, 120.0, 300.0), (0.05, 0.3, 60.0, 25.0), (0.02, 3.0, 180.0, 450.0)
    ):  # fmt: skip
        course = course_at(oxygen_pa, argon_pa, power_w, temperature_c)
        truth = truths(course)
        for _ in range(130):
            derived = gauges.measure(course, rng).derived
            for name, value in truth.items():
                held.setdefault(name, []).append(abs(derived[name].value - value) < 1.96 * derived[name].u)
    for name, hits in held.items():
        # rectangular bounds are held by 1.96 u always
        assert np.mean(hits) >= 0.92, name


def test_repeats_do_not_average_the_heater_away(gauges: ProcessGauges, course_at: CourseAt) -> None:
    course = course_at(temperature_c=300.0)
    rng = np.random.default_rng(4)
    misses, stated = [], 0.0
    for _ in range(60):
        session = gauges.session(rng, "session")
        mounting = gauges.mount(course, rng)
        found = [gauges.measure(course, rng, calibration=session, mounting=mounting) for _ in range(3)]
        values = [m.derived["substrate_temperature"].value for m in found]
        stated = found[0].derived["substrate_temperature"].u_systematic
        misses.append(np.mean(values) - truths(course)["substrate_temperature"])
    assert np.std(misses) == pytest.approx(stated, rel=0.3)
    # the heater itself is 20 to 80 K hotter than a surface at 300 degC
    assert 20.0 < gauges.thermocouple.lead * 275.0 < 80.0
    assert stated > 5.0


def test_a_slow_thermocouple_is_behind_a_ramp(gauges: ProcessGauges, course: Course) -> None:
    ramp = replace(course, substrate_temperature_c=25.0 + 0.5 * course.time_s)
    seen = gauges.readings(ramp, gauges.calibrate(None), 0.0, None)["substrate_temperature_c"]
    assert ramp.substrate_temperature_c[-1] - seen[-1] == pytest.approx(0.5 * gauges.thermocouple.lag_s, rel=1e-6)


def test_gauges_read_their_gas(gauges: ProcessGauges, course: Course) -> None:
    still = np.ones_like(course.time_s)
    pure = replace(course, pressures_pa={"ar": 0.01 * still, "o2": 0.0 * still})
    seen = gauges.readings(pure, gauges.calibrate(None), 0.0, None)
    assert seen["ion_gauge_pa"][-1] == pytest.approx(0.013)
    assert seen["pressure_pa"][-1] == pytest.approx(0.01)
    assert seen["pirani_pa"][-1] == gauges.pirani.least_pa


def test_flags(gauges: ProcessGauges, course: Course) -> None:
    dark = replace(course, voltage_v=0.0 * course.voltage_v)
    found = gauges.measure(dark, np.random.default_rng(0))
    assert found.flags == ("no_plasma",)
    assert set(found.derived) == {"substrate_temperature"}
    dense = replace(course, pressures_pa={"ar": 20.0 * np.ones_like(course.time_s)})
    found = gauges.measure(dense, None)
    assert found.flags == ("over_range",)
    assert "pressure" not in found.derived
    assert found.derived["pressure_lower_bound"].value == pytest.approx(gauges.manometer.full_scale_pa)


def test_a_missing_channel_is_named(gauges: ProcessGauges, course: Course) -> None:
    record = gauges.measure(course, None)
    raw = {name: values for name, values in record.raw.items() if name != "arcs"}
    with pytest.raises(InvalidInputError, match="arcs"):
        gauges.analyse(raw, record.settings)


def test_the_record_of_a_run_is_what_was_read(
    gauges: ProcessGauges, spectrometer: EmissionSpectrometer, course_at: CourseAt
) -> None:
    course = course_at(0.05)
    rng = np.random.default_rng(5)
    errors, light = gauges.calibrate(rng), spectrometer.calibrate(rng)
    trace = recorded_trace(course, (gauges, errors), (spectrometer, light), np.random.default_rng(6))
    assert trace.events == course.events
    lit = course.burning
    for name, truth in (
        ("pressure_pa", course.pressure_pa), ("voltage_v", course.voltage_v), ("current_a", course.current_a),
        ("oxygen_flow_sccm", course.oxygen_flow_sccm),
        ("substrate_temperature_c", course.substrate_temperature_c),
    ):  # fmt: skip
        assert trace.channels[name].shape == course.time_s.shape
        assert not np.array_equal(trace.channels[name][lit], truth[lit])
        np.testing.assert_allclose(trace.channels[name][lit][-20:], truth[lit][-20:], rtol=0.05)
    # two readings are those that the run itself was made with
    np.testing.assert_array_equal(trace.channels["oxygen_pressure_pa"], course.oxygen_reading_pa)
    np.testing.assert_array_equal(trace.channels["deposited_nm"], course.deposited_reading_nm)
    assert trace.channels["arcs"][-1] == len(course.arcs_s)
    ideal = recorded_trace(course, (gauges, gauges.calibrate(None)), (spectrometer, spectrometer.calibrate(None)), None)
    early = np.flatnonzero(lit)[0]
    assert ideal.channels["emission_metal"][-1] < 0.1 * ideal.channels["emission_metal"][early]
    dark = ideal.channels["emission_metal"][~lit]
    assert not np.any(dark)


def test_a_course_can_be_seen_at_other_instants_and_joined(course: Course) -> None:
    halfway = 0.5 * (course.time_s[1:] + course.time_s[:-1])
    between = at_instants(course, halfway)
    np.testing.assert_allclose(between.pressure_pa, 0.5 * (course.pressure_pa[1:] + course.pressure_pa[:-1]))
    both = joined([course, course], [0.0, 1000.0])
    assert len(both.arcs_s) == 2 * len(course.arcs_s)
    assert both.events[len(course.events)][0] == pytest.approx(1000.0 + course.events[0][0])
    with pytest.raises(InvalidInputError, match="instants"):
        at_instants(course, np.array([1e9]))
