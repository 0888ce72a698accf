"""A campaign that is cut off anywhere goes on to the same end; what has changed in between is noticed."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tansaki.agents.registry import AGENTS
from tansaki.envs.problem import Session
from tansaki.experiments import campaign as campaign_module
from tansaki.experiments.campaign import Campaign
from tansaki.experiments.config import CampaignConfig
from tansaki.experiments.journal import Journal
from tansaki.twin.errors import InvalidInputError, StateError

BUDGET = 9
WANDERER = '''
from tansaki.agents.agent import Agent

class Wanderer(Agent):
    """Has memory of its own, and moves by what it was told: nothing but an exact state brings it back."""

    name = "wanderer"
    position = 0.5

    def propose(self, n):
        values = [trial.values[0] for trial in self.trials.values() if trial.values]
        self.position = (3.9 * self.position * (1 - self.position) + 1e-3 * sum(values)) % 1.0
        return self.space.decode(self.rng().random((n, self.space.width)) * self.position)

    def extra_state(self):
        return {"position": self.position}

    def restore_extra(self, state):
        self.position = state["position"]
'''
Configure = Callable[..., CampaignConfig]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Configurations for a small table with replicates, in a working directory of its own."""
    rows = [f"{x},{y},{(x - 3) ** 2 + y + 0.1 * r}" for x in range(8) for y in range(4) for r in range(3)]
    (tmp_path / "table.csv").write_text("x,y,loss\n" + "\n".join(rows) + "\n")
    (tmp_path / "wandering.py").write_text(WANDERER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def configuration(**changes: Any) -> CampaignConfig:
        given = {"problem.id": "dataset:table.csv", "problem.goal": "min", "agent": "wandering:Wanderer"}
        return CampaignConfig.read(None, (), {**given, "budget": BUDGET, "seed": 5, "tracking": False, **changes})

    return configuration


def complete(campaign: Campaign) -> dict[str, Any]:
    with campaign:
        for _ in campaign.play():
            pass
        return campaign.finish()


def trajectory(out: Path) -> list[Any]:
    with Journal.open(out) as journal:
        journal.verify()
        return [(asdict(step.trial), step.experiment.sample_id, step.experiment.recipe) for step in journal.steps()]


class CutOff(BaseException):
    """Stands for the end of the process."""


def cut_off(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, at: int, after: bool) -> None:
    """End the process at call number `at` of a method, before or after it does its work."""
    original = getattr(owner, method)
    calls = 0

    def cutting(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and not after:
            raise CutOff
        result = original(self, *arguments, **named)
        if calls == at:
            raise CutOff
        return result

    monkeypatch.setattr(owner, method, cutting)


@pytest.mark.parametrize("at", [1, 2, BUDGET])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("owner", "method"), [(Journal, "intent"), (Session, "submit"), (Session, "collect"), (Journal, "result")]
)
def test_cut_off_anywhere_it_goes_on_to_the_same_end(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, at: int, after: bool
) -> None:
    whole = complete(Campaign.start(configure(out="whole")))
    with monkeypatch.context() as patch:
        cut_off(patch, owner, method, at, after)
        with pytest.raises(CutOff):
            complete(Campaign.start(configure(out="cut")))
    resumed = complete(Campaign.resume(Path("cut")))
    assert trajectory(Path("cut")) == trajectory(Path("whole"))
    assert {**resumed, "out": ""} == {**whole, "out": ""}


@pytest.mark.parametrize("agent", sorted(AGENTS))
def test_every_agent_goes_on_to_the_same_end(configure: Configure, monkeypatch: pytest.MonkeyPatch, agent: str) -> None:
    whole = complete(Campaign.start(configure(agent=agent, out="whole")))
    for at, (owner, method) in enumerate([(Journal, "result"), (Session, "submit")], start=3):
        with monkeypatch.context() as patch:
            cut_off(patch, owner, method, at, after=False)
            with pytest.raises(CutOff):
                complete(
                    Campaign.resume(Path("cut"))
                    if Path("cut").exists()
                    else Campaign.start(configure(agent=agent, out="cut"))
                )
    resumed = complete(Campaign.resume(Path("cut")))
    assert trajectory(Path("cut")) == trajectory(Path("whole"))
    assert {**resumed, "out": ""} == {**whole, "out": ""}


def test_the_twin_remembers_its_chamber(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = {"problem.id": "tansaki/NbTiO2-Oxygen-v0", "problem.goal": None, "budget": 6}
    complete(Campaign.start(configure(out="whole", **twin)))
    with monkeypatch.context() as patch:
        cut_off(patch, Session, "collect", 4, after=True)
        with pytest.raises(CutOff):
            complete(Campaign.start(configure(out="cut", **twin)))
    complete(Campaign.resume(Path("cut")))
    with Journal.open(Path("whole")) as whole, Journal.open(Path("cut")) as cut:
        assert [event.body for event in cut.events("result")] == [event.body for event in whole.events("result")]
        (step, *_) = whole.steps()
        assert step.experiment.trace is not None  # the digests compared above stand for arrays that are there
        assert step.experiment.trace.time_s.size > 0


def test_seeds_differ_and_repeat(configure: Configure) -> None:
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        complete(Campaign.start(configure(out=out, seed=seed)))
    assert trajectory(Path("a")) == trajectory(Path("b"))
    assert trajectory(Path("a")) != trajectory(Path("c"))


def test_the_conclusion_is_what_the_journal_shows(configure: Configure) -> None:
    result = complete(Campaign.start(configure(out="run")))
    trials = [trial for trial, _, _ in trajectory(Path("run"))]
    best = min(trials, key=lambda trial: trial["values"][0])
    assert result["experiments"] == result["budget"] == len(trials) == BUDGET
    assert result["best"] == {"point": best["point"], "value": best["values"][0], "u": 0.0, "trial": best["number"]}
    assert result["recommended"] == best["point"]
    # table.csv: noise-free value (x - 3)^2 + y + 0.1, from 0.1 to 16 + 3 + 0.1
    point = result["recommended"]
    assert result["regret_recommended"] == pytest.approx(((point["x"] - 3) ** 2 + point["y"]) / 19)


def test_a_finished_campaign_is_left_as_it_is(configure: Configure) -> None:
    first = complete(Campaign.start(configure(out="run")))
    with Journal.open(Path("run")) as journal:
        events = list(journal.events())
    again = Campaign.resume(Path("run"))
    assert again.done
    assert complete(again) == first
    with Journal.open(Path("run")) as journal:
        assert list(journal.events()) == events


def test_it_cannot_be_finished_too_early(configure: Configure) -> None:
    with Campaign.start(configure(out="run")) as campaign, pytest.raises(StateError, match="9 experiments"):
        campaign.finish()


def test_changed_data_are_refused(configure: Configure, tmp_path: Path) -> None:
    with Campaign.start(configure(out="run")) as campaign:
        next(campaign.play())
    with (tmp_path / "table.csv").open("a") as table:
        table.write("7,3,0.5\n")
    with pytest.raises(InvalidInputError, match="have changed since; start a new campaign"):
        Campaign.resume(Path("run"))
    Journal.reopen(Path("run")).close()  # and the refusal has let go of the journal


def test_another_version_is_a_warning(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Campaign.start(configure(out="run")) as campaign:
        next(campaign.play())
    with caplog.at_level(logging.WARNING):
        Campaign.resume(Path("run")).journal.close()
    assert not caplog.records
    versions = {**campaign_module._versions(), "tansaki": "9.9"}
    monkeypatch.setattr(campaign_module, "_versions", lambda: versions)
    Campaign.resume(Path("run")).journal.close()
    (record,) = caplog.records
    assert "tansaki 0.1.0 then, 9.9 now" in record.getMessage()


def test_it_resumes_from_another_folder(configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = complete(Campaign.start(configure(out="whole")))
    with Campaign.start(configure(out="cut")) as campaign:
        next(campaign.play())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert {**complete(Campaign.resume(tmp_path / "cut")), "out": ""} == {**whole, "out": ""}


def test_folders_are_never_written_over(configure: Configure) -> None:
    names = [complete(Campaign.start(configure()))["out"] for _ in range(2)]
    assert names == ["runs/table_Wanderer_seed5", "runs/table_Wanderer_seed5-2"]
    with pytest.raises(InvalidInputError, match="holds a campaign; to go on with it: tansaki resume runs/table"):
        Campaign.start(configure(out=names[0]))
    Path("empty").mkdir()
    complete(Campaign.start(configure(out="empty")))


def test_what_is_refused_leaves_no_folder(configure: Configure) -> None:
    for changes in ({"agent": "nobody"}, {"lab": "moon"}, {"problem.objective": "gain"}):
        with pytest.raises(InvalidInputError):
            Campaign.start(configure(out="run", **changes))
    assert not Path("run").exists()


def test_a_second_process_is_refused(configure: Configure) -> None:
    with Campaign.start(configure(out="run")), pytest.raises(StateError, match="run: another process is running"):
        Campaign.resume(Path("run"))


def test_tracking_is_made_up_for(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[Any] = []
    reachable = False

    def track(out: Path, experiment: str, run: Any) -> str | None:
        logged.append((experiment, run))
        return "r1" if reachable else None

    monkeypatch.setattr(campaign_module, "track", track)
    with Campaign.start(configure(out="run", tracking=True)) as campaign:
        for _ in campaign.play():
            pass
        campaign.finish()
        assert not campaign.log()
    reachable = True
    for _ in range(2):
        with Campaign.resume(Path("run")) as campaign:
            assert campaign.log()
    assert len(logged) == 2  # the failed one, the one made up for, and no third
    experiment, run = logged[-1]
    values = [trial["values"][0] for trial, _, _ in trajectory(Path("run"))]
    assert (experiment, run.name, run.params["agent"]) == ("dataset:table.csv", "run", "wandering:Wanderer")
    assert run.metrics["value"] == values
    assert run.metrics["best_value"] == [min(values[: i + 1]) for i in range(BUDGET)]
