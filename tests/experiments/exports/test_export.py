"""What every export keeps to: origin, seed, sharing and values come back, and nothing is half-written."""

import json
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tansaki.experiments.campaign import commission_of
from tansaki.experiments.cli import main
from tansaki.experiments.codec import encode
from tansaki.experiments.exports import parquet
from tansaki.experiments.exports.campaign_records import as_imported, read_campaign
from tansaki.experiments.exports.export import FORMATS, export, read_export
from tansaki.experiments.journal import FILE_NAME, Journal
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import SCHEMA, SIMULATED, record_id
from tansaki.twin.records import Experiment, Measurement

ADDED = {
    Experiment: ("schema", "id", "provenance", "clock", "environment", "commission"),
    Measurement: ("id", "started_s", "position", "equipment", "calibration", "analysis", "source"),
}
NEW_IN_CONFIG = ("operator", "sharing")


@pytest.mark.parametrize("to", FORMATS)
def test_origin_seed_sharing_and_values_come_back(campaign: Path, to: str, tmp_path: Path) -> None:
    done = export(campaign, to, tmp_path / "out")
    experiments = read_campaign(campaign).experiments
    assert read_export(done.path, to) == [as_imported(experiment) for experiment in experiments]
    assert done.experiments == len(experiments)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_comes_back_is_what_was_set(twin_campaign: Path, table_campaign: Path) -> None:
    one = as_imported(read_campaign(twin_campaign).experiments[0])
    assert (one.origin, one.seed, one.fidelity, one.tier, one.licence, one.embargo) == (
        ("twin", 3, "standard", "open", "CC-BY-4.0", "2027-04-01")
    )
    assert {"thickness", "sheet_resistance", "resistivity"} <= set(next(iter(one.values.values())))
    other = as_imported(read_campaign(table_campaign).experiments[0])
    assert (other.origin, other.seed, other.tier, other.licence) == ("replay", 1, "closed", "")
    assert list(next(iter(other.values.values()))) == ["current/area"]


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_overwritten_and_nothing_half_written(
    table_campaign: Path, to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(InvalidInputError, match="never overwrite"):
        export(table_campaign, to, out)
    assert out.read_text() == "mine"
    out.unlink()

    def fails(*_: object) -> None:
        raise RuntimeError("in the middle")

    module = f"tansaki.experiments.exports.{to}"
    for name in ("imported", "_experiment_row", "_entry", "_library", "_custom", "_event_log"):
        monkeypatch.setattr(f"{module}.{name}", fails, raising=False)
    with pytest.raises(RuntimeError, match="in the middle"):
        export(table_campaign, to, out)
    assert list(tmp_path.iterdir()) == []


def test_parquet_gives_the_records_back_without_loss(campaign: Path, tmp_path: Path) -> None:
    done = export(campaign, "parquet", tmp_path / "out")
    found, kept = parquet.read_records(done.path), read_campaign(campaign).experiments
    for one, other in zip(found, kept, strict=True):
        mine, theirs = {}, {}  # type: ignore[var-annotated]
        assert encode(one, mine) == encode(other, theirs)
        assert mine.keys() == theirs.keys()


def test_equal_campaigns_have_equal_identifiers_and_others_do_not(table_campaign: Path, tmp_path: Path) -> None:
    campaign = read_campaign(table_campaign)
    ids = [campaign.commission.campaign_id]
    ids += [experiment.id for experiment in campaign.experiments]
    ids += [measurement.id for experiment in campaign.experiments for measurement in experiment.measurements]
    assert len(set(ids)) == 7
    header = campaign.header
    same = commission_of(header["config"], header["budget"], header["fingerprint"])
    assert same.campaign_id == ids[0]
    elsewhere = commission_of({**header["config"], "out": "elsewhere"}, header["budget"], header["fingerprint"])
    assert elsewhere.campaign_id == ids[0]
    for change in ({"seed": 2}, {"agent": "sobol"}):
        changed = commission_of({**header["config"], **change}, header["budget"], header["fingerprint"])
        assert changed.campaign_id != ids[0]
    assert commission_of(header["config"], header["budget"], "other physics").campaign_id != ids[0]
    assert record_id("a", "b") != record_id("ab")


def test_times_are_those_of_the_simulated_clock(twin_campaign: Path) -> None:
    first, second = read_campaign(twin_campaign).experiments
    assert first.clock == second.clock == SIMULATED
    assert SIMULATED.at(90061.5) == "2026-01-02T01:01:01.500000+00:00"
    (measurement,) = first.measurements
    assert measurement.started_s is not None
    ended = measurement.started_s + float(measurement.settings["duration_s"])
    assert ended == pytest.approx(first.cost.lab_time_s) == pytest.approx(second.started_s)


def test_a_journal_written_before_records_were_complete_is_exported_too(twin_campaign: Path, tmp_path: Path) -> None:
    now = read_campaign(twin_campaign)
    with Journal.open(twin_campaign) as journal:
        header = {name: value for name, value in journal.header.items() if name != "durable"}
        header["config"] = {
            name: value for name, value in header["config"].items() if name not in ("operator", "sharing")
        }
        steps = list(journal.steps())
    folder = tmp_path / "old"
    folder.mkdir()
    with Journal.create(folder, header) as old:
        for step in steps:
            old.intent(step.trial, {}, 0.0)
            old.result(step, {}, {})
    database = sqlite3.connect(folder / FILE_NAME)
    database.execute("DROP TRIGGER event_stays")
    for seq, body in database.execute("SELECT seq, body FROM event WHERE kind = 'result'").fetchall():
        stored = json.loads(body)
        for kind, part in (
            (Experiment, stored["experiment"]),
            *((Measurement, m) for m in stored["experiment"]["measurements"]),
        ):
            for name in ADDED[kind]:
                del part[name]
        database.execute("UPDATE event SET body = ? WHERE seq = ?", (json.dumps(stored), seq))
    database.commit()
    database.close()
    with Journal.open(folder) as journal:
        assert [step.experiment.schema for step in journal.steps()] == [1, 1]
        assert [step.experiment.commission for step in journal.steps()] == [None, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "verify", lambda _: None)
        found = read_campaign(folder)
    for one, other in zip(found.experiments, now.experiments, strict=True):
        closed = {"tier": "closed", "licence": "", "embargo": ""}
        assert as_imported(one) == replace(as_imported(other), **closed)
        assert (one.schema, other.schema) == (1, SCHEMA)


def test_the_fields_that_were_added_are_the_last_ones() -> None:
    for kind, names in ADDED.items():
        assert tuple(field.name for field in fields(kind))[-len(names) :] == names


def test_the_verb_says_where_it_wrote(table_campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c.maiml"
    assert main(["export", str(table_campaign), "--to", "maiml", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"format": "maiml", "out": str(out), "experiments": 3, "measurements": 3}
    for arguments, words in (
        (["--to", "nexu"], "did you mean 'nexus'"),
        (["--to", "maiml", "--out", str(out)], "a name that is free"),
        (["--to", "maiml", "--out", str(tmp_path / "none" / "c.maiml")], "in a folder that exists"),
    ):
        assert main(["export", str(table_campaign), *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
    assert main(["export", str(tmp_path), "--to", "maiml"]) == 2


def test_a_campaign_without_experiments_is_refused(table_campaign: Path, tmp_path: Path) -> None:
    with Journal.open(table_campaign) as journal:
        header = {name: value for name, value in journal.header.items() if name != "durable"}
    Journal.create(tmp_path, header).close()
    with pytest.raises(InvalidInputError, match="one with an experiment"):
        export(tmp_path, "parquet")
