"""Agents by name: ours, and anyone's as ``module:Class``."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from tansaki.agents.agent import Agent
from tansaki.envs.problem import Problem
from tansaki.twin.errors import InvalidInputError, unknown_name

AGENTS: Final = {
    "random": "tansaki.agents.random:Random",
    "sobol": "tansaki.agents.sobol:Sobol",
    "grid": "tansaki.agents.grid:Grid",
    "one-factor": "tansaki.agents.one_factor:OneFactor",
    "gp": "tansaki.agents.gp:GaussianProcess",
}


def agent_class(name: str) -> type[Agent]:
    """The class behind one of `AGENTS` or behind ``module:Class``; modules in the working directory are found."""
    target = AGENTS.get(name, name)
    if ":" not in target:
        raise unknown_name("agent", name, AGENTS)
    module_name, _, class_name = target.partition(":")
    if name not in AGENTS and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last: a file there must not stand in for an installed module
    try:
        found = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise InvalidInputError("agent", name, "an importable MODULE:CLASS", str(error)) from error
    if not (isinstance(found, type) and issubclass(found, Agent)):
        raise InvalidInputError("agent", name, "a subclass of tansaki.agents.agent.Agent")
    return found


def make_agent(name: str, problem: Problem, seed: int, budget: int | None = None) -> Agent:
    """A fresh agent for `problem`; refuses what no agent can do yet, several objectives."""
    if len(problem.objectives) > 1:
        names = ", ".join(objective.name for objective in problem.objectives)
        raise InvalidInputError("problem", f"{problem.id} ({names})", "problems with one objective")
    return agent_class(name)(problem.space, problem.objectives, budget or problem.budget, seed)
