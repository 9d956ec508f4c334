"""What a loss uses that requires gradients and is none of the parameters that are trained."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from thalweg.core.program import level_of_user
from thalweg.core.tape import Node
from thalweg.core.tensor import Tensor
from thalweg.errors import TracingError
from thalweg.training.program import Problem, Traced
from thalweg.training.surroundings import Surroundings


def warn_of_untrained(problem: Problem, traced: Traced) -> None:
    """Warn, once a trace, of tensors that require gradients and stay as they are.

    Raises:
        TracingError: If one was computed from a trained parameter before the fit.
    """
    if not traced.untrained:
        return
    surroundings = Surroundings(problem.loss)
    model = problem.model
    trained = {id(p) for p in model.parameters()} if model is not None else set()
    told: dict[str, str] = {}
    for tensor, line in traced.untrained:
        for leaf in _leaves(tensor, traced.began):
            name = surroundings.name_of(leaf.array) or f"a tensor of shape {tuple(leaf.shape)}"
            if id(leaf) in trained:
                raise TracingError(
                    f"The loss uses at {line} what was computed from {name} before the fit; it "
                    "would stay as it is while the parameter is trained. Compute it inside the "
                    "loss."
                )
            told.setdefault(name, line)
    if told:
        listed = ", ".join(f"{name} (used at {line})" for name, line in told.items())
        warnings.warn(
            f"The loss uses {listed}, which requires grad but is no parameter that this fit "
            "trains: it stays as it is. Make it a member of the module or part of params, or call "
            "requires_grad_(False) on it if that is meant.",
            stacklevel=level_of_user(),
        )


def _leaves(tensor: Tensor, until: int) -> Iterator[Tensor]:
    """Yield the leaves older than a moment that a tensor was computed from, or it itself."""
    seen: set[Node] = set()
    stack = [tensor.node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = node.leaf() if node.leaf is not None else None
        if leaf is not None and node.order < until:
            yield leaf
        stack += node.sources
