"""One piece of user code run by thalweg and by PyTorch, and their answers compared."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import nn


@dataclass(frozen=True)
class Library:
    """What user code needs of a library, under names that both have."""

    nn: Any
    array: Callable[[Any], Any]
    no_grad: Any

    def ones(self, *shape: int) -> Any:
        return self.array(np.ones(shape))

    def range(self, *shape: int) -> Any:
        return self.array(np.arange(float(np.prod(shape))).reshape(shape) / 7 - 0.5)


def _torch_array(values: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float64))


THALWEG = Library(nn, lambda v: wing.tensor(np.array(v, dtype=np.float64)), wing.no_grad)
TORCH = Library(torch.nn, _torch_array, torch.no_grad)


@contextmanager
def _float64() -> Iterator[None]:
    """Let PyTorch make float64 numbers, as thalweg does, and not tell what we do not."""
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Full backward hook is firing")
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def plain(value: Any) -> Any:
    """Return a value as both libraries should give it: arrays as lists, types by name."""
    if isinstance(value, wing.Tensor | torch.Tensor):
        return np.asarray(value.detach().numpy()).tolist()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, nn.Module | torch.nn.Module):
        return repr(value)
    return value


def same(code: Callable[[Library], Any], **tolerance: float) -> Any:
    """Run code by both libraries, check that the answers are equal, and return the answer."""
    with _float64():
        theirs = plain(code(TORCH))
    ours = plain(code(THALWEG))
    close(ours, theirs, tolerance.get("rel", 1e-13))
    return ours


def close(ours: Any, theirs: Any, rel: float) -> None:
    assert type(ours) is type(theirs), (ours, theirs)
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(ours, list):
        assert len(ours) == len(theirs), (ours, theirs)
        for one, other in zip(ours, theirs, strict=True):
            close(one, other, rel)
    elif isinstance(ours, float):
        np.testing.assert_allclose(ours, theirs, rtol=rel, atol=rel)
    else:
        assert ours == theirs


def same_error(code: Callable[[Library], Any], text: str = "") -> str:
    """Check that both libraries refuse with errors of one class and a text; return ours."""
    caught = []
    for library in (TORCH, THALWEG):
        try:
            with _float64():
                code(library)
        except Exception as error:
            caught.append(error)
        else:
            raise AssertionError(f"{library.nn.__name__} refused nothing")
    theirs, ours = caught
    assert isinstance(ours, type(theirs)), (type(ours), type(theirs))
    assert isinstance(ours, tw.errors.ThalwegError), type(ours)
    for error in caught:
        assert re.search(text, str(error)), str(error)
    return str(ours)


def fill(module: Any, library: Library) -> Any:
    """Give a module's parameters values that both libraries give; return the module."""
    with library.no_grad():
        for number, parameter in enumerate(module.parameters()):
            parameter.copy_(library.range(*parameter.shape) * (number + 1) / 3)
    return module
