"""A file of a real instrument goes into the same analysis, and says where it came from."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tansaki.experiments.cli import main
from tansaki.experiments.codec import decode, encode
from tansaki.hardware.files.analysed import analyse_file
from tansaki.hardware.files.columns import write_columns
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.fingerprint import array_digest
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.records import Measurement, ReceivedSample
from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen

FILM = FilmLayer(100e-9, {"Ti": 1.0, "O": 2.0}, 3900.0, 0.0, lambda wavelength_m: np.full(wavelength_m.shape, 2.4 + 0j))
SPECIMEN = Specimen("s", "glass", 0.01, 0.01, (FILM,), Charge(1e-5, 1e27, 6e-4))


@pytest.fixture
def taken() -> Measurement:
    return open_instrument("four_point_probe").measure(SPECIMEN, np.random.default_rng(1))


@pytest.fixture
def file(taken: Measurement, tmp_path: Path) -> Path:
    """As the probe's own program would write it: nothing in it says that a twin made it."""
    path = tmp_path / "TNO-12.csv"
    path.write_text(write_columns(taken.raw, taken.settings, {"maker": "Keithley", "serial": "04112233"}))
    return path


def test_a_real_file_gives_what_the_record_gave(taken: Measurement, file: Path) -> None:
    experiment = analyse_file(file, "four_point_probe")
    (measurement,) = experiment.measurements
    assert measurement.derived == taken.derived
    assert (experiment.origin, experiment.sample_id, experiment.status) == ("real", "TNO-12", "ok")
    assert experiment.recipe == ReceivedSample()
    assert measurement.source is not None
    assert measurement.source.name == "TNO-12.csv"
    assert measurement.source.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert measurement.equipment is not None
    assert (measurement.equipment.maker, measurement.equipment.serial) == ("Keithley", "04112233")
    assert experiment.provenance is not None
    assert experiment.provenance.seed is None
    analysis = measurement.analysis
    assert analysis is not None
    assert analysis.method.endswith("FourPointProbe.analyse")
    assert analysis.inputs == {name: array_digest(array) for name, array in measurement.raw.items()}


def test_the_record_of_a_file_can_be_stored_and_has_a_name_that_repeats(file: Path) -> None:
    experiment = analyse_file(file, "four_point_probe")
    arrays: dict[str, np.ndarray] = {}
    stored = decode(json.loads(json.dumps(encode(experiment, arrays))), arrays.__getitem__)
    assert (stored.id, stored.measurements[0].source) == (experiment.id, experiment.measurements[0].source)
    again = analyse_file(file, "four_point_probe")
    assert again.measurements[0].id == experiment.measurements[0].id
    other = analyse_file(file, "four_point_probe", {"emf_v": 1e-5})
    assert other.measurements[0].id != experiment.measurements[0].id


def test_settings_given_go_before_those_of_the_file(file: Path) -> None:
    usual = analyse_file(file, "four_point_probe").derived("sheet_resistance")
    careless = analyse_file(file, "four_point_probe", {"offset_m": 1e-3}).derived("sheet_resistance")
    assert usual is not None
    assert careless is not None
    assert careless.u > 1.5 * usual.u


def test_what_the_file_leaves_out_is_taken_from_the_specifications_and_named(taken: Measurement, file: Path) -> None:
    whole = analyse_file(file, "four_point_probe")
    assert "specified" not in whole.notes
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "spacing_m" not in line and "stylus_gain" not in line))
    experiment = analyse_file(file, "four_point_probe")
    assert experiment.measurements[0].derived == taken.derived
    assert {"spacing_m", "stylus_gain"} <= set(experiment.notes["specified"].split(", "))


def test_an_over_range_file_gives_a_flag_and_no_number(taken: Measurement, tmp_path: Path) -> None:
    raw = {**taken.raw, "voltage_v": np.full_like(taken.raw["voltage_v"], 9.91e37)}
    path = tmp_path / "over.csv"
    path.write_text(write_columns(raw, taken.settings, {}))
    experiment = analyse_file(path, "four_point_probe")
    assert (experiment.status, experiment.message) == ("censored", "over_range")
    assert experiment.derived("sheet_resistance") is None
    assert experiment.derived("sheet_resistance_lower_bound") is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("# settings.sample_length_m = 0.01\n", ""), "a number 'sample_length_m' too"),
        (lambda text: text.replace("voltage_v", "voltage_mv"), "did you mean 'voltage_v'"),
        (lambda text: "# record.origin = dream\n" + text, "origin: got 'dream'"),
    ],
)
def test_what_is_missing_is_named(change: object, words: str, file: Path) -> None:
    file.write_text(change(file.read_text()))  # type: ignore[operator]
    with pytest.raises(InvalidInputError, match=words):
        analyse_file(file, "four_point_probe")


def test_a_missing_column_is_named(taken: Measurement, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    raw = {name: array for name, array in taken.raw.items() if name != "compliance"}
    path.write_text(write_columns(raw, taken.settings, {}))
    with pytest.raises(InvalidInputError, match="'compliance' too"):
        analyse_file(path, "four_point_probe")


def test_the_verb_as_a_person_would_use_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(file), "--instrument", "four_point_probe", "--sample", "A1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["sample"], said["origin"], said["seed"], said["flags"]) == ("A1", "real", None, [])
    assert said["values"]["sheet_resistance"]["unit"] == "ohm/sq"
    assert said["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    for arguments, words in (
        ([str(file), "--instrument", "four_point_prob"], "did you mean 'four_point_probe'"),
        ([str(file), "--instrument", "four_point_probe", "--set", "emf"], "NAME=VALUE"),
        ([str(file.with_suffix(".xls")), "--instrument", "four_point_probe"], "a file that ends in .ras"),
    ):
        assert main(["analyse", *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
