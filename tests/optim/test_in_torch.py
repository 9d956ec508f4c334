"""Optimizers on PyTorch's tensors: with its derivatives, its transformations, its compiler."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim

torch = pytest.importorskip("torch")


def test_derivatives_go_through_an_update() -> None:
    """A learning rate is learned, as in meta-learning: nothing is detached."""
    rate = torch.tensor(0.1, requires_grad=True)
    params = {"w": torch.ones(2)}
    optimizer = optim.chain(optim.trace(0.5), optim.scale_by_learning_rate(rate))
    state = optimizer.init(params)
    for _ in range(2):
        updates, state = optimizer.update(params, state)
    updates["w"].sum().backward()
    np.testing.assert_allclose(rate.grad, -3.0)


def test_updates_run_in_its_transformations() -> None:
    def moved(params: Any) -> Any:
        optimizer = optim.adam(0.1, eps_root=1e-3)
        updates, _ = optimizer.update({"w": params}, optimizer.init({"w": params}))
        return updates["w"]

    rows = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    found = torch.func.vmap(torch.func.jacrev(moved))(rows)
    wanted = torch.stack([torch.autograd.functional.jacobian(moved, row) for row in rows])
    torch.testing.assert_close(found, wanted)


def test_an_update_runs_inside_a_compiled_function() -> None:
    params = {"w": torch.ones(3), "b": torch.zeros(())}
    optimizer = optim.adamw(0.1)
    state = optimizer.init(params)

    def step(params: Any, state: Any) -> Any:
        updates, state = optimizer.update(params, state, params)
        return optim.apply_updates(params, updates), state

    found = torch.compile(step, backend="eager")(params, state)[0]
    torch.testing.assert_close(found, step(params, state)[0])


def test_states_and_updates_share_no_memory() -> None:
    params = {"w": torch.ones(2)}
    optimizer = optim.trace(0.9)
    updates, state = optimizer.update(params, optimizer.init(params))
    updates["w"].zero_()
    assert state.trace["w"].tolist() == [1.0, 1.0]
    assert params["w"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_floats_keep_their_dtype(dtype: Any) -> None:
    params = {"w": torch.ones(2, 2, dtype=dtype)}
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(0.1))
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    moved = optim.apply_updates(params, updates)
    assert updates["w"].dtype == moved["w"].dtype == dtype
    held = optim.scale_by_adam(mu_dtype=torch.float64).init(params)
    assert held.mu["w"].dtype == torch.float64


def test_functions_of_functions_run_in_pytorch() -> None:
    x = torch.arange(3.0)
    value, gradient = tw.value_and_grad(lambda v: torch.sum(torch.sin(v)))(x)
    torch.testing.assert_close((value, gradient), (torch.sin(x).sum(), torch.cos(x)))
    torch.testing.assert_close(tw.cond(x[0] > 0, torch.sin, torch.cos, x), torch.cos(x))
    total, rows = tw.scan(lambda total, row: (total + row, total), x[0], x)
    assert (total.item(), rows.tolist()) == (3.0, [0.0, 0.0, 1.0])
    assert tw.while_loop(lambda v: v < 100, lambda v: 2 * v, x[1]).item() == 128
    torch.testing.assert_close(tw.vmap(torch.square)(x), x**2)
    _, pullback = tw.vjp(torch.sin, x)
    torch.testing.assert_close(pullback(x), (x * torch.cos(x),))


def test_operations_have_pytorchs_derivatives() -> None:
    x = torch.arange(1.0, 4.0, requires_grad=True)
    found = tw.sum(tw.log(x) * tw.square(x))
    found.backward()
    torch.testing.assert_close(x.grad, (2 * torch.log(x) + 1) * x, check_layout=False)


def test_elements_are_laid_out_in_one_row() -> None:
    x = torch.arange(6.0).reshape(2, 3).T
    assert tw.ravel(x).tolist() == x.reshape(-1).tolist()
    assert tw.vdot(x, x).item() == 55.0
