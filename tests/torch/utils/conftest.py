"""What tests of worker processes stand on."""

import gc
import multiprocessing
import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_process_is_left() -> Iterator[None]:
    # Others' pools, such as joblib's, stay for as long as the interpreter.
    before = set(multiprocessing.active_children())
    yield
    gc.collect()
    deadline = time.monotonic() + 10
    while set(multiprocessing.active_children()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(multiprocessing.active_children()) - before
