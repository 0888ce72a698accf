"""What every instrument keeps to, whatever it measures."""

import math
from typing import TypeAlias

import numpy as np
import pytest

from tansaki.experiments.codec import decode, encode
from tansaki.twin.deposition.course import Course
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.grow import grow
from tansaki.twin.measurement.instrument import INSTRUMENTS, MeasurementChain, open_instrument
from tansaki.twin.measurement.process.instrument import PROCESS_INSTRUMENTS, open_process_instrument
from tansaki.twin.quantities import available, load
from tansaki.twin.records import Anneal, GrowthConditions
from tansaki.twin.specimens.specimen import Specimen
from tansaki.twin.specimens.titania import specimen_of_film

Subject: TypeAlias = Specimen | Course
ALL = {**INSTRUMENTS, **PROCESS_INSTRUMENTS}
CONDITIONS = GrowthConditions(100e-9, 5e-11, 1.0, 0.01, 0.99, 15.0, 300.0, 0.06)


@pytest.fixture(scope="module")
def specimen() -> Specimen:
    film = grow([CONDITIONS], Anneal(500.0, 3600.0, "vacuum"), "glass", load("materials", "nb_tio2"))
    return specimen_of_film(film, "sample", "glass", 0.01, 0.01)


@pytest.fixture(params=ALL)
def instrument(request: pytest.FixtureRequest) -> MeasurementChain:
    return (open_instrument if request.param in INSTRUMENTS else open_process_instrument)(request.param)


@pytest.fixture
def subject(instrument: MeasurementChain, specimen: Specimen, course: Course) -> Subject:
    return specimen if instrument.name in INSTRUMENTS else course


def test_the_name_is_that_of_its_file_and_of_its_class(instrument: MeasurementChain) -> None:
    assert instrument.name in available("instruments")
    assert ALL[instrument.name].endswith(f":{type(instrument).__name__}")
    assert instrument.file.title


def test_every_raw_array_says_what_it_is(instrument: MeasurementChain, subject: Subject) -> None:
    record = instrument.measure(subject, np.random.default_rng(0))
    assert set(record.raw) == set(record.columns)
    for name, column in record.columns.items():
        assert set(column.axes) <= set(record.raw)
        if column.axes:
            assert record.raw[name].shape == tuple(len(record.raw[axis]) for axis in column.axes)


def test_the_record_tells_time_and_values_with_uncertainty(
    instrument: MeasurementChain, subject: Specimen | Course
) -> None:
    record = instrument.measure(subject, np.random.default_rng(1))
    assert float(record.settings["duration_s"]) > 0.0
    assert record.derived
    for derived in record.derived.values():
        assert math.isfinite(derived.value)
        assert 0.0 <= derived.u_systematic <= derived.u * (1.0 + 1e-12)
        assert derived.u < math.inf


def test_the_analysis_of_the_stored_record_repeats_the_values(
    instrument: MeasurementChain, subject: Specimen | Course
) -> None:
    record = instrument.measure(subject, np.random.default_rng(2))
    arrays: dict[str, np.ndarray] = {}
    kept = encode(record, arrays)
    stored = decode(kept, arrays.__getitem__)
    derived, flags = instrument.analyse(stored.raw, stored.settings)
    assert (derived, flags) == (record.derived, record.flags)


def test_equal_generators_give_equal_records_and_others_do_not(
    instrument: MeasurementChain, subject: Specimen | Course
) -> None:
    one, two, other = (instrument.measure(subject, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one.derived == two.derived
    for name in one.raw:
        np.testing.assert_array_equal(one.raw[name], two.raw[name])
    assert one.derived != other.derived


def test_the_ideal_reading_is_the_same_each_time(instrument: MeasurementChain, subject: Subject) -> None:
    one, two = instrument.measure(subject, None), instrument.measure(subject, None)
    assert one.derived == two.derived


def test_a_session_keeps_its_errors_and_its_name(instrument: MeasurementChain, subject: Subject) -> None:
    session = instrument.session(np.random.default_rng(5), "today")
    record = instrument.measure(subject, np.random.default_rng(6), calibration=session)
    assert record.calibration_id == "today"


def test_settings_out_of_range_or_unknown_are_refused(instrument: MeasurementChain, subject: Subject) -> None:
    with pytest.raises(InvalidInputError, match=f"setting of {instrument.name}"):
        instrument.measure(subject, None, settings={"colour": 1.0})
    for name, quantity in instrument.choices.items():
        ends = quantity.possible or quantity.valid
        assert ends, f"{name} has no range"
        with pytest.raises(InvalidInputError, match=name):
            instrument.measure(subject, None, settings={name: ends[1] * 2.0 + 1.0})
