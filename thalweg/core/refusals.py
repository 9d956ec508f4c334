"""What a tensor answers where NumPy, Python or another library asks for what it cannot give."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

TRACED = (
    "Python asked for the values of a tensor that is being traced; they exist only when the "
    "compiled program runs. Use thalweg or NumPy operations on it (where instead of if; a buffer "
    "out = tw.zeros(n) instead of np.zeros(n)), or compute it outside the traced function."
)

LOSES_GRADIENT = (
    "NumPy was asked to make a plain array of a tensor whose gradient is wanted, and the gradient "
    "would be lost. Join tensors with np.stack instead of a list or np.array, write them into "
    "out = tw.zeros(n) instead of np.zeros(n), call NumPy's functions on the tensor itself, or "
    "convert detach().numpy() if no gradient shall flow."
)

STORED = (
    "A tensor was written into a NumPy array, out[i] = …, which holds plain numbers. Make the "
    "buffer a tensor, out = tw.zeros(n), or tw.empty or tw.zeros_like; or collect the tensors in a "
    "list and join them: np.stack(parts), or np.concatenate(parts)."
)

NUMPY_LOSES_GRADIENT = (
    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead, if no "
    "gradient shall flow; it would be lost."
)


def leaves_tape(called: str) -> str:
    """Say that a derivative would be lost with values that become plain numbers."""
    return (
        f"{called} was asked inside a function that is being differentiated, for plain numbers, "
        "and their gradient would be lost. Compute with the tensor itself: NumPy's and thalweg's "
        "functions take it, np.stack joins parts, and comparing or printing it is fine. Write "
        "x.detach() first if no gradient shall flow."
    )


def unsupported(called: str, ours: str) -> str:
    """Say that a function of NumPy's cannot take part in a derivative or a trace.

    Args:
        called: The function met.
        ours: What thalweg's function of that name takes; empty if there is none.
    """
    instead = f"{ours}: write it with these" if ours else "Write it with supported operations"
    return (
        f"{called} is not supported on thalweg tensors that are traced or whose gradient is "
        f"wanted. {instead}, or apply it outside the function being traced; to x.detach(), if no "
        "gradient shall flow."
    )


def ufunc_name(ufunc: np.ufunc, method: str) -> str:
    """Return a ufunc's name as users write it; SciPy's do not know their module."""
    own = getattr(np, ufunc.__name__, None) is ufunc
    called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    return f"numpy.{called}" if own else f"The ufunc {called}"


def with_keywords(called: str, keywords: Iterable[str]) -> str:
    """Return a function's name and the arguments of the call that it is met with."""
    names = ", ".join(sorted(keywords))
    return f"{called} with {names}" if names else called


def foreign(called: str) -> str:
    """Say that another library's function was called on a tensor."""
    return (
        f"{called} was called on a thalweg tensor; it works on its own library's arrays alone. "
        "Use NumPy's function, or thalweg's, of that name."
    )
