"""Methods of tensors beside PyTorch's: storage, and what has other words as a function."""

import multiprocessing
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


@pytest.mark.parametrize(
    "code",
    [
        lambda t, x: x.frexp().mantissa,
        lambda t, x: [*x.frexp()],
        lambda t, x: [*x.histogram(3)],
        lambda t, x: [*x.histogram(2, range=(0.0, 2.0), weight=x.abs(), density=True)],
        lambda t, x: x.hardshrink(1.0),
        lambda t, x: x.prelu(t.tensor(0.3, dtype=x.dtype)),
        lambda t, x: x.narrow_copy(1, 0, 2),
        lambda t, x: x.clone().map2_(x, x + 1, lambda a, b, c: a + b * c),
        lambda t, x: x.nonzero_static(size=3),
        lambda t, x: x.nonzero_static(size=9, fill_value=7),
        lambda t, x: [x.output_nr, x.name, x.is_pinned(), x.is_distributed()],
        lambda t, x: [x.dim_order(), x.mT.dim_order()],
        lambda t, x: [x.is_set_to(x), x.is_set_to(x.clone()), x.is_set_to(x.view(3, 2))],
        lambda t, x: x.clone().set_(x[0]),
        lambda t, x: x.clone().set_(),
        lambda t, x: x.clone().set_(x.storage(), 1, (2, 2), (1, 2)),
        lambda t, x: [x.storage().tolist(), x.T.storage()[2], len(x[1].storage())],
        lambda t, x: [x.untyped_storage().nbytes(), len(x.untyped_storage()), x.storage().size()],
        lambda t, x: [x.untyped_storage().data_ptr() == x.data_ptr(), x.const_data_ptr() > 0],
        lambda t, x: [x.untyped_storage().data_ptr() == x[1].untyped_storage().data_ptr()],
        lambda t, x: repr(x.storage()),
        lambda t, x: [x.is_shared(), x.clone().share_memory_().is_shared()],
        lambda t, x: x.igamma(x.abs()),
    ],
)
def test_members_are_those_of_pytorch(code: Any) -> None:
    def run(lib: Library) -> Any:
        return code(root(lib), lib.range(2, 3) * 7 + 0.25)

    same(run)


def test_another_shape_warns() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(2, 3)
        with pytest.warns(UserWarning, match="non-inplace resize"):
            first = x.resize(3, 2)
        with warnings.catch_warnings(action="ignore"):
            return first, x.resize_as(lib.ones(6))

    same(code)


@pytest.mark.filterwarnings("ignore:non-inplace")
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda x: x.resize(4), "requested resize to 4"),
        (lambda x: x.eig(), "now removed"),
        (lambda x: x.lstsq(x), "now removed"),
        (lambda x: x.solve(x), "now removed"),
        (lambda x: x.symeig(), "now removed"),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    for library in (torch, wing):
        with pytest.raises(RuntimeError, match=text):
            code(library.ones(2, 3))


@pytest.mark.singles
def test_named_results_print_as_pytorchs() -> None:
    x = [0.5, 3.0]
    for call in (lambda x: x.frexp(), lambda x: x.histogram(2)):
        assert repr(call(wing.tensor(x).float())) == repr(call(torch.tensor(x)))


def test_a_parameter_takes_other_memory() -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.Linear(2, 2)
        other = lib.range(2, 2)
        with lib.no_grad():
            layer.weight.set_(other)
        other += 1
        layer(lib.ones(1, 2)).sum().backward()
        return layer.weight, layer.weight.grad, layer.weight.is_set_to(other)

    same(code)


def test_what_was_computed_takes_none() -> None:
    computed = 2 * wing.ones(2).requires_grad_()
    with pytest.raises(tw.errors.GradientError, match=r"Use detach\(\) first"):
        computed.set_(wing.ones(2))


def _raise(x: Any) -> None:
    x += 5


def test_processes_share_memory() -> None:
    x = wing.zeros(3).share_memory_()
    process = multiprocessing.get_context("fork").Process(target=_raise, args=(x,))
    with warnings.catch_warnings(action="ignore"):
        process.start()
    process.join()
    assert x.tolist() == [5.0, 5.0, 5.0]
    assert x.share_memory_() is x


def test_pinning_returns_the_tensor_itself() -> None:
    x = wing.ones(2)
    assert x.pin_memory() is x


def test_a_traced_tensor_has_no_storage() -> None:
    with pytest.raises(tw.errors.TracingError, match="has none"):
        tw.jit(lambda x: (wing.ones(2) * x).untyped_storage())(np.ones(2))
