"""Whatever an instrument records leaves in every format, and its columns of numbers can be analysed again."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tansaki.envs.problem import Trial
from tansaki.experiments.exports.campaign_records import CampaignRecords, as_imported, facts_of
from tansaki.experiments.exports.export import FORMATS
from tansaki.experiments.exports.raw_files import write_raw
from tansaki.experiments.journal import Event
from tansaki.experiments.loop import Step
from tansaki.hardware.files.analysed import analyse_file
from tansaki.hardware.laboratory import identified
from tansaki.twin.film.grow import grow
from tansaki.twin.measurement.instrument import INSTRUMENTS, open_instrument
from tansaki.twin.provenance import SIMULATED, Commission, Environment, Provenance, Sharing
from tansaki.twin.quantities import load
from tansaki.twin.records import Anneal, Cost, Experiment, GrowthConditions, ReceivedSample
from tansaki.twin.specimens.titania import specimen_of_film

CONDITIONS = GrowthConditions(100e-9, 5e-11, 1.0, 0.01, 0.99, 15.0, 300.0, 0.06)
COMMISSION = Commission("0d0c3f0e-0000-5000-8000-000000000000", "p", "a", "o", Sharing("share-closed"))


@pytest.fixture(scope="module")
def measured() -> Experiment:
    """One film on every instrument."""
    film = grow([CONDITIONS], Anneal(500.0, 3600.0, "vacuum"), "glass", load("materials", "nb_tio2"))
    specimen = specimen_of_film(film, "sample", "glass", 0.01, 0.01)
    taken = tuple(
        replace(open_instrument(name).measure(specimen, np.random.default_rng(5)), started_s=60.0 * i)
        for i, name in enumerate(INSTRUMENTS)
    )
    made = Provenance("tansaki 0.0", 5, "standard")
    experiment = Experiment(0, "sample", ReceivedSample("glass"), "ok", "virtual", 0.0, Cost(9e3), measurements=taken)
    return identified(
        replace(experiment, provenance=made, clock=SIMULATED, environment=Environment(298.0, 0.45)), COMMISSION
    )


@pytest.mark.parametrize("to", FORMATS)
def test_every_record_leaves_in_every_format(to: str, measured: Experiment, tmp_path: Path) -> None:
    event = Event(1, "2026-01-01T00:00:00+00:00", None, "campaign", "campaign", None, {})
    campaign = CampaignRecords({}, COMMISSION, (Step(Trial(0, {}), measured, 0.0),), (event,))
    module = import_module(f"tansaki.experiments.exports.{to}")
    path = tmp_path / "out.maiml"
    module.write(campaign, path)
    assert module.read(path) == [as_imported(measured)]
    if to in ("rocrate", "rde", "maiml"):
        files = [path] if path.is_file() else [found for found in path.rglob("*.json")]
        text = "".join(file.read_text(encoding="utf-8") for file in files)
        for measurement in measured.measurements:
            for value in facts_of(measured, measurement).values():
                assert str(value) in text
    if to == "maiml":
        result = pytest.importorskip("pymaiml.validation").validate(path)
        assert [str(finding) for finding in result.findings] == []


def test_a_record_is_complete(measured: Experiment) -> None:
    for measurement in measured.measurements:
        facts = facts_of(measured, measurement)
        wanted = {"instrument", "maker", "model", "adapter", "started", "ended", "clock", "calibrated"}
        wanted |= {"calibration_id", "calibration_reference", "x_mm", "y_mm", "temperature_k", "relative_humidity"}
        wanted |= {"analysis", "analysis_software", *(f"input_sha256.{name}" for name in measurement.raw)}
        assert wanted <= facts.keys()
        assert set(measurement.raw) == set(measurement.columns)


def test_columns_of_numbers_are_analysed_again_to_the_same_values(measured: Experiment, tmp_path: Path) -> None:
    again = []
    for order, measurement in enumerate(measured.measurements):
        files = write_raw(tmp_path, measured, measurement, order)
        if len(files) == 1 and files[0].suffix in (".csv", ".ras"):
            (found,) = analyse_file(files[0], measurement.instrument).measurements
            assert (found.derived, found.flags) == (measurement.derived, measurement.flags), measurement.instrument
            again.append(measurement.instrument)
    assert {"four_point_probe", "spectrophotometer"} <= set(again)
