"""Contractions: products of two arrays summed over any of their axes, in one primitive."""

from __future__ import annotations

import math
from string import ascii_letters
from typing import Any

import numpy as np

from thalweg.core.apply import Flags, Operands, Params, apply, joined
from thalweg.core.operation import op
from thalweg.core.primitive import Index, Primitive, Resolved, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError

__all__ = ["contract"]


def parts(labels: str) -> tuple[str, str, str]:
    """Return the labels of both operands and of the result of "ij,jk->ik"."""
    operands, result = labels.split("->")
    left, right = operands.split(",")
    return left, right, result


def _extents(labels: str, x: Spec, y: Spec) -> dict[str, int]:
    left, right, _ = parts(labels)
    return dict(zip(left + right, x.shape + y.shape, strict=True))


def _contract_spec(x: Spec, y: Spec, labels: str) -> Spec:
    extents = _extents(labels, x, y)
    return Spec(tuple(extents[label] for label in parts(labels)[2]), x.dtype)


def _resolve_contract(x: Any, y: Any, labels: str) -> Resolved:
    a, b = as_tensor(x), as_tensor(y)
    left, right, result = parts(labels)
    for own, other, tensor in ((left, right, a), (right, left, b)):
        if len(own) != tensor.ndim or len(set(own)) != len(own):
            raise ArgumentError(
                f"contract got labels {labels!r} and a tensor of shape {tensor.shape}; it wants "
                "one label an axis, each once an operand."
            )
        if not set(own) <= set(other) | set(result):
            raise ArgumentError(
                f"contract got labels {labels!r}; a label of one operand alone must be in the "
                "result. Sum over that axis first."
            )
    if len(set(result)) != len(result) or not set(result) <= set(left) | set(right):
        raise ArgumentError(f"contract got labels {labels!r}, whose result no operand determines.")
    extents = dict(zip(left, a.shape, strict=True))
    if any(extents.get(label, n) != n for label, n in zip(right, b.shape, strict=True)):
        raise ShapeError(
            f"contract got shapes {a.shape} and {b.shape} for {labels!r}; axes of the same label "
            "must have the same extent. Transpose or reshape one of them."
        )
    dtype = joined(a, b)
    return (astype(a, dtype), astype(b, dtype)), {"labels": labels}


def _left(labels: str) -> str:
    left, right, result = parts(labels)
    return f"{result},{right}->{left}"


def _right(labels: str) -> str:
    left, right, result = parts(labels)
    return f"{left},{result}->{right}"


def _positions(index: Index, x: Spec, y: Spec, labels: str) -> tuple[Index, Index]:
    left, right, result = parts(labels)
    inner = [label for label in left if label not in result]
    at = dict(zip([*result, *inner], index, strict=False))
    return tuple(at[label] for label in left), tuple(at[label] for label in right)


def _contract_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    *own, result = parts(params["labels"])
    new = next(label for label in ascii_letters if label not in own[0] + own[1])
    left, right = (new + old if flag else old for old, flag in zip(own, flags, strict=True))
    return apply(primitive, operands, {"labels": f"{left},{right}->{new}{result}"})


@linear(
    _contract_spec,
    lambda g, out, x, y, labels: op.contract(g, y, _left(labels)),
    lambda g, out, x, y, labels: op.contract(x, g, _right(labels)),
    arguments=_resolve_contract,
    role="product",
    reads=_positions,
    batch=_contract_examples,
)
def contract(x: Array, y: Array, *, labels: str) -> Array:
    """Products of the elements of two arrays, summed over the labels that the result lacks.

    As `einsum` of two operands: "ij,jk->ik" is the product of matrices. Every label occurs in at
    least two of x, y and the result, so that its transposes are contractions too.
    """
    left, right, result = parts(labels)
    extents = dict(zip(left + right, x.shape + y.shape, strict=True))
    batch = [label for label in result if label in left and label in right]
    rows = [label for label in result if label not in right]
    columns = [label for label in result if label not in left]
    inner = [label for label in left if label not in result]

    def grouped(array: Array, own: str, *groups: list[str]) -> Array:
        order = [own.index(label) for group in groups for label in group]
        shape = [extents[label] for label in groups[0]]
        shape += [math.prod(extents[label] for label in group) for group in groups[1:]]
        return array.transpose(order).reshape(shape)

    product = np.matmul(
        grouped(x, left, batch, rows, inner), grouped(y, right, batch, inner, columns)
    )
    found = [*batch, *rows, *columns]
    product = product.reshape([extents[label] for label in found])
    return np.asarray(product.transpose([found.index(label) for label in result]), order="C")
