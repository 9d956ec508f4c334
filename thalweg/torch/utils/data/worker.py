"""What a worker process of a loader does: read the batches it is asked for, and answer."""

from __future__ import annotations

import os
import random
import signal
import struct
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any

import numpy as np

from thalweg.random.generator import Generator, default_generator
from thalweg.torch.utils.data.fetch import Fetch, fetcher

__all__ = [
    "BATCH",
    "END",
    "FAILURE",
    "HEADER",
    "STOP",
    "Plan",
    "WorkerInfo",
    "decode",
    "encode",
    "get_worker_info",
    "run_worker",
]


# Before each message: the epoch, the number of the batch within it, and what kind of answer it is.
HEADER = struct.Struct("<qqq")

BATCH, END, FAILURE = range(3)

STOP = b""


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process knows of itself.

    Args:
        id: Its number, from 0.
        num_workers: How many workers the loader has.
        seed: What its random generators were seeded with.
        dataset: Its own copy of the data set.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return what this process knows of itself as a loader's worker; None in the main process.

    Example:
        >>> from thalweg.torch.utils.data import get_worker_info
        >>> print(get_worker_info())
        None
    """
    return _info


@dataclass(frozen=True)
class Plan:
    """Everything that a worker process starts with."""

    dataset: Any
    collate: Callable[[Any], Any]
    batched: bool
    drop_last: bool
    base_seed: int
    id: int
    num_workers: int
    init: Callable[[int], None] | None

    def fetcher(self) -> Fetch:
        """Return what reads one epoch."""
        return fetcher(self.dataset, self.collate, self.batched, self.drop_last)


@dataclass
class Current:
    """The epoch that the main process is in; tasks of earlier ones are no longer wanted."""

    epoch: float = 0


def encode(value: Any) -> memoryview[int]:
    """Return a value as bytes; arrays are copied once."""
    return ForkingPickler.dumps(value, 5)


def decode(data: Any) -> Any:
    """Return the value that `encode` was given."""
    return ForkingPickler.loads(data)


def run_worker(plan: Plan, tasks: Connection, answers: Connection) -> None:
    """Answer every task until told to stop, or until the main process is gone."""
    # The main process decides what an interrupt means: it stops its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _info
    seed = plan.base_seed + plan.id
    _info = WorkerInfo(plan.id, plan.num_workers, seed, plan.dataset)
    _seed(plan.base_seed, plan.id)
    inbox: SimpleQueue[bytes] = SimpleQueue()
    current = Current()
    threading.Thread(target=_listen, args=(tasks, inbox, current), daemon=True).start()
    failure = _attempt(plan.init, plan.id) if plan.init is not None else None
    fetch: Fetch | None = None
    reading = 0
    while (message := inbox.get()) != STOP:
        epoch, number, _ = HEADER.unpack_from(message)
        if epoch < current.epoch:
            continue
        if failure is not None:
            kind, payload = FAILURE, failure
        else:
            if epoch != reading:
                reading, fetch = epoch, None
            kind, payload, fetch = _answer(plan, fetch, message[HEADER.size :])
        try:
            answers.send_bytes(HEADER.pack(epoch, number, kind))
            answers.send_bytes(payload)
        except ConnectionError:
            return


def _listen(tasks: Connection, inbox: SimpleQueue[bytes], current: Current) -> None:
    """Take tasks off the pipe at once, so that the main process never waits to hand one over."""
    parent = parent_process()
    watched: list[Any] = [tasks] if parent is None else [tasks, parent.sentinel]
    while True:
        if tasks not in wait(watched):
            os._exit(1)  # the main process is gone, and nobody is left to answer to
        try:
            message = tasks.recv_bytes()
        except (EOFError, OSError):
            message = STOP
        current.epoch = HEADER.unpack_from(message)[0] if message else float("inf")
        inbox.put(message)
        if message == STOP:
            return


def _seed(base_seed: int, worker: int) -> None:
    """Seed every stream a data set may draw from; different in each worker, as in PyTorch."""
    random.seed(base_seed + worker)
    # Made anew: the fork may have copied it in the middle of another thread's draw, locked.
    Generator.__init__(default_generator)
    default_generator.manual_seed(base_seed + worker)
    words = np.random.SeedSequence([worker, base_seed]).generate_state(4)
    np.random.seed(words)  # noqa: NPY002  (data sets do use the old functions)


def _answer(plan: Plan, fetch: Fetch | None, task: bytes) -> tuple[int, Any, Fetch | None]:
    try:
        fetch = fetch or plan.fetcher()
        try:
            batch = fetch(decode(task))
        except StopIteration:
            return END, b"", fetch
        return BATCH, encode(batch), fetch
    except Exception as error:
        return FAILURE, _failure(error), fetch


def _attempt(init: Callable[[int], None], worker: int) -> Any:
    try:
        init(worker)
    except Exception as error:
        return _failure(error)
    return None


def _failure(error: Exception) -> Any:
    """Return an error's class and traceback as bytes; RuntimeError if its class cannot travel."""
    text = "".join(traceback.format_exception(error))
    try:
        return encode((type(error), text))
    except Exception:
        return encode((RuntimeError, text))
