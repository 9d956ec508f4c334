"""Every distribution and all its properties, beside PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.torch.distributions.cases import CASES, Case
from thalweg import torch as wing

torch = pytest.importorskip("torch")

each = pytest.mark.parametrize("case", CASES, ids=str)

# What is asked of a distribution; of what PyTorch does not implement nothing is compared.
QUESTIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "log_prob": lambda lib, d, x: d.log_prob(x),
    "cdf": lambda lib, d, x: d.cdf(x),
    "icdf": lambda lib, d, x: d.icdf(lib.full(tuple(x.shape), 0.3, dtype=lib.float64)),
    "entropy": lambda lib, d, x: d.entropy(),
    "perplexity": lambda lib, d, x: d.perplexity(),
    "mean": lambda lib, d, x: d.mean,
    "mode": lambda lib, d, x: d.mode,
    "variance": lambda lib, d, x: d.variance,
    "stddev": lambda lib, d, x: d.stddev,
    "enumerate_support": lambda lib, d, x: d.enumerate_support(),
    "enumerate_support unexpanded": lambda lib, d, x: d.enumerate_support(expand=False),
    "expanded log_prob": lambda lib, d, x: d.expand((4, *d.batch_shape)).log_prob(x),
}


def asked(lib: Any, case: Case, question: str) -> tuple[Any, dict[str, Any]] | None:
    """Return the answer of a library and its leaves, or None if it has no answer."""
    leaves = case.tensors(lib)
    try:
        return QUESTIONS[question](lib, case.build(lib, leaves), case.samples(lib)), leaves
    except NotImplementedError:
        return None


def gradients(lib: Any, answer: Any, leaves: dict[str, Any]) -> dict[str, Any]:
    """Return the derivatives of a weighted sum of what is finite in an answer."""
    if not answer.requires_grad:
        return {}
    weights = np.cos(np.arange(np.prod(answer.shape, dtype=int))).reshape(answer.shape)
    finite = np.isfinite(answer.detach().numpy())
    try:
        lib.where(lib.tensor(finite), answer * lib.tensor(weights), 0.0).sum().backward()
    except NotImplementedError:
        return {}
    found = {name: getattr(leaf, "grad", None) for name, leaf in leaves.items()}
    return {name: g.numpy() for name, g in found.items() if g is not None}


# PyTorch's answer is no number, by a sign: ln(1 - b) of b > 1. See `test_moments.py`.
MISTAKEN = {("Kumaraswamy", "mode")}


@pytest.mark.parametrize("question", QUESTIONS)
@each
def test_answers_are_pytorch_s(case: Case, question: str) -> None:
    expected = asked(torch, case, question)
    if expected is None or (case.name, question) in MISTAKEN:
        return
    found = asked(wing, case, question)
    assert found is not None
    np.testing.assert_allclose(
        found[0].detach().numpy(), expected[0].detach().numpy(), case.tolerance, 1e-14
    )
    assert tuple(found[0].shape) == tuple(expected[0].shape)
    ours, theirs = gradients(wing, *found), gradients(torch, *expected)
    for name, gradient in theirs.items():
        if name == "scale_tril":
            # What is above the diagonal is not read; PyTorch's derivative by it is not always 0.
            ours[name], gradient = np.tril(ours[name]), np.tril(gradient)
        np.testing.assert_allclose(ours[name], gradient, case.slopes, 1e-12, err_msg=name)


ATTRIBUTES = ["batch_shape", "event_shape", "support", "has_rsample", "has_enumerate_support"]


@each
def test_what_is_said_of_a_distribution_is_pytorch_s(case: Case) -> None:
    ours, theirs = case.build(wing), case.build(torch)
    assert repr(ours) == repr(theirs)
    for name in ATTRIBUTES:
        if name == "support" and "tensor" in repr(theirs.support):
            continue
        assert repr(getattr(ours, name)) == repr(getattr(theirs, name))
    assert repr(type(ours).arg_constraints)[:9] == "<property" or repr(
        ours.arg_constraints
    ) == repr(theirs.arg_constraints)
    assert type(ours).__name__ == type(theirs).__name__
    assert [c.__name__ for c in type(ours).__mro__ if hasattr(torch.distributions, c.__name__)] == [
        c.__name__ for c in type(theirs).__mro__ if hasattr(torch.distributions, c.__name__)
    ]


@pytest.mark.filterwarnings("ignore:Singular sample detected")
@each
def test_samples_are_in_the_support_and_have_shapes(case: Case) -> None:
    wing.manual_seed(0)
    ours, theirs = case.build(wing), case.build(torch)
    for shape in ((), (5,), (2, 3)):
        expected = theirs.sample(shape)
        drawn = ours.sample(shape)
        assert tuple(drawn.shape) == tuple(expected.shape)
        assert str(drawn.dtype) == str(expected.dtype)
        assert not drawn.requires_grad
        assert ours.support.check(drawn).all()
        if ours.has_rsample:
            assert ours.rsample(shape).requires_grad


@each
def test_float32_stays_float32(case: Case) -> None:
    given = {
        name: wing.tensor(value.astype(np.float32)) if isinstance(value, np.ndarray) else value
        for name, value in case.parameters.items()
    }
    found = case.build(wing, given)
    samples = found.sample((3,))
    assert str(found.log_prob(samples).dtype) == "torch.float32"
    if np.asarray(case.values).dtype.kind == "f":
        assert str(samples.dtype) == "torch.float32"
