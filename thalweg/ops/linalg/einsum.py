"""Einstein sums, composed of transposes, products and one matrix product a pair of operands."""

from __future__ import annotations

import math
import string
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError, UnsupportedOperation
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.linalg.diagonals import diagonal
from thalweg.ops.linalg.products import matrix_product
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

__all__ = ["einsum"]

Labels = tuple[str, ...]


@dataclass(frozen=True)
class _Term:
    """A tensor whose axes carry labels: letters, or "-1", "-2", … for those of an ellipsis."""

    tensor: Tensor
    labels: Labels


@operation
def einsum(
    subscripts: Any,
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Tensor:
    """Sum products over the axes that the result does not name.

    Args:
        subscripts: As in NumPy: "ij,jk->ik", with an implied result ("ij,jk"), or "...". In
            NumPy's other form the first operand, followed by the numbers of its axes, and so on:
            einsum(x, [0, 1], y, [1, 2], [0, 2]).
        operands: One tensor a term.
        optimize: False to contract from left to right; True, "greedy", "optimal" or a path of
            `np.einsum_path` for the order that costs least.
        dtype: What to compute in.
        order: NumPy's; without effect.
        casting: NumPy's; without effect.

    Raises:
        ArgumentError: If the subscripts do not fit the operands.
        ShapeError: If an axis has different extents in different operands.
        UnsupportedOperation: If the subscripts are neither text nor numbers of axes.

    Example:
        >>> import thalweg as tw
        >>> tw.einsum("ij,j->i", tw.ones((2, 3)), tw.ones(3))
        tensor([3., 3.])
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _as_text((subscripts, *operands))
    tensors = [as_tensor(operand) for operand in operands]
    if dtype is not None:
        tensors = [astype(tensor, dtype) for tensor in tensors]
    terms, result = _parse(subscripts, tensors)
    for places in _path(subscripts, tensors, optimize):
        chosen = [terms[place] for place in sorted(places)]
        for place in sorted(places, reverse=True):
            del terms[place]
        current = chosen[0]
        for position, term in enumerate(chosen[1:], start=1):
            others = (*terms, *chosen[position + 1 :])
            later = {label for rest in others for label in rest.labels}
            current = _pair(current, term, later | set(result), subscripts)
        terms.append(current)
    return _arrange(_sum_out(terms[0], set(result)), result)


def _path(subscripts: str, tensors: list[Tensor], optimize: Any) -> list[tuple[int, ...]]:
    """Return which terms are contracted in each step; their product is put at the end."""
    everything = [tuple(range(len(tensors)))]
    if (isinstance(optimize, (bool, np.bool_)) and not optimize) or len(tensors) < 3:
        return everything
    if not isinstance(optimize, (bool, np.bool_, str)):
        steps = list(optimize)
        if steps and steps[0] == "einsum_path":
            return [tuple(step) for step in steps[1:]]
    # Shapes alone decide: no memory is taken by what is broadcast.
    shown = [np.broadcast_to(np.zeros((), np.float64), tensor.shape) for tensor in tensors]
    try:
        path = np.einsum_path(subscripts, *shown, optimize=optimize)[0]
    except (TypeError, KeyError, ValueError) as error:
        raise ArgumentError(f"einsum got optimize={optimize!r}: {error}.") from None
    return [tuple(step) for step in path[1:]]


def _as_text(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return subscripts and operands of the form with numbers of axes."""
    pairs = len(given) // 2
    operands, lists = given[: 2 * pairs : 2], list(given[1 : 2 * pairs : 2])
    if not pairs or not all(isinstance(axes, (list, tuple)) for axes in lists):
        raise UnsupportedOperation(
            f"einsum got {type(given[0]).__name__} as subscripts; it wants text such as "
            "'ij,jk->ik', or after each operand the numbers of its axes. Write the axes as letters."
        )
    used = sorted({n for axes in lists for n in axes if n is not Ellipsis})
    letters = {n: string.ascii_letters[place] for place, n in enumerate(used)}

    def term(axes: Any) -> str:
        unknown = [n for n in axes if n is not Ellipsis and n not in letters]
        if unknown:
            raise ArgumentError(f"einsum: the result names the axes {unknown} that no operand has.")
        return "".join("..." if n is Ellipsis else letters[n] for n in axes)

    text = ",".join(map(term, lists))
    if len(given) % 2:
        text += f"->{term(given[-1])}"
    return text, operands


# ---- reading the subscripts


def _parse(subscripts: str, tensors: list[Tensor]) -> tuple[list[_Term], Labels]:
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(tensors):
        raise ArgumentError(
            f"einsum got {len(tensors)} operands for the {len(inputs)} terms of {subscripts!r}; "
            "give one operand a term."
        )
    labels = [_labels(t, x.ndim, subscripts) for t, x in zip(inputs, tensors, strict=True)]
    terms = [_term(x, own) for x, own in zip(tensors, labels, strict=True)]
    ellipsis = max((_dots(term.labels) for term in terms), key=len)
    letters = [label for own in labels for label in own if label.isalpha()]
    if arrow:
        result = _split(right, ellipsis, subscripts)
    else:
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        result = (*ellipsis, *once)
    unknown = set(result) - set(letters) - set(ellipsis)
    if unknown or len(set(result)) != len(result):
        raise ArgumentError(
            f"einsum got {subscripts!r}, whose result names an axis twice or one that no operand "
            "has. Name each axis of the result once."
        )
    return terms, result


def _labels(text: str, ndim: int, subscripts: str) -> Labels:
    hidden = ndim - len(text.replace("...", ""))
    dots = tuple(str(place) for place in range(-hidden, 0)) if "..." in text else ()
    labels = _split(text, dots, subscripts)
    if len(labels) != ndim:
        raise ArgumentError(
            f"einsum got an operand with {ndim} axes for the term {text!r} of {subscripts!r}; "
            "write one letter an axis, or '...' for the others."
        )
    return labels


def _term(tensor: Tensor, labels: Labels) -> _Term:
    """Return a tensor with its labels; of axes with one label only the diagonal."""
    while len(set(labels)) < len(labels):
        label = next(one for one in labels if labels.count(one) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        if tensor.shape[first] != tensor.shape[second]:
            raise ShapeError(
                f"einsum got the axes {tensor.shape[first]} and {tensor.shape[second]} under one "
                f"letter, {label!r}. Give axes of different extents different letters."
            )
        tensor = diagonal(tensor, 0, first, second)
        labels = (*labels[:first], *labels[first + 1 : second], *labels[second + 1 :], label)
    return _Term(tensor, labels)


def _split(text: str, dots: Labels, subscripts: str) -> Labels:
    before, found, after = text.partition("...")
    letters = before + after
    if letters and not (letters.isalpha() and letters.isascii()):
        raise ArgumentError(
            f"einsum got {text!r} in {subscripts!r}; a term wants letters a-z, A-Z and at most "
            "one '...'."
        )
    return (*before, *(dots if found else ()), *after)


def _dots(labels: Labels) -> Labels:
    return tuple(label for label in labels if not label.isalpha())


# ---- computing


def _pair(first: _Term, second: _Term, wanted: set[str], subscripts: str) -> _Term:
    """Multiply two terms and sum over the axes that nothing else wants."""
    first = _sum_out(first, wanted | set(second.labels))
    second = _sum_out(second, wanted | set(first.labels))
    shared = [label for label in first.labels if label in second.labels]
    first, second = _stretch(first, second, shared, subscripts)
    dtype = joined(first.tensor, second.tensor)
    first, second = (_Term(astype(t.tensor, dtype), t.labels) for t in (first, second))
    batch = [label for label in shared if label in wanted]
    inner = [label for label in shared if label not in wanted]
    rows = [label for label in first.labels if label not in shared]
    columns = [label for label in second.labels if label not in shared]
    if not inner or (batch and not rows and not columns):
        return _multiply(first, second, (*batch, *rows, *columns), inner)
    extents = _extents(first) | _extents(second)
    sizes = [math.prod(extents[label] for label in group) for group in (rows, inner, columns)]
    lead = tuple(extents[label] for label in batch)
    left = reshape(_arrange(first, (*batch, *rows, *inner)), (*lead, sizes[0], sizes[1]))
    right = reshape(_arrange(second, (*batch, *inner, *columns)), (*lead, sizes[1], sizes[2]))
    labels = (*batch, *rows, *columns)
    product = reshape(matrix_product(left, right), tuple(extents[label] for label in labels))
    return _Term(product, labels)


def _multiply(first: _Term, second: _Term, kept: Labels, inner: list[str]) -> _Term:
    """Multiply elementwise, which is all there is to do without an axis to contract alone."""
    labels = (*kept, *inner)
    product = _spread(first, labels) * _spread(second, labels)
    return _sum_out(_Term(product, labels), set(kept))


def _spread(term: _Term, labels: Labels) -> Tensor:
    own = tuple(label for label in labels if label in term.labels)
    extents = _extents(term)
    return reshape(_arrange(term, own), tuple(extents.get(label, 1) for label in labels))


def _extents(term: _Term) -> dict[str, int]:
    return dict(zip(term.labels, term.tensor.shape, strict=True))


def _sum_out(term: _Term, wanted: set[str]) -> _Term:
    axes = tuple(axis for axis, label in enumerate(term.labels) if label not in wanted)
    kept = tuple(label for label in term.labels if label in wanted)
    return _Term(reduce_sum(term.tensor, axes), kept)


def _arrange(term: _Term, labels: Labels) -> Tensor:
    order = tuple(term.labels.index(label) for label in labels)
    in_order = order == tuple(range(len(order)))
    return term.tensor if in_order else transpose(term.tensor, order)


def _stretch(
    first: _Term, second: _Term, shared: list[str], subscripts: str
) -> tuple[_Term, _Term]:
    """Broadcast the axes of extent 1 of one term to the extents of the other's."""
    one, other = _extents(first), _extents(second)
    for label in shared:
        if one[label] != other[label] and 1 not in (one[label], other[label]):
            raise ShapeError(
                f"einsum got shapes {first.tensor.shape} and {second.tensor.shape} for "
                f"{subscripts!r}, which give one axis the extents {one[label]} and {other[label]}. "
                "Give axes of the same letter the same extent."
            )
        one[label] = other[label] = other[label] if one[label] == 1 else one[label]
    return (
        _Term(broadcast_to(first.tensor, tuple(one[n] for n in first.labels)), first.labels),
        _Term(broadcast_to(second.tensor, tuple(other[n] for n in second.labels)), second.labels),
    )
