"""The probe end to end: hidden film, raw record, analysed value and what its uncertainty claims."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical.four_point_analysis import (
    analyse,
    nominal_factor,
    placement_uncertainty,
)
from tansaki.twin.measurement.electrical.four_point_probe import FourPointProbe
from tansaki.twin.measurement.electrical.source_meter import FILE, OVERFLOW, SourceMeter
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Measurement
from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen

PROBE = FourPointProbe(load("instruments", "four_point_probe"))


def _film(sheet_ohm: float, thickness_m: float = 100e-9, length_m: float = 0.01) -> Specimen:
    layer = FilmLayer(thickness_m, {"Ti": 1.0, "O": 2.0}, 3890.0, 0.0, lambda wavelength_m: 2.5 + 0j * wavelength_m)
    return Specimen("any", "glass", length_m, 0.01, (layer,), Charge(sheet_ohm * thickness_m, 1e27, 1e-3))


def _truth(specimen: Specimen) -> tuple[float, float]:
    """Sheet resistance and resistivity."""
    assert specimen.charge is not None
    rho = specimen.charge.resistivity_ohm_m
    return rho / specimen.thickness_m, rho


def _with(**changes: float) -> FourPointProbe:
    """The instrument with other values; a name is section__quantity."""
    return FourPointProbe(_changed(PROBE.file, changes))


def _changed(file: DataFile, changes: Mapping[str, float]) -> DataFile:
    sections = {name: dict(section) for name, section in file.sections.items()}
    for key, value in changes.items():
        section, name = key.split("__")
        sections[section][name] = replace(sections[section][name], value=value)
    return DataFile(file.name, file.title, sections)


@pytest.mark.parametrize("sheet", [0.1, 1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e8])
def test_ideal_reading_returns_the_truth(sheet: float) -> None:
    record = PROBE.measure(_film(sheet), None)
    assert record.flags == ()
    assert record.derived["sheet_resistance"].value == pytest.approx(sheet, rel=1e-12)
    assert record.derived["thickness"].value == pytest.approx(100.0, rel=1e-12)
    assert record.derived["resistivity"].value == pytest.approx(sheet * 100e-9 * 100.0, rel=1e-12)


@pytest.mark.parametrize("sheet", [0.1, 1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6])
def test_bias_with_reversal_is_inside_the_data_sheet(sheet: float) -> None:
    # Head exactly in place: what is left are source and meter (gain bounds of 2450) and noise.
    rng = np.random.default_rng(7)
    placed = PROBE.mount(_film(1.0), None)._replace(emf_v=2e-6)
    for _ in range(20):
        record = PROBE.measure(_film(sheet), rng, mounting=placed)
        derived, settings = record.derived["sheet_resistance"], record.settings
        bound = float(settings["voltage_gain"]) + float(settings["current_gain"])
        random = math.sqrt(derived.u**2 - derived.u_systematic**2)
        assert abs(derived.value - sheet) <= bound * sheet * 1.001 + 5.0 * random
        assert random < 1e-3 * sheet


def test_reversal_is_needed_for_metallic_films() -> None:
    # 1 ohm/sq: without reversal the voltmeter's offset (150 uV specified) stays in the value.
    one_way = _with(method__reversals=0.0)
    errors = {}
    for name, instrument in (("reversed", PROBE), ("one way", one_way)):
        rng = np.random.default_rng(1)
        records = [instrument.measure(_film(1.0), rng) for _ in range(200)]
        values = [r.derived["sheet_resistance"] for r in records]
        errors[name] = math.sqrt(np.mean([(d.value - 1.0) ** 2 for d in values]))
        # Either way the claimed uncertainty is the size of the error.
        claimed = math.sqrt(np.mean([d.u**2 for d in values]))
        assert errors[name] == pytest.approx(claimed, rel=0.2)
    assert errors["one way"] > 1.8 * errors["reversed"]


def _covers(record: Measurement, name: str, truth: float) -> bool:
    derived = record.derived[name]
    return abs(derived.value - truth) <= 1.96 * derived.u


def test_coverage_of_the_95_percent_interval() -> None:
    rng = np.random.default_rng(2024)
    hits = {"sheet_resistance": 0, "thickness": 0, "resistivity": 0}
    for _ in range(500):
        film = _film(10.0 ** rng.uniform(-1.0, 6.0), rng.uniform(30e-9, 500e-9))
        record = PROBE.measure(film, rng)
        sheet, resistivity = _truth(film)
        hits["sheet_resistance"] += _covers(record, "sheet_resistance", sheet)
        hits["thickness"] += _covers(record, "thickness", 1e9 * film.thickness_m)
        hits["resistivity"] += _covers(record, "resistivity", 100.0 * resistivity)
    for name, number in hits.items():
        assert 0.92 <= number / 500 <= 0.98, (name, number)


def test_repeats_on_one_mounting_do_not_beat_the_systematic_part() -> None:
    rng = np.random.default_rng(5)
    excess = []
    for _ in range(40):
        mounting, calibration = PROBE.mount(_film(1.0), rng), PROBE.session(rng, "today")
        records = [PROBE.measure(_film(50.0), rng, mounting=mounting, calibration=calibration) for _ in range(100)]
        values = [r.derived["resistivity"].value for r in records]
        systematic = records[0].derived["resistivity"].u_systematic
        mean = float(np.mean(values))
        # The spread of the mean shrinks far below the systematic part ...
        assert np.std(values) / math.sqrt(100) < 0.02 * systematic
        excess.append((mean - 5e-4) / systematic)
    # ... but its distance from the truth keeps that size.
    assert 0.7 < math.sqrt(np.mean(np.square(excess))) < 1.3


def test_calibration_is_shared_by_a_session() -> None:
    rng = np.random.default_rng(9)
    exact = _with(tips__offset_m=0.0, tips__rotation_rad=0.0, tips__pin_m=0.0, stylus__step_m=0.0)
    exact.meter = SourceMeter(_changed(load("instruments", FILE), {"voltage_range_2__gain": 0.05}))
    session = exact.session(rng, "session 1")
    records = [exact.measure(_film(100.0), rng, calibration=session) for _ in range(10)]
    values = np.array([r.derived["sheet_resistance"].value for r in records])
    assert {r.calibration_id for r in records} == {"session 1"}
    assert np.ptp(values) < 1e-4 * 100.0
    expected = (1.0 + session.errors.meter.voltage[1][0]) * (1.0 + session.errors.meter.current[4][0])
    assert values.mean() == pytest.approx(100.0 * expected, rel=1e-4)


def test_compliance_gives_a_bound_and_no_value() -> None:
    record = PROBE.measure(_film(1e10), np.random.default_rng(0))
    assert record.flags == ("compliance",)
    assert record.raw["compliance"].all()
    assert set(record.derived) == {"thickness", "sheet_resistance_lower_bound", "resistivity_lower_bound"}
    bound = record.derived["sheet_resistance_lower_bound"].value
    # 20 V at 100 nA across two tips of 50 um radius, 3 mm apart.
    assert bound == pytest.approx(2e8 * math.pi / math.log(60.0), rel=1e-9)
    assert PROBE.measure(_film(0.99 * bound), None).flags == ()
    assert PROBE.measure(_film(1.01 * bound), None).flags == ("compliance",)


def test_over_range_is_the_sentinel_in_the_raw_record() -> None:
    strong = _with(method__limit_voltage_v=200.0)
    record = strong.measure(_film(1.2e9), np.random.default_rng(0))
    assert record.flags == ("over_range",)
    assert (record.raw["voltage_v"] == OVERFLOW).all()
    assert not {"sheet_resistance", "resistivity"} & set(record.derived)
    bound = record.derived["sheet_resistance_lower_bound"].value
    assert bound == pytest.approx(nominal_factor(1e-3, 0.01, 0.01) * 21.0 / 1e-7, rel=1e-12)
    assert strong.measure(_film(0.99 * bound), None).flags == ()
    both = strong.measure(_film(1e10), None)
    assert both.flags == ("over_range", "compliance")
    assert both.derived["sheet_resistance_lower_bound"].value <= bound


def test_one_overflow_among_good_readings_is_enough() -> None:
    record = PROBE.measure(_film(100.0), None)
    voltage = np.array(record.raw["voltage_v"], dtype=float)
    voltage[3] = OVERFLOW
    derived, flags = analyse({**record.raw, "voltage_v": voltage}, record.settings)
    assert flags == ("over_range",)
    assert "resistivity" not in derived


def test_analysis_of_the_stored_record_repeats_the_value() -> None:
    record = PROBE.measure(_film(100.0), np.random.default_rng(3))
    assert analyse(record.raw, record.settings) == (record.derived, record.flags)


def test_same_generator_state_gives_the_same_record() -> None:
    one, two = (PROBE.measure(_film(100.0), np.random.default_rng(3)) for _ in range(2))
    assert one.derived == two.derived
    np.testing.assert_array_equal(one.raw["voltage_v"], two.raw["voltage_v"])


@given(st.floats(-2.0, 8.0))
def test_auto_ranging_reads_in_the_upper_part_of_a_range(log_sheet: float) -> None:
    settings = PROBE.measure(_film(10.0**log_sheet), None).settings
    level, span = float(settings["current_range_a"]), float(settings["voltage_range_v"])
    voltage = level * 10.0**log_sheet / nominal_factor(1e-3, 0.01, 0.01)
    assert voltage <= span
    smallest_or_largest = level in (1e-7, 1e-2)
    assert smallest_or_largest or voltage > 0.0199


def test_placement_uncertainty_is_the_spread_of_placements() -> None:
    rng = np.random.default_rng(12)
    quiet = _with(thermal_voltage__emf_v=0.0, thermal_voltage__drift_v=0.0)
    ideal = PROBE.session(None, "ideal")
    values = [
        quiet.measure(_film(100.0), rng, calibration=ideal).derived["sheet_resistance"].value for _ in range(1500)
    ]
    rms = math.sqrt(np.mean((np.array(values) / 100.0 - 1.0) ** 2))
    assert rms == pytest.approx(placement_uncertainty(1e-3, 0.01, 0.01, 2e-4, 0.02, 1e-5), rel=0.08)


def test_laboratory_time_is_told() -> None:
    duration = float(PROBE.measure(_film(100.0), None).settings["duration_s"])
    # Head down and up (5-20 s a point), 20 readings and a search of 0.3 s each, a minute of stylus.
    assert 70.0 < duration < 85.0


def test_a_sample_that_the_head_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="longer than three spacings"):
        PROBE.measure(_film(1.0, length_m=0.003), None)
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidInputError, match="every tip lands"):  # noqa: PT012
        for _ in range(100):
            PROBE.mount(_film(1.0, length_m=0.0031), rng)


def test_a_film_that_does_not_conduct_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="finite and positive"):
        PROBE.measure(_film(math.inf), None)


def test_readings_that_cannot_be_paired_are_refused() -> None:
    record = PROBE.measure(_film(1.0), None)
    one_sign = np.abs(record.raw["current_a"].astype(float))
    with pytest.raises(InvalidInputError, match="opposite"):
        analyse({**record.raw, "current_a": one_sign}, record.settings)


def test_a_setting_left_out_is_named() -> None:
    record = PROBE.measure(_film(1.0), None)
    settings = {k: v for k, v in record.settings.items() if k != "spacing_m"}
    with pytest.raises(InvalidInputError, match="spacing_m"):
        analyse(record.raw, settings)


def test_a_record_of_unequal_lengths_is_refused() -> None:
    record = PROBE.measure(_film(1.0), None)
    with pytest.raises(InvalidInputError, match="as many voltages as currents"):
        analyse({**record.raw, "voltage_v": np.zeros(3)}, record.settings)
