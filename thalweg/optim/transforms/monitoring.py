"""Measurements of updates, kept in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from thalweg.ops.creation.creation import zeros_like
from thalweg.optim.moments import ema
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
    stateless,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["MonitorState", "SnapshotState", "measure_with_ema", "monitor", "snapshot"]


class SnapshotState(NamedTuple):
    """The state of `snapshot`."""

    measurement: dict[str, Any]  # what was measured last, by its name


@factory
def snapshot(measure_name: str, measure: Callable[[Updates], Any]) -> GradientTransformation:
    """Keep a measurement of the updates in the state; they pass through.

    Args:
        measure_name: Its name, by which `tree.get(state, measure_name)` finds it.
        measure: A function of the updates; before the first step, of the parameters.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.chain(
        ...     tw.optim.snapshot("gradient norm", tw.optim.tree.norm), tw.optim.adam(0.1)
        ... )
        >>> _, state = optimizer.update([3.0, 4.0], optimizer.init([0.0, 0.0]))
        >>> tw.optim.tree.get(state, "gradient norm")
        np.float64(5.0)
    """

    def init(params: Params) -> SnapshotState:
        return SnapshotState({measure_name: measure(params)})

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        return updates, SnapshotState({measure_name: measure(updates)})

    return GradientTransformation(init, update)


class MonitorState(NamedTuple):
    """The state of `monitor`."""

    measurements: dict[str, Any]  # what was measured last, by name
    measure_states: tuple[OptState, ...]  # of the measures, in their order


@factory
def monitor(
    measures: Mapping[str, GradientTransformation | Callable[[Updates], Any]],
) -> GradientTransformation:
    """Keep measurements of the updates in the state; they pass through.

    Args:
        measures: By name, functions of the updates, or transformations from updates to what is
            measured, such as `measure_with_ema`. Before the first step what they measure is zero.

    Example:
        >>> import thalweg as tw
        >>> norm = tw.optim.tree.norm
        >>> watch = tw.optim.monitor({"norm": norm, "mean": tw.optim.measure_with_ema(norm, 0.9)})
        >>> _, state = watch.update([3.0, 4.0], watch.init([0.0, 0.0]))
        >>> state.measurements["norm"]
        np.float64(5.0)
    """
    inner = {name: _measuring(measure) for name, measure in measures.items()}

    def init(params: Params) -> MonitorState:
        states = {name: measure.init(params) for name, measure in inner.items()}
        # Loops want a state that keeps its structure.
        first = {n: measure.update(params, states[n], params)[0] for n, measure in inner.items()}
        return MonitorState(each(zeros_like, first), tuple(states.values()))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        pairs = zip(inner.values(), state.measure_states, strict=True)
        found = [measure.update(updates, kept, params, **extra) for measure, kept in pairs]
        measured = dict(zip(inner, (measurement for measurement, _ in found), strict=True))
        return updates, MonitorState(measured, tuple(kept for _, kept in found))

    return GradientTransformation(init, update)


def _measuring(measure: Any) -> GradientTransformation:
    """Return a measure as a transformation."""
    if callable(measure):
        return stateless(lambda updates, params: measure(updates))
    return as_transformation(measure)


@factory
def measure_with_ema(
    measure: Callable[[Updates], Any],
    decay: float,
    debias: bool = True,
    accumulator_dtype: Any = None,
) -> GradientTransformation:
    """Measure updates and average the measurements: a measure for `monitor`.

    Args:
        measure: A function of the updates.
        decay: The share of the average kept each step, in [0, 1).
        debias: Whether to undo the pull of the start at zero.
        accumulator_dtype: The dtype of the average; by default that of what is measured.

    Raises:
        ArgumentError: If the decay is outside [0, 1).

    Example:
        >>> import thalweg as tw
        >>> averaged = tw.optim.measure_with_ema(tw.optim.tree.norm, 0.5)
        >>> averaged.update([3.0, 4.0], averaged.init([0.0, 0.0]))[0]
        np.float64(5.0)
    """
    average = ema(decay, debias, accumulator_dtype)
    of_measured = GradientTransformation(
        lambda params: average.init(measure(params)), average.update
    )
    return chain(stateless(lambda updates, params: measure(updates)), of_measured)
