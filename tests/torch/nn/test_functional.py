"""Functions that no layer of PyTorch's list applies: attention, shuffles, padding, distances."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from tests.torch.nn.libraries import Library, same, same_error
from thalweg import torch as wing
from thalweg.torch.nn import functional


def differentiated(code: Any, *shapes: tuple[int, ...]) -> None:
    """Check values and gradients of a function of tensors against PyTorch's."""

    def run(lib: Library) -> Any:
        given = [(lib.range(*shape) * (n + 1)).sin() for n, shape in enumerate(shapes)]
        leaves = [x.detach().requires_grad_() for x in given]
        out = code(lib, *leaves)
        (out * out).sum().backward()
        return out, [x.grad for x in leaves]

    same(run, rel=1e-11)


ATTENTION: tuple[dict[str, Any], ...] = (
    {},
    {"is_causal": True},
    {"scale": 0.3},
    {"attn_mask": np.arange(12.0).reshape(3, 4) / 7},
    {"attn_mask": np.arange(12).reshape(3, 4) % 3 < 2},
)


@pytest.mark.parametrize("options", ATTENTION, ids=range(len(ATTENTION)))
def test_attention_is_pytorch_s(options: dict[str, Any]) -> None:
    def code(lib: Library, q: Any, k: Any, v: Any) -> Any:
        convert = torch.tensor if lib.nn is torch.nn else wing.tensor
        given = {
            name: convert(value) if isinstance(value, np.ndarray) else value
            for name, value in options.items()
        }
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, **given)

    differentiated(code, (2, 3, 5), (2, 4, 5), (2, 4, 6))


def test_heads_can_share_keys_and_values() -> None:
    differentiated(
        lambda lib, q, k, v: lib.nn.functional.scaled_dot_product_attention(
            q, k, v, enable_gqa=True
        ),
        (2, 4, 3, 5),
        (2, 2, 4, 5),
        (2, 2, 4, 6),
    )


@pytest.mark.parametrize(
    ("name", "shape", "factor"),
    [
        ("pixel_shuffle", (2, 8, 3, 2), 2),
        ("pixel_unshuffle", (2, 2, 4, 6), 2),
        ("channel_shuffle", (2, 6, 3), 3),
    ],
)
def test_shuffles_are_pytorch_s(name: str, shape: tuple[int, ...], factor: int) -> None:
    differentiated(lambda lib, x: getattr(lib.nn.functional, name)(x, factor), shape)


PADDING: tuple[tuple[tuple[int, ...], str], ...] = (
    ((1, 2), "constant"),
    ((1, -2, -1, 3), "constant"),
    ((1, 2, 2, 1), "reflect"),
    ((3, -1), "replicate"),
    ((-1, 2), "circular"),
    ((3, 0, 1, 1), "circular"),
)


@pytest.mark.parametrize(("widths", "mode"), PADDING, ids=range(len(PADDING)))
def test_padding_is_pytorch_s(widths: tuple[int, ...], mode: str) -> None:
    shape = (2, 4, 5) if len(widths) == 2 else (2, 2, 4, 5)
    differentiated(lambda lib, x: lib.nn.functional.pad(x, widths, mode), shape)


def test_padding_with_another_constant() -> None:
    differentiated(lambda lib, x: lib.nn.functional.pad(x, (1, 2), value=3.5), (2, 3))


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, float("inf")])
def test_distances_have_pytorch_s_derivatives_at_zero(p: float) -> None:
    def code(lib: Library) -> Any:
        x = lib.array([[0.0, 0.0], [3.0, 4.0]]).requires_grad_()
        y = lib.array([[0.0, 0.0], [3.0, 1.0]])
        out = lib.nn.functional.pairwise_distance(x, y, p, eps=0.0)
        out.sum().backward()
        return out, x.grad

    same(code)


@pytest.mark.parametrize("dim", [0, -1, (0, 1)])
def test_directions_along_any_axes(dim: Any) -> None:
    differentiated(lambda lib, x: lib.nn.functional.normalize(x, dim=dim), (3, 4))


def test_one_hot_counts_the_classes_itself() -> None:
    found = functional.one_hot(wing.tensor([2, 0]))
    assert found.dtype == np.int64
    assert found.tolist() == torch.nn.functional.one_hot(torch.tensor([2, 0])).tolist()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda F, x: F.pixel_shuffle(x, 2), "divisible"),
        (lambda F, x: F.pad(x, (1, 2, 3)), "divisible by 2"),
        (lambda F, x: F.softshrink(x, -1.0), "lambda must be in range"),
        (lambda F, x: F.hardtanh(x, 1.0, -1.0), "min_val cannot be greater"),
    ],
)
def test_what_pytorch_refuses_is_refused(code: Any, text: str) -> None:
    same_error(lambda lib: code(lib.nn.functional, lib.ones(2, 3, 3)), text)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"reduction": "none"}])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_losses_of_classes_have_the_dtype_of_the_scores(name: str, options: Any) -> None:
    if name == "nll_loss" and "label_smoothing" in options:
        options = {"ignore_index": 1}
    for classes in (np.int64, np.int32):
        scores = wing.ones(2, 3, dtype=wing.float32)
        target = wing.tensor([0, 2]).astype(classes)
        assert getattr(functional, name)(scores, target, **options).dtype == np.float32


@pytest.mark.parametrize("training", [True, False])
def test_an_empty_vector_is_normalized_to_itself(training: bool) -> None:
    def code(lib: Library, x: Any) -> Any:
        return lib.nn.functional.batch_norm(x, lib.ones(0), lib.ones(0), training=training)

    differentiated(code, (0,))


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (
            lambda lib, F: F.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 3])),
            IndexError,
            "Target 3",
        ),
        (lambda lib, F: F.nll_loss(lib.zeros(2, 3), lib.tensor([-1, 0])), IndexError, "Target -1"),
        (lambda lib, F: F.embedding(lib.tensor([4]), lib.zeros(4, 2)), IndexError, "out of range"),
        (lambda lib, F: F.softmax(lib.zeros(2, 3), dim=2), IndexError, "softmax|Dimension"),
        (
            lambda lib, F: F.batch_norm(lib.zeros(2, 4), lib.zeros(3), lib.ones(3)),
            RuntimeError,
            "running_mean should contain 4 elements not 3",
        ),
        (lambda lib, F: F.mse_loss(lib.zeros(3), lib.zeros(4)), RuntimeError, "mse_loss|size"),
        (lambda lib, F: lib.nn.Sequential(lib.nn.ReLU), TypeError, "ReLU"),
        (lambda lib, F: lib.nn.Linear(-1, 3), RuntimeError, "negative dimension"),
        (lambda lib, F: lib.zeros(2, 3)[1.0], IndexError, "integers"),
        (lambda lib, F: float(lib.zeros(3)), ValueError, "converted to"),
        (lambda lib, F: lib.zeros(2, -1), RuntimeError, "negative|non-negative"),
        (lambda lib, F: lib.zeros(2.5), TypeError, "ints|integer"),
        (lambda lib, F: lib.tensor([[1, 2], [3]]), ValueError, "length"),
    ],
)
def test_common_mistakes_are_told_in_the_words_of_what_was_called(
    code: Any, kind: type[Exception], text: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of sizes before it refuses them
        for lib in (wing, torch):
            with pytest.raises(kind, match=text):
                code(lib, lib.nn.functional)
