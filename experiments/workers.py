"""Many cores and many machines through Dask, and the only file that imports it.

Worker processes are spawned, single-threaded and know nothing of tracking. A worker that dies is replaced and
what it was doing is done again; what had been finished has been handed to the parent and is not.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tansaki.experiments.tasks import Run, Task, carry_out_all
from tansaki.twin.errors import InvalidInputError

if TYPE_CHECKING:
    from distributed import Client

Chunk = Sequence[Task]

ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
"""Parallelism is over campaigns: inside one, threads would only fight over the cores."""
IGNORE_INTERRUPTS: Final = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Ctrl-C reaches all processes of a terminal; it is the parent that ends the workers."""
DEATHS_ALLOWED: Final = 10
"""Deaths of workers that a task may see before it is blamed for them; preempted machines die innocently."""
CONNECT_S: Final = 20


def carry_out_chunks(
    chunks: Sequence[Chunk], workers: int | None = None, scheduler: str | None = None
) -> Iterator[list[Run | str]]:
    """Carry out chunks of tasks on a cluster, in any order; yields each chunk's results once it is finished.

    `workers` local processes (one a core if not given), or the cluster behind `scheduler` (``tcp://host:port``).
    """
    from distributed import KilledWorker, as_completed

    with _cluster(min(workers or _cores(), len(chunks)), scheduler) as client:
        waiting = {client.submit(carry_out_all, list(chunk), pure=False): chunk for chunk in chunks}
        for future in as_completed(list(waiting), loop=client.loop):
            chunk = waiting.pop(future)
            try:
                yield future.result()
            except KilledWorker:
                names = ", ".join(f"{task.agent} on {task.problem}, seed {task.seed}" for task in chunk)
                yield [f"{names}: its worker process died again and again; out of memory?"]
            future.release()


@contextmanager
def _cluster(workers: int, scheduler: str | None) -> Iterator["Client"]:
    import dask
    from distributed import Client, LocalCluster

    settings: dict[str, object] = {
        "distributed.worker.preload": [IGNORE_INTERRUPTS],
        "distributed.nanny.pre-spawn-environ": ONE_THREAD,
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.scheduler.allowed-failures": DEATHS_ALLOWED,
        "distributed.admin.log-length": 0,
        "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
        # A campaign holds the interpreter for long: that is its work, not a fault to be reported.
        "distributed.admin.tick.limit": "1h",
        # Results are small and taken at once: no worker needs to spill or be paused for its memory.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
    }
    with dask.config.set(settings), _environment_kept():
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                allowed = "the address of a running Dask scheduler, tcp://HOST:PORT"
                raise InvalidInputError("--scheduler", scheduler, allowed, str(error)) from error
            with client:
                yield client
            return
        with (
            tempfile.TemporaryDirectory(prefix="tansaki-workers-") as scratch,
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                # Without an address Dask would serve HTTP at a fixed port, and warn when two benchmarks meet there.
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                worker_dashboard_address=None,
                local_directory=scratch,
                memory_limit=0,
                silence_logs="CRITICAL",
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Dask writes the workers' variables into this process and leaves them there: Numba would take them up later."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
