"""What PyTorch tells of a tensor, and its rarer names, are the same here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")


def values(lib: Any, dtype: str = "float64") -> Any:
    return lib.tensor(np.array([[1.0, -2.0, 3.0], [0.0, 2.0, 1.0]]).astype(dtype))


def plain(found: Any) -> Any:
    if hasattr(found, "detach"):
        return np.asarray(found.detach()).tolist()
    if isinstance(found, tuple):
        return [plain(part) for part in found]
    return str(found).replace("torch.", "").replace("thalweg.", "")


CASES: dict[str, Callable[[Any], Any]] = {
    "type": lambda lib: values(lib).type(),
    "type of integers": lambda lib: values(lib, "int64").type(),
    "type to": lambda lib: values(lib).type(lib.float32).dtype,
    "is_nonzero": lambda lib: (lib.is_nonzero(lib.tensor([2.0])), lib.tensor([[0]]).is_nonzero()),
    "is_signed": lambda lib: (values(lib).is_signed(), lib.is_signed(lib.ones(1).bool())),
    "is_same_size": lambda lib: (
        lib.is_same_size(lib.ones(2), lib.zeros(2)),
        lib.ones(2).is_same_size(lib.ones(2, 1)),
    ),
    "flags": lambda lib: tuple(
        getattr(values(lib), f"is_{name}")
        for name in ("cpu", "cuda", "sparse", "quantized", "meta", "mps", "nested")
    ),
    "lazy flags": lambda lib: (
        values(lib).is_conj(),
        lib.is_neg(values(lib)),
        values(lib).is_inference(),
    ),
    "get_device": lambda lib: (lib.get_device(values(lib)), values(lib).get_device()),
    "layout": lambda lib: (values(lib).layout == lib.strided, values(lib).layout),
    "formats": lambda lib: values(lib).t().clone(memory_format=lib.preserve_format),
    "apply_": lambda lib: values(lib).apply_(lambda v: v * 2 + 1),
    "map_": lambda lib: values(lib).map_(lib.ones(3, dtype=lib.float64), lambda a, b: a - b),
    "detach": lambda lib: lib.detach(values(lib).requires_grad_()).requires_grad,
    "detach_": lambda lib: lib.detach_(values(lib).requires_grad_() * 2).requires_grad,
    "fill": lambda lib: lib.fill(values(lib), 7.0),
    "relu_": lambda lib: (lib.relu_(values(lib)), values(lib).relu_()),
    "conj_physical_": lambda lib: lib.conj_physical_(lib.tensor([1 + 2j])).imag,
    "resize_as_": lambda lib: lib.resize_as_(values(lib), lib.ones(2, 2)),
    "as_strided_copy": lambda lib: lib.as_strided_copy(values(lib), (2,), (3,)),
    "as_strided_scatter": lambda lib: lib.as_strided_scatter(
        values(lib), lib.ones(2, dtype=lib.float64), (2,), (3,), 1
    ),
    "selu": lambda lib: (lib.selu(values(lib)) * 1e6).round(),
    "celu": lambda lib: (lib.celu(values(lib), 2.0) * 1e6).round(),
    "layer_norm": lambda lib: (lib.layer_norm(values(lib), (3,)) * 1e6).round(),
    "group_norm": lambda lib: (lib.group_norm(values(lib), 3) * 1e6).round(),
    "threshold": lambda lib: lib.threshold(values(lib), 0.5, 9.0),
    "dropout in use": lambda lib: lib.dropout(values(lib), 0.5, False),
    "prelu": lambda lib: lib.prelu(values(lib), lib.tensor([0.5], dtype=lib.float64)),
    "pairwise_distance": lambda lib: lib.pairwise_distance(
        values(lib), values(lib) + 1.0, 1.0, 0.0
    ),
    "dtypes": lambda lib: (values(lib).type(lib.cfloat).dtype, values(lib).to(lib.cdouble).dtype),
    "a dtype is one": lambda lib: isinstance(values(lib).dtype, lib.dtype),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_torchs(name: str) -> None:
    ours, theirs = (plain(CASES[name](lib)) for lib in (wing, torch))
    if isinstance(theirs, list) and not isinstance(theirs[0], str):
        np.testing.assert_allclose(ours, theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize("lib", [wing, torch], ids=["thalweg", "torch"])
def test_what_torch_refuses_is_refused(lib: Any) -> None:
    with pytest.raises(RuntimeError, match="ambiguous"):
        lib.is_nonzero(lib.ones(2))
    with pytest.raises(RuntimeError, match="apply_"):
        lib.ones(2).requires_grad_().apply_(abs)
    with pytest.raises(RuntimeError, match="expected src to have a size equal"):
        lib.as_strided_scatter(lib.ones(4), lib.ones(3), (2,), (1,))


def test_as_strided_scatter_passes_gradcheck() -> None:
    x = wing.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    y = wing.tensor([5.0, 6.0], requires_grad=True)
    assert wing.autograd.gradgradcheck(
        lambda x, y: (x * y[0]).as_strided_scatter(y, (2,), (2,)), (x, y)
    )


@pytest.mark.parametrize(
    "arguments",
    [{}, {"return_index": True}, {"axis": 0}, {"return_inverse": True, "return_counts": True}],
)
def test_unique_as_a_function_is_numpys(arguments: dict[str, Any]) -> None:
    x = np.array([[3.0, 1.0], [3.0, 1.0], [np.nan, np.nan]])
    ours, theirs = tw.unique(tw.asarray(x), **arguments), np.unique(x, **arguments)
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (ours, theirs)), strict=True):
        np.testing.assert_array_equal(a.numpy(), b)
