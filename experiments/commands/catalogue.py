"""Verbs that show what there is: ``list`` and ``show``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tansaki.experiments.commands.output import JsonFlag, answer
from tansaki.experiments.commands.tables import table_lines
from tansaki.twin.errors import unknown_name

if TYPE_CHECKING:
    from tansaki.envs.problem import Problem
    from tansaki.twin.quantities import DataFile

KINDS = ("problems", "agents", "materials", "instruments")
GOALS: dict[str, Literal["min", "max"]] = {"min": "min", "max": "max"}


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("list")(list_what)
    app.command("show")(show)


def list_what(
    what: Annotated[str, typer.Argument(metavar="|".join(KINDS), help="What to list.")], as_json: JsonFlag = False
) -> None:
    """List problems, agents, materials or instruments."""
    if what not in KINDS:
        raise unknown_name("what to list", what, KINDS)
    rows = {"problems": _problems, "agents": _agents}.get(what, lambda: _files(what))()
    columns = list(rows[0])
    answer({what: rows}, as_json, table_lines(columns, [[str(row[name]) for name in columns] for row in rows]))


def show(
    what: Annotated[str, typer.Argument(metavar="problem|material|instrument", help="Kind of thing.")],
    name: Annotated[str, typer.Argument(help="Its id or name; data sets as dataset:PATH.")],
    goal: Annotated[str | None, typer.Option(help="min or max, for data sets.")] = None,
    objective: Annotated[str | None, typer.Option(help="Objective column, for data sets.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a problem, or the values of a material or an instrument with unit, uncertainty, kind and source."""
    if what == "problem":
        from tansaki.envs.registry import open_problem

        if goal is not None and goal not in GOALS:
            raise unknown_name("--goal", goal, GOALS)
        problem = open_problem(name, GOALS[goal] if goal else None, objective)
        answer(_problem(problem), as_json, _problem_lines(problem))
    elif what in ("material", "instrument"):
        from tansaki.twin.quantities import load

        file = load("materials" if what == "material" else "instruments", name)
        answer(_file(file), as_json, _file_lines(file))
    else:
        raise unknown_name("what to show", what, ("problem", "material", "instrument"))


def _problems() -> list[dict[str, Any]]:
    from tansaki.envs.registry import PROBLEMS, open_problem

    problems = [open_problem(name) for name in PROBLEMS]
    return [
        {
            "id": problem.id,
            "title": problem.title,
            "dimensions": problem.space.dimensions,
            "objectives": ", ".join(f"{o.goal} {o.name} [{o.unit}]" for o in problem.objectives),
            "budget": problem.budget,
            "optimum": _optimum(problem),
        }
        for problem in problems
    ]


def _agents() -> list[dict[str, Any]]:
    from tansaki.agents.registry import AGENTS, agent_class

    def summary(name: str) -> str:
        return (agent_class(name).__doc__ or "").partition("\n")[0]

    return [{"name": name, "summary": summary(name)} for name in AGENTS]


def _files(what: str) -> list[dict[str, Any]]:
    from tansaki.twin.quantities import available, load

    folder: Literal["materials", "instruments"] = "materials" if what == "materials" else "instruments"
    return [{"name": name, "title": load(folder, name).title} for name in available(folder)]


def _problem(problem: "Problem") -> dict[str, Any]:
    from tansaki.twin.records import as_request

    parameters = [{"kind": type(p).__name__.lower(), **asdict(p)} for p in problem.space.parameters]
    return {
        "id": problem.id,
        "title": problem.title,
        "parameters": parameters,
        "candidates": None if problem.space.candidates is None else len(problem.space.candidates),
        "objectives": [asdict(objective) for objective in problem.objectives],
        "budget": problem.budget,
        "budget_unit": problem.budget_unit,
        "measurements": [asdict(as_request(measurement)) for measurement in problem.measurements],
        **_truth(problem),
    }


def _optimum(problem: "Problem") -> float | str:
    if problem.front is not None:
        return f"front of {len(problem.front.values)} points"
    return float(f"{problem.truth.best_value:.6g}")


def _truth(problem: "Problem") -> dict[str, Any]:
    if problem.front is not None:
        return {"front": asdict(problem.front)}
    return {"truth": asdict(problem.truth), "recipe_at_optimum": asdict(problem.recipe(problem.truth.best_point))}


def _problem_lines(problem: "Problem") -> list[str]:
    from tansaki.envs.space import Categorical

    def values(parameter: Any) -> str:
        if isinstance(parameter, Categorical):
            return ", ".join(parameter.choices)
        unit = f" {parameter.unit}" if parameter.unit else ""
        return f"{parameter.low:g} to {parameter.high:g}{unit}{' (log)' if parameter.log else ''}"

    pool = f", {len(problem.space.candidates)} measured points" if problem.space.candidates else ""
    return [
        f"{problem.id}: {problem.title}",
        "",
        *(f"set      {parameter.name}: {values(parameter)}" for parameter in problem.space.parameters),
        f"space    {problem.space.dimensions} parameters{pool}",
        *(f"wanted   {o.goal} {o.name} [{o.unit or 'no unit'}]" for o in problem.objectives),
        f"budget   {problem.budget} {problem.budget_unit}",
        *_truth_lines(problem),
    ]


def _truth_lines(problem: "Problem") -> list[str]:
    front = problem.front
    if front is not None:
        rows = [[f"{value:.4g}" for value in row] for row in front.values]
        names = [f"{o.name} [{o.unit or 'no unit'}]" for o in problem.objectives]
        return [*table_lines(names, rows, title="front"), f"found by {front.method}"]
    truth = problem.truth
    best = ", ".join(f"{key} = {_short(value)}" for key, value in truth.best_point.items())
    return [
        f"optimum  {truth.best_value:.6g} at {best}",
        f"range    best {truth.best_value:.6g}, worst {truth.worst_value:.6g}",
        f"found by {truth.method}",
    ]


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _file(file: "DataFile") -> dict[str, Any]:
    sections = {
        section: {name: asdict(quantity) for name, quantity in quantities.items()}
        for section, quantities in file.sections.items()
    }
    return {"name": file.name, "title": file.title, "sections": sections}


def _file_lines(file: "DataFile") -> list[str]:
    lines = [f"{file.name}: {file.title}", ""]
    columns = ("quantity", "value", "sigma", "unit", "valid", "kind", "source")
    for section, quantities in file.sections.items():
        rows = [
            (
                name,
                f"{quantity.value:.4g}",
                f"{quantity.sigma:.2g}",
                quantity.unit,
                f"{quantity.valid[0]:g} to {quantity.valid[1]:g}" if quantity.valid else "",
                quantity.kind,
                quantity.source,
            )
            for name, quantity in quantities.items()
        ]
        lines += [*table_lines(columns, rows, title=section), ""]
    return lines
