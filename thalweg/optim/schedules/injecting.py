"""Hyperparameters kept in the state, where they can be read, changed and scheduled."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from thalweg import tree
from thalweg.core.spec import real_dtype
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.foreign import Foreign
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import admitted, of_users
from thalweg.optim.recipe import Form
from thalweg.optim.scaling import at_step
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    cast_like,
    common_dtype,
    first_count,
    safe_increment,
)
from thalweg.optim.tree_utils.states import DictKey, NamedTupleKey, tree_get_all_with_path, tree_set

__all__ = [
    "InjectHyperparamsState", "InjectStatefulHyperparamsState", "StatefulSchedule",
    "WrappedSchedule", "WrappedScheduleState", "get_hyperparams", "inject_hyperparams",
    "inject_stateful_hyperparams", "set_hyperparams",
]  # fmt: skip


@runtime_checkable
class StatefulSchedule(Protocol):
    """A schedule of more than the step: it keeps a state, and may look at extra arguments."""

    def init(self) -> Any:
        """Return the initial state."""

    def update(self, state: Any, **extra_args: Any) -> Any:
        """Return the state after one more step."""

    def __call__(self, state: Any, **extra_args: Any) -> Any:
        """Return the value in a step."""


class WrappedScheduleState(NamedTuple):
    """The state of one scheduled hyperparameter."""

    count: Any  # int32 scalar: the steps made


class WrappedSchedule:
    """A schedule of the step as one that keeps a state, the step.

    Args:
        schedule_fn: A function of the step.

    Example:
        >>> import thalweg as tw
        >>> halving = tw.optim.WrappedSchedule(lambda step: 0.5**step)
        >>> float(halving(halving.update(halving.init())))
        0.5
    """

    def __init__(self, schedule_fn: Callable[[Any], Any]) -> None:
        self.schedule_fn = schedule_fn

    def init(self) -> WrappedScheduleState:
        """Return the state of no steps made."""
        return WrappedScheduleState(first_count())

    def update(self, state: WrappedScheduleState, **extra_args: Any) -> WrappedScheduleState:
        """Return the state after one more step."""
        return WrappedScheduleState(safe_increment(state.count))

    def __call__(self, state: WrappedScheduleState, **extra_args: Any) -> Any:
        """Return the value of the schedule at the step."""
        return at_step(self.schedule_fn, state.count)


class InjectHyperparamsState(NamedTuple):
    """The state of an optimizer with injected hyperparameters, in Optax's older form."""

    count: Any  # int32 scalar: the steps made
    hyperparams: dict[str, Any]  # the numbers by name
    inner_state: OptState


class InjectStatefulHyperparamsState(NamedTuple):
    """The state of an optimizer with injected hyperparameters."""

    count: Any  # int32 scalar: the steps made
    hyperparams: dict[str, Any]  # the numbers by name; change one here and the next step uses it
    hyperparams_states: dict[str, Any]  # of those with a schedule
    inner_state: OptState


def inject_hyperparams(
    inner_factory: Callable[..., GradientTransformation],
    static_args: str | Iterable[str] = (),
    hyperparam_dtype: Any = None,
) -> Callable[..., GradientTransformation]:
    """Make a factory whose transformations keep their numbers in the state.

    There they can be read and changed between steps, and each may follow a schedule.

    Args:
        inner_factory: A factory such as `adam`.
        static_args: Names of arguments that are no hyperparameters though callable or numbers.
        hyperparam_dtype: The dtype of the numbers; by default the parameters'.

    Returns:
        A factory of the same arguments, which accepts a schedule in place of every number.

    Raises:
        ArgumentError: If a static argument is none of the factory's.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.inject_hyperparams(tw.optim.sgd)(learning_rate=0.1)
        >>> optimizer
        inject_hyperparams(sgd)(learning_rate=0.1)
        >>> state = optimizer.init([0.0])
        >>> state.hyperparams["learning_rate"] = 0.5
        >>> updates, state = optimizer.update([1.0], state)
        >>> updates
        [np.float64(-0.5)]
    """
    names = {static_args} if isinstance(static_args, str) else set(static_args)
    return Injected(inner_factory, frozenset(names), hyperparam_dtype)


def inject_stateful_hyperparams(
    inner_factory: Callable[..., GradientTransformation],
    static_args: str | Iterable[str] = (),
    hyperparam_dtype: Any = None,
) -> Callable[..., GradientTransformation]:
    """Return `inject_hyperparams` of the same arguments, of which this is the older name.

    Example:
        >>> import warnings, thalweg as tw
        >>> with warnings.catch_warnings(action="ignore"):
        ...     tw.optim.inject_stateful_hyperparams(tw.optim.sgd)(0.1)
        inject_hyperparams(sgd)(learning_rate=0.1)
    """
    warnings.warn(
        "inject_stateful_hyperparams is deprecated, use inject_hyperparams instead",
        DeprecationWarning,
        stacklevel=2,
    )
    return inject_hyperparams(inner_factory, static_args, hyperparam_dtype)


# ---- the numbers of a running optimizer


class _Place(NamedTuple):
    """Where a state holds a hyperparameter."""

    path: tuple[Any, ...]
    name: str
    value: Any
    scheduled: bool

    @property
    def whole_name(self) -> str:
        """The name with the path to it, as `[1].learning_rate`."""
        return ".".join(map(str, (*self.path[:-2], self.name)))


def _places(state: OptState) -> list[_Place]:
    kind = InjectStatefulHyperparamsState.__name__
    return [
        _Place((*path, NamedTupleKey(kind, "hyperparams"), DictKey(name)), name, value,
               name in inner.hyperparams_states)
        for path, inner in tree_get_all_with_path(state, kind)
        for name, value in inner.hyperparams.items()
    ]  # fmt: skip


def get_hyperparams(state: OptState) -> dict[str, Any]:
    """Return the hyperparameters that a state holds, by name.

    A name that stands in several places is given with the path to each, as `[1].learning_rate`.

    Args:
        state: The state of an optimizer of factories from `inject_hyperparams`.

    Raises:
        ArgumentError: If there are none.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.inject_hyperparams(tw.optim.sgd)(0.1)
        >>> float(tw.optim.get_hyperparams(optimizer.init([0.0]))["learning_rate"])
        0.1
    """
    places = _places(state)
    if not places:
        raise ArgumentError(
            "The state holds no hyperparameters. Make the optimizer with "
            "inject_hyperparams(factory)(…), or look at its own `hyperparameters`."
        )
    names = [place.name for place in places]
    return {
        place.whole_name if names.count(place.name) > 1 else place.name: place.value
        for place in places
    }


def set_hyperparams(state: OptState, /, **hyperparams: Any) -> OptState:
    """Return a state with other hyperparameters, which the next step uses; nothing recompiles.

    Args:
        state: The state of an optimizer of factories from `inject_hyperparams`.
        hyperparams: New numbers by name, or by what `get_hyperparams` calls them where a name
            stands in several places; a name alone sets all of these.

    Raises:
        ArgumentError: If there is no such name, or it follows a schedule.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.inject_hyperparams(tw.optim.sgd)(0.1)
        >>> state = tw.optim.set_hyperparams(optimizer.init([0.0]), learning_rate=0.5)
        >>> optimizer.update([1.0], state)[0]
        [np.float64(-0.5)]
    """
    known = [*get_hyperparams(state)]
    places = _places(state)
    for given, number in hyperparams.items():
        chosen = [place for place in places if given in (place.name, place.whole_name)]
        if not chosen:
            raise ArgumentError(
                f"set_hyperparams got {given!r}, but the state holds {', '.join(known)}."
                f"{did_you_mean(given, known)}"
            )
        for place in chosen:
            state = _with_number(state, place, number)
    return state


def _with_number(state: OptState, place: _Place, number: Any) -> OptState:
    if place.scheduled:
        raise ArgumentError(
            f"set_hyperparams got {place.name!r}, which follows a schedule: the next step would "
            "compute it anew. Make the optimizer with a number, or change the schedule's state."
        )
    # Of the dtype it had: what is compiled for the state stays.
    kept = on_tensors(lambda old, new: astype(as_tensor(new), old.dtype))(place.value, number)

    def is_there(path: tuple[Any, ...], _: Any) -> bool:
        return path == place.path

    return tree_set(state, is_there, **{place.name: kept})


class Injected:
    """A factory whose transformations keep their numbers in the state: `inject_hyperparams`."""

    def __init__(
        self, inner_factory: Callable[..., Any], static_args: frozenset[str], dtype: Any
    ) -> None:
        self.inner_factory = inner_factory
        self.static_args = static_args
        self.dtype = dtype
        self.__signature__ = inspect.signature(inner_factory)
        self.__name__ = f"inject_hyperparams({getattr(inner_factory, '__name__', inner_factory)})"
        self._form = Form(inner_factory)
        for name in sorted(static_args - set(self._form.parameters)):
            raise ArgumentError(
                f"static_args names {name!r}, which is no argument of {inner_factory.__name__}."
                f"{did_you_mean(name, self._form.parameters)}"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> GradientTransformation:
        """Return a transformation with its numbers in the state."""
        arguments = self._form.bind(args, kwargs)
        found = _Kinds(arguments, self.static_args)
        if not found.schedules:
            # Numbers outside their range are refused here, not at the first step.
            self.inner(found.others, found.numbers)
        return _pair(self, found).remember(self, self._form, arguments)

    def inner(self, others: dict[str, Any], numbers: dict[str, Any]) -> GradientTransformation:
        """Return the transformation for the current numbers."""
        given = {**others, **numbers}
        arguments = {name: given[name] for name in self._form.parameters}
        positional, named = self._form.split(arguments)
        return as_transformation(of_users(self.inner_factory)(*positional, **named))

    def converted(self, value: Any, like: Any, scheduled: bool) -> Tensor:
        """Return a number as it is kept in the state; integers stay integers.

        So does the dtype of another library's, if the number has one of its own.
        """
        tensor = as_tensor(admitted(value))
        own = tensor.array.__class__ is Foreign and not getattr(value, "weak_type", False)
        if tensor.dtype.kind != "f" or (own and not scheduled):
            return tensor
        return astype(tensor, self.dtype or real_dtype(common_dtype(like)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Injected) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        return self.inner_factory, self.static_args, str(self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return inject_hyperparams, (self.inner_factory, sorted(self.static_args), self.dtype)

    def __repr__(self) -> str:
        return self.__name__


class _Kinds:
    """The arguments of a factory, sorted: schedules, numbers, others."""

    def __init__(self, arguments: dict[str, Any], static_args: frozenset[str]) -> None:
        self.schedules: dict[str, Any] = {}
        self.numbers: dict[str, Any] = {}
        self.others: dict[str, Any] = {}
        for name, value in arguments.items():
            fixed = name in static_args or isinstance(value, (bool, type, GradientTransformation))
            if not fixed and callable(value):
                stateful = isinstance(value, StatefulSchedule)
                self.schedules[name] = value if stateful else WrappedSchedule(value)
            elif not fixed and (isinstance(value, (int, float)) or hasattr(value, "dtype")):
                self.numbers[name] = value
            else:
                self.others[name] = value


def _pair(injected: Injected, found: _Kinds) -> GradientTransformation:
    def current(
        numbers: dict[str, Any], states: Any, like: Params, extra: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the hyperparameters of a step: numbers, and the values of the schedules."""
        values = {n: of_users(s)(states[n], **extra) for n, s in found.schedules.items()}
        return {k: injected.converted(v, like, k in values) for k, v in (numbers | values).items()}

    def init(params: Params) -> InjectStatefulHyperparamsState:
        states = {n: tree.map(admitted, s.init()) for n, s in found.schedules.items()}
        numbers = current(found.numbers, states, params, {})
        inner_state = injected.inner(found.others, numbers).init(params)
        return InjectStatefulHyperparamsState(first_count(), numbers, states, inner_state)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        like = updates if params is None else params
        before = state.hyperparams_states
        numbers = current(state.hyperparams, before, like, extra)
        states = {n: of_users(s.update)(before[n], **extra) for n, s in found.schedules.items()}
        inner = injected.inner(found.others, numbers)
        result, inner_state = inner.update(updates, state.inner_state, params, **extra)
        # The numbers have a dtype, which would widen narrower leaves.
        result = cast_like(result, updates)
        inner_state = cast_like(inner_state, state.inner_state)
        count = safe_increment(state.count)
        return result, InjectStatefulHyperparamsState(count, numbers, states, inner_state)

    return GradientTransformation(init, update)
