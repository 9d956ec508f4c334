"""Embeddings and bags of them beside PyTorch's, and natively."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import (
    DTYPES,
    function_agrees,
    layer_agrees,
    numbers,
    runs_natively,
    trains_natively,
)  # fmt: skip
from tests.torch.nn.libraries import Library, same_error
from thalweg import torch as wing
from thalweg.torch import nn

TABLE = numbers(6, 3)
WORDS = np.array([0, 2, 5, 2, 2, 1, 0, 3])
STARTS = np.array([0, 3, 3, 6])
ENDS = np.array([0, 3, 3, 6, 8])
LINES = WORDS.reshape(2, 4)

BAGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rows": ((LINES, TABLE), {}),
    "offsets": ((WORDS, TABLE, STARTS), {}),
    "offsets with the end": ((WORDS, TABLE, ENDS), {"include_last_offset": True}),
    "padding": ((WORDS, TABLE, STARTS), {"padding_idx": 2}),
    "padding from the end": ((LINES, TABLE), {"padding_idx": -4}),
    "no bags": ((WORDS[:0], TABLE, STARTS[:0]), {}),
    "an empty bag": ((WORDS[:0], TABLE, STARTS[:1]), {}),
    "short integers": ((WORDS.astype(np.int32), TABLE, STARTS.astype(np.int32)), {}),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize(("args", "options"), BAGS.values(), ids=BAGS)
def test_bags_are_pytorch_s(mode: str, args: Any, options: dict[str, Any], dtype: str) -> None:
    function_agrees("embedding_bag", args, {"mode": mode, **options}, dtype)


def test_of_equal_rows_the_first_has_the_derivative() -> None:
    table = np.repeat(numbers(2, 3), 3, axis=0)
    function_agrees("embedding_bag", (WORDS, table, STARTS), {"mode": "max"}, "float64")


@pytest.mark.parametrize("padding", [None, 2])
@pytest.mark.parametrize(("words", "starts"), [(LINES, None), (WORDS, STARTS)])
def test_factors_of_each_row_are_pytorch_s(words: Any, starts: Any, padding: int | None) -> None:
    options = {"mode": "sum", "per_sample_weights": numbers(*words.shape), "padding_idx": padding}
    function_agrees("embedding_bag", (words, TABLE, starts), options, "float64")


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_derivatives_are_divided_by_how_often_a_row_is_read(mode: str) -> None:
    # PyTorch divides by how often another row is read: the one before, in order of the rows.
    gradients = []
    for scales in (True, False):
        table = wing.tensor(TABLE).requires_grad_()
        found = nn.functional.embedding_bag(
            wing.tensor(WORDS), table, wing.tensor(STARTS), mode=mode, scale_grad_by_freq=scales
        )
        found.sin().sum().backward()
        gradients.append(table.grad.numpy())
    counts = np.maximum(np.bincount(WORDS, minlength=6), 1)
    np.testing.assert_allclose(gradients[0], gradients[1] / counts[:, None], rtol=1e-14)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_long_rows_are_shortened_in_their_own_memory(mode: str) -> None:
    found = []
    for library in (torch, wing):
        table = library.tensor(TABLE)
        options = {"max_norm": 0.8, "norm_type": 1.5, "mode": mode}
        words, starts = library.tensor(WORDS), library.tensor(STARTS)
        out = library.nn.functional.embedding_bag(words, table, starts, **options)
        found.append((out.numpy(), table.numpy()))
    for ours, theirs in zip(*reversed(found), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


LAYERS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "rows": ((6, 3), {}, (LINES,)),
    "sums": ((6, 3, None, 2.0, False, "sum"), {"padding_idx": -1}, (WORDS, STARTS)),
    "largest": ((6, 3, 0.9, 1.0), {"mode": "max"}, (WORDS, STARTS)),
    "ends": ((6, 3), {"include_last_offset": True, "sparse": False}, (WORDS, ENDS)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("given", "words", "args"), LAYERS.values(), ids=LAYERS)
def test_layers_are_pytorch_s(given: Any, words: dict[str, Any], args: Any, dtype: str) -> None:
    layer_agrees("EmbeddingBag", (given, words), args, dtype=dtype)


def test_given_rows_are_not_trained() -> None:
    layer = nn.EmbeddingBag.from_pretrained(wing.tensor(TABLE), mode="sum", padding_idx=1)
    assert not layer.weight.requires_grad
    assert layer.padding_idx == 1
    assert nn.EmbeddingBag.from_pretrained(wing.tensor(TABLE), False).weight.requires_grad
    wanted = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(TABLE), mode="sum", padding_idx=1)
    np.testing.assert_allclose(layer(wing.tensor(LINES)), wanted(torch.tensor(LINES)), rtol=1e-12)


ERRORS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "start": ((WORDS, [1, 2]), {}, r"offsets\[0\] has to be 0"),
    "end": ((WORDS, [0, 9]), {}, r"offsets\[-1\] can not be greater than input's length 8"),
    "no offsets": ((WORDS,), {}, "offsets has to be a 1D Tensor but got None"),
    "rows of offsets": ((WORDS, [[0]]), {}, "offsets has to be a 1D Tensor"),
    "two ways": ((LINES, [0]), {}, "if input is 2D, then offsets has to be None"),
    "axes": ((LINES[None],), {}, "input has to be 1D or 2D Tensor, but got Tensor of dimension 3"),
    "mode": ((LINES,), {"mode": "median"}, "mode has to be one of sum, mean or max"),
    "padding": ((LINES,), {"padding_idx": 6}, "padding_idx must be within the number of"),
    "none": ((WORDS, WORDS[:0]), {"include_last_offset": True}, "include_last_offset: number of"),
    "row": ((LINES + 1,), {}, "embedding_bag: Expected idx >= 0 && idx < num_embeddings"),
    "negative": ((LINES - 1,), {}, "embedding_bag: Expected idx >= 0 && idx < num_embeddings"),
}


@pytest.mark.parametrize(("given", "options", "text"), ERRORS.values(), ids=ERRORS)
def test_what_does_not_fit_is_refused(given: Any, options: dict[str, Any], text: str) -> None:
    for library in (torch, wing):
        words, *starts = (library.tensor(np.asarray(value)) for value in given)
        with pytest.raises((ValueError, RuntimeError), match=text):
            library.nn.functional.embedding_bag(words, library.tensor(TABLE), *starts, **options)


def test_factors_that_do_not_fit_are_refused() -> None:
    def call(lib: Library, mode: str, *shape: int) -> Any:
        words = (torch if lib.nn is torch.nn else wing).tensor(LINES)
        return lib.nn.functional.embedding_bag(
            words, lib.ones(6, 3), mode=mode, per_sample_weights=lib.ones(*shape)
        )

    same_error(lambda lib: call(lib, "sum", 8), "embedding_bag: If per_sample_weights")
    same_error(lambda lib: call(lib, "mean", 2, 4), "embedding_bag: per_sample_weights was not")
    with pytest.raises(tw.errors.DtypeError, match="Expected tensor for argument #1 'weight'"):
        nn.functional.embedding_bag(
            wing.tensor(LINES), wing.ones(6, 3), mode="sum",
            per_sample_weights=wing.ones(2, 4).float(),
        )  # fmt: skip
    with pytest.raises(tw.errors.ArgumentError, match="decrease"):
        nn.functional.embedding_bag(wing.tensor(WORDS), wing.ones(6, 3), wing.tensor([0, 3, 2]))


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_compile(mode: str) -> None:
    runs_natively(
        lambda words, table, starts: nn.functional.embedding_bag(words, table, starts, mode=mode),
        WORDS, TABLE, STARTS,
    )  # fmt: skip


def test_a_model_of_bags_trains_natively() -> None:
    words = np.random.default_rng(0).integers(0, 6, (20, 4))
    target = words.mean(1, keepdims=True) / 3
    model = nn.Sequential(nn.EmbeddingBag(6, 3, dtype=np.float64), nn.Linear(3, 1))
    trains_natively(model, (words, target), nn.functional.mse_loss)
