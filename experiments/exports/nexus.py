"""NeXus in HDF5: one NXentry an experiment, one NXsubentry a measurement.

Class and field names are those of the NeXus base classes; an X-ray scan carries the fields of NXxrd_pan and a
spectrophotometer's or ellipsometer's those of NXoptical_spectroscopy as far as the record knows them, without claiming
the definition where a required field is missing. Units stand in ``units`` attributes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from tansaki.experiments.exports.campaign_records import (
    CampaignRecords,
    ImportedExperiment,
    imported,
    material_of,
    measurement_times,
    provenance_of,
    recipe_values,
    sharing_of,
    substrate_of,
    times_of,
)
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import software
from tansaki.twin.records import Derived, Experiment, Measurement

RELATED: Final = {
    "x_ray_diffractometer": "NXxrd_pan",
    "spectrophotometer": "NXoptical_spectroscopy",
    "ellipsometer": "NXellipsometry",
}
"""Application definition whose names an instrument's subentry follows."""


def write(campaign: CampaignRecords, path: Path) -> None:
    """Make the file at `path`."""
    with h5py.File(path, "x") as file:
        file.attrs.update({"NX_class": "NXroot", "creator": software(), "default": "experiment_0000"})
        for experiment in campaign.experiments:
            _entry(_group(file, f"experiment_{experiment.number:04d}", "NXentry"), experiment)


def read(path: Path) -> list[ImportedExperiment]:
    """From the groups of the file."""
    found = []
    with h5py.File(path, "r") as file:
        for entry in file.values():
            said = {name: _text(entry["provenance"][name]) for name in entry["provenance"]}
            values = {
                _text(group["entry_identifier_uuid"]): {
                    _name(node): _derived(node) for node in group["derived"].values()
                }
                for group in _subentries(entry)
            }
            own = {"id": _text(entry["entry_identifier_uuid"]), "sample_id": _text(entry["sample"]["name"])}
            found.append(imported(said, values, status=_text(entry["status"]), **own))
    return found


def read_arrays(path: Path, measurement_id: str) -> dict[str, Any]:
    """The raw arrays of one measurement, by name."""
    with h5py.File(path, "r") as file:
        for entry in file.values():
            for group in _subentries(entry):
                if _text(group["entry_identifier_uuid"]) == measurement_id:
                    return {_name(node): node[()] for node in group["data"].values()}
    raise InvalidInputError("measurement", measurement_id, f"one of those in {path.name}")


def _subentries(entry: Any) -> list[Any]:
    return [group for group in entry.values() if group.attrs.get("NX_class") == "NXsubentry"]


def _entry(entry: Any, experiment: Experiment) -> None:
    started, ended = times_of(experiment)
    _fields(
        entry,
        {
            "title": f"{material_of(experiment.recipe)} {experiment.sample_id}",
            "entry_identifier_uuid": experiment.id,
            "start_time": started,
            "end_time": ended,
            "status": experiment.status,
            "message": experiment.message,
        },
    )
    commission = experiment.commission
    provenance = _group(entry, "provenance", "NXcollection")
    _fields(provenance, {**provenance_of(experiment), **sharing_of(experiment)})
    _fields(provenance, {"clock": experiment.clock.source if experiment.clock else ""})
    if commission:
        _fields(entry, {"experiment_identifier": commission.campaign_id, "experiment_description": commission.problem})
        user = _group(entry, "operator", "NXuser")
        _fields(user, {"name": commission.operator, "role": "operator"})
        planner = _group(entry, "agent", "NXuser")
        _fields(planner, {"name": commission.agent, "role": "planner"})
    sample = _group(entry, "sample", "NXsample")
    _fields(sample, {"name": experiment.sample_id, "substrate": substrate_of(experiment.recipe)})
    if experiment.environment:
        _fields(sample, {"temperature": experiment.environment.temperature_k}, {"temperature": "K"})
        _fields(sample, {"relative_humidity": experiment.environment.relative_humidity}, {"relative_humidity": "1"})
    _fields(_group(entry, "recipe", "NXcollection"), recipe_values(experiment.recipe))
    if experiment.trace is not None:
        channels = {"time_s": experiment.trace.time_s, **experiment.trace.channels}
        trace = _group(entry, "trace", "NXdata")
        trace.attrs.update({"axes": "time_s", "signal": next(iter(experiment.trace.channels), "")})
        for name, array in channels.items():
            trace.create_dataset(name, data=array)
    for order, measurement in enumerate(experiment.measurements):
        name = f"{order:02d}_{measurement.instrument.replace(' ', '_')}"
        _subentry(_group(entry, name, "NXsubentry"), experiment, measurement)


def _subentry(entry: Any, experiment: Experiment, measurement: Measurement) -> None:
    started, ended = measurement_times(experiment, measurement)
    _fields(entry, {"entry_identifier_uuid": measurement.id, "start_time": started, "end_time": ended})
    _fields(entry, {"method": measurement.analysis.method if measurement.analysis else ""})
    if measurement.instrument in RELATED:
        entry.attrs["related_definition"] = RELATED[measurement.instrument]
    instrument = _group(entry, "instrument", "NXinstrument")
    _fields(instrument, {"name": measurement.instrument})
    if measurement.equipment:
        made = measurement.equipment
        fabrication = _group(instrument, "fabrication", "NXfabrication")
        _fields(fabrication, {"vendor": made.maker, "model": made.model, "identifier": made.serial})
        _fields(fabrication, {"firmware": made.firmware, "adapter": made.adapter})
    _fields(instrument, {"calibration_id": measurement.calibration_id})
    if measurement.calibration:
        clock = experiment.clock
        _fields(instrument, {"calibration_time": clock.at(measurement.calibration.at_s) if clock else ""})
        _fields(instrument, {"calibration_reference": measurement.calibration.reference})
    if measurement.instrument == "x_ray_diffractometer":
        _x_ray_source(instrument, measurement.settings)
    _fields(_group(entry, "settings", "NXcollection"), measurement.settings)
    if measurement.position:
        place = _group(entry, "position", "NXcollection")
        _fields(place, {"x": measurement.position.x_mm, "y": measurement.position.y_mm}, {"x": "mm", "y": "mm"})
        if measurement.position.index is not None:
            _fields(place, {"map_index": measurement.position.index})
    if measurement.source:
        note = _group(entry, "original_file", "NXnote")
        _fields(note, {"file_name": measurement.source.name, "sha256": measurement.source.sha256})
    process = _group(entry, "analysis", "NXprocess")
    if measurement.analysis:
        _fields(process, {"program": measurement.analysis.method, "version": measurement.analysis.software})
        _fields(_group(process, "inputs", "NXcollection"), measurement.analysis.inputs)
    process.create_dataset("flags", data=list(measurement.flags), dtype=h5py.string_dtype())
    _data(_group(entry, "data", "NXdata"), measurement)
    derived = _group(entry, "derived", "NXcollection")
    for name, value in measurement.derived.items():
        node = derived.create_dataset(_key(name), data=value.value)
        node.attrs.update(
            {"name": name, "units": value.unit, "uncertainty": value.u, "uncertainty_systematic": value.u_systematic}
        )


def _x_ray_source(instrument: Any, settings: Mapping[str, float | int | str]) -> None:
    """Fields of NXxrd_pan's source for the settings that a diffractometer's record has."""
    source = _group(instrument, "source", "NXsource")
    _fields(source, {"type": "Fixed Tube X-ray", "probe": "x-ray", "xray_tube_material": "Cu"})
    for field, name, factor, unit in (
        ("k_alpha_one", "wavelength_1_m", 1e10, "angstrom"),
        ("k_alpha_two", "wavelength_2_m", 1e10, "angstrom"),
        ("xray_tube_current", "tube_current_ma", 1.0, "mA"),
        ("xray_tube_voltage", "tube_voltage_kv", 1.0, "kV"),
    ):
        if name in settings:
            _fields(source, {field: float(settings[name]) * factor}, {field: unit})


def _data(data: Any, measurement: Measurement) -> None:
    signal = ""
    for name, array in measurement.raw.items():
        node = data.create_dataset(_key(name), data=np.asarray(array))
        node.attrs["name"] = name
        column = measurement.columns.get(name)
        if column is None:
            continue
        node.attrs.update({"units": column.unit, "role": column.role})
        if column.axes:
            node.attrs["axes"] = list(column.axes)
        if not signal and column.role == "signal" and column.axes:
            signal = name
            data.attrs.update({"signal": name, "axes": list(column.axes)})


def _group(parent: Any, name: str, kind: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group


def _fields(group: Any, values: Mapping[str, float | int | str], units: Mapping[str, str] | None = None) -> None:
    """One dataset a value; empty texts are what was not known, and left out where nothing reads them."""
    for name, value in values.items():
        group.create_dataset(_key(name), data=value, dtype=h5py.string_dtype() if isinstance(value, str) else None)
        if units and name in units:
            group[name].attrs["units"] = units[name]


def _key(name: str) -> str:
    """`name` as HDF5 takes it: a slash would open a group."""
    return name.replace("/", "_") or "_"


def _name(node: Any) -> str:
    return str(node.attrs["name"])


def _text(node: Any) -> str:
    return str(node.asstr()[()])


def _derived(node: Any) -> Derived:
    about = node.attrs
    uncertainty = float(about["uncertainty"]), str(about["units"]), float(about["uncertainty_systematic"])
    return Derived(float(node[()]), *uncertainty)
