"""Figures of one campaign and of one experiment: values told, process trace, raw measurement."""

from collections.abc import Sequence

import numpy as np

from tansaki.experiments.figure_style import COLOURS, INK, Panel, channel, styled, with_unit
from tansaki.twin.records import Measurement, Trace


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


def raw_panel(measurement: Measurement) -> Panel:
    """The raw arrays of one measurement: against current where there is one, against reading number otherwise."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    raw = {name: np.asarray(array) for name, array in measurement.raw.items()}
    pair = ("current_a", "voltage_v")
    by_current = all(name in raw for name in pair)
    shown = [name for name, a in raw.items() if a.dtype.kind in "fiu" and name not in ("time_s", *(pair * by_current))]
    heads = ["voltage against current", "voltage over current"] * by_current + [channel(name) for name in shown]
    figure = make_subplots(rows=1, cols=len(heads), subplot_titles=heads, horizontal_spacing=0.36 / len(heads))
    marks = {"color": COLOURS[5], "size": 6, "symbol": "circle-open"}
    if by_current:
        points = Scatter(x=raw[pair[0]], y=raw[pair[1]], mode="markers", marker=marks, showlegend=False)
        figure.add_trace(points, row=1, col=1)
        figure.update_xaxes(title_text="current, A", exponentformat="e", nticks=4, row=1, col=1)
        figure.update_yaxes(title_text="voltage, V", exponentformat="e", row=1, col=1)
        # Both clusters of a current reversal look like a point: the ratio shows offset and noise of each reading.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = raw[pair[1]].astype(float) / raw[pair[0]].astype(float)
        number = np.arange(1, ratio.size + 1)
        figure.add_trace(Scatter(x=number, y=ratio, mode="markers", marker=marks, showlegend=False), row=1, col=2)
        figure.update_xaxes(title_text="reading", row=1, col=2)
        figure.update_yaxes(title_text="voltage / current, ohm", row=1, col=2)
    for column, name in enumerate(shown, start=1 + 2 * by_current):
        for array in np.atleast_2d(raw[name]):
            number = np.arange(1, array.size + 1)
            mode = "markers" if array.size < 60 else "lines"
            figure.add_trace(
                Scatter(x=number, y=array, mode=mode, marker=marks, line={"width": 1}, showlegend=False),
                row=1,
                col=column,
            )
        figure.update_xaxes(title_text="reading", row=1, col=column)
        figure.update_yaxes(title_text=channel(name), exponentformat="e", row=1, col=column)
    values = ", ".join(
        f"{name.replace('_', ' ')} = {d.value:.4g} ± {d.u:.2g} {d.unit}".strip()
        for name, d in measurement.derived.items()
    )
    flags = f" Flags: {', '.join(measurement.flags)}." if measurement.flags else ""
    return Panel(
        f"Raw measurement: {measurement.instrument.replace('_', ' ')}",
        f"Readings as the instrument gave them, before any analysis. What the analysis makes of them: {values}.{flags}",
        styled(figure, 360),
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
