"""Worker processes seen from the main one: tasks out, batches in, and nothing left behind."""

from __future__ import annotations

import contextlib
import copy
import multiprocessing
import os
import time
import weakref
from multiprocessing.connection import Connection, wait
from typing import Any

from thalweg.errors import WorkerError
from thalweg.torch.utils.data.epoch import Loader, LoaderIterator
from thalweg.torch.utils.data.sampler import draw_seed
from thalweg.torch.utils.data.worker import (
    END,
    FAILURE,
    HEADER,
    STOP,
    WorkerTask,
    decode,
    encode,
    run_worker,
)

SECONDS_TO_FINISH = 5.0

Answer = tuple[int, Any]


class ParallelIterator(LoaderIterator):
    """An epoch that worker processes read ahead; with persistent workers, one after another.

    Batches are numbered in the order of the sampler, and are handed over in it. Which worker
    reads which batch depends on nothing but that order, so that results repeat.
    """

    def __init__(self, loader: Loader) -> None:
        self._epoch = 0
        self._pool = WorkerPool(loader, draw_seed(loader.generator))
        # Runs when the iterator is dropped, and at the end of the interpreter at the latest.
        weakref.finalize(self, self._pool.close)
        self.begin(loader)

    @property
    def alive(self) -> bool:
        """Whether there are workers to read another epoch."""
        return not self._pool.closed

    def begin(self, loader: Loader) -> None:
        """Begin an epoch; what the workers still have of another one is dropped."""
        # A copy, which lacks the workers: a loader that is no longer used is gone at once.
        super().begin(copy.copy(loader))
        self._epoch += 1
        self._sent = 0
        self._next_worker = 0
        self._exhausted: set[int] = set()
        self._readers: dict[int, int] = {}  # by batch not yet handed over: the worker reading it
        self._arrived: dict[int, Answer] = {}
        for _ in range((loader.prefetch_factor or 1) * loader.num_workers):
            self._send()

    def _read(self) -> Any:
        try:
            return self._next_batch()
        except (KeyboardInterrupt, SystemExit):
            self._pool.close(0.0)
            raise

    def _next_batch(self) -> Any:
        while self._readers and not self._pool.closed:
            number = self._due()
            if number is None:
                self._collect()
                continue
            worker = self._readers.pop(number)
            kind, payload = self._arrived.pop(number)
            if kind == END:
                self._exhausted.add(worker)
            self._send()
            if kind == FAILURE:
                raise _error(worker, *decode(payload))
            if kind != END:
                return decode(payload)
        if not self._loader.persistent_workers:
            self._pool.close()
        raise StopIteration

    def _due(self) -> int | None:
        """Return the number of the batch to hand over next, if it has arrived."""
        waiting = self._readers if self._loader.in_order else self._arrived
        number = next(iter(waiting), None)
        return number if number in self._arrived else None

    def _send(self) -> None:
        """Ask a worker for the next batch of the sampler, in turns."""
        worker = self._free_worker()
        if worker is None:
            return
        try:
            indices = next(self._order)
        except StopIteration:
            return
        self._next_worker = worker + 1
        header = HEADER.pack(self._epoch, self._sent, 0)
        self._pool.send(worker, header + bytes(encode(indices)))
        self._readers[self._sent] = worker
        self._sent += 1

    def _free_worker(self) -> int | None:
        n = self._loader.num_workers
        turns = [(self._next_worker + i) % n for i in range(n)]
        active = [worker for worker in turns if worker not in self._exhausted]
        if self._loader.in_order or not active:
            return active[0] if active else None
        busy = list(self._readers.values())
        return min(active, key=busy.count)

    def _collect(self) -> None:
        """Wait for answers, at most the loader's timeout."""
        waited_for = set(self._readers.values())
        for epoch, number, kind, payload in self._pool.receive(self._loader.timeout, waited_for):
            if epoch == self._epoch:
                self._arrived[number] = (kind, payload)


class WorkerPool:
    """The processes of one loader, and a pipe to and from each."""

    def __init__(self, loader: Loader, base_seed: int) -> None:
        context: Any = loader.multiprocessing_context or multiprocessing.get_context()
        self.closed = False
        self._owner = os.getpid()
        self._processes: list[Any] = []
        self._tasks: list[Connection] = []
        self._answers: list[Connection] = []
        try:
            reading, workers = loader.reading(), loader.num_workers
            for worker in range(workers):
                task = WorkerTask(reading, base_seed, worker, workers, loader.worker_init_fn)
                self._start(context, task)
        except BaseException:
            self.close(0.0)
            raise

    def _start(self, context: Any, task: WorkerTask) -> None:
        tasks, to_worker = context.Pipe(duplex=False)
        from_worker, answers = context.Pipe(duplex=False)
        self._tasks.append(to_worker)
        self._answers.append(from_worker)
        process = context.Process(target=run_worker, args=(task, tasks, answers), daemon=True)
        try:
            process.start()
        finally:
            # A pipe ends when its last holder is gone, and that must be the worker.
            tasks.close()
            answers.close()
        self._processes.append(process)

    def send(self, worker: int, message: bytes) -> None:
        """Hand a task to a worker."""
        try:
            self._tasks[worker].send_bytes(message)
        except ConnectionError:
            raise self._died(worker) from None

    def receive(self, timeout: float, waited_for: set[int]) -> list[tuple[int, int, int, bytes]]:
        """Return at least one answer: its epoch, its number, its kind and its bytes.

        Raises:
            WorkerError: If a worker that is waited for is gone, or none answers in time.
        """
        sentinels = {self._processes[worker].sentinel: worker for worker in waited_for}
        ready = wait([*self._answers, *sentinels], timeout or None)
        if not ready:
            raise WorkerError(
                f"No worker of DataLoader answered in {timeout} seconds; one batch in that time "
                "was wanted. Pass a longer timeout, or look for what blocks the data set."
            )
        found = []
        for connection in [end for end in self._answers if end in ready]:
            with contextlib.suppress(EOFError, OSError):
                epoch, number, kind = HEADER.unpack(connection.recv_bytes())
                found.append((epoch, number, kind, connection.recv_bytes()))
        if not found:
            gone = [sentinels[s] for s in ready if s in sentinels]
            if gone:
                raise self._died(gone[0])
        return found

    def _died(self, worker: int) -> WorkerError:
        process = self._processes[worker]
        process.join(1.0)
        pid, code = process.pid, process.exitcode
        self.close(0.0)
        return WorkerError(
            f"Worker {worker} of DataLoader (process {pid}) ended with exit code {code}; it was "
            "still asked for batches. Look for what ends the process (memory, os._exit, a crash "
            "in a library), or pass num_workers=0 to see it here."
        )

    def close(self, seconds: float = SECONDS_TO_FINISH) -> None:
        """Stop every worker: those that do not finish in time are terminated."""
        if self.closed or os.getpid() != self._owner:
            return
        self.closed = True
        if seconds:
            for tasks in self._tasks:
                with contextlib.suppress(OSError):
                    tasks.send_bytes(STOP)
            self._drain(time.monotonic() + seconds)
        for end in ("terminate", "kill"):
            alive = [process for process in self._processes if process.is_alive()]
            for process in alive:
                getattr(process, end)()
            for process in alive:
                process.join(1.0)
        for connection in (*self._tasks, *self._answers):
            connection.close()
        for process in self._processes:
            with contextlib.suppress(ValueError):
                process.close()

    def _drain(self, deadline: float) -> None:
        """Wait for the workers to end; take what they still send, lest they wait to send it."""
        open_ends = list(self._answers)
        while alive := [process.sentinel for process in self._processes if process.is_alive()]:
            ready = wait([*open_ends, *alive], max(0.0, deadline - time.monotonic()))
            if not ready:
                return
            for connection in [end for end in open_ends if end in ready]:
                try:
                    connection.recv_bytes()
                except (EOFError, OSError):
                    open_ends.remove(connection)


class _Text(str):
    """A text that an error such as KeyError shows as it is, with its line ends."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _error(worker: int, kind: type[Exception], text: str) -> Exception:
    """Return the worker's error again, of the same class where that takes a message alone."""
    message = _Text(f"Worker {worker} of DataLoader raised {kind.__name__}; in the worker:\n{text}")
    try:
        return kind(message)
    except Exception:
        return WorkerError(message)
