"""PyTorch's `torch.func` by name and order of arguments: `torch.func`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thalweg.autodiff import batching
from thalweg.autodiff.batching import P, Result
from thalweg.autodiff.functional import grad, jvp, linearize, value_and_grad, vjp
from thalweg.autodiff.jacobians import hessian, jacfwd, jacrev
from thalweg.autodiff.recorded import Argnums
from thalweg.autodiff.transformed import Transformed
from thalweg.control import branches
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shape.join import stack
from thalweg.torch.naming import adopted
from thalweg.torch.nn.functional_call import functional_call
from thalweg.torch.nn.modules.module import Module

__all__ = [
    "cond",
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


def grad_and_value(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes (gradient, value): `value_and_grad` in PyTorch's order.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.func.grad_and_value(lambda x: (x**2).sum())(torch.tensor([1.0, 2.0]))
        (tensor([2., 4.]), tensor(5.))
    """
    both = value_and_grad(func, argnums, has_aux)

    def swapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return Transformed(swapped, grad_and_value, func, argnums, has_aux)


def vmap(
    func: Callable[P, Result],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[P, Result]:
    """Return a function that applies another to every example of a batch, as `tw.vmap` does.

    Args:
        func: The function of one example.
        in_dims: Which axis of each argument counts the examples; None for shared arguments.
        out_dims: Where that axis is put in the results.
        randomness: Whether random functions inside fail ("error"), draw other numbers for every
            example ("different"), or once for all ("same").
        chunk_size: How many examples are computed at a time; by default all.

    Raises: as `tw.vmap`.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.func.vmap(torch.dot, in_dims=(0, None))(torch.eye(2), torch.tensor([3.0, 4.0]))
        tensor([3., 4.])
    """
    return batching.vmap(func, in_dims, out_dims, randomness, chunk_size=chunk_size)


def cond(
    pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()
) -> Any:
    """Run one of two functions: `torch.cond`, as `tw.cond` does, in a run natively.

    Args:
        pred: A scalar: whether to run the first.
        true_fn: Of the operands.
        false_fn: Of the operands; its results are of the same shapes.
        operands: A tuple of them.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor(3.0)
        >>> torch.cond(x > 2, lambda a: a + 1, lambda a: a - 1, (x,))
        tensor(4.)
    """
    return adopted(branches.cond(pred, true_fn, false_fn, *operands))


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let all batch norms of a module forget running values, in place, and return the module.

    Batches are normalized by themselves then, and `vmap` can pass.
    """
    for module in root.modules():
        if hasattr(module, "track_running_stats"):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the parameters and the buffers of several models of one kind, stacked along axis 0.

    Args:
        models: Modules of one class, whose parameters have the same names and shapes.

    Returns:
        Two dictionaries by name, as `functional_call` takes them under `vmap`.

    Raises:
        ArgumentError: If there are no models, or of several classes.

    Example:
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> models = [torch.nn.Linear(2, 3) for _ in range(4)]
        >>> params, buffers = torch.func.stack_module_state(models)
        >>> params["weight"].shape
        torch.Size([4, 3, 2])
    """
    if len({type(model) for model in models}) != 1:
        raise ArgumentError(
            f"stack_module_state got models of {len({type(model) for model in models})} classes; "
            "it wants one at least, and all of one class. Give them in a list."
        )
    params = _stacked([dict(model.named_parameters()) for model in models])
    for tensor in params.values():
        tensor.requires_grad_()
    return params, _stacked([dict(model.named_buffers()) for model in models])


def _stacked(dicts: list[dict[str, Any]]) -> dict[str, Tensor]:
    return {name: stack([found[name].detach() for found in dicts]) for name in dicts[0]}
