"""PyTorch's functional derivatives: values and structures, against PyTorch itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import torch as wing

torch = pytest.importorskip("torch")
BOTH = [wing, torch]

# PyTorch warns of itself when it goes forward.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

X, Y = np.array([0.5, -1.0, 2.0]), np.array([[1.5], [-0.5]])


def shown(found: Any) -> Any:
    """Return the structure, with shapes and values in place of tensors."""
    if isinstance(found, (tuple, list)):
        return tuple(map(shown, found))
    array = np.asarray(found.detach())
    return (array.shape, found.requires_grad, (array.round(10) + 0.0).tolist())


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...] | Any]] = {
    "one of one": (lambda x: x**3, X),
    "a tuple of one": (lambda x: (x**3, x.sum()), X),
    "one of a tuple": (lambda x, y: x * y, (X, Y)),
    "tuples": (lambda x, y: (x * y, (y**2).sum()), (X, Y)),
    "a tuple with one": (lambda x: (x**2,), (X,)),
    "independent": (lambda x, y: x * 2.0, (X, Y)),
    "one number": (lambda x: (x**3).sum() * x[0], X),
    "one number in a vector": (lambda x, y: ((x**2).sum() * (y**3).sum()).reshape(1), (X, Y)),
}


def given(lib: Any, values: Any, requires_grad: bool = False) -> Any:
    if isinstance(values, tuple):
        return tuple(lib.tensor(v, requires_grad=requires_grad) for v in values)
    return lib.tensor(values, requires_grad=requires_grad)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("vectorize", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians_have_torchs_values_and_structure(
    name: str, vectorize: bool, create_graph: bool
) -> None:
    function, values = FUNCTIONS[name]
    ours, theirs = (
        shown(
            lib.autograd.functional.jacobian(
                function, given(lib, values, True), vectorize=vectorize, create_graph=create_graph
            )
        )
        for lib in BOTH
    )
    if name == "independent" or create_graph:
        # Whether what is constant says that it requires gradients is PyTorch's own affair.
        ours, theirs = (str(f).replace("True", "False") for f in (ours, theirs))
    assert ours == theirs


@pytest.mark.parametrize("strategy", ["forward-mode", "reverse-mode"])
@pytest.mark.parametrize("name", ["one number", "one number in a vector"])
def test_hessians_have_torchs_values_and_structure(name: str, strategy: str) -> None:
    function, values = FUNCTIONS[name]
    ours, theirs = (
        shown(
            lib.autograd.functional.hessian(
                function, given(lib, values), vectorize=True, outer_jacobian_strategy=strategy
            )
        )
        for lib in BOTH
    )
    if strategy == "forward-mode":  # there PyTorch lets its own graph out
        ours, theirs = (str(f).replace("True", "False") for f in (ours, theirs))
    assert ours == theirs


@pytest.mark.parametrize("product", ["hvp", "vhp", "jvp", "vjp"])
@pytest.mark.parametrize("name", ["one number", "one number in a vector", "tuples"])
def test_products_have_torchs_values_and_structure(name: str, product: str) -> None:
    function, values = FUNCTIONS[name]
    if name == "tuples" and product in ("hvp", "vhp"):
        with pytest.raises(RuntimeError, match="single"):
            wing.autograd.functional.hvp(function, given(wing, values), given(wing, values))
        return
    found = []
    for lib in BOTH:
        inputs = given(lib, values)
        v: Any = tuple(t + 1 for t in inputs) if isinstance(inputs, tuple) else inputs + 1
        if product == "vjp":
            v = (inputs[0] + inputs[1], inputs[1].sum()) if name == "tuples" else None
        found.append(shown(getattr(lib.autograd.functional, product)(function, inputs, v)))
    assert found[0] == found[1]


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "no tensor": lambda lib: lib.autograd.functional.jacobian(lambda x: 3, lib.ones(2)),
    "input no tensor": lambda lib: lib.autograd.functional.jacobian(lambda x: x, [1.0]),
    "no number": lambda lib: lib.autograd.functional.hessian(lambda x: x * 2, lib.ones(2)),
    "strict constant": lambda lib: lib.autograd.functional.jacobian(
        lambda x: lib.ones(2), lib.ones(2), strict=True
    ),
    "strict unused": lambda lib: lib.autograd.functional.jacobian(
        lambda x, y: x * 2, (lib.ones(2), lib.ones(2)), strict=True
    ),
    "v missing": lambda lib: lib.autograd.functional.vjp(lambda x: x * 2, lib.ones(2)),
    "v of another shape": lambda lib: lib.autograd.functional.vjp(
        lambda x: x * 2, lib.ones(2), lib.ones(3)
    ),
    "v too long": lambda lib: lib.autograd.functional.jvp(
        lambda x: x * 2, lib.ones(2), (lib.ones(2), lib.ones(2))
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_raise_torchs_classes(name: str) -> None:
    with pytest.raises(Exception, match=r"\w") as theirs:
        MISTAKES[name](torch)
    with pytest.raises(theirs.type):
        MISTAKES[name](wing)


@pytest.mark.filterwarnings("ignore:Attempted to insert:UserWarning")
def test_func_has_torchs_order_of_arguments_and_results() -> None:
    def loss(lib: Any, x: Any, y: Any) -> Any:
        return (x**3).sum() * (y**2).sum()

    for name, call in {
        "grad": lambda lib, f, x, y: lib.func.grad(f, argnums=(0, 1))(x, y),
        "grad_and_value": lambda lib, f, x, y: lib.func.grad_and_value(f)(x, y),
        "vjp": lambda lib, f, x, y: lib.func.vjp(lambda x: f(x, y), x)[1](f(x, y)),
        "vjp of two": lambda lib, f, x, y: lib.func.vjp(f, x, y)[1](f(x, y)),
        "jvp": lambda lib, f, x, y: lib.func.jvp(f, (x, y), (x, y)),
        "jacrev": lambda lib, f, x, y: lib.func.jacrev(f, 1)(x, y),
        "jacfwd": lambda lib, f, x, y: lib.func.jacfwd(f, argnums=0)(x, y),
        "hessian": lambda lib, f, x, y: lib.func.hessian(f)(x, y),
        "linearize": lambda lib, f, x, y: lib.func.linearize(f, x, y)[1](x, y),
        "vmap": lambda lib, f, x, y: lib.func.vmap(f, in_dims=(None, 0))(x, y),
        "vmap out": lambda lib, f, x, y: lib.func.vmap(lambda z: z * 2.0, in_dims=(1,), out_dims=1)(
            y * lib.ones(3, dtype=lib.float64)
        ),
    }.items():
        ours, theirs = (
            shown(call(lib, lambda x, y, lib=lib: loss(lib, x, y), *given(lib, (X, Y))))
            for lib in BOTH
        )
        if name == "vmap out":
            assert ours[0] == theirs[0]
        assert ours == theirs, name
