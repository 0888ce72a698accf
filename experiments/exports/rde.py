"""RDE, the data system of NIMS and ARIM: one dataset folder an experiment.

``invoice/invoice.json`` with its ``tasksupport/invoice.schema.json``, ``meta/metadata.json`` with its
``tasksupport/metadata-def.json``, ``raw/`` files, ``structured/`` tables and ``main_image/``. The invoice keeps to the
basic part that rdetoolkit checks (``invoice_basic_and_sample.schema_.json``, read); an import into RDE itself was not
tried. The owner's identifier in RDE is not known here: a digest of the operator's name of the right form stands in its
place and is to be replaced on upload.
"""

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

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
)
from tansaki.experiments.exports.raw_files import write_raw
from tansaki.twin.records import Derived, Experiment, Measurement

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
VALUES: Final = "values.csv"
_HEAD: Final = ("measurement_id", "instrument", "name", "value", "u", "u_systematic", "unit")
_LABELS: Final = {
    "origin": ("データの起源", "Origin"),
    "software": ("ソフトウェア", "Software"),
    "seed": ("乱数シード", "Seed"),
    "fidelity": ("忠実度", "Fidelity"),
    "tier": ("公開区分", "Sharing tier"),
    "licence": ("ライセンス", "Licence"),
    "embargo": ("公開猶予日", "Embargo"),
    "status": ("状態", "Status"),
    "experiment_id": ("実験ID", "Experiment id"),
    "campaign_id": ("キャンペーンID", "Campaign id"),
    "operator": ("実施者", "Operator"),
    "agent": ("計画エージェント", "Planning agent"),
    "material": ("材料", "Material"),
    "substrate": ("基板", "Substrate"),
}


def write(campaign: CampaignRecords, folder: Path) -> None:
    """Make `folder` with one dataset an experiment."""
    folder.mkdir()
    day = campaign.events[-1].wall_time[:10]
    for experiment in campaign.experiments:
        _dataset(folder / f"{experiment.number:04d}", experiment, day)


def read(folder: Path) -> list[ImportedExperiment]:
    """From the invoices and the tables of values."""
    found = []
    for dataset in sorted(path for path in folder.iterdir() if path.is_dir()):
        invoice = json.loads((dataset / "invoice" / "invoice.json").read_text(encoding="utf-8"))
        custom = {name: "" if value is None else value for name, value in invoice["custom"].items()}
        metadata = json.loads((dataset / "meta" / "metadata.json").read_text(encoding="utf-8"))
        values: dict[str, dict[str, Derived]] = {entry["measurement_id"]["value"]: {} for entry in metadata["variable"]}
        with (dataset / "structured" / VALUES).open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                derived = Derived(float(row["value"]), float(row["u"]), row["unit"], float(row["u_systematic"]))
                values[row["measurement_id"]][row["name"]] = derived
        own = {"id": custom["experiment_id"], "sample_id": invoice["sample"]["names"][0], "status": custom["status"]}
        found.append(imported(custom, values, **own))
    return found


def _dataset(folder: Path, experiment: Experiment, day: str) -> None:
    for name in ("invoice", "tasksupport", "meta", "raw", "structured", "main_image"):
        (folder / name).mkdir(parents=True)
    custom = _custom(experiment)
    _json(folder / "invoice" / "invoice.json", _invoice(experiment, custom, day))
    _json(folder / "tasksupport" / "invoice.schema.json", invoice_schema(custom))
    variable = [_metadata(experiment, measurement) for measurement in experiment.measurements]
    _json(folder / "meta" / "metadata.json", {"constant": {}, "variable": variable})
    _json(folder / "tasksupport" / "metadata-def.json", _definition(variable))
    for order, measurement in enumerate(experiment.measurements):
        write_raw(folder / "raw", experiment, measurement, order)
    with (folder / "structured" / VALUES).open("x", encoding="utf-8", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(_HEAD)
        for measurement in experiment.measurements:
            for name, derived in measurement.derived.items():
                numbers = (repr(float(derived.value)), repr(float(derived.u)), repr(float(derived.u_systematic)))
                rows.writerow((measurement.id, measurement.instrument, name, *numbers, derived.unit))
    pictured = next((m for m in experiment.measurements if signal_of(m)), None)
    if pictured is not None:
        draw(pictured, experiment, folder / "main_image" / f"{experiment.number:04d}.png")


def _custom(experiment: Experiment) -> dict[str, float | int | str | None]:
    """The dataset's own fields; what is not known is null."""
    commission = experiment.commission
    texts = {
        **provenance_of(experiment),
        **sharing_of(experiment),
        "status": experiment.status,
        "experiment_id": experiment.id,
        "campaign_id": commission.campaign_id if commission else "",
        "operator": commission.operator if commission else "",
        "agent": commission.agent if commission else "",
        "material": material_of(experiment.recipe),
        "substrate": substrate_of(experiment.recipe),
    }
    return {**{name: text or None for name, text in texts.items()}, **recipe_values(experiment.recipe)}


def _invoice(experiment: Experiment, custom: Mapping[str, object], day: str) -> dict[str, Any]:
    operator = str(custom["operator"] or "")
    owner = hashlib.sha224(operator.encode()).hexdigest()
    return {
        "datasetId": experiment.id,
        "basic": {
            "dateSubmitted": day,
            "dataOwnerId": owner,
            "dataName": f"{custom['material']} {experiment.sample_id}",
            "instrumentId": None,
            "experimentId": custom["campaign_id"],
            "description": experiment.message or None,
        },
        "custom": dict(custom),
        "sample": {
            "sampleId": "",
            "names": [experiment.sample_id],
            "composition": None,
            "referenceUrl": None,
            "description": custom["substrate"],
            "generalAttributes": [],
            "ownerId": owner,
        },
    }


def invoice_schema(custom: Mapping[str, object]) -> dict[str, Any]:
    """The schema of an invoice with the fields of `custom`: JSON Schema, with the labels that RDE shows."""
    properties = {}
    for name, value in custom.items():
        kind = "number" if isinstance(value, float | int) else "string"
        japanese, english = _LABELS.get(name, (name, name))
        properties[name] = {"label": {"ja": japanese, "en": english}, "type": [kind, "null"]}
    origins = ["twin", "virtual", "real", "replay"]
    properties["origin"] = {**properties["origin"], "type": "string", "enum": origins}
    properties["tier"] = {**properties["tier"], "type": "string", "enum": ["open", "share-closed", "closed"]}
    return {
        "$schema": DRAFT,
        "description": "tansaki: one sample, its recipe and its measurements",
        "type": "object",
        "required": ["custom", "sample"],
        "properties": {
            "custom": {
                "type": "object",
                "label": {"ja": "固有情報", "en": "Custom Information"},
                "required": ["origin", "software", "tier", "status", "experiment_id"],
                "properties": properties,
            },
            "sample": {
                "type": "object",
                "label": {"ja": "試料情報", "en": "Sample Information"},
                "required": ["names"],
                "properties": {"names": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
            },
        },
    }


def _metadata(experiment: Experiment, measurement: Measurement) -> dict[str, dict[str, Any]]:
    """One entry of ``variable``: what the record says beside its arrays."""
    said = {name: text for name, text in provenance_of(experiment).items() if text}
    facts = {"measurement_id": measurement.id, **said, **facts_of(experiment, measurement)}
    entries: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in facts.items()}
    for name, setting in measurement.settings.items():
        entries[f"setting.{name}"] = {"value": setting}
    for name, derived in measurement.derived.items():
        entries[name] = {"value": derived.value, "unit": derived.unit}
        entries[f"{name}.standard_uncertainty"] = {"value": derived.u, "unit": derived.unit}
    return entries


def _definition(variable: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Definition of every field that an entry holds."""
    found: dict[str, Any] = {}
    for entry in variable:
        for name, field in entry.items():
            kind = "number" if isinstance(field["value"], float | int) else "string"
            unit = {"unit": field["unit"]} if "unit" in field else {}
            about = {"name": {"ja": name, "en": name}, "schema": {"type": kind}, **unit}
            found.setdefault(name, {**about, "order": len(found) + 1, "variable": 1})
    return found


def signal_of(measurement: Measurement) -> str:
    """The first signal that can be drawn: one or two axes, more than one value; empty if there is none."""
    for name, column in measurement.columns.items():
        array = measurement.raw.get(name)
        if array is not None and column.role == "signal" and column.axes and array.ndim in (1, 2) and array.size > 1:
            return name
    return ""


def draw(measurement: Measurement, experiment: Experiment, path: Path) -> None:
    """The raw signal of `measurement` as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name = signal_of(measurement)
    signal, axes = np.asarray(measurement.raw[name]), measurement.columns[name].axes
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    plot = figure.add_subplot()
    plot.set_xlabel(f"{axes[-1]} [{measurement.columns[axes[-1]].unit}]")
    if signal.ndim == 1:
        plot.plot(np.asarray(measurement.raw[axes[0]]), signal, linewidth=0.8)
        plot.set_ylabel(f"{name} [{measurement.columns[name].unit}]")
    else:
        low, high = (np.asarray(measurement.raw[axis]) for axis in axes)
        picture = plot.imshow(signal, extent=(high[0], high[-1], low[0], low[-1]), origin="lower", aspect="auto")
        plot.set_ylabel(f"{axes[0]} [{measurement.columns[axes[0]].unit}]")
        figure.colorbar(picture, label=f"{name} [{measurement.columns[name].unit}]")
    plot.set_title(f"{measurement.instrument} of {experiment.sample_id} ({experiment.origin})")
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
