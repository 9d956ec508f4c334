"""Losses of sequences and of many classes beside PyTorch's, and natively."""

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
from tests.torch.nn.libraries import Library, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


def _normal(x: np.ndarray) -> Any:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


LOGS = _normal(numbers(12, 4, 6))
# A label after itself, and none at all.
LABELS = np.array([[1, 2, 2, 5], [3, 3, 3, 1], [4, 0, 0, 0], [5, 4, 1, 2]])
LENGTHS, TIMES = np.array([4, 3, 1, 0]), np.array([12, 7, 9, 5])
IN_A_ROW = np.concatenate([row[:n] for row, n in zip(LABELS, LENGTHS, strict=True)])

CTC: dict[str, tuple[Any, dict[str, Any]]] = {
    "rows": ((LOGS, LABELS, TIMES, LENGTHS), {}),
    "in a row": ((LOGS, IN_A_ROW, TIMES, LENGTHS), {}),
    "tuples": ((LOGS, LABELS, tuple(TIMES.tolist()), tuple(LENGTHS.tolist())), {}),
    "another blank": ((LOGS, LABELS % 5, TIMES, LENGTHS), {"blank": 5}),
    "a label that is the blank": ((LOGS, LABELS, TIMES, LENGTHS), {"blank": 2}),
    "one example": ((LOGS[:, 0], LABELS[0], np.array(12), np.array(4)), {}),
    "one example of a batch": ((LOGS[:, 0], LABELS[:1], TIMES[:1], LENGTHS[:1]), {}),
    "short integers": (
        (LOGS, LABELS.astype(np.int32), TIMES.astype(np.int32), LENGTHS.astype(np.int32)), {},
    ),
    "no logarithms of probabilities": ((numbers(12, 4, 6), LABELS, TIMES, LENGTHS), {}),
    "just enough times": ((LOGS, LABELS, np.array([5, 5, 1, 1]), LENGTHS), {}),
    "impossible, as zeros": (
        (LOGS, LABELS, np.array([4, 4, 1, 1]), LENGTHS), {"zero_infinity": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("args", "options"), CTC.values(), ids=CTC)
def test_ctc_is_pytorch_s(args: Any, options: dict[str, Any], reduction: str, dtype: str) -> None:
    function_agrees("ctc_loss", args, {"reduction": reduction, **options}, dtype)


def test_ctc_of_what_cannot_be_aligned_is_infinite_and_has_no_derivative() -> None:
    gradients = []
    for library in (torch, wing):
        logs = library.tensor(LOGS).requires_grad_()
        given = (library.tensor(v) for v in (LABELS, np.array([4, 7, 9, 5]), LENGTHS))
        found = library.nn.functional.ctc_loss(logs, *given, reduction="none")
        assert np.isinf(found.tolist()[0])
        found.sum().backward()
        gradients.append(logs.grad.numpy())
    theirs, ours = gradients
    # PyTorch's derivatives at some times are finite, by a shortcut: there is none at any.
    assert np.isnan(ours[:4, 0]).all()
    np.testing.assert_allclose(ours[:, 1:], theirs[:, 1:], rtol=1e-10, atol=1e-12)


def test_ctc_takes_zero_probabilities() -> None:
    logs = LOGS.copy()
    logs[:, :, 4] = -np.inf
    words, times, lengths = LABELS[:2], TIMES[:2], LENGTHS[:2]
    found = []
    for library in (torch, wing):
        x = library.tensor(logs[:, :2]).requires_grad_()
        value = library.nn.functional.ctc_loss(
            x, library.tensor(words), library.tensor(times), library.tensor(lengths)
        )
        value.backward()
        found.append((value.item(), x.grad.numpy()))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-12)
    # PyTorch's is NaN where a probability is 0.
    np.testing.assert_allclose(found[1][1], np.nan_to_num(found[0][1]), rtol=1e-10, atol=1e-12)
    assert np.isfinite(found[1][1]).all()


def test_ctc_without_times_or_examples() -> None:
    def code(lib: Library) -> Any:
        tensor = (torch if lib.nn is torch.nn else wing).tensor
        ctc = lib.nn.functional.ctc_loss
        labels, none = tensor(LABELS[:, :0]), tensor(LENGTHS * 0)
        return ctc(lib.range(3, 4, 6), labels, none, none, reduction="none")

    same(code)


CTC_ERRORS: dict[str, tuple[Any, str]] = {
    "times": (([13, 7, 9, 5], LENGTHS), "Expected input_lengths to have value at most 12, but"),
    "negative times": (([-1, 7, 9, 5], LENGTHS), "Expected input_lengths to have value at least"),
    "lengths": ((TIMES, [-4, 3, 1, 0]), "Expected target_lengths to have value at least 0, but"),
    "count": ((TIMES[:2], LENGTHS), "input_lengths must be of size batch_size"),
    "count of labels": ((TIMES, LENGTHS[:2]), "target_lengths must be of size batch_size"),
    "long": ((TIMES, [4, 5, 1, 0]), "Expected tensor to have size at least 5 at dimension 1"),
    "dtype": ((TIMES * 1.0, LENGTHS), "input_lengths must be integral"),
}


@pytest.mark.parametrize(("spans", "text"), CTC_ERRORS.values(), ids=CTC_ERRORS)
def test_ctc_refuses_spans_that_do_not_fit(spans: Any, text: str) -> None:
    for library in (torch, wing):
        given = (library.tensor(np.asarray(v)) for v in (LOGS, LABELS, *spans))
        with pytest.raises(RuntimeError, match=text):
            library.nn.functional.ctc_loss(*given)


def test_ctc_refuses_labels_that_do_not_fit() -> None:
    def call(lib: Library, labels: Any, **options: Any) -> Any:
        tensor = (torch if lib.nn is torch.nn else wing).tensor
        given = (tensor(v) for v in (LOGS, labels, TIMES, LENGTHS))
        return lib.nn.functional.ctc_loss(*given, **options)

    same_error(lambda lib: call(lib, IN_A_ROW[:-1]), "Expected tensor to have size 8 at")
    same_error(lambda lib: call(lib, LABELS[:2]), "Expected tensor to have size 4 at dimension 0")
    same_error(lambda lib: call(lib, LABELS, blank=6), "blank must be in label range")
    same_error(lambda lib: call(lib, LABELS, reduction="x"), "x is not a valid value for")
    # PyTorch reads what lies in memory there.
    with pytest.raises(tw.errors.IndexOutOfRange, match="the label 6; labels are from 0 to 5"):
        nn.functional.ctc_loss(*(wing.tensor(v) for v in (LOGS, LABELS + 1, TIMES, LENGTHS)))


@pytest.mark.parametrize("labels", [LABELS, IN_A_ROW], ids=["rows", "in a row"])
def test_ctc_compiles(labels: Any) -> None:
    runs_natively(
        lambda logs, labels, times, lengths: nn.functional.ctc_loss(logs, labels, times, lengths),
        LOGS, labels, TIMES, LENGTHS,
    )  # fmt: skip


def test_a_model_of_sequences_trains_natively() -> None:
    model = nn.Sequential(nn.Linear(3, 6, dtype=np.float64), nn.LogSoftmax(2))
    labels = np.array([[1, 2, 2], [3, 3, 5], [4, 1, 2], [5, 4, 1], [2, 2, 2]])

    def loss(out: Any, target: Any) -> Any:
        return nn.functional.ctc_loss(out.transpose(0, 1), target, (9,) * 5, (3,) * 5)

    trains_natively(model, (numbers(5, 9, 3), labels), loss)


def test_ctc_as_a_layer() -> None:
    args = (LOGS, LABELS, TIMES, LENGTHS)
    layer_agrees("CTCLoss", ((), {"reduction": "sum", "zero_infinity": True}), args)
    layer_agrees("CTCLoss", ((2,), {}), args)


# ---- scores that are linear in the input

INPUT, CLASSES = numbers(5, 3), np.array([0, 3, -100, 1, 1])


@pytest.mark.parametrize(
    ("options", "args"),
    [
        (((3, 4), {}), (INPUT, CLASSES)),
        (((3, 4), {"bias": True, "label_smoothing": 0.1, "reduction": "sum"}), (INPUT, CLASSES)),
        (((3, 4), {"ignore_index": 1, "reduction": "none"}), (INPUT, np.abs(CLASSES) % 4)),
        (((3, 4), {}), (INPUT, np.abs(numbers(5, 4)))),
        (((3, 4), {}), (INPUT[0], np.array(2))),
        (((3, 4), {"out_features": (2, 3), "bias": True}), (INPUT, np.ones((5, 2, 3), int))),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_cross_entropy_is_pytorch_s(options: Any, args: Any, dtype: str) -> None:
    layer_agrees("LinearCrossEntropyLoss", options, args, dtype=dtype)


def test_options_of_linear_cross_entropy_change_no_result() -> None:
    def code(lib: Library) -> Any:
        options = lib.nn.LinearCrossEntropyOptions(batch_chunk_size=2, chunking_method=None)
        target = (torch if lib.nn is torch.nn else wing).tensor(CLASSES)
        found = lib.nn.functional.linear_cross_entropy(
            lib.range(5, 3), lib.range(4, 3), target, weight=lib.range(4) + 1, options=options
        )
        return found, repr(options)

    same(code)


def test_what_linear_cross_entropy_refuses() -> None:
    def call(lib: Library, *shapes: Any, **options: Any) -> Any:
        given = [lib.ones(*shape) for shape in shapes]
        return lib.nn.functional.linear_cross_entropy(*given, **options)

    refusals: tuple[tuple[Any, Any, str], ...] = (
        (((1, 5, 3), (4, 3), (5, 4)), {}, "expected input with dimensionality 1 or 2, got 3"),
        (((5, 3), (3,), (5, 4)), {}, "expected linear_weight with dimensionality at least 2"),
        (((5, 3), (4, 2), (5, 4)), {}, "expected equal input and linear_weight last dimensions"),
        (((3,), (4, 2, 3), (4, 2)), {}, "K-dimensional loss defined by linear_weight shape"),
        (((5, 3), (4, 3), (5, 4)), {"ignore_index": 1}, "ignore_index cannot be specified when"),
    )
    for shapes, options, text in refusals:
        same_error(lambda lib, s=shapes, o=options: call(lib, *s, **o), text)  # type: ignore[misc]
    same_error(
        lambda lib: call(lib, (5, 3), (4, 3), (5, 4), linear_bias=lib.ones(3)),
        "expected linear_bias shape",
    )
    same_error(
        lambda lib: lib.nn.LinearCrossEntropyLoss(3, 4, weight=lib.ones(3)),
        "expected weight shape to be",
    )
    same_error(
        lambda lib: lib.nn.LinearCrossEntropyLoss(3, 4, label_smoothing=2.0),
        "expected label_smoothing to be in range",
    )
    for words in ({"acc_policy": "x"}, {"chunking_method": "x:2"}, {"batch_chunk_size": 0}):
        (name,) = words
        same_error(lambda lib, w=words: lib.nn.LinearCrossEntropyOptions(**w), name)  # type: ignore[misc]


def test_the_name_of_old_for_images() -> None:
    layer_agrees("NLLLoss2d", ((), {}), (LOGS[:2, :, :], np.ones((2, 6), int)))


# ---- rare classes in clusters

RARE = np.array([0, 7, 19, 4, 5, 10, 3])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("options", "target"),
    [
        (((16, 20, [5, 10]), {}), RARE),
        (((16, 20, (5, 10, 15)), {"div_value": 2.0, "head_bias": True}), RARE),
        (((16, 20, [5, 10]), {}), np.array(7)),
    ],
)
def test_adaptive_softmax_is_pytorch_s(options: Any, target: Any, dtype: str) -> None:
    x = numbers(*target.shape, 16)
    layer_agrees("AdaptiveLogSoftmaxWithLoss", options, (x, target), dtype=dtype)


def test_probabilities_of_all_classes_and_the_most_probable_one() -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10])
        for number, parameter in enumerate(layer.parameters()):
            lib.nn.init.constant_(parameter, 0.0)
            with lib.no_grad():
                parameter += (lib.range(*parameter.shape) * (number + 3)).sin()
        x = lib.range(9, 16) * 3
        return layer.log_prob(x.cos()), layer.predict(x.cos()), layer.predict(x[:1] * 0)

    same(code, rel=1e-10)


def test_what_adaptive_softmax_refuses() -> None:
    def layer(lib: Library) -> Any:
        return lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10])

    def target(lib: Library, *values: Any) -> Any:
        return (torch if lib.nn is torch.nn else wing).tensor(np.array(*values))

    for cutoffs in ([], [5, 5], [10, 5], [0, 5], [5, 20], [5.5]):
        same_error(
            lambda lib, c=cutoffs: lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, c),  # type: ignore[misc]
            "cutoffs should be a sequence of",
        )
    same_error(lambda lib: layer(lib)(lib.ones(2, 16), target(lib, [1])), "Input and target should")
    same_error(lambda lib: layer(lib)(lib.ones(1, 16), target(lib, 1)), "0D target tensor expects")
    same_error(
        lambda lib: layer(lib)(lib.ones(16), target(lib, [1] * 16)), "1D target tensor expect"
    )
    same_error(lambda lib: layer(lib)(lib.ones(16), target(lib, [[1]])), "0D or 1D target tensor")
    same_error(
        lambda lib: layer(lib)(lib.ones(1, 16), target(lib, [20])), "Target values should be"
    )


def test_adaptive_softmax_trains_natively() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.softmax = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10], dtype=np.float64)

        def forward(self, x: Any, target: Any) -> Any:
            return self.softmax(x, target).output

    trains_natively(Model(), (numbers(7, 16), RARE, np.zeros(7)), lambda out, _: -out.mean())


# ---- batch normalization over processes


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 6), (4, 3, 2, 2)])
def test_of_one_process_it_is_batch_normalization(shape: Any, training: bool) -> None:
    layer_agrees("SyncBatchNorm", ((3,), {}), (numbers(*shape),), training=training)


def test_batch_normalizations_are_converted() -> None:
    def code(lib: Library) -> Any:
        model = lib.nn.Sequential(
            lib.nn.Linear(4, 3),
            lib.nn.Sequential(lib.nn.BatchNorm1d(3, 0.1, None, affine=False), lib.nn.ReLU()),
            lib.nn.BatchNorm1d(3),
        ).eval()
        weight = model[2].weight
        found = lib.nn.SyncBatchNorm.convert_sync_batchnorm(model)
        assert found is model
        assert found[2].weight is weight
        alone = lib.nn.SyncBatchNorm.convert_sync_batchnorm(lib.nn.BatchNorm2d(2))
        return repr(found), found[2].training, sorted(found.state_dict()), repr(alone)

    same(code)
    same_error(lambda lib: lib.nn.SyncBatchNorm(3)(lib.ones(3)), "expected at least 2D input")
    same_error(lambda lib: lib.nn.SyncBatchNorm(3)(lib.ones(3, 0)), "SyncBatchNorm number of")
