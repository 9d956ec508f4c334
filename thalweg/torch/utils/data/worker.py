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
from thalweg.torch.utils.data.epoch import Fetch, Reading, WorkerInfo, set_worker_info

# Before each message: the epoch, the number of the batch within it, and what kind of answer it is.
HEADER = struct.Struct("<qqq")

BATCH, END, FAILURE = range(3)

STOP = b""


@dataclass(frozen=True)
class WorkerTask:
    """Everything that a worker process starts with."""

    reading: Reading
    base_seed: int
    id: int
    num_workers: int
    init: Callable[[int], None] | None


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


def run_worker(task: WorkerTask, tasks: Connection, answers: Connection) -> None:
    """Answer every task until told to stop, or until the main process is gone."""
    # The main process decides what an interrupt means: it stops its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    seed = task.base_seed + task.id
    set_worker_info(WorkerInfo(task.id, task.num_workers, seed, task.reading.dataset))
    _seed(task.base_seed, task.id)
    inbox: SimpleQueue[bytes] = SimpleQueue()
    current = Current()
    threading.Thread(target=_listen, args=(tasks, inbox, current), daemon=True).start()
    reader = _BatchReader(task)
    while (message := inbox.get()) != STOP:
        epoch, number, _ = HEADER.unpack_from(message)
        if epoch < current.epoch:
            continue
        kind, payload = reader.answer(epoch, message[HEADER.size :])
        try:
            answers.send_bytes(HEADER.pack(epoch, number, kind))
            answers.send_bytes(payload)
        except ConnectionError:
            return


class _BatchReader:
    """Reads batches, each epoch anew; after a failure to prepare, it answers that alone."""

    def __init__(self, task: WorkerTask) -> None:
        self._reading = task.reading
        self._epoch = 0
        self._fetch: Fetch | None = None
        self._failure: Any = None
        try:
            if task.init is not None:
                task.init(task.id)
        except Exception as error:
            self._failure = _failure(error)

    def answer(self, epoch: int, message: bytes) -> tuple[int, Any]:
        """Return what kind of answer a task has, and the answer as bytes."""
        if self._failure is not None:
            return FAILURE, self._failure
        try:
            if self._fetch is None or epoch != self._epoch:
                self._epoch, self._fetch = epoch, self._reading.fetch()
            return BATCH, encode(self._fetch(decode(message)))
        except StopIteration:
            return END, b""
        except Exception as error:
            return FAILURE, _failure(error)


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


def _failure(error: Exception) -> Any:
    """Return an error's class and traceback as bytes; RuntimeError if its class cannot travel."""
    text = "".join(traceback.format_exception(error))
    try:
        return encode((type(error), text))
    except Exception:
        return encode((RuntimeError, text))
