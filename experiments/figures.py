"""Figures of a benchmark, for report and app: every one with a title, axis units and a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tansaki.experiments.figure_style import INK, TRUTH, Panel, agent_styles, styled, with_unit
from tansaki.experiments.scores import LEVEL, Cell
from tansaki.experiments.statistics import resampled_runs, simultaneous_band

FLOOR: Final = 1e-3
"""Regret at which curves on a logarithmic axis end: an exact optimum has none to be drawn."""


def regret_panel(cells: Sequence[Cell]) -> Panel:
    """Median regret of the best visited and of the recommended point against experiments, with bands."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    heads = ("Best point visited (simple regret)", "Point recommended")
    figure = make_subplots(cols=2, rows=1, shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.04)
    draw = resampled_runs(len(cells[0].runs))
    styles = agent_styles([cell.agent for cell in cells])
    steps = np.arange(1, cells[0].budget + 1)
    for cell in cells:
        style = styles[cell.agent]
        for column, curves in enumerate((cell.simple, cell.recommended), start=1):
            median, low, high = (100.0 * np.maximum(c, FLOOR) for c in simultaneous_band(curves, draw))
            band = {"x": np.concatenate([steps, steps[::-1]]), "y": np.concatenate([high, low[::-1]])}
            common: dict[str, Any] = {"legendgroup": cell.agent, "name": cell.agent}
            fill = Scatter(
                **band,
                **common,
                fill="toself",
                fillcolor=style.fill(),
                line={"width": 0},
                showlegend=False,
                hoverinfo="skip",
            )
            line = Scatter(
                x=steps,
                y=median,
                **common,
                mode="lines+markers",
                showlegend=column == 1,
                line={"color": style.colour, "dash": style.dash, "width": 2},
                marker={"symbol": style.marker, "size": 6, "color": style.colour},
                hovertemplate=f"{cell.agent}: %{{y:.2f}} % after %{{x}}<extra></extra>",
            )
            figure.add_trace(fill, row=1, col=column)
            figure.add_trace(line, row=1, col=column)
    figure.add_hline(y=100.0 * LEVEL, line={"color": INK, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=steps[0],
        y=np.log10(100.0 * LEVEL),
        text="95 % of the range",
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 11},
        row=1,
        col=1,
    )
    figure.update_xaxes(title_text="experiments")
    ticks = [0.1, 0.3, 1, 3, 10, 30, 100]
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks], range=[-1.05, 2.05])
    figure.update_yaxes(title_text="regret, % of the range", col=1)
    return Panel(
        "Regret against experiments",
        f"Median over {len(cells[0].runs)} seeds; the shaded band holds the whole median curve with 95 % confidence"
        " (bootstrap over whole runs). Lower is better; values below 0.1 % are drawn at 0.1 %.",
        styled(figure, 450, legend=True),
    )


def acceleration_panel(rows: Sequence[Mapping[str, Any]]) -> Panel:
    """Acceleration factors with intervals; what is unbounded runs off as an arrow."""
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    styles = agent_styles([row["agent"] for row in rows])
    others = [row for row in rows if row["agent"] != row["reference"]]
    finite = [
        row[key] for row in others for key in ("af", "af_low", "af_high") if np.isfinite(row[key]) and row[key] > 0
    ]
    left, right = min([0.5, *finite]) / 1.5, max([2.0, *finite]) * 1.5
    for row in reversed(others):
        style, name = styles[row["agent"]], row["agent"]
        low = row["af_low"] if row["af_low"] > 0 else left
        high = row["af_high"] if np.isfinite(row["af_high"]) else right
        symbols = ["line-ns" if row["af_low"] > 0 else "triangle-left", "line-ns" if high < right else "triangle-right"]
        ends = {"symbol": symbols, "size": 11, "color": style.colour, "line": {"width": 2, "color": style.colour}}
        figure.add_trace(
            Scatter(
                x=[low, high],
                y=[name, name],
                mode="lines+markers",
                line={"color": style.colour, "width": 2},
                marker=ends,
                showlegend=False,
                hoverinfo="skip",
            )
        )
        if np.isfinite(row["af"]):
            bound = "" if not row["af_censored"] else ("≤ " if row["experiments_to_95_median"] is None else "≥ ")
            figure.add_trace(
                Scatter(
                    x=[row["af"]],
                    y=[name],
                    mode="markers+text",
                    text=[f"{bound}{row['af']:.2f}"],
                    textposition="top center",
                    marker={"symbol": "circle", "size": 11, "color": style.colour},
                    showlegend=False,
                    hovertemplate=f"{name}: AF {bound}{row['af']:.2f}<extra></extra>",
                )
            )
        figure.add_trace(
            Scatter(
                x=[row["af_restricted_mean"]],
                y=[name],
                mode="markers",
                showlegend=False,
                marker={"symbol": "diamond-open", "size": 10, "color": INK},
                hovertemplate=f"{name}: restricted mean ratio %{{x:.2f}}<extra></extra>",
            )
        )
    reference = rows[0]["reference"]
    figure.update_traces(cliponaxis=False)
    figure.update_yaxes(range=[-0.6, len(others) - 0.4])
    figure.add_vline(x=1.0, line={"color": INK, "width": 1, "dash": "dot"})
    figure.update_xaxes(
        type="log", range=[np.log10(left), np.log10(right)], title_text=f"times faster than {reference}"
    )
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if left <= t <= right]
    figure.update_xaxes(tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    return Panel(
        f"Acceleration over {reference}",
        f"How many times fewer experiments than {reference} an agent needs to reach 95 % of the range: ratio of medians"
        " (dot) with its 95 % interval; an arrow means that the interval has no end within the budget. The open diamond"
        " is the ratio of mean experiments, each run counted up to the budget.",
        styled(figure, 110 + 58 * len(others)),
    )


def final_panel(cells: Sequence[Cell]) -> Panel:
    """Recommended regret of every run at the end of the budget."""
    from plotly.graph_objects import Box, Figure

    figure = Figure()
    styles = agent_styles([cell.agent for cell in cells])
    for cell in reversed(cells):
        style = styles[cell.agent]
        figure.add_trace(
            Box(
                x=100.0 * np.maximum(cell.recommended[:, -1], FLOOR),
                name=cell.agent,
                boxpoints="all",
                jitter=0.6,
                pointpos=0,
                marker={"color": style.colour, "symbol": style.marker, "size": 6},
                line={"color": style.colour, "width": 1.5},
                fillcolor="rgba(0,0,0,0)",
                showlegend=False,
                hovertemplate=f"{cell.agent}: %{{x:.2f}} %<extra></extra>",
            )
        )
    ticks = [0.1, 0.3, 1, 3, 10, 30, 100]
    figure.add_vline(x=100.0 * LEVEL, line={"color": INK, "width": 1, "dash": "dot"})
    figure.update_xaxes(type="log", range=[-1.1, 2.05], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    figure.update_xaxes(title_text="regret of the recommended point, % of the range")
    return Panel(
        f"Every run after {cells[0].budget} experiments",
        "One mark a seed, box over the middle half, line at the median; left of the dotted line a run recommends a"
        " point within 5 % of the optimum. Values below 0.1 % are drawn at 0.1 %.",
        styled(figure, 100 + 62 * len(cells)),
    )


def response_panel(cells: Sequence[Cell], described: Mapping[str, Any], response: Mapping[str, Any]) -> Panel:
    """Truth over a space of one number, and where each agent looked."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    parameter, objective, truth = described["parameters"][0], described["objective"], described["truth"]
    name = parameter["name"]
    heights = [0.62, 0.38]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.04)
    order = np.argsort([point[name] for point in response["points"]])
    x = [response["points"][i][name] for i in order]
    y = [response["values"][i] for i in order]
    figure.add_trace(
        Scatter(x=x, y=y, mode="lines", line={"color": TRUTH, "width": 2}, name="truth without noise"), row=1, col=1
    )
    styles = agent_styles([cell.agent for cell in cells])
    for cell in cells:
        style = styles[cell.agent]
        told = [step for step in cell.runs[0].steps if step.value is not None]
        marker = {"symbol": style.marker, "size": 8, "color": style.colour, "line": {"color": style.colour}}
        figure.add_trace(
            Scatter(
                x=[step.point[name] for step in told],
                y=[step.value for step in told],
                mode="markers",
                marker=marker,
                error_y={"array": [step.u or 0.0 for step in told], "thickness": 1, "width": 0},
                name=cell.agent,
                legendgroup=cell.agent,
                hovertemplate=f"{cell.agent}, measured: %{{y:.4g}} at %{{x:.4g}}<extra></extra>",
            ),
            row=1,
            col=1,
        )
        visited = [step.point[name] for run in cell.runs for step in run.steps]
        figure.add_trace(
            Scatter(
                x=visited,
                y=[cell.agent] * len(visited),
                mode="markers",
                showlegend=False,
                legendgroup=cell.agent,
                marker={"symbol": "line-ns", "size": 14, "line": {"color": style.fill(0.35), "width": 1.5}},
                hoverinfo="skip",
            ),
            row=2,
            col=1,
        )
        figure.add_trace(
            Scatter(
                x=[run.recommended[name] for run in cell.runs],
                y=[cell.agent] * len(cell.runs),
                mode="markers",
                marker={"symbol": style.marker, "size": 9, "color": style.colour},
                showlegend=False,
                legendgroup=cell.agent,
                hovertemplate=f"{cell.agent} recommends %{{x:.4g}}<extra></extra>",
            ),
            row=2,
            col=1,
        )
    best = truth["best_point"][name]
    figure.add_trace(
        Scatter(
            x=[best],
            y=[truth["best_value"]],
            mode="markers",
            name="true optimum",
            marker={"symbol": "star", "size": 16, "color": "#F0E442", "line": {"color": INK, "width": 1.2}},
        ),
        row=1,
        col=1,
    )
    figure.add_vline(x=best, line={"color": INK, "width": 1, "dash": "dot"})
    figure.update_yaxes(title_text=with_unit(objective["name"], objective["unit"]), row=1, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)
    if parameter.get("log"):
        decades = np.log10(parameter["high"] / parameter["low"])
        figure.update_xaxes(type="log", dtick=1 if decades >= 2 else None)
    figure.update_xaxes(title_text=with_unit(name, parameter["unit"]), row=2, col=1)
    return Panel(
        "Response curve, and where each agent looked",
        "Above: the noise-free truth with its optimum (star), and what each agent measured in its first run (bars: one"
        " standard uncertainty). Below, over all seeds: thin lines are points visited, symbols are points recommended"
        " at the end.",
        styled(figure, 440 + 30 * len(cells), legend=True),
    )


def factors_panel(cells: Sequence[Cell], described: Mapping[str, Any], response: Mapping[str, Any]) -> Panel | None:
    """The two numeric factors that explain most, the truth over them, and what each agent recommends."""
    from plotly.graph_objects import Figure, Scatter

    factors = strongest_factors(described, response)
    if len(factors) < 2:
        return None
    (first, second), objective, truth = factors, described["objective"], described["truth"]
    figure = Figure()
    points, values = response["points"], response["values"]
    shades = ("#8c8c8c", "#f4f4f4") if objective["goal"] == "min" else ("#f4f4f4", "#8c8c8c")
    figure.add_trace(
        Scatter(
            x=[p[first["name"]] for p in points],
            y=[p[second["name"]] for p in points],
            mode="markers",
            name="truth without noise",
            showlegend=False,
            marker={
                "color": values,
                "colorscale": [[0, shades[0]], [1, shades[1]]],
                "size": 10,
                "symbol": "square",
                "opacity": 0.8,
                "colorbar": {"title": {"text": with_unit(objective["name"], objective["unit"]), "side": "right"}},
            },
        )
    )
    # Many runs recommend the same setting: agents stand beside one another, so that none hides behind the next.
    spread = _jitter(points, first["name"])
    styles = agent_styles([cell.agent for cell in cells])
    for i, cell in enumerate(cells):
        style, shift = styles[cell.agent], (i - (len(cells) - 1) / 2) * spread
        figure.add_trace(
            Scatter(
                x=[float(run.recommended[first["name"]]) + shift for run in cell.runs],
                y=[run.recommended[second["name"]] for run in cell.runs],
                mode="markers",
                name=cell.agent,
                marker={"symbol": style.marker, "size": 9, "color": style.colour, "line": {"width": 1.5}},
            )
        )
    figure.add_trace(
        Scatter(
            x=[truth["best_point"][first["name"]]],
            y=[truth["best_point"][second["name"]]],
            mode="markers",
            name="true optimum",
            marker={"symbol": "star", "size": 18, "color": "#F0E442", "line": {"color": INK, "width": 1.2}},
        )
    )
    figure.update_xaxes(title_text=with_unit(first["name"], first["unit"]), type="log" if first.get("log") else "-")
    figure.update_yaxes(title_text=with_unit(second["name"], second["unit"]), type="log" if second.get("log") else "-")
    return Panel(
        "Where each agent ends, over the two factors that explain most",
        f"Of {len(described['parameters'])} parameters, the two that explain most of the objective. Squares: noise-free"
        " truth at settings of the space, dark is good; symbols: points recommended at the end, one a seed, set beside"
        " one another; star: the true optimum. Settings that differ in other parameters fall on one another here.",
        styled(figure, 540, legend=True),
    )


def strongest_factors(described: Mapping[str, Any], response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The two numeric parameters with the largest correlation ratio to the objective (variance between octiles)."""
    values = np.asarray(response["values"], dtype=np.float64)
    strengths = []
    for parameter in described["parameters"]:
        if parameter["kind"] == "Categorical":
            continue
        x = np.asarray([point[parameter["name"]] for point in response["points"]], dtype=np.float64)
        group = np.searchsorted(np.unique(np.quantile(x, np.linspace(0, 1, 9)[1:-1])), x)
        means = {g: values[group == g].mean() for g in np.unique(group)}
        strengths.append((float(np.var([means[g] for g in group])), parameter))
    return [parameter for _, parameter in sorted(strengths, key=lambda pair: -pair[0])[:2]]


def _jitter(points: Sequence[Mapping[str, Any]], name: str) -> float:
    x = np.unique([float(point[name]) for point in points])
    return 0.0 if x.size < 2 else 0.12 * float(min(np.median(np.diff(x)), (x[-1] - x[0]) / 20))
