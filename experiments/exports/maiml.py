"""MaiML (JIS K 0200): protocol, data and event log of a campaign in one XML file.

The protocol is the graph of the work (substrate and recipe → sample → readings) as a Petri net; data holds, for each
experiment, the materials, conditions and results that stand in for its templates; the event log has one trace an
experiment, with the times at which its steps were planned and completed. Structure and types are those of
MaiML-Schema-1_0, against which the tests validate; the text of the standard was not read. Raw arrays stand in the file.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

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
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.provenance import record_id, software
from tansaki.twin.records import Array, Derived, Experiment, Measurement

MAIML: Final = "http://www.maiml.org/schemas"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
PREFIXES: Final = {
    "tansaki": "urn:tansaki:record",
    "concept": "http://www.xes-standard.org/concept.xesext#",
    "lifecycle": "http://www.xes-standard.org/lifecycle.xesext#",
    "time": "http://www.xes-standard.org/time.xesext#",
}
"""Of the names of properties; the last three are those of XES."""
_Element = ET.Element


class _Writer:
    """Adds elements, each with an id of its own and a name-based UUID that follows from the campaign's."""

    def __init__(self, campaign_id: str) -> None:
        self.campaign_id = campaign_id

    def object(self, parent: _Element, tag: str, name: str, uuid: str = "", **attributes: str) -> _Element:
        """An element with id and UUID; `name` is unique in the document."""
        element = ET.SubElement(parent, tag, {"id": name, **attributes})
        ET.SubElement(element, "uuid").text = uuid or record_id("maiml", self.campaign_id, name)
        return element

    def reference(self, parent: _Element, tag: str, to: str) -> None:
        """A reference from `parent` to the element with id `to`."""
        ET.SubElement(parent, tag, {"id": f"{parent.get('id')}.{tag}.{to}", "ref": to})


def write(campaign: CampaignRecords, path: Path) -> None:
    """Make the file at `path`."""
    root = ET.Element("maiml", {"xmlns": MAIML, "xmlns:xsi": XSI, "version": "1.0", "xsi:type": "maimlRootType"})
    for prefix, uri in PREFIXES.items():
        root.set(f"xmlns:{prefix}", uri)
    writer = _Writer(campaign.commission.campaign_id)
    instruments = sorted({m.instrument for experiment in campaign.experiments for m in experiment.measurements})
    keys = {name: f"i{number}" for number, name in enumerate(instruments)}
    _document(writer, root, campaign, keys)
    _protocol(writer, root, keys)
    data = writer.object(root, "data", "data")
    for experiment in campaign.experiments:
        _results(writer, data, experiment, keys)
    _event_log(writer, root, campaign, keys)
    ET.indent(root)
    with path.open("xb") as file:
        ET.ElementTree(root).write(file, encoding="UTF-8", xml_declaration=True)


def read(path: Path) -> list[ImportedExperiment]:
    """From the results of the file; a file with a document type definition is refused, MaiML has none."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError("MaiML file", str(path), "text in UTF-8", str(error)) from None
    # Entities are declared in a document type definition and nowhere else: without one nothing can be expanded.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidInputError("MaiML file", str(path), "a file without <!DOCTYPE> and <!ENTITY>")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise InvalidInputError("MaiML file", str(path), "XML", str(error)) from None
    return [_imported(results) for results in root.iterfind(f"{{{MAIML}}}data/{{{MAIML}}}results")]


def _document(writer: _Writer, root: _Element, campaign: CampaignRecords, keys: Mapping[str, str]) -> None:
    commission = campaign.commission
    document = writer.object(root, "document", "document", uuid=commission.campaign_id)
    ET.SubElement(document, "description").text = f"Campaign of {commission.agent} on {commission.problem}"
    creator = writer.object(document, "creator", "creator")
    _properties(creator, {"software": software(), "agent": commission.agent})
    writer.reference(creator, "vendorRef", "vendor")
    for key in keys.values():
        writer.reference(creator, "instrumentRef", key)
    _properties(writer.object(document, "vendor", "vendor"), {"name": "tansaki"})
    _properties(writer.object(document, "owner", "owner"), {"name": commission.operator})
    made = {m.instrument: m.equipment for e in campaign.experiments for m in e.measurements}
    for name, key in keys.items():
        about, own = made[name], {"name": name}
        if about:
            own |= {"maker": about.maker, "model": about.model, "serial": about.serial, "firmware": about.firmware}
        _properties(writer.object(document, "instrument", key), own)
    ET.SubElement(document, "date").text = campaign.events[-1].wall_time


def _protocol(writer: _Writer, root: _Element, keys: Mapping[str, str]) -> None:
    """The recipe graph: places for what there is, transitions for what is done."""
    protocol = writer.object(root, "protocol", "protocol")
    method = writer.object(protocol, "method", "method")
    net = writer.object(method, "pnml", "net")
    places = ["substrate", "recipe", "sample", *(f"{key}.{part}" for key in keys.values() for part in ("set", "read"))]
    arcs = [("substrate", "deposit"), ("recipe", "deposit"), ("deposit", "sample")]
    for key in keys.values():
        arcs += [("sample", f"{key}.measure"), (f"{key}.set", f"{key}.measure"), (f"{key}.measure", f"{key}.read")]
    transitions = ["deposit", *(f"{key}.measure" for key in keys.values())]
    for place in places:
        ET.SubElement(net, "place", {"id": f"place.{place}"})
    for transition in transitions:
        ET.SubElement(net, "transition", {"id": f"do.{transition}"})
    for number, (source, target) in enumerate(arcs):
        ends = [f"do.{end}" if end in transitions else f"place.{end}" for end in (source, target)]
        ET.SubElement(net, "arc", {"id": f"arc.{number}", "source": ends[0], "target": ends[1]})
    program = writer.object(method, "program", "program")
    for transition in transitions:
        instruction = writer.object(program, "instruction", transition)
        writer.reference(instruction, "transitionRef", f"do.{transition}")
    templates = [
        *(("materialTemplate", place) for place in ("substrate", "sample")),
        *(("conditionTemplate", place) for place in ("recipe", *(f"{key}.set" for key in keys.values()))),
        *(("resultTemplate", f"{key}.read") for key in keys.values()),
    ]
    for kind, place in templates:
        template = writer.object(program, kind, place)
        writer.reference(template, "placeRef", f"place.{place}")


def _results(writer: _Writer, data: _Element, experiment: Experiment, keys: Mapping[str, str]) -> None:
    own = f"e{experiment.number}"
    results = writer.object(data, "results", own, uuid=experiment.id)
    commission = experiment.commission
    started, ended = times_of(experiment)
    _properties(
        results,
        {
            **provenance_of(experiment),
            **sharing_of(experiment),
            "status": experiment.status,
            "message": experiment.message,
            "operator": commission.operator if commission else "",
            "agent": commission.agent if commission else "",
            "started": started,
            "ended": ended,
            "lab_time_s": experiment.cost.lab_time_s,
        },
    )
    substrate = writer.object(results, "material", f"{own}.substrate", ref="substrate")
    _properties(substrate, {"name": substrate_of(experiment.recipe)})
    sample = writer.object(results, "material", f"{own}.sample", ref="sample")
    _properties(sample, {"sample_id": experiment.sample_id, "material": material_of(experiment.recipe)})
    _properties(writer.object(results, "condition", f"{own}.recipe", ref="recipe"), recipe_values(experiment.recipe))
    # The schema wants all conditions before the first result.
    for order, measurement in enumerate(experiment.measurements):
        key = keys[measurement.instrument]
        condition = writer.object(results, "condition", f"{own}.m{order}.set", ref=f"{key}.set")
        _properties(condition, measurement.settings)
    for order, measurement in enumerate(experiment.measurements):
        key = keys[measurement.instrument]
        name = f"{own}.m{order}.read"
        result = writer.object(results, "result", name, uuid=measurement.id, ref=f"{key}.read")
        _result(result, experiment, measurement)


def _result(result: _Element, experiment: Experiment, measurement: Measurement) -> None:
    _properties(result, facts_of(experiment, measurement))
    for name, derived in measurement.derived.items():
        value = _property(result, f"derived.{name}", derived.value, derived.unit)
        for part, u in (("standard_uncertainty", derived.u), ("systematic_uncertainty", derived.u_systematic)):
            _property(value, part, u, derived.unit, tag="uncertainty")
    for name, array in measurement.raw.items():
        column = measurement.columns.get(name)
        _content(result, name, array, column.unit if column else "", column.axes if column else ())


def _event_log(writer: _Writer, root: _Element, campaign: CampaignRecords, keys: Mapping[str, str]) -> None:
    """One trace an experiment: its intent from the journal, then each step with the laboratory's time."""
    log = writer.object(writer.object(root, "eventLog", "events"), "log", "log", ref="method")
    planned = {event.trial: event.wall_time for event in campaign.events if event.kind == "intent"}
    for step in campaign.steps:
        experiment = step.experiment
        own = f"e{experiment.number}"
        trace = writer.object(log, "trace", f"{own}.trace", ref="program")

        def event(name: str, instruction: str, transition: str, at: str, of: str = own, into: _Element = trace) -> None:
            element = writer.object(into, "event", f"{of}.{name}", ref=instruction)
            for key, value in (("concept:name", instruction), ("lifecycle:transition", transition)):
                _property(element, key, value)
            if at:
                _property(element, "time:timestamp", at, kind="dateTimeType")
            if transition == "complete":
                writer.reference(element, "resultsRef", of)
            writer.reference(element, "creatorRef", "creator")

        if step.trial.number in planned:
            event("planned", "deposit", "schedule", planned[step.trial.number])
        begun = [m.started_s for m in experiment.measurements if m.started_s is not None]
        clock = experiment.clock
        event("deposited", "deposit", "complete", clock.at(begun[0]) if begun and clock else times_of(experiment)[1])
        for order, measurement in enumerate(experiment.measurements):
            instruction = f"{keys[measurement.instrument]}.measure"
            event(f"m{order}.measured", instruction, "complete", measurement_times(experiment, measurement)[1])


def _properties(parent: _Element, values: Mapping[str, float | int | str]) -> None:
    """One property a value; an empty text is what was not known and is left out."""
    for name, value in values.items():
        if value != "":
            _property(parent, name, value)


def _property(
    parent: _Element, name: str, value: float | int | str, unit: str = "", tag: str = "property", kind: str = ""
) -> _Element:
    own = kind or ("stringType" if isinstance(value, str) else "doubleType")
    element = _named(parent, tag, name, {"xsi:type": own})
    if unit:
        element.set("units", unit)
    ET.SubElement(element, "value").text = value if isinstance(value, str) else repr(float(value))
    return element


def _named(parent: _Element, tag: str, name: str, attributes: dict[str, str]) -> _Element:
    """An element with `name` as its key; what no XML name can hold is replaced there and kept in the description."""
    prefix, _, bare = name.rpartition(":") if name.partition(":")[0] in PREFIXES else ("tansaki", "", name)
    key = re.sub(r"[^\w.-]", "_", bare) if re.match(r"[^\W\d]", bare) else "_" + re.sub(r"[^\w.-]", "_", bare)
    element = ET.SubElement(parent, tag, {"key": f"{prefix}:{key}", **attributes})
    if key != bare:
        ET.SubElement(element, "description").text = bare
    return element


def _content(parent: _Element, name: str, array: Array, unit: str, axes: Iterable[str]) -> None:
    """A raw array in C order; its shape stands beside it, as the schema knows one dimension."""
    numbers = np.asarray(array)
    element = _named(parent, "content", name, {"size": str(numbers.size)})
    if axes:
        element.set("axis", " ".join(axes))
    if numbers.dtype.kind in "biuf":
        element.set("xsi:type", "contentDoubleListType")
        if unit:
            element.set("units", unit)
        text = " ".join("NaN" if x != x else repr(x) for x in numbers.astype(float).ravel().tolist())
        text = text.replace("inf", "INF")
    else:
        element.set("xsi:type", "contentStringListType")
        text = " ".join(str(x).replace(" ", "") for x in numbers.ravel().tolist())
    ET.SubElement(element, "value").text = text
    if numbers.ndim != 1:
        _property(element, "shape", " ".join(map(str, numbers.shape)))


def _imported(results: _Element) -> ImportedExperiment:
    said = dict.fromkeys(("origin", "software", "seed", "fidelity", "tier", "licence", "embargo", "status"), "")
    said |= {name: text for name, text, _ in _read_properties(results)}
    sample = next(e for e in results.iterfind(f"{{{MAIML}}}material") if e.get("ref") == "sample")
    values = {}
    for result in results.iterfind(f"{{{MAIML}}}result"):
        found = {}
        for name, text, element in _read_properties(result):
            if name.startswith("derived."):
                u, systematic = (float(_value(part)) for part in element.iterfind(f"{{{MAIML}}}uncertainty"))
                found[name.removeprefix("derived.")] = Derived(float(text), u, element.get("units", ""), systematic)
        values[_uuid(result)] = found
    own: dict[str, Any] = {"id": _uuid(results), "status": said["status"]}
    own["sample_id"] = next(text for name, text, _ in _read_properties(sample) if name == "sample_id")
    return imported(said, values, **own)


def _read_properties(element: _Element) -> Iterator[tuple[str, str, _Element]]:
    for found in element.iterfind(f"{{{MAIML}}}property"):
        key = found.get("key", "").removeprefix("tansaki:")
        yield found.findtext(f"{{{MAIML}}}description", key), _value(found), found


def _value(element: _Element) -> str:
    return element.findtext(f"{{{MAIML}}}value", "")


def _uuid(element: _Element) -> str:
    return element.findtext(f"{{{MAIML}}}uuid", "")
