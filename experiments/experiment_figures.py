"""Figures of one campaign and of one experiment: values told, process trace."""

from collections.abc import Sequence

import numpy as np

from tansaki.experiments.figure_style import COLOURS, INK, Panel, channel, styled, with_unit
from tansaki.twin.records import Trace


def trace_panel(trace: Trace) -> Panel:
    """Process time series of one experiment, one row a channel."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    names = list(trace.channels)
    titles = [channel(name) for name in names]
    spacing = 0.24 / len(names)
    figure = make_subplots(rows=len(names), cols=1, shared_xaxes=True, vertical_spacing=spacing, subplot_titles=titles)
    figure.update_annotations(x=0.0, xanchor="left", font_size=12)
    for row, name in enumerate(names, start=1):
        line = {"color": COLOURS[5], "width": 1.5}
        figure.add_trace(
            Scatter(x=trace.time_s, y=trace.channels[name], mode="lines", line=line, showlegend=False, name=name),
            row=row,
            col=1,
        )
        figure.update_yaxes(nticks=4, row=row, col=1)
    for number, (time_s, what) in enumerate(trace.events):
        figure.add_vline(x=time_s, line={"color": INK, "width": 1, "dash": "dot"})
        last = number > 0 and number == len(trace.events) - 1
        figure.add_annotation(
            x=time_s,
            y=1.0,
            yref="paper",
            text=what,
            showarrow=False,
            textangle=-90,
            # Neighbours stand on either side of their lines, the last within the figure.
            xanchor="left" if number % 2 and not last else "right",
            yanchor="top",
            font={"size": 10},
        )
    figure.update_xaxes(title_text="time, s", row=len(names), col=1)
    return Panel(
        "Trace of the run",
        "What the chamber's instruments recorded while the film was made; dotted lines mark events.",
        styled(figure, 80 + 118 * len(names)),
    )


def values_panel(steps: Sequence[tuple[int, float, float]], name: str, unit: str, goal: str) -> Panel:
    """Told values (number, value, u) of one campaign with the best so far."""
    from plotly.graph_objects import Figure, Scatter

    number, value, u = (np.asarray(column) for column in zip(*steps, strict=True))
    best = np.minimum.accumulate(value) if goal == "min" else np.maximum.accumulate(value)
    figure = Figure()
    marks = {"color": COLOURS[5], "size": 8, "symbol": "circle-open"}
    figure.add_trace(
        Scatter(
            x=number,
            y=value,
            error_y={"array": u, "thickness": 1, "width": 0},
            mode="markers",
            marker=marks,
            name="measured",
        )
    )
    line = {"color": COLOURS[4], "shape": "hv", "width": 2}
    figure.add_trace(Scatter(x=number, y=best, mode="lines", line=line, name="best measured so far"))
    figure.update_xaxes(title_text="experiment")
    figure.update_yaxes(title_text=with_unit(name, unit))
    return Panel(
        "Measured values",
        f"Each experiment's value with one standard uncertainty, and the {'lowest' if goal == 'min' else 'highest'}"
        " measured so far; under noise the best measured value flatters the point that it belongs to.",
        styled(figure, 400, legend=True),
    )
