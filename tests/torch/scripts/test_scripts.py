"""Scripts in PyTorch's habit print the same after their one import is changed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from tests.torch.scripts.running import SCRIPTS, WING, difference, printed

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.singles


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: other tests run beside this one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX, if other tests imported it
@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_prints_what_it_prints_with_pytorch(path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch says of itself
        theirs = printed(path, "torch")
    ours = printed(path, WING)
    assert theirs.strip(), "a script prints"
    assert difference(ours, theirs) is None, difference(ours, theirs)


def test_a_difference_is_seen() -> None:
    assert difference("loss 0.2500 tensor([ 1, -2])", "loss 0.2501 tensor([ 1, -2])") is None
    assert difference("loss 0.2500", "loss 0.2510") is not None
    assert difference("correct 31/32", "correct 30/32") is not None
    assert difference("a\nb", "a") is not None
    assert difference("tensor(1., grad_fn=<A>)", "tensor(1., grad_fn=<B>)") is not None
