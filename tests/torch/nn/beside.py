"""Layers and functions beside PyTorch's: values, gradients, first weights; and natively."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import nn

RTOL = {"float64": 1e-10, "float32": 3e-5}
ATOL = {"float64": 1e-11, "float32": 3e-5}

DTYPES = ("float64", "float32")


def seeded(seed: int) -> None:
    torch.manual_seed(seed)
    wing.manual_seed(seed)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Return normal numbers: inputs whose gradients are compared."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def _arguments(library: Any, value: Any, dtype: str, graded: list[Any] | None = None) -> Any:
    """Return arguments as a library takes them; floating arrays as leaves, which are noted."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return library.tensor(value)
        found = library.tensor(value.astype(dtype))
        if graded is not None:
            graded.append(found.requires_grad_())
        return found
    if isinstance(value, tuple | list):
        return type(value)(_arguments(library, v, dtype, graded) for v in value)
    return value


theirs, ours = (functools.partial(_arguments, library) for library in (torch, wing))


def results(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for part in value for leaf in results(part)]
    return [] if value is None else [value]


def close(mine: Any, their: Any, dtype: str) -> None:
    assert (mine is None) == (their is None)
    if their is not None:
        a, b = mine.numpy(force=True), their.numpy(force=True)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=RTOL[dtype], atol=ATOL[dtype] * scale)


def weighted(found: list[Any], library: Any) -> Any:
    """Return a sum of all elements that have derivatives, each with another weight."""
    total: Any = 0
    for result in found:
        if result.requires_grad:
            array = result.numpy(force=True)
            spread = np.cos(np.arange(array.size)).reshape(array.shape).astype(array.dtype)
            spread = np.where(np.isfinite(array), spread, 0)
            total = total + (result * library.tensor(spread)).sum()
    return total


def _compare(
    mine: Callable[..., Any], their: Callable[..., Any], args: Any, kwargs: Any, dtype: str
) -> tuple[list[Any], list[Any]]:
    """Compare values and gradients of inputs; return the inputs that have them."""
    my_leaves: list[Any] = []
    their_leaves: list[Any] = []
    seeded(5)
    their_results = results(
        their(
            *theirs(args, dtype, their_leaves),
            **{k: theirs(v, dtype, their_leaves) for k, v in kwargs.items()},
        )
    )
    my_results = results(
        mine(
            *ours(args, dtype, my_leaves),
            **{k: ours(v, dtype, my_leaves) for k, v in kwargs.items()},
        )
    )
    assert len(my_results) == len(their_results)
    for a, b in zip(my_results, their_results, strict=True):
        close(a, b, dtype)
    assert [a.requires_grad for a in my_results] == [b.requires_grad for b in their_results]
    total = weighted(their_results, torch)
    if isinstance(total, torch.Tensor):
        total.backward()
        weighted(my_results, wing).backward()
    for a, b in zip(my_leaves, their_leaves, strict=True):
        close(a.grad, b.grad, dtype)
    return my_results, their_results


def function_agrees(name: str, args: Sequence[Any], kwargs: dict[str, Any], dtype: str) -> None:
    """Compare a function of `nn.functional`: values, and gradients of all floating arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _compare(
            getattr(nn.functional, name),
            getattr(torch.nn.functional, name),
            tuple(args),
            kwargs,
            dtype,
        )


def layer_agrees(
    name: str,
    options: tuple[Sequence[Any], dict[str, Any]],
    args: Sequence[Any],
    kwargs: dict[str, Any] | None = None,
    dtype: str = "float64",
    training: bool = True,
) -> None:
    """Compare a layer: first weights to the bit, what prints, values, and all gradients."""
    given, words = options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seeded(3)
        their = getattr(torch.nn, name)(*given, **words)
        has_weights = bool(list(their.parameters()))
        typed = {"dtype": getattr(torch, dtype)} if has_weights else {}
        seeded(3)
        their = getattr(torch.nn, name)(*given, **words, **typed).train(training)
        typed = {"dtype": np.dtype(dtype)} if has_weights else {}
        mine = getattr(nn, name)(*given, **words, **typed).train(training)
        same_weights(mine, their)
        assert repr(mine) == repr(their)
        _compare(mine, their, tuple(args), kwargs or {}, dtype)
    for a, b in zip(mine.parameters(), their.parameters(), strict=True):
        close(a.grad, b.grad, dtype)
    for a, b in zip(mine.buffers(), their.buffers(), strict=True):
        close(a, b, dtype)


def same_weights(mine: Any, their: Any) -> None:
    """Check that two modules have the same state, to the bit and under the same names."""
    one, other = mine.state_dict(), their.state_dict()
    assert list(one) == list(other)
    for name, value in other.items():
        found = one[name].numpy(force=True)
        assert found.dtype == value.numpy(force=True).dtype
        np.testing.assert_array_equal(found, value.numpy(force=True))


def runs_natively(
    function: Callable[..., Any], *arrays: np.ndarray, dtype: str = "float64"
) -> None:
    """Check that value and gradient compile whole, and give what eager code gives."""
    inputs = [wing.tensor(a.astype(dtype) if a.dtype.kind == "f" else a) for a in arrays]
    graded = tuple(i for i, a in enumerate(arrays) if a.dtype.kind == "f")

    def loss(*given: Any) -> Any:
        total: Any = 0.0
        for found in results(function(*given)):
            if found.dtype.kind == "f":
                total = total + wing.sum(found * wing.cos(found))
        return total

    step = tw.value_and_grad(loss, graded)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tw.jit(step, engine="native", fallback="refuse")(*inputs)
    wanted = step(*inputs)
    for one, other in zip(results(found), results(wanted), strict=True):
        a, b = one.numpy(force=True), other.numpy(force=True)
        scale = max(1.0, float(np.abs(b).max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=RTOL[dtype], atol=ATOL[dtype] * scale)


def layer_runs_natively(layer: nn.Module, *arrays: np.ndarray, **words: Any) -> None:
    """Check that a layer, and its derivatives in the inputs, compile, nothing left to NumPy."""
    layer.requires_grad_(False)
    runs_natively(lambda *given: layer(*given, **words), *arrays)


def trains_natively(
    model: nn.Module, data: tuple[np.ndarray, ...], loss: Any, dtype: str = "float64"
) -> None:
    """Check that a compiled fit, nothing left to NumPy, ends where the stateful loop does."""
    arrays = tuple(a.astype(dtype) if a.dtype.kind == "f" else a for a in data)
    other = copy.deepcopy(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tw.fit(
            model, arrays, loss=loss, optimizer=tw.optim.sgd(0.05), batch_size=len(data[0]),
            steps=5, shuffle=False, engine="native", fallback="refuse",
        )  # fmt: skip
    assert found.engine == "native"
    optimizer = wing.optim.SGD(other.parameters(), lr=0.05)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        *inputs, target = (wing.tensor(a) for a in arrays)
        value = loss(other(*inputs), target)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    assert losses[-1] < losses[0]
    for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
        close(a, b, dtype)
