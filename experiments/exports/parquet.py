"""Parquet: a table of experiments, one of derived values, one of measurements, and each raw array once.

``experiments.parquet`` has one row an experiment, with its whole record as JSON; ``measurements.parquet`` one a
measurement, ``values.parquet`` one a derived value, ``arrays.parquet`` one a distinct array: SHA-256, dtype, shape,
bytes in C order. The JSON names arrays by SHA-256; `read_records` puts the records together again without loss.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tansaki.experiments.codec import decode, encode, to_array
from tansaki.experiments.exports.campaign_records import (
    CampaignRecords,
    ImportedExperiment,
    facts_of,
    imported,
    material_of,
    provenance_of,
    recipe_values,
    sharing_of,
    substrate_of,
    times_of,
)
from tansaki.experiments.loop import Step
from tansaki.twin.records import Array, Derived, Experiment

Row = dict[str, Any]


def write(campaign: CampaignRecords, folder: Path) -> None:
    """Make `folder` with the four tables."""
    folder.mkdir()
    arrays: dict[str, Array] = {}
    experiments, measurements, values = [], [], []
    for step in campaign.steps:
        experiment = step.experiment
        experiments.append(_experiment_row(step, arrays))
        for order, measurement in enumerate(experiment.measurements):
            own = {
                "measurement_id": measurement.id,
                "experiment_id": experiment.id,
                "instrument": measurement.instrument,
            }
            measurements.append(
                {
                    **own,
                    "order": order,
                    "about": json.dumps(facts_of(experiment, measurement)),
                    "flags": list(measurement.flags),
                    "settings": json.dumps(encode(measurement.settings, arrays)),
                }
            )
            for name, derived in measurement.derived.items():
                uncertainty = {"u": derived.u, "u_systematic": derived.u_systematic}
                values.append({**own, "name": name, "value": derived.value, **uncertainty, "unit": derived.unit})
    stored = [
        {"sha256": name, "dtype": array.dtype.str, "shape": list(array.shape), "content": array.tobytes()}
        for name, array in arrays.items()
    ]
    about = {"campaign": json.dumps(dict(campaign.header)), "campaign_id": campaign.commission.campaign_id}
    for name, rows in (
        ("experiments", experiments),
        ("measurements", measurements),
        ("values", values),
        ("arrays", stored),
    ):
        table = pa.Table.from_pylist(rows, schema=_schema(name, rows))
        pq.write_table(table.replace_schema_metadata(about), folder / f"{name}.parquet")


def read(folder: Path) -> list[ImportedExperiment]:
    """From the columns of the tables."""
    values: dict[str, dict[str, dict[str, Derived]]] = {}
    for row in pq.read_table(folder / "measurements.parquet").to_pylist():
        values.setdefault(row["experiment_id"], {})[row["measurement_id"]] = {}
    for row in pq.read_table(folder / "values.parquet").to_pylist():
        derived = Derived(row["value"], row["u"], row["unit"], row["u_systematic"])
        values[row["experiment_id"]][row["measurement_id"]][row["name"]] = derived
    rows = pq.read_table(folder / "experiments.parquet").to_pylist()
    return [
        imported(
            row,
            values.get(row["experiment_id"], {}),
            id=row["experiment_id"],
            sample_id=row["sample_id"],
            status=row["status"],
        )
        for row in rows
    ]


def read_records(folder: Path) -> list[Experiment]:
    """The experiments as they were recorded, arrays and all."""
    rows = pq.read_table(folder / "arrays.parquet").to_pylist()
    arrays = {row["sha256"]: to_array(row["dtype"], tuple(row["shape"]), row["content"]) for row in rows}
    stored = pq.read_table(folder / "experiments.parquet", columns=["record"]).to_pylist()
    return [decode(json.loads(row["record"]), arrays.__getitem__) for row in stored]


def _experiment_row(step: Step, arrays: dict[str, Array]) -> Row:
    experiment, trial = step.experiment, step.trial
    started, ended = times_of(experiment)
    commission = experiment.commission
    return {
        "experiment_id": experiment.id,
        "number": experiment.number,
        "sample_id": experiment.sample_id,
        "campaign_id": commission.campaign_id if commission else "",
        "problem": commission.problem if commission else "",
        "agent": commission.agent if commission else "",
        "operator": commission.operator if commission else "",
        "material": material_of(experiment.recipe),
        "substrate": substrate_of(experiment.recipe),
        "status": experiment.status,
        "message": experiment.message,
        **provenance_of(experiment),
        **sharing_of(experiment),
        "started": started,
        "ended": ended,
        "lab_time_s": experiment.cost.lab_time_s,
        "money": experiment.cost.money,
        "objective": list(trial.values),
        "objective_u": list(trial.u),
        **{f"recipe_{name}": value for name, value in recipe_values(experiment.recipe).items()},
        "record": json.dumps(encode(experiment, arrays)),
    }


_SCHEMAS = {
    "measurements": pa.schema(
        [
            ("measurement_id", pa.string()),
            ("experiment_id", pa.string()),
            ("instrument", pa.string()),
            ("order", pa.int64()),
            ("about", pa.string()),
            ("flags", pa.list_(pa.string())),
            ("settings", pa.string()),
        ]
    ),
    "values": pa.schema(
        [
            ("measurement_id", pa.string()),
            ("experiment_id", pa.string()),
            ("instrument", pa.string()),
            ("name", pa.string()),
            ("value", pa.float64()),
            ("u", pa.float64()),
            ("u_systematic", pa.float64()),
            ("unit", pa.string()),
        ]
    ),
    "arrays": pa.schema(
        [("sha256", pa.string()), ("dtype", pa.string()), ("shape", pa.list_(pa.int64())), ("content", pa.binary())]
    ),
}
_LISTS = {"objective": pa.list_(pa.float64()), "objective_u": pa.list_(pa.float64())}
_KINDS = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def _schema(name: str, rows: list[Row]) -> Any:
    """Columns of a table; those of the experiments follow from the recipes, which may differ from row to row."""
    if name in _SCHEMAS:
        return _SCHEMAS[name]
    columns: dict[str, Any] = {}
    for row in rows:
        for column, value in row.items():
            kind = _LISTS.get(column) or _KINDS[type(value)]
            known = columns.setdefault(column, kind)
            if known != kind and {known, kind} == {pa.int64(), pa.float64()}:
                columns[column] = pa.float64()
    return pa.schema(list(columns.items()))
