"""Calls that do not fit a signature are told in the words of the call."""

import re

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import CallError


def loss(b, X, y):
    return np.mean((y - X @ b) ** 2)


X, Y, START = np.ones((4, 2)), np.ones(4), np.zeros(2)
ADAM = tw.optim.adam(0.1)

CALLS = [
    (lambda: tw.fit(loss, START, (X, Y), optimiser=ADAM), "'optimiser'", "mean 'optimizer'?"),
    (lambda: tw.fit(loss, START, (X, Y), optimizer=ADAM, epoch=3), "'epoch'", "mean 'epochs'?"),
    (lambda: tw.fit(loss, START, (X, Y), optimizer=ADAM, num_epochs=3), "it is named 'epochs'"),
    (lambda: tw.fit(loss, START, (X, Y), lr=0.1), "'lr'", "belongs to the optimizer", "adam(0.01)"),
    (lambda: tw.fit(loss, START, (X, Y)), "'optimizer'", "Give an optimizer", "adam(0.01)"),
    (lambda: tw.fit(loss, START, X, Y, optimizer=ADAM), "too many", "one tuple", "(X, y)"),
    (lambda: tw.fit(loss, optimizer=ADAM), "'params'", "Its arguments are loss, params, data"),
    (lambda: tw.optim.adam(lr=0.1), "adam got an unknown", "'lr'", "named 'learning_rate'"),
    (lambda: tw.optim.adam(learnin_rate=0.1), "Did you mean 'learning_rate'?"),
    (lambda: tw.optim.adam(0.1, beta1=0.5), "named 'b1'"),
    (lambda: tw.optim.clip(0.1, 0.2), "clip: too many", "Its arguments are max_delta"),
]


@pytest.mark.parametrize("position", range(len(CALLS)))
def test_a_call_that_does_not_fit_says_what_to_write(position: int) -> None:
    call, *parts = CALLS[position]
    with pytest.raises(CallError, match=".*".join(map(re.escape, parts))) as caught:
        call()
    assert isinstance(caught.value, TypeError)


def test_a_checked_function_keeps_its_name_and_documentation() -> None:
    assert tw.fit.__name__ == "fit"
    assert tw.fit.__doc__.startswith("Minimize a loss")


LOSSES = [
    ((X,), "b, X, y", "the parameters and 1 array of data", "'y'"),
    ((X, Y, Y), "3 arrays of data", "too many"),
    (None, "no arrays of data", "'X'"),
    ({"X": X, "z": Y}, "data named X, z", "'y'", "a dict with their names"),
]


@pytest.mark.parametrize(("data", "parts"), [(row[0], row[1:]) for row in LOSSES])
def test_data_that_do_not_fit_the_loss_are_told_by_number_and_name(data, parts) -> None:
    with pytest.raises(CallError, match=".*".join(map(re.escape, parts))):
        tw.fit(loss, START, data, optimizer=ADAM)


def test_validation_data_that_do_not_fit_the_loss_are_told() -> None:
    with pytest.raises(CallError, match=r"1 array of data.*validation in the same form"):
        tw.fit(loss, START, (X, Y), optimizer=ADAM, validation=X)
