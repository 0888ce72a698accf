"""What every instrument that watches the process keeps to, beside what all instruments do."""

import numpy as np
import pytest

from tansaki.twin.deposition.course import Course
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.process.instrument import (
    PROCESS_INSTRUMENTS,
    ProcessInstrument,
    open_process_instrument,
)


@pytest.fixture(params=PROCESS_INSTRUMENTS)
def instrument(request: pytest.FixtureRequest) -> ProcessInstrument:
    return open_process_instrument(request.param)


def test_a_clean_run_gives_no_flag_and_no_place_on_a_sample(instrument: ProcessInstrument, course: Course) -> None:
    record = instrument.measure(course, np.random.default_rng(1))
    assert record.flags == ()
    assert instrument.measure(course, np.random.default_rng(0)).position is None


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


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="measurement"):
        open_process_instrument("crystal_ball")
