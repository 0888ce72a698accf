"""A campaign: one agent, one problem, one laboratory, one seed, one budget, written down as it goes.

Whatever stops it, `Campaign.resume` goes on from the journal to the same trajectory.
"""

import json
import logging
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tansaki.agents.agent import Agent
from tansaki.agents.registry import make_agent
from tansaki.envs.problem import Problem, Session
from tansaki.envs.registry import DATASET, open_problem
from tansaki.experiments.config import CampaignConfig, ProblemChoice
from tansaki.experiments.journal import FILE_NAME, Journal
from tansaki.experiments.loop import Step, play
from tansaki.experiments.tracking import RunLog, track
from tansaki.twin.errors import InvalidInputError, StateError
from tansaki.twin.provenance import Commission, Sharing, record_id

LIBRARIES: Final = ("tansaki", "numpy", "scipy", "jax", "numba")
"""Packages whose version may move the last digit of a trajectory."""
_log = logging.getLogger(__name__)


class Campaign:
    """A campaign under way in its folder `out`. Use as a context manager; `play`, then `finish`, then `log`."""

    def __init__(self, config: CampaignConfig, problem: Problem, agent: Agent, session: Session) -> None:
        self.config = config
        self.problem = problem
        self.agent = agent
        self.session = session
        self.out: Path
        self.journal: Journal

    @classmethod
    def start(cls, config: CampaignConfig) -> Self:
        """Make everything, and last the folder: what is refused leaves nothing behind."""
        campaign = cls._made(config, config.problem)
        description = campaign.session.laboratory.describe()
        header = {
            "config": config.model_dump(),
            "budget": campaign.session.budget,
            "fingerprint": campaign.problem.fingerprint,
            "laboratory": {"name": description.name, "origin": description.origin, **description.details},
            "versions": _versions(),
            # A data set is named by its path, which may be relative to where the campaign was started.
            "directory": str(Path.cwd()),
        }
        campaign.out = _fresh_folder(config)
        campaign.journal = Journal.create(campaign.out, header, durable=description.origin == "real")
        return campaign

    @classmethod
    def resume(cls, out: Path) -> Self:
        """Go on where the journal in `out` ends; refused if the same seed could now give other results."""
        journal = Journal.reopen(out)
        try:
            journal.verify()
            header = journal.header
            config = CampaignConfig.model_validate(header["config"])
            campaign = cls._made(config, _found_again(config.problem, Path(header["directory"])))
            campaign.out, campaign.journal = out, journal
            if campaign.problem.fingerprint != header["fingerprint"]:
                raise InvalidInputError(
                    f"problem {config.problem.id}",
                    campaign.problem.fingerprint,
                    f"{header['fingerprint']!r}, with which this campaign began",
                    "its data, objective or physics have changed since; start a new campaign",
                )
            _compare(header["versions"], _versions())
            if not campaign.done:
                journal.append("resumed", {"versions": _versions(), "experiments": journal.finished()})
            agent_state, session_state = journal.snapshot("agent"), journal.snapshot("session")
            if agent_state is not None:
                campaign.agent.restore(agent_state)
            if session_state is not None:
                campaign.session.restore(session_state)
        except BaseException:
            journal.close()
            raise
        return campaign

    @classmethod
    def _made(cls, config: CampaignConfig, choice: ProblemChoice) -> Self:
        problem = open_problem(choice.id, choice.goal, choice.objective)
        session = Session.open(problem, config.seed, config.lab, config.budget, config.fidelity)
        session.laboratory.commission = commission_of(config.model_dump(), session.budget, problem.fingerprint)
        return cls(config, problem, make_agent(config.agent, problem, config.seed, session.budget), session)

    @property
    def done(self) -> bool:
        """Whether the campaign has come to its end."""
        return next(self.journal.events("finished"), None) is not None

    def play(self) -> Iterator[Step]:
        """The steps still to be made, each in the journal before it is yielded."""
        return play(self.agent, self.session, self.journal)

    def finish(self) -> dict[str, Any]:
        """What the campaign came to; written down at the first call, read back at later ones."""
        if not self.done:
            if self.session.left > 0 and not self.session.ended:
                raise StateError(f"{self.session.left} experiments are still to be made: play() them first")
            self.journal.append("finished", self._conclusion())
        return {**next(self.journal.events("finished")).body, "out": str(self.out)}

    def _conclusion(self) -> dict[str, Any]:
        objective = self.problem.objectives[0]
        trials = list(self.agent.trials.values())
        told = [trial for trial in trials if trial.status in ("ok", "partial")]
        best = min(told, key=lambda trial: objective.sign * trial.values[0], default=None)
        point = dict(self.agent.recommend())
        real = self.session.laboratory.describe().origin == "real"
        return {
            "problem": self.config.problem.id,
            "agent": self.config.agent,
            "seed": self.config.seed,
            "budget": self.session.budget,
            "recommended": point,
            "best": None
            if best is None
            else {"point": dict(best.point), "value": best.values[0], "u": best.u[0], "trial": best.number},
            "objective": {"name": objective.name, "goal": objective.goal, "unit": objective.unit},
            "regret_recommended": None if real else self.problem.regret(point),
            "experiments": self.journal.finished(),
            "lab_hours": sum(trial.lab_time_s for trial in trials) / 3600.0,
        }

    def log(self) -> bool:
        """Log the finished campaign to the tracking store, once; False if the store cannot be reached."""
        if not self.config.tracking or next(self.journal.events("tracked"), None) is not None:
            return True
        run = track(self.out, self.config.problem.id, self._run_log(self.finish()))
        if run is None:
            return False
        self.journal.append("tracked", {"run": run})
        return True

    def _run_log(self, conclusion: Mapping[str, Any]) -> RunLog:
        header = self.journal.header
        sign = self.problem.objectives[0].sign
        curves: dict[str, list[float]] = {"value": [], "u": [], "best_value": [], "lab_hours": [], "suggest_ms": []}
        best, hours = float("nan"), 0.0
        for step in self.journal.steps():
            trial = step.trial
            value = trial.values[0] if trial.values else float("nan")
            if trial.status in ("ok", "partial") and not sign * value >= sign * best:
                best = value
            hours += trial.lab_time_s / 3600.0
            row = (value, trial.u[0] if trial.u else float("nan"), best, hours, 1e3 * step.suggest_s)
            for curve, entry in zip(curves.values(), row, strict=True):
                curve.append(entry)
        if conclusion["regret_recommended"] is not None:
            curves["regret_recommended"] = [conclusion["regret_recommended"]]
        choice = self.config.problem
        params = {
            "problem": choice.id,
            "agent": self.config.agent,
            "seed": str(self.config.seed),
            "budget": str(conclusion["budget"]),
            "lab": self.config.lab,
            "objective": f"{conclusion['objective']['name']} ({conclusion['objective']['goal']})",
            **{f"recommended {name}": str(value) for name, value in conclusion["recommended"].items()},
        }
        tags = {
            "origin": header["laboratory"]["origin"],
            "fingerprint": header["fingerprint"],
            **{f"version {name}": number for name, number in header["versions"].items()},
        }
        return RunLog(self.out.resolve().name, params, tags, curves)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self.session.laboratory.safe_state()
            self.session.laboratory.close()
        finally:
            self.journal.close()


def commission_of(config: Mapping[str, Any], budget: int, fingerprint: str) -> Commission:
    """For whom the laboratory works; `config` as a `CampaignConfig` dumps it, also one of an older version.

    The campaign's identifier follows from what decides its course: the same one run again has the same.
    """
    decides = {name: config.get(name) for name in ("problem", "agent", "seed", "lab", "fidelity")}
    campaign_id = record_id("campaign", json.dumps(decides, sort_keys=True), budget, fingerprint)
    sharing = Sharing(**config.get("sharing", {}))
    return Commission(campaign_id, config["problem"]["id"], config["agent"], config.get("operator", ""), sharing)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _compare(then: Mapping[str, str], now: Mapping[str, str]) -> None:
    moved = [f"{name} {then[name]} then, {now.get(name, 'none')} now" for name in then if then[name] != now.get(name)]
    if moved:
        _log.warning("versions differ from those the campaign began with (%s): results may differ", "; ".join(moved))


def _found_again(choice: ProblemChoice, directory: Path) -> ProblemChoice:
    """A data set that is not where its path points from here, looked for from where the campaign was started."""
    path = Path(choice.id.removeprefix(DATASET))
    if choice.id.startswith(DATASET) and not path.exists() and (directory / path).exists():
        return choice.model_copy(update={"id": f"{DATASET}{directory / path}"})
    return choice


def _fresh_folder(config: CampaignConfig) -> Path:
    """The folder to write to: the one asked for, if new or empty, else a new one under ``runs``."""
    try:
        if config.out is not None:
            out = Path(config.out)
            out.mkdir(parents=True, exist_ok=True)
            if next(out.iterdir(), None) is not None:
                holds = (out / FILE_NAME).exists()
                cause = f"it holds a campaign; to go on with it: tansaki resume {out}" if holds else "it holds files"
                raise InvalidInputError("--out", str(out), "a new or an empty folder", cause)
            return out
        for count in range(1, 1_000_000):
            out = Path("runs") / (_readable_name(config) + (f"-{count}" if count > 1 else ""))
            try:
                out.mkdir(parents=True)
                return out
            except FileExistsError:
                continue
    except OSError as error:
        raise InvalidInputError("--out", str(out), "a folder that can be written to", error.strerror or "") from error
    raise InvalidInputError("--out", str(out), "a name that is free")


def _readable_name(config: CampaignConfig) -> str:
    choice, agent = config.problem.id, config.agent
    problem = Path(choice.removeprefix(DATASET)).stem if choice.startswith(DATASET) else choice.rpartition("/")[2]
    return f"{problem}_{agent.rpartition(':')[2]}_seed{config.seed}"
