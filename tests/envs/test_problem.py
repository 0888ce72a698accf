"""The session: one budget, states that restore, trials that come back."""

import pytest

from tansaki.envs.dataset import DatasetProblem
from tansaki.envs.problem import Session, Trial
from tansaki.twin.errors import BudgetExhaustedError, InvalidInputError, StateError


@pytest.fixture
def problem(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n" + "".join(f"{i % 4},{i}\n" for i in range(40)))
    return DatasetProblem.open(path)


def test_budget_is_spent_on_submission_and_a_refused_point_costs_nothing(problem) -> None:
    session = Session.open(problem, 0, budget=2)
    with pytest.raises(InvalidInputError):
        session.evaluate({"x": 0.5})
    assert session.left == 2
    session.submit(Trial(0, {"x": 0.0}))
    session.submit(Trial(1, {"x": 1.0}))
    assert session.left == 0
    with pytest.raises(BudgetExhaustedError, match="0 of 2 left"):
        session.submit(Trial(2, {"x": 1.0}))
    assert [trial.number for trial, _ in session.collect()] == [0, 1]
    assert session.collect() == []


def test_a_session_restored_continues_as_if_nothing_had_happened(problem) -> None:
    session = Session.open(problem, 5)
    session.evaluate({"x": 1.0})
    state = session.state()
    expected = [session.evaluate({"x": 2.0})[0].values for _ in range(3)]
    again = Session.open(problem, 5)
    again.restore(state)
    assert [again.evaluate({"x": 2.0})[0].values for _ in range(3)] == expected


def test_state_and_evaluate_need_an_idle_session(problem) -> None:
    session = Session.open(problem, 0)
    session.submit(Trial(0, {"x": 0.0}))
    with pytest.raises(StateError, match="idle session"):
        session.state()
    with pytest.raises(StateError, match="idle session"):
        session.evaluate({"x": 0.0})


def test_regret_is_a_fraction_of_the_range(problem) -> None:
    assert problem.regret(problem.truth.best_point) == 0.0
    assert problem.regret({"x": 0.0}) == 1.0
