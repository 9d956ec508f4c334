"""The Jacobians of one function at one place, by differences and along the tape, compared.

Complex numbers are pairs of real ones. The cotangent of an input z = x + iy of a real function L
is ∂L/∂x - i ∂L/∂y; a complex output is two real functions, whose cotangents are 1 and -i.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.forward import tangents
from thalweg.autodiff.stateful import gradients
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError

Array = np.ndarray[Any, Any]

Function = Callable[..., Any]

_FINE = ("float64", "complex128")

_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient. The "
    "tolerance was {}. Let backward draw no random numbers, or give nondet_tol."
)


def several(given: Any) -> list[Any]:
    """Return one thing, or each of several, in a list."""
    return list(given) if isinstance(given, (tuple, list)) else [given]


def tensors_of(result: Any) -> list[Tensor]:
    """Return what a function returned as a list of tensors.

    Raises:
        DtypeError: If something else is among them.
    """
    found = several(result)
    for output in found:
        if not isinstance(output, Tensor):
            raise DtypeError(
                f"gradcheck got a function that returns {type(output).__name__}; it wants a "
                "tensor or a sequence of tensors. Wrap the function."
            )
    return found


@dataclass(frozen=True)
class _Parts:
    """A tensor's space seen as real numbers: its elements' real parts, then imaginary parts."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @staticmethod
    def of(tensor: Tensor) -> _Parts:
        return _Parts(tuple(tensor.array.shape), tensor.array.dtype)

    @property
    def complex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) * (2 if self.complex else 1)

    def split(self, values: Array) -> Array:
        """Return an element of the space as real numbers."""
        flat = np.asarray(values).ravel()
        return np.concatenate([flat.real, flat.imag]) if self.complex else flat

    def joined(self, parts: Array) -> Array:
        """Return the element of the space with these real numbers."""
        half = len(parts) // 2
        flat = parts[:half] + 1j * parts[half:] if self.complex else parts
        return np.asarray(flat, self.dtype).reshape(self.shape)


class Comparison:
    """One function at one place: its derivatives by differences and by the tape."""

    def __init__(
        self, func: Function, given: list[Any], eps: float, atol: float, rtol: float, fast: bool
    ) -> None:
        self._func, self._given = func, given
        self._eps, self._atol, self._rtol = eps, atol, rtol
        places = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
        if not places:
            raise ArgumentError(
                "gradcheck expects at least one input tensor to require gradient, but none of the "
                "them have requires_grad=True. Set it on those to differentiate with respect to."
            )
        self._places, self._inputs = places, [given[i] for i in places]
        for place, tensor in zip(places, self._inputs, strict=True):
            _require_fine(place, tensor)
        self._spaces = [_Parts.of(tensor) for tensor in self._inputs]
        self._outputs = tensors_of(func(*given))
        random = np.random.default_rng(0)
        # The directions along which Jacobians are compared: all, or a random one.
        self._along = [_directions(space, fast, random) for space in self._spaces]
        self._across = [_directions(_Parts.of(o), fast, random) for o in self._outputs]
        by_input = [self._differences(i) for i in range(len(places))]
        self._numerical = [list(row) for row in zip(*by_input, strict=True)]

    # ---- by differences

    def _differences(self, i: int) -> list[Array]:
        """Return the Jacobians of all outputs with respect to one input."""
        space, memory = self._spaces[i], self._inputs[i].detach().numpy()
        before = memory.copy()
        columns: list[list[Array]] = []
        try:
            for direction in self._along[i]:
                move = space.joined(self._eps * direction)
                ends = [self._values(memory, before + sign * move) for sign in (1, -1)]
                columns.append([(a - b) / (2 * self._eps) for a, b in zip(*ends, strict=True)])
        finally:
            memory[...] = before
        return [
            across @ _stacked([column[k] for column in columns], across.shape[1]).T
            for k, across in enumerate(self._across)
        ]

    def _values(self, memory: Array, value: Array) -> list[Array]:
        memory[...] = value
        found = tensors_of(self._func(*self._given))
        return [_Parts.of(o).split(o.detach().numpy()).astype(np.float64) for o in found]

    # ---- by walks back

    def backward(self, nondet_tol: float, batched: bool) -> None:
        """Compare walks back with differences, with themselves and with a batch of them."""
        for k, output in enumerate(self._outputs):
            if not output.requires_grad:
                continue
            rows = self._rows(output, self._across[k])
            again = self._rows(output, self._across[k])
            for i, (a, b) in enumerate(zip(rows, again, strict=True)):
                self._compare(k, i, a, "analytical")
                if a.size and not np.max(np.abs(a - b)) <= nondet_tol:
                    raise GradientError(_NOT_REENTRANT.format(nondet_tol))
            if batched and len(self._across[k]):
                self._compare_batch(output, rows, k)

    def _rows(self, output: Tensor, across: Array) -> list[Array]:
        space = _Parts.of(output)
        found: list[list[Array]] = [[] for _ in self._inputs]
        for direction in across:
            for i, g in enumerate(self._pulled(output, make(space.joined(direction).conj()))):
                own = self._spaces[i]
                found[i].append(
                    np.zeros(own.size) if g is None else own.split(g.detach().numpy().conj())
                )
        return [
            _stacked(rows, self._spaces[i].size) @ self._along[i].T for i, rows in enumerate(found)
        ]

    def _pulled(self, output: Tensor, g: Tensor) -> Sequence[Tensor | None]:
        found: Sequence[Tensor | None] = gradients(
            output, self._inputs, g, retain_graph=True, allow_unused=True
        )
        return found

    def _compare_batch(self, output: Tensor, rows: list[Array], k: int) -> None:
        space = _Parts.of(output)
        starts = make(np.stack([space.joined(direction).conj() for direction in self._across[k]]))

        def pull(g: Tensor) -> list[Tensor]:
            found = self._pulled(output, g)
            return [
                x.detach() * 0.0 if d is None else d
                for x, d in zip(self._inputs, found, strict=True)
            ]

        for i, batch in enumerate(vmap(pull)(starts)):
            split = [self._spaces[i].split(g) for g in batch.detach().numpy().conj()]
            found = _stacked(split, self._spaces[i].size) @ self._along[i].T
            self._compare(k, i, found, "by a batch of walks back", rows[i])

    def require_zero(self) -> None:
        """Refuse outputs that change with the inputs though none of them has a derivative."""
        if any(output.requires_grad for output in self._outputs):
            return
        for k, row in enumerate(self._numerical):
            for i, jacobian in enumerate(row):
                if not np.allclose(jacobian, 0.0, rtol=0.0, atol=self._atol):
                    raise GradientError(
                        f"Numerical gradient for function expected to be zero: output {k} does "
                        f"not require gradients, but changes with input {self._places[i]}:\n"
                        f"numerical:{jacobian}\nCompute it from the input in thalweg operations."
                    )

    # ---- by forward derivatives

    def forward(self, batched: bool) -> None:
        """Compare forward derivatives with differences, and with a batch of them."""
        for i, space in enumerate(self._spaces):
            if not space.size:
                continue
            moves = np.stack([space.joined(direction) for direction in self._along[i]])
            columns = [self._pushed(i, make(move)) for move in moves]
            batch = vmap(lambda t, i=i: self._pushed(i, t))(make(moves)) if batched else ()
            for k, output in enumerate(self._outputs):
                if output.dtype.kind not in "fc":
                    continue
                found = self._column(k, [column[k] for column in columns])
                self._compare(k, i, found, "analytical, forward")
                if batched:
                    together = self._column(k, list(batch[k]))
                    self._compare(k, i, together, "by a batch of forward derivatives", found)

    def _pushed(self, i: int, move: Tensor) -> list[Tensor]:
        node = self._inputs[i].node
        found = tangents(self._outputs, {} if node is None else {node: move}, False)
        return [
            make(np.zeros(o.array.shape, o.array.dtype)) if t is None else t
            for o, t in zip(self._outputs, found, strict=True)
        ]

    def _column(self, k: int, tangents_of: list[Tensor]) -> Array:
        space = _Parts.of(self._outputs[k])
        split = [space.split(t.detach().numpy()) for t in tangents_of]
        return self._across[k] @ _stacked(split, space.size).T

    # ---- the verdict

    def _compare(
        self, k: int, i: int, found: Array, kind: str, wanted: Array | None = None
    ) -> None:
        due = self._numerical[k][i] if wanted is None else wanted
        if np.allclose(found, due, self._rtol, self._atol, equal_nan=True):
            return
        name = "numerical" if wanted is None else "analytical"
        pairs = ", the imaginary parts after the real ones" if self._is_complex(k, i) else ""
        raise GradientError(
            f"Jacobian mismatch for output {k} with respect to input {self._places[i]},\n"
            f"{name}:{due}\n{kind}:{found}\nRows count the elements of the output, columns those "
            f"of the input{pairs}. Check the derivative rule, or move the input away from a kink."
        )

    def _is_complex(self, k: int, i: int) -> bool:
        return self._spaces[i].complex or self._outputs[k].dtype.kind == "c"


def _stacked(rows: list[Array], size: int) -> Array:
    return np.array(rows).reshape(len(rows), size)


def _directions(space: _Parts, fast: bool, random: np.random.Generator) -> Array:
    if not fast or not space.size:
        return np.eye(space.size)
    direction = random.normal(size=(1, space.size))
    unit: Array = direction / np.linalg.norm(direction)
    return unit


def _require_fine(place: int, tensor: Tensor) -> None:
    if any(step == 0 and n > 1 for step, n in zip(tensor.array.strides, tensor.shape, strict=True)):
        raise ShapeError(
            f"The {place}th input has a dimension with stride 0. gradcheck only supports inputs "
            "that are non-overlapping, to be able to compute the numerical gradients correctly. "
            "Give a clone() of it."
        )
    if tensor.dtype.name not in _FINE:
        warnings.warn(
            f"Input #{place} requires gradient and is not a double precision floating point or "
            "complex. This check will likely fail if all the inputs are not of double precision "
            "floating point or complex.",
            stacklevel=4,
        )
