"""The stateful habit over the same tape: backward, autograd.grad, and what .grad may be."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from thalweg.autodiff.graph import name_of
from thalweg.autodiff.hooks import store
from thalweg.autodiff.reverse import Outputs, leading_to, reachable, walk
from thalweg.core.memory import memory_of
from thalweg.core.operation import attach, method
from thalweg.core.tape import Node
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError, TracingError
from thalweg.lines import level_of_user
from thalweg.ops.creation.creation import ones_of, zeros_like


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the derivatives of tensors to `.grad` of every leaf that they depend on.

    Args:
        tensors: What to differentiate, a tensor or several; scalars, unless gradients are given.
        grad_tensors: The cotangent of each, of its shape; by default 1.
        retain_graph: Whether the tape is kept for another backward; by default it is if
            `create_graph` is given, and freed otherwise.
        create_graph: Whether the derivatives can themselves be differentiated.
        inputs: The tensors whose `.grad` is added to; by default all leaves.

    Raises:
        GradientError: If a tensor does not depend on a leaf that requires gradients, if it is
            not a scalar and no gradient is given, or if its tape has been freed.
        ShapeError: If a gradient has another shape than its tensor.
        ArgumentError: If there are no inputs among `inputs`.
    """
    outputs = _outputs(tensors, grad_tensors, "backward()")
    if inputs is not None and not _several(inputs):
        raise ArgumentError(
            "`inputs` argument to `backward()` cannot be empty: it names the tensors whose .grad "
            "is added to. Leave it out for all leaves."
        )
    targets = {} if inputs is None else {_node(t): t for t in _several(inputs)}
    wanted = None if inputs is None else list(targets)
    order = reachable([tensor for tensor, _ in outputs], wanted)
    found = walk(order, outputs, wanted, create_graph)
    stored = False
    for node, g in found.items():
        leaf = targets.get(node) if targets else node.leaf() if node.leaf is not None else None
        # Since it was recorded, requires_grad may have been taken from the leaf.
        if leaf is not None and leaf.node is not None:
            _store(leaf, g, create_graph)
            stored = True
    if not stored and wanted is None and not any(node.leaf is not None for node in found):
        raise GradientError(
            "backward() was called inside a function that is differentiated, of what depends on "
            "its arguments alone: they have no .grad. Use tw.grad or torch.autograd.grad there."
        )
    if not (create_graph if retain_graph is None else retain_graph):
        _free(order, wanted)


def _backward(
    tensor: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the derivative of this tensor to `.grad` of every leaf that requires it."""
    backward(tensor, gradient, retain_graph, create_graph, inputs)


attach("backward", _backward)


def _free(order: list[Node], variables: list[Node] | None) -> None:
    """Forget what the nodes keep whose rules have run; what is behind the variables is kept."""
    useful = None if variables is None else leading_to(order, variables)
    # What was differentiated is printed later, with the name of the step that made it.
    if order and order[0].called is None and order[0].primitive is not None:
        order[0].called = name_of(order[0])
    for node in order:
        ran = useful is None or any(source in useful for source in node.sources)
        if node.primitive is not None and ran:
            node.inputs, node.sources, node.params, node.array = (), (), {}, None


def _several(given: Any) -> list[Tensor]:
    return [given] if isinstance(given, Tensor) else list(given)


def _node(tensor: Tensor) -> Node:
    if not tensor.requires_grad or tensor.node is None:
        raise GradientError(
            "One of the differentiated Tensors does not require grad. Set requires_grad=True on "
            "it before it is used."
        )
    return tensor.node


def _outputs(tensors: Any, gradients: Any, caller: str) -> Outputs:
    given = _several(tensors)
    single = not isinstance(gradients, (tuple, list))
    starts = [gradients] if single else list(gradients)
    starts = [None] * len(given) if gradients is None else starts
    if len(starts) != len(given):
        raise GradientError(
            f"{caller} got {len(given)} tensors but {len(starts)} gradients. Give one each."
        )
    return [
        (tensor, _start(number, tensor, start, caller))
        for number, (tensor, start) in enumerate(zip(given, starts, strict=True))
    ]


def _start(number: int, tensor: Tensor, gradient: Any, caller: str) -> Tensor:
    if tensor.node is None and not tensor.requires_grad:
        raise GradientError(
            f"element {number} of tensors does not require grad and does not have a grad_fn: "
            f"{caller} was called on what was not computed from a leaf that does. Set "
            "requires_grad=True on the leaves first, outside no_grad()."
        )
    if gradient is None:
        if tensor.array.shape != () and tensor.size != 1:
            raise GradientError(
                f"grad can be implicitly created only for scalar outputs, and {caller} was "
                f"called on a tensor of shape {tuple(tensor.shape)}. Reduce it with .sum() or "
                ".mean(), or give a gradient of that shape."
            )
        return ones_of(tensor)
    start = as_tensor(gradient)
    if start.shape != tensor.shape:
        raise ShapeError(
            f"{caller} got a gradient of shape {tuple(start.shape)} for a tensor of shape "
            f"{tuple(tensor.shape)}. Give one number an element."
        )
    return start if start.dtype == tensor.dtype else astype(start, tensor.dtype)


def _store(leaf: Tensor, g: Tensor, create_graph: bool) -> None:
    if g.is_symbolic and not leaf.is_symbolic:
        raise TracingError(
            "backward() was called inside a traced function on a leaf outside of it, whose .grad "
            "would exist only when the program runs. Pass the leaf as an argument, and use grad."
        )
    store(leaf, g, create_graph)
    node = leaf.node
    if node is not None and node.watched is not None:
        for hook in list(node.watched.stored.values()):
            hook(leaf)


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """Return the derivatives of outputs with respect to inputs: PyTorch's `autograd.grad`.

    Args:
        outputs: What to differentiate, a tensor or several.
        inputs: With respect to what: a tensor, several, or a dictionary of them.
        grad_outputs: The cotangent of each output; by default 1 for scalars.
        retain_graph: Whether the tape is kept; by default it is if `create_graph` is given.
        create_graph: Whether the derivatives can themselves be differentiated.
        only_inputs: Always so: no `.grad` is changed.
        allow_unused: Whether None stands for an input the outputs do not depend on.
        is_grads_batched: Not supported; `tw.vmap` and `tw.jacrev` do many at once.
        materialize_grads: Whether zeros do.

    Returns:
        A tuple, or a dictionary where one was given, of derivatives.

    Example:
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> x = tw.tensor([1.0, 2.0], requires_grad=True)
        >>> torch.autograd.grad((x**3).sum(), x)
        (tensor([ 3., 12.]),)
    """
    if is_grads_batched:
        raise GradientError(
            "autograd.grad() got is_grads_batched=True; it takes one cotangent an output. Call it "
            "once each, or use tw.jacrev."
        )
    wanted = list(inputs.values()) if isinstance(inputs, Mapping) else _several(inputs)
    nodes = [_node(tensor) for tensor in wanted]
    pairs = _outputs(outputs, grad_outputs, "autograd.grad()")
    order = reachable([tensor for tensor, _ in pairs], nodes)
    cotangents = walk(order, pairs, nodes, create_graph)
    if not (create_graph if retain_graph is None else retain_graph):
        _free(order, nodes)
    allowed = materialize_grads if allow_unused is None else allow_unused
    found = tuple(
        _derivative(cotangents, node, tensor, i, allowed, materialize_grads)
        for i, (node, tensor) in enumerate(zip(nodes, wanted, strict=True))
    )
    return dict(zip(inputs, found, strict=True)) if isinstance(inputs, Mapping) else found


def _derivative(
    found: Mapping[Node, Tensor], node: Node, tensor: Tensor, i: int, allowed: bool, zeros: bool
) -> Tensor | None:
    if node in found:
        return found[node]
    if not allowed:
        raise GradientError(
            f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
    return zeros_like(tensor) if zeros else None


# ---- what .grad may be


def _grad(tensor: Tensor) -> Tensor | None:
    """The derivative that `backward()` stored, or None.

    Raises:
        GradientError: If it is set to a tensor of another shape or dtype.
    """
    if tensor._grad is None and tensor.node is not None:
        _warn_of_no_grad(tensor)
    return tensor._grad


def _set_grad(tensor: Tensor, value: Tensor | None) -> None:
    if value is not None:
        _require_gradient_of(tensor, value)
    tensor._grad = value


attach("grad", property(_grad, _set_grad))


def _require_gradient_of(tensor: Tensor, value: Any) -> None:
    """Refuse a `.grad` that does not belong to a tensor."""
    if not isinstance(value, Tensor):
        raise DtypeError(
            f"assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(value).__name__}. Wrap it with tw.tensor."
        )
    if value.shape != tensor.shape:
        raise ShapeError(
            f"assigned grad has data of a different size: {tuple(value.shape)} for a tensor of "
            f"shape {tuple(tensor.shape)}. Give one number an element."
        )
    if value.dtype != tensor.dtype:
        raise DtypeError(
            f"assigned grad has data of a different type: {value.dtype} for a tensor of dtype "
            f"{tensor.dtype}. Convert it with astype."
        )


def _warn_of_no_grad(tensor: Tensor) -> None:
    """Warn that `.grad` is read of a tensor that `backward()` stores none for."""
    node = tensor.node
    if node is None or node.leaf is not None or node.primitive is None or tensor.is_symbolic:
        return
    if node.watched is None or node.watched.retained is None:
        warnings.warn(
            "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
            ".grad attribute won't be populated during backward(). Use .retain_grad() on the "
            "non-leaf Tensor if you want it, or access the leaf Tensor instead.",
            stacklevel=level_of_user(),
        )


# ---- what a tensor tells of itself


@method
def detach_(tensor: Tensor) -> Tensor:
    """Forget a tensor's history, in place: it is a leaf that requires no gradient.

    Raises:
        GradientError: If the tensor is a view, whose history is its base's.
    """
    view = tensor.origin
    if view is not None:
        if not view.own:
            raise GradientError(
                "Can't detach views in-place: what they show belongs to their base. Use detach()."
            )
        view.base.node = None
    tensor.node = None
    return tensor


def _version(tensor: Tensor) -> int:
    return memory_of(tensor).version


def _retains_grad(tensor: Tensor) -> bool:
    node = tensor.node
    return node is not None and node.watched is not None and node.watched.retained is not None


attach("_version", property(_version, doc="How often this memory was changed in place."))
attach("retains_grad", property(_retains_grad, doc="Whether `.grad` is kept though no leaf."))
