"""RO-Crate with Process Run Crate actions: a folder whose ``ro-crate-metadata.json`` tells who made what from what.

One CreateAction an experiment (the deposition: recipe in, sample out) and one a measurement (sample in, raw file out).
Raw arrays are in files of `tansaki.experiments.exports.raw_files`. Needs the package ``rocrate`` (extra ``interop``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tansaki.experiments.exports.campaign_records import (
    CampaignRecords,
    ImportedExperiment,
    facts_of,
    imported,
    material_of,
    measurement_times,
    provenance_of,
    recipe_values,
    sharing_of,
    substrate_of,
    times_of,
)
from tansaki.experiments.exports.export import needs_extra
from tansaki.experiments.exports.raw_files import write_raw
from tansaki.twin.provenance import software
from tansaki.twin.records import Derived, Experiment, Measurement

PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
VERSION: Final = "1.1"
_STATUS: Final = {"failed": "http://schema.org/FailedActionStatus"}
_DONE: Final = "http://schema.org/CompletedActionStatus"


def write(campaign: CampaignRecords, folder: Path) -> None:
    """Make the crate in `folder`."""
    crate_class, entity_class = _library()
    crate = crate_class(version=VERSION)
    commission = campaign.commission
    crate.name = f"Campaign of {commission.agent} on {commission.problem}"
    crate.description = f"Campaign {commission.campaign_id}: recipes, raw records and derived values."
    # No wall clock: the same campaign gives the same crate.
    crate.datePublished = times_of(campaign.experiments[-1])[1] or campaign.events[-1].wall_time
    if commission.sharing.licence:
        crate.license = commission.sharing.licence
    crate.root_dataset["identifier"] = commission.campaign_id

    def add(at: str, kind: str, /, **properties: Any) -> Any:
        entity = entity_class(crate, quote(at, safe="#:/"), properties={"@type": kind, **properties})
        return crate.add(entity)

    crate.root_dataset["conformsTo"] = add(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    program = add("#software", "SoftwareApplication", name="tansaki", version=software().partition(" ")[2])
    planner = add("#agent", "SoftwareApplication", name=commission.agent)
    operator = add("#operator", "Person", name=commission.operator) if commission.operator else planner
    crate.root_dataset["conditionsOfAccess"] = _access(sharing_of(campaign.experiments[0]))
    instruments: dict[str, Any] = {}
    (folder / "raw").mkdir(parents=True)
    for experiment in campaign.experiments:
        started, ended = times_of(experiment)
        said = [
            add(f"#{experiment.id}-{name}", "PropertyValue", name=name, value=value)
            for name, value in {**provenance_of(experiment), **sharing_of(experiment)}.items()
        ]
        recipe = [
            add(f"#{experiment.id}-recipe-{name}", "PropertyValue", name=name, value=value)
            for name, value in recipe_values(experiment.recipe).items()
        ]
        material, substrate = material_of(experiment.recipe), substrate_of(experiment.recipe)
        sample = add(
            f"#{experiment.sample_id}", "Thing", name=experiment.sample_id, description=f"{material} {substrate}"
        )
        add(
            f"#{experiment.id}",
            "CreateAction",
            name=f"Sample {experiment.sample_id}",
            identifier=experiment.id,
            instrument=program,
            agent=operator,
            object=recipe,
            result=sample,
            startTime=started,
            endTime=ended,
            actionStatus=_STATUS.get(experiment.status, _DONE),
            additionalType=experiment.status,
            additionalProperty=said,
            error=experiment.message,
        )
        for order, measurement in enumerate(experiment.measurements):
            name = measurement.instrument
            if name not in instruments:
                made = measurement.equipment
                about = {"name": name, "model": made.model, "manufacturer": made.maker} if made else {"name": name}
                instruments[name] = add(f"#instrument-{len(instruments)}", "Thing", **about)
            files = write_raw(folder / "raw", experiment, measurement, order)
            results = [_file(crate, folder, path, measurement) for path in files]
            begun, done = measurement_times(experiment, measurement)
            add(
                f"#{measurement.id}",
                "CreateAction",
                name=f"{name} of {experiment.sample_id}",
                identifier=measurement.id,
                instrument=instruments[name],
                agent=operator,
                object=sample,
                result=results,
                startTime=begun,
                endTime=done,
                actionStatus=_DONE,
                description=", ".join(measurement.flags),
                additionalProperty=[*_values(add, measurement), *_facts(add, experiment, measurement)],
                isPartOf={"@id": f"#{experiment.id}"},
            )
    crate.write(folder)


def read(folder: Path) -> list[ImportedExperiment]:
    """From the actions of the crate, read with ``rocrate``."""
    crate_class, _ = _library()
    crate = crate_class(folder)
    actions = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
    values: dict[str, dict[str, dict[str, Derived]]] = {}
    for action in actions:
        part = action.get("isPartOf")
        if part is not None:
            said = [entry for entry in _many(action.get("additionalProperty")) if entry.get("valueReference")]
            found = {entry["name"]: _derived(entry) for entry in said}
            values.setdefault(part["identifier"], {})[action["identifier"]] = found
    return [
        imported(
            {entry["name"]: entry["value"] for entry in _many(action["additionalProperty"])},
            values.get(action["identifier"], {}),
            id=action["identifier"],
            sample_id=action["result"]["name"],
            status=action["additionalType"],
        )
        for action in actions
        if action.get("isPartOf") is None
    ]


def _library() -> tuple[Any, Any]:
    try:
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise needs_extra("RO-Crate", "rocrate") from None
    return ROCrate, ContextEntity


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _access(sharing: Mapping[str, str]) -> str:
    until = f", not before {sharing['embargo']}" if sharing["embargo"] else ""
    return f"{sharing['tier']}{until}"


def _file(crate: Any, folder: Path, path: Path, measurement: Measurement) -> Any:
    encoding = {".csv": "text/csv", ".ras": "text/plain"}.get(path.suffix, "application/octet-stream")
    about = {"name": path.name, "encodingFormat": encoding, "contentSize": str(path.stat().st_size)}
    units = {name: column.unit for name, column in measurement.columns.items()}
    relative = path.relative_to(folder).as_posix()
    return crate.add_file(path, relative, properties={**about, "description": f"units {json.dumps(units)}"})


def _values(add: Any, measurement: Measurement) -> list[Any]:
    """Derived values as PropertyValue; the two parts of the uncertainty are values they refer to."""
    found = []
    for name, derived in measurement.derived.items():
        own = f"#{measurement.id}-{name}"
        parts = [
            add(f"{own}-{part}", "PropertyValue", name=part, value=repr(float(value)), unitText=derived.unit)
            for part, value in (
                ("standard uncertainty", derived.u),
                ("systematic standard uncertainty", derived.u_systematic),
            )
        ]
        about = {"name": name, "value": repr(float(derived.value)), "unitText": derived.unit, "valueReference": parts}
        if measurement.analysis:
            about["measurementTechnique"] = measurement.analysis.method
        found.append(add(own, "PropertyValue", **about))
    return found


def _facts(add: Any, experiment: Experiment, measurement: Measurement) -> list[Any]:
    own = f"#{measurement.id}-about"
    facts = {**facts_of(experiment, measurement), **{f"setting.{k}": v for k, v in measurement.settings.items()}}
    return [add(f"{own}-{name}", "PropertyValue", name=name, value=value) for name, value in facts.items()]


def _derived(entry: Any) -> Derived:
    u, systematic = (float(part["value"]) for part in entry["valueReference"])
    return Derived(float(entry["value"]), u, entry["unitText"], systematic)
