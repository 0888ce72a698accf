"""``list``, ``show`` and ``check`` as a newcomer would use them."""

import json
from pathlib import Path

import pytest

from tansaki.experiments.cli import main


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_lists_hold_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "tansaki/NbTiO2-Oxygen-v0" in [p["id"] for p in answer(capsys, "list", "problems")["problems"]]
    assert {"random", "sobol", "grid", "one-factor", "gp"} <= {
        a["name"] for a in answer(capsys, "list", "agents")["agents"]
    }
    assert "nb_tio2" in [m["name"] for m in answer(capsys, "list", "materials")["materials"]]
    assert "four_point_probe" in [m["name"] for m in answer(capsys, "list", "instruments")["instruments"]]


def test_every_value_of_a_material_is_shown_with_unit_kind_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    sections = answer(capsys, "show", "material", "nb_tio2")["sections"]
    for quantities in sections.values():
        for quantity in quantities.values():
            assert quantity["unit"]
            assert quantity["source"]
            assert quantity["kind"] in ("measured", "fitted", "assumed")


@pytest.mark.parametrize("kind", ["problem", "material", "instrument"])
def test_what_is_shown_to_a_person_names_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = {"problem": "tansaki/NbTiO2-Oxygen-v0", "material": "nb_tio2", "instrument": "sputter_t3"}[kind]
    assert main(["show", kind, name]) == 0
    assert name in capsys.readouterr().out


def test_a_data_set_is_shown_with_its_optimum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x (mm),y\n1,5\n2,3\n")
    shown = answer(capsys, "show", "problem", f"dataset:{path}", "--goal", "min")
    assert shown["truth"]["best_value"] == 3.0
    assert shown["candidates"] == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["list", "agent"], "did you mean 'agents'"),
        (["show", "materials", "nb_tio2"], "did you mean 'material'"),
        (["show", "material", "nb_tio"], "did you mean 'nb_tio2'"),
        (["show", "problem", "dataset:absent.csv"], "No such file"),
        (["check", "agents", "gp"], "did you mean 'agent'"),
        (["check", "agent", "nowhere:Nothing"], "importable MODULE:CLASS"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert reason in captured.err


def test_an_agent_of_ours_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "check", "agent", "random") == {"agent": "random", "ok": True, "findings": []}
