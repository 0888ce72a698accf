"""The report: self-contained, readable without eyes, honest about bounds; figures with titles and units."""

import json
import shutil
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tansaki.experiments import cli, experiment_figures, figures
from tansaki.experiments.benchmark import Benchmark, BenchmarkConfig, Chunk
from tansaki.experiments.figure_style import Panel, agent_styles, channel, with_unit
from tansaki.experiments.raw_figures import raw_panel
from tansaki.experiments.report import write_benchmark_report, write_report
from tansaki.experiments.scores import acceleration_text, experiments_text
from tansaki.experiments.tasks import Run, carry_out_all, problem_of
from tansaki.experiments.validation import section
from tansaki.experiments.validation.row import Row
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Column, Derived, Measurement, Trace

CELL_KEYS = (
    "agent", "problem", "seeds", "budget", "regret_recommended_median", "af", "af_low", "af_high", "af_censored",
    "experiments_to_95_median", "lab_hours_to_95_median", "suggest_ms_median", "recommended_within_5_percent",
)  # fmt: skip


class Page(HTMLParser):
    """Tags with their attributes, outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def here(work: Sequence[Chunk]) -> Iterator[list[Run | str]]:
    for chunk in work:
        yield carry_out_all(chunk)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished benchmark on a table of one parameter and one of three."""
    base = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    (base / "one.csv").write_text("x_pa (Pa),y\n" + "".join(f"{i / 4},{(i - 7) ** 2 + i % 3}\n" for i in range(20)))
    rows = [(a, b, c, a * b + 0.1 * c + 0.05 * rng.normal()) for a in range(5) for b in range(5) for c in range(3)]
    (base / "three.csv").write_text("a,b,c,<y>\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    problem_of.cache_clear()
    problems = tuple(f"dataset:{base / name}" for name in ("one.csv", "three.csv"))
    config = BenchmarkConfig(problems, ("random", "sobol", "grid"), 4, 8, "max")
    with Benchmark.start(config, base / "out") as benchmark:
        benchmark.run(here)
        write_benchmark_report(benchmark)
    return base / "out"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def test_nothing_is_loaded_from_anywhere(parsed: Page, html: str) -> None:
    for tag, attributes in parsed.tags:
        for name in ("src", "href", "srcset", "data", "poster", "action"):
            target = attributes.get(name)
            assert target is None or target.startswith("#"), (tag, target)
    assert "@import" not in html[: html.index("<script>")]
    assert "url(" not in html[: html.index("<script>")]


def test_plotly_is_there_once(html: str) -> None:
    from plotly.offline import get_plotlyjs

    assert html.count(get_plotlyjs()[:200]) == 1


def test_every_figure_is_drawn_named_and_explained(parsed: Page, html: str) -> None:
    pictures = [attributes for attributes in parsed.all("div") if attributes.get("role") == "img"]
    assert len(pictures) == len(parsed.all("figure")) == len(parsed.all("figcaption")) == html.count("Plotly.newPlot(")
    assert all(len(picture["aria-label"] or "") > 40 for picture in pictures)


def test_structure_for_screen_readers(parsed: Page) -> None:
    assert parsed.all("html")[0]["lang"] == "en"
    assert len(parsed.all("h1")) == len(parsed.all("main")) == 1
    assert len(parsed.all("caption")) == len(parsed.all("table")) > 4
    assert {th.get("scope") for th in parsed.all("th")} == {"col", "row"}
    anchors = {attributes["id"] for _, attributes in parsed.tags if attributes.get("id")}
    assert {(a["href"] or "")[1:] for a in parsed.all("a")} <= anchors


def test_what_must_be_said_is_said(parsed: Page) -> None:
    for words in ("AF, acceleration factor", "Censored", "Intervals", "Wilcoxon", "Repeat it", "--seeds 4", "numpy"):
        assert words in parsed.text
    assert "<y>" in parsed.text  # names from data are text, never markup


def test_data_lie_beside_it(folder: Path) -> None:
    content = json.loads((folder / "scores.json").read_text())
    assert len(content["cells"]) == 6
    assert (folder / "steps.parquet").is_file()


def test_report_is_made_again_without_the_data(folder: Path, html: str, tmp_path: Path) -> None:
    for table in folder.parent.glob("*.csv"):
        table.rename(tmp_path / table.name)
    problem_of.cache_clear()
    try:
        (folder / "report.html").unlink()
        assert write_report(folder).read_text(encoding="utf-8") == html
    finally:
        for table in tmp_path.glob("*.csv"):
            table.rename(folder.parent / table.name)


def test_the_validation_table_is_included_when_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Row("V0", "reactive", "a flow, sccm", 1.25, 1.26, "1 %", "some paper", "published", True, "", "nb_tio2")
    wrong = Row("V00", "growth", "an exponent", 0.24, 0.12, "0.03", "another", "published", False, "known corrections")
    monkeypatch.setattr(section, "rows", lambda: [right, wrong])
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    text = write_report(copy, validation=True).read_text(encoding="utf-8")
    parsed = Page()
    parsed.feed(text)
    assert {"href": "#validation"} in parsed.all("a")
    for said in ("2 comparisons, 1 within their tolerance, 1 not.", "known corrections", "some paper", "leaves out"):
        assert said in parsed.text
    assert "1.01" in parsed.text
    assert "How good is the twin" not in write_report(copy).read_text(encoding="utf-8")


def test_report_of_a_campaign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.csv").write_text("x,y\n" + "".join(f"{i},{(i - 7) ** 2}\n" for i in range(20)))
    out = tmp_path / "campaign"
    command = ["run", "--problem", f"dataset:{tmp_path / 'one.csv'}", "--agent", "random", "--budget", "5"]
    assert cli.main([*command, "--goal", "min", "--seed", "3", "--out", str(out), "--tracking", "off"]) == 0
    capsys.readouterr()
    assert cli.main(["report", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(out / "report.html")}
    page = Page()
    page.feed((out / "report.html").read_text(encoding="utf-8"))
    assert "recommended: x = " in page.text
    assert len(page.all("figure")) == 2


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"a folder with results\.db \(benchmark\) or campaign\.db"):
        write_report(tmp_path)


def test_command_answers_with_the_agreed_json(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = f"dataset:{folder.parent / 'one.csv'}"
    out = tmp_path / "out"
    command = ["benchmark", "--problems", table, "--agents", "random,sobol", "--seeds", "2", "--budget", "3"]
    assert cli.main([*command, "--workers", "1", "--tracking", "off", "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["out"] == str(out)
    assert [(cell["agent"], cell["seeds"], cell["budget"]) for cell in answer["cells"]] == [
        ("random", 2, 3),
        ("sobol", 2, 3),
    ]
    for cell in answer["cells"]:
        assert set(CELL_KEYS) <= set(cell)
        assert isinstance(cell["af_censored"], bool)
    assert said.err.index("minimum detectable effect with 2 paired seeds") < said.err.index("4/4 campaigns")
    assert "no difference can become significant; at least 6 seeds are needed" in said.err
    assert not (out / "mlflow.db").exists()


def test_bounds_are_written_as_bounds() -> None:
    cell = {
        "agent": "gp", "reference": "random", "budget": 20, "seeds": 10, "reached_95": 9, "af": 3.333, "af_low": 1.04,
        "af_high": np.inf, "af_censored": True, "experiments_to_95_median": 4.5, "experiments_to_95_at_least": 4.5,
    }  # fmt: skip
    assert acceleration_text(cell) == "≥ 3.33 (1.04 or more)"
    assert experiments_text(cell) == "4.5 (9/10 runs)"
    late = cell | {"experiments_to_95_median": None, "experiments_to_95_at_least": 21, "reached_95": 2}
    assert experiments_text(late) == "> 20 (2/10 runs)"
    assert acceleration_text(late | {"af": 0.5, "af_low": 0.0, "af_high": 0.9}) == "≤ 0.50 (0.00 to 0.90)"
    assert acceleration_text(late | {"af": np.nan, "af_low": 0.0}) == "not reached (no bound)"
    assert acceleration_text(cell | {"af_censored": False, "af_high": 5.0}) == "3.33 (1.04 to 5.00)"
    assert acceleration_text(cell | {"agent": "random"}) == "1 (reference)"


def test_agents_look_the_same_in_every_company() -> None:
    alone, together = agent_styles(["gp"]), agent_styles(["random", "mine:Agent", "gp"])
    assert alone["gp"] == together["gp"]
    ours = agent_styles(["random", "sobol", "grid", "one-factor", "gp", "mine:Agent"])
    for attribute in ("colour", "dash", "marker"):
        assert len({getattr(style, attribute) for style in ours.values()}) == len(ours)


def test_units_stand_on_axes() -> None:
    assert channel("oxygen_pressure_pa") == "oxygen pressure, Pa"
    assert channel("sheet_resistance_ohm_sq") == "sheet resistance, ohm/sq"
    assert channel("shots") == "shots"
    assert with_unit("oxygen_pressure_pa", "Pa") == "oxygen pressure, Pa"
    assert with_unit("log10_resistivity", "log10(ohm cm)") == "log10 resistivity, log10(ohm cm)"


def test_trace_and_raw_data_are_drawn_as_recorded() -> None:
    time = np.linspace(0.0, 10.0, 11)
    trace = Trace(time, {"voltage_v": 400 + time, "current_a": time / 20}, ((2.0, "ignition"), (9.0, "shutter closed")))
    panel = experiment_figures.trace_panel(trace)
    assert [list(line.y) for line in panel.figure.data] == [list(400 + time), list(time / 20)]
    assert {"voltage, V", "current, A", "ignition", "shutter closed"} <= {
        a.text for a in panel.figure.layout.annotations
    }
    current = np.array([1e-3, -1e-3] * 4)
    raw = {
        "current_a": current,
        "voltage_v": 50 * current + 1e-5,
        "clean": np.array([True]),
        "height_m": np.ones((2, 80)),
    }
    measurement = Measurement("four_point_probe", {}, "c", raw, {"rho": Derived(2.5, 0.1, "ohm cm")}, ("over_range",))
    panel = raw_panel(measurement)
    assert list(panel.figure.data[0].y) == list(raw["voltage_v"])
    assert len(panel.figure.data) == 4
    assert "rho = 2.5 ± 0.1 ohm cm" in panel.sentence
    assert "over_range" in panel.sentence


def test_raw_data_are_drawn_over_the_axes_that_the_record_names() -> None:
    x = np.linspace(0.0, 1e-6, 40)
    columns = {
        "x_m": Column("m", role="axis"),
        "y_m": Column("m", role="axis"),
        "angle_deg": Column("deg", role="axis"),
        "height_m": Column("m", ("y_m", "x_m")),
        "psi_deg": Column("deg", ("angle_deg", "x_m")),
        "status": Column("1", ("x_m",), "status"),
        "intensity_counts": Column("1", ("x_m",)),
    }
    raw = {
        "x_m": x,
        "y_m": x,
        "angle_deg": np.array([60.0, 70.0]),
        "height_m": np.ones((40, 40)),
        "psi_deg": np.ones((2, 40)),
        "status": np.zeros(40),
        "intensity_counts": np.geomspace(1.0, 1e4, 40),
    }
    figure = raw_panel(Measurement("any", {}, "c", raw, {"a": Derived(1.0, 0.1, "nm")}, (), columns)).figure
    kinds = [trace.type for trace in figure.data]
    assert kinds == ["heatmap", "scatter", "scatter", "scatter"]
    assert list(figure.data[1].x) == list(x)
    assert figure.layout.xaxis.title.text == "x, m"
    assert figure.layout.yaxis3.type == "log"


def test_strongest_factors_are_those_that_move_the_objective() -> None:
    rng = np.random.default_rng(1)
    points = [dict(zip("abc", map(float, row), strict=True)) for row in rng.uniform(size=(200, 3))]
    values = [(p["a"] - 0.5) ** 2 + 0.2 * p["c"] for p in points]  # a has no monotonic effect, and still an effect
    described = {"parameters": [{"name": name, "kind": "Continuous"} for name in "abc"]}
    found = figures.strongest_factors(described, {"points": points, "values": values})
    assert {parameter["name"] for parameter in found} == {"a", "c"}


def test_benchmark_figures_name_their_axes(folder: Path) -> None:
    with Benchmark.open(folder) as benchmark:
        cells = [cell for cell in benchmark.cells if cell.problem == benchmark.config.problems[0]]
        rows = [row for row in benchmark.scores.cells if row["problem"] == benchmark.config.problems[0]]
        described, response = benchmark.problems[cells[0].problem], benchmark.response(cells[0].problem)
        panels: list[Panel] = [
            figures.regret_panel(cells),
            figures.acceleration_panel(rows),
            figures.final_panel(cells),
            figures.response_panel(cells, described, response),
        ]
    texts = [panel.figure.to_json() for panel in panels]
    for text, unit in zip(texts, ("% of the range", "times faster", "% of the range", "Pa"), strict=True):
        assert unit in text
    best = described["truth"]["best_point"]["x_pa"]
    star = panels[3].figure.data[-1]
    assert (star.name, star.x[0]) == ("true optimum", best)
