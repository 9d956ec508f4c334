"""Whether derivatives are what differences say: PyTorch's `gradcheck` and `gradgradcheck`.

The Jacobians of one function at one place, by differences and along the tape, are compared.
Complex numbers are pairs of real ones. The cotangent of an input z = x + iy of a real function L
is ∂L/∂x - i ∂L/∂y; a complex output is two real functions, whose cotangents are 1 and -i.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.forward import tangents
from thalweg.autodiff.stateful import gradients
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.shape.join import stack

Array = np.ndarray[Any, Any]

Function = Callable[..., Any]

_FINE = ("float64", "complex128")

_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient. The "
    "tolerance was {}. Let backward draw no random numbers, or give nondet_tol."
)


def gradcheck(
    func: Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the derivatives of a function with central differences, (f(x+ε) - f(x-ε)) / 2ε.

    Args:
        func: Maps tensors to a tensor or a sequence of them.
        inputs: Its arguments; those that require gradients are moved, in their own memory, and
            put back, so that the function may also reach them by another way.
        eps: The step of the differences.
        atol: Allowed difference |a - d| ≤ atol + rtol·|d|.
        rtol: Allowed difference relative to that by differences.
        raise_exception: Whether a difference is an error; else the answer is False.
        nondet_tol: How much two walks back may differ from each other.
        check_undefined_grad: Accepted; the outputs are differentiated one at a time, so a
            function's backward meets outputs without a cotangent anyway.
        check_grad_dtypes: Accepted; a derivative always has the dtype of its input.
        check_batched_grad: Whether a batch of walks back must give the same.
        check_batched_forward_grad: Whether a batch of forward derivatives must.
        check_forward_ad: Whether forward derivatives are compared too.
        check_backward_ad: Whether those of walks back are.
        fast_mode: Whether Jacobians are compared along random directions only.
        masked: Accepted; it has a meaning for sparse tensors only.

    Returns:
        True; False if something differs and `raise_exception` is off.

    Raises:
        GradientError: If a derivative differs; it names input and output and shows both.
        ArgumentError: If no input requires gradients, or there is nothing to compare.
        ShapeError: If elements of an input share a place in memory.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([0.3, 2.0], dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradcheck(lambda x: torch.sin(x) * x, x)
        True
    """
    if not check_backward_ad and not check_forward_ad:
        raise ArgumentError(
            "gradcheck got neither check_backward_ad nor check_forward_ad; it wants at least one "
            "of them to be True. Leave both out to compare walks back."
        )
    check = Comparison(func, several(inputs), eps, atol, rtol, fast_mode)
    try:
        check.require_zero()
        if check_backward_ad:
            check.backward(nondet_tol, check_batched_grad)
        if check_forward_ad:
            check.forward(check_batched_forward_grad)
    except GradientError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare second derivatives with differences of first ones.

    Args:
        func: Maps tensors to a tensor or a sequence of them.
        inputs: Its arguments.
        grad_outputs: The cotangents of its outputs, which are differentiated with respect to as
            well; by default random ones.
        gen_non_contig_grad_outputs: Whether the random ones lie apart in memory.
        eps: As for `gradcheck`, like all that follow but two.
        atol: Allowed difference.
        rtol: Allowed difference, relative.
        raise_exception: Whether a difference is an error.
        nondet_tol: How much two walks may differ.
        check_undefined_grad: Accepted.
        check_grad_dtypes: Accepted.
        check_batched_grad: Whether a batch of walks back must give the same.
        check_fwd_over_rev: Whether forward derivatives of the walk back are compared.
        check_rev_over_rev: Whether those by a second walk back are.
        fast_mode: Whether random directions are enough.
        masked: Accepted.

    Returns and raises: as `gradcheck`.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([0.3, 2.0], dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradgradcheck(lambda x: torch.sin(x) * x, x)
        True
    """
    given = several(inputs)
    if grad_outputs is None:
        outputs = _differentiable(func(*given))
        starts = [_random_like(o, i, gen_non_contig_grad_outputs) for i, o in enumerate(outputs)]
    else:
        starts = several(grad_outputs)
    count = len(starts)

    def slopes(*args: Any) -> tuple[Any, ...]:
        own = args[: len(args) - count]
        wanted = [x for x in own if isinstance(x, Tensor) and x.requires_grad]
        found = gradients(
            _differentiable(func(*own)), wanted, args[len(args) - count :],
            create_graph=True, allow_unused=True,
        )  # fmt: skip
        return tuple(g for g in found if g is not None)

    return gradcheck(
        slopes, (*given, *starts), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


def _differentiable(result: Any) -> list[Tensor]:
    return [output for output in tensors_of(result) if output.requires_grad]


def _random_like(output: Tensor, seed: int, apart: bool) -> Tensor:
    random = np.random.default_rng(seed)
    # Every other element of a longer last axis lies apart in memory.
    shape = (*output.shape, 2) if apart else tuple(output.shape)
    values = random.normal(size=shape)
    if output.dtype.kind == "c":
        values = values + 1j * random.normal(size=shape)
    values = np.asarray(values, output.dtype)
    found = make(values[..., 0] if apart else values)
    found.requires_grad = True
    return found


# ---- the comparison


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

    def join(self, parts: Array) -> Array:
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
                move = space.join(self._eps * direction)
                ends = [self._values(memory, before + sign * move) for sign in (1, -1)]
                columns.append([(a - b) / (2 * self._eps) for a, b in zip(*ends, strict=True)])
        finally:
            memory[...] = before
        return [
            across @ _as_rows([column[k] for column in columns], across.shape[1]).T
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
            rows, again = self._rows(k), self._rows(k)
            for i, (a, b) in enumerate(zip(rows, again, strict=True)):
                self._compare(k, i, a, "analytical")
                if a.size and not np.max(np.abs(a - b)) <= nondet_tol:
                    raise GradientError(_NOT_REENTRANT.format(nondet_tol))
            if batched and rows:
                for i, found in enumerate(self._rows(k, batched=True)):
                    self._compare(k, i, found, "by a batch of walks back", rows[i])

    def _rows(self, k: int, batched: bool = False) -> list[Array]:
        """Return the Jacobians of one output, by a walk back for each row or all at once."""
        output, space = self._outputs[k], _Parts.of(self._outputs[k])

        def pull(g: Tensor) -> list[Tensor]:
            found = gradients(output, self._inputs, g, retain_graph=True, allow_unused=True)
            pairs = zip(self._inputs, found, strict=True)
            return [zeros_like(x.detach()) if d is None else d for x, d in pairs]

        starts = [make(space.join(direction)) for direction in self._across[k]]
        pulled: Iterable[Any] = (
            vmap(pull)(stack(starts)) if batched else zip(*map(pull, starts), strict=True)
        )
        return [
            _as_rows([own.split(g.detach().numpy()) for g in found], own.size) @ along.T
            for own, along, found in zip(self._spaces, self._along, pulled, strict=False)
        ]

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
            columns = self._columns(i)
            together = self._columns(i, batched=True) if batched else []
            for k, output in enumerate(self._outputs):
                if output.dtype.kind in "fc":
                    self._compare(k, i, columns[k], "analytical, forward")
                    if batched:
                        kind = "by a batch of forward derivatives"
                        self._compare(k, i, together[k], kind, columns[k])

    def _columns(self, i: int, batched: bool = False) -> list[Array]:
        """Return the Jacobians for one input, by a walk ahead for each column or all at once."""
        node = self._inputs[i].node

        def push(move: Tensor) -> list[Tensor]:
            found = tangents(self._outputs, {} if node is None else {node: move}, False)
            pairs = zip(self._outputs, found, strict=True)
            return [zeros_like(o.detach()) if t is None else t for o, t in pairs]

        moves = [make(self._spaces[i].join(direction)) for direction in self._along[i]]
        pushed: Iterable[Any] = (
            vmap(push)(stack(moves)) if batched else zip(*map(push, moves), strict=True)
        )
        return [
            across
            @ _as_rows([_Parts.of(t).split(t.detach().numpy()) for t in found], across.shape[1]).T
            for across, found in zip(self._across, pushed, strict=True)
        ]

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


def _as_rows(rows: list[Array], size: int) -> Array:
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
