"""Throughput tables at small sizes: what they say, not how fast."""

import json
import math
from typing import Any

import pytest

from tansaki.experiments import speed, speed_peers
from tansaki.experiments.cli import main
from tansaki.experiments.speed import SpeedRow
from tansaki.experiments.speed_peers import MissingPeerError, peer, reflectivity_rows, spectra_rows
from tansaki.twin.systems import registry


def _is_sound(row: SpeedRow) -> None:
    assert row.name
    assert row.versus
    assert row.accuracy
    assert row.ours_per_s > 0.0
    assert row.ratio == pytest.approx(row.ours_per_s / row.versus_per_s, rel=1e-12)
    assert math.isfinite(row.ratio)


def test_rows_of_the_surrogates_and_of_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "BATCH", 256)
    monkeypatch.setattr(speed, "SCALAR", 50)
    monkeypatch.setattr(speed, "REPETITIONS", 1)
    monkeypatch.setattr(registry, "SYSTEMS", ("licoo2",))
    monkeypatch.setattr(speed, "_transport", lambda: SpeedRow("transport", 2.0, "x", 1.0, 2.0, "exact"))
    found = list(speed.rows())
    for row in found:
        _is_sound(row)
    assert [row.name.split(":")[0] for row in found[:2]] == ["licoo2", "licoo2"]
    assert any(row.name.startswith("reactive chamber") for row in found)
    assert any(row.name.startswith("restricted") for row in found)


def test_the_best_of_the_repetitions_counts_and_the_first_call_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 2.0, 10.0, 11.0])
    monkeypatch.setattr(speed, "perf_counter", lambda: next(seconds))
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return 6

    assert speed.best_per_s(work) == 6.0
    assert len(calls) == 3


def test_spectra_beside_tmm(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tmm")
    monkeypatch.setattr(speed, "REPETITIONS", 1)
    double, single = spectra_rows(films=8, wavelengths=20, timed=1)
    for row in (double, single):
        _is_sound(row)
    assert float(double.accuracy.split()[-1]) < 1e-10
    assert float(single.accuracy.split()[-1]) < 1e-4


def test_reflectivity_beside_refnx(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("refnx")
    monkeypatch.setattr(speed, "REPETITIONS", 1)
    for row in reflectivity_rows(films=8, points=20):
        _is_sound(row)
        assert float(row.accuracy.split()[-1]) < 1e-8


def test_a_missing_peer_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingPeerError, match=r"tansaki\[peers\]"):
        peer("a_peer_that_is_not_there")
    monkeypatch.setattr(speed_peers, "peer_rows", lambda: iter([peer("a_peer_that_is_not_there")]))
    assert main(["speed", "--peers"]) == 1
    assert "tansaki[peers]" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--peers"]])
def test_the_verb_prints_the_rows_it_was_asked_for(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def of(name: str) -> Any:
        return lambda: iter([SpeedRow(name, 10.0, "them", 2.0, 5.0, "exact", "a note")])

    monkeypatch.setattr(speed, "rows", of("ours"))
    monkeypatch.setattr(speed_peers, "peer_rows", of("peers"))
    assert main(["speed", *arguments, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["name"] == ("peers" if arguments else "ours")
    assert row["ratio"] == 5.0
    assert main(["speed", *arguments]) == 0
    assert "them" in capsys.readouterr().out
