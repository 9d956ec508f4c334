"""Transformations composed at random: each keeps what every one of them promises alone."""

import copy
import pickle
import tempfile
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import thalweg as tw
from tests.optim.contrib_samples import CONTRIB, Names, extra_of
from tests.optim.samples import (
    DATA,
    MASK,
    OPTIMIZERS,
    OWN_TRANSFORMATIONS,
    TRANSFORMATIONS,
    deprecated,
    loss,
    mask_of,
    params,
)
from thalweg import optim
from thalweg.engines.registry import engine
from thalweg.optim.recipe import Recipe

OF_OURS = Names(optim)

# Called with keys of their own; of matrices alone; of parameters by names that a mask may hide;
# warning of their age; of at least one leaf.
ELSEWHERE = {
    *("hutchinson_estimator_diag_hessian", "sophia", "orthogonalize", "scale_by_shape", "groups"),
    *("optimistic_adam", "differentially_private_aggregate"),
}


def every_other(step: Any) -> Any:
    """Select steps 0, 2, 4, …"""
    return step % 2 == 0


def is_portable(value: Any) -> bool:
    """Tell whether a recipe can be pickled by its names: no function in it was written in place."""
    if isinstance(value, Recipe):
        return all(map(is_portable, value.made_by[1].values()))
    if isinstance(value, dict):
        return all(map(is_portable, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_portable, value))
    return "<" not in getattr(value, "__qualname__", "")


ALONE = [
    made
    for table in (OPTIMIZERS, TRANSFORMATIONS, OWN_TRANSFORMATIONS, CONTRIB)
    for name, samples in table.items()
    for made in (deprecated(sample)(OF_OURS) for sample in samples)
    if name not in ELSEWHERE and is_portable(made)
]

LABELS = {"matrix": "a", "vector": "b", "scalar": "a", "layer": "b"}


def composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what is made of others."""
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda parts: optim.chain(*parts)),
        several.map(lambda parts: optim.named_chain(*((f"{i}", p) for i, p in enumerate(parts)))),
        st.tuples(inner, st.sampled_from((MASK, mask_of))).map(lambda p: optim.masked(*p)),
        st.tuples(inner, inner).map(
            lambda p: optim.partition(dict(zip("ab", p, strict=True)), LABELS)
        ),
        inner.map(lambda part: optim.selective_transform(part, freeze_mask=MASK)),
        inner.map(lambda part: optim.apply_if_finite(part, 2)),
        inner.map(lambda part: optim.conditionally_transform(part, every_other)),
        inner.map(lambda part: optim.MultiSteps(part, 2, accumulator_dtype=None)),
        inner.map(lambda part: optim.groups({"**": part})),
        inner.map(lambda part: optim.contrib.cautious(part)),
    )


CHAINS = st.recursive(st.sampled_from(ALONE), composed, max_leaves=4)


def after(made: Any, steps: range, start: Any) -> Any:
    """Return parameters and state after some steps from parameters and state."""
    values, state = start
    for i in steps:
        gradients = tw.tree.map(lambda leaf, i=i: np.cos(3.0 * leaf + i), values)
        updates, state = made.update(gradients, state, values, **extra_of(i))
        values = optim.apply_updates(values, updates)
    return values, state


def assert_equal(one: Any, other: Any) -> None:
    (ours, structure), (theirs, expected) = map(tw.tree.flatten, (one, other))
    assert structure == expected
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CHAINS)
def test_it_prints_compares_and_resumes(made: Any) -> None:
    for same in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert same == made
        assert hash(same) == hash(made)
        assert repr(same) == repr(made)
        assert "object at 0x" not in repr(made)
    start = params(), made.init(params())
    whole = after(made, range(4), start)
    half = pickle.loads(pickle.dumps((made, after(made, range(2), start))))
    assert_equal(after(half[0], range(2, 4), half[1]), whole)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(CHAINS, st.floats(0.5, 1.0))
def test_it_is_compiled_once_whatever_its_numbers_and_goes_on_from_its_file(
    made: Any, factor: float
) -> None:
    optimizer = optim.chain(made, optim.scale(-1e-3))
    other = optimizer.rebuild([factor * number for number in optimizer.hyperparameters.values()])
    assert other.structure == optimizer.structure

    def fit(optimizer: Any, steps: int, **given: Any) -> Any:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            return tw.fit(
                loss, params(), DATA, optimizer=optimizer, batch_size=4, steps=steps, **given
            )

    with tempfile.TemporaryDirectory() as folder:
        fit(optimizer, 3).save(Path(folder) / "half")
        compiling = mock.Mock(side_effect=AssertionError("It was compiled again."))
        with mock.patch.object(engine("native"), "compile_loop", compiling):
            fit(other, 2)
            resumed = fit(optimizer, 3, resume=Path(folder) / "half")
            whole = fit(optimizer, 6)
    assert_equal(resumed.params, whole.params)
