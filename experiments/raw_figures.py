"""Raw records as figures: every signal over its axes, as the record says what they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tansaki.experiments.figure_style import COLOURS, Panel, channel, styled, with_unit
from tansaki.twin.records import Column, Measurement

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Array = NDArray[Any]

PAIR: Final = ("current_a", "voltage_v")
FEW: Final = 60
"""Readings up to this number are drawn one by one."""
LINES: Final = 12
"""Most lines in one plot; with more rows an array is a picture."""
PIXELS: Final = 160
"""Pictures are thinned to at most this many pixels a side: a report stays small."""
DECADES: Final = 100.0
"""Ratio of largest to smallest count from which an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot of the panel: lines or points over `x`, or a picture over `x` and `y`."""

    title: str
    x: Array
    x_title: str
    y_title: str
    lines: tuple[Array, ...] = ()
    y: Array | None = None
    picture: Array | None = None


def raw_panel(measurement: Measurement) -> Panel:
    """The raw arrays of one measurement."""
    raw = {name: np.asarray(array) for name, array in measurement.raw.items()}
    plots = list(_plots(raw, measurement.columns))
    values = ", ".join(
        f"{name.replace('_', ' ')} = {d.value:.4g} ± {d.u:.2g} {d.unit}".strip()
        for name, d in measurement.derived.items()
    )
    flags = f" Flags: {', '.join(measurement.flags)}." if measurement.flags else ""
    before = "Readings as the instrument gave them, before any analysis." if plots else "No raw record was kept."
    return Panel(
        f"Raw measurement: {measurement.instrument.replace('_', ' ')}",
        f"{before} What the analysis makes of them: {values}.{flags}",
        styled(_figure(plots), 360),
    )


def _plots(raw: dict[str, Array], columns: Any) -> Iterator[Plot]:
    by_current = all(name in raw for name in PAIR) and raw[PAIR[0]].shape == raw[PAIR[1]].shape
    if by_current:
        current, voltage = (raw[name].astype(float) for name in PAIR)
        yield Plot("voltage against current", current, "current, A", "voltage, V", (voltage,))
        # Both clusters of a current reversal look like a point: the ratio shows offset and noise of each reading.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = voltage / current
        yield Plot("voltage over current", _numbers(ratio), "reading", "voltage / current, ohm", (ratio,))
    for name, array in raw.items():
        if array.dtype.kind not in "fiu" or (by_current and name in PAIR) or name == "time_s":
            continue
        column = columns.get(name, Column(""))
        if column.role == "signal":
            yield _plot(name, array, column, raw, columns)


def _plot(name: str, array: Array, column: Column, raw: dict[str, Array], columns: Any) -> Plot:
    title = with_unit(name, column.unit if column.unit != "1" else "") if column.unit else channel(name)
    while array.ndim > 2:
        # Repeated readings at a place of a map.
        array = np.mean(np.abs(array), axis=-1)
    axes = column.axes[: array.ndim]
    places = [raw.get(axis, np.arange(1, n + 1)) for axis, n in zip(axes, array.shape, strict=False)]
    names = [with_unit(axis, columns[axis].unit) if axis in columns else "reading" for axis in axes]
    if array.ndim == 2 and len(axes) == 2 and len(array) > LINES:
        rows, cols = (max(1, -(-n // PIXELS)) for n in array.shape)
        thin = array[::rows, ::cols]
        return Plot(title, places[1][::cols], names[1], names[0], y=places[0][::rows], picture=thin)
    lines = tuple(np.atleast_2d(array))
    x, x_title = (places[-1], names[-1]) if axes else (_numbers(lines[0]), "reading")
    return Plot(title, x, x_title, title, lines)


def _numbers(array: Array) -> Array:
    return np.arange(1, array.size + 1)


def _figure(plots: Sequence[Plot]) -> "Figure":
    from plotly.graph_objects import Heatmap, Scatter
    from plotly.subplots import make_subplots

    number = max(len(plots), 1)
    heads = [plot.title for plot in plots]
    figure = make_subplots(rows=1, cols=number, subplot_titles=heads, horizontal_spacing=0.36 / number)
    marks = {"color": COLOURS[5], "size": 6, "symbol": "circle-open"}
    for column, plot in enumerate(plots, start=1):
        if plot.picture is not None:
            picture = Heatmap(x=plot.x, y=plot.y, z=plot.picture, colorscale="Cividis", showscale=False)
            figure.add_trace(picture, row=1, col=column)
        for line in plot.lines:
            mode = "markers" if line.size < FEW else "lines"
            trace = Scatter(x=plot.x, y=line, mode=mode, marker=marks, line={"width": 1}, showlegend=False)
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title_text=plot.x_title, row=1, col=column, nticks=5)
        figure.update_yaxes(title_text=plot.y_title, exponentformat="e", row=1, col=column)
        if plot.title.endswith("counts") and plot.lines and _spans_decades(plot.lines[0]):
            figure.update_yaxes(type="log", row=1, col=column)
    return figure


def _spans_decades(line: Array) -> bool:
    above = line[line > 0]
    return bool(above.size) and bool(above.max() > DECADES * above.min())
