"""The shortcut beside the measurement chain: what is stored is what the fit gives, and what is read scatters so."""

import math

import numpy as np
import pytest

from tansaki.experiments import fast_fit
from tansaki.hardware.fast_readings import SOURCES, FastReadings, Reading, table
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import MeasurementRequest

PROBE = (MeasurementRequest("four_point_probe"),)
VALUES = {"sheet_resistance_ohm_sq": 100.0, "thickness_m": 1e-7, "resistivity_ohm_m": 1e-5}


def test_every_instrument_of_the_shortcut_has_a_stored_fit() -> None:
    assert set(table()[fast_fit.SYSTEM]) == set(SOURCES)
    for instrument, sources in SOURCES.items():
        assert set(table()[fast_fit.SYSTEM][instrument]) == {*sources, "duration_s"}


def test_the_stored_fit_of_the_probe_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_fit, "SOURCES", {"four_point_probe": SOURCES["four_point_probe"]})
    (found,) = fast_fit.fitted()
    stored = table()[fast_fit.SYSTEM]["four_point_probe"]
    assert found.duration_s == pytest.approx(stored["duration_s"], rel=1e-4)
    for name, reading in found.readings.items():
        assert tuple(reading) == pytest.approx(tuple(Reading(**stored[name])), rel=2e-3, abs=1e-4)


def test_readings_scatter_as_fitted_and_keep_their_systematic_part() -> None:
    stored = Reading(**table()[fast_fit.SYSTEM]["four_point_probe"]["resistivity"])
    logs = []
    for seed in range(40):
        station = FastReadings("nb_tio2", seed)
        records = [station.measure(VALUES, number, PROBE)[0] for number in range(10)]
        logs.append([math.log(record.derived["resistivity"].value / 1e-3) for record in records])
    assert np.mean(logs) == pytest.approx(stored.bias, abs=4.0 * stored.spread / 20.0)
    assert np.std(logs) == pytest.approx(stored.spread, rel=0.15)


def test_a_record_says_fast_and_takes_the_time_of_the_chain() -> None:
    (record,) = FastReadings("nb_tio2", 0).measure(VALUES, 0, PROBE)
    assert record.flags == ("fast",)
    assert 70.0 < float(record.settings["duration_s"]) < 85.0
    derived = record.derived["resistivity"]
    assert derived.unit == "ohm cm"
    assert derived.u_systematic <= derived.u


def test_a_setting_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="surrogate fidelity"):
        FastReadings("nb_tio2", 0).check([MeasurementRequest("four_point_probe", {"reversals": 3.0})])
