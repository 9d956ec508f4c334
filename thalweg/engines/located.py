"""A program that changes arrays where they are, by several threads: native code, stage by stage."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from thalweg.compiler.pipeline import optimize
from thalweg.compiler.shares import Share, Spot, shared
from thalweg.core.program import Program
from thalweg.engines.registry import engine

# Where a program has fewer elements, one thread is done before another would have begun.
_FEW = 1 << 17

_ALIGNMENT = 64


class Located:
    """A program ready to change arrays that are somewhere in memory.

    It is run by one thread at a time, which has others help it.

    Args:
        program: The program.
        targets: For each output, the number of the input whose memory takes it.
        threads: How many threads it may take.

    Attributes:
        families: For each input, the number of the arrays that may lie in any one order, the same
            for all of them; None of an input that must lie row by row.

    Raises:
        EngineError: If the native engine lacks a primitive or a dtype.
    """

    def __init__(self, program: Program, targets: Sequence[int], threads: int) -> None:
        better = optimize(program)
        pairs = zip(better.outputs, targets, strict=True)
        changed = [(output, i) for output, i in pairs if output is not better.inputs[i]]
        outputs, into = [output for output, _ in changed], [i for _, i in changed]
        work = Program(better.inputs, better.equations, tuple(outputs))
        size = sum(symbol.spec.size for symbol in work.inputs)
        parted = shared(work, into, threads if size > _FEW else 1)
        self.families: list[int | None] = [None] * len(work.inputs)
        self._finals: list[tuple[int, int, int]] = []
        self._exchange: list[int] = []
        if parted is None:
            places = tuple(Spot(i, 0) for i in range(len(work.inputs)))
            self._stages = [[_Call(Share(work, places, tuple(into)), work)]]
        else:
            self.families = parted.families
            self._lay_out([spec.nbytes for spec in parted.exchanged])
            self._stages = [[_Call(share, work) for share in stage] for stage in parted.stages]
            self._finals = [
                (target, self._exchange[place], work.inputs[target].spec.nbytes)
                for target, place in parted.finals
            ]
        self._helpers: list[Future[None]] = []

    def _lay_out(self, sizes: Sequence[int]) -> None:
        """Take memory for what stages hand on."""
        rooms = [-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes]
        self._memory = np.zeros(sum(rooms) + _ALIGNMENT, np.uint8)
        place = self._memory.ctypes.data + -self._memory.ctypes.data % _ALIGNMENT
        for room in rooms:
            self._exchange.append(place)
            place += room

    def run(self, addresses: Sequence[int], held: Any) -> None:
        """Change the arrays.

        Args:
            addresses: Where each input is. There must be an array of its spec, contiguous but for
                the order of `families`, and aligned; those that are written overlap no other.
            held: Whatever keeps that memory alive.

        Raises:
            IndexOutOfRange: If an index array points outside its axis.
        """
        # There are helpers yet where Ctrl-C came while they were waited for.
        if self._helpers:
            wait(self._helpers)
        at = np.array([*addresses, *self._exchange], np.int64)
        for calls in self._stages:
            jobs = [functools.partial(call, at, (held, self)) for call in calls]
            self._helpers = [_submit(job) for job in jobs[1:]]
            if jobs:
                jobs[0]()
            for helper in self._helpers:
                helper.result()
            self._helpers = []
        for target, source, nbytes in self._finals:
            ctypes.memmove(addresses[target], source, nbytes)


class _Call:
    """A share of the work, compiled."""

    def __init__(self, share: Share, whole: Program) -> None:
        native: Any = engine("native")
        self._run = native.compile_located(share.program, share.into)
        self._arrays = np.array([place.array for place in share.places], np.int64)
        sizes = [symbol.dtype.itemsize for symbol in share.program.inputs]
        starts = [place.start * size for place, size in zip(share.places, sizes, strict=True)]
        self._starts = np.array(starts, np.int64)

    def __call__(self, addresses: Any, held: Any) -> None:
        self._run(addresses[self._arrays] + self._starts)


# ---- threads that help


_pools: dict[int, ThreadPoolExecutor] = {}


def _submit(job: Callable[[], None]) -> Future[None]:
    """Let another thread do something; of a forked process, one of its own."""
    process = os.getpid()
    if process not in _pools:
        _pools.clear()
        _pools[process] = ThreadPoolExecutor(os.cpu_count() or 1, "thalweg")
    return _pools[process].submit(job)
