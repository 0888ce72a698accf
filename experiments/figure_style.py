"""The one look of all figures, of report and app: colours, dashes and markers of agents, axes, units.

An agent has the same colour, dash and marker everywhere; colours are those of Okabe and Ito (2008), which remain
apart for colour-blind readers, and nothing is told by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tansaki.agents.registry import AGENTS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK: Final = "#222222"
GRID: Final = "#e4e4e4"
TRUTH: Final = "#555555"
FONT: Final = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans CJK JP', sans-serif"
COLOURS: Final = ("#222222", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#7f7f7f")
DASHES: Final = ("dot", "dashdot", "dash", "longdash", "solid", "longdashdot", "dash", "dot")
MARKERS: Final = ("circle-open", "square", "triangle-up", "diamond", "circle", "cross", "x", "star-triangle-down")
UNITS: Final = {
    "s": "s", "pa": "Pa", "w": "W", "v": "V", "a": "A", "c": "°C", "k": "K", "m": "m", "nm": "nm", "sccm": "sccm",
    "sq": "ohm/sq", "ohm": "ohm", "h": "h", "ev": "eV",
}  # fmt: skip
"""What the last part of a channel's name says its unit is."""


@dataclass(frozen=True)
class Panel:
    """A figure with what is said about it; `description` is for those who cannot see it."""

    title: str
    sentence: str
    figure: "Figure"

    @property
    def description(self) -> str:
        """Text for a screen reader."""
        return f"{self.title}. {self.sentence}"


@dataclass(frozen=True, slots=True)
class AgentStyle:
    """How an agent is drawn."""

    colour: str
    dash: str
    marker: str

    def fill(self, opacity: float = 0.15) -> str:
        """The colour, transparent."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red}, {green}, {blue}, {opacity})"


def agent_styles(agents: Sequence[str]) -> dict[str, AgentStyle]:
    """A style for each agent: ours always the same, others in the order given."""
    others = [agent for agent in agents if agent not in AGENTS]
    order = [*AGENTS, *others]
    places = {agent: order.index(agent) % len(COLOURS) for agent in agents}
    return {agent: AgentStyle(COLOURS[i], DASHES[i], MARKERS[i]) for agent, i in places.items()}


def styled(figure: "Figure", height: int, legend: bool = False) -> "Figure":
    """The one look: white, thin grid, legend below, room for labels."""
    axis = {"gridcolor": GRID, "linecolor": "#999999", "zeroline": False, "ticks": "outside", "tickcolor": "#999999"}
    figure.update_layout(
        template="none",
        height=height,
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 80, "r": 30, "t": 36, "b": 92 if legend else 56},
        paper_bgcolor="white",
        plot_bgcolor="white",
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, "xanchor": "left"},
        hovermode="closest",
    )
    titles = {"title_font_size": 13, "title_standoff": 8}
    figure.update_xaxes(**axis, **titles, automargin=True)
    figure.update_yaxes(**axis, **titles, automargin=True)
    figure.for_each_annotation(lambda note: note.update(font_size=min(note.font.size or 13, 13)))
    return figure


def with_unit(name: str, unit: str) -> str:
    """``oxygen_pressure_pa`` in ``Pa`` as ``oxygen pressure, Pa``."""
    *words, last = name.split("_")
    if words and UNITS.get(last) == unit:
        name = "_".join(words)
    text = name.replace("_", " ")
    return f"{text}, {unit}" if unit else text


def channel(name: str) -> str:
    """``oxygen_pressure_pa`` as ``oxygen pressure, Pa``."""
    *words, last = name.split("_")
    if not words or last not in UNITS:
        return name.replace("_", " ")
    if words[-1:] == ["ohm"] and last == "sq":
        words.pop()
    return f"{' '.join(words)}, {UNITS[last]}"
