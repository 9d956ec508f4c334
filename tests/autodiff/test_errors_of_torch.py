"""What a user of PyTorch does wrong raises the same class here, and says the same thing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")


def leaf(lib: Any, n: int = 3) -> Any:
    return lib.tensor(np.arange(1.0, n + 1), requires_grad=True)


def twice(lib: Any) -> None:
    y = (leaf(lib) ** 2).sum()
    y.backward()
    y.backward()


def assigned(lib: Any) -> None:
    leaf(lib)[0] = 1.0


def changed(lib: Any) -> None:
    y = leaf(lib) * 2
    z = lib.sin(y)
    y.add_(1)
    z.sum().backward()


def result_changed(lib: Any) -> None:
    y = lib.exp(leaf(lib))
    y.add_(1)
    y.sum().backward()


def set_grad(lib: Any, value: Any) -> None:
    leaf(lib).grad = value


def unset(lib: Any) -> None:
    (leaf(lib) * 2).requires_grad = False


def later_shape(lib: Any) -> None:
    (leaf(lib) * 2).backward(lib.tensor(np.ones(2)))


def anomaly(lib: Any) -> None:
    with lib.autograd.set_detect_anomaly(True):
        lib.sqrt(leaf(lib) * 0.0 - 1.0).sum().backward()


def hooked_shape(lib: Any) -> None:
    x = leaf(lib)
    y = x * 2
    y.register_hook(lambda g: lib.tensor(np.ones(7)))
    y.sum().backward()


def hooked_number(lib: Any) -> None:
    x = leaf(lib)
    x.register_hook(lambda g: 3)
    x.sum().backward()


def captured_changed(lib: Any) -> None:
    total = lib.zeros(())
    lib.func.vmap(lambda x: total.add_(x))(lib.ones(2))


def multiplied(lib: Any, backward: bool) -> None:
    class Product(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x * y

    if backward:
        Product.backward = staticmethod(lambda ctx, g: g)
    Product.apply(leaf(lib), leaf(lib)).sum().backward()


def halved(lib: Any) -> None:
    class Half(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g[:2]

    Half.apply(leaf(lib)).sum().backward()


CASES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no scalar": (lambda lib: (leaf(lib) * 2).backward(), "only for scalar outputs"),
    "no graph": (lambda lib: lib.ones(1).sum().backward(), "does not require grad"),
    "twice": (twice, "second time"),
    "gradient of another shape": (later_shape, "shape"),
    "unused": (lambda lib: lib.autograd.grad(leaf(lib).sum(), leaf(lib)), "allow_unused=True"),
    "input without grad": (
        lambda lib: lib.autograd.grad(leaf(lib).sum(), lib.ones(1)),
        "does not require grad",
    ),
    "leaf in place": (lambda lib: leaf(lib).add_(1), "leaf"),
    "view of leaf in place": (lambda lib: leaf(lib)[:2].mul_(2), "view of a leaf"),
    "assigned to a leaf": (assigned, "leaf"),
    "operand changed": (changed, "modified by an inplace operation"),
    "result changed": (result_changed, "modified by an inplace operation"),
    "integers that require grad": (
        lambda lib: lib.tensor(np.array([1, 2]), requires_grad=True),
        "floating point and complex dtype can require gradients",
    ),
    "integers asked to": (
        lambda lib: lib.tensor(np.array([1, 2])).requires_grad_(),
        "floating point",
    ),
    "unset on a result": (unset, "you can only change requires_grad flags of leaf variables"),
    "numpy of a variable": (lambda lib: leaf(lib).numpy(), r"detach\(\)\.numpy\(\)"),
    "asarray of a variable": (lambda lib: np.asarray(leaf(lib)), "detach"),
    "deepcopy of a result": (lambda lib: copy.deepcopy(leaf(lib) * 2), "graph leaves|leaf|leaves"),
    "item of two": (lambda lib: leaf(lib).item(), "cannot be converted to Scalar"),
    "truth of none": (lambda lib: bool(lib.zeros(0)), "ambiguous"),
    "truth of two": (lambda lib: bool(leaf(lib)), "ambiguous"),
    "gradient of a wrong shape set": (
        lambda lib: set_grad(lib, lib.ones(2, dtype=lib.float64)),
        "size",
    ),
    "gradient that is no tensor": (lambda lib: set_grad(lib, 1.0), "expected to be a Tensor"),
    "retain_grad of a constant": (lambda lib: lib.ones(1).retain_grad(), "can't retain_grad"),
    "hook on a constant": (
        lambda lib: lib.ones(1).register_hook(print),
        "cannot register a hook on a tensor that doesn't require gradient",
    ),
    "late hook on a result": (
        lambda lib: (leaf(lib) * 2).register_post_accumulate_grad_hook(print),
        "non-leaf",
    ),
    "hook of another shape": (hooked_shape, "shape|size"),
    "anomaly": (anomaly, "returned nan values"),
    "grad of func of no scalar": (
        lambda lib: lib.func.grad(lambda x: x * 2)(lib.ones(2)),
        "scalar",
    ),
    "backward within grad": (
        lambda lib: lib.func.grad(lambda x: ((x * 2).sum().backward(), x.sum())[1])(lib.ones(2)),
        "backward",
    ),
    "argnums too large": (lambda lib: lib.func.grad(lambda x: x, 2)(lib.ones(())), "argnum"),
    "view detached in place": (lambda lib: (leaf(lib) * 2)[:2].detach_(), "detach views in-place"),
    "gradient of another dtype set": (
        lambda lib: set_grad(lib, lib.ones(3, dtype=lib.float32)),
        "dtype",
    ),
    "no inputs": (lambda lib: leaf(lib).sum().backward(inputs=[]), "cannot be empty"),
    "hook of no tensor": (hooked_number, "hook returned"),
    "number asked of an example": (
        lambda lib: lib.func.vmap(lambda x: x.item())(lib.ones(2)),
        r"item\(\)|Python asked for the values",
    ),
    "choice by an example": (
        lambda lib: lib.func.vmap(lambda x: x if x > 0 else -x)(lib.ones(2)),
        "data-dependent|where instead of if",
    ),
    "draw for an example": (
        lambda lib: lib.func.vmap(lambda x: x + lib.randn(()))(lib.ones(2)),
        "called random operation while in randomness error mode",
    ),
    "dropout of an example": (
        lambda lib: lib.func.vmap(lib.nn.functional.dropout)(lib.ones((2, 3))),
        "random",
    ),
    "tensor changed for an example": (captured_changed, "in ?place|doesn't match"),
    "hessian of no scalar": (
        lambda lib: lib.autograd.functional.hessian(lambda x: x * x, lib.ones(2)),
        "single element|scalar",
    ),
    "jacobian of a constant": (
        lambda lib: lib.autograd.functional.jacobian(
            lambda x: lib.ones(2), lib.ones(2), strict=True
        ),
        "does not require gradients|independent",
    ),
    "Function with too few gradients": (lambda lib: multiplied(lib, backward=True), "expected 2"),
    "Function without backward": (lambda lib: multiplied(lib, backward=False), "backward"),
    "Function with a gradient of another shape": (halved, "shape"),
    "out of what requires grad": (
        lambda lib: lib.add(leaf(lib), 1, out=lib.ones(3)),
        "don't support automatic differentiation",
    ),
    "index of floats": (lambda lib: lib.ones(2)[lib.tensor([0.5])], "integer|long"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_a_mistake_raises_torchs_class_and_says_what_it_says(name: str) -> None:
    wrong, text = CASES[name]
    with pytest.raises(Exception, match=text) as theirs:
        wrong(torch)
    with pytest.raises(theirs.type, match=text) as ours:
        wrong(wing)
    assert isinstance(ours.value, tw.errors.ThalwegError)


@pytest.mark.parametrize("loss", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_target_of_another_shape_is_warned_of(loss: str) -> None:
    for lib in (torch, wing):
        with pytest.warns(UserWarning, match="different to .*Please ensure they have"):
            getattr(lib.nn.functional, loss)(lib.zeros(3), lib.zeros((3, 1)))


def test_one_draw_for_all_examples_has_to_be_asked_for() -> None:
    found = []
    for lib in (torch, wing):
        lib.manual_seed(0)
        shifted = lib.func.vmap(
            lambda x, lib=lib: x + lib.rand(2, dtype=lib.float64), randomness="same"
        )
        found.append(shifted(lib.zeros((3, 2), dtype=lib.float64)).numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_a_result_changed_in_place_names_the_users_line() -> None:
    with pytest.raises(tw.errors.GradientError, match=r"test_errors_of_torch\.py:\d+"):
        changed(wing)


@pytest.mark.parametrize("lib", [wing, torch])
def test_versions_count_changes_of_shared_memory(lib: Any) -> None:
    x = lib.ones(3)
    assert x._version == 0
    view = x[1:]
    view.add_(1)
    x.mul_(2)
    x.detach().zero_()
    assert (x._version, view._version) == (3, 3)
    with lib.no_grad():
        view.fill_(1.0)
    assert x._version == 4


@pytest.mark.parametrize("lib", [wing, torch])
def test_grad_is_added_to_in_the_same_tensor(lib: Any) -> None:
    x = leaf(lib)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward(retain_graph=True)
    assert x.grad is first
    assert first.tolist() == [5.0, 5.0, 5.0]


@pytest.mark.parametrize("lib", [wing, torch])
def test_a_kept_gradient_says_so_and_detached_in_place_is_a_leaf(lib: Any) -> None:
    y = leaf(lib) * 2
    assert not y.retains_grad
    y.retain_grad()
    assert y.retains_grad
    assert y.detach_() is y
    assert (y.requires_grad, y.is_leaf) == (False, True)
