"""The twin as a laboratory: limits before anything moves, failures as outcomes, time and money, full records."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tansaki.hardware.open import open_laboratory
from tansaki.hardware.twin_laboratory import TwinLaboratory
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Anneal, Deposition, MeasurementRequest, Recipe
from tansaki.twin.synthesis import Synthesis, synthesise

LAYER = Deposition(100.0, 2.0, 25.0, 14400.0, 0.06, oxygen_pressure_pa=0.006, thickness_nm=100.0)
HELD = {"oxygen_pressure_pa": None, "oxygen_flow_sccm": 0.5}
RECIPE = Recipe("nb_tio2", "glass", (LAYER,), Anneal(300.0, 3600.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pressure_pa": -1.0}, r"layer 0: pressure_pa: got -1\.0; allowed: 0\.05 to 5 Pa"),
        ({"power_w": float("nan")}, "layer 0: power_w: got nan"),
        ({"oxygen_pressure_pa": None}, "exactly one of the two"),
        ({"oxygen_flow_sccm": 1.0}, "exactly one of the two"),
        ({"substrate_temperature_c": 900.0}, "allowed: 15 to 500 degC"),
        ({"oxygen_flow_steps": ((60.0, 0.9),)}, "a regulated pressure leaves no flow to step"),
        ({**HELD, "oxygen_flow_steps": ((20000.0, 0.9),)}, "times that rise"),
        ({**HELD, "oxygen_flow_steps": ((60.0, 99.0),)}, "layer 0: oxygen_flow_steps: got 99.0"),
    ],
)
def test_a_layer_beyond_the_limits_is_refused_before_anything_moves(change: dict[str, Any], message: str) -> None:
    laboratory = TwinLaboratory(0)
    before = laboratory.state()
    with pytest.raises(InvalidInputError, match=message):
        laboratory.submit(replace(RECIPE, layers=(LAYER, replace(LAYER, **change))[::-1]), ["four_point_probe"])
    assert laboratory.state() == before


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(RECIPE, material="nb_ti02"), "did you mean 'nb_tio2'"),
        (replace(RECIPE, layers=()), "at least one deposition"),
        (replace(RECIPE, substrate="wood"), "substrate for nb_tio2: got 'wood'"),
        (replace(RECIPE, anneal=Anneal(300.0, 60.0, "steam")), "anneal for nb_tio2: got 'steam'"),  # type: ignore[arg-type]
        (replace(RECIPE, anneal=Anneal(1300.0, 60.0)), "allowed: 50 to 700 degC"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_before_anything_moves(recipe: Recipe, message: str) -> None:
    laboratory = TwinLaboratory(0)
    before = laboratory.state()
    with pytest.raises(InvalidInputError, match=message):
        laboratory.submit(recipe, ["four_point_probe"])
    assert laboratory.state() == before


def test_an_experiment_carries_trace_raw_data_and_derived_values() -> None:
    experiment = TwinLaboratory(0).run(RECIPE, ["four_point_probe"])
    assert experiment.status == "ok"
    assert experiment.trace is not None
    channels = experiment.trace.channels
    for name in (
        "pressure_pa",
        "oxygen_flow_sccm",
        "voltage_v",
        "current_a",
        "substrate_temperature_c",
        "emission_metal",
    ):
        assert channels[name].shape == experiment.trace.time_s.shape
    assert np.all(np.diff(experiment.trace.time_s) >= 0)
    (measurement,) = experiment.measurements
    assert len(measurement.raw["voltage_v"]) == len(measurement.raw["current_a"])
    for name in ("sheet_resistance", "thickness", "resistivity"):
        derived = measurement.derived[name]
        assert 0 < derived.u_systematic <= derived.u < derived.value
    assert experiment.derived("thickness").value == pytest.approx(100.0, rel=0.2)


def test_no_plasma_is_a_failed_experiment_that_costs_time_and_no_anneal() -> None:
    laboratory = TwinLaboratory(0)
    weak = replace(RECIPE, layers=(replace(LAYER, pressure_pa=0.05, power_w=10.0),))
    failed = [e for e in (laboratory.run(weak, ["four_point_probe"]) for _ in range(8)) if e.status == "failed"]
    assert failed
    for experiment in failed:
        assert "plasma not ignited" in experiment.message
        assert experiment.measurements == ()
        assert 0 < experiment.cost.lab_time_s < 3600.0
    assert laboratory.now() > 0


def test_a_thick_film_peels_and_is_a_failed_experiment() -> None:
    laboratory = TwinLaboratory(0)
    thick = replace(RECIPE, layers=(replace(LAYER, pressure_pa=0.5, thickness_nm=2000.0, duration_s=43200.0),))
    messages = [laboratory.run(thick, ["four_point_probe"]).message for _ in range(20)]
    assert any("peeled" in message for message in messages)


def test_an_insulating_film_is_censored_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def insulating(*args: object, **kwargs: object) -> Synthesis:
        made = synthesise(*args, **kwargs)  # type: ignore[arg-type]
        assert made.film is not None
        return replace(made, film=replace(made.film, resistivity_ohm_m=1e3))

    monkeypatch.setattr("tansaki.hardware.twin_laboratory.synthesise", insulating)
    experiment = TwinLaboratory(0).run(RECIPE, ["four_point_probe"])
    assert experiment.status == "censored"
    assert experiment.derived("resistivity") is None
    bound = experiment.derived("resistivity_lower_bound")
    assert bound is not None
    assert bound.unit == "ohm cm"
    assert 1.0 < bound.value < 1e5
    assert "over_range" in experiment.message or "compliance" in experiment.message


def test_drift_wears_the_target_and_can_be_switched_off() -> None:
    worn, fresh = TwinLaboratory(0), TwinLaboratory(0, drift=False)
    for laboratory in (worn, fresh):
        for _ in range(3):
            laboratory.run(RECIPE, ["four_point_probe"])
    assert worn.state()["chamber"]["target_energy_kwh"] > 0
    assert fresh.state()["chamber"]["target_energy_kwh"] == 0


def test_layers_follow_each_other_on_one_time_axis() -> None:
    double = replace(RECIPE, layers=(replace(LAYER, thickness_nm=40.0), replace(LAYER, thickness_nm=60.0)))
    trace = TwinLaboratory(0).run(double, ["four_point_probe"]).trace
    assert trace is not None
    assert sum(what == "shutter open" for _, what in trace.events) == 2
    assert np.all(np.diff(trace.time_s) >= 0)


def test_an_unknown_laboratory_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="laboratory: got 'tiwn'"):
        open_laboratory("tiwn", 0)


def test_the_trace_is_what_instruments_read_and_the_same_for_the_same_seed() -> None:
    one, two, other = (TwinLaboratory(seed).run(RECIPE, ["four_point_probe"]).trace for seed in (3, 3, 4))
    assert one is not None
    assert two is not None
    assert other is not None
    lit = one.channels["voltage_v"] > 10.0
    power = one.channels["voltage_v"][lit] * one.channels["current_a"][lit]
    assert 0.0 < power.std() / power.mean() < 0.02  # ripple
    assert power.mean() == pytest.approx(LAYER.power_w, rel=0.03)
    for name, values in one.channels.items():
        np.testing.assert_array_equal(values, two.channels[name])
    assert not np.array_equal(one.channels["pressure_pa"], other.channels["pressure_pa"][: len(one.time_s)])


def test_instruments_that_watch_the_process_take_no_time_and_change_no_film() -> None:
    alone = TwinLaboratory(5).run(RECIPE, ["four_point_probe"])
    asked = ["residual_gas_analyser", "four_point_probe", "emission_spectrometer", "process_gauges"]
    watched = TwinLaboratory(5).run(RECIPE, asked)
    assert sorted(m.instrument for m in watched.measurements) == sorted(asked)
    assert watched.cost == alone.cost
    assert watched.status == alone.status == "ok"
    assert watched.derived("sheet_resistance") == alone.derived("sheet_resistance")
    assert watched.derived("pressure").value == pytest.approx(LAYER.pressure_pa, rel=0.05)
    with pytest.raises(InvalidInputError, match="colour"):
        TwinLaboratory(5).run(RECIPE, [MeasurementRequest("process_gauges", {"colour": 1.0})])
