"""Initial values: PyTorch's numbers, bit for bit where only the stream of numbers decides."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.torch.nn.libraries import same, same_error
from thalweg import torch as wing
from thalweg.random.generator import Generator, default_generator
from thalweg.torch import nn

SHAPES = [(5, 3), (3, 5), (4, 3, 2, 2), (2, 3, 5), (40, 30)]

Draw = Callable[[Any, Any, Any], Any]

EXACT: list[Draw] = [
    lambda init, t, g: init.uniform_(t, generator=g),
    lambda init, t, g: init.uniform_(t, -0.3, 1.7, generator=g),
    lambda init, t, g: init.normal_(t, generator=g),
    lambda init, t, g: init.normal_(t, 1.5, 0.2, generator=g),
    lambda init, t, g: init.xavier_uniform_(t, generator=g),
    lambda init, t, g: init.xavier_uniform_(t, gain=init.calculate_gain("relu"), generator=g),
    lambda init, t, g: init.xavier_normal_(t, gain=0.7, generator=g),
    lambda init, t, g: init.kaiming_uniform_(t, a=math.sqrt(5), generator=g),
    lambda init, t, g: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu", generator=g),
    lambda init, t, g: init.kaiming_normal_(t, generator=g),
    lambda init, t, g: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh", generator=g),
    lambda init, t, g: init.trunc_normal_(t, generator=g),
    lambda init, t, g: init.trunc_normal_(t, 0.5, 0.3, -0.1, 0.9, generator=g),
    lambda init, t, g: init.trunc_normal_(t, 0.5, 0.3, 0.7, 1.4, generator=g),
    lambda init, t, g: init.trunc_normal_(t, 0.0, 2.0, 0.5, 0.6, generator=g),
]
CLOSE: list[Draw] = [
    lambda init, t, g: init.orthogonal_(t, generator=g),
    lambda init, t, g: init.orthogonal_(t, gain=2.5, generator=g),
]


def both(draw: Draw, shape: tuple[int, ...], dtype: str, seed: int) -> tuple[Any, Any]:
    """Let thalweg and PyTorch draw twice from one stream; return what they wrote."""
    ours = wing.zeros(shape, dtype=dtype)
    theirs = torch.zeros(shape, dtype=getattr(torch, dtype))
    stream, reference = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for _ in range(2):
        assert draw(nn.init, ours, stream) is ours
        draw(torch.nn.init, theirs, reference)
    return ours.numpy(), theirs.numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("draw", range(len(EXACT)))
def test_draws_are_those_of_pytorch_bit_for_bit(draw: int, dtype: str) -> None:
    for seed, shape in enumerate(SHAPES):
        ours, theirs = both(EXACT[draw], shape, dtype, seed)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("draw", range(len(EXACT)))
def test_transposed_weights_are_filled_in_the_order_of_their_memory(draw: int) -> None:
    ours, theirs = wing.zeros((6, 4)), torch.zeros(6, 4, dtype=torch.float64)
    EXACT[draw](nn.init, ours.T, Generator().manual_seed(3))
    EXACT[draw](torch.nn.init, theirs.T, torch.Generator().manual_seed(3))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize(("dtype", "rel"), [("float32", 3e-6), ("float64", 1e-13)])
@pytest.mark.parametrize("draw", range(len(CLOSE)))
def test_draws_that_are_computed_with_are_close_to_those_of_pytorch(
    draw: int, dtype: str, rel: float
) -> None:
    for seed, shape in enumerate(SHAPES):
        ours, theirs = both(CLOSE[draw], shape, dtype, seed)
        np.testing.assert_allclose(ours, theirs, rtol=rel, atol=rel)


def test_orthogonal_weights_are_orthogonal() -> None:
    wide = nn.init.orthogonal_(wing.zeros((3, 2, 4))).numpy().reshape(3, 8)
    np.testing.assert_allclose(wide @ wide.T, np.eye(3), atol=1e-14)
    tall = nn.init.orthogonal_(wing.zeros((6, 2)), gain=3.0).numpy()
    np.testing.assert_allclose(tall.T @ tall, 9 * np.eye(2), atol=1e-13)


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 1.0])
def test_sparse_weights_have_their_share_of_zeros_in_each_column(sparsity: float) -> None:
    weights = nn.init.sparse_(wing.zeros((20, 6)), sparsity, std=0.5).numpy()
    assert ((weights == 0).sum(axis=0) == math.ceil(sparsity * 20)).all()


@pytest.mark.parametrize(
    "code",
    [
        lambda lib: lib.nn.init.constant_(lib.ones(2, 3), 0.7),
        lambda lib: lib.nn.init.ones_(lib.range(3)),
        lambda lib: lib.nn.init.zeros_(lib.range(3)),
        lambda lib: lib.nn.init.eye_(lib.range(3, 2)),
        lambda lib: lib.nn.init.eye_(lib.range(2, 4)),
        lambda lib: lib.nn.init.dirac_(lib.range(3, 2, 3)),
        lambda lib: lib.nn.init.dirac_(lib.range(4, 2, 3, 2), groups=2),
        lambda lib: lib.nn.init.dirac_(lib.range(2, 3, 1, 2, 3)),
        lambda lib: [
            lib.nn.init.calculate_gain(name) * 1.0
            for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu")
        ],
        lambda lib: [lib.nn.init.calculate_gain("leaky_relu", a) for a in (None, 0.3, 2)],
    ],
)
def test_fixed_values_are_those_of_pytorch(code: Any) -> None:
    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda lib: lib.nn.init.calculate_gain("nope"), "Unsupported nonlinearity nope"),
        (lambda lib: lib.nn.init.calculate_gain("leaky_relu", "x"), "not a valid number"),
        (lambda lib: lib.nn.init.calculate_gain("leaky_relu", True), "not a valid number"),
        (lambda lib: lib.nn.init.eye_(lib.ones(2)), "Only tensors with 2 dimensions"),
        (lambda lib: lib.nn.init.dirac_(lib.ones(2, 2)), "Only tensors with 3, 4, or 5 dim"),
        (lambda lib: lib.nn.init.dirac_(lib.ones(3, 2, 3), 2), "must be divisible by groups"),
        (lambda lib: lib.nn.init.xavier_uniform_(lib.ones(3)), "fewer than 2 dimensions"),
        (lambda lib: lib.nn.init.xavier_normal_(lib.ones(3)), "fewer than 2 dimensions"),
        (lambda lib: lib.nn.init.kaiming_normal_(lib.ones(3)), "fewer than 2 dimensions"),
        (lambda lib: lib.nn.init.kaiming_uniform_(lib.ones(3, 2), mode="x"), "Mode x not supp"),
        (lambda lib: lib.nn.init.orthogonal_(lib.ones(3)), "2 or more dimensions"),
        (lambda lib: lib.nn.init.sparse_(lib.ones(3), 0.1), "Only tensors with 2 dimensions"),
    ],
)
def test_what_cannot_be_initialized_is_refused(code: Any, text: str) -> None:
    same_error(code, text)


def test_tensors_without_elements_are_left_alone() -> None:
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        nn.init.kaiming_uniform_(wing.zeros((0, 3)))
    assert nn.init.orthogonal_(wing.zeros((0, 3))).shape == (0, 3)


def test_a_truncated_normal_far_from_its_range_warns() -> None:
    with pytest.warns(UserWarning, match="mean is more than 2 std from"):
        values = nn.init.trunc_normal_(wing.zeros(50), 5.0, 1.0)
    assert (np.abs(values.numpy()) <= 2).all()


def test_parameters_are_initialized_though_they_require_gradients() -> None:
    weight = nn.Parameter(wing.zeros((2, 2)))
    array = weight.array
    assert nn.init.ones_(weight) is weight
    assert weight.requires_grad
    assert weight.is_leaf
    assert weight.array is array
    assert weight.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_layers_draw_from_the_default_stream_as_in_pytorch() -> None:
    for seed in (0, 1234):
        default_generator.manual_seed(seed)
        torch.manual_seed(seed)
        ours = nn.Sequential(
            nn.Linear(4, 8, dtype=wing.float32), nn.Linear(8, 3, dtype=wing.float32)
        )
        theirs = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 3))
        sparse = nn.init.sparse_(wing.zeros((9, 4), dtype=wing.float32), 0.4)
        expected = torch.nn.init.sparse_(torch.zeros(9, 4), 0.4)
        np.testing.assert_array_equal(sparse.numpy(), expected.numpy())
        for name, value in theirs.state_dict().items():
            np.testing.assert_array_equal(ours.state_dict()[name].numpy(), value.numpy())
