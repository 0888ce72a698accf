"""The closed loop: ask, carry out, tell. Every campaign and every benchmark run turns here."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time
from typing import Any, Protocol

from tansaki.agents.agent import Agent
from tansaki.envs.problem import Session, Trial
from tansaki.twin.records import Experiment


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the loop; `suggest_s` is the CPU time that the agent took for its suggestion."""

    trial: Trial
    experiment: Experiment
    suggest_s: float


class Recorder(Protocol):
    """Who writes the loop down: what is about to be done before it is done, and what came of it after."""

    def intent(self, trial: Trial, agent_state: dict[str, Any], suggest_s: float) -> None:
        """`trial` is about to be submitted; the agent took `suggest_s` of CPU time for it."""

    def result(self, step: Step, agent_state: dict[str, Any], session_state: dict[str, Any]) -> None:
        """`step` is done and the agent knows of it."""


def play(agent: Agent, session: Session, recorder: Recorder | None = None) -> Iterator[Step]:
    """Turn the loop, one trial at a time, until the budget is spent or the agent asks for more than is left.

    A trial that the agent already holds as pending (its campaign was cut off between intent and result) is
    carried out first.
    """
    while session.left > 0:
        pending = [trial for trial in agent.trials.values() if trial.status == "pending"]
        started = process_time()
        trial = pending[0] if pending else agent.ask()[0]
        suggest_s = process_time() - started
        if not session.affords(trial):
            session.ended = True
            return
        if recorder and not pending:
            recorder.intent(trial, agent.state(), suggest_s)
        session.submit(trial)
        for told, experiment in session.collect():
            agent.tell([told])
            step = Step(told, experiment, suggest_s)
            if recorder:
                recorder.result(step, agent.state(), session.state())
            yield step
