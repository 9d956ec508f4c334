"""Random tensors are PyTorch's, called as PyTorch's, in the order of the memory they fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.core.streams import INTEL, X86
from thalweg import torch as wing
from thalweg.core.program import trace
from thalweg.core.tensor import make
from thalweg.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    GradientError,
    ShapeError,
    TracingError,
)
from thalweg.random.drawing import opened

FLOATS = {"float32": torch.float32, "float64": torch.float64}


def same(ours: Any, theirs: Any) -> None:
    """Compare shape, dtype and every bit, zeros of either sign apart."""
    assert isinstance(ours, wing.Tensor)
    expected = theirs.detach().numpy()
    found = ours.detach().numpy()
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)
    assert ours.requires_grad is theirs.requires_grad


@pytest.fixture(params=[0, 1234, 2**64 - 1])
def seeded(request: pytest.FixtureRequest) -> int:
    seed: int = request.param
    wing.manual_seed(seed)
    torch.manual_seed(seed)
    return seed


# ---- one stream for all functions, called as in PyTorch

CALLS: list[Callable[[Any], Any]] = [
    lambda lib: lib.rand(5, dtype=lib.float32),
    lambda lib: lib.rand(2, 3, dtype=lib.float64),
    lambda lib: lib.rand((2, 3), dtype=lib.float64),
    lambda lib: lib.rand([4], dtype=lib.float32, requires_grad=True),
    lambda lib: lib.rand(size=(2, 2), dtype=lib.float32, device="cpu"),
    lambda lib: lib.rand((), dtype=lib.float64),
    lambda lib: lib.rand(3, 0, dtype=lib.float64),
    lambda lib: lib.rand(4, dtype=lib.complex64),
    lambda lib: lib.randn(3, dtype=lib.float32),
    lambda lib: lib.randn(2, 3, dtype=lib.float64, requires_grad=True),
    lambda lib: lib.randn(5, 7, dtype=lib.float64),
    lambda lib: lib.randint(10, (3,)),
    lambda lib: lib.randint(-5, 10, (2, 3)),
    lambda lib: lib.randint(3, 10, size=(4,), dtype=lib.int32),
    lambda lib: lib.randint(high=3, size=(4,)),
    lambda lib: lib.randint(low=-3, high=3, size=(4,)),
    lambda lib: lib.randint(2**40, (4,)),
    lambda lib: lib.randint(0, 9, (4,), dtype=lib.float64, requires_grad=True),
    lambda lib: lib.randperm(9),
    lambda lib: lib.randperm(600),
    lambda lib: lib.randperm(5, dtype=lib.float64, requires_grad=True),
    lambda lib: lib.normal(2.0, 3.0, (4,), dtype=lib.float64),
    lambda lib: lib.normal(0, 1, size=(2, 9), dtype=lib.float64),
    lambda lib: lib.normal(lib.arange(5, dtype=lib.float64)),
    lambda lib: lib.normal(lib.arange(20, dtype=lib.float64), 0.3),
    lambda lib: lib.normal(0.3, lib.arange(20, dtype=lib.float64)),
    lambda lib: lib.normal(lib.ones((3, 1), dtype=lib.float32), lib.ones(4, dtype=lib.float64)),
    lambda lib: lib.normal(mean=0.0, std=lib.ones(3, dtype=lib.float32)),
    lambda lib: lib.rand_like(lib.ones((3, 4), dtype=lib.float64)),
    lambda lib: lib.rand_like(lib.ones((3, 4), dtype=lib.int64), dtype=lib.float32),
    lambda lib: lib.rand_like(lib.ones((3, 4), dtype=lib.float64).T, requires_grad=True),
    lambda lib: lib.randn_like(lib.ones((3, 8), dtype=lib.float64)),
    lambda lib: lib.randn_like(lib.ones((3, 8), dtype=lib.float64).T),
    lambda lib: lib.randn_like(lib.ones((6, 8), dtype=lib.float32)[::2].T),
    lambda lib: lib.randint_like(lib.ones((3, 2), dtype=lib.float64), 5),
    lambda lib: lib.randint_like(lib.ones((3, 2), dtype=lib.int64).T, 2, 5),
    lambda lib: lib.randint_like(lib.ones(3, dtype=lib.int64), low=2, high=5),
    lambda lib: lib.bernoulli(lib.linspace(0, 1, 20, dtype=lib.float64)),
    lambda lib: lib.bernoulli(lib.linspace(0, 1, 20, dtype=lib.float32).reshape(4, 5).T),
    lambda lib: lib.multinomial(lib.arange(6, dtype=lib.float32), 9, replacement=True),
    lambda lib: lib.arange(6, dtype=lib.float64).reshape(2, 3).multinomial(9, True),
    lambda lib: lib.zeros(7, dtype=lib.float64).uniform_(),
    lambda lib: lib.zeros(7, dtype=lib.float32).uniform_(-2, 3),
    lambda lib: lib.zeros(7, dtype=lib.float64).uniform_(to=3),
    lambda lib: lib.zeros((2, 3), dtype=lib.float32).normal_(),
    lambda lib: lib.zeros((2, 8), dtype=lib.float64).normal_(mean=1, std=2),
    lambda lib: lib.zeros(5, dtype=lib.float64).normal_(std=0),
    lambda lib: lib.zeros(5, dtype=lib.complex128).normal_(),
    lambda lib: lib.zeros(5, dtype=lib.int64).random_(),
    lambda lib: lib.zeros(5, dtype=lib.int64).random_(7),
    lambda lib: lib.zeros(5, dtype=lib.int8).random_(-7, 7),
    lambda lib: lib.zeros(5, dtype=lib.float64).random_(to=7),
    lambda lib: lib.zeros(5, dtype=lib.bool).random_(),
    lambda lib: lib.zeros((3, 5), dtype=lib.float32).bernoulli_(
        lib.full((3, 1), 0.4, dtype=lib.float32)
    ),
    lambda lib: lib.zeros((3, 5), dtype=lib.int64).bernoulli_(
        lib.full((5,), 0.4, dtype=lib.float64)
    ),
    lambda lib: lib.zeros(9, dtype=lib.float64).cauchy_(),
    lambda lib: lib.zeros(9, dtype=lib.float32).cauchy_(median=1, sigma=2),
    lambda lib: lib.zeros(9, dtype=lib.float64).log_normal_(),
    lambda lib: lib.zeros(9, dtype=lib.float32).log_normal_(mean=0.5, std=0.1),
    lambda lib: lib.zeros(9, dtype=lib.float64).geometric_(0.3),
    lambda lib: lib.zeros(9, dtype=lib.int64).geometric_(p=0.3),
]
if X86:
    CALLS += [
        lambda lib: lib.randn(100, dtype=lib.float32),
        lambda lib: lib.zeros((5, 9), dtype=lib.float32).normal_(-1, 0.3),
        lambda lib: lib.normal(lib.arange(20, dtype=lib.float32), 0.3),
    ]
if not INTEL:
    CALLS += [
        lambda lib: lib.zeros(9, dtype=lib.float64).exponential_(),
        lambda lib: lib.zeros(9, dtype=lib.float32).exponential_(lambd=0.3),
        lambda lib: lib.zeros((2, 9), dtype=lib.bool).bernoulli_(),
        lambda lib: lib.zeros(9, dtype=lib.int64).bernoulli_(p=0.2),
        lambda lib: lib.bernoulli(lib.zeros((3, 4), dtype=lib.float32).T, p=0.2),
        lambda lib: lib.multinomial(lib.arange(6, dtype=lib.float64), 3),
        lambda lib: lib.multinomial(lib.arange(6, dtype=lib.float32).reshape(2, 3), 1),
        lambda lib: lib.ones((5, 4), dtype=lib.float32).T.multinomial(num_samples=3),
    ]


def test_every_call_is_that_of_pytorch_in_one_stream(seeded: int) -> None:
    for call in CALLS:
        same(call(wing), call(torch))


def test_a_generator_of_its_own_leaves_the_default_one_alone(seeded: int) -> None:
    ours, theirs = wing.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    before = wing.get_rng_state().numpy()
    calls: list[Callable[[Any, Any], Any]] = [
        lambda lib, g: lib.rand(3, generator=g, dtype=lib.float64),
        lambda lib, g: lib.randn(3, generator=g, dtype=lib.float64),
        lambda lib, g: lib.randint(9, (3,), generator=g),
        lambda lib, g: lib.randperm(9, generator=g),
        lambda lib, g: lib.normal(lib.zeros(3, dtype=lib.float64), 2.0, generator=g),
        lambda lib, g: lib.zeros(4, dtype=lib.float64).uniform_(generator=g),
        lambda lib, g: lib.zeros(4, dtype=lib.float64).normal_(generator=g),
        lambda lib, g: lib.zeros(4, dtype=lib.int64).random_(generator=g),
        lambda lib, g: lib.multinomial(lib.ones(4, dtype=lib.float64), 9, True, generator=g),
    ]
    for call in calls:
        same(call(wing, ours), call(torch, theirs))
    np.testing.assert_array_equal(wing.get_rng_state().numpy(), before)


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_the_default_dtype_is_drawn(default: str, seeded: int) -> None:
    wing.set_default_dtype(default)
    torch.set_default_dtype(FLOATS[default])
    try:
        for lib in (wing, torch):
            lib.manual_seed(5)
        for call in (lambda n: n.rand(3), lambda n: n.randn(3), lambda n: n.normal(0, 1, (2,))):
            same(call(wing), call(torch))
    finally:
        wing.set_default_dtype("float64")
        torch.set_default_dtype(torch.float32)


# ---- memory order

VIEWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.T,
    "permuted": lambda x: x.reshape(4, 2, 6).swapaxes(0, 2),
    "every second column": lambda x: x[:, ::2],
    "a block, transposed": lambda x: x[2:7, 3:5].T,
    "a column": lambda x: x[:, 1],
    "a row": lambda x: x[1],
    "all": lambda x: x,
}
FILLS: dict[str, Callable[[Any], Any]] = {
    "uniform_": lambda x: x.uniform_(-1, 2),
    "normal_": lambda x: x.normal_(0.5, 2),
    "random_": lambda x: x.random_(100),
    "cauchy_": lambda x: x.cauchy_(),
    "log_normal_": lambda x: x.log_normal_(),
    "geometric_": lambda x: x.geometric_(0.1),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("fill", FILLS)
def test_a_view_is_filled_in_the_order_of_its_memory(fill: str, view: str, seeded: int) -> None:
    ours, theirs = wing.zeros((8, 6), dtype=wing.float64), torch.zeros((8, 6), dtype=torch.float64)
    part = VIEWS[view](ours)
    assert FILLS[fill](part) is part
    FILLS[fill](VIEWS[view](theirs))
    # The base shows what was written, and nothing else has changed.
    same(ours, theirs)


@pytest.mark.parametrize("view", VIEWS)
def test_chances_are_met_in_the_order_of_the_filled_memory(view: str, seeded: int) -> None:
    p = np.random.default_rng(1).random((8, 6))
    ours, theirs = wing.zeros((8, 6), dtype=wing.float64), torch.zeros((8, 6), dtype=torch.float64)
    VIEWS[view](ours).bernoulli_(VIEWS[view](wing.tensor(p)))
    VIEWS[view](theirs).bernoulli_(VIEWS[view](torch.tensor(p)))
    same(ours, theirs)


def test_tensors_like_others_lie_like_them() -> None:
    base = wing.zeros((4, 6))
    for x in (base, base.T, base[::2].T, base.reshape(2, 2, 6).swapaxes(0, 1)):
        like = wing.rand_like(x).numpy()
        assert np.argsort(like.strides).tolist() == np.argsort(x.numpy().strides).tolist()
    assert wing.rand_like(wing.broadcast_to(wing.zeros((3, 1)), (3, 4))).numpy().flags.c_contiguous


# ---- the state


def test_the_state_of_the_default_generator_can_be_kept(seeded: int) -> None:
    wing.randn(3)
    state = wing.get_rng_state()
    assert (state.dtype, state.shape) == (np.uint8, (5056,))
    assert wing.initial_seed() == seeded
    first = wing.randn(5).tolist(), wing.rand(700).tolist()
    wing.set_rng_state(state)
    assert (wing.randn(5).tolist(), wing.rand(700).tolist()) == first
    assert wing.seed() == wing.initial_seed() != seeded


def test_manual_seed_returns_the_default_generator() -> None:
    assert wing.manual_seed(9) is wing.default_generator
    assert wing.default_generator.rand() == wing.Generator().manual_seed(9).rand()


# ---- refusals

REFUSALS: list[tuple[type[Exception], str, Callable[[Any], Any]]] = [
    (CallError, "wants a shape", lambda lib: lib.rand()),
    (CallError, "sequence of integers", lambda lib: lib.rand(2.0)),
    (CallError, "sequence of integers", lambda lib: lib.rand("a")),
    (CallError, "argument sise", lambda lib: lib.rand(3, sise=2)),
    (ArgumentError, "negative dimension", lambda lib: lib.rand(-1)),
    (DtypeError, "rand got the dtype int64", lambda lib: lib.rand(2, dtype=lib.int64)),
    (DtypeError, "int64", lambda lib: lib.rand_like(lib.ones(2, dtype=lib.int64))),
    (CallError, "Generator is wanted", lambda lib: lib.rand(2, generator=3)),
    (CallError, "sequence of integers", lambda lib: lib.randint(2, 3)),
    (CallError, "sequence of integers", lambda lib: lib.randint(5)),
    (CallError, "got the size 3", lambda lib: lib.randint(0.5, 3, (2,))),
    (ArgumentError, "less than 'to'", lambda lib: lib.randint(3, 3, (2,))),
    (ArgumentError, "out of bounds", lambda lib: lib.randint(300, (2,), dtype=lib.uint8)),
    (DtypeError, "complex64", lambda lib: lib.randint(3, (2,), dtype=lib.complex64)),
    (DtypeError, "can require gradients", lambda lib: lib.randint(3, (2,), requires_grad=True)),
    (ArgumentError, "negative dimension", lambda lib: lib.randperm(-1)),
    (ArgumentError, "out of bounds", lambda lib: lib.randperm(300, dtype=lib.uint8)),
    (CallError, "no size", lambda lib: lib.normal(2.0, 1.0)),
    (ArgumentError, "std >= 0.0", lambda lib: lib.normal(0.0, -1.0, (2,))),
    (ArgumentError, "std >= 0.0", lambda lib: lib.normal(lib.zeros(3), -1.0)),
    (ArgumentError, "std >= 0.0", lambda lib: lib.normal(lib.zeros(3), -lib.ones(3))),
    (DtypeError, "int64", lambda lib: lib.normal(lib.ones(3, dtype=lib.int64), 1.0)),
    (ArgumentError, "from 0 to 1", lambda lib: lib.bernoulli(lib.full((2,), 2.0))),
    (DtypeError, "int64", lambda lib: lib.bernoulli(lib.ones(2, dtype=lib.int64))),
    (ArgumentError, "from 0 to 1", lambda lib: lib.ones(2).bernoulli_(2.0)),
    (ArgumentError, "num_samples=3", lambda lib: lib.multinomial(lib.ones(2), 3)),
    (ArgumentError, "num_samples=0", lambda lib: lib.multinomial(lib.ones(2), 0)),
    (ArgumentError, "negative, infinite", lambda lib: lib.multinomial(-lib.ones(2), 1)),
    (ArgumentError, "negative, infinite", lambda lib: lib.multinomial(lib.ones(2) / 0, 1, True)),
    (ArgumentError, "all 0", lambda lib: lib.multinomial(lib.zeros(2), 1)),
    (DtypeError, "int64", lambda lib: lib.multinomial(lib.ones(2, dtype=lib.int64), 1)),
    (ShapeError, "categories", lambda lib: lib.multinomial(lib.ones((2, 2, 2)), 1)),
    (ArgumentError, "from=3 and to=2", lambda lib: lib.ones(2).uniform_(3, 2)),
    (ArgumentError, "must be finite", lambda lib: lib.ones(2).uniform_(0, float("inf"))),
    (DtypeError, "int64", lambda lib: lib.ones(2, dtype=lib.int64).uniform_()),
    (DtypeError, "int64", lambda lib: lib.ones(2, dtype=lib.int64).normal_()),
    (ArgumentError, "std >= 0.0", lambda lib: lib.ones(2).normal_(0, -1)),
    (ArgumentError, "lambda > 0.0", lambda lib: lib.ones(2).exponential_(0)),
    (ArgumentError, "sigma > 0.0", lambda lib: lib.ones(2).cauchy_(0, -1)),
    (ArgumentError, "std > 0.0", lambda lib: lib.ones(2).log_normal_(0, -1)),
    (ArgumentError, "p=1", lambda lib: lib.ones(2).geometric_(1)),
    (DtypeError, "bool", lambda lib: lib.ones(2, dtype=lib.bool).geometric_(0.5)),
    (DtypeError, "int64", lambda lib: lib.ones(2, dtype=lib.int64).exponential_()),
    (ArgumentError, "less than 'to'", lambda lib: lib.ones(2).random_(0)),
    (ArgumentError, "out of bounds", lambda lib: lib.ones(2, dtype=lib.uint8).random_(-1, 3)),
    (ShapeError, "clone", lambda lib: lib.broadcast_to(lib.ones(1), (3,)).uniform_()),
    (GradientError, "leaf", lambda lib: lib.ones(3, requires_grad=True).uniform_()),
]


@pytest.mark.parametrize("position", range(len(REFUSALS)))
def test_what_pytorch_refuses_is_refused_with_an_error_its_users_catch(position: int) -> None:
    error, words, call = REFUSALS[position]
    with pytest.raises(error, match=words) as ours:
        call(wing)
    with pytest.raises((RuntimeError, TypeError)) as theirs:
        call(torch)
    # PyTorch's NotImplementedError is what thalweg calls a DtypeError.
    assert issubclass(ours.type, (theirs.type, DtypeError))


def test_tensors_are_made_on_the_cpu() -> None:
    for call in (wing.rand, wing.randn, wing.randperm):
        with pytest.raises(ArgumentError, match="'cuda'; they are made on the CPU"):
            call(1, device="cuda")


def test_only_tensors_are_filled() -> None:
    with pytest.raises(DtypeError, match=r"uniform_ got a list.*torch\.tensor"):
        wing.uniform_([1.0])


@pytest.mark.parametrize(
    "call",
    [
        wing.rand_like,
        wing.randn_like,
        wing.bernoulli,
        wing.normal,
        lambda x: wing.randint_like(x, 3),
        lambda x: wing.multinomial(x, 1),
        wing.uniform_,
        wing.normal_,
        lambda x: wing.zeros(3).bernoulli_(x),
    ],
)
def test_a_traced_tensor_is_told_that_its_numbers_would_be_drawn_once(call: Any) -> None:
    with pytest.raises(TracingError, match=r"drawn once, .* pass them in as data, or use keyed"):
        trace(lambda x: call(x * 2), [wing.ones(3).spec], make)


def test_fills_are_functions_too_and_know_pytorchs_names(seeded: int) -> None:
    x = wing.zeros(4)
    assert wing.uniform_(x, 1, 2) is x
    assert wing.bernoulli(input=wing.ones(2)).tolist() == [1.0, 1.0]
    assert wing.rand_like(input=x).shape == (4,)


def test_a_filled_tensor_forgets_what_it_was_computed_from() -> None:
    x = wing.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.normal_()
    (y * x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == y.tolist()


def test_numbers_that_quantiles_take_are_neither_0_nor_1() -> None:
    u = np.array([0.0, 2.0**-53, 0.5, 1 - 2.0**-52, 1 - 2.0**-53])
    inside = opened(make(u)).numpy()
    assert np.all((inside > 0) & (inside < 1))
    assert np.all(np.diff(inside) >= 0)
    assert np.all(np.abs(inside - u) <= 2.0**-53)
