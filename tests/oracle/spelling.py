"""What an entry of PyTorch's data base is called here."""

from __future__ import annotations

import importlib
from typing import Any

from tests.oracle.database import Call
from thalweg import torch as wing
from thalweg.torch import Tensor
from thalweg.torch.functions.scattering import slice_along

# Whose results are drawn; the stream of random numbers is compared elsewhere, bit for bit.
DRAWN = {
    "bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial", "normal",
    "nn.functional.alpha_dropout", "nn.functional.dropout", "nn.functional.dropout2d",
    "nn.functional.dropout3d", "nn.functional.feature_alpha_dropout",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "uniform",
}  # fmt: skip
# Whose values are whatever was in memory: shapes and dtypes are compared.
UNSPECIFIED = {
    "empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided",
}  # fmt: skip


def _seeded(name: str, *args: Any, **options: Any) -> Any:
    """Call a function that draws with the seed that the data base calls PyTorch's with."""
    wing.manual_seed(42)
    return getattr(wing, name)(*args, **options)


PROPERTIES = {"H": "H", "T": "T", "mH": "mH", "mT": "mT", "imag": "imag", "real": "real"}

# Another name of the same function.
ADAPTED: dict[str, Any] = {
    "where": lambda x, condition, y: wing.where(condition, x, y),
    "einsum": lambda operands, subscripts: wing.einsum(subscripts, *operands),
    "polygamma": lambda x, n: wing.polygamma(n, x),
    "special.polygamma": lambda x, n: wing.polygamma(n, x),
    "linalg.lstsq.grad_oriented": lambda a, b, driver: wing.linalg.lstsq(a, b, driver=driver)[:2],
    "linalg.solve": lambda a, b, left=True: wing.linalg.solve(a, b, left=left),
    "zero_": lambda x: x.clone().zero_(),
    "fill": lambda x, value: x.clone().fill_(value),
    "nn.functional.embedding_bag": lambda weight, index, **kwargs: wing.nn.functional.embedding_bag(
        index, weight, **kwargs
    ),
    "nn.functional.embedding": lambda weight, index, **kwargs: wing.nn.functional.embedding(
        index, weight, **kwargs
    ),
    "linalg.pinv.singular": lambda x, y: wing.linalg.pinv(wing.matmul(x, y.mT)),
    "slice": slice_along,
    **{
        name: lambda a, b, name=name, **options: _seeded(name, wing.matmul(a, b.mT), **options)
        for name in ("svd_lowrank", "pca_lowrank")
    },
}


def is_unspecified(info: Any) -> bool:
    """Tell whether only the shape and dtype of a result are specified."""
    return info.name in UNSPECIFIED


def function_of(name: str, info: Any) -> Call | None:
    """Return thalweg's function for an entry, or None."""
    if info.name in DRAWN:
        return None
    own = info.name
    if own in PROPERTIES:
        return lambda x: getattr(x, PROPERTIES[own])
    if own.startswith("__"):
        return _operator(own) if hasattr(Tensor, own) else None
    if name in ADAPTED or own in ADAPTED:
        return ADAPTED[name] if name in ADAPTED else ADAPTED[own]
    return _looked_up(own) or getattr(Tensor, own, None)


def _operator(own: str) -> Call:
    """Return an operator's method, looked up where its first operand has it, as Python does."""

    def operate(x: Any, *others: Any) -> Any:
        found = getattr(x, own)(*others)
        if found is NotImplemented:
            raise TypeError(f"unsupported operand types of {own}: {type(x)} and {others}")
        return found

    return operate


def _looked_up(own: str) -> Call | None:
    *rooms, last = own.split(".")
    if rooms and rooms[0] in ("masked", "torch", "signal", "sparse"):
        return None
    for room in dict.fromkeys((".".join(rooms), "") if rooms != ["linalg"] else ("linalg",)):
        try:
            place = importlib.import_module(f"thalweg.torch.{room}".rstrip("."))
        except ImportError:
            continue
        found = getattr(place, last, None)
        if callable(found) and not isinstance(found, type):
            return found
    return None


def method_of(name: str, info: Any) -> Call | None:
    """Return the method of tensors for an entry, or None."""
    if info.method_variant is None or info.name.startswith("__") or info.name in PROPERTIES:
        return None
    if info.name == "where":
        return None
    found = getattr(Tensor, info.name, None)
    return None if isinstance(found, property) else found


def in_place_of(info: Any) -> Call | None:
    """Return the method that writes an entry's result into its first operand, or None."""
    if info.inplace_variant is None or info.name.startswith("__"):
        return None
    return getattr(Tensor, f"{info.name}_", None)
