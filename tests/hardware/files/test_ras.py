"""Rigaku's text format, with scans made up for the purpose."""

from pathlib import Path

import numpy as np
import pytest

from tansaki.hardware.files.ras import PIPELINE_KEYS, read_ras, read_scans, write_scan
from tansaki.twin.errors import InvalidInputError

HEADER = """*RAS_DATA_START
*RAS_HEADER_START
*FILE_COMMENT "a film on glass"
*FILE_OPERATOR "試験者"
*FILE_SAMPLE "TNO 12"
*HW_GONIOMETER_NAME "Standard"
*HW_XG_WAVE_LENGTH_ALPHA1 "1.540593"
*MEAS_DATA_COUNT "3"
*MEAS_SCAN_SPEED "6.0"
*MEAS_SCAN_SPEED_UNIT "deg/min"
*MEAS_SCAN_START_TIME "03/02/2026 14:05:06"
*MEAS_SCAN_STEP "0.02"
*MEAS_SCAN_UNIT_X "deg"
*MEAS_SCAN_UNIT_Y "counts"
*RAS_HEADER_END
"""
SCAN = HEADER + "*RAS_INT_START\n30.00 11.0 1.0\n30.02 9.0 10.0\n30.04 12.0 1.0\n*RAS_INT_END\n*RAS_DATA_END\n"
DIFFRACTION = ("two_theta_deg", "intensity_counts")


def put(folder: Path, text: str) -> Path:
    path = folder / "scan.ras"
    path.write_bytes(text.encode("cp932"))
    return path


def test_a_scan_is_read_with_its_attenuator(tmp_path: Path) -> None:
    contents = read_ras(put(tmp_path, SCAN), DIFFRACTION)
    np.testing.assert_array_equal(contents.raw["two_theta_deg"], [30.0, 30.02, 30.04])
    np.testing.assert_array_equal(contents.raw["intensity_counts"], [11.0, 90.0, 12.0])
    assert contents.settings["wavelength_1_m"] == pytest.approx(1.540593e-10, rel=1e-12)
    assert contents.notes == {
        "maker": "Rigaku",
        "model": "Standard",
        "sample": "TNO 12",
        "operator": "試験者",
        "started": "2026-03-02T14:05:06",
    }


def test_a_reflectometer_keeps_the_attenuator_apart(tmp_path: Path) -> None:
    contents = read_ras(put(tmp_path, SCAN), ("two_theta_deg", "counts", "attenuation"))
    np.testing.assert_array_equal(contents.raw["counts"], [11.0, 9.0, 12.0])
    np.testing.assert_array_equal(contents.raw["attenuation"], [1.0, 10.0, 1.0])
    assert contents.settings["wavelength_m"] == contents.settings["wavelength_1_m"]


def test_a_rate_becomes_counts(tmp_path: Path) -> None:
    text = SCAN.replace('UNIT_Y "counts"', 'UNIT_Y "cps"')
    # 0.02 deg at 6 deg/min is 0.2 s a step.
    np.testing.assert_allclose(
        read_ras(put(tmp_path, text), DIFFRACTION).raw["intensity_counts"], [2.2, 18.0, 2.4], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no scan"),
        (SCAN.replace("*RAS_INT_END", ""), "without its end"),
        (SCAN.replace("30.04 12.0 1.0\n", ""), "2 points.*3, as its header says; cut off"),
        (SCAN.replace("9.0 10.0", "nine 10.0"), "scan.ras: got 'nine'"),
        (SCAN.replace("30.02 9.0 10.0", "30.02"), "lines of other lengths"),
        (SCAN.replace('UNIT_X "deg"', 'UNIT_X "mm"'), "UNIT_X: got 'mm'; allowed: deg"),
        (SCAN.replace('UNIT_Y "counts"', 'UNIT_Y "V"'), "UNIT_Y: got 'V'"),
        (SCAN + SCAN, "2 scans"),
    ],
)
def test_mistakes_are_named(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_ras(put(tmp_path, text), DIFFRACTION)


def test_all_keys_are_written_and_quotes_do_no_harm() -> None:
    angle, counts = np.array([1.0, 1.00005]), np.array([3.0, 0.1 + 0.2])
    text = write_scan({"FILE_SAMPLE": 'a "b"\nc', "FILE_PART_ID": "x"}, angle, counts)
    (scan,) = read_scans(text, "x")
    assert set(PIPELINE_KEYS) <= set(scan.header)
    assert (scan.header["FILE_SAMPLE"], scan.header["FILE_PART_ID"]) == ("a 'b' c", "x")
    assert scan.header["MEAS_DATA_COUNT"] == "2"
    np.testing.assert_array_equal(scan.angle, angle)
    np.testing.assert_array_equal(scan.recorded, counts)


def test_many_scans_of_one_file_are_told_apart() -> None:
    one, two = read_scans(SCAN + SCAN.replace("TNO 12", "TNO 13"), "x")
    assert (one.header["FILE_SAMPLE"], two.header["FILE_SAMPLE"]) == ("TNO 12", "TNO 13")
