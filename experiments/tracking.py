"""MLflow, and the only file that imports it: finished runs written to a tracking store in one go.

The store is ``sqlite:///<out>/mlflow.db``, or whatever MLFLOW_TRACKING_URI names. A store that cannot be reached
costs one warning and some seconds, never a result: the journal is the truth, the store is derived from it.
"""

import io
import logging
import math
import os
import re
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlflow import MlflowClient

METRICS_A_BATCH: Final = 1000
STORE: Final = "mlflow.db"
PARAMS_A_BATCH: Final = 100
"""MLflow's limits of one `log_batch`; that of tags equals that of params."""
_PATIENCE_S: Final = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunLog:
    """One run to be logged; `metrics` holds one value a step, and a step whose value is not finite is left out."""

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Sequence[float]]


def track(
    out: Path, experiment: str, parent: RunLog, children: Sequence[RunLog] = (), artifacts: Sequence[Path] = ()
) -> str | None:
    """Log `parent` with `children` nested under it and `artifacts` attached to it; returns its run id.

    None, after one warning, if the store cannot be written to.
    """
    try:
        with _quiet():
            return _track(out, experiment, parent, children, artifacts)
    except Exception as error:  # whatever a foreign store fails with, the campaign has its journal
        reason = " ".join(str(error).split())[:200]
        _log.warning("tracking store %s cannot be written to, nothing was logged there: %s", _uri(out), reason)
        return None


def _uri(out: Path) -> str:
    return os.environ.get("MLFLOW_TRACKING_URI") or _own_store(out)


def _own_store(out: Path) -> str:
    return f"sqlite:///{out.resolve() / STORE}"


def _start_from_template(store: Path) -> None:
    """Begin a new store as a copy of an empty one, kept in the user's cache for each version of MLflow.

    MLflow builds the tables of a fresh store by all migrations of its history, two seconds of CPU. Where the cache
    cannot be used, MLflow does so as ever.
    """
    if store.exists():
        return
    from mlflow import MlflowClient
    from mlflow.version import VERSION

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tansaki"
    template = cache / f"mlflow-{VERSION}.db"
    try:
        if not template.exists():
            cache.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=cache) as made:
                empty = Path(made) / STORE
                MlflowClient(tracking_uri=f"sqlite:///{empty}").search_experiments()
                os.replace(empty, template)
        shutil.copyfile(template, store)
    except OSError:
        store.unlink(missing_ok=True)


def _track(out: Path, experiment: str, parent: RunLog, children: Sequence[RunLog], artifacts: Sequence[Path]) -> str:
    from mlflow import MlflowClient

    uri = _uri(out)
    if not uri.startswith("http"):
        import mlflow.store.db.utils as database

        # Ten tries with doubling waits, a minute and a half, are meant for servers that are still starting.
        database.MAX_RETRY_COUNT = 3
    if uri == _own_store(out):
        _start_from_template(out / STORE)
    client = MlflowClient(tracking_uri=uri)
    with _environment(MLFLOW_HTTP_REQUEST_TIMEOUT=str(_PATIENCE_S), MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"):
        known = client.get_experiment_by_name(experiment)
    if known is None:
        # MLflow would put artifacts under the working directory; those of our own store stay with it.
        place = None if os.environ.get("MLFLOW_TRACKING_URI") else (out.resolve() / "mlartifacts").as_uri()
        experiment_id = client.create_experiment(experiment, artifact_location=place)
    else:
        experiment_id = known.experiment_id
    run_id = _write(client, experiment_id, parent, {})
    for child in children:
        _write(client, experiment_id, child, {"mlflow.parentRunId": run_id})
    for artifact in artifacts:
        client.log_artifact(run_id, str(artifact))
    client.set_terminated(run_id)
    return run_id


def _write(client: "MlflowClient", experiment_id: str, run: RunLog, kinship: Mapping[str, str]) -> str:
    """One run in as few calls as MLflow's limits allow; a child is closed at once, a parent after its children."""
    from mlflow.entities import Metric, Param, RunTag

    now_ms = int(time.time() * 1000)
    run_id: str = client.create_run(experiment_id, run_name=run.name, tags=dict(kinship)).info.run_id
    metrics = [
        Metric(_allowed(name), float(value), now_ms, step)
        for name, curve in run.metrics.items()
        for step, value in enumerate(curve)
        if math.isfinite(value)
    ]
    params = [Param(_allowed(name), value) for name, value in run.params.items()]
    tags = [RunTag(_allowed(name), value) for name, value in run.tags.items()]
    # The three kinds share a limit of 1000 entities a batch: metrics give way to the params and tags beside them.
    while metrics or params or tags:
        beside = len(params[:PARAMS_A_BATCH]) + len(tags[:PARAMS_A_BATCH])
        room = METRICS_A_BATCH - beside
        client.log_batch(run_id, metrics[:room], params[:PARAMS_A_BATCH], tags[:PARAMS_A_BATCH])
        metrics, params, tags = metrics[room:], params[PARAMS_A_BATCH:], tags[PARAMS_A_BATCH:]
    if kinship:
        client.set_terminated(run_id)
    return run_id


def _allowed(name: str) -> str:
    """`name` with what MLflow does not take in names replaced."""
    return re.sub(r"[^/\w.\- :]", "_", name)


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow without its log lines, its printed links, its warnings, its telemetry."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    with (
        _environment(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true"),
        redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        import mlflow  # noqa: F401  its import sets the levels of its loggers

        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Environment variables for a while; what the user has set himself stays."""
    ours: dict[str, Any] = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
