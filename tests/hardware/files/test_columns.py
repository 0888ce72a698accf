"""Columns of text as instruments and spreadsheets write them, and one line for each mistake."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tansaki.hardware.files.columns import read_columns, write_columns
from tansaki.hardware.files.contents import scalar
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Column

COLUMNS = {
    "two_theta_deg": Column("deg", role="axis"),
    "intensity_counts": Column("1", ("two_theta_deg",)),
    "monitor": Column("1"),
}
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FLAT = st.integers(0, 6).flatmap(lambda n: hnp.arrays(np.float64, n, elements=FINITE))


def put(folder: Path, text: str, encoding: str = "utf-8", name: str = "scan.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "20.00 5\n20.01 7\n20.02 4\n",
        "20.00\t5\n20.01\t7\n20.02\t4\n",
        "20.00,5\r\n20.01,7\r\n20.02,4\r\n",
        "20.00;5\n20.01;7\n20.02;4",
        "two_theta_deg,intensity_counts\n20.00,5\n20.01,7\n20.02,4\n",
        "two_theta (deg), intensity (counts)\n20.00,5\n20.01,7\n20.02,4\n",
        "intensity_counts two_theta_deg\n5 20.00\n7 20.01\n4 20.02\n",
        "; a remark\n* another\n\n  20.00   5\n  20.01   7\n  20.02   4\n",
    ],
)
def test_every_usual_layout_gives_the_same_arrays(text: str, tmp_path: Path) -> None:
    contents = read_columns(put(tmp_path, text), COLUMNS)
    np.testing.assert_array_equal(contents.raw["two_theta_deg"], [20.0, 20.01, 20.02])
    np.testing.assert_array_equal(contents.raw["intensity_counts"], [5.0, 7.0, 4.0])


def test_settings_and_notes_stand_in_remarks(tmp_path: Path) -> None:
    text = (
        "# step = 0.02\n# settings.phases = anatase rutile\n# record.origin = twin\n# count = 3\n#free text = x\n20 5\n"
    )
    contents = read_columns(put(tmp_path, text), COLUMNS)
    assert contents.settings == {"step": 0.02, "phases": "anatase rutile", "count": 3}
    assert contents.notes == {"origin": "twin"}


def test_the_file_is_named_by_its_content(tmp_path: Path) -> None:
    path = put(tmp_path, "20 5\n")
    source = read_columns(path, COLUMNS).source
    assert (source.name, source.sha256) == ("scan.txt", hashlib.sha256(b"20 5\n").hexdigest())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_japanese_remarks_are_read(encoding: str, tmp_path: Path) -> None:
    contents = read_columns(put(tmp_path, "# record.sample = 試料\n20 5\n", encoding), COLUMNS)
    assert contents.notes["sample"] == "試料"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "columns of numbers"),
        ("# only = 1\n", "columns of numbers"),
        ("two_theta_deg,intensity_count\n20,5\n", "did you mean 'intensity_counts'"),
        ("20 5 1\n", "3 without names"),
        ("20 5\n21 x\n", r"line 2: got 'x'"),
        ("20 5\n21 6 7\n", r"line 2: got '3 columns'; allowed: 2"),
        ("two_theta_deg,monitor\n20,\n21,6\n", "line 3.*monitor after an empty cell"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        read_columns(put(tmp_path, text), COLUMNS)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    for content in (b"\x89PNG\r\n\x00", b"20 5\n\x81\x01\n"):
        path.write_bytes(content)
        with pytest.raises(InvalidInputError, match="text, as utf-8-sig or cp932"):
            read_columns(path, COLUMNS)
    with pytest.raises(InvalidInputError, match="No such file"):
        read_columns(tmp_path / "none.txt", COLUMNS)


@given(FLAT, FLAT, st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), FINITE | st.integers(), max_size=3))
def test_what_is_written_is_read_again_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, one: np.ndarray, two: np.ndarray, settings: dict[str, float]
) -> None:
    text = write_columns({"two_theta_deg": one, "monitor": two}, settings, {"origin": "twin"})
    path = put(tmp_path_factory.mktemp("x"), text)
    if not (len(one) or len(two)):
        return
    contents = read_columns(path, COLUMNS)
    np.testing.assert_array_equal(contents.raw["two_theta_deg"], one)
    np.testing.assert_array_equal(contents.raw["monitor"], two)
    assert contents.settings == settings


def test_texts_that_look_like_numbers_are_not_evaluated() -> None:
    assert [scalar(text) for text in ("3", "3.0", "1e-3", "nan", "inf", "1+1", "__import__('os')")] == [
        *(3, 3.0, 1e-3),
        *("nan", "inf", "1+1", "__import__('os')"),
    ]
    assert math.isfinite(float(scalar("1e308")))
