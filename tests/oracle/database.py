"""PyTorch's own operator data base, live: nothing of it is stored here."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_map

from thalweg.torch.naming import make
from thalweg.torch.tensors import TorchTensor as Tensor

warnings.simplefilter("ignore")

Call = Callable[..., Any]

# The first of these that an entry supports is what it is measured in.
DTYPES = (torch.float64, torch.int64, torch.complex128, torch.bool, torch.float32)
PLACEMENT = {"device", "layout", "memory_format", "pin_memory", "non_blocking"}
OF_NUMPY = {
    getattr(torch, name): np.dtype(name)
    for name in (
        "bool", "uint8", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip


# Whose vectors have a sign, or a phase, that the routine chooses, or whose derivatives exist along
# symmetric or triangular matrices alone: the data base says what of the result is determined, and
# makes such matrices of the arguments.
AS_CHECKED = {
    ("cholesky_solve", ""), ("linalg.eig", ""), ("linalg.eigh", ""), ("linalg.pinv", "hermitian"),
    ("linalg.svd", ""), ("pca_lowrank", ""), ("svd", ""), ("svd_lowrank", ""),
}  # fmt: skip


class Untranslatable(Exception):
    """A sample that only PyTorch can hold: another device, layout or dtype."""


@dataclass(frozen=True)
class Sample:
    """One call in PyTorch's tensors: positional and keyword arguments."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    # What of the result is determined, where not all of it is.
    determined: Callable[[Any], Any] = lambda result: result


def entries() -> dict[str, Any]:
    """Return the entries of the data base by name, variants after a dot."""
    found: dict[str, Any] = {}
    for info in op_db:
        variant = f".{info.variant_test_name}" if info.variant_test_name else ""
        found.setdefault(f"{info.name}{variant}", info)
    return found


def dtype_of(info: Any) -> Any:
    """Return the dtype an entry is measured in, or None."""
    return next((dtype for dtype in DTYPES if dtype in info.dtypes), None)


def samples(info: Any, noncontiguous: bool = False) -> Iterator[Sample]:
    """Yield the sample inputs of an entry."""
    dtype = dtype_of(info)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (some samples draw their keywords by it)
    graded = info.supports_autograd and dtype is not None and dtype.is_floating_point
    for sample in info.sample_inputs("cpu", dtype, requires_grad=graded):
        given = sample.noncontiguous() if noncontiguous else sample
        kwargs = {k: v for k, v in given.kwargs.items() if k not in PLACEMENT}
        if not _is_drawn(info.name, given.args, kwargs):
            yield Sample((given.input, *given.args), kwargs, sample.output_process_fn_grad)


def called(info: Any, function: Call, sample: Sample, args: Any, kwargs: Any) -> Any:
    """Call a function; where there is a choice, as the data base does to check derivatives."""
    if (info.name, info.variant_test_name) not in AS_CHECKED:
        return function(*args, **kwargs)
    return sample.determined(info.gradcheck_wrapper(function, *args, **kwargs))


def _is_drawn(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a sample's result is random."""
    if "fractional_max_pool" in name:
        return kwargs.get("_random_samples") is None
    if name.endswith("multi_head_attention_forward"):
        return bool(args[9]) and kwargs.get("training", True)
    return bool(kwargs.get("dropout_p") or (name.endswith(".rrelu") and kwargs.get("training")))


def in_place_samples(info: Any) -> Iterator[Sample]:
    """Yield the samples whose result fits into their first input."""
    dtype = dtype_of(info)
    torch.manual_seed(0)
    graded = info.supports_autograd and dtype is not None and dtype.is_floating_point
    for sample in info.sample_inputs("cpu", dtype, requires_grad=graded):
        if not sample.broadcasts_input:
            yield Sample((sample.input, *sample.args), dict(sample.kwargs))


def wrong_samples(info: Any) -> Iterator[tuple[Sample, Any]]:
    """Yield inputs that are errors, with the class of the error."""
    if info.error_inputs_func is None:
        return
    torch.manual_seed(0)
    for wrong in info.error_inputs("cpu"):
        given = wrong.sample_input
        kwargs = {k: v for k, v in given.kwargs.items() if k not in PLACEMENT}
        yield Sample((given.input, *given.args), kwargs), wrong.error_type


def as_array(value: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a tensor's values on its own memory."""
    if value.layout is not torch.strided or value.device.type != "cpu":
        raise Untranslatable(str(value.layout))
    if value.dtype not in OF_NUMPY:
        raise Untranslatable(str(value.dtype))
    return value.detach().resolve_conj().resolve_neg().numpy()


def translated(
    value: Any,
    taken: list[tuple[Any, Tensor]],
    copy: bool = True,
    known: dict[int, Tensor] | None = None,
) -> Any:
    """Return arguments as thalweg's; note each tensor that requires gradients with its own.

    Where `known` is given, a tensor given twice, as an operand and as `out=`, stays one.
    """

    def leaf(item: Any) -> Any:
        if isinstance(item, torch.Tensor) and known is not None:
            if id(item) not in known:
                known[id(item)] = converted(item)
            return known[id(item)]
        return converted(item)

    def converted(item: Any) -> Any:
        if isinstance(item, torch.Tensor):
            array = as_array(item)
            ours = make(array.copy() if copy else array)
            if item.requires_grad:
                ours.requires_grad = True
                taken.append((item, ours))
            return ours
        if isinstance(item, torch.dtype):
            if item not in OF_NUMPY:
                raise Untranslatable(str(item))
            return OF_NUMPY[item]
        if isinstance(item, slice):
            return slice(*(leaf(part) for part in (item.start, item.stop, item.step)))
        if isinstance(item, torch.nn.Module) or str(getattr(item, "__module__", "")).startswith(
            "torch"
        ):
            raise Untranslatable(repr(item))
        if isinstance(item, torch.device | torch.layout | torch.memory_format):
            raise Untranslatable(str(item))
        return item

    return tree_map(leaf, value)


def flat(value: Any) -> list[Any]:
    """Return the leaves of nested tuples and lists."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in flat(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flat(item)]
    return [value]
