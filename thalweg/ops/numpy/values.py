"""NumPy's own functions, called on the values of tensors that remember nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from thalweg.core.memory import memory_of
from thalweg.core.operation import parameters_of
from thalweg.core.refusals import unsupported
from thalweg.core.tensor import Tensor
from thalweg.core.writing import require_changeable
from thalweg.errors import UnsupportedOperation


def on_values(
    function: Callable[..., Any],
    called: str,
    ours: Callable[..., Any] | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Return what a function of NumPy's makes of the arrays in the tensors' places.

    What it writes is written into the tensors' own memory.

    Args:
        function: NumPy's function, or a method of a ufunc.
        called: How users write it.
        ours: Thalweg's function of that name, which does not take this call; None for none.
        args: Its arguments by position.
        kwargs: Its arguments by name.

    Raises:
        UnsupportedOperation: If a tensor is traced, or a derivative of it may be wanted.
    """
    tensors = list(tensors_in((args, kwargs)))
    if not tensors or any(tensor.is_symbolic or tensor.requires_grad for tensor in tensors):
        raise UnsupportedOperation(unsupported(called, _described(ours)))
    out = kwargs.get("out")
    written = list(tensors_in(out))
    if function.__name__ == "at":  # of a ufunc, which writes into its first argument
        written += tensors_in(args[:1])
    for tensor in written:
        require_changeable(tensor)
    result = function(*plain(args), **plain(kwargs))
    for tensor in written:
        memory_of(tensor).written("")
    if not any(True for _ in tensors_in(out)):
        return result
    return out[0] if isinstance(out, tuple) and len(out) == 1 else out


def instead(
    function: Callable[..., Any], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Return what NumPy's function makes of a call that ours does not take, given its error.

    Raises:
        Exception: That error, if a tensor is traced or carries a gradient, or NumPy refuses too.
    """
    if any(tensor.is_symbolic or tensor.requires_grad for tensor in tensors_in((args, kwargs))):
        raise error
    try:
        return on_values(function, function.__name__, None, args, kwargs)
    except Exception:
        raise error from None


def _described(ours: Callable[..., Any] | None) -> str:
    if ours is None:
        return ""
    return f"thalweg.{ours.__name__} takes {', '.join(sorted(parameters_of(ours)))}"


def tensors_in(given: Any) -> Iterator[Tensor]:
    """Yield the tensors among the arguments of a call, and in sequences and dicts there."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, dict):
        yield from tensors_in(tuple(given.values()))
    elif isinstance(given, (tuple, list)):
        for item in given:
            yield from tensors_in(item)


def plain(given: Any) -> Any:
    """Return arguments with arrays, on the same memory, in the places of tensors."""
    if isinstance(given, Tensor):
        return given.array
    if isinstance(given, dict):
        return {name: plain(value) for name, value in given.items()}
    if type(given) in (tuple, list):
        return type(given)(map(plain, given))
    return given
