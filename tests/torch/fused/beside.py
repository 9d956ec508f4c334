"""A function with a form of its own, beside PyTorch's: values, derivatives, ways to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.core.program import trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make

Function = Callable[..., Any]


def _weighted(lib: Any, y: Any) -> Any:
    factors = lib.arange(1.0, y.numel() + 1, dtype=y.dtype).reshape(y.shape)
    return (y * factors.sin()).sum()


def _leaves(lib: Any, arrays: Sequence[Any]) -> list[Any]:
    return [lib.tensor(array).requires_grad_() for array in arrays]


def _first(lib: Any, function: Function, leaves: Sequence[Any]) -> list[Any]:
    value = function(lib, *leaves)
    _weighted(lib, value).backward()
    return [value, *(x.grad for x in leaves)]


def _second(lib: Any, function: Function, arrays: Sequence[Any]) -> list[Any]:
    leaves = _leaves(lib, arrays)
    slopes = lib.autograd.grad((function(lib, *leaves) ** 3).sum(), leaves, create_graph=True)
    sum((slope**2).sum() for slope in slopes).backward()
    return [*slopes, *(x.grad for x in leaves)]


def _close(ours: Sequence[Any], theirs: Sequence[Any], tolerance: float) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        wanted = other.detach().numpy()
        found = mine.detach().numpy()
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        least = tolerance * max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
        np.testing.assert_allclose(found, wanted, tolerance, least)


def agrees(
    function: Function, arrays: Sequence[Any], seconds: bool = True, forward: bool = True
) -> None:
    """Require that a function of a library and of tensors is PyTorch's, however it is run."""
    for kind, tolerance in (("d", 1e-12), ("f", 3e-5)):
        given = [array.astype(kind) for array in arrays]
        _close(*(_first(lib, function, _leaves(lib, given)) for lib in (wing, torch)), tolerance)
    if seconds:
        _close(*(_second(lib, function, arrays) for lib in (wing, torch)), 1e-9)
    found = []
    for lib in (wing, torch):
        leaves = _leaves(lib, [a.T.copy() if a.ndim == 2 else a for a in arrays])
        _weighted(lib, function(lib, *(x.mT if x.ndim == 2 else x for x in leaves))).backward()
        found.append([x.grad for x in leaves])
    _close(*found, 1e-12)
    _is_one_step(function, arrays)
    _is_made_of_operations_elsewhere(function, arrays)
    if forward:
        _has_tangents(function, arrays)


def _is_one_step(function: Function, arrays: Sequence[Any]) -> None:
    leaves = _leaves(wing, arrays)
    found = function(wing, *leaves)
    theirs = function(torch, *_leaves(torch, arrays)).grad_fn.name()
    assert found.grad_fn.name() == theirs
    steps = [found.node]
    names = set()
    while steps:
        node = steps.pop()
        names |= {node.primitive.name} if node.primitive is not None else set()
        steps += [source for source in node.sources if source is not None]
    assert names & {"fused", "composed"}
    # Where the way back is recorded, it is that of the operations.
    ways = [
        wing.autograd.grad(_weighted(wing, function(wing, *leaves)), leaves, create_graph=recorded)
        for recorded in (False, True)
    ]
    _close(*ways, 1e-10)
    with wing.no_grad():
        alone = function(wing, *leaves)
    assert alone.node is None
    np.testing.assert_allclose(alone.numpy(), found.detach().numpy(), 1e-12)


def _is_made_of_operations_elsewhere(function: Function, arrays: Sequence[Any]) -> None:
    apart = lambda *given: function(wing, *given)
    given = [wing.tensor(array) for array in arrays]
    value = apart(*given).numpy()
    np.testing.assert_allclose(tw.jit(apart)(*given).numpy(), value, 1e-12, 1e-14)
    specs = [Spec(x.array.shape, x.array.dtype) for x in given]
    symbolic = lambda symbol: make(symbol, None, False, type(given[0]))
    _, current, _ = trace(apart, specs, symbolic)
    assert not any(equation.primitive.name == "fused" for equation in current.equations)
    stacked = [wing.stack([x, 0.5 * x]) for x in given]
    mapped = wing.func.vmap(apart)(*stacked).numpy()
    halves = apart(*(0.5 * x for x in given)).numpy()
    np.testing.assert_allclose(mapped, np.stack([value, halves]), 1e-12, 1e-14)


def _has_tangents(function: Function, arrays: Sequence[Any]) -> None:
    apart = lambda *given: function(wing, *given)
    given = [wing.tensor(array) for array in arrays]
    turned = [np.cos(array) for array in arrays]
    _, tangent = wing.func.jvp(apart, tuple(given), tuple(map(wing.tensor, turned)))
    step = 1e-6
    ahead, back = (
        apart(*(wing.tensor(a + s * b) for a, b in zip(arrays, turned, strict=True))).numpy()
        for s in (step, -step)
    )
    np.testing.assert_allclose(tangent.numpy(), (ahead - back) / (2 * step), 1e-6, 1e-7)
