"""Work that is waited for: its results, its errors, and Ctrl-C while it goes on."""

from __future__ import annotations

import contextvars
import signal
import threading
import time

import pytest

from tests.interruptions.sent import interrupt_after
from thalweg.engines.waiting import interruptible


def test_the_result_is_the_works() -> None:
    assert interruptible(lambda: 3) == 3


def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)


def test_the_work_sees_the_callers_context() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
    variable.set(5)
    assert interruptible(variable.get) == 5


def test_an_interruption_leaves_at_once_and_asks_the_work_to_stop(interrupts: None) -> None:
    stopped, ended = threading.Event(), threading.Event()

    def work() -> None:
        stopped.wait(60)
        ended.set()

    interrupt_after(0.1)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stopped.set)
    assert time.perf_counter() - began < 30
    assert ended.wait(30)


def test_a_handler_that_raises_nothing_does_not_end_the_wait() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        interrupt_after(0.05)
        assert interruptible(lambda: time.sleep(0.3) or "whole") == "whole"
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_elsewhere_than_in_the_main_thread_the_work_is_done_where_it_is() -> None:
    found: list[bool] = []

    def ask() -> None:
        own = threading.current_thread()
        found.append(interruptible(lambda: threading.current_thread() is own))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [True]
