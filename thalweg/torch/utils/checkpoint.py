"""Less memory for more time: what a function computed is computed again in the backward pass.

Source: Chen et al. (2016), Training deep nets with sublinear memory cost.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from thalweg import tree
from thalweg.autodiff.stateful import gradients
from thalweg.control.branches import checkpoint as traced_checkpoint
from thalweg.core.program import clock
from thalweg.core.tape import Node, history, is_recording, set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, GradientError
from thalweg.lines import level_of_user
from thalweg.random.generator import default_generator
from thalweg.torch.autograd.function import Function
from thalweg.torch.nn.modules.container import Sequential
from thalweg.torch.nn.modules.module import Module

__all__ = ["checkpoint", "checkpoint_sequential", "noop_context_fn"]

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


def noop_context_fn() -> Contexts:
    """Return two contexts that do nothing."""
    return nullcontext(), nullcontext()


@contextmanager
def _drawing_from(state: Any) -> Iterator[None]:
    """Draw random numbers from a state on, and go on from the present one afterwards."""
    if state is None:
        yield
        return
    before = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(before)


@contextmanager
def _unwatched(nodes: Sequence[Node]) -> Iterator[None]:
    """Call no hooks of nodes: the walk that asks for their derivatives comes by them itself."""
    before = [node.watched for node in nodes]
    for node in nodes:
        node.watched = None
    try:
        yield
    finally:
        for node, asked in zip(nodes, before, strict=True):
            node.watched = asked


def _moving(found: Any, since: int) -> list[Tensor]:
    """Return the tensors in results that were computed, since a moment, from variables."""
    leaves = tree.leaves(found)
    return [
        x for x in leaves if isinstance(x, Tensor) and x.node is not None and x.node.order >= since
    ]


def _sources(results: Sequence[Tensor], since: int) -> list[Tensor]:
    """Return the tensors from before a moment that results depend on."""
    found: dict[Node, Tensor] = {}
    for node in history((x.node for x in results), since):
        for x, source in zip(node.inputs, node.sources, strict=True):
            if source is not None and source.order < since and source not in found:
                leaf = source.leaf() if source.leaf is not None else None
                own = x if x.node is source else make(x.array, source, kind=x.results)
                found[source] = own if leaf is None else leaf
    return list(found.values())


class CheckpointFunction(Function):
    """Results without their history, which `backward` records anew."""

    @staticmethod
    def forward(ctx: Any, again: Callable[[], Any], results: Any, *sources: Any) -> Any:
        """Return the results, of which nothing else is kept."""
        ctx.again, ctx.shapes = again, [x.shape for x in results]
        ctx.save_for_backward(*sources)
        return tuple(x.detach() for x in results)

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        """Return the derivatives by what the function used, which is computed again."""
        sources = ctx.saved_tensors
        create_graph, since = is_recording(), next(clock)
        with set_recording(True):
            results = _moving(ctx.again(), since)
        if [x.shape for x in results] != ctx.shapes:
            raise GradientError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the forward pass. The function must compute the "
                "same each time; let it depend on nothing that changes in between."
            )
        with _unwatched([x.node for x in sources]):
            found = gradients(
                results, sources, list(cotangents), create_graph=create_graph, allow_unused=True
            )
        return None, None, *found


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function whose derivative keeps nothing of it but what it depends on.

    In the backward pass it is called again. In a run of `thalweg.fit` it is computed twice too,
    unless it is a module with buffers, which a run computes once.

    Args:
        function: What to call; it computes the same when it is called again.
        args: Its arguments.
        use_reentrant: Which of PyTorch's two ways; both do the same here, that of False.
        context_fn: Returns two contexts, for the first and for the second call.
        determinism_check: Accepted as in PyTorch; shapes are always compared.
        debug: Accepted as in PyTorch; it has no meaning here.
        early_stop: Accepted as in PyTorch; it has no meaning here.
        preserve_rng_state: Whether random numbers of the second call are those of the first.
        kwargs: Its arguments by name.

    Raises:
        ArgumentError: If arguments by name, contexts or `debug` are given with `use_reentrant`.
        GradientError: In the backward pass, if the second call returns other shapes.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.utils.checkpoint import checkpoint
        >>> x = torch.tensor([0.0, 1.0], requires_grad=True)
        >>> checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([ 0.5403, -2.4784])
    """
    if use_reentrant is None:
        _warn("torch.utils.checkpoint")
    elif use_reentrant and (kwargs or context_fn is not noop_context_fn or debug):
        raise ArgumentError(
            "Unexpected keyword arguments: " + ",".join(kwargs)
            if kwargs
            else "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    leaves, definition = tree.flatten((args, kwargs))
    if any(isinstance(x, Tensor) and x.is_symbolic for x in leaves):
        return _traced(function, leaves, definition)
    first, second = context_fn()
    if not is_recording():
        with first:
            return function(*args, **kwargs)
    state = default_generator.get_state() if preserve_rng_state else None
    since = next(clock)
    with first:
        found = function(*args, **kwargs)
    results = _moving(found, since)
    if not results:
        return found

    def again() -> Any:
        with _drawing_from(state), second:
            return function(*args, **kwargs)

    made = CheckpointFunction.apply(again, results, *_sources(results, since))
    replaced = dict(zip(map(id, results), made, strict=True))
    leaves, definition = tree.flatten(found)
    return tree.unflatten(definition, [replaced.get(id(x), x) for x in leaves])


def _traced(function: Callable[..., Any], leaves: list[Any], definition: Any) -> Any:
    """Call a function inside a trace, its tensors as operands and all else as it is.

    What changes buffers is called as it is: what is computed twice can change nothing outside.
    """
    if _has_buffers(function):
        args, kwargs = tree.unflatten(definition, leaves)
        return function(*args, **kwargs)
    places = [i for i, x in enumerate(leaves) if isinstance(x, Tensor)]

    def of_tensors(*tensors: Any) -> Any:
        given = list(leaves)
        for place, x in zip(places, tensors, strict=True):
            given[place] = x
        args, kwargs = tree.unflatten(definition, given)
        return function(*args, **kwargs)

    return traced_checkpoint(of_tensors)(*(leaves[i] for i in places))


class _Segment:
    """Modules or functions called one after the other."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def __call__(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def _has_buffers(function: Any) -> bool:
    if isinstance(function, _Segment):
        return any(map(_has_buffers, function.parts))
    return isinstance(function, Module) and any(True for _ in function.buffers())


def _warn(name: str) -> None:
    warnings.warn(
        f"{name}: the use_reentrant parameter should be passed explicitly. Both of its values do "
        "the same here; use_reentrant=False is recommended.",
        UserWarning,
        stacklevel=level_of_user(),
    )


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Call functions one after the other, of all segments but the last keeping only the input.

    Args:
        functions: A `Sequential`, or a list of modules or functions.
        segments: How many parts they are cut into.
        input: What the first is called with.
        use_reentrant: As in `checkpoint`.
        preserve_rng_state: As in `checkpoint`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> from thalweg.torch.utils.checkpoint import checkpoint_sequential
        >>> model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1), nn.Tanh())
        >>> x = torch.ones(3, 2)
        >>> y = checkpoint_sequential(model, 2, x, use_reentrant=False)
        >>> torch.equal(y, model(x))
        True
    """
    if use_reentrant is None:
        _warn("torch.utils.checkpoint.checkpoint_sequential")
    parts = list(functions.children()) if isinstance(functions, Sequential) else list(functions)
    size = len(parts) // segments

    end = 0
    for first in range(0, size * (segments - 1), size):
        end = first + size
        input = checkpoint(
            _Segment(parts[first:end]), input, use_reentrant=bool(use_reentrant),
            preserve_rng_state=preserve_rng_state,
        )  # fmt: skip
    return _Segment(parts[end:])(input)
