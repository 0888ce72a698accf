"""``tabulate transport`` as a person would use it."""

import json
import tomllib
from pathlib import Path

import pytest

from tansaki.experiments.cli import main
from tansaki.twin.deposition import transport_table


def test_a_small_table_is_written_and_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "table.toml"
    assert main(["tabulate", "transport", "--out", str(out), "--atoms", "1000", "--elements", "zn", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["points"] == len(transport_table.grid()) + transport_table.HELD_OUT_EACH
    assert "74/74 zn" in said.err
    written = tomllib.loads(out.read_text(encoding="utf-8"))
    assert written["inputs"]["atoms_per_point"] == 1000
    assert list(written["grid"]) == list(written["held_out"]) == ["zn"]
    assert set(written["grid"]["zn"]) == set(transport_table.Point._fields)
    assert all(isinstance(value, float) for value in written["grid"]["zn"]["rate"])
    assert written["grid"]["zn"]["pressure_pa"] == [place[0] for place in transport_table.grid()]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["transprot", "--out", "t.toml"], "did you mean 'transport'"),
        (["transport", "--out", "nowhere/t.toml"], "a folder that exists"),
        (["transport", "--out", "t.toml", "--atoms", "10"], "1000 or more"),
        (["transport", "--out", "t.toml", "--elements", "ti,xx"], "element of the transport table"),
        (["transport"], "--out"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tabulate", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []
