"""What every instrument that watches the process keeps to."""

import math

import numpy as np
import pytest

from tansaki.experiments.codec import decode, encode
from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.deposition.course import Course
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.process.instrument import (
    PROCESS_INSTRUMENTS,
    ProcessInstrument,
    open_process_instrument,
)
from tansaki.twin.quantities import available
from tansaki.twin.records import Deposition


@pytest.fixture(scope="module")
def course() -> Course:
    deposition = Deposition(120.0, 1.0, 200.0, 20000.0, 0.06, 0.01, thickness_nm=10.0)
    return open_chamber().deposit(deposition, ChamberState(), np.random.default_rng(0)).course


@pytest.fixture(params=PROCESS_INSTRUMENTS)
def instrument(request: pytest.FixtureRequest) -> ProcessInstrument:
    return open_process_instrument(request.param)


def test_the_name_is_that_of_its_file_and_of_its_class(instrument: ProcessInstrument) -> None:
    assert instrument.name in available("instruments")
    assert PROCESS_INSTRUMENTS[instrument.name].endswith(f":{type(instrument).__name__}")
    assert instrument.file.title


def test_every_raw_array_says_what_it_is(instrument: ProcessInstrument, course: Course) -> None:
    record = instrument.measure(course, np.random.default_rng(0))
    assert record.position is None
    assert set(record.raw) == set(record.columns)
    for name, column in record.columns.items():
        assert set(column.axes) <= set(record.raw)
        if column.axes:
            assert record.raw[name].shape == tuple(len(record.raw[axis]) for axis in column.axes)


def test_the_record_tells_time_and_values_with_uncertainty(instrument: ProcessInstrument, course: Course) -> None:
    record = instrument.measure(course, np.random.default_rng(1))
    assert float(record.settings["duration_s"]) > 0.0
    assert record.flags == ()
    assert record.derived
    for derived in record.derived.values():
        assert math.isfinite(derived.value)
        assert 0.0 <= derived.u_systematic <= derived.u * (1.0 + 1e-12)
        assert derived.u < math.inf


def test_the_analysis_of_the_stored_record_repeats_the_values(instrument: ProcessInstrument, course: Course) -> None:
    record = instrument.measure(course, np.random.default_rng(2))
    arrays: dict[str, np.ndarray] = {}
    kept = encode(record, arrays)
    stored = decode(kept, arrays.__getitem__)
    derived, flags = instrument.analyse(stored.raw, stored.settings)
    assert (derived, flags) == (record.derived, record.flags)


def test_a_record_that_lacks_something_is_refused_by_name(instrument: ProcessInstrument, course: Course) -> None:
    record = instrument.measure(course, None)
    for name in set(record.raw) - {"time_s"}:
        with pytest.raises(InvalidInputError, match=name):
            instrument.analyse({k: v for k, v in record.raw.items() if k != name}, record.settings)

    def said_without(name: str) -> str:
        try:
            instrument.analyse(record.raw, {k: v for k, v in record.settings.items() if k != name})
        except InvalidInputError as refused:
            return str(refused)
        return name  # a setting that the analysis does not need

    for name in record.settings:
        assert name in said_without(name)


def test_equal_generators_give_equal_records_and_others_do_not(instrument: ProcessInstrument, course: Course) -> None:
    one, two, other = (instrument.measure(course, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one.derived == two.derived
    for name in one.raw:
        np.testing.assert_array_equal(one.raw[name], two.raw[name])
    assert one.derived != other.derived


def test_the_ideal_reading_is_the_same_each_time(instrument: ProcessInstrument, course: Course) -> None:
    one, two = instrument.measure(course, None), instrument.measure(course, None)
    assert one.derived == two.derived


def test_a_session_keeps_its_errors_and_its_name(instrument: ProcessInstrument, course: Course) -> None:
    session = instrument.session(np.random.default_rng(5), "today")
    record = instrument.measure(course, np.random.default_rng(6), calibration=session)
    assert record.calibration_id == "today"


def test_settings_out_of_range_or_unknown_are_refused(instrument: ProcessInstrument, course: Course) -> None:
    with pytest.raises(InvalidInputError, match=f"setting of {instrument.name}"):
        instrument.measure(course, None, settings={"colour": 1.0})
    for name, quantity in instrument.choices.items():
        ends = quantity.possible or quantity.valid
        assert ends, f"{name} has no range"
        with pytest.raises(InvalidInputError, match=name):
            instrument.measure(course, None, settings={name: ends[1] * 2.0 + 1.0})


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="measurement"):
        open_process_instrument("crystal_ball")
