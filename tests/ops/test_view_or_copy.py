"""What shows memory and what copies it is decided as NumPy does, eagerly and while tracing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing

Array = np.ndarray[Any, Any]
X = np.arange(24.0).reshape(2, 3, 4) + 1.0
M = np.arange(12.0).reshape(3, 4) + 1.0

# A function of an array, written once for NumPy's and for tensors.
SHOWN: dict[str, tuple[Callable[[Any], Any], Array]] = {
    "ravel": (lambda x: x.ravel(), X),
    "ravel of a transpose": (lambda x: x.T.ravel(), X),
    "ravel of every other": (lambda x: x[0, 0, ::2].ravel(), X),
    "ravel of a mirror image": (lambda x: x[0, 0, ::-1].ravel(), X),
    "ravel of rows": (lambda x: x[1:].ravel(), X),
    "reshape": (lambda x: x.reshape(4, 6), X),
    "reshape of every other": (lambda x: x[0, 0, ::2].reshape(-1), X),
    "reshape of a mirror image": (lambda x: x[0, 0, ::-1].reshape(-1), X),
    "reshape of a transpose": (lambda x: x.T.reshape(-1), X),
    "reshape of columns": (lambda x: x[:, :, 1:].reshape(-1), X),
    "reshape that splits": (lambda x: x.T.reshape(2, 2, 3, 2), X),
    "reshape of what a transpose gave": (lambda x: (x.T * 2.0).reshape(-1), X),
    "flatten": (lambda x: x.flatten(), X),
    "flatten of a vector": (lambda x: x[0, 0].flatten(), X),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 1), X),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), X),
    "transpose": (lambda x: np.transpose(x), X),
    "permuted": (lambda x: np.transpose(x, (1, 0, 2)), X),
    "T": (lambda x: x.T, X),
    "mT": (lambda x: x.mT, X),
    "broadcast_to": (lambda x: np.broadcast_to(x, (5, 2, 3, 4)), X),
    "diagonal": (lambda x: np.diagonal(x), M),
    "diag": (lambda x: np.diag(x), M),
    "real": (lambda x: x.real, M + 1j),
    "imag": (lambda x: x.imag, M + 1j),
    "real of real": (lambda x: x.real, M),
    "conj of real": (lambda x: np.conj(x), M),
    "split": (lambda x: np.split(x, 2)[1], X),
    "array_split": (lambda x: np.array_split(x, 2, axis=2)[0], X),
    "hsplit": (lambda x: np.hsplit(x, 3)[1], X),
    "vsplit": (lambda x: np.vsplit(x, 2)[0], X),
    "dsplit": (lambda x: np.dsplit(x, 2)[0], X),
    "atleast_1d": (lambda x: np.atleast_1d(x), X),
    "atleast_2d": (lambda x: np.atleast_2d(x[0, 0]), X),
    "atleast_3d": (lambda x: np.atleast_3d(x[0]), X),
    "squeeze": (lambda x: np.squeeze(x[:1]), X),
    "expand_dims": (lambda x: np.expand_dims(x, 1), X),
    "flip": (lambda x: np.flip(x), X),
    "flip of an axis": (lambda x: np.flip(x, 1), X),
    "fliplr": (lambda x: np.fliplr(x), X),
    "flipud": (lambda x: np.flipud(x), X),
    "rot90": (lambda x: np.rot90(x), M),
    "rot90 twice": (lambda x: np.rot90(x, 2), M),
    "rot90 not at all": (lambda x: np.rot90(x, 0), M),
    "[None]": (lambda x: x[None], X),
    "[..., ::2]": (lambda x: x[..., ::2], X),
    "[::-1]": (lambda x: x[::-1], X),
    "[1]": (lambda x: x[1], X),
    "[:, 1]": (lambda x: x[:, 1], X),
    "[...]": (lambda x: x[...], X),
    "[[1, 0]]": (lambda x: x[[1, 0]], X),
    "[mask]": (lambda x: x[np.array([True, False])], X),
    "[0, 1, 2]": (lambda x: x[0, 1, 2], X),
    "astype": (lambda x: x.astype(float), X),
    "astype without a copy": (lambda x: x.astype(float, copy=False), X),
    "copy": (lambda x: x.copy(), X),
    "np.copy": (lambda x: np.copy(x), X),
    "+x": (lambda x: +x, X),
    "sum of no axes": (lambda x: np.sum(x, axis=()), X),
    "concatenate of one": (lambda x: np.concatenate([x]), X),
    "stack of one": (lambda x: np.stack([x]), X),
    "vstack of one": (lambda x: np.vstack([x]), X),
    "hstack of one": (lambda x: np.hstack([x]), X),
    "tile once": (lambda x: np.tile(x, 1), X),
    "repeat once": (lambda x: np.repeat(x, 1, axis=0), X),
    "roll by nothing": (lambda x: np.roll(x, 0), X),
    "pad by nothing": (lambda x: np.pad(x, 0), X),
    "pad by nothing, with edges": (lambda x: np.pad(x, 0, mode="edge"), X),
    "clip": (lambda x: np.clip(x, 0.0, 100.0), X),
    "round": (lambda x: np.round(x), X),
    "take all": (lambda x: np.take(x, [0, 1], axis=0), X),
    "where": (lambda x: np.where(True, x, x), X),
    "tril": (lambda x: np.tril(x), M),
    "nan_to_num": (lambda x: np.nan_to_num(x), X),
    "positive": (lambda x: np.positive(x), X),
    "sort": (lambda x: np.sort(x), X),
    "cumsum of one": (lambda x: np.cumsum(x, axis=0), X[:1]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_memory_is_shared_where_numpy_shares_it(name: str) -> None:
    function, x = SHOWN[name]
    shared = np.shares_memory(function(x), x)
    given = tw.tensor(x)
    assert np.shares_memory(np.asarray(function(given).array), given.array) == shared


def written(function: Callable[[Any], Any], x: Any, ready: Any) -> Any:
    """Return an array after what a function shows of it was changed, if that can be written."""
    y = ready(x)
    shown = function(y)
    shown *= 3.0
    return y


READ_ONLY = {"broadcast_to", "diag", "diagonal"}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_written_is_seen_where_numpy_shows_it(name: str) -> None:
    function, x = SHOWN[name]
    if name in READ_ONLY:
        pytest.skip("read-only in NumPy")
    if name == "[0, 1, 2]":
        # A scalar of NumPy's is no array.
        return
    wanted = written(function, x, lambda x: x * 1.0)
    eager = written(function, tw.tensor(x), lambda x: x * 1.0)
    np.testing.assert_array_equal(np.asarray(eager), wanted)
    traced = tw.jit(lambda x: written(function, x, lambda x: x * 1.0), engine="numpy")(x)
    np.testing.assert_array_equal(np.asarray(traced), wanted)
    batched = tw.vmap(lambda x: written(function, x, lambda x: x * 1.0))(np.stack([x, x]))
    np.testing.assert_array_equal(np.asarray(batched)[1], wanted)


def test_sliding_windows_and_what_is_broadcast_are_not_written() -> None:
    for function in (
        lambda x: np.broadcast_to(x, (2, 3, 4)),
        lambda x: wing.Tensor.unfold(x, 0, 2, 1),
        lambda x: wing.expand(tw.expand_dims(x, 0), 2, 3, 4),
    ):
        for run in (lambda f: f(wing.tensor(M)), lambda f: tw.jit(f)(M)):
            with pytest.raises(tw.errors.ShapeError, match="read-only"):
                run(lambda x, show=function: written(show, x, lambda x: x * 1.0))


def test_elements_are_values_as_numpys_scalars_are() -> None:
    def exchanged(y: Any) -> Any:
        y = y * 1.0
        before = y[0]
        y[0], y[1] = y[1], y[0]
        before += 5.0
        for element in y:
            element *= 2.0
        y[2] += before
        return y

    x = np.array([1.0, 2.0, 3.0])
    wanted = exchanged(x)
    np.testing.assert_array_equal(np.asarray(exchanged(tw.tensor(x))), wanted)
    np.testing.assert_array_equal(np.asarray(tw.jit(exchanged)(x)), wanted)
    # PyTorch shows elements, as it shows rows.
    there = exchanged(torch.tensor(x)).numpy()
    assert not np.array_equal(there, wanted)
    np.testing.assert_array_equal(exchanged(wing.tensor(x)).numpy(), there)
    compiled = tw.jit(lambda x: exchanged(wing.as_tensor(x)))
    np.testing.assert_array_equal(np.asarray(compiled(wing.tensor(x))), there)
    # Methods in place, which NumPy's scalars do not have, are PyTorch's.
    y = wing.tensor(x)
    y[1].fill_(7.0)
    y[2].add_(1.0)
    assert y.tolist() == [1.0, 7.0, 4.0]


def test_results_of_compiled_and_batched_functions_have_memory_of_their_own() -> None:
    x = np.ones((2, 2))
    for function in (lambda x: x, lambda x: x.T, lambda x: x.reshape(-1)):
        for result in (tw.vmap(function)(x), tw.jit(function)(tw.tensor(x, requires_grad=True))):
            with tw.no_grad():
                result += 1.0
        assert (x == 1.0).all()
