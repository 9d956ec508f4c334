"""Derivatives of a function of tensors by PyTorch's calls: `torch.autograd.functional`.

The functional transforms of `tw` return functions and work on trees; these return values, and
take and return a tensor or a tuple of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.autodiff.hooks import turned
from thalweg.autodiff.jacobians import columns, rows
from thalweg.autodiff.recorded import Recorded
from thalweg.autodiff.reverse import cotangents
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError
from thalweg.ops.creation.creation import eye, ones_like, zeros
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.naming import adopted

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


Function = Callable[..., Any]


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return the Jacobian: J[i, j] = ∂ outputᵢ / ∂ inputⱼ, of shape (*output.shape, *input.shape).

    Args:
        func: Maps tensors to a tensor or a tuple of tensors.
        inputs: Its arguments, a tensor or a tuple.
        create_graph: Whether the result can be differentiated with respect to the inputs.
        strict: Whether an output that does not depend on an input is an error; else it gives 0.
        vectorize: Whether all rows are computed as one batch.
        strategy: "reverse-mode", by rows, or "forward-mode", by columns.

    Returns:
        One tensor; a tuple over the outputs, or the inputs, where these are a tuple; or a tuple
        over the outputs of tuples over the inputs.

    Raises:
        GradientError: If `strict` finds an output that does not depend on an input, or an output is
            complex in reverse mode.
        DtypeError: If the function returns something else than tensors.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ArgumentError(
            f"jacobian got strategy={strategy!r}; it wants 'reverse-mode' or 'forward-mode'. "
            "Give the one with fewer walks: reverse for few outputs."
        )
    call = _RecordedCall("jacobian", func, inputs, create_graph, strict)
    recorded = call.recorded
    if strategy == "forward-mode":
        parts = [columns(recorded, i) for i in range(len(recorded.variables))]
        found = [list(row) for row in zip(*parts, strict=True)]
    else:
        if any(output.dtype.kind == "c" for output in recorded.outputs):
            raise GradientError(
                "jacobian: grad can be implicitly created only for real scalar outputs but the "
                "function returned complex ones. Use torch.func.jacfwd, or real and imaginary "
                "parts."
            )
        by_row = rows if vectorize else _rows_in_turn
        found = [by_row(recorded, i) for i in range(len(recorded.outputs))]
    if strict and create_graph:
        call.require_graph([part for row in found for part in row])
    return call.as_outputs([call.as_inputs(row) for row in found])


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Return all second derivatives of a function with one number as its result.

    Arguments and errors as for `jacobian`.

    Returns:
        One tensor of shape (*input.shape, *input.shape), or a tuple of tuples of them.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """

    def slopes(*given: Tensor) -> Any:
        found = jacobian(_single("hessian", func, ()), given, True, strict)
        return found if isinstance(inputs, (tuple, list)) else found[0]

    return jacobian(slopes, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return a function's result and vᵀJ; without v the result is one number, and v is 1."""
    call = _RecordedCall("vjp", func, inputs, create_graph, strict)
    direction = call.direction(v, call.recorded.outputs, "result")
    found = call.as_inputs(call.recorded.pull_back(direction))
    return call.result(), found


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return a function's result and J v; without v the input is one number, and v is 1."""
    call = _RecordedCall("jvp", func, inputs, create_graph, strict)
    direction = call.direction(v, call.recorded.variables, "input")
    found = call.as_outputs(call.recorded.push_forward(direction))
    return call.result(), found


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return a function's only number and vᵀH; without v the input is one number, and v is 1."""

    def both(*given: Tensor) -> Any:
        inner = _RecordedCall("vhp", _single("vhp", func), given, True, strict)
        value = inner.recorded.outputs[0]
        return (*inner.recorded.pull_back([ones_like(value)]), inner.result())

    call = _RecordedCall("vhp", both, inputs, create_graph, strict)
    direction = call.direction(v, call.recorded.variables, "input")
    found = call.recorded.pull_back([*direction, None])
    return call.result()[-1], call.as_inputs(found)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return a function's only number and H v, which equals `vhp`: the Hessian is symmetric."""
    return vhp(func, inputs, v, create_graph, strict)


class _ToldRecord(Recorded):
    """An evaluation whose derivatives are told as `backward()` tells them."""

    def pull_back(self, gradients: list[Tensor | None]) -> list[Tensor]:
        """Return the cotangent of every variable; of complex numbers PyTorch's."""
        return list(map(turned, super().pull_back(list(map(turned, gradients)))))


class _RecordedCall:
    """One evaluation of a function of one or several tensors, recorded."""

    def __init__(
        self, name: str, func: Function, inputs: Any, create_graph: bool, strict: bool
    ) -> None:
        self._name = name
        self._several_inputs = isinstance(inputs, (tuple, list))
        self._several_outputs = False
        given = [
            _tensor(name, "inputs", x) for x in (inputs if self._several_inputs else (inputs,))
        ]
        if not create_graph:
            given = [x.detach() for x in given]
        self._create_graph = create_graph
        self.recorded = _ToldRecord(self._checked(func), given, {}, range(len(given)), False)
        if strict:
            self._require_dependence()

    def _checked(self, func: Function) -> Function:
        def run(*given: Tensor) -> tuple[Tensor, ...]:
            found = func(*given)
            self._several_outputs = isinstance(found, (tuple, list))
            outputs = tuple(found) if self._several_outputs else (found,)
            return tuple(
                _tensor(self._name, "outputs of the user-provided function", output)
                for output in outputs
            )

        return run

    def _require_dependence(self) -> None:
        recorded = self.recorded
        nodes = [v.node for v in recorded.variables if v.node is not None]
        for i, output in enumerate(recorded.outputs):
            if output.node is None:
                raise GradientError(
                    f"Output {i} of the user-provided function does not require gradients. The "
                    "outputs must be computed in a differentiable manner from the input when "
                    "running in strict mode. Leave strict out to get zeros."
                )
            found = cotangents([(output, ones_like(output))], nodes, False)
            for j, node in enumerate(nodes):
                if node not in found:
                    raise GradientError(
                        f"Output {i} of the user-provided function is independent of input {j}. "
                        "This is not allowed in strict mode. Leave strict out to get zeros."
                    )

    def require_graph(self, found: list[Tensor]) -> None:
        """Refuse derivatives that cannot be differentiated again."""
        if any(derivative.node is None for derivative in found):
            raise GradientError(
                f"The {self._name} of the user-provided function is independent of an input. "
                "This is not allowed in strict mode when create_graph=True. Leave strict out."
            )

    def direction(self, v: Any, likes: list[Tensor], what: str) -> list[Tensor | None]:
        """Return a given direction as one tensor for each value it belongs to."""
        if v is None:
            if len(likes) != 1 or likes[0].array.size != 1:
                raise GradientError(
                    f"The vector v can only be None in {self._name} if the user-provided "
                    f"function has one {what} with a single element. Give v."
                )
            return [ones_like(likes[0])]
        given = list(v) if isinstance(v, (tuple, list)) else [v]
        if len(given) != len(likes) and not (self._name == "vhp" and len(given) < len(likes)):
            raise GradientError(
                f"v is a tuple of invalid length: {self._name} should have {len(likes)} but got "
                f"{len(given)}. Give one tensor for each {what}."
            )
        for position, (part, like) in enumerate(zip(given, likes, strict=False)):
            if _tensor(self._name, "v", part).shape != like.shape:
                raise ShapeError(
                    f"{self._name}: entry {position} of v has shape {tuple(part.shape)} instead "
                    f"of {tuple(like.shape)}. v and the {what} must have the same shapes."
                )
        return given

    def result(self) -> Any:
        """Return what the function returned."""
        outputs = self.recorded.outputs
        if not self._create_graph:
            outputs = [output.detach() for output in outputs]
        return self.as_outputs(outputs)

    def as_inputs(self, found: list[Any]) -> Any:
        """Return one value an input, in the inputs' structure."""
        return tuple(adopted(found)) if self._several_inputs else adopted(found[0])

    def as_outputs(self, found: list[Any]) -> Any:
        """Return one value an output, in the outputs' structure."""
        return tuple(adopted(found)) if self._several_outputs else adopted(found[0])


def _tensor(name: str, what: str, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    raise DtypeError(
        f"The {what} given to {name} must be either a Tensor or a tuple of Tensors, but the given "
        f"{what} has type {type(value).__name__}. Make it a tensor with tw.tensor."
    )


def _single(name: str, func: Function, shape: tuple[int, ...] | None = None) -> Function:
    """Return the function, whose result must be one number, with that in a given shape."""

    def scalar(*given: Tensor) -> Tensor:
        output = func(*given)
        if not isinstance(output, Tensor):
            raise GradientError(
                f"The function given to {name} should return a single Tensor, and it returned a "
                f"{type(output).__name__}. Return the loss alone."
            )
        if output.array.size != 1:
            raise GradientError(
                f"The Tensor returned by the function given to {name} should contain a single "
                f"element, and it has shape {tuple(output.shape)}. Reduce it with .sum()."
            )
        return output if shape is None else reshape(output, shape)

    return scalar


def _rows_in_turn(recorded: Recorded, position: int) -> list[Tensor]:
    """Return the derivatives of one output, one walk back for each of its elements."""
    output = recorded.outputs[position]
    size = output.array.size
    if not size:
        return [zeros((*output.shape, *v.shape), dtype=v.dtype) for v in recorded.variables]
    basis = eye(size, dtype=output.dtype)
    rows = []
    for i in range(size):
        gradients: list[Tensor | None] = [None] * len(recorded.outputs)
        gradients[position] = reshape(basis[i], output.shape)
        rows.append(recorded.pull_back(gradients))
    return [
        reshape(stack([row[j] for row in rows]), (*output.shape, *v.shape))
        for j, v in enumerate(recorded.variables)
    ]
