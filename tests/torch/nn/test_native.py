"""What layers compute under the names of `torch` itself: values, gradients, order of arguments."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import DTYPES, _compare, numbers, seeded
from thalweg import torch as wing

X, Y, Z, W = numbers(5, 3), numbers(5, 3), numbers(5, 4), numbers(3)
SIGNS, BITS = np.sign(numbers(5)), (numbers(5, 3) > 0).astype(float)
IMAGE, VOLUME = numbers(2, 4, 5, 5), numbers(2, 2, 3, 4, 3)
LOGS = X - np.log(np.exp(X).sum(-1, keepdims=True))
PROBABILITIES = np.abs(Y) / np.abs(Y).sum(-1, keepdims=True)
GRID, VOLUME_GRID = np.tanh(numbers(2, 3, 3, 2)), np.tanh(numbers(2, 2, 3, 3, 3))
MEANS, SPREADS = numbers(4, seed=1), np.abs(numbers(4, seed=2)) + 0.5
WEIGHT, OFFSET = numbers(4, seed=3), numbers(4, seed=4)
KERNEL, TURNED, BLOCK = numbers(6, 2, 3, 2), numbers(4, 3, 3, 2), numbers(3, 2, 2, 2, 2)
CTC = (numbers(9, 2, 4), np.array([[1, 2, 2], [3, 3, 1]]), (9, 8), (3, 2))


@dataclass(frozen=True)
class Fixed:
    """An argument that PyTorch has no derivative by."""

    array: np.ndarray


RUNNING = Fixed(MEANS), Fixed(SPREADS)
CALLS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("batch_norm", (IMAGE, WEIGHT, OFFSET, *RUNNING, False, 0.1, 1e-5, True), {}),
    ("batch_norm", (IMAGE, WEIGHT, OFFSET, None, None, True, 0.1, 1e-5, False), {}),
    ("instance_norm", (IMAGE, WEIGHT, OFFSET, None, None, True, 0.1, 1e-5, False), {}),
    ("binary_cross_entropy_with_logits", (X, BITS, None, Fixed(W)), {}),
    ("binary_cross_entropy_with_logits", (X, BITS, Fixed(W), None, 2), {}),
    ("cosine_embedding_loss", (X, Y, SIGNS, 0.1, 0), {}),
    ("ctc_loss", (*CTC, 0, 2, True), {}),
    ("hinge_embedding_loss", (X, np.sign(Y), 0.5, 2), {}),
    ("kl_div", (LOGS, PROBABILITIES), {}),
    ("kl_div", (LOGS, LOGS, 2), {"log_target": True}),
    ("margin_ranking_loss", (X[:, 0], Y[:, 0], SIGNS, 0.2), {}),
    ("poisson_nll_loss", (X, np.abs(Y), True, False, 1e-8, 0), {}),
    ("triplet_margin_loss", (X, Y, Z[:, :3], 0.7, 2.0, 1e-6, True, 2), {}),
    ("embedding", (X, np.array([[0, 2], [4, 2]]), 2), {}),
    ("embedding", (X, np.array([0, 2, 2]), -1, True), {}),
    ("constant_pad_nd", (X, (1, 2, 0, 1), 0.5), {}),
    ("convolution", (IMAGE, KERNEL, numbers(6), (2, 1), (1, 0), (1, 1), False, (0, 0), 2), {}),
    ("convolution", (IMAGE, TURNED, None, (2, 2), (1, 0), (1, 1), True, (1, 0), 1), {}),
    ("convolution", (VOLUME, BLOCK, None, [1] * 3, [0] * 3, [1] * 3, False, [0] * 3, 1), {}),
    ("adaptive_max_pool1d", (numbers(2, 3, 8), 3), {}),
    ("affine_grid_generator", (numbers(2, 2, 3), (2, 3, 4, 5), False), {}),
    ("grid_sampler", (IMAGE, GRID, 0, 1, False), {}),
    ("grid_sampler_2d", (IMAGE, GRID, 2, 0, True), {}),
    ("grid_sampler_3d", (VOLUME, VOLUME_GRID, 0, 2, False), {}),
    ("native_batch_norm", (IMAGE, WEIGHT, OFFSET, None, None, True, 0.1, 1e-5), {}),
    ("native_batch_norm", (IMAGE, WEIGHT, OFFSET, *RUNNING, False, 0.1, 1e-5), {}),
    ("native_layer_norm", (numbers(2, 5, 4), [4], WEIGHT, OFFSET, 1e-5), {}),
    ("native_group_norm", (IMAGE, WEIGHT, OFFSET, 2, 4, 25, 2, 1e-5), {}),
    ("native_channel_shuffle", (Fixed(IMAGE), 2), {}),
    ("native_dropout", (X, 0.3, True), {}),
    ("native_dropout", (X, 0.3, False), {}),
    ("native_dropout", (X, 1.0, True), {}),
    ("feature_dropout", (IMAGE, 0.4, True), {}),
    ("feature_dropout", (IMAGE, 0.4, False), {}),
    ("concat", ((X, Z), 1), {}),
    ("detach_copy", (Fixed(X),), {}),
    ("slice_copy", (X, 1, 0, -1), {}),
    ("slice_copy", (X, 0, None, 4, 2), {}),
    ("split_copy", (X, 2, 0), {}),
    ("unsafe_split_with_sizes", (X, [1, 2], 1), {}),
    ("view_as_complex_copy", (Fixed(numbers(3, 2)),), {}),
    ("igamma", (Fixed(np.abs(X)), np.abs(Y)), {}),
    ("igammac", (Fixed(np.abs(X)), np.abs(Y)), {}),
    ("norm_except_dim", (IMAGE, 2, 1), {}),
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=[name for name, *_ in CALLS])
def test_values_and_gradients_are_pytorch_s(
    name: str, args: Any, kwargs: dict[str, Any], dtype: str
) -> None:
    def of(library: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = (
                library.tensor(a.array.astype(dtype)) if isinstance(a, Fixed) else a for a in args
            )
            return getattr(library, name)(*given, **kwargs)

        return call

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _compare(of(wing), of(torch), args, kwargs, dtype)


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("padding", [None, 2])
def test_bags_come_with_their_sizes(mode: int, padding: int | None) -> None:
    words, starts = np.array([0, 2, 2, 1, 4]), np.array([0, 3])
    args = (False, mode, False, None, False, padding)
    found = wing.embedding_bag(wing.tensor(X), wing.tensor(words), wing.tensor(starts), *args)
    wanted = torch.embedding_bag(torch.tensor(X), torch.tensor(words), torch.tensor(starts), *args)
    np.testing.assert_allclose(found[0].numpy(), wanted[0].numpy(), rtol=1e-12)
    assert found[1].tolist() == [0, 0, 0, 1, 1]
    assert found[2].tolist() == ([3, 2] if padding is None else [1, 2])


WRITTEN: tuple[tuple[str, tuple[Any, ...], Any], ...] = (
    ("dropout_", (0.3, True), X),
    ("alpha_dropout_", (0.3, True), X),
    ("feature_dropout_", (0.3, True), IMAGE),
    ("feature_alpha_dropout_", (0.3, True), IMAGE),
    ("celu_", (0.7,), X),
    ("rrelu_", (0.1, 0.3, True), X),
    ("rrelu_", (), X),
)


@pytest.mark.parametrize(("name", "args", "x"), WRITTEN)
def test_what_is_written_into_the_input_is_pytorch_s(name: str, args: Any, x: Any) -> None:
    results = []
    for library in (torch, wing):
        seeded(3)
        given = library.tensor(x)
        assert getattr(library, name)(given, *args) is given
        results.append(given.numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12)


def test_rows_are_shortened_in_their_own_memory() -> None:
    results = []
    for library in (torch, wing):
        table = library.tensor(X)
        assert library.embedding_renorm_(table, library.tensor([0, 2, 2]), 0.5, 2.0) is table
        results.append(table.numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    x = wing.tensor(X)
    with pytest.raises(tw.errors.ArgumentError, match="3 is not a valid reduction"):
        wing.kl_div(x, x, 3)
    with pytest.raises(tw.errors.ArgumentError, match="'mean' is not a valid reduction"):
        wing.kl_div(x, x, "mean")  # type: ignore[arg-type]
    with pytest.raises(tw.errors.ShapeError, match="expected 4D input and grid"):
        wing.grid_sampler_2d(wing.tensor(VOLUME), wing.tensor(VOLUME_GRID), 0, 0, False)
    with pytest.raises(tw.errors.ShapeError, match="Feature dropout requires at least 2"):
        wing.feature_dropout_(wing.ones(3), 0.5, True)
    with pytest.raises(RuntimeError, match="Feature dropout requires at least 2"):
        torch.feature_dropout_(torch.ones(3), 0.5, True)
    for library in (torch, wing):
        with pytest.raises(RuntimeError, match="slice step must be positive"):
            library.slice_copy(library.ones(3), 0, 0, 2, -1)


def test_statistics_that_are_not_there_are_tensors_of_the_wing() -> None:
    found = wing.native_batch_norm(
        wing.ones(2, 1), None, None, wing.zeros(1), wing.ones(1), False, 0.1, 1e-5
    )
    assert [type(part) for part in found] == [wing.Tensor] * 3
