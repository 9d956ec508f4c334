"""Worker processes end with their epoch, with their loader, and with the interpreter."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.torch.utils.processes import MARKS, batches
from thalweg.torch.utils import data

pytestmark = MARKS

Y = np.arange(23)


@pytest.mark.parametrize("persistent", [False, True])
def test_an_epoch_left_early_ends_its_workers_when_dropped(persistent: bool) -> None:
    large = np.zeros((64, 1 << 16))
    loader = data.DataLoader(large, 8, num_workers=2, persistent_workers=persistent)
    start = time.monotonic()
    for _ in loader:
        break
    del loader
    assert not multiprocessing.active_children()
    assert time.monotonic() - start < 4


def test_loaders_in_several_threads_do_not_disturb_each_other() -> None:
    found: dict[int, list[Any]] = {}

    def read(n: int) -> None:
        found[n] = batches(data.DataLoader(Y + n, 3, num_workers=1))

    threads = [threading.Thread(target=read, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: batches(data.DataLoader(Y + n, 3)) for n in range(3)}


SCRIPT = """
import multiprocessing, os, sys, time
import thalweg.torch.utils.data as data

class Slow(data.Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        if index > 5:
            time.sleep({seconds})
        return index

if __name__ == "__main__":
    batches = iter(data.DataLoader(Slow(), None, num_workers=2, persistent_workers={persistent}))
    assert [next(batches) for _ in range(4)] == [0, 1, 2, 3]
    print(*[process.pid for process in multiprocessing.active_children()], flush=True)
    {then}
"""


def script(seconds: float, then: str, persistent: bool = False) -> subprocess.Popen[str]:
    code = SCRIPT.format(seconds=seconds, then=then, persistent=persistent)
    return subprocess.Popen(
        [sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def all_end(pids: list[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_running, pids))


def started(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(pid) for pid in process.stdout.readline().split()]


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_end_with_the_interpreter(persistent: bool) -> None:
    process = script(0.01, "pass", persistent)
    pids = started(process)
    _, errors = process.communicate(timeout=20)
    assert (len(pids), process.returncode, errors) == (2, 0, "")
    assert all_end(pids)


def test_an_interrupt_ends_everything_at_once() -> None:
    process = script(60, "list(batches)")
    pids = started(process)
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - start < 4
    assert "KeyboardInterrupt" in errors
    assert all_end(pids)


def test_workers_ignore_an_interrupt_meant_for_the_main_process() -> None:
    process = script(
        0.01, "[os.kill(p.pid, 2) for p in multiprocessing.active_children()]; print(next(batches))"
    )
    pids = started(process)
    assert process.stdout is not None
    assert process.stderr is not None
    # Not communicate(), which does not see what came along with the first line.
    assert (process.stdout.read().strip(), process.stderr.read()) == ("4", "")
    assert process.wait(timeout=20) == 0
    assert all_end(pids)


def test_workers_end_when_the_main_process_is_killed() -> None:
    process = script(60, "list(batches)")
    pids = started(process)
    process.kill()
    process.communicate(timeout=20)
    assert len(pids) == 2
    assert all_end(pids)
