"""What is written stays, comes back as it was, and shows when it was touched."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tansaki.envs.problem import Trial
from tansaki.experiments.journal import FILE_NAME, Journal, JournalError
from tansaki.experiments.loop import Step
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.records import Cost, Derived, Experiment, Measurement, TableRequest, Trace

HEADER = {"config": {"seed": 3}, "fingerprint": "abc"}


def step(number: int) -> Step:
    time_s = np.linspace(0.0, 1.0, 50)
    raw = {"voltage_v": np.full(4, number, dtype=np.float32)}
    experiment = Experiment(
        number,
        f"s-{number}",
        TableRequest("t", {"x": 0.1 * number}),
        "ok",
        "twin",
        started_s=100.0 * number,
        cost=Cost(60.0),
        trace=Trace(time_s, {"pressure_pa": time_s + number}),
        measurements=(Measurement("probe", {}, "c", raw, {"y": Derived(0.1 * number, 0.01, "ohm")}),),
    )
    return Step(Trial(number, {"x": 0.1 * number}, "ok", (0.1 * number,), (0.01,), 60.0), experiment, 1e-3 * number)


def write(journal: Journal, made: Step) -> None:
    number = made.trial.number
    journal.intent(Trial(number, made.trial.point), {"asked": number}, made.suggest_s)
    journal.result(made, {"told": number}, {"used": number + 1})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.create(tmp_path, HEADER)


def assert_equal(a: Step, b: Step) -> None:
    assert (a.trial, a.suggest_s) == (b.trial, b.suggest_s)
    assert (a.experiment.recipe, a.experiment.cost) == (b.experiment.recipe, b.experiment.cost)
    assert a.experiment.trace is not None
    assert b.experiment.trace is not None
    np.testing.assert_array_equal(
        a.experiment.trace.channels["pressure_pa"], b.experiment.trace.channels["pressure_pa"]
    )
    np.testing.assert_array_equal(
        a.experiment.measurements[0].raw["voltage_v"], b.experiment.measurements[0].raw["voltage_v"]
    )


def test_steps_come_back_in_order(journal: Journal, tmp_path: Path) -> None:
    made = [step(number) for number in range(5)]
    for one in made:
        write(journal, one)
    journal.close()
    with Journal.open(tmp_path) as reader:
        assert reader.header == {"durable": False, **HEADER}
        for found, one in zip(reader.steps(), made, strict=True):
            assert_equal(found, one)
        assert [(trial.number, trial.status, s) for trial, s in reader.suggestions()] == [
            (number, "pending", 1e-3 * number) for number in range(5)
        ]
        assert reader.snapshot("agent") == {"told": 4}
        assert reader.snapshot("session") == {"used": 5}
        assert [event.lab_s for event in reader.events("result")] == [100.0 * number + 60.0 for number in range(5)]
        reader.verify()


def test_an_intent_without_result_is_kept(journal: Journal, tmp_path: Path) -> None:
    write(journal, step(0))
    journal.intent(Trial(1, {"x": 0.1}), {"asked": 1}, 0.5)
    journal.close()
    with Journal.reopen(tmp_path) as again:
        assert again.finished() == 1
        assert again.snapshot("agent") == {"asked": 1}
        assert again.snapshot("session") == {"used": 1}
        again.result(step(1), {"told": 1}, {"used": 2})
        assert [found.suggest_s for found in again.steps()] == [0.0, 0.5]
        again.verify()


def test_reading_while_another_writes(journal: Journal, tmp_path: Path) -> None:
    with Journal.open(tmp_path) as reader:
        assert reader.finished() == 0
        write(journal, step(0))
        assert reader.finished() == 1
        with pytest.raises(JournalError, match="readonly"):
            reader.append("finished", {})


def test_a_second_writer_is_refused(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="another process"):
        Journal.reopen(tmp_path)
    journal.close()
    Journal.reopen(tmp_path).close()


def test_arrays_are_kept_once(journal: Journal) -> None:
    write(journal, step(1))
    write(journal, step(2))
    # the time axis is shared: 2 x (pressure, voltage) + 1
    assert journal._database.execute("SELECT count(*) FROM array").fetchone() == (5,)


@pytest.mark.parametrize("statement", ["UPDATE event SET body = '{}'", "DELETE FROM event"])
def test_events_are_only_appended(journal: Journal, statement: str) -> None:
    write(journal, step(0))
    with pytest.raises(sqlite3.IntegrityError, match="only appended"):
        journal._database.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET body = replace(body, '0.1', '0.2') WHERE kind = 'result' AND trial = 1",
        "UPDATE event SET lab_s = lab_s + 1 WHERE kind = 'result' AND trial = 1",
        "UPDATE event SET wall_time = '2020' WHERE seq = 1",
        "DELETE FROM event WHERE kind = 'intent' AND trial = 1",
        "UPDATE array SET content = zeroblob(length(content)) WHERE shape = '[50]'",
    ],
)
def test_a_change_from_outside_shows(journal: Journal, tmp_path: Path, change: str) -> None:
    for number in range(3):
        write(journal, step(number))
    journal.close()
    database = sqlite3.connect(tmp_path / FILE_NAME)
    for trigger in ("event_stays", "event_is_kept"):
        database.execute(f"DROP TRIGGER {trigger}")
    assert database.execute(change).rowcount > 0
    database.commit()
    database.close()
    with Journal.open(tmp_path) as reader, pytest.raises(JournalError, match="was changed"):
        reader.verify()


def test_a_full_disk_loses_nothing_that_was_acknowledged(journal: Journal, tmp_path: Path) -> None:
    write(journal, step(0))
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite then says "disk is full" itself

    def fill() -> None:
        for number in range(1, 100):
            write(journal, step(number))

    with pytest.raises(JournalError, match=r"campaign\.db: database or disk is full; free some space"):
        fill()
    done = [found.trial.number for found in journal.steps()][-1]
    assert done < 99
    journal._database.execute(f"PRAGMA max_page_count = {pages + 1000}")
    journal.result(step(done + 1), {}, {})  # the chain goes on from where it was before the failure
    journal.verify()
    journal.close()
    with Journal.open(tmp_path) as reader:
        reader.verify()


def test_real_laboratories_are_written_through(tmp_path: Path) -> None:
    for durable, synchronous in ((False, 1), (True, 2)):
        folder = tmp_path / str(durable)
        folder.mkdir()
        with Journal.create(folder, HEADER, durable=durable) as made:
            assert made._database.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        with Journal.reopen(folder) as again:
            assert again._database.execute("PRAGMA synchronous").fetchone() == (synchronous,)
            assert again._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@contextmanager
def unprivileged() -> Iterator[None]:
    """The superuser may write anywhere; tests of permissions step down for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_read_only_folder_can_be_read_but_not_continued() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Journal.create(folder, HEADER) as journal:
            write(journal, step(0))
        folder.chmod(0o555)
        (folder / FILE_NAME).chmod(0o444)
        with unprivileged():
            with Journal.open(folder) as reader:
                assert reader.finished() == 1
                reader.verify()
            with pytest.raises(JournalError, match="is the folder read-only"):
                Journal.reopen(folder).append("resumed", {})
        folder.chmod(0o755)


def test_a_journal_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="campaign event"):
        Journal.create(tmp_path, {"config": object()})
    assert list(tmp_path.iterdir()) == []
    Journal.create(tmp_path, HEADER).close()


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"a folder with a campaign\.db"):
        Journal.open(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(b"")
    with pytest.raises(InvalidInputError, match="cut off before its first entry"):
        Journal.reopen(tmp_path)
    path.write_bytes(b"no database at all, but long enough to be looked at by SQLite" * 20)
    with pytest.raises(JournalError, match="not a database"):
        Journal.open(tmp_path)
    path.unlink()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE other(x)")
    database.close()
    with pytest.raises(InvalidInputError, match="a journal of format 1"):
        Journal.open(tmp_path)


def test_the_chain_is_what_the_docstring_says(journal: Journal) -> None:
    import hashlib

    write(journal, step(0))
    columns = "seq, wall_time, lab_s, kind, actor, trial, body"
    previous = "0" * 64
    for *entry, before, found in journal._database.execute(f"SELECT {columns}, previous, hash FROM event ORDER BY seq"):
        assert before == previous
        previous = hashlib.sha256(f"{before}\n{json.dumps(entry)}".encode()).hexdigest()
        assert found == previous
