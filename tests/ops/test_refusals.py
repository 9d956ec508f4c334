"""What operations refuse, and that they say what was given, what was wanted, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    EmptyAxis,
    GradientError,
    ShapeError,
    UnsupportedOperation,
)

scipy = pytest.importorskip("scipy")
torch = pytest.importorskip("torch")

X = tw.Tensor(np.arange(6.0).reshape(2, 3))


def in_a_gradient(function: Callable[[Any], Any]) -> Any:
    """Call a function on a tensor whose gradient is wanted."""
    return tw.grad(lambda x: np.sum(function(x)))(np.ones((2, 3)))


REFUSALS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: X + tw.ones(2),
        ShapeError,
        r"add got shapes \(2, 3\) and \(2,\), which do not broadcast. Trailing axes",
    ),
    (
        lambda: np.where(X > 0, X, tw.ones((5, 1, 4))),
        ShapeError,
        r"where got shapes \(2, 3\) and \(2, 3\) and \(5, 1, 4\), which do not broadcast",
    ),
    (
        lambda: X.reshape(4, 2),
        ShapeError,
        r"reshape got a tensor of shape \(2, 3\) \(6 elements\) and the shape \(4, 2\).*-1",
    ),
    (lambda: X.reshape(-1, -1), ShapeError, r"does not hold as many"),
    (
        lambda: X.sum(axis=2),
        ArgumentError,
        r"of \[-2, 1\], but got 2\): sum got axis 2 for a tensor with 2 axes",
    ),
    (lambda: X.mean(axis=(0, 0)), ArgumentError, r"names an axis twice"),
    (lambda: X.transpose(0, 0), ArgumentError, r"transpose got axes \(0, 0\).*each axis once"),
    (lambda: np.moveaxis(X, (0, 1), 0), ArgumentError, r"2 axes to move and 1 places"),
    (lambda: np.squeeze(X, 0), ShapeError, r"squeeze got axis 0 of shape \(2, 3\); only extent 1"),
    (
        lambda: np.broadcast_to(X, (3, 3)),
        ShapeError,
        r"broadcast_to got shapes \(2, 3\) and \(3, 3\)",
    ),
    (lambda: np.broadcast_to(X, (1, 3)), ShapeError, r"broadcast_to got shape \(2, 3\)"),
    (
        lambda: np.concatenate([X, tw.ones((2, 2))]),
        ShapeError,
        r"except in dimension 0. Expected size 3 but got size 2.*\(2, 3\), \(2, 2\). Reshape",
    ),
    (
        lambda: np.concatenate([X, tw.ones(3)]),
        ShapeError,
        r"same number of dimensions: got 2 and 1",
    ),
    (lambda: tw.concatenate([]), ArgumentError, r"concatenate got no tensors; it wants at least"),
    (
        lambda: np.stack([X, X[0]]),
        ShapeError,
        r"equal size, but got \[2, 3\] at entry 0 and \[3\] at entry 1",
    ),
    (lambda: tw.stack([]), ArgumentError, r"stack got no tensors"),
    (
        lambda: np.split(X, 2, axis=1),
        ArgumentError,
        r"2 parts for an axis of extent 3.*array_split",
    ),
    (lambda: np.array_split(X, 0), ArgumentError, r"array_split got 0 parts"),
    (lambda: tw.pad(X, 1, mode="mean"), ArgumentError, r"pad got mode 'mean'; it wants 'constant'"),
    (lambda: np.pad(X, -1), ArgumentError, r"pad_width -1; widths must not be negative"),
    (lambda: tw.tril(X[0]), ShapeError, r"tril got shape \(3,\); it wants a matrix"),
    (lambda: tw.meshgrid(X[0], indexing="yx"), ArgumentError, r"'yx'; it wants 'xy' or 'ij'"),
    (lambda: np.take(X, np.array([0.5])), DtypeError, r"dtype float64 were given; they must be"),
    (lambda: np.take_along_axis(X, np.array([0]), 0), ShapeError, r"2 axes and indices with 1"),
    (lambda: tw.max(tw.ones((2, 0)), axis=1), EmptyAxis, r"empty axis of shape \(2, 0\).*at least"),
    (lambda: np.diff(X, -1), ArgumentError, r"non-negative but got -1: diff wants n >= 0"),
    (lambda: tw.gradient(X, spacing=[0.1], dim=(0, 1)), ArgumentError, r"length 2, one.* got 1"),
    (lambda: np.split(X, "ab"), CallError, r"split got 'ab'; it wants a number of parts.*Give an"),
    (lambda: tw.hsplit(X, 1.5), CallError, r"split got 1.5; it wants a number of parts"),
    (lambda: wing.narrow(X, 1, tw.ones(2), 1), ArgumentError, r"integral Tensor; narrow got shape"),
    (lambda: wing.narrow(X, 1, tw.tensor(True), 1), ArgumentError, r"and dtype bool. Give an int"),
    (lambda: tw.eye(-1), ArgumentError, r"eye got -1 rows; it wants a number greater or equal to"),
    (lambda: tw.eye(2, -3), ArgumentError, r"eye got -3 columns"),
    (lambda: tw.arange(0, float("inf")), ArgumentError, r"0 -> inf; arange wants finite ends"),
    (
        lambda: tw.arange(0, 4, 0.5, dtype=int),
        ArgumentError,
        r"got step 0.5 and dtype int64.*whole",
    ),
    (
        lambda: wing.nn.functional.max_pool1d(tw.ones((0, 9)), 2),
        ShapeError,
        r"without a channel or",
    ),
    (
        lambda: wing.nn.functional.embedding(tw.tensor([0]), tw.ones((1, 1, 1))),
        ShapeError,
        r"must be 2-D, rows of features; embedding got shape \(1, 1, 1\). Resh",
    ),
    (
        lambda: wing.nn.functional.multi_margin_loss(X, tw.tensor([0, 1]), weight=tw.ones((1, 3))),
        ShapeError,
        r"must be one-dimensional.* multi_margin_loss got shape \(1, 3\)",
    ),
    # ---- NumPy functions and arguments that thalweg lacks
    (lambda: np.linalg.eig(X), ShapeError, r"eig got shape \(2, 3\); it wants square matrices"),
    (lambda: np.add(X, X, where=X > 0), UnsupportedOperation, r"numpy.add with where= and no out="),
    (lambda: np.max(X, where=X > 0), ArgumentError, r"max got where= and no initial=, which.*Give"),
    (
        lambda: in_a_gradient(lambda x: np.histogram2d(x[0], x[1])[0]),
        UnsupportedOperation,
        r"numpy.histogram2d is not supported on thalweg tensors that are traced",
    ),
    (
        lambda: in_a_gradient(lambda x: np.add(x, x, where=x > 0)),
        UnsupportedOperation,
        r"numpy.add with where= and no out= leaves its other elements to chance. Write np.where",
    ),
    (
        lambda: in_a_gradient(lambda x: np.clip(x, 0.0, 1.0, casting="no")),
        UnsupportedOperation,
        r"numpy.clip with casting is not .* thalweg.clip takes a_max, a_min, max, min, x",
    ),
    (
        lambda: tw.jit(np.spacing)(np.ones(3)),
        UnsupportedOperation,
        r"numpy.spacing is not .* outside the function being traced",
    ),
    (
        lambda: in_a_gradient(scipy.special.ellipk),
        UnsupportedOperation,
        r"^The ufunc ellipk is not supported",
    ),
    (
        lambda: np.lexsort(tw.ones((2, 3), requires_grad=True)),
        UnsupportedOperation,
        r"lexsort is not .* whose gradient is wanted.* to x.detach\(\), if no gradient shall flow",
    ),
    (
        lambda: tw.grad(lambda x: np.sum(np.sort_complex(x)))(np.ones(3)),
        UnsupportedOperation,
        r"numpy.sort_complex is not .* apply it outside the function being traced",
    ),
    (
        lambda: torch.relu(X),
        UnsupportedOperation,
        r"torch.relu was called on a thalweg tensor; it works on its own .* Use NumPy's",
    ),
    (
        lambda: tw.grad(lambda x: np.sum(np.array([x[0], x[1]])))(np.ones(3)),
        GradientError,
        r"plain array of a tensor whose gradient is wanted.* Join tensors with np.stack",
    ),
    (lambda: np.where(X, X), UnsupportedOperation, r"where got 2 operands; it wants a condition"),
]


@pytest.mark.parametrize("position", range(len(REFUSALS)))
def test_a_refusal_says_what_was_given_and_wanted(position: int) -> None:
    call, error, message = REFUSALS[position]
    with pytest.raises(error, match=message):
        call()
