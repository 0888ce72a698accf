"""Every record comes back as it was: types, last bits, dtypes, the order of names."""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tansaki.envs.problem import Trial
from tansaki.experiments.codec import RECORDS, decode, encode
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.fingerprint import array_digest
from tansaki.twin.provenance import (
    AnalysisRun,
    Calibration,
    Clock,
    Commission,
    Environment,
    Equipment,
    Position,
    Provenance,
    Sharing,
    SourceFile,
)
from tansaki.twin.records import (
    Anneal,
    Array,
    Column,
    Cost,
    Deposition,
    Derived,
    Experiment,
    Measurement,
    ReceivedSample,
    Recipe,
    TableRequest,
    Trace,
)

NUMBERS = st.floats()
TEXTS = st.text(max_size=8)
NAMES = st.one_of(TEXTS, st.just("~"))
SCALARS = st.one_of(NUMBERS, st.integers(), TEXTS, st.booleans())
DTYPES = st.one_of(
    hnp.floating_dtypes(),
    hnp.integer_dtypes(),
    hnp.boolean_dtypes(),
    hnp.complex_number_dtypes(),
    hnp.datetime64_dtypes(),
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
OPTIONAL = st.none() | NUMBERS
STEPS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=2).map(tuple)
LAYERS = st.builds(Deposition, *[NUMBERS] * 5, OPTIONAL, OPTIONAL, OPTIONAL, STEPS)
RECIPES = st.builds(
    Recipe,
    TEXTS,
    TEXTS,
    st.lists(LAYERS, max_size=2).map(tuple),
    st.none() | st.builds(Anneal, NUMBERS, NUMBERS, st.sampled_from(["vacuum", "hydrogen", "air"])),
)
REQUESTS = st.builds(TableRequest, TEXTS, st.dictionaries(NAMES, SCALARS, max_size=3))
TRACES = st.builds(
    Trace,
    ARRAYS,
    st.dictionaries(NAMES, ARRAYS, max_size=2),
    st.lists(st.tuples(NUMBERS, TEXTS), max_size=2).map(tuple),
)
MEASUREMENTS = st.builds(
    Measurement,
    TEXTS,
    st.dictionaries(NAMES, SCALARS, max_size=2),
    TEXTS,
    st.dictionaries(NAMES, ARRAYS, max_size=2),
    st.dictionaries(NAMES, st.builds(Derived, NUMBERS, NUMBERS, TEXTS, NUMBERS), max_size=2),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.dictionaries(NAMES, st.builds(Column, TEXTS, st.tuples(TEXTS), st.just("axis")), max_size=2),
    TEXTS,
    OPTIONAL,
    st.none() | st.builds(Position, NUMBERS, NUMBERS, st.none() | st.integers(0)),
    st.none() | st.builds(Equipment, *[TEXTS] * 5),
    st.none() | st.builds(Calibration, NUMBERS, TEXTS),
    st.none() | st.builds(AnalysisRun, TEXTS, TEXTS, st.dictionaries(NAMES, TEXTS, max_size=2)),
    st.none() | st.builds(SourceFile, TEXTS, TEXTS),
)
SHARING = st.builds(Sharing, st.sampled_from(["open", "share-closed", "closed"]), TEXTS, TEXTS)
EXPERIMENTS = st.builds(
    Experiment,
    st.integers(0),
    TEXTS,
    RECIPES | REQUESTS | st.builds(ReceivedSample, TEXTS, TEXTS),
    st.sampled_from(["ok", "partial", "failed", "censored"]),
    st.sampled_from(["twin", "virtual", "real", "replay"]),
    NUMBERS,
    st.builds(Cost, NUMBERS, NUMBERS),
    st.none() | TRACES,
    st.lists(MEASUREMENTS, max_size=2).map(tuple),
    TEXTS,
    st.dictionaries(NAMES, TEXTS, max_size=2),
    st.integers(1, 9),
    TEXTS,
    st.none() | st.builds(Provenance, TEXTS, st.none() | st.integers(0), TEXTS),
    st.none() | st.builds(Clock, TEXTS, TEXTS),
    st.none() | st.builds(Environment, NUMBERS, NUMBERS),
    st.none() | st.builds(Commission, *[TEXTS] * 4, SHARING),
)


def same(a: Any, b: Any) -> bool:
    """Equal in type and to the last bit, NaN included."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if type(a) is not type(b):
        return False
    if is_dataclass(a):
        return all(same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))
    if isinstance(a, Mapping):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)
    return bool(a == b)


def round_trip(value: Any) -> Any:
    arrays: dict[str, Array] = {}
    return decode(json.loads(json.dumps(encode(value, arrays), allow_nan=False)), arrays.__getitem__)


@settings(max_examples=150, deadline=None)
@given(EXPERIMENTS)
def test_an_experiment_comes_back_exactly(experiment: Experiment) -> None:
    assert same(round_trip(experiment), experiment)


@given(st.builds(Trial, st.integers(0), st.dictionaries(NAMES, SCALARS, max_size=3), st.just("ok"), st.tuples(NUMBERS)))
def test_a_trial_comes_back_exactly(trial: Trial) -> None:
    assert same(round_trip(trial), trial)


def test_the_comparison_of_these_tests_sees_small_differences() -> None:
    assert not same(1, 1.0)
    assert not same(0.0, -0.0)
    assert not same(0.1, math.nextafter(0.1, 1))
    assert not same(np.zeros(2, "f4"), np.zeros(2, "f8"))
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_digest_tells_arrays_apart_that_have_the_same_bytes() -> None:
    zeros = np.zeros(6)
    others = [zeros.reshape(2, 3), zeros.reshape(3, 2), zeros.astype("i8"), zeros.astype(">f8")]
    assert len({array_digest(array) for array in [zeros, *others]}) == 5


def test_equal_arrays_are_kept_once_whatever_their_layout_in_memory() -> None:
    array = np.arange(6.0).reshape(2, 3)
    arrays: dict[str, Array] = {}
    encode((array, array.copy(), np.asfortranarray(array)), arrays)
    assert len(arrays) == 1


def test_numpy_scalars_become_numbers() -> None:
    assert same(round_trip((np.float32(0.1), np.int64(3), np.bool_(True))), (float(np.float32(0.1)), 3, True))


@pytest.mark.parametrize("value", [object(), np.array([None]), {1, 2}, np.zeros(1, [("x", "f8")])])
def test_what_cannot_be_stored_without_loss_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError):
        encode(value, {})


def test_records_of_another_version_are_refused_with_the_reason() -> None:
    stored = encode(Cost(1.0, 2.0), {})
    with pytest.raises(InvalidInputError, match="newer version"):
        decode({**stored, "currency": "JPY"}, {}.__getitem__)
    with pytest.raises(InvalidInputError, match="another version"):
        decode({"~": "Robot"}, {}.__getitem__)


def test_a_field_that_is_missing_takes_its_default() -> None:
    stored = encode(Derived(1.0, 0.1, "ohm", 0.05), {})
    del stored["u_systematic"]
    assert decode(stored, {}.__getitem__) == Derived(1.0, 0.1, "ohm")


def test_every_record_that_an_experiment_holds_can_be_stored() -> None:
    assert {"Experiment", "Recipe", "TableRequest", "Deposition", "Anneal", "Trace", "Measurement"} <= RECORDS.keys()
