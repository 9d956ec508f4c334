"""Writing into tensors: what NumPy and PyTorch hold afterwards, and the gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import GradientError, ShapeError

torch = pytest.importorskip("torch")

X = np.random.default_rng(0).normal(size=(4, 5))
KEYS: list[Any] = [
    0,
    -1,
    slice(1, 3),
    (slice(None), 2),
    (..., slice(0, 5, 2)),
    ([0, 2],),
    ([0, 2, 0], [1, 1, 1]),
    X > 0.3,
    (slice(None), np.array([True, False, True, False, False])),
    (1, 2),
    slice(2, 2),
]


@pytest.mark.parametrize("position", range(len(KEYS)))
def test_assigning_gives_values_and_gradients_of_torch(position: int) -> None:
    key = KEYS[position]
    ours, theirs = wing.tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    a, b = ours * 2.0, theirs * 2.0
    shape = np.zeros_like(X)[key].shape
    value = np.random.default_rng(1).normal(size=shape)
    v, w = wing.tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    a[key], b[key] = v * v, w * w
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    (a**3).sum().backward()
    (b**3).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-14)
    if position != 6:  # of equal places PyTorch gives each value the gradient, as we do
        np.testing.assert_allclose(v.grad.numpy(), w.grad.numpy(), rtol=1e-14)


@pytest.mark.parametrize("position", range(len(KEYS)))
def test_assigning_compiles_where_the_places_are_known(position: int) -> None:
    key = KEYS[position]

    def changed(x: Any) -> Any:
        y = x * 2.0
        y[key] = 7.0
        return y

    want = X * 2.0
    want[key] = 7.0
    np.testing.assert_array_equal(tw.jit(changed)(X), want)


VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x[1],
    lambda x: x.T,
    lambda x: x.reshape(20)[3:9],
    lambda x: x[:, 1:4].T[1],
    lambda x: x[::2].reshape(2, 5, 1)[1],
]


@pytest.mark.parametrize("position", range(len(VIEWS)))
def test_a_change_of_a_view_changes_the_base_and_its_history(position: int) -> None:
    view = VIEWS[position]
    ours, theirs = wing.tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    losses = []
    for leaf, sine in ((ours, np.sin), (theirs, torch.sin)):
        base = leaf * 1.0
        before, part = view(base), view(base)
        part *= sine(leaf.sum())
        after = base * base
        losses.append(after.sum() + (before * 3.0).sum() + (part**2).sum())
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-14)
    for loss in losses:
        loss.backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-11)


def test_a_change_of_the_base_changes_views_and_their_history() -> None:
    ours, theirs = wing.tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    for leaf in (ours, theirs):
        base = leaf * 1.0
        view = base[1:3]
        base *= 2.0
        (view * view).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-14)


@pytest.mark.parametrize("name", ["exp", "tanh", "sqrt", "sigmoid"])
def test_a_result_that_the_derivative_needs_is_guarded(name: str) -> None:
    x = wing.tensor(np.abs(X), requires_grad=True)
    y = getattr(wing, name)(x)
    y += 1.0
    with pytest.raises(GradientError, match=f"inplace operation: {name} needs its result"):
        y.sum().backward()


def test_a_change_that_no_derivative_needs_does_no_harm() -> None:
    x = wing.tensor(X, requires_grad=True)
    y = x + 1.0
    y *= 2.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full_like(X, 2.0))


def test_the_operand_of_an_operation_in_place_is_kept_for_its_derivative() -> None:
    x = wing.tensor(X, requires_grad=True)
    y = x * 1.0
    y.sin_()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos(X), rtol=1e-14)


def test_memory_is_shared_with_numpy_both_ways() -> None:
    array = np.zeros(3)
    x = wing.asarray(array)
    x += 1.0
    assert array.tolist() == [1.0, 1.0, 1.0]
    x.numpy()[0] = 5.0
    assert x.tolist() == [5.0, 1.0, 1.0]


def test_shapes_and_kinds_that_do_not_fit_are_refused() -> None:
    x = wing.zeros((2, 3))
    with pytest.raises(ShapeError, match=r"shape mismatch: value tensor of shape \[4\]"):
        x[0] = wing.ones(4)
    with pytest.raises(RuntimeError, match=r"result type torch\.float64 can't be cast"):
        wing.tensor([1, 2]).add_(0.5)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        wing.broadcast_to(wing.zeros(3), (2, 3)).fill_(1.0)
    assert x.tolist() == np.zeros((2, 3)).tolist()


def test_functions_do_not_change_the_callers_memory_through_grad() -> None:
    array = np.ones(3)

    def loss(x: Any) -> Any:
        x *= 2.0
        return np.sum(x * x)

    assert tw.grad(loss)(array).tolist() == [8.0, 8.0, 8.0]
    assert array.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
@pytest.mark.parametrize("value", [0, 2.7, True, [0.5, 0.0, 2.5]], ids=str)
def test_what_is_assigned_is_converted_to_the_dtype(dtype: str, value: Any) -> None:
    for key in (0, (slice(None), slice(None)), [1], (0, slice(0, 3))):
        found = []
        # PyTorch refuses tensors of other dtypes beside index arrays.
        for lib in (wing, np) if isinstance(value, list) else (wing, np, torch):
            x = lib.ones((2, 3), dtype=getattr(lib, dtype))
            x[key] = value
            found.append(x.tolist())
        assert all(one == found[0] for one in found)


@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
@pytest.mark.parametrize("value", [0, 2.5])
def test_masked_fill_keeps_the_dtype(dtype: str, value: Any) -> None:
    found = []
    for lib in (wing, torch):
        x = lib.ones(2, dtype=getattr(lib, dtype))
        filled = x.masked_fill(lib.tensor([True, False]), value)
        found.append((filled.tolist(), filled.dtype == x.dtype))
    assert found[0] == found[1]


def drawn_key(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Return a random key: numbers, slices of any step, ellipsis, new axes, arrays, masks."""
    parts: list[Any] = []
    for extent in shape[: rng.integers(len(shape) + 1)]:
        kind = rng.integers(7)
        if kind == 0:
            parts.append(int(rng.integers(-extent, extent)))
        elif kind <= 3:
            ends = [None if rng.random() < 0.3 else int(n) for n in rng.integers(-6, 7, 2)]
            parts.append(slice(*ends, int(rng.choice([-3, -2, -1, 1, 2]))))
        elif kind == 4:
            parts.append(rng.integers(-extent, extent, rng.integers(1, 3)))
        elif kind == 5 and not any(isinstance(part, np.ndarray) for part in parts):
            parts.append(rng.random(extent) < 0.5)
        else:
            parts.append(slice(None))
    if rng.random() < 0.3:
        parts.insert(rng.integers(len(parts) + 1), None)
    if rng.random() < 0.3:
        parts.append(...)
    return tuple(parts)


@pytest.mark.parametrize("block", range(10))
def test_any_key_reads_and_writes_what_numpys_does(block: int) -> None:
    rng = np.random.default_rng(block)
    for _ in range(60):
        shape = tuple(int(n) for n in rng.integers(1, 5, rng.integers(1, 4)))
        key = drawn_key(rng, shape)
        held = rng.normal(size=shape)
        try:
            part = held[key].copy()
        except IndexError:
            continue
        found = tw.tensor(held)
        np.testing.assert_array_equal(found[key].numpy(), part, err_msg=str(key))
        value = np.asarray(rng.normal(size=part.shape) if rng.random() < 0.7 else 7.0)
        found[key] = tw.tensor(value)
        # Where a place is named twice, NumPy's last one wins.
        held[key] = value
        np.testing.assert_array_equal(found.numpy(), held, err_msg=str(key))
