"""What tests of worker processes stand on."""

import gc
import multiprocessing
import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_process_is_left() -> Iterator[None]:
    yield
    gc.collect()
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not multiprocessing.active_children()
