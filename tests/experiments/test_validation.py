"""The validation table: complete, honest about failures, and stable in its JSON."""

import json
import math

import pytest

from tansaki.experiments.cli import main
from tansaki.experiments.validation import table
from tansaki.experiments.validation.row import Row
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.published_nb_tio2 import ROWS
from tansaki.twin.systems.registry import SYSTEMS


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return table.rows()


def test_every_row_says_what_it_compares(rows: list[Row]) -> None:
    assert all(row.source and row.tolerance and row.kind for row in rows)


def test_every_published_film_is_shown_and_says_whether_it_was_fitted_to(rows: list[Row]) -> None:
    shown = {row.id: row for row in rows if row.group == "materials"}
    assert set(shown) >= {film.id for film in ROWS}
    for film in ROWS:
        assert ("fitted to" in shown[film.id].kind) == (film.kind == "fitted")


def test_every_material_system_has_rows_of_its_own_and_a_mean_ratio(rows: list[Row]) -> None:
    assert {row.material for row in rows if row.group == "materials"} >= set(SYSTEMS) - {"ni_pd_pt_ru"}
    ratios = table.agreement(rows)
    assert set(ratios) >= {"nb_tio2", "al_zno", "tin", "licoo2", "tio2_al2o3"}
    log = math.log(ratios["nb_tio2"]["geometric_mean_ratio"])
    positive = [row for row in rows if row.material == "nb_tio2" and row.published > 0.0 and row.twin > 0.0]
    assert ratios["nb_tio2"]["rows"] == len(positive)
    assert log == pytest.approx(sum(math.log(row.twin / row.published) for row in positive) / len(positive))


def test_the_table_is_long_enough_and_a_failing_row_explains_itself(rows: list[Row]) -> None:
    assert len(rows) >= 40
    assert {f"V{k}" for k in range(1, 23)} <= {row.id.partition("-")[0] for row in rows}
    assert {f"M{k}" for k in range(1, 16)} <= {row.id.partition("-")[0] for row in rows}
    assert all(row.note for row in rows if not row.ok)
    assert set(table.GROUPS) - set(table.BY_NAME) == {row.group for row in rows}


def test_every_exact_row_passes(rows: list[Row]) -> None:
    assert [row for row in rows if row.kind == "exact" and not row.ok] == []


def test_a_twin_that_is_off_shows_as_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    from tansaki.twin.deposition import hysteresis

    right = hysteresis.critical_pumping_speed_m3_s
    monkeypatch.setattr(hysteresis, "critical_pumping_speed_m3_s", lambda p: 1.02 * right(p))
    failing = [row for row in table.rows("reactive") if not row.ok]
    assert {row.quantity for row in failing} >= {"sputter_t3: critical pumping speed, L/s"}


def test_an_unknown_group_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'materials'"):
        table.rows("material")


def test_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--group", "materials", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    keys = {"id", "quantity", "published", "twin", "tolerance", "source", "kind", "ok"}
    assert all(keys <= set(row) for row in answer["rows"])


def test_the_table_for_a_person_counts_what_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--group", "materials"]) == 0
    text = capsys.readouterr().out
    assert "within tolerance" in text.splitlines()[-1]
    assert "Furubayashi" in text
