"""Tables of measurements: what is read, what is refused and with which words, and every set at hand."""

import json
from pathlib import Path

import pytest

from tansaki.envs.dataset import DatasetProblem
from tansaki.envs.problem import Session
from tansaki.envs.space import Categorical, Continuous
from tansaki.twin.errors import BudgetExhaustedError, InvalidInputError

MEASURED = Path(__file__).parents[3] / "shared" / "data" / "experimental"
SETS = sorted([*MEASURED.glob("olympus/*/"), *MEASURED.glob("pv-lab/*.csv")])


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_last_column_is_the_objective_and_equal_rows_are_replicates(tmp_path: Path) -> None:
    problem = DatasetProblem.open(write(tmp_path, "x (mm),gas,y (nm)\n1,Ar,5\n2,Ne,3\n1,Ar,7\n"))
    assert problem.space.parameters == (Continuous("x", 1.0, 2.0, "mm"), Categorical("gas", ("Ar", "Ne")))
    assert problem.objectives[0].name == "y"
    assert problem.objectives[0].unit == "nm"
    assert problem.true_value({"x": 1.0, "gas": "Ar"}) == 6.0
    assert problem.truth.best_point == {"x": 1.0, "gas": "Ar"}
    assert problem.truth.span == 3.0
    assert problem.regret({"x": 2.0, "gas": "Ne"}) == 1.0


def test_goal_and_objective_can_be_said(tmp_path: Path) -> None:
    path = write(tmp_path, "x,y,z\n1,5,0\n2,3,1\n")
    assert DatasetProblem.open(path, goal="min").truth.best_value == 0.0
    assert DatasetProblem.open(path, objective="y").truth.best_value == 5.0
    with pytest.raises(InvalidInputError, match=r"objective in table\.csv"):
        DatasetProblem.open(path, objective="w")


def test_byte_order_mark_semicolons_and_blank_lines_are_understood(tmp_path: Path) -> None:
    problem = DatasetProblem.open(write(tmp_path, "x;y\n1;5\n\n2;3\n", "utf-8-sig"))
    assert problem.space.parameters[0].name == "x"
    assert len(problem.space.candidates or ()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,5\n2,\n", "line 3, column 'y': got ''"),
        ("x,y\n1,5\nNaN,3\n", "line 3, column 'x': got 'NaN'"),
        ("x,y\n1,5\n2,high\n", "line 3, column 'y': got 'high'"),
        ("x,y\n1,5\nO.5,3\n", "line 3, column 'x': got 'O.5'"),
        ("x,y\n1,5\n2,inf\n", "line 3, column 'y': got 'inf'"),
        ("x,y\n1,5\n2,3,4\n", "line 3: got '3 cells'; allowed: 2 cells"),
        ("1,2\n1,5\n2,3\n", "line 1: got .* the file seems to have no header"),
        ("x,x\n1,5\n", "line 1: column name: got 'x'"),
        ("x,y\n", "a header only"),
        ("", "an empty file"),
        ("x,y\n1,5\n2,5\n", "at least two different values"),
        ("x,y\n1,5\n1,6\n", "at least one column that varies"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        DatasetProblem.open(write(tmp_path, text))


def test_text_that_is_not_utf8_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="line 2: got 176"):
        DatasetProblem.open(write(tmp_path, "T,y\n20°,5\n", "latin-1"))
    with pytest.raises(InvalidInputError, match="No such file"):
        DatasetProblem.open(tmp_path / "absent.csv")


def test_a_folder_states_types_goal_and_levels(tmp_path: Path) -> None:
    config = {
        "parameters": [
            {"name": "n", "type": "categorical", "options": ["1", "2"]},
            {"name": "x", "type": "continuous", "low": 0.0, "high": 10.0},
        ],
        "measurements": [{"name": "crystal", "type": "ordinal", "options": ["none", "small", "large"]}],
        "default_goal": "minimize",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "data.csv").write_text("1,2,3\n1,3,large\n2,4,none\n")
    problem = DatasetProblem.open(tmp_path)
    assert problem.space.parameters == (Categorical("n", ("1", "2")), Continuous("x", 0.0, 10.0))
    assert (problem.truth.best_value, problem.truth.worst_value) == (0.0, 2.0)


def test_replicates_are_drawn_by_number_and_seed_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "x,y\n" + "".join(f"1,{i}\n" for i in range(50)) + "2,0\n")
    problem = DatasetProblem.open(path)
    here, there = {"x": 1.0}, {"x": 2.0}
    first = [Session.open(problem, 3).evaluate(here)[0].values for _ in range(2)]
    assert first[0] == first[1]
    session = Session.open(problem, 3, budget=2)
    session.evaluate(there)
    second = session.evaluate(here)[0]
    other = Session.open(problem, 3, budget=2)
    other.evaluate(here)
    assert other.evaluate(here)[0].values == second.values
    with pytest.raises(BudgetExhaustedError):
        session.evaluate(here)


@pytest.mark.skipif(not SETS, reason="the measured data sets are not at hand")
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.name)
def test_every_measured_set_can_be_searched(path: Path) -> None:
    problem = DatasetProblem.open(path)
    for point in (problem.space.candidates or ())[:: max(1, len(problem.space.candidates or ()) // 7)]:
        assert -1e-12 <= problem.regret(point) <= 1 + 1e-12
        trial, experiment = Session.open(problem, 0).evaluate(point)
        assert trial.status == "ok"
        assert experiment.origin == "replay"
    assert problem.regret(problem.truth.best_point) == 0.0
