"""Decoupled weight decay for optimizers that have none of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray
from thalweg.optim.optimizers.gradient.asgd import asgd
from thalweg.optim.ranges import check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import WeightDecay, at_step
from thalweg.optim.schedules.injecting import Injected
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain, named_chain

__all__ = ["WithWeightDecayState", "with_weight_decay"]

_RATE = "learning_rate"


class WithWeightDecayState(NamedTuple):
    """The state of `with_weight_decay`."""

    count: Any  # int32 scalar: the steps made
    inner_state: OptState  # that of the optimizer


@factory
def with_weight_decay(
    optimizer: GradientTransformation,
    weight_decay: ScalarOrSchedule,
    mask: Any = None,
    *,
    learning_rate: ScalarOrSchedule | None = None,
) -> GradientTransformation:
    """Give an optimizer decoupled weight decay, scaled by its learning rate as AdamW scales it.

        u = the optimizer's update − learning_rate(t) · weight_decay(t) · p

    The gradient's averages never see the decay: of `adam(η)` this makes `adamw(η)`. The learning
    rate is the one that the optimizer was made with, a schedule too, and one that is set by
    `set_hyperparams`; in a chain it is that of the last link. What wraps an optimizer (MultiSteps,
    lookahead, groups, …) wants the decay inside of it, where steps and parameters are the
    optimizer's own; around one that is `cautious`, give the learning rate.

    Args:
        optimizer: An optimizer without weight decay of its own.
        weight_decay: A finite number or a schedule of the optimizer's steps.
        mask: A mask as for `masked`, True where weights decay; None for all.
        learning_rate: What the decay is multiplied by, in [0, ∞) or a schedule, where the
            optimizer has no argument of this name; 1 for a decay that does not follow the rate.

    Raises:
        ArgumentError: If a number is outside its range, the optimizer has weight decay of its own,
            or its learning rate cannot be known and none is given; by `init`, if a pattern in the
            mask matches no parameter; by `update`, if it gets no parameters.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.with_weight_decay(tw.optim.sgd(0.5), 0.1, mask="w")
        >>> params = {"w": 2.0, "b": 2.0}
        >>> optimizer.update({"w": 1.0, "b": 1.0}, optimizer.init(params), params)[0]
        {'w': np.float64(-0.6), 'b': np.float64(-0.5)}
    """
    inner = as_transformation(optimizer)
    decay = WeightDecay(weight_decay, mask)
    if learning_rate is not None:
        check_learning_rate(learning_rate)
    rate = _rate_of(inner) if learning_rate is None else learning_rate

    def init(params: Params) -> WithWeightDecayState:
        decay.check(params)
        return WithWeightDecayState(first_count(), inner.init(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = needed(params, "with_weight_decay")
        found, inner_state = inner.update(updates, state.inner_state, params, **extra)
        now = rate.read(inner_state) if isinstance(rate, _KeptRate) else rate
        value = at_step(now, state.count) if callable(now) else now

        def moved(u: Tensor, lost: Tensor) -> Tensor:
            scaled = lost * (astype(value, lost.dtype) if isinstance(value, Tensor) else value)
            return astype(u - scaled, u.dtype)

        found = each(moved, found, decay.of(weights, state.count))
        return found, WithWeightDecayState(safe_increment(state.count), inner_state)

    return GradientTransformation(init, update)


class _KeptRate(NamedTuple):
    """A learning rate that the state of an optimizer keeps: the way to it through chains."""

    way: tuple[Any, ...]

    def read(self, state: OptState) -> Tensor:
        """Return the rate of the step that left this state."""
        for key in self.way:
            state = state[key]
        found: Tensor = as_tensor(asarray(state.hyperparams[_RATE]))
        return found


def _rate_of(optimizer: GradientTransformation) -> Any:
    """Return the learning rate that an optimizer was made with, or where its state keeps it.

    Raises:
        ArgumentError: If there is none, or its decay belongs elsewhere.
    """
    links = [(way, *link.made_by) for way, link in _links(optimizer, ())]
    for _, maker, arguments in links:
        if any(name.startswith("weight_decay") for name in arguments):
            raise ArgumentError(
                f"{optimizer} takes weight decay itself, in {_name_of(maker)}. Give it there, a "
                "schedule and a mask too."
            )
        if any(map(_holds_transformation, arguments.values())):
            raise ArgumentError(_advice(optimizer, wraps=True))
    rates = [arguments.get(_RATE) for _, _, arguments in links]
    alone = bool(links) and rates[-1] is not None and not any(r is not None for r in rates[:-1])
    if not alone or links[-1][1] is asgd or not links[-1][2].get("flip_sign", True):
        raise ArgumentError(_advice(optimizer, wraps=False))
    way, maker, _ = links[-1]
    return _KeptRate(way) if isinstance(maker, Injected) else rates[-1]


def _links(optimizer: Any, way: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the transformations that are applied one after another, and where their states are."""
    maker, arguments = as_transformation(optimizer).made_by
    if maker not in (chain, named_chain):
        yield way, optimizer
        return
    for key, link in enumerate(arguments["args"]) if maker is chain else arguments["args"]:
        yield from _links(link, (*way, key))


def _name_of(maker: Any) -> str:
    return getattr(maker, "__name__", str(maker))


def _holds_transformation(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_transformation, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_transformation, value))
    return isinstance(value, GradientTransformation)


def _advice(optimizer: Any, *, wraps: bool) -> str:
    what = f"with_weight_decay got {optimizer}, whose learning rate "
    if wraps:
        return (
            f"{what}belongs to what it wraps. Give that the weight decay, inside of it; or give "
            "learning_rate= too, if the whole of each step is to be followed by it."
        )
    return (
        f"{what}is not known: it is no argument of its own, or not that of the last link alone. "
        "Give learning_rate= too, the number or schedule that its updates are multiplied by."
    )
