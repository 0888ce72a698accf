"""Problems made of measurements: the pool of measured rows is the space, replicates are the noise.

A data set is a CSV file with a header (last column the objective unless said otherwise), or a folder with
``data.csv`` (no header) and ``config.json`` (parameters, measurements, goal).
"""

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from tansaki.envs.problem import Objective, Problem, Trial, Truth
from tansaki.envs.space import Categorical, Continuous, Parameter, Point, Scalar, SearchSpace
from tansaki.hardware.laboratory import Fidelity, Laboratory
from tansaki.hardware.table import Table, TableLaboratory
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.records import AnyRecipe, Experiment, TableRequest

Goal = Literal["min", "max"]
DEFAULT_BUDGET = 60


@dataclass(frozen=True, slots=True)
class _Column:
    """One column as read: header, its unit if the header ends in one in brackets, cells with line numbers."""

    name: str
    unit: str
    cells: tuple[str, ...]
    categorical: bool | None = None
    """Whether the source declares it so; None if it does not say."""
    bounds: tuple[float, float] | None = None
    ranks: tuple[str, ...] = ()
    """Of an ordinal column, its levels from lowest to highest; a level counts as its rank from 0."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A data set before its cells are interpreted."""

    name: str
    digest: str
    columns: tuple[_Column, ...]
    lines: tuple[int, ...]
    """Line number in the file of each row."""
    outputs: tuple[str, ...]
    """Columns that may be objectives; the first of the list is the default."""
    goals: dict[str, Goal]


class DatasetProblem(Problem):
    """Find the best measured row of a table in as few requests as possible.

    Scoring uses the mean over replicates as the noise-free value; `truth` holds its extremes over the table.
    """

    def __init__(self, problem_id: str, table: Table, parameters: tuple[Parameter, ...], goal: Goal) -> None:
        names = [parameter.name for parameter in parameters]
        candidates = tuple({name: row[table.inputs.index(name)] for name in names} for row in table.replicates)
        means = [math.fsum(values) / len(values) for values in table.replicates.values()]
        best, worst = (min, max) if goal == "min" else (max, min)
        if best(means) == worst(means):
            raise InvalidInputError(f"column {table.output} of {table.name}", means[0], "at least two different values")
        self.id = problem_id
        self.title = f"{table.name}: {table.output}"
        self.space = SearchSpace(parameters, candidates)
        self.objectives = (Objective(table.output, goal, table.unit),)
        self.budget = min(DEFAULT_BUDGET, len(candidates))
        self.measurements = (table.output,)
        self.table = table
        self.truth = Truth(
            candidates[means.index(best(means))],
            best(means),
            worst(means),
            f"extremes of the means over replicates of {len(candidates)} measured settings",
        )

    @classmethod
    def open(cls, path: str | Path, goal: Goal | None = None, objective: str | None = None) -> Self:
        """Read a CSV file or a folder; `goal` defaults to the folder's, else to ``max``."""
        source = _read_folder(Path(path)) if Path(path).is_dir() else _read_csv(Path(path))
        output = source.outputs[0] if objective is None else objective
        if output not in source.outputs:
            raise unknown_name(f"objective in {source.name}", output, source.outputs)
        table, parameters = _interpret(source, output)
        return cls(f"dataset:{path}", table, parameters, goal or source.goals.get(output, "max"))

    @property
    def fingerprint(self) -> str:
        """Changes with the data, the objective and the goal, not with where the file lies."""
        return f"{self.table.digest} {self.objectives[0].name} {self.objectives[0].goal}"

    def open_laboratory(self, where: str, seed: int, fidelity: Fidelity | None = None) -> Laboratory:
        """The table as a laboratory; `where` must be ``twin``, the default: there is no other."""
        if where != "twin":
            raise InvalidInputError("laboratory", where, "twin", "a data set can only be replayed")
        return TableLaboratory(self.table, seed)

    def recipe(self, point: Point) -> AnyRecipe:
        """The request for the row at `point`."""
        self.space.check(point)
        return TableRequest(self.table.name, dict(point))

    def outcome(self, trial: Trial, experiment: Experiment) -> Trial:
        """The drawn value; its uncertainty is 0 because the table states none."""
        derived = experiment.derived(self.table.output)
        if derived is None:
            return replace(trial, status="failed")
        return replace(trial, status=experiment.status, values=(derived.value,), u=(derived.u,))

    def true_value(self, point: Point) -> float:
        """Mean over the replicates at `point`."""
        values = self.table.values(point)
        return math.fsum(values) / len(values)


def _read_csv(path: Path) -> _Source:
    text, digest = _text(path)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows, lines = _rows(path, text, delimiter)
    header, rows, lines = [cell.strip() for cell in rows[0]], rows[1:], lines[1:]
    if not rows:
        raise InvalidInputError(str(path), "a header only", "at least one row below the header")
    if len(header) < 2:
        raise InvalidInputError(str(path), header, "at least two columns", "is the separator , ; or tab?")
    if all(_number(cell) is not None for cell in header):
        raise InvalidInputError(f"{path}, line 1", header, "column names", "the file seems to have no header")
    _check_widths(path, rows, lines, len(header))
    for name in header:
        if not name or header.count(name) > 1:
            raise InvalidInputError(f"{path}, line 1: column name", name, "names that are not empty and all different")
    named = [_name_and_unit(name) for name in header]
    if len({name for name, _ in named}) < len(named):
        named = [(name, "") for name in header]
    columns = tuple(_Column(name, unit, tuple(row[i].strip() for row in rows)) for i, (name, unit) in enumerate(named))
    outputs = tuple(column.name for column in reversed(columns))
    return _Source(path.name, digest, columns, tuple(lines), outputs, {})


def _read_folder(path: Path) -> _Source:
    config_text, config_digest = _text(path / "config.json")
    text, data_digest = _text(path / "data.csv")
    try:
        config = json.loads(config_text)
        parameters, measurements = config["parameters"], config["measurements"]
        names = [entry["name"] for entry in (*parameters, *measurements)]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        allowed = "JSON with 'parameters' and 'measurements', each entry with a 'name'"
        raise InvalidInputError(str(path / "config.json"), str(error), allowed) from error
    rows, lines = _rows(path / "data.csv", text, ",")
    if rows[0] == [str(i + 1) for i in range(len(names))]:  # column numbers serve as a header in some sets
        rows, lines = rows[1:], lines[1:]
    _check_widths(path / "data.csv", rows, lines, len(names))
    columns = []
    for i, entry in enumerate((*parameters, *measurements)):
        bounds = (float(entry["low"]), float(entry["high"])) if "low" in entry and "high" in entry else None
        categorical = entry.get("type") == "categorical"
        cells = tuple(row[i].strip() for row in rows)
        ranks = tuple(entry.get("options", ())) if entry.get("type") == "ordinal" else ()
        columns.append(_Column(entry["name"], entry.get("unit", ""), cells, categorical, bounds, ranks))
    outputs = tuple(entry["name"] for entry in measurements)
    declared = config.get("default_goal", [])
    goals = [declared] * len(outputs) if isinstance(declared, str) else declared
    words: dict[str, Goal] = {"minimize": "min", "min": "min", "maximize": "max", "max": "max"}
    known = {name: words[goal] for name, goal in zip(outputs, goals, strict=False) if goal in words}
    digest = hashlib.sha256((config_digest + data_digest).encode()).hexdigest()
    return _Source(path.resolve().name, digest, tuple(columns), tuple(lines), outputs, known)


def _text(path: Path) -> tuple[str, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        allowed = "a readable CSV file, or a folder with data.csv and config.json"
        raise InvalidInputError("data set", str(path), allowed, error.strerror or "") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"{path}, line {line}", content[error.start], "UTF-8 text") from error
    return text, hashlib.sha256(content).hexdigest()


def _rows(path: Path, text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines = [], []
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append(row)
            lines.append(reader.line_num)
    if not rows:
        raise InvalidInputError(str(path), "an empty file", "rows of measurements")
    return rows, lines


def _check_widths(path: Path, rows: Sequence[Sequence[str]], lines: Sequence[int], width: int) -> None:
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise InvalidInputError(f"{path}, line {line}", f"{len(row)} cells", f"{width} cells")


def _name_and_unit(header: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]", header)
    return (match[1], match[2]) if match else (header, "")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _interpret(source: _Source, output: str) -> tuple[Table, tuple[Parameter, ...]]:
    """Cells to numbers and categories, equal settings to replicates; constant columns carry no choice."""
    inputs = [column for column in source.columns if column.name not in _unused(source, output)]
    parameters: list[Parameter] = []
    cells: list[tuple[Scalar, ...]] = []
    for column in inputs:
        values, parameter = _parameter(source, column)
        if parameter is not None:
            parameters.append(parameter)
            cells.append(values)
    if not parameters:
        raise InvalidInputError(source.name, [column.name for column in inputs], "at least one column that varies")
    objective = next(column for column in source.columns if column.name == output)
    measured = _numbers(source, objective)
    replicates: dict[tuple[Scalar, ...], list[float]] = {}
    for row, value in zip(zip(*cells, strict=True), measured, strict=True):
        replicates.setdefault(row, []).append(value)
    table = Table(
        source.name,
        source.digest,
        tuple(parameter.name for parameter in parameters),
        output,
        objective.unit,
        {row: tuple(values) for row, values in replicates.items()},
    )
    return table, tuple(parameters)


def _unused(source: _Source, output: str) -> set[str]:
    """Columns that are not inputs: the objective, and where the source tells them apart, other measurements."""
    inputs_too = len(source.outputs) == len(source.columns)
    return {output} if inputs_too else set(source.outputs)


def _parameter(source: _Source, column: _Column) -> tuple[tuple[Scalar, ...], Parameter | None]:
    _refuse_missing(source, column)
    numeric = [_number(cell) is not None for cell in column.cells]
    categorical = column.categorical if column.categorical is not None else not any(numeric)
    if categorical:
        choices = tuple(dict.fromkeys(column.cells))
        return column.cells, Categorical(column.name, choices, column.unit) if len(choices) > 1 else None
    values = _numbers(source, column)
    low, high = min(values), max(values)
    if low == high:
        return values, None
    if column.bounds is not None:
        low, high = min(low, column.bounds[0]), max(high, column.bounds[1])
    return values, Continuous(column.name, low, high, column.unit)


def _numbers(source: _Source, column: _Column) -> tuple[float, ...]:
    _refuse_missing(source, column)
    values = []
    for cell, line in zip(column.cells, source.lines, strict=True):
        value = float(column.ranks.index(cell)) if cell in column.ranks else _number(cell)
        if value is None or not math.isfinite(value):
            cause = "a column of categories must hold no numbers at all"
            raise InvalidInputError(f"{source.name}, line {line}, column {column.name!r}", cell, "a number", cause)
        values.append(value)
    return tuple(values)


def _refuse_missing(source: _Source, column: _Column) -> None:
    for cell, line in zip(column.cells, source.lines, strict=True):
        if not cell:
            where = f"{source.name}, line {line}, column {column.name!r}"
            raise InvalidInputError(where, cell, "a value", "the cell is empty: fill it or remove the row")
