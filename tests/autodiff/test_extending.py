"""Operations with derivatives of the user's own, against PyTorch's."""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import GradientError, MissingDerivative

torch = pytest.importorskip("torch")
BOTH = [wing, torch]


def cube_of(lib: Any) -> Any:
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, n: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.n = n
            return x**n

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * ctx.n * x ** (ctx.n - 1), None

    return Cube


def pair_of(lib: Any, materialize: bool = True) -> Any:
    class Pair(lib.autograd.Function):
        seen: Any = None

        @staticmethod
        def forward(x: Any, y: Any) -> Any:
            return x * y, lib.exp(x), (x > 0)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs, output[1])
            ctx.mark_non_differentiable(output[2])
            ctx.set_materialize_grads(materialize)

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any, m: Any) -> Any:
            Pair.seen = [k is None for k in (g, h, m)]
            x, y, e = ctx.saved_tensors
            zero = lib.zeros_like(x)
            g, h = zero if g is None else g, zero if h is None else h
            return g * y + h * e, g * x

    return Pair


X = np.array([0.5, -1.0, 2.0])


def test_values_and_derivatives_to_third_order_are_torchs() -> None:
    found = []
    for lib in BOTH:
        x = lib.tensor(X, requires_grad=True)
        y = cube_of(lib).apply(x, 4)
        (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x, create_graph=True)
        (k,) = lib.autograd.grad(h.sum(), x)
        found.append([np.asarray(t.detach()) for t in (y, g, h, k)])
        assert y.grad_fn.name() == "CubeBackward"
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


@pytest.mark.parametrize("materialize", [True, False])
@pytest.mark.parametrize("used", [(0,), (1,), (0, 1)])
def test_several_results_give_torchs_derivatives(used: tuple[int, ...], materialize: bool) -> None:
    found, seen = [], []
    for lib in BOTH:
        x, y = (lib.tensor(v, requires_grad=True) for v in (X, X + 1))
        pair = pair_of(lib, materialize)
        results = pair.apply(x, y)
        assert not results[2].requires_grad
        loss = sum((results[i] ** 2).sum() for i in used)
        g, h = lib.autograd.grad(loss, (x, y), create_graph=True)
        seen.append(pair.seen)
        (k,) = lib.autograd.grad((g * h).sum() + (g**2).sum(), x)
        found.append([np.asarray(t.detach()) for t in (g, h, k)])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)
    assert seen[0] == seen[1]


def test_it_is_traced_batched_compiled_and_pushed_forward() -> None:
    def loss(x: Any) -> Any:
        a, b, _ = pair_of(wing).apply(x, x + 1)
        return (a * b).sum() + cube_of(wing).apply(x, 3).sum()

    def plain(x: Any) -> Any:
        return (x * (x + 1) * np.exp(x)).sum() + (x**3).sum()

    want = tw.grad(plain)(X)
    np.testing.assert_allclose(tw.grad(loss)(X), want, rtol=1e-13)
    np.testing.assert_allclose(tw.jit(tw.grad(loss))(X), want, rtol=1e-12)
    np.testing.assert_allclose(wing.vmap(tw.grad(loss))(X[:, None])[:, 0], want, rtol=1e-12)
    np.testing.assert_allclose(tw.hessian(loss)(X), tw.hessian(plain)(X), rtol=1e-12, atol=1e-12)


def test_a_change_in_place_is_passed_on() -> None:
    found = []
    for lib in BOTH:

        class Double(lib.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                x.mul_(2)
                ctx.mark_dirty(x)
                return x

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return 2 * g

        leaf = lib.tensor(X, requires_grad=True)
        x = leaf * 1
        assert Double.apply(x) is x
        (x**2).sum().backward()
        found.append(np.asarray(leaf.grad))
        with pytest.raises(RuntimeError, match="leaf"):
            Double.apply(leaf)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-14)


@pytest.mark.parametrize("lib", BOTH)
def test_mistakes_raise_what_torch_raises(lib: Any) -> None:
    class Short(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    class Half(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    x = lib.tensor(X, requires_grad=True)
    with pytest.raises(RuntimeError, match="ShortBackward returned an incorrect number of grad"):
        Short.apply(x, x).sum().backward()
    with pytest.raises(NotImplementedError, match="You must implement"):
        Half.apply(x).sum().backward()
    y = x * 1
    z = cube_of(lib).apply(y, 2)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    z = cube_of(lib).apply(x, 2).sum()
    z.backward()
    with pytest.raises(RuntimeError, match="second time"):
        z.backward()


def test_a_backward_marked_once_differentiable_is_differentiated_once() -> None:
    for once, lib in (
        (wing.autograd.once_differentiable, wing),
        (torch.autograd.function.once_differentiable, torch),
    ):

        class Once(lib.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            @once
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        x = lib.tensor(X, requires_grad=True)
        (g,) = lib.autograd.grad((Once.apply(x) ** 2).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            g.sum().backward()


def test_a_graph_with_a_saved_result_is_freed_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        x = wing.tensor(X, requires_grad=True)
        results = pair_of(wing).apply(x, x)
        node = ref(results[1].node)
        del results
        assert node() is None
    finally:
        gc.enable()


def test_the_errors_are_ours() -> None:
    assert issubclass(MissingDerivative, GradientError)


def doubling_of(lib: Any, backward: Any) -> Any:
    class Doubling(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: Any = 2.0) -> Any:
            ctx.needed = ctx.needs_input_grad
            return x * factor

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            found = backward(lib, g)
            return (found, None)[: len(ctx.needed)]

    return Doubling


@pytest.mark.parametrize(
    "backward",
    [
        lambda lib, g: g.expand(3, *g.shape),
        lambda lib, g: g[:2],
        lambda lib, g: g.sum(),
        lambda lib, g: 3.0,
        lambda lib, g: (2 * g).to(lib.float32),
    ],
    ids=["broadcast", "too few", "without axes", "number", "another dtype"],
)
def test_a_gradient_that_does_not_fit_its_argument_is_summed_converted_or_refused(
    backward: Any,
) -> None:
    found: list[Any] = []
    refusal = ""
    for lib in BOTH:
        x = lib.tensor(X, requires_grad=True)
        try:
            doubling_of(lib, backward).apply(x).sum().backward()
            found.append((x.grad.tolist(), str(x.grad.dtype).removeprefix("torch.")))
        except RuntimeError as error:
            found.append("refused")
            refusal = refusal or str(error)
    assert found[0] == found[1]
    if "refused" in found:
        assert "function DoublingBackward returned" in refusal
        assert "at index 0" in refusal


def test_arguments_of_forward_are_given_by_name_too() -> None:
    for lib in BOTH:
        x = lib.tensor(X, requires_grad=True)
        y = doubling_of(lib, lambda lib, g: 5 * g).apply(x, factor=3.0)
        assert y.tolist() == (3 * X).tolist()
        y.sum().backward()
        assert x.grad.tolist() == [5.0] * len(X)
