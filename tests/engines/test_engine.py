"""What a loop must be, whatever engine runs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.loops import given
from thalweg.errors import EngineError

X = np.ones(3)


def summed(a: Any, *rows: Any) -> Any:
    return a, np.sum(a)


def test_an_epoch_has_its_batches_and_what_is_left_over() -> None:
    assert given(summed, [X]).loop.steps_per_epoch == 1
    assert given(summed, [X], rows=12, batch=4).loop.steps_per_epoch == 3
    assert given(summed, [X], rows=13, batch=4).loop.steps_per_epoch == 4
    dropped = replace(given(summed, [X], rows=13, batch=4).loop, remainder=None)
    assert dropped.steps_per_epoch == 3


def test_a_state_that_changes_its_spec_is_refused(engine: Any) -> None:
    grows = given(lambda a: (np.concatenate((a, a)), np.sum(a)), [X]).loop
    with pytest.raises(EngineError, match=r"float64\[6\] in the place of the state float64\[3\]"):
        engine.compile_loop(grows)
    widens = given(lambda a: (tw.astype(a, float), np.sum(a)), [X.astype(np.float32)]).loop
    with pytest.raises(EngineError, match=r"float64\[3\] in the place of the state float32\[3\]"):
        engine.compile_loop(widens)
    good = given(summed, [X], rows=13, batch=4).loop
    with pytest.raises(EngineError, match="in the place of the state"):
        engine.compile_loop(replace(good, remainder=shrinking()))


def shrinking() -> Any:
    return program_of(lambda a, rows: (a[:1], np.sum(a)), spec(3), spec(1, dtype=np.int32))


def test_a_loss_that_is_no_scalar_is_refused(engine: Any) -> None:
    with pytest.raises(EngineError, match=r"loss of shape \(3,\)\. Return a scalar"):
        engine.compile_loop(given(lambda a: (a, a), [X]).loop)


def test_rows_of_another_dtype_are_refused(engine: Any) -> None:
    loop = given(summed, [X], rows=12, batch=4).loop
    step = program_of(summed, spec(3), spec(4, dtype=np.int64))
    with pytest.raises(EngineError, match="rows of dtype int64; engines give int32"):
        engine.compile_loop(replace(loop, step=step))


def test_an_epoch_without_a_step_is_refused(engine: Any) -> None:
    loop = replace(given(summed, [X], rows=12, batch=4).loop, rows=3)
    with pytest.raises(EngineError, match="3 rows has no batch of 4"):
        engine.compile_loop(loop)
