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


def test_an_update_is_one_graph_as_a_function_of_its_tensors() -> None:
    """PyTorch's compiler follows no trees of others: it gets leaves, and traces what is inside."""
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(0.1))
    params = {"w": torch.ones(3), "b": torch.zeros(())}
    leaves, structure = tw.tree.flatten((params, optimizer.init(params)))

    @torch._dynamo.nonstrict_trace
    def step(leaves: list[Any]) -> list[Any]:
        params, state = tw.tree.unflatten(structure, leaves)
        updates, state = optimizer.update(params, state, params)
        return tw.tree.leaves((optim.apply_updates(params, updates), state))

    compiled = torch.compile(lambda *leaves: step(list(leaves)), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*leaves), step(leaves))


def test_containers_of_parameters_are_dicts_and_lists() -> None:
    weights, optimizer = torch.ones(2), optim.adamw(0.1)
    made = torch.nn.ParameterDict({"w": weights, "b": torch.zeros(())})
    for params, gradients in (
        (made, {"w": torch.ones(2), "b": torch.ones(())}),
        (torch.nn.ParameterList([weights]), [torch.ones(2)]),
        (dict(torch.nn.Linear(2, 1).named_parameters()), None),
    ):
        with torch.no_grad():
            given = tw.tree.map(torch.ones_like, params) if gradients is None else gradients
            updates, state = optimizer.update(given, optimizer.init(params), params)
            moved = optim.apply_updates(params, updates)
        assert tw.tree.structure(state[0].mu) == tw.tree.structure(moved)
        assert tw.tree.structure(moved) == tw.tree.structure(given)
        for leaf in tw.tree.leaves((moved, state)):
            assert isinstance(leaf, torch.Tensor)
            assert not leaf.requires_grad
    assert made["w"].tolist() == [1.0, 1.0]


def test_generators_are_keys() -> None:
    like = {"w": torch.zeros(3)}

    def drawn() -> Any:
        generator = torch.Generator().manual_seed(3)
        return [optim.tree.random_like(generator, like)["w"] for _ in range(2)]

    first, second = drawn()
    torch.testing.assert_close(drawn(), [first, second])
    assert not torch.equal(first, second)
    noisy = optim.add_noise(1.0, 0.0, key=torch.Generator().manual_seed(3))
    updates, _ = noisy.update(like, noisy.init(like))
    assert updates["w"].abs().min() > 0


def test_draws_run_in_a_batch() -> None:
    keys = torch.tensor([[0, 1], [0, 2]], dtype=torch.int32)
    found = torch.func.vmap(lambda key: tw.random.uniform(key, (3,)))(keys)
    torch.testing.assert_close(found, torch.stack([tw.random.uniform(k, (3,)) for k in keys]))


def test_python_is_called_with_numpys_arrays() -> None:
    x = torch.tensor([1.0, 2.0])
    found = tw.pure_callback(np.cumsum, x, x)
    torch.testing.assert_close(found, torch.tensor([1.0, 3.0]))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_derivatives_are_of_any_tree() -> None:
    """Those of PyTorch know neither None nor nodes that others have registered."""

    def loss(params: Any, factor: Any) -> Any:
        return factor * (params["w"] ** 2).sum(), {"seen": params["w"], "none": None, "n": 3}

    params, factor = {"w": torch.ones(2), "none": None}, torch.tensor(3.0)
    (value, aux), slope = tw.value_and_grad(loss, has_aux=True)(params, factor)
    assert (value.item(), slope["w"].tolist(), slope["none"]) == (6.0, [6.0, 6.0], None)
    assert (aux["seen"].tolist(), aux["none"], aux["n"]) == ([1.0, 1.0], None, 3)
    first, second = tw.grad(lambda p, f: loss(p, f)[0], (0, 1))(params, factor)
    assert (first["w"].tolist(), second.item()) == ([6.0, 6.0], 2.0)
    rows = tw.jacobian(lambda p: {"a": p["w"] ** 2, "b": None})(params)
    torch.testing.assert_close(rows["a"]["w"], 2 * torch.eye(2))
    _, moved = tw.jvp(lambda p: p["w"] ** 2, (params,), (params,))
    torch.testing.assert_close(moved, torch.tensor([2.0, 2.0]))
    batch = {"w": torch.arange(6.0).reshape(3, 2), "none": None}
    sums = tw.vmap(
        lambda p, f: {"sum": f * p["w"].sum(), "none": None}, ({"w": 1, "none": None}, None)
    )
    torch.testing.assert_close(sums(batch, factor)["sum"], torch.tensor([18.0, 27.0]))


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
