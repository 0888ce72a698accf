"""Runs written to MLflow's SQLite store are what MLflow itself reads back; a store out of reach costs one line."""

import logging
import os
import sqlite3
import warnings
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tansaki.experiments import tracking
from tansaki.experiments.tracking import RunLog, track

NAN = float("nan")
PARENT = RunLog(
    "sweep", {f"p{i}": str(i) for i in range(230)}, {f"t{i}": "x" for i in range(130)}, {"mean": [1.0, 2.0]}
)
CHILD = RunLog(
    "cell (a)", {"agent": "random"}, {}, {"value %": [0.5, NAN, 2.5, float("inf")], "long": list(range(2500))}
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracked")


@pytest.fixture(scope="module")
def logged(folder: Path) -> tuple[str, Any]:
    note = folder / "note.txt"
    note.write_text("hello")
    previous = os.environ.pop("MLFLOW_TRACKING_URI", None)
    run_id = track(folder, "dataset:../x y.csv", PARENT, [CHILD, RunLog("empty", {}, {}, {})], [note])
    if previous is not None:
        os.environ["MLFLOW_TRACKING_URI"] = previous
    assert run_id is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        return run_id, MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")


def test_a_parent_comes_back_whole(logged: tuple[str, Any]) -> None:
    run_id, client = logged
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "sweep")
    assert run.data.params == dict(PARENT.params)
    assert {name: value for name, value in run.data.tags.items() if name.startswith("t")} == dict(PARENT.tags)
    assert [(metric.step, metric.value) for metric in client.get_metric_history(run_id, "mean")] == [(0, 1.0), (1, 2.0)]


def test_children_are_nested_and_closed(logged: tuple[str, Any]) -> None:
    run_id, client = logged
    experiment = client.get_experiment_by_name("dataset:../x y.csv")
    children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert {child.info.run_name for child in children} == {"cell (a)", "empty"}
    assert {child.info.status for child in children} == {"FINISHED"}


def test_many_steps_and_values_that_are_not_finite(logged: tuple[str, Any]) -> None:
    _, client = logged
    experiment = client.get_experiment_by_name("dataset:../x y.csv")
    (child,) = client.search_runs([experiment.experiment_id], "params.agent = 'random'")
    history = client.get_metric_history(child.info.run_id, "value _")
    assert [(metric.step, metric.value) for metric in history] == [(0, 0.5), (2, 2.5)]
    long = client.get_metric_history(child.info.run_id, "long")
    assert sorted((metric.step, metric.value) for metric in long) == [(i, float(i)) for i in range(2500)]


def test_artifacts_stay_with_the_store(logged: tuple[str, Any], folder: Path) -> None:
    run_id, _ = logged
    assert [path.read_text() for path in folder.glob(f"mlartifacts/{run_id}/artifacts/note.txt")] == ["hello"]


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:////proc/nowhere/mlflow.db"])
def test_a_store_out_of_reach_is_one_warning(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    before = dict(os.environ)
    started = monotonic()
    with caplog.at_level(logging.INFO):
        assert track(tmp_path, "x", CHILD) is None
    assert monotonic() - started < 30  # MLflow left to itself waits for minutes
    (line,) = [record.getMessage() for record in caplog.records]
    assert f"tracking store {uri} cannot be written to" in line
    assert "\n" not in line
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_accepts_and_says_nothing_does_not_hold_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(tracking, "_PATIENCE_S", 1)
        started = monotonic()
        assert track(tmp_path, "x", CHILD) is None
    assert monotonic() - started < 20
    assert len(caplog.records) == 1


def test_a_fresh_store_is_a_copy_of_the_template_and_works_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for name in ("first", "second"):
        out = tmp_path / name
        out.mkdir()
        assert track(out, "e", RunLog("r", {}, {}, {"m": [1.0]})) is not None
    (template,) = (cache / "tansaki").iterdir()
    with sqlite3.connect(template) as store:
        assert store.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    store.close()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "first" / "mlflow.db"))  # a file: no cache can be made there
    out = tmp_path / "third"
    out.mkdir()
    assert track(out, "e", RunLog("r", {}, {}, {"m": [1.0]})) is not None
