"""Rules for groups of parameters by their names, and accounts of who gets which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg import tree
from thalweg.errors import ArgumentError
from thalweg.optim.masking import masked, partition, resolved
from thalweg.optim.naming.patterns import matches, name_of, require_matches, steps_of
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
)
from thalweg.optim.transforms.chains import chain, named_chain
from thalweg.tree import Tree

__all__ = ["account", "groups"]

# The label of the parameters without a pattern, which is no pattern itself.
_REST = "(default)"


@factory
def groups(rules: Mapping[str, Any], default: Any = None) -> GradientTransformation:
    """Transform parameters by rules for their names.

    A parameter's name is the way to it: `layers.0.bias` for `params["layers"][0].bias`, and for
    what modules call `layers.0.bias`. In a pattern `*` stands for any part of one step of the way,
    `?` for a character, `**` for any number of steps, none too.

    Args:
        rules: Transformations by pattern; `set_to_zero()` freezes.
        default: The transformation of the parameters that match none.

    Raises:
        ArgumentError: By `init`, if a pattern matches no parameter, a parameter matches several
            patterns, or it matches none and there is no default.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.groups(
        ...     {"**.bias": tw.optim.sgd(0.1), "head.*": tw.optim.set_to_zero()},
        ...     default=tw.optim.adam(0.01),
        ... )
        >>> params = {"body": {"bias": 1.0, "w": 1.0}, "head": {"w": 1.0}}
        >>> print(tw.optim.account(optimizer, params))
        body.bias  ()  sgd(learning_rate=0.1)
        body.w     ()  adam(learning_rate=0.01)
        head.w     ()  set_to_zero()
    """
    given = {pattern: as_transformation(rule) for pattern, rule in rules.items()}
    inner = given if default is None else {**given, _REST: as_transformation(default)}

    def split(leaves: Tree) -> GradientTransformation:
        return partition(inner, _labels(given, leaves, default is not None))

    def init(params: Params) -> OptState:
        split_params = split(params)
        require_matches(given, params)
        return split_params.init(params)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        return split(updates).update(updates, state, params, **extra)

    return GradientTransformation(init, update)


def _labels(patterns: Mapping[str, Any], leaves: Tree, has_default: bool) -> Tree:
    """Return the pattern that each parameter matches."""
    labels = []
    for steps in steps_of(leaves):
        name = name_of(steps)
        matching = [pattern for pattern in patterns if matches(pattern, steps)]
        if len(matching) > 1:
            raise ArgumentError(
                f"The parameter {name} matches the patterns {' and '.join(map(repr, matching))}. "
                "Make one of them narrower: a parameter has one rule."
            )
        if not matching and not has_default:
            raise ArgumentError(
                f"The parameter {name} matches none of the patterns "
                f"{', '.join(map(repr, patterns))}. Add one that does, or a default."
            )
        labels.append(matching[0] if matching else _REST)
    return tree.unflatten(tree.structure(leaves), labels)


# ---- who gets which rule


def account(optimizer: GradientTransformation, params: Params) -> str:
    """Tell which parameter gets which rule: a line each, of its name, its shape and the rule.

    It looks into chains, `masked`, `partition` and `groups`; other transformations are rules.

    Args:
        optimizer: A transformation made by a factory.
        params: The parameters; or a module, of which they are those that require gradients.

    Raises:
        ArgumentError: If groups do not fit the parameters.
        ShapeError: If a mask does not.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.chain(
        ...     tw.optim.clip(1.0), tw.optim.masked(tw.optim.sgd(0.1), {"w": True, "b": False})
        ... )
        >>> print(tw.optim.account(optimizer, {"w": 1.0, "b": 1.0}))
        b  ()  clip(max_delta=1.0)
        w  ()  clip(max_delta=1.0) → sgd(learning_rate=0.1)
    """
    params = _of_module(params)
    names = [*map(name_of, steps_of(params))]
    shapes = [str(tuple(getattr(leaf, "shape", ()))) for leaf in tree.leaves(params)]
    rules = _rules(optimizer, params, len(names))
    widths = [max(map(len, column), default=0) for column in (names, shapes)]
    return "\n".join(
        f"{name:{widths[0]}}  {shape:{widths[1]}}  {' → '.join(map(repr, links)) or 'unchanged'}"
        for name, shape, links in zip(names, shapes, rules, strict=True)
    )


def _of_module(params: Any) -> Params:
    """Return the parameters that a module would be trained in, by name; others as they are."""
    if not callable(getattr(params, "named_parameters", None)):
        return params
    return {name: p for name, p in params.named_parameters() if p.requires_grad}


Links = list[GradientTransformation]


def _rules(made: GradientTransformation, params: Params, count: int) -> list[Links]:
    """Return the transformations of each parameter, one after another."""
    maker, arguments = made.made_by
    if maker in (chain, named_chain):
        links = [x if maker is chain else x[1] for x in arguments["args"]]
        each = [_rules(as_transformation(link), params, count) for link in links]
        return [[link for links in column for link in links] for column in zip(*each, strict=True)]
    if maker is groups:
        rules = {**arguments["rules"], _REST: arguments["default"]}
        labels = _labels(arguments["rules"], params, arguments["default"] is not None)
        return _by_label(rules, labels, params, count)
    if maker is partition:
        labels = arguments["param_labels"]
        labels = labels(params) if callable(labels) else labels
        return _by_label(arguments["transforms"], labels, params, count)
    if maker is masked:
        mask = arguments["mask"]
        chosen = tree.prefix_leaves(resolved(mask, params), params)
        inner = _rules(as_transformation(arguments["inner"]), params, count)
        return [links if kept else [] for kept, links in zip(chosen, inner, strict=True)]
    return [[made]] * count


def _by_label(rules: Mapping[Any, Any], labels: Tree, params: Params, count: int) -> list[Links]:
    below = {
        label: _rules(as_transformation(rule), params, count)
        for label, rule in rules.items()
        if rule is not None
    }
    return [below[label][i] for i, label in enumerate(tree.prefix_leaves(labels, params))]
