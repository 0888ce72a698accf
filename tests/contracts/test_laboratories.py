"""What every laboratory keeps to, whatever stands behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pytest

from tansaki.hardware.laboratory import Laboratory
from tansaki.hardware.open import open_laboratory
from tansaki.hardware.surrogate_laboratory import SurrogateLaboratory
from tansaki.hardware.table import Table, TableLaboratory
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.provenance import SCHEMA, Commission, Sharing
from tansaki.twin.records import Anneal, AnyRecipe, Deposition, Recipe, SystemRecipe, TableRequest


@dataclass(frozen=True)
class Case:
    open: Callable[[int], Laboratory]
    recipes: tuple[AnyRecipe, ...]
    measurements: tuple[str, ...]


def film(oxygen_pa: float) -> Recipe:
    layer = Deposition(100.0, 2.0, 25.0, 14400.0, 0.06, oxygen_pressure_pa=oxygen_pa, thickness_nm=100.0)
    return Recipe("nb_tio2", "glass", (layer,), Anneal(300.0, 3600.0))


TABLE = Table("t", "0" * 64, ("x",), "y", "nm", {(float(i),): tuple(np.arange(9.0) + i) for i in range(3)})
CASES = {
    "twin": Case(
        lambda seed: open_laboratory("twin", seed), tuple(map(film, (0.003, 0.006, 0.1))), ("four_point_probe",)
    ),
    "surrogate": Case(
        lambda seed: SurrogateLaboratory("nb_tio2", seed),
        tuple(SystemRecipe("nb_tio2", {"oxygen_pressure_pa": p}) for p in (0.003, 0.006, 0.1)),
        ("resistivity_ohm_m",),
    ),
    "surrogate of films": Case(
        lambda seed: SurrogateLaboratory("nb_tio2", seed, {"anneal": "vacuum"}),
        tuple(map(film, (0.003, 0.006, 0.1))),
        ("four_point_probe",),
    ),
    "table": Case(
        lambda seed: TableLaboratory(TABLE, seed), tuple(TableRequest("t", {"x": float(i)}) for i in range(3)), ("y",)
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def values(laboratory: Laboratory, case: Case) -> list[float]:
    done = [laboratory.run(recipe, case.measurements) for recipe in case.recipes]
    return [derived.value for e in done for m in e.measurements for derived in m.derived.values()]


def test_equal_seeds_meet_the_same_world_and_others_do_not(case: Case) -> None:
    assert values(case.open(3), case) == values(case.open(3), case)
    assert values(case.open(3), case) != values(case.open(4), case)


def test_tickets_count_up_and_collect_gives_each_once(case: Case) -> None:
    laboratory = case.open(0)
    tickets = [laboratory.submit(recipe, case.measurements) for recipe in case.recipes]
    assert tickets == [0, 1, 2]
    finished = laboratory.collect()
    assert sorted(experiment.number for experiment in finished) == tickets
    assert [e.recipe for e in sorted(finished, key=lambda e: e.number)] == list(case.recipes)
    assert laboratory.collect() == []


def test_time_never_runs_backwards_and_is_what_the_samples_cost(case: Case) -> None:
    laboratory = case.open(0)
    spent = 0.0
    for recipe in case.recipes:
        experiment = laboratory.run(recipe, case.measurements)
        assert experiment.started_s == pytest.approx(spent)
        spent += experiment.cost.lab_time_s
        assert laboratory.now() == pytest.approx(spent)


def test_a_restored_laboratory_continues_as_if_nothing_had_happened(case: Case) -> None:
    laboratory = case.open(5)
    laboratory.run(case.recipes[0], case.measurements)
    state = laboratory.state()
    expected = values(laboratory, case)
    again = case.open(5)
    again.restore(state)
    assert values(again, case) == expected


def test_what_is_described_can_be_measured_and_nothing_else(case: Case) -> None:
    laboratory = case.open(0)
    described = laboratory.describe()
    assert set(case.measurements) <= set(described.measurements)
    with pytest.raises(InvalidInputError, match="measurement: got 'colour'"):
        laboratory.submit(case.recipes[0], ["colour"])
    experiment = laboratory.run(case.recipes[0], case.measurements)
    assert experiment.number == 0
    assert experiment.origin == described.origin


def test_records_are_identified_and_the_commission_moves_no_value(case: Case) -> None:
    plain, ordered, again = case.open(4), case.open(4), case.open(4)
    ordered.commission = again.commission = Commission("c", "problem", "agent", "operator", Sharing("open", "MIT"))
    made = [laboratory.run(case.recipes[0], case.measurements) for laboratory in (plain, ordered, again)]
    assert made[0].measurements[0].derived == made[1].measurements[0].derived
    assert made[1].id == made[2].id != made[0].id
    ids = [made[1].id, *(measurement.id for measurement in made[1].measurements)]
    assert len({str(UUID(found)) for found in ids}) == len(ids)
    assert made[1].commission == ordered.commission
    for experiment in made:
        assert experiment.schema == SCHEMA
        assert experiment.provenance is not None
        assert experiment.provenance.seed == 4
        assert experiment.provenance.software.startswith("tansaki ")


def test_run_needs_an_idle_laboratory(case: Case) -> None:
    laboratory = case.open(0)
    laboratory.submit(case.recipes[0], case.measurements)
    with pytest.raises(StateError, match="idle laboratory"):
        laboratory.run(case.recipes[1], case.measurements)


def test_safe_state_and_close_may_be_called_at_any_time(case: Case) -> None:
    with case.open(0) as laboratory:
        laboratory.safe_state()
        laboratory.safe_state()
