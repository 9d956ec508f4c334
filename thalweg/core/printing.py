"""The text of a tensor, by PyTorch's rules, and the options that shape it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.core.operation import attach
from thalweg.core.program import Symbol
from thalweg.core.spec import BOOL, FLOAT64, INT64, DType, Size
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.foreign import Foreign

Array = np.ndarray[Any, DType]

# Beyond these, numbers in fixed notation no longer line up well or lose their digits.
_WIDEST_RATIO, _LARGEST, _SMALLEST = 1000.0, 1e8, 1e-4


@dataclasses.dataclass(frozen=True, slots=True)
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None

    def __post_init__(self) -> None:
        for name, least in (("precision", 0), ("threshold", 0), ("edgeitems", 0), ("linewidth", 1)):
            value = getattr(self, name)
            if not value >= least:
                raise ArgumentError(
                    f"set_printoptions got {name}={value!r}; {name} is {least} or more. "
                    "Give such a number, or leave it out to keep the present one."
                )


_PROFILES = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=math.inf),
}

_current = _PROFILES["default"]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print from now on; what is left out keeps its present value.

    Args:
        precision: Digits after the point of numbers that are not whole (at first 4).
        threshold: A tensor of more elements than this is shortened (at first 1000).
        edgeitems: How many items a shortened axis keeps at each end (at first 3).
        linewidth: The characters a line may take (at first 80); may be infinite.
        profile: "default", "short" or "full": values to start from.
        sci_mode: True or False turns scientific notation on or off. None, also when left out,
            lets each tensor's values decide, as in PyTorch.

    Raises:
        ArgumentError: If a number is negative or the profile is unknown.

    Example:
        >>> import thalweg as tw
        >>> tw.set_printoptions(precision=2)
        >>> tw.tensor([0.5, 0.25])
        tensor([0.50, 0.25])
        >>> tw.set_printoptions(profile="default")
    """
    global _current
    start = _current if profile is None else _profile(profile)
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _current = dataclasses.replace(start, sci_mode=sci_mode, **chosen)


def _profile(name: str) -> _Options:
    if name not in _PROFILES:
        raise ArgumentError(
            f"set_printoptions got profile={name!r}; the profiles are {', '.join(_PROFILES)}."
            f"{did_you_mean(name, _PROFILES)} Name one of them, or set the options one by one."
        )
    return _PROFILES[name]


def get_printoptions() -> dict[str, Any]:
    """Return the options in force, by the names that `set_printoptions` takes.

    Example:
        >>> import thalweg as tw
        >>> tw.get_printoptions()["edgeitems"]
        3
    """
    return dataclasses.asdict(_current)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with other options inside a `with` block; takes what `set_printoptions` takes.

    Example:
        >>> import thalweg as tw
        >>> with tw.printoptions(precision=1):
        ...     tw.tensor([0.5, 0.25])
        tensor([0.5, 0.2])
    """
    global _current
    before = _current
    set_printoptions(**options)
    try:
        yield
    finally:
        _current = before


def tensor_text(
    array: Array,
    prefix: str = "tensor(",
    suffixes: Iterable[str] = (),
    *,
    default: DType = FLOAT64,
    library: str = Size.library,
) -> str:
    r"""Return the text of a tensor over the array, character by character PyTorch's.

    Args:
        array: The values, of any shape and any real, complex or Boolean dtype.
        prefix: What stands before the values, with the bracket that the text closes.
        suffixes: What follows the values, size and dtype, such as "requires_grad=True".
        default: The floating dtype, real or complex, that goes without saying.
        library: Where a dtype is said to be of.

    Example:
        >>> tensor_text(np.arange(6.0).reshape(2, 3))
        'tensor([[0., 1., 2.],\n        [3., 4., 5.]])'
        >>> tensor_text(np.float32([0.5]), suffixes=["requires_grad=True"])
        'tensor([0.5000], dtype=thalweg.float32, requires_grad=True)'
    """
    body = _body(array, len(prefix)) if array.size else "[]"
    return _close(prefix + body, [*_facts(array, default, library), *suffixes], len(prefix))


def _facts(array: Array, default: DType, library: str) -> Iterator[str]:
    """Yield the size and the dtype where the values alone do not tell them."""
    # Without a value to look at, only the default dtype goes without saying.
    told = {default}
    if array.size:
        told |= {np.result_type(default, np.complex64), INT64, BOOL}
    if _current.edgeitems == 0 if array.size else array.ndim != 1:
        yield f"size={array.shape}"
    if array.dtype not in told:
        yield f"dtype={library}.{array.dtype.name}"


def _close(text: str, suffixes: Sequence[str], indent: int) -> str:
    """Append the suffixes and the bracket, each suffix on a new line if it would not fit."""
    # The comma and the blank before a suffix, then the comma or the bracket after it.
    taken = len(text) - (text.rfind("\n") + 1) + 2
    for suffix in suffixes:
        if taken + len(suffix) + 2 > _current.linewidth:
            text += ",\n" + " " * indent + suffix
            taken = indent + len(suffix)
        else:
            text += ", " + suffix
            taken += len(suffix) + 2
    return text + ")"


def _body(array: Array, indent: int) -> str:
    """Return the values in nested brackets, starting at column `indent`."""
    cut = [array.size > _current.threshold and n > 2 * _current.edgeitems for n in array.shape]
    shown = array[np.ix_(*map(_kept, array.shape, cut))] if any(cut) else array
    texts, width = _cells(shown.ravel())
    cells = np.empty(shown.shape, dtype=object)
    cells.ravel()[:] = texts
    return _layout(cells, cut, indent, width + 2)


def _kept(extent: int, cut: bool) -> list[int]:
    """Return the indices of an axis that are printed."""
    edge = _current.edgeitems if cut else extent
    return [*range(min(edge, extent)), *range(max(extent - edge, edge), extent)]


def _layout(cells: Any, cut: Sequence[bool], indent: int, room: int) -> str:
    """Nest cells in brackets; `room` is what a cell and its separator take on a line."""
    if cells.ndim == 0:
        return str(cells[()])
    if cells.ndim == 1:
        return _row(cells.tolist(), cut[0], indent, room)
    blocks = [_layout(block, cut[1:], indent + 1, room) for block in cells]
    if cut[0]:
        blocks.insert(_current.edgeitems, "...")
    # A blank line more for every further dimension keeps the blocks apart.
    return "[" + _separator(cells.ndim - 1, indent).join(blocks) + "]"


def _row(items: list[str], cut: bool, indent: int, room: int) -> str:
    if cut:
        items.insert(_current.edgeitems, " ..." if items else "...")
    fitting = (_current.linewidth - indent) / room
    count = len(items) if math.isinf(fitting) else max(1, math.floor(fitting))
    lines = [", ".join(items[start : start + count]) for start in range(0, len(items), count)]
    return "[" + _separator(1, indent).join(lines) + "]"


def _separator(lines: int, indent: int) -> str:
    return "," + "\n" * lines + " " * (indent + 1)


def _cells(values: Array) -> tuple[list[str], int]:
    """Write the values; return their texts and the width of a column."""
    if values.dtype.kind == "c":
        real, real_width = _cells(values.real)
        imaginary, imaginary_width = _cells(values.imag)
        return list(map(_complex_text, real, imaginary)), real_width + imaginary_width + 1
    if values.dtype.kind == "f":
        texts, width = _float_texts(values.astype(np.float64))
    else:
        texts = [str(value) for value in values.tolist()]
        width = max(map(len, texts), default=1)
    return [text.rjust(width) for text in texts], width


def _complex_text(real: str, imaginary: str) -> str:
    imaginary = imaginary.lstrip()
    return f"{real}{'' if imaginary[0] in '+-' else '+'}{imaginary}j"


def _float_texts(values: Array) -> tuple[list[str], int]:
    """Write floats in the one notation that suits them all.

    Zeros, infinities and NaN have no say in the notation or in the width; where there is nothing
    else, an imposed notation does not change them either.
    """
    numbers = values[np.isfinite(values) & (values != 0)]
    if not numbers.size:
        return list(map(_notation(whole=True, scientific=False), values.tolist())), 1
    imposed = _current.sci_mode
    write = _notation(
        whole=bool(np.all(numbers == np.ceil(numbers))),
        scientific=_asks_for_exponents(np.abs(numbers)) if imposed is None else imposed,
    )
    return list(map(write, values.tolist())), max(len(write(n)) for n in numbers.tolist())


def _asks_for_exponents(magnitudes: Array) -> bool:
    """Tell whether magnitudes are too far apart, too large or too small for fixed notation."""
    least, most = magnitudes.min(), magnitudes.max()
    with np.errstate(over="ignore"):
        ratio = most / least
    return bool(ratio > _WIDEST_RATIO or most > _LARGEST or least < _SMALLEST)


def _notation(whole: bool, scientific: bool) -> Callable[[float], str]:
    digits = _current.precision
    if scientific:
        return lambda value: f"{value:.{digits}e}"
    if whole:
        return lambda value: f"{value:.0f}" + ("." if math.isfinite(value) else "")
    return lambda value: f"{value:.{digits}f}"


def text(x: Tensor) -> str:
    """Return what a tensor prints as, in PyTorch's form: values, dtype, part in the tape."""
    if isinstance(x.array, Symbol) and x.array.owner is None and x.array.value is None:
        parts = ["...", "device='meta'", f"size={tuple(x.shape)}", *_part_in_tape(x)]
        return f"tensor({', '.join(parts)})"
    if isinstance(x.array, Symbol):
        return f"tensor({x.array.spec}, traced)"
    if x.array.__class__ is Foreign:
        return f"tensor({x.array.value!r})"
    return tensor_text(
        x.array, suffixes=_part_in_tape(x), default=x.promotion.default, library=x.extents.library
    )


attach("__repr__", text)


def _part_in_tape(x: Tensor) -> list[str]:
    if not x.requires_grad:
        return []
    # What grad and its like differentiate with respect to is no leaf, and no step made it.
    step = x.grad_fn
    if step is None or x.node is None or x.node.primitive is None:
        return ["requires_grad=True"]
    return [f"grad_fn=<{step.name()}>"]
