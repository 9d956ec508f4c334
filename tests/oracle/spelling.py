"""What an entry of PyTorch's data base is called here."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import thalweg as tw
from tests.oracle.database import Call
from thalweg import torch as wing
from thalweg.core.operation import OPERATIONS
from thalweg.core.tensor import Tensor

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

# Where NumPy's function of the same name means something else, PyTorch's is the method.
METHODS = {
    "argsort", "cov", "cross", "msort", "median", "nanmedian", "norm", "sort", "split", "squeeze",
    "unfold", "unique",
}  # fmt: skip

# Where a call by position means NumPy's, PyTorch's is spelled by its keywords.
KEYWORDS = {
    "amax": ("dim", "keepdim"),
    "amin": ("dim", "keepdim"),
    "max": ("dim", "keepdim"),
    "min": ("dim", "keepdim"),
    "quantile": ("q", "dim", "keepdim"),
    "nanquantile": ("q", "dim", "keepdim"),
    "squeeze": ("dim",),
    "unique": ("sorted", "return_inverse", "return_counts", "dim"),
    "cumsum": ("dim",),
    "std": ("dim",),
    "var": ("dim",),
}

PROPERTIES = {"H": "H", "T": "T", "mH": "mH", "mT": "mT", "imag": "imag", "real": "real"}

# Another name of the same function.
ADAPTED: dict[str, Any] = {
    "where": lambda x, condition, y: tw.where(condition, x, y),
    "nonzero": lambda x, as_tuple=False: tw.nonzero(x, as_tuple=as_tuple),
    "einsum": lambda operands, subscripts: tw.einsum(subscripts, *operands),
    "polygamma": lambda x, n: tw.polygamma(n, x),
    "special.polygamma": lambda x, n: tw.polygamma(n, x),
    "linalg.lstsq.grad_oriented": lambda a, b, driver: tw.linalg.lstsq(a, b, driver=driver)[:2],
    "linalg.solve": lambda a, b, left=True: tw.linalg.solve(a, b, left=left),
    "zero_": lambda x: x.clone().zero_(),
    "fill": lambda x, value: x.clone().fill_(value),
    "nn.functional.embedding": lambda weight, index, **kwargs: wing.nn.functional.embedding(
        index, weight, **kwargs
    ),
    "linalg.pinv.singular": lambda x, y: tw.linalg.pinv(tw.matmul(x, y.mT)),
    "slice": OPERATIONS["slice_along"],
    "equal": lambda x, y: x.equal(y),
    "gradient": lambda x, spacing=1.0, dim=None, edge_order=1: tw.gradient(
        x, spacing=spacing, dim=dim, edge_order=edge_order
    ),
}


# Where the function of that name outside of nn.functional is NumPy's.
ELSEWHERE = {
    f"nn.functional.{name}" for name in ("huber_loss", "one_hot", "pad", "softplus", "unfold")
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
        found = getattr(Tensor, own, None)
    elif name in ADAPTED or own in ADAPTED:
        found = ADAPTED[name] if name in ADAPTED else ADAPTED[own]
    elif own in METHODS:
        found = getattr(Tensor, own, None)
    else:
        found = _looked_up(own) or getattr(Tensor, own, None)
    if found is None:
        return None
    return _by_keyword(found, KEYWORDS[own]) if own in KEYWORDS else found


def _looked_up(own: str) -> Call | None:
    *rooms, last = own.split(".")
    if own in ELSEWHERE:
        rooms_found = importlib.util.find_spec("thalweg.torch.nn.functional")
        if rooms_found is None:
            return None
    if rooms and rooms[0] in ("masked", "torch", "signal", "sparse"):
        return None
    for room in (".".join(rooms), "" if rooms != ["linalg"] else None):
        if room is None:
            continue
        try:
            place = importlib.import_module(f"thalweg.torch.{room}" if room else "thalweg.torch")
        except ImportError:
            try:
                place = importlib.import_module(f"thalweg.{room}")
            except ImportError:
                continue
        found = getattr(place, last, None)
        if callable(found) and not isinstance(found, type):
            return found
    return None


def _by_keyword(function: Call, names: tuple[str, ...]) -> Call:
    def called(x: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], Tensor | bool) and names[0] not in ("q", "sorted"):
            return function(x, *args, **kwargs)
        return function(x, **dict(zip(names, args, strict=False)), **kwargs)

    return called


def method_of(name: str, info: Any) -> Call | None:
    """Return the method of tensors for an entry, or None."""
    if info.method_variant is None or info.name.startswith("__") or info.name in PROPERTIES:
        return None
    if info.name in ("where", "nonzero"):
        return None
    found = getattr(Tensor, info.name, None)
    if found is None or isinstance(found, property):
        return None
    return _by_keyword(found, KEYWORDS[info.name]) if info.name in KEYWORDS else found


def in_place_of(info: Any) -> Call | None:
    """Return the method that writes an entry's result into its first operand, or None."""
    if info.inplace_variant is None or info.name.startswith("__"):
        return None
    return getattr(Tensor, f"{info.name}_", None)
