"""The journal of a campaign: one SQLite file, the truth from which everything else is derived.

Events are only ever appended, each chained to the one before by its hash: what is about to be done is written
before it is done, what came of it after. Arrays are kept once, by digest. A snapshot of agent and session is
replaced in the same transaction as the event that led to it, so that whatever moment the process dies at, the
file holds a state from which the campaign continues exactly.

Write-ahead logging: with synchronous NORMAL (simulation) a killed process loses nothing and a power failure at
most the last commits; with FULL (real laboratories) a power failure loses nothing either. The file must lie on
a local disk of a POSIX system.
"""

import fcntl
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

from tansaki.envs.problem import Trial
from tansaki.experiments.codec import decode, encode, to_array
from tansaki.experiments.loop import Step
from tansaki.twin.errors import InvalidInputError, StateError, TansakiError
from tansaki.twin.fingerprint import array_digest
from tansaki.twin.records import Array

FILE_NAME: Final = "campaign.db"
FORMAT: Final = 1
APPLICATION_ID: Final = 0x54414E53
"""``TANS`` in SQLite's field for whose file this is."""
_START: Final = "0" * 64
_SCHEMA: Final = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
    """CREATE TABLE event(
        seq INTEGER PRIMARY KEY, wall_time TEXT NOT NULL, lab_s REAL, kind TEXT NOT NULL, actor TEXT NOT NULL,
        trial INTEGER, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL)""",
    "CREATE INDEX event_of_trial ON event(kind, trial)",
    "CREATE TABLE array(sha256 TEXT PRIMARY KEY, dtype TEXT NOT NULL, shape TEXT NOT NULL, content BLOB NOT NULL)",
    "CREATE TABLE snapshot(name TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are only appended'); END",
    "CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are only appended'); END",
)

Kind = Literal["campaign", "resumed", "intent", "result", "finished", "tracked"]


class JournalError(TansakiError, RuntimeError):
    """The journal cannot be written or read: disk full, folder read-only, file damaged."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the journal; `body` is JSON as stored, `lab_s` laboratory time where it applies."""

    seq: int
    wall_time: str
    lab_s: float | None
    kind: Kind
    actor: str
    trial: int | None
    body: Any


class Journal:
    """Writes a campaign down as the `Recorder` of its loop, and reads it back.

    Of writers (`create`, `reopen`) there is one at a time; `open` is for reading, also while another writes.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, lock: int | None) -> None:
        self.path = path
        self._database = database
        self._lock = lock
        last = database.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        self._seq: int = last[0] if last else 0
        self._hash: str = last[1] if last else _START

    @classmethod
    def create(cls, folder: Path, header: Mapping[str, Any], durable: bool = False) -> Self:
        """A new journal in `folder`, an existing folder without one; its first event holds `header`.

        `durable` asks for synchronous FULL. The file appears with its first event or not at all.
        """
        path = folder / FILE_NAME
        if path.exists():
            raise InvalidInputError("journal", str(path), "a folder without one")
        lock = _take_lock(folder)
        try:
            with _storage(path):
                database = _connect(path, durable)
                database.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    database.execute(statement)
                journal = cls(path, database, lock)
                journal._append("campaign", "campaign", {"durable": durable, **header})
                database.execute("COMMIT")
        except BaseException:
            for leftover in folder.glob(f"{FILE_NAME}*"):
                leftover.unlink()
            os.close(lock)
            raise
        return journal

    @classmethod
    def reopen(cls, folder: Path) -> Self:
        """The journal in `folder`, to be continued."""
        path = _existing(folder)
        lock = _take_lock(path.parent)
        try:
            with _storage(path):
                database = _connect(path, durable=True)
                journal = cls._checked(path, database, lock)
                if not journal.header["durable"]:
                    database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            os.close(lock)
            raise
        return journal

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The journal in `folder` (or the file itself), for reading."""
        path = _existing(folder)
        with _storage(path):
            try:
                return cls._checked(path, _connect_reading(path, ""), None)
            except sqlite3.OperationalError:
                # A write-ahead log cannot be opened in a folder that is read-only; without one there is no need to.
                if path.with_name(f"{path.name}-wal").exists():
                    raise
                return cls._checked(path, _connect_reading(path, "&immutable=1"), None)

    @classmethod
    def _checked(cls, path: Path, database: sqlite3.Connection, lock: int | None) -> Self:
        (owner,), (version,) = (
            database.execute(f"PRAGMA {it}").fetchone() for it in ("application_id", "user_version")
        )
        if owner == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise InvalidInputError(
                "campaign",
                str(path),
                "one that has begun",
                "it was cut off before its first entry: delete it, run again",
            )
        if (owner, version) != (APPLICATION_ID, FORMAT):
            raise InvalidInputError("journal", str(path), f"a journal of format {FORMAT}", "another version's file?")
        return cls(path, database, lock)

    def close(self) -> None:
        """Release the file; the last to close folds the write-ahead log into it."""
        with _storage(self.path):
            self._database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def header(self) -> dict[str, Any]:
        """What the campaign was started with: configuration, versions, fingerprint of the problem."""
        return dict(next(self.events("campaign")).body)

    def intent(self, trial: Trial, agent_state: Mapping[str, Any], suggest_s: float) -> None:
        """`trial` is about to be submitted; the agent's state, which holds it as pending, is kept."""
        body = {"trial": encode(trial, {}), "suggest_s": suggest_s}
        with self._transaction():
            self._append("intent", "agent", body, trial.number)
            self._keep("agent", agent_state)

    def result(self, step: Step, agent_state: Mapping[str, Any], session_state: Mapping[str, Any]) -> None:
        """`step` is done: experiment, arrays and both states are kept in one transaction."""
        arrays: dict[str, Array] = {}
        body = {"trial": encode(step.trial, arrays), "experiment": encode(step.experiment, arrays)}
        rows = [(name, a.dtype.str, json.dumps(a.shape), a.tobytes()) for name, a in arrays.items()]
        done_s = float(step.experiment.started_s + step.experiment.cost.lab_time_s)
        with self._transaction():
            self._database.executemany("INSERT OR IGNORE INTO array VALUES (?, ?, ?, ?)", rows)
            self._append("result", "laboratory", body, step.trial.number, done_s)
            self._keep("agent", agent_state)
            self._keep("session", session_state)

    def append(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """An event of the campaign itself (resumed, finished, tracked)."""
        with self._transaction():
            self._append(kind, "campaign", body)

    def snapshot(self, name: Literal["agent", "session"]) -> dict[str, Any] | None:
        """The state kept last, or None if there is none yet."""
        row = self._database.execute("SELECT body FROM snapshot WHERE name = ?", (name,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def events(self, kind: Kind | None = None) -> Iterator[Event]:
        """All events in order, or those of one kind."""
        columns = "seq, wall_time, lab_s, kind, actor, trial, body"
        query = f"SELECT {columns} FROM event WHERE ?1 IS NULL OR kind = ?1 ORDER BY seq"
        for seq, wall_time, lab_s, found, actor, trial, body in self._database.execute(query, (kind,)):
            yield Event(seq, wall_time, lab_s, found, actor, trial, json.loads(body))

    def suggestions(self) -> Iterator[tuple[Trial, float]]:
        """Every trial as it was intended, with the CPU time in s that its suggestion took."""
        for event in self.events("intent"):
            yield decode(event.body["trial"], self.array), event.body["suggest_s"]

    def steps(self) -> Iterator[Step]:
        """Every finished turn of the loop in order: trial as told, experiment, CPU time of the suggestion."""
        rows = self._database.execute(
            "SELECT done.body, meant.body FROM event AS done LEFT JOIN event AS meant"
            " ON meant.kind = 'intent' AND meant.trial = done.trial WHERE done.kind = 'result' ORDER BY done.seq"
        )
        for done, meant in rows:
            body = json.loads(done)
            suggest_s = json.loads(meant)["suggest_s"]
            yield Step(decode(body["trial"], self.array), decode(body["experiment"], self.array), suggest_s)

    def finished(self) -> int:
        """Number of finished experiments."""
        return int(self._database.execute("SELECT count(*) FROM event WHERE kind = 'result'").fetchone()[0])

    def array(self, sha256: str) -> Array:
        """A stored array by digest."""
        row = self._database.execute("SELECT dtype, shape, content FROM array WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise JournalError(f"{self.path}: array {sha256} is missing; the file was changed from outside")
        return to_array(row[0], tuple(json.loads(row[1])), row[2])

    def verify(self) -> None:
        """Recompute the chain of hashes and the digest of every array; raises `JournalError` where one is off."""
        previous = _START
        columns = "seq, wall_time, lab_s, kind, actor, trial, body, previous, hash"
        with _storage(self.path):
            for *entry, before, found in self._database.execute(f"SELECT {columns} FROM event ORDER BY seq"):
                if before != previous or found != _hash(previous, entry):
                    raise JournalError(f"{self.path}: event {entry[0]} does not fit its hash; the file was changed")
                previous = found
            for (name,) in self._database.execute("SELECT sha256 FROM array"):
                if array_digest(self.array(name)) != name:
                    raise JournalError(f"{self.path}: array {name} does not fit its digest; the file was changed")

    def _append(
        self, kind: Kind, actor: str, body: Mapping[str, Any], trial: int | None = None, lab_s: float | None = None
    ) -> None:
        entry = [self._seq + 1, datetime.now(UTC).isoformat(), lab_s, kind, actor, trial, _json(f"{kind} event", body)]
        chained = _hash(self._hash, entry)
        self._database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*entry, self._hash, chained))
        self._seq, self._hash = self._seq + 1, chained

    def _keep(self, name: Literal["agent", "session"], state: Mapping[str, Any]) -> None:
        self._database.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?)", (name, _json(f"{name} state", state)))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, in the file and in the memory of where the chain ends."""
        before = self._seq, self._hash
        with _storage(self.path):
            try:
                self._database.execute("BEGIN IMMEDIATE")
                yield
                self._database.execute("COMMIT")
            except BaseException:
                self._seq, self._hash = before
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def _connect(path: Path, durable: bool) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    return database


def _connect_reading(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{options}", uri=True, isolation_level=None)


def _existing(folder: Path) -> Path:
    path = folder / FILE_NAME if folder.is_dir() else folder
    if not path.is_file():
        raise InvalidInputError("campaign", str(folder), f"a folder with a {FILE_NAME}, as 'tansaki run' makes it")
    return path


def _take_lock(folder: Path) -> int:
    """Lock the folder itself: the lock needs no file, no disk space, and dies with the process."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise JournalError(f"{folder}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StateError(f"{folder}: another process is running this campaign; wait for it or stop it") from None
    return handle


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """What SQLite cannot do becomes one line that says what to look at."""
    try:
        yield
    except sqlite3.Error as error:
        causes = {
            "database or disk is full": "free some space",
            "disk I/O error": "is the disk full, or a file size limit reached?",
            "attempt to write a readonly database": "is the folder read-only?",
            "unable to open database file": "is the folder read-only?",
        }
        cause = causes.get(str(error), "")
        raise JournalError(f"{path}: {error}" + (f"; {cause}" if cause else "")) from error


def _hash(previous: str, entry: list[Any]) -> str:
    return hashlib.sha256(f"{previous}\n{json.dumps(entry)}".encode()).hexdigest()


def _json(what: str, body: Mapping[str, Any]) -> str:
    try:
        return json.dumps(body, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(what, type(body).__name__, "what JSON can hold", str(error)) from error
