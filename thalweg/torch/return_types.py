"""Several results under names, which print as PyTorch's do: `torch.return_types`."""

from __future__ import annotations

import functools
from collections import namedtuple
from typing import Any, TypeVar

Function = TypeVar("Function")


def named_result(name: str, *fields: str) -> Any:
    """Return a class of tuples with named fields.

    Args:
        name: The name it has in `torch.return_types`.
        fields: The names of what it holds.

    Example:
        >>> pair = named_result("qr", "Q", "R")
        >>> pair(1, 2)
        torch.return_types.qr(
        Q=1,
        R=2)
    """
    kind: Any = namedtuple(name, fields)  # type: ignore[misc]

    def text(self: Any) -> str:
        lines = (f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n" + ",\n".join(lines) + ")"

    return type(name, (kind,), {"__slots__": (), "__repr__": text, "__module__": __name__})


# By the name of the function, those of `torch.linalg` after its own.
_FIELDS = {
    "aminmax": "min max",
    "frexp": "mantissa exponent",
    "geqrf": "a tau",
    "histogram": "hist bin_edges",
    "linalg_cholesky_ex": "L info",
    "linalg_eig": "eigenvalues eigenvectors",
    "linalg_eigh": "eigenvalues eigenvectors",
    "linalg_inv_ex": "inverse info",
    "linalg_lstsq": "solution residuals rank singular_values",
    "linalg_lu": "P L U",
    "linalg_lu_factor": "LU pivots",
    "linalg_qr": "Q R",
    "linalg_slogdet": "sign logabsdet",
    "linalg_svd": "U S Vh",
    "slogdet": "sign logabsdet",
} | dict.fromkeys(
    ("cummax", "cummin", "kthvalue", "max", "median", "min", "mode", "nanmedian", "sort", "topk"),
    "values indices",
)

KINDS = {name: named_result(name, *fields.split()) for name, fields in _FIELDS.items()}


def returning(name: str, function: Function) -> Function:
    """Return a function whose several results are named and printed as PyTorch's.

    Args:
        name: The name it has in `torch.return_types`; of another name it is returned as it is.
        function: What computes a tensor, or a tuple of as many results.
    """
    if name not in KINDS:
        return function
    kind, own = KINDS[name], function

    def named(*args: Any, **kwargs: Any) -> Any:
        found = own(*args, **kwargs)  # type: ignore[operator]
        return kind._make(found) if isinstance(found, tuple) else found

    return functools.update_wrapper(named, own)  # type: ignore[return-value, arg-type]


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return KINDS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(KINDS)
