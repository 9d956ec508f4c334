"""Whether derivatives are what differences say: PyTorch's `gradcheck` and `gradgradcheck`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.autodiff.stateful import gradients
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, GradientError
from thalweg.torch.autograd.comparison import Comparison, several, tensors_of

Function = Callable[..., Any]


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
        >>> x = torch.tensor([0.3, 2.0], requires_grad=True)
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
        >>> x = torch.tensor([0.3, 2.0], requires_grad=True)
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
