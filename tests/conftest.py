"""Tests share the machine, and keep the native engine's object code to themselves.

Here too is what several rooms need.
"""

import gc
import logging
import os
import signal
import zlib
from collections import Counter
from collections.abc import Generator, Iterator

import pytest

# What the libraries beside us read when they are loaded; who has set it is obeyed. JAX's programs
# run once here, so that to optimize them costs four times what it costs to compile them: see
# `tests/test_optimized_jax.py`. Tests run in several processes, a thread each.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)
os.environ.setdefault("OMP_NUM_THREADS", "1")

from thalweg.torch.dtypes import TORCH

# So many cases of a sampled test are expected to be kept, or it is not sampled.
FEW = 4


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is collected, a million and a half objects, out of the garbage collector's sight.

    It would look at all of them again and again while they are made, and in every test after that.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run all cases of sampled tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the cases of tests marked `sampled(n)`, keep one in n; all that are asked for by name.

    Which ones does not change when others come or go. Those of a test that has few are kept.
    """
    by_name = config.option.keyword or any("::" in argument for argument in config.args)
    if config.option.whole or by_name:
        return
    cases = Counter(map(_test_of, items))
    left_out = {item for item in items if _is_left_out(item, cases[_test_of(item)])}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _is_left_out(item: pytest.Item, cases: int) -> bool:
    mark = item.get_closest_marker("sampled")
    if mark is None or cases < FEW * mark.args[0]:
        return False
    return zlib.crc32(item.nodeid.encode()) % int(mark.args[0]) != 0


@pytest.fixture(scope="session", autouse=True)
def object_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before, folder = os.environ.get("THALWEG_CACHE_DIR"), tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # workers have folders in one, and share what they made
        folder = folder.parent
    os.environ["THALWEG_CACHE_DIR"] = str(folder / "objects")
    yield
    if before is None:
        del os.environ["THALWEG_CACHE_DIR"]
    else:
        os.environ["THALWEG_CACHE_DIR"] = before


@pytest.fixture(autouse=True)
def doubles(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the wing's new tensors be of float64 in tests, which compare to many digits.

    Not in those of a module that is marked `singles`, nor in examples of the documentation.
    """
    singles = isinstance(request.node, pytest.DoctestItem)
    singles = singles or request.node.get_closest_marker("singles") is not None
    before = TORCH.default
    TORCH.set_default("float32" if singles else "float64")
    yield
    TORCH.set_default(before)


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """Return what is logged, from information to errors, as it comes."""
    records: list[logging.LogRecord] = []
    handler, root = logging.Handler(logging.INFO), logging.getLogger()
    handler.emit = records.append
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield records
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt here, whatever runs the tests does with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
