"""backward, .grad, no_grad and the visible tape: PyTorch's habit, against PyTorch."""

import inspect
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import GradientError, ShapeError, TracingError

torch = pytest.importorskip("torch")

X = np.array([1.5, 2.0, -0.5])


def leaf(value: Any = X) -> wing.Tensor:
    return wing.tensor(value, requires_grad=True)


def test_gradients_accumulate_as_in_torch() -> None:
    ours, theirs = leaf(), torch.tensor(X, requires_grad=True)
    for _ in range(3):
        (np.sin(ours) * ours).sum().backward()
        (torch.sin(theirs) * theirs).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-14)
    assert not ours.grad.requires_grad


def test_a_vector_goes_back_with_a_gradient() -> None:
    m, x = leaf(np.linspace(0, 1, 5)), leaf(np.linspace(1, 2, 5))
    (m * x + 2).backward(np.ones(5))
    assert x.grad.tolist() == m.detach().tolist()
    assert m.grad.tolist() == x.detach().tolist()


def test_a_leaf_that_is_its_own_result_goes_back() -> None:
    x = leaf(2.0)
    x.backward()
    assert x.grad.item() == 1.0


def test_an_intermediate_result_stores_no_gradient() -> None:
    x = leaf()
    y = x * 2
    y.sum().backward()
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None
    assert not y.is_leaf
    assert x.is_leaf


def test_two_leaves_never_share_one_gradient_array() -> None:
    x, y = leaf(), leaf()
    (x + y).sum().backward()
    x.grad.array[:] = 7.0
    assert y.grad.tolist() == [1.0, 1.0, 1.0]


def test_a_shared_tape_goes_back_twice_if_it_is_retained() -> None:
    x = leaf()
    loss = (x**3).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X**2)


def test_a_freed_tape_does_not_go_back_again() -> None:
    x = leaf()
    shared = x**3
    shared.sum().backward()
    with pytest.raises(GradientError, match=r"backward through the graph a second time.*retain_gr"):
        (shared * 2).sum().backward()
    with pytest.raises(GradientError, match="second time"):
        tw.grad(lambda s: np.sum(shared * s))(2.0).backward()
    (x**3).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X**2)


def test_the_gradient_keeps_the_dtype_of_its_leaf() -> None:
    x = leaf(X.astype(np.float32))
    (x.astype(np.float64) ** 2).sum().backward()
    assert x.grad.dtype == np.float32


def test_a_vector_without_a_gradient_is_refused() -> None:
    with pytest.raises(GradientError, match=r"only for scalar outputs.*\(3,\).*\.sum\(\)"):
        (leaf() * 2).backward()
    with pytest.raises(ShapeError, match=r"gradient of shape \(2,\).*shape \(3,\)"):
        (leaf() * 2).backward(np.ones(2))


def test_a_constant_is_refused() -> None:
    with pytest.raises(GradientError, match=r"does not require grad.*Set requires_grad=True"):
        wing.tensor(X).sum().backward()


def test_requires_grad_can_be_set_again_without_losing_the_tape() -> None:
    x = leaf()
    y = (x * 3).sum()
    x.requires_grad = True
    y.backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]
    x.requires_grad = False
    assert not (x * 3).requires_grad
    with pytest.raises(GradientError, match=r"leaf variables.*detach"):
        (leaf() * 2).requires_grad = False


def test_no_grad_is_a_block_and_a_decorator() -> None:
    x = leaf()
    with wing.no_grad():
        assert not (x * 2).requires_grad
        with wing.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad

    @wing.no_grad()
    def double(value: Any) -> Any:
        return value * 2

    assert not double(x).requires_grad
    assert not double(x).requires_grad

    @wing.no_grad()
    @wing.enable_grad()
    def recorded(value: Any) -> Any:
        return value * 2

    assert recorded(x).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_ends_with_its_block_even_after_an_error() -> None:
    x = leaf()
    with pytest.raises(ZeroDivisionError), wing.no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad


def test_gradient_descent_by_hand_follows_torch() -> None:
    A = np.random.default_rng(0).normal(size=(20, 3))
    y = A @ [1.0, -2.0, 0.5]
    ours, theirs = leaf(np.zeros(3)), torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(10):
        ((y - A @ ours) ** 2).sum().backward()
        ((torch.tensor(y) - torch.tensor(A) @ theirs) ** 2).sum().backward()
        with wing.no_grad():
            ours = leaf(ours.detach() - 0.01 * ours.grad)
        with torch.no_grad():
            theirs -= 0.01 * theirs.grad
            theirs.grad = None
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-10)


def test_backward_meets_a_functional_derivative() -> None:
    x = leaf()
    tw.grad(lambda y: np.sum(y**3))(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X)


def test_a_traced_backward_does_not_leak_into_an_outer_leaf() -> None:
    x = leaf()

    def step(y: Any) -> Any:
        (x * y).sum().backward()
        return y

    with pytest.raises(TracingError, match=r"leaf outside of it.*Pass the leaf as an argument"):
        tw.jit(step, engine="numpy")(X)
    assert x.grad is None


def test_backward_compiles_on_a_leaf_made_inside() -> None:
    def gradient(y: Any) -> Any:
        inner = y.detach()
        inner.requires_grad = True
        (inner**2).sum().backward()
        return inner.grad

    assert tw.jit(gradient, engine="numpy")(X).tolist() == (2 * X).tolist()


# ---- the visible tape


def names(step: Any) -> list[Any]:
    return [(f and f.name().rpartition("::")[2], i) for f, i in step.next_functions]


def test_the_tape_looks_as_in_torch() -> None:
    def build(log: Any, x: Any, y: Any) -> Any:
        return log(x * y).sum()

    ours = build(np.log, leaf([1.0, 2.0]), leaf([3.0, 4.0]))
    theirs = build(
        torch.log,
        torch.tensor([1.0, 2.0], requires_grad=True),
        torch.tensor([3.0, 4.0], requires_grad=True),
    )
    step, their_step = ours.grad_fn, theirs.grad_fn
    while step.next_functions:
        assert step.name() == their_step.name()
        assert names(step) == names(their_step)
        step, their_step = step.next_functions[0][0], their_step.next_functions[0][0]
    assert step.name() == "AccumulateGrad"
    assert "LogBackward0 object at 0x" in repr(ours.grad_fn.next_functions[0][0])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: x + 1.0, lambda x: x + 1.0),
        (lambda x: 1.0 - x, lambda x: 1.0 - x),
        (lambda x: -x, lambda x: -x),
        (lambda x: x / 3.0, lambda x: x / 3.0),
        (np.exp, torch.exp),
        (np.tanh, torch.tanh),
        (np.abs, torch.abs),
        (np.sqrt, torch.sqrt),
        (lambda x: x**2, lambda x: x**2),
        (np.cumsum, lambda x: torch.cumsum(x, 0)),
    ],
)
def test_steps_have_the_names_of_torch(ours: Any, theirs: Any) -> None:
    step = ours(leaf(np.ones(3))).grad_fn
    expected = theirs(torch.ones(3, requires_grad=True)).grad_fn
    assert step.name() == expected.name()


def test_a_leaf_has_no_step_and_constants_show_as_none() -> None:
    x = leaf()
    assert x.grad_fn is None
    assert wing.tensor(X).grad_fn is None
    (first, _), (second, _) = (x * 2.0).grad_fn.next_functions
    assert first.variable is x
    assert second is None
    assert (x * 2.0).grad_fn.next_functions[0][0] == first


# ---- the loop of PyTorch's tutorials


def descend(library: Any, w: Any, b: Any, A: Any, y: Any) -> None:
    for _ in range(20):
        loss = ((A @ w + b - y) ** 2).mean()
        loss.backward()
        with library.no_grad():
            for p in (w, b):
                p -= 0.1 * p.grad
            w.grad.zero_()
        b.grad = None


def test_a_loop_of_backward_and_updates_in_place_is_that_of_torch() -> None:
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    w, b = wing.zeros(3, requires_grad=True), wing.tensor(0.0, requires_grad=True)
    descend(wing, w, b, A, y)
    theirs = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    constant = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    descend(torch, theirs, constant, torch.tensor(A), torch.tensor(y))
    np.testing.assert_allclose(w.detach().numpy(), theirs.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(b.item(), constant.item(), rtol=1e-12)
    assert w.is_leaf
    assert w.requires_grad


def test_a_leaf_is_not_changed_while_operations_are_recorded() -> None:
    w = leaf()
    with pytest.raises(GradientError, match=r"w -= lr \* w.grad.*inside `with tw.no_grad\(\):`"):
        w -= 1.0
    with pytest.raises(
        GradientError, match="a leaf Variable that requires grad is being used in an in-place"
    ):
        w.zero_()
    with pytest.raises(GradientError, match="a view of a leaf Variable that requires grad"):
        w[1:].zero_()


def test_a_derivative_that_needs_a_changed_leaf_is_refused() -> None:
    w = leaf()
    loss = (w**2).sum()
    with wing.no_grad():
        w /= 2.0
    with pytest.raises(
        GradientError,
        match=r"square needs its operand 0, of shape \(3,\), which was changed in place",
    ):
        loss.backward()
    (w**2).sum().backward()
    assert w.grad.tolist() == X.tolist()


def test_an_update_in_place_keeps_shape_and_dtype() -> None:
    w = wing.tensor(np.ones(2, np.float32), requires_grad=True)
    with wing.no_grad():
        w *= np.float64(3.0)
        with pytest.raises(ShapeError, match=r"output with shape \[2\] doesn't match .*\[3, 2\]"):
            w += np.ones((3, 2))
    assert (w.dtype, w.tolist()) == (np.float32, [3.0, 3.0])


def test_tensors_are_changed_in_their_own_memory() -> None:
    x = wing.ones(2)
    y = x
    y += 1
    assert (x.tolist(), y.tolist()) == ([2.0, 2.0], [2.0, 2.0])


@pytest.mark.parametrize("name", ["zeros", "ones", "zeros_like", "ones_like"])
def test_new_tensors_may_require_gradients(name: str) -> None:
    x = getattr(wing, name)(np.ones(2) if name.endswith("like") else 2, requires_grad=True)
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert wing.full(2, 1.5, requires_grad=True).is_leaf
    assert wing.full_like(x, 1.5, requires_grad=True).requires_grad


def test_data_are_the_values_without_the_history() -> None:
    x = leaf()
    x.data.add_(1.0)
    np.testing.assert_array_equal(x.detach().numpy(), X + 1.0)
    x.data = wing.tensor(X)
    (x**2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * X)


def test_autograd_grad_takes_the_arguments_of_pytorch_in_their_order() -> None:
    ours, theirs = (inspect.signature(lib.autograd.grad).parameters for lib in (wing, torch))
    assert list(ours) == list(theirs)
    x = wing.tensor([1.0, 2.0], requires_grad=True)
    assert wing.autograd.grad((x**2).sum(), x, only_inputs=True)[0].tolist() == [2.0, 4.0]
    with pytest.raises(tw.errors.GradientError, match="jacrev"):
        wing.autograd.grad(x**2, x, wing.eye(2), is_grads_batched=True)
