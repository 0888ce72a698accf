"""The results of a benchmark: one SQLite file that knows what has been done.

Each finished run is written in one transaction under its content key, so that a benchmark whose process was
killed goes on where it was, and the same benchmark asked for again has nothing left to do.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

from tansaki.experiments.codec import decode, encode, to_array
from tansaki.experiments.tasks import Run, StepRow, Task
from tansaki.twin.errors import InvalidInputError, TansakiError
from tansaki.twin.records import Array, Experiment

FILE_NAME: Final = "results.db"
APPLICATION_ID: Final = 0x54414E42
"""``TANB`` in SQLite's field for whose file this is."""
FORMAT: Final = 1
_SCHEMA: Final = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
    "CREATE TABLE note(name TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TABLE run(key TEXT PRIMARY KEY, steps TEXT NOT NULL, recommended TEXT NOT NULL, experiment TEXT)",
    "CREATE TABLE array(sha256 TEXT PRIMARY KEY, dtype TEXT NOT NULL, shape TEXT NOT NULL, content BLOB NOT NULL)",
)


class ResultsError(TansakiError, RuntimeError):
    """The results cannot be written or read: disk full, folder read-only, file damaged."""


class Results:
    """Finished runs by content key, and notes (configuration, versions, truths) by name."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def create(cls, folder: Path, notes: Mapping[str, Any]) -> Self:
        """New results in `folder`, with the notes that say what they are of; the file appears whole or not at all."""
        path = folder / FILE_NAME
        try:
            with _storage(path):
                database = sqlite3.connect(path, isolation_level=None)
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    database.execute(statement)
                database.executemany("INSERT INTO note VALUES (?, ?)", [(n, json.dumps(b)) for n, b in notes.items()])
                database.execute("COMMIT")
        except BaseException:
            for leftover in folder.glob(f"{FILE_NAME}*"):
                leftover.unlink()
            raise
        return cls(path, database)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The results in `folder`."""
        path = folder / FILE_NAME
        if not path.is_file():
            raise InvalidInputError(
                "benchmark", str(folder), f"a folder with a {FILE_NAME}, as 'tansaki benchmark' makes"
            )
        with _storage(path):
            database = sqlite3.connect(path, isolation_level=None)
            found = tuple(database.execute(f"PRAGMA {it}").fetchone()[0] for it in ("application_id", "user_version"))
            if found != (APPLICATION_ID, FORMAT):
                database.close()
                raise InvalidInputError("results", str(path), f"results of format {FORMAT}", "another version's file?")
        return cls(path, database)

    def note(self, name: str) -> Any:
        """A note as it was given, or None."""
        with _storage(self.path):
            row = self._database.execute("SELECT body FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, body: Any) -> None:
        """Write a note, over the one before."""
        with _storage(self.path):
            self._database.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, json.dumps(body)))

    def keys(self) -> set[str]:
        """Content keys of the finished runs."""
        with _storage(self.path):
            return {key for (key,) in self._database.execute("SELECT key FROM run")}

    def add(self, runs: Sequence[tuple[str, Run]]) -> None:
        """Finished runs under their keys, all or none; a run that is there already stays."""
        arrays: dict[str, Array] = {}
        rows = []
        for key, run in runs:
            steps = json.dumps([asdict(step) for step in run.steps])
            experiment = None if run.experiment is None else json.dumps(encode(run.experiment, arrays))
            rows.append((key, steps, json.dumps(dict(run.recommended)), experiment))
        contents = [(name, a.dtype.str, json.dumps(a.shape), a.tobytes()) for name, a in arrays.items()]
        with _storage(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT OR IGNORE INTO array VALUES (?, ?, ?, ?)", contents)
                self._database.executemany("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?)", rows)
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    def run(self, key: str, task: Task) -> Run:
        """The finished run under `key`, without its experiment."""
        with _storage(self.path):
            row = self._database.execute("SELECT steps, recommended FROM run WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise ResultsError(f"{self.path}: {task.agent} on {task.problem}, seed {task.seed} is not finished")
        return Run(task, tuple(StepRow(**step) for step in json.loads(row[0])), json.loads(row[1]))

    def experiment(self, key: str) -> Experiment | None:
        """The experiment kept with the run under `key`, if any."""
        with _storage(self.path):
            row = self._database.execute("SELECT experiment FROM run WHERE key = ?", (key,)).fetchone()
            if row is None or row[0] is None:
                return None
            experiment: Experiment = decode(json.loads(row[0]), self._array)
        return experiment

    def _array(self, sha256: str) -> Array:
        row = self._database.execute("SELECT dtype, shape, content FROM array WHERE sha256 = ?", (sha256,)).fetchone()
        return to_array(row[0], tuple(json.loads(row[1])), row[2])

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """What SQLite cannot do becomes one line."""
    try:
        yield
    except sqlite3.Error as error:
        raise ResultsError(f"{path}: {error}; is the disk full, or the folder read-only?") from error
