"""A campaign as its exports see it: every record complete, and nothing in it that the journal does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tansaki.experiments.campaign import commission_of
from tansaki.experiments.journal import Event, Journal
from tansaki.experiments.loop import Step
from tansaki.hardware.laboratory import identified
from tansaki.twin.provenance import SIMULATED, Clock, Commission, Provenance
from tansaki.twin.records import AnyRecipe, Deposition, Derived, Experiment, Measurement, ReceivedSample, Recipe


@dataclass(frozen=True, slots=True)
class CampaignRecords:
    """One campaign: who and what it was for, its turns in order, its journal's events."""

    header: Mapping[str, Any]
    commission: Commission
    steps: tuple[Step, ...]
    events: tuple[Event, ...]

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """In the order in which they were finished."""
        return tuple(step.experiment for step in self.steps)


def read_campaign(folder: Path) -> CampaignRecords:
    """The campaign in `folder`, under way or finished; its journal is verified first.

    Records written before they carried identifiers and provenance get both from the journal's first event.
    """
    with Journal.open(folder) as journal:
        journal.verify()
        header = journal.header
        commission = commission_of(header["config"], header["budget"], header["fingerprint"])
        steps = tuple(
            replace(step, experiment=_complete(step.experiment, header, commission)) for step in journal.steps()
        )
        return CampaignRecords(header, commission, steps, tuple(journal.events()))


def _complete(experiment: Experiment, header: Mapping[str, Any], commission: Commission) -> Experiment:
    if not experiment.id:
        experiment = replace(identified(experiment, commission), schema=experiment.schema)
    if experiment.provenance is None:
        fidelity = header["laboratory"].get("fidelity", "")
        software = f"tansaki {header['versions']['tansaki']}"
        experiment = replace(experiment, provenance=Provenance(software, header["config"]["seed"], fidelity))
    if experiment.clock is None and experiment.origin == "twin":
        experiment = replace(experiment, clock=SIMULATED)
    return experiment


def provenance_of(experiment: Experiment) -> dict[str, str]:
    """Origin, version, seed and fidelity as texts: what every export has to carry."""
    made = experiment.provenance or Provenance("")
    return {
        "origin": experiment.origin,
        "software": made.software,
        "seed": "" if made.seed is None else str(made.seed),
        "fidelity": made.fidelity,
    }


def sharing_of(experiment: Experiment) -> dict[str, str]:
    """Tier, licence and embargo."""
    sharing = (experiment.commission or Commission("", "", "")).sharing
    return {"tier": sharing.tier, "licence": sharing.licence, "embargo": sharing.embargo}


def times_of(experiment: Experiment) -> tuple[str, str]:
    """Date and time at which work on the sample began and ended; empty where no clock is known."""
    return _times(experiment.clock, experiment.started_s, experiment.cost.lab_time_s)


def measurement_times(experiment: Experiment, measurement: Measurement) -> tuple[str, str]:
    """Date and time at which a measurement began and ended; those of the experiment where it has none of its own."""
    if measurement.started_s is None:
        return times_of(experiment)
    return _times(experiment.clock, measurement.started_s, float(measurement.settings.get("duration_s", 0.0)))


def _times(clock: Clock | None, started_s: float, took_s: float) -> tuple[str, str]:
    return ("", "") if clock is None else (clock.at(started_s), clock.at(started_s + took_s))


def facts_of(experiment: Experiment, measurement: Measurement) -> dict[str, float | int | str]:
    """What a record says beside settings, arrays and values, flat; what is not known is left out."""
    started, ended = measurement_times(experiment, measurement)
    made, calibration, place = measurement.equipment, measurement.calibration, measurement.position
    analysis, source, room, clock = measurement.analysis, measurement.source, experiment.environment, experiment.clock
    found: dict[str, float | int | str | None] = {
        "instrument": measurement.instrument,
        "started": started,
        "ended": ended,
        "clock": clock.source if clock else None,
        "calibration_id": measurement.calibration_id,
        "flags": ", ".join(measurement.flags),
    }
    if made:
        found |= {"maker": made.maker, "model": made.model, "serial": made.serial}
        found |= {"firmware": made.firmware, "adapter": made.adapter}
    if calibration:
        found["calibrated"] = clock.at(calibration.at_s) if clock else None
        found["calibration_reference"] = calibration.reference
    if place:
        found |= {"x_mm": place.x_mm, "y_mm": place.y_mm, "map_index": place.index}
    if room:
        found |= {"temperature_k": room.temperature_k, "relative_humidity": room.relative_humidity}
    if analysis:
        found |= {"analysis": analysis.method, "analysis_software": analysis.software}
        found |= {f"input_sha256.{name}": sha256 for name, sha256 in analysis.inputs.items()}
    if source:
        found |= {"file": source.name, "file_sha256": source.sha256}
    return {name: value for name, value in found.items() if value is not None and value != ""}


def substrate_of(recipe: AnyRecipe) -> str:
    """What the film lies on, where the recipe says so."""
    return recipe.substrate if isinstance(recipe, Recipe | ReceivedSample) else ""


def material_of(recipe: AnyRecipe) -> str:
    """Material or material system."""
    return str(getattr(recipe, "material", getattr(recipe, "system", getattr(recipe, "table", ""))))


def recipe_values(recipe: AnyRecipe) -> dict[str, float | int | str]:
    """The recipe as flat names and values; the unit is in each name, layers count from 0."""
    if not isinstance(recipe, Recipe):
        return dict(getattr(recipe, "settings", None) or getattr(recipe, "point", None) or {})
    found: dict[str, float | int | str] = {}
    for number, layer in enumerate(recipe.layers):
        for name in Deposition.__dataclass_fields__:
            value = getattr(layer, name)
            if value is not None and value != ():
                found[f"layer_{number}_{name}"] = str(value) if isinstance(value, tuple) else value
    if recipe.anneal is not None:
        found["anneal_temperature_c"] = recipe.anneal.temperature_c
        found["anneal_duration_s"] = recipe.anneal.duration_s
        found["anneal_atmosphere"] = recipe.anneal.atmosphere
    return found


@dataclass(frozen=True, slots=True)
class ImportedExperiment:
    """What a reader finds again in an export."""

    id: str
    sample_id: str
    status: str
    origin: str
    software: str
    seed: int | None
    fidelity: str
    tier: str
    licence: str
    embargo: str
    values: Mapping[str, Mapping[str, Derived]]
    """Derived values by the identifier of their measurement, and by name."""


def imported(
    found: Mapping[str, Any], values: Mapping[str, Mapping[str, Derived]], *, id: str, sample_id: str, status: str
) -> ImportedExperiment:
    """From the texts that `provenance_of` and `sharing_of` gave."""
    seed = str(found["seed"])
    texts = {name: str(found[name]) for name in ("origin", "software", "fidelity", "tier", "licence", "embargo")}
    return ImportedExperiment(
        id=id, sample_id=sample_id, status=status, seed=int(seed) if seed else None, values=values, **texts
    )


def as_imported(experiment: Experiment) -> ImportedExperiment:
    """What a reader should find again of `experiment`."""
    values = {measurement.id: dict(measurement.derived) for measurement in experiment.measurements}
    found = {**provenance_of(experiment), **sharing_of(experiment)}
    return imported(found, values, id=experiment.id, sample_id=experiment.sample_id, status=experiment.status)
