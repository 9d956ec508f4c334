"""Every class takes the steps that PyTorch's class of that name takes."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

from tests.torch.optim.torch_configurations import (
    EVERY,
    STEPPED,
    Configuration,
    configurations,
    official,
    pair,
)
from thalweg import torch as wing

STEPS = 12
# The one ill-conditioned quantity is a small parameter, the difference of larger ones.
TOLERANCE = {"rtol": 1e-13, "atol": 1e-15}


def give_gradients(ours: Any, theirs: Any, rng: np.random.Generator, missing: bool) -> None:
    for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        gradient = np.asarray(rng.normal(size=q.shape)).astype(p.dtype)
        absent = missing and i == 1
        p.grad = None if absent else wing.tensor(gradient)
        q.grad = None if absent else torch.tensor(gradient)


def assert_same_state(p: Any, q: Any, ours: Any, theirs: Any, **tolerance: float) -> None:
    there = {k: v for k, v in theirs.state[q].items() if v is not None}
    assert list(ours.state[p]) == list(there)
    for name, value in there.items():
        found = ours.state[p][name]
        assert str(found.dtype) == str(value.dtype)
        np.testing.assert_allclose(found.numpy(), value.numpy(), err_msg=name, **tolerance)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("configuration", configurations(STEPPED))
def test_parameters_and_states_follow_those_of_torch(configuration: Configuration) -> None:
    ours, params, theirs, reference = pair(configuration)
    rng = np.random.default_rng(1)
    for step in range(STEPS):
        give_gradients(params, reference, rng, missing=step == 5)
        ours.step()
        theirs.step()
        for p, q in zip(params, reference, strict=True):
            np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)
            assert_same_state(p, q, ours, theirs, **TOLERANCE)


@pytest.mark.parametrize("configuration", configurations(STEPPED))
def test_float32_parameters_follow_those_of_torch(configuration: Configuration) -> None:
    ours, params, theirs, reference = pair(configuration, np.float32)
    rng = np.random.default_rng(2)
    for _ in range(STEPS):
        give_gradients(params, reference, rng, missing=False)
        ours.step()
        theirs.step()
    for p, q in zip(params, reference, strict=True):
        assert p.dtype == np.float32
        np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), rtol=2e-4, atol=1e-5)


def test_all_configurations_that_torch_lists_are_compared() -> None:
    assert {info.name for info in optim_db} == set(EVERY)
    assert sum(len(official(name)) for name in EVERY) == 91


@pytest.mark.filterwarnings("ignore:Sparse invariant")
@pytest.mark.parametrize("configuration", configurations(["SparseAdam", "SGD", "Adagrad"]))
def test_steps_by_sparse_gradients_follow_those_of_torch(configuration: Configuration) -> None:
    if configuration.options.get("weight_decay") or configuration.options.get("differentiable"):
        pytest.skip("refused by both, as other tests show")
    ours, params, theirs, reference = pair(configuration)
    rng = np.random.default_rng(4)
    for _ in range(STEPS):
        for p, q in zip(params, reference, strict=True):
            if p.ndim:
                given = rng.normal(size=q.shape) * (rng.random(q.shape[:1]) < 0.6).reshape(
                    -1, *(1,) * (q.ndim - 1)
                )
                p.grad = wing.tensor(given).to_sparse(1)
                q.grad = torch.tensor(given).to_sparse(1)
        ours.step()
        theirs.step()
        for p, q in zip(params, reference, strict=True):
            np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)


@pytest.mark.parametrize("name", EVERY)
def test_arguments_and_options_are_those_of_torch(name: str) -> None:
    ours, theirs = getattr(wing.optim, name), getattr(torch.optim, name)
    described = [
        [(p.name, p.kind, p.default) for p in inspect.signature(c).parameters.values()]
        for c in (ours, theirs)
    ]
    assert described[0] == described[1]
    made = ours([wing.ones((2, 2), requires_grad=True)])
    reference = theirs([torch.ones((2, 2), requires_grad=True)])
    assert made.defaults == reference.defaults
    assert list(made.param_groups[0]) == list(reference.param_groups[0])
    assert repr(made) == repr(reference)


# ---- options that change between steps


@pytest.mark.parametrize("name", STEPPED)
def test_a_changed_learning_rate_is_read_at_the_next_step(name: str) -> None:
    ours, params, theirs, reference = pair(Configuration(name, {}))
    rng = np.random.default_rng(3)
    for rate in (0.1, 0.1, 0.03, 0.0, 0.2, 0.2):
        ours.param_groups[0]["lr"] = theirs.param_groups[0]["lr"] = rate
        give_gradients(params, reference, rng, missing=False)
        ours.step()
        theirs.step()
    for p, q in zip(params, reference, strict=True):
        np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)


def test_a_tensor_may_be_the_learning_rate_and_change_in_place() -> None:
    ours, params, theirs, reference = pair(Configuration("SGD", {"momentum": 0.9}))
    rate, there = wing.tensor(0.1), torch.tensor(0.1, dtype=torch.float64)
    ours.param_groups[0]["lr"], theirs.param_groups[0]["lr"] = rate, there
    rng = np.random.default_rng(3)
    for _ in range(4):
        give_gradients(params, reference, rng, missing=False)
        ours.step()
        theirs.step()
        rate.numpy()[...] *= 0.5
        there.mul_(0.5)
    for p, q in zip(params, reference, strict=True):
        np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "NAdam"])
def test_groups_have_options_of_their_own(name: str) -> None:
    ours, params, theirs, reference = pair(Configuration(name, {}))
    halves = [params[:2], params[2:]], [reference[:2], reference[2:]]
    made = [
        kind([{"params": a}, {"params": b, "lr": 0.3, "weight_decay": 0.1}], lr=0.1)
        for kind, (a, b) in zip((type(ours), type(theirs)), halves, strict=True)
    ]
    rng = np.random.default_rng(4)
    for _ in range(4):
        give_gradients(params, reference, rng, missing=False)
        for optimizer in made:
            optimizer.step()
    for p, q in zip(params, reference, strict=True):
        np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)


# ---- kinds of parameters


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RMSprop", "Rprop"])
def test_complex_parameters_are_stepped_as_pairs_of_real_ones(name: str) -> None:
    rng = np.random.default_rng(5)
    start = [rng.normal(size=s) + 1j * rng.normal(size=s) for s in ((3, 2), (4,), ())]
    ours = [wing.tensor(a, requires_grad=True) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    mine, reference = getattr(wing.optim, name)(ours), getattr(torch.optim, name)(theirs)
    for _ in range(4):
        for p, q in zip(ours, theirs, strict=True):
            g = rng.normal(size=q.shape) + 1j * rng.normal(size=q.shape)
            p.grad, q.grad = wing.tensor(g), torch.tensor(g)
        mine.step()
        reference.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.numpy(force=True), q.detach().numpy(), **TOLERANCE)
        assert_same_state(p, q, mine, reference, **TOLERANCE)


@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop", "Adafactor"])
def test_large_parameters_are_stepped_as_small_ones_are(name: str) -> None:
    rng = np.random.default_rng(6)
    start = rng.normal(size=(201, 203))
    ours, theirs = wing.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    mine, reference = getattr(wing.optim, name)([ours]), getattr(torch.optim, name)([theirs])
    for _ in range(3):
        gradient = rng.normal(size=start.shape)
        ours.grad, theirs.grad = wing.tensor(gradient), torch.tensor(gradient)
        mine.step()
        reference.step()
    np.testing.assert_allclose(
        ours.numpy(force=True), theirs.detach().numpy(), rtol=1e-12, atol=1e-13
    )
    assert_same_state(ours, theirs, mine, reference, rtol=1e-12, atol=1e-13)


def test_parameters_that_are_not_contiguous_are_written_in_place() -> None:
    base = np.arange(12.0).reshape(3, 4)
    p = wing.tensor(base).T.requires_grad_()
    q = wing.tensor(base.T.copy(), requires_grad=True)
    for param in (p, q):
        param.grad = wing.tensor(np.cos(base.T))
        wing.optim.Adam([param], lr=0.1).step()
    np.testing.assert_array_equal(p.numpy(force=True), q.numpy(force=True))


def test_infinities_and_nans_of_gradients_reach_the_parameters_without_a_warning() -> None:
    start, gradient = np.ones(4), np.array([np.nan, np.inf, -np.inf, 0.0])
    ours, theirs = wing.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    ours.grad, theirs.grad = wing.tensor(gradient), torch.tensor(gradient)
    wing.optim.Adam([ours], eps=0.0).step()
    torch.optim.Adam([theirs], eps=0.0).step()
    np.testing.assert_array_equal(ours.numpy(force=True), theirs.detach().numpy())


# ---- derivatives through steps


# PyTorch corrects Adam's recorded averages in float32.
@pytest.mark.parametrize(
    ("name", "rtol"), [("SGD", 1e-12), ("RAdam", 1e-12), ("Adam", 1e-5), ("AdamW", 1e-5)]
)
def test_derivatives_through_recorded_steps_are_those_of_torch(name: str, rtol: float) -> None:
    start = np.array([1.0, -2.0, 3.0])

    def through(lib: Any) -> list[Any]:
        if lib is torch:
            w = torch.tensor(start, requires_grad=True)
            rate = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
        else:
            w, rate = wing.tensor(start, requires_grad=True), wing.tensor(0.1, requires_grad=True)
        p = w.clone()
        optimizer = getattr(lib.optim, name)([p], lr=rate, differentiable=True)
        for _ in range(3):
            p.grad = (2 * p * p).detach()
            optimizer.step()
        (p**3).sum().backward()
        return [rate.grad.numpy(), w.grad.numpy()]

    for mine, reference in zip(through(wing), through(torch), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=rtol)


def test_a_leaf_refuses_a_recorded_step() -> None:
    p = wing.ones(2, requires_grad=True)
    p.grad = wing.ones(2)
    with pytest.raises(RuntimeError, match="leaf"):
        wing.optim.SGD([p], differentiable=True).step()


# ---- L-BFGS


def losses(lib: Any, params: Any) -> Any:
    """Return a convex loss of all parameters together."""
    whole = lib.concatenate([p.reshape(-1) for p in params])
    weights = np.linspace(1.0, 3.0, whole.shape[0])
    weights = torch.tensor(weights) if lib is torch else wing.tensor(weights)
    return (weights * whole**2).sum() + lib.log(lib.exp(whole).sum()) + 0.1 * (whole**4).sum()


@pytest.mark.parametrize("configuration", configurations(["LBFGS"]))
def test_lbfgs_follows_torch(configuration: Configuration) -> None:
    ours, params, theirs, reference = pair(configuration)

    def closure(lib: Any, optimizer: Any, leaves: Any) -> Any:
        optimizer.zero_grad()
        loss = losses(lib, leaves)
        loss.backward()
        return loss

    for _ in range(STEPS):
        mine = ours.step(lambda: closure(wing, ours, params))
        expected = theirs.step(lambda: closure(torch, theirs, reference))
        np.testing.assert_allclose(mine.item(), expected.item(), rtol=1e-12)
        for p, q in zip(params, reference, strict=True):
            found = p.numpy(force=True)
            np.testing.assert_allclose(found, q.detach().numpy(), rtol=1e-9, atol=1e-9)
    counts = [o.state[leaves[0]] for o, leaves in ((ours, params), (theirs, reference))]
    for name in ("n_iter", "func_evals"):
        assert counts[0][name] == counts[1][name]
