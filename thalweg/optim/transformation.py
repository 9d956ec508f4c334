"""Gradient transformations: pairs of pure functions, and values that know how they were made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from thalweg import tree
from thalweg.core.spec import FLOAT64, DType, promote
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.errors import ArgumentError, Uncountable
from thalweg.ops.creation.creation import asarray, full_like, spec_of, zeros, zeros_like
from thalweg.ops.elementwise.comparison import minimum
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import of_users
from thalweg.optim.recipe import Form, Recipe, factory
from thalweg.tree import Tree, flatten_parameters

__all__ = [
    "EmptyState", "GradientTransformation", "GradientTransformationExtraArgs", "MaskOrFn",
    "OptState", "Params", "TransformInitFn", "TransformUpdateExtraArgsFn", "TransformUpdateFn",
    "Updates", "apply_updates", "identity", "init_empty_state", "safe_increment", "set_to_zero",
    "stateless", "stateless_with_tree_map", "with_extra_args_support",
]  # fmt: skip


Params = Tree

Updates = Tree

OptState = Tree

# A mask for `masked`: a tree of booleans, or a function from parameters to one.
MaskOrFn = Tree | Callable[[Params], Tree] | None

Step = tuple[Updates, OptState]

Leaves = TypeVar("Leaves")  # what a tree is, its results are

# The largest floating numbers of dtypes, by name.
_LARGEST = {
    "float8_e4m3fn": 448.0, "float8_e5m2": 57344.0, "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
}  # fmt: skip


class TransformInitFn(Protocol):
    """A function from parameters to the initial state of a transformation."""

    def __call__(self, params: Params) -> OptState:
        """Return the initial state for parameters."""


class TransformUpdateFn(Protocol):
    """A function from updates and a state to new updates and the new state."""

    def __call__(
        self, updates: Updates, state: OptState, params: Params | None = None
    ) -> tuple[Updates, OptState]:
        """Return new updates and the new state."""


class TransformUpdateExtraArgsFn(Protocol):
    """An update function that takes further keywords, such as the loss, or ignores them."""

    def __call__(
        self, updates: Updates, state: OptState, params: Params | None = None, **extra_args: Any
    ) -> tuple[Updates, OptState]:
        """Return new updates and the new state."""


class EmptyState(NamedTuple):
    """The state of a transformation that remembers nothing."""


class GradientTransformation(Recipe):
    """A pair of pure functions that turns gradients into updates.

    It unpacks as `init, update = transformation`. It prints, compares, pickles and can be rebuilt
    with other hyperparameters when its factory is one of this package or marked with `factory`.

    Args:
        init: Maps parameters to the initial state, a tree.
        update: Maps `(updates, state, params=None, **extra_args)` to new updates and new state.
            Extra arguments that it does not accept are not passed on to it.

    Example:
        >>> import thalweg as tw
        >>> double = tw.optim.GradientTransformation(
        ...     lambda params: tw.optim.EmptyState(),
        ...     lambda updates, state, params=None: (tw.tree.map(lambda g: 2 * g, updates), state),
        ... )
        >>> double.update([1.0, 2.0], double.init([0.0, 0.0]))
        ([2.0, 4.0], EmptyState())
    """

    __slots__ = ("_accepted", "_init", "_update", "_wants_params")

    def __init__(self, init: Callable[..., OptState], update: Callable[..., Any]) -> None:
        self._init, self._update = of_users(init), of_users(update)
        self._accepted = _accepted(update)
        self.remember(type(self), _FORM, {"init": init, "update": update})
        self._wants_params = _wants_params(update)

    def twin(self) -> Self:
        """Return a new transformation of the same functions."""
        twin = object.__new__(type(self))
        twin._init, twin._update, twin._accepted = self._init, self._update, self._accepted
        twin._wants_params = self._wants_params
        return twin.remember(self._factory, self._form, self._arguments)

    def continued(self, state: OptState) -> Self:
        """Return the transformation with a state that it had as its initial one.

        It prints and compares as before: to go on changes nothing that it does.

        Example:
            >>> import thalweg as tw
            >>> sgd = tw.optim.sgd(0.1, momentum=0.9)
            >>> _, state = sgd.update([1.0], sgd.init([0.0]))
            >>> sgd.continued(state).init([0.0]) == state
            True
        """
        twin = self.twin()
        twin._init = lambda params: state
        return twin

    @on_tensors
    def init(self, params: Params) -> OptState:
        """Return the initial state for parameters."""
        flatten_parameters(params)  # data classes in them become nodes
        return self._init(params)

    @on_tensors
    def update(
        self, updates: Leaves, state: OptState, params: Params = None, **extra_args: Any
    ) -> tuple[Leaves, OptState]:
        """Return new updates and the new state.

        Args:
            updates: Gradients, or the updates of a transformation before this one.
            state: What `init` or the last `update` returned.
            params: The parameters, for transformations that need them.
            extra_args: Anything else a transformation may want, such as the loss.
        """
        if self._accepted is not None:
            extra_args = {k: v for k, v in extra_args.items() if k in self._accepted}
        given = (updates, state, params) if self._wants_params else (updates, state)
        found: tuple[Leaves, OptState] = self._update(*given, **extra_args)
        return found

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter((self.init, self.update))

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        return (self.init, self.update)[index]


_FORM = Form(GradientTransformation)


class GradientTransformationExtraArgs(GradientTransformation):
    """A transformation whose update says that it takes extra arguments; all accept them.

    Args:
        init: As for `GradientTransformation`.
        update: As for `GradientTransformation`.

    Example:
        >>> import thalweg as tw
        >>> by_loss = tw.optim.GradientTransformationExtraArgs(
        ...     lambda params: tw.optim.EmptyState(),
        ...     lambda updates, state, params=None, *, value, **extra: (value * updates, state),
        ... )
        >>> by_loss.update(3.0, tw.optim.EmptyState(), value=2.0)
        (6.0, EmptyState())
    """

    __slots__ = ()


def _wants_params(update: Callable[..., Any]) -> bool:
    """Tell whether an update function takes parameters beside updates and state."""
    if inspect.isfunction(update) and not hasattr(update, "__wrapped__"):
        code = update.__code__
        return code.co_argcount > 2 or bool(code.co_flags & inspect.CO_VARARGS)
    kinds = [p.kind for p in inspect.signature(update).parameters.values()]
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Parameter.VAR_POSITIONAL in kinds or sum(k in by_place for k in kinds) > 2


def _accepted(update: Callable[..., Any]) -> frozenset[str] | None:
    """Return the names an update function takes, or None if it takes any."""
    if inspect.isfunction(update) and not hasattr(update, "__wrapped__"):
        # What the code says takes a twentieth of the time of a signature.
        code = update.__code__
        named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return None if code.co_flags & inspect.CO_VARKEYWORDS else frozenset(named)
    parameters = inspect.signature(update).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return None
    return frozenset(parameters)


def as_transformation(value: Any) -> GradientTransformation:
    """Return a transformation for anything that has `init` and `update`.

    Raises:
        ArgumentError: If it has not.
    """
    if isinstance(value, GradientTransformation):
        return value
    ours = callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))
    elsewhere = (getattr(value.update, "__module__", "") or "") if ours else ""
    if elsewhere.partition(".")[0] == "optax":
        raise ArgumentError(
            "A transformation of Optax was given, whose steps run on JAX's arrays alone. "
            "thalweg.optim has Optax's names: write `import thalweg.optim as optax`; one that is "
            "not there is made ours by thalweg.bridges.jax.from_optax."
        )
    if ours:
        return GradientTransformation(value.init, value.update)
    raise ArgumentError(
        f"{_name_of(value)} was given where a gradient transformation, with init and update, is "
        f"wanted. {_advice(value)}"
    )


@factory
def with_extra_args_support(tx: GradientTransformation) -> GradientTransformationExtraArgs:
    """Return a transformation whose update accepts any extra arguments; all do.

    Args:
        tx: A transformation, or anything else with `init` and `update`.

    Raises:
        ArgumentError: If it has not.

    Example:
        >>> import thalweg as tw
        >>> accepting = tw.optim.with_extra_args_support(tw.optim.scale(2.0))
        >>> accepting.update([1.0], tw.optim.EmptyState(), value=0.5)
        ([np.float64(2.0)], EmptyState())
    """
    made = as_transformation(tx)
    if isinstance(made, GradientTransformationExtraArgs):
        return made
    return GradientTransformationExtraArgs(made.init, made.update)


def _name_of(value: Any) -> str:
    if hasattr(value, "param_groups"):
        return f"The optimizer {type(value).__name__} with parameters of its own"
    return str(getattr(value, "__name__", repr(value)))


def _advice(value: Any) -> str:
    """Say how to make a transformation of what was given."""
    kind = value if isinstance(value, type) else type(value)
    if hasattr(kind, "add_param_group"):
        name = getattr(kind, "in_fits", kind.__name__.lower())
        return f"That is for loops of your own; here give the transformation, optim.{name}(0.01)."
    if callable(value):
        return f"Call it first: {_name_of(value)}(…)."
    if isinstance(value, str) and value.isidentifier():
        return f"Write optim.{value}(0.01), if there is one of that name."
    if isinstance(value, (list, tuple)):
        return "Join several with chain(first, second, …)."
    return "Give one such as sgd(0.1)."


def needed(params: Params, name: str) -> Params:
    """Return the parameters given to an update that cannot do without them.

    Raises:
        ArgumentError: If there are none.
    """
    if params is None:
        raise ArgumentError(
            f"{name} was updated without parameters, but needs their values. "
            "Call update(updates, state, params)."
        )
    return params


# ---- the step count


def first_count() -> Tensor:
    """Return the count before the first step: 0, an int32 scalar."""
    return zeros((), "int32")


@on_tensors
def safe_increment(count: Any) -> Tensor:
    """Return a count plus one; at the largest number of its dtype it stays, and does not wrap.

    Raises:
        Uncountable: If the count is neither an integer nor a floating number.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.safe_increment(np.int32(2**31 - 1)).item() == 2**31 - 1
        True
    """
    number = asarray(count)
    kind, size = number.dtype.kind, number.dtype.itemsize
    if kind == "f" and number.dtype.name in _LARGEST:
        return minimum(number + 1, full_like(number, _LARGEST[number.dtype.name]))
    if kind not in "iu":
        raise Uncountable(
            f"Cannot safely increment count with dtype {number.dtype}. Give an integer or a "
            "floating number."
        )
    last: int = 2 ** (8 * size - (kind == "i")) - 1
    return minimum(number, full_like(number, last - 1)) + 1


# ---- the simplest transformations


def init_empty_state(params: Params) -> EmptyState:
    """Return the state of a transformation that remembers nothing.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.init_empty_state([0.0])
        EmptyState()
    """
    return EmptyState()


@factory
def identity() -> GradientTransformation:
    """Leave updates as they are.

        u = g

    Example:
        >>> import thalweg as tw
        >>> tw.optim.identity().update([1.0], tw.optim.EmptyState())
        ([1.0], EmptyState())
    """

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        return updates, state

    return GradientTransformation(init_empty_state, update)


@factory
def set_to_zero() -> GradientTransformation:
    """Replace updates by zeros: the parameters stay where they are.

        u = 0

    Example:
        >>> import thalweg as tw
        >>> tw.optim.set_to_zero().update([1.0], tw.optim.EmptyState())
        ([np.float64(0.0)], EmptyState())
    """
    return stateless(lambda updates, params: each(zeros_like, updates))


@factory
def stateless(f: Callable[..., Updates]) -> GradientTransformation:
    """Transform updates by a function of `(updates, params)`, without a state.

    Example:
        >>> import thalweg as tw
        >>> halve = tw.optim.stateless(
        ...     lambda updates, params: tw.tree.map(lambda g: g / 2, updates)
        ... )
        >>> halve.update([1.0], tw.optim.EmptyState())
        ([0.5], EmptyState())
    """
    function = of_users(f)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        return function(updates, params), state

    return GradientTransformation(init_empty_state, update)


@factory
def stateless_with_tree_map(f: Callable[..., Any]) -> GradientTransformation:
    """Transform each leaf by a function of `(update, param)`; param is None if none are given.

    Example:
        >>> import thalweg as tw
        >>> flip = tw.optim.stateless_with_tree_map(lambda update, param: -update)
        >>> flip.update([1.0], tw.optim.EmptyState())
        ([np.float64(-1.0)], EmptyState())
    """
    function = of_users(f)
    return stateless(
        lambda updates, params: (
            each(lambda u: function(u, None), updates)
            if params is None
            else each(function, updates, params)
        )
    )


@on_tensors
def apply_updates(params: Leaves, updates: Updates) -> Leaves:
    """Return parameters plus updates, in the parameters' dtypes; None among parameters stays.

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.apply_updates({"w": tw.Tensor([1.0, 2.0])}, {"w": tw.Tensor([0.5, -0.5])})
        {'w': tensor([1.5000, 1.5000])}
    """
    moved: Leaves = tree.map_present(lambda p, u: _move(as_tensor(p), asarray(u)), params, updates)
    return moved


def _move(p: Tensor, u: Tensor) -> Tensor:
    moved = astype(p + u, p.dtype)
    # A parameter that is a Python number stays one, and other parameters' dtypes stay theirs.
    return make(moved.array, moved.node, True) if p.weak else moved


def each(function: Callable[..., Any], updates: Tree, *rest: Tree) -> Tree:
    """Apply a function to corresponding leaves, as tensors; None in updates stays."""
    return tree.map_present(lambda *leaves: function(*map(asarray, leaves)), updates, *rest)


def cast_like(leaves: Tree, like: Tree) -> Tree:
    """Convert each leaf to the dtype of its partner."""
    return each(lambda x, y: astype(x, y.dtype), leaves, like)


def common_dtype(leaves: Tree) -> DType:
    """Return the dtype that all leaves promote to; float64 if there are none."""
    specs = tuple(spec_of(leaf) for leaf in tree.leaves(leaves))
    return promote(specs)[0] if specs else FLOAT64
