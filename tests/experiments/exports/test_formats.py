"""Each export in the eyes of the tool that it was made for."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tansaki.experiments.exports import maiml, nexus
from tansaki.experiments.exports.campaign_records import CampaignRecords, read_campaign
from tansaki.experiments.exports.export import export
from tansaki.experiments.exports.raw_files import scan_file, write_raw
from tansaki.hardware.files.analysed import analyse_file
from tansaki.hardware.files.ras import PIPELINE_KEYS, read_ras, read_scans
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import SIMULATED, Equipment, Provenance
from tansaki.twin.records import Column, Cost, Derived, Experiment, Measurement, ReceivedSample


@pytest.fixture(scope="module")
def records(twin_campaign: Path) -> CampaignRecords:
    return read_campaign(twin_campaign)


def test_maiml_keeps_to_its_schema_and_to_the_rules_beyond(campaign: Path, tmp_path: Path) -> None:
    validation = pytest.importorskip("pymaiml.validation")
    done = export(campaign, "maiml", tmp_path / "c.maiml")
    result = validation.validate(done.path)
    assert result.ok
    assert [str(finding) for finding in result.findings] == []


def test_the_schema_check_can_fail(table_campaign: Path, tmp_path: Path) -> None:
    validation = pytest.importorskip("pymaiml.validation")
    done = export(table_campaign, "maiml", tmp_path / "c.maiml")
    text = done.path.read_text(encoding="utf-8")
    for change in (
        text.replace('ref="recipe"', 'ref="nowhere"'),
        text.replace("<value>complete</value>", "<value>begun</value>"),
        text.replace('xsi:type="doubleType"', 'xsi:type="intType"', 1),
    ):
        assert change != text
        done.path.write_text(change, encoding="utf-8")
        assert not validation.validate(done.path).ok


def test_maiml_tells_when_each_step_was_planned_and_done(records: CampaignRecords, tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    path = tmp_path / "c.maiml"
    maiml.write(records, path)
    names = {"m": maiml.MAIML}
    root = etree.parse(path).getroot()
    traces = root.findall("m:eventLog/m:log/m:trace", names)
    assert len(traces) == 2
    steps = [
        [p.findtext("m:value", namespaces=names) for p in event.findall("m:property", names)]
        for event in traces[0].findall("m:event", names)
    ]
    assert [step[:2] for step in steps] == [
        ["deposit", "schedule"],
        ["deposit", "complete"],
        ["i0.measure", "complete"],
    ]
    clock, first = records.experiments[0].clock, records.experiments[0]
    assert clock is not None
    assert steps[2][2] == clock.at(first.cost.lab_time_s)
    voltage = first.measurements[0].raw["voltage_v"]
    (found,) = root.xpath("(//m:content[@key='tansaki:voltage_v'])[1]", namespaces=names)
    assert (found.get("units"), found.get("axis")) == ("V", "time_s")
    assert [float(x) for x in found.findtext("m:value", namespaces=names).split()] == voltage.tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'<!DOCTYPE m [<!ENTITY a "b">]><maiml/>', "without <!DOCTYPE>"),
        ('<!DOCTYPE m [<!ENTITY a "b">]><maiml/>'.encode("utf-16"), "UTF-8"),
        (b"<maiml>", "XML"),
    ],
)
def test_xml_with_entities_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "c.maiml"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=words):
        maiml.read(path)


def test_nexus_holds_arrays_with_units_and_axes(records: CampaignRecords, tmp_path: Path) -> None:
    path = tmp_path / "c.nxs"
    nexus.write(records, path)
    measurement = records.experiments[1].measurements[0]
    for name, array in nexus.read_arrays(path, measurement.id).items():
        np.testing.assert_array_equal(array, measurement.raw[name])
        assert array.dtype == measurement.raw[name].dtype
    with h5py.File(path, "r") as file:
        entry = file[file.attrs["default"]]
        classes = {name: group.attrs["NX_class"] for name, group in entry.items() if isinstance(group, h5py.Group)}
        assert classes["sample"] == "NXsample"
        assert classes["operator"] == classes["agent"] == "NXuser"
        assert entry.attrs["NX_class"] == "NXentry"
        data = entry["00_four_point_probe/data"]
        assert (data.attrs["signal"], list(data.attrs["axes"])) == ("current_a", ["time_s"])
        assert data["voltage_v"].attrs["units"] == "V"
        assert data["compliance"].attrs["role"] == "status"
        assert entry["sample/temperature"].attrs["units"] == "K"
        assert entry["operator/name"].asstr()[()] == "A. Yamada"
    with pytest.raises(InvalidInputError, match="one of those"):
        nexus.read_arrays(path, "none")


def test_rocrate_reads_back_as_a_process_run_crate(twin_campaign: Path, tmp_path: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    done = export(twin_campaign, "rocrate", tmp_path / "crate")
    crate = rocrate.ROCrate(done.path)
    assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    assert crate.root_dataset["license"] == "CC-BY-4.0"
    assert crate.root_dataset["conditionsOfAccess"] == "open, not before 2027-04-01"
    actions = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
    assert len(actions) == 4
    for action in actions:
        assert action["instrument"].type in ("SoftwareApplication", "Thing")
        assert action["agent"]["name"] == "A. Yamada"
        assert action["startTime"] < action["endTime"]
    held = {entity.id for entity in crate.data_entities}
    assert held == {path.relative_to(done.path).as_posix() for path in (done.path / "raw").iterdir()}
    graph = json.loads((done.path / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    known = {entity["@id"] for entity in graph}
    referred = set(re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(graph)))
    # The specification itself is the only thing outside the crate.
    assert {name for name in referred - known if not name.startswith("https://w3id.org/ro/crate/")} == set()


def test_the_raw_files_of_a_crate_give_the_same_values_again(records: CampaignRecords, tmp_path: Path) -> None:
    for experiment in records.experiments:
        measurement = experiment.measurements[0]
        (path,) = write_raw(tmp_path, experiment, measurement, 0)
        again = analyse_file(path, measurement.instrument)
        assert again.measurements[0].derived == measurement.derived
        assert again.measurements[0].flags == measurement.flags
        assert (again.origin, again.sample_id, again.provenance) == (
            "twin",
            experiment.sample_id,
            experiment.provenance,
        )


def test_pictures_and_texts_are_kept_beside_the_columns(records: CampaignRecords, tmp_path: Path) -> None:
    raw = {"height_m": np.arange(6.0).reshape(2, 3), "x_m": np.arange(3.0), "label": np.array(["a", "b"])}
    made = write_raw(tmp_path, records.experiments[0], Measurement("atomic_force_microscope", {}, "c", raw, {}), 1)
    assert [path.name for path in made] == [
        "0000_01_atomic_force_microscope.csv",
        "0000_01_atomic_force_microscope_height_m.npy",
        "0000_01_atomic_force_microscope_label.npy",
    ]
    np.testing.assert_array_equal(np.load(made[1], allow_pickle=False), raw["height_m"])


# The basic part of an invoice as rdetoolkit checks it (invoice_basic_and_sample.schema_.json), for a new sample.
BASIC = {
    "type": "object",
    "required": ["basic", "datasetId"],
    "properties": {
        "datasetId": {"type": "string"},
        "basic": {
            "type": "object",
            "required": ["dateSubmitted", "dataOwnerId", "dataName"],
            "properties": {
                "dateSubmitted": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                "dataOwnerId": {"type": "string", "pattern": "^([0-9a-zA-Z]{56})$"},
                "instrumentId": {"type": ["string", "null"]},
                "experimentId": {"type": ["string", "null"]},
                "description": {"type": ["string", "null"]},
            },
        },
        "sample": {
            "type": "object",
            "required": ["sampleId", "names", "ownerId"],
            "properties": {
                "sampleId": {"type": "string", "pattern": "^$"},
                "names": {"type": "array"},
                "ownerId": {"type": "string", "pattern": "^([0-9a-zA-Z]{56})$"},
                "composition": {"type": ["string", "null"]},
                "description": {"type": ["string", "null"]},
                "generalAttributes": {"type": "array"},
            },
        },
    },
}


def complaints(value: Any, schema: dict[str, Any], where: str = "") -> list[str]:
    """What JSON Schema, as far as these schemas use it, finds wrong with `value`."""
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float), "null": type(None)}
    allowed = schema.get("type", list(kinds))
    if not any(isinstance(value, kinds[kind]) for kind in ([allowed] if isinstance(allowed, str) else allowed)):
        return [f"{where}: {value!r} is not {allowed}"]
    found = []
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{where}: {value!r} does not match")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if isinstance(value, dict):
        found += [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                found += complaints(value[name], inner, f"{where}.{name}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{where}: too short")
        for entry in value:
            found += complaints(entry, schema.get("items", {}), f"{where}[]")
    return found


def test_rde_invoice_keeps_to_its_schema_and_to_the_basic_one(campaign: Path, tmp_path: Path) -> None:
    done = export(campaign, "rde", tmp_path / "rde")
    datasets = sorted(done.path.iterdir())
    assert len(datasets) == done.experiments
    for dataset in datasets:
        invoice = json.loads((dataset / "invoice" / "invoice.json").read_text(encoding="utf-8"))
        schema = json.loads((dataset / "tasksupport" / "invoice.schema.json").read_text(encoding="utf-8"))
        for one in (schema, BASIC):
            assert complaints(invoice, one) == []
        for broken in ({**invoice["custom"], "origin": "dream"}, {**invoice["custom"], "tier": None}, {}):
            assert complaints({**invoice, "custom": broken}, schema)
        assert set(schema["properties"]["custom"]["properties"]) == set(invoice["custom"])


def test_rde_invoice_in_the_eyes_of_a_full_validator(campaign: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    done = export(campaign, "rde", tmp_path / "rde")
    for dataset in done.path.iterdir():
        invoice = json.loads((dataset / "invoice" / "invoice.json").read_text(encoding="utf-8"))
        schema = json.loads((dataset / "tasksupport" / "invoice.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        for one in (schema, BASIC):
            jsonschema.validate(invoice, one)


def test_rde_metadata_is_defined_and_the_signal_is_pictured(twin_campaign: Path, tmp_path: Path) -> None:
    done = export(twin_campaign, "rde", tmp_path / "rde")
    for dataset in done.path.iterdir():
        metadata = json.loads((dataset / "meta" / "metadata.json").read_text(encoding="utf-8"))
        definition = json.loads((dataset / "tasksupport" / "metadata-def.json").read_text(encoding="utf-8"))
        for entry in metadata["variable"]:
            assert set(entry) <= set(definition)
            assert entry["origin"]["value"] == "twin"
            assert entry["sheet_resistance"]["unit"] == definition["sheet_resistance"]["unit"] == "ohm/sq"
        (picture,) = (dataset / "main_image").iterdir()
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(content) > 5000
        with (dataset / "structured" / "values.csv").open(encoding="utf-8", newline="") as table:
            assert {row["name"] for row in csv.DictReader(table)} >= {"thickness", "resistivity"}


def scan() -> tuple[Experiment, Measurement]:
    angle = 20.0 + 0.01 * np.arange(200)
    counts = np.random.default_rng(0).poisson(12.0, 200).astype(float)
    columns = {"two_theta_deg": Column("deg", role="axis"), "intensity_counts": Column("1", ("two_theta_deg",))}
    settings = {
        "wavelength_1_m": 1.540593e-10,
        "wavelength_2_m": 1.544414e-10,
        "speed_deg_min": 8.0,
        "duration_s": 300.0,
    }
    measurement = Measurement(
        "x_ray_diffractometer",
        {**settings, "speed_deg_min": 8.0, "phases": "anatase rutile"},
        "xrd-7",
        {"two_theta_deg": angle, "intensity_counts": counts},
        {"lattice": Derived(0.37845, 1e-5, "nm")},
        (),
        columns,
        id="0" * 8,
        started_s=3600.0,
        equipment=Equipment("simulated", 'a "model"'),
    )
    experiment = Experiment(
        0, "twin-7-0", ReceivedSample("glass"), "ok", "twin", 0.0, Cost(4000.0), measurements=(measurement,)
    )
    return experiment, measurement


def test_a_ras_file_has_every_key_of_the_pipeline_and_comes_back_exactly(tmp_path: Path) -> None:
    plain, measurement = scan()
    fields = {name: getattr(plain, name) for name in ("number", "sample_id", "recipe", "status", "origin", "started_s")}
    made = Provenance("tansaki 9.9", 7, "standard")
    experiment = Experiment(**fields, cost=plain.cost, measurements=(measurement,), provenance=made, clock=SIMULATED)
    (one,) = read_scans(scan_file(experiment, measurement), "scan.ras")
    assert set(PIPELINE_KEYS) <= set(one.header)
    assert len(PIPELINE_KEYS) == 28
    empty = [key for key in PIPELINE_KEYS if not one.header[key]]
    known = {"FILE_OPERATOR", "HW_COUNTER_PIXEL_SIZE", "HW_XG_WAVE_LENGTH_BETA", "MEAS_COND_XG_CURRENT"}
    assert set(empty) == {*known, "MEAS_COND_XG_VOLTAGE"}
    assert one.header["MEAS_SCAN_START_TIME"] == "01/01/2026 01:00:00"
    assert one.header["MEAS_SCAN_END_TIME"] == "01/01/2026 01:05:00"
    assert (one.header["MEAS_DATA_COUNT"], one.header["MEAS_SCAN_STOP"]) == ("200", "21.9900")
    (path,) = write_raw(tmp_path, experiment, measurement, 0)
    assert path.suffix == ".ras"
    contents = read_ras(path, measurement.columns)
    for name, array in measurement.raw.items():
        np.testing.assert_array_equal(contents.raw[name], array)
    assert dict(measurement.settings).items() <= dict(contents.settings).items()
    notes = contents.notes
    assert (notes["origin"], notes["seed"], notes["software"]) == ("twin", "7", "tansaki 9.9")
    assert (notes["fidelity"], notes["calibration"], notes["sample"]) == ("standard", "xrd-7", "twin-7-0")
