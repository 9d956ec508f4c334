"""gradcheck and gradgradcheck say of each function what PyTorch's say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")

LIBRARIES = pytest.mark.parametrize("lib", [wing, torch], ids=["thalweg", "torch"])


def leaf(lib: Any, *shape: int, seed: int = 0, dtype: str = "float64") -> Any:
    random = np.random.default_rng(seed)
    values = random.uniform(0.5, 2.0, shape)
    if dtype.startswith("complex"):
        values = values + 1j * random.uniform(0.5, 2.0, shape)
    return lib.tensor(values.astype(dtype), requires_grad=True)


def wrong(lib: Any, name: str = "backward") -> Any:
    """Return a Function whose derivative is twice what it should be, or random."""

    class Wrong(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            if name == "random":
                return 2 * x * g * (1 + float(np.random.default_rng().uniform(1e-7, 1e-6)))
            return 4 * x * g

    return Wrong.apply


RIGHT: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "one tensor": (lambda lib: lambda x: lib.sin(x) * x, lambda lib: leaf(lib, 3)),
    "two of two": (
        lambda lib: lambda x, y: (x @ y, lib.exp(x).sum()),
        lambda lib: (leaf(lib, 2, 3), leaf(lib, 3, 2, seed=1)),
    ),
    "a constant beside": (lambda lib: lambda x, n: x**n, lambda lib: (leaf(lib, 2), 3)),
    "one without gradient": (
        lambda lib: lambda x, y: x * y,
        lambda lib: (leaf(lib, 2), leaf(lib, 2).detach()),
    ),
    "indices beside": (lambda lib: lambda x: (x * x, lib.argmax(x)), lambda lib: leaf(lib, 4)),
    "complex to complex": (
        lambda lib: lambda z: z * z + 2 * lib.conj(z),
        lambda lib: leaf(lib, 2, dtype="complex128"),
    ),
    "complex to real": (lambda lib: lambda z: abs(z), lambda lib: leaf(lib, 2, dtype="complex128")),
    "real to complex": (lambda lib: lambda x: lib.complex(x, x**2), lambda lib: leaf(lib, 2)),
    "no elements": (lambda lib: lambda x: x * 2, lambda lib: leaf(lib, 0)),
    "a result in the middle": (lambda lib: lambda x: x.exp(), lambda lib: leaf(lib, 2) * 1.0),
}


@LIBRARIES
@pytest.mark.parametrize("fast", [False, True], ids=["all", "fast"])
@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.filterwarnings("ignore")
def test_right_derivatives_pass(lib: Any, name: str, fast: bool) -> None:
    func, inputs = (make(lib) for make in RIGHT[name])
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    before = [np.array(x.detach()) if hasattr(x, "detach") else x for x in given]
    assert lib.autograd.gradcheck(func, inputs, fast_mode=fast) is True
    assert lib.autograd.gradgradcheck(func, inputs, fast_mode=fast) is True
    after = [np.array(x.detach()) if hasattr(x, "detach") else x for x in given]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", RIGHT)
def test_forward_and_batched_derivatives_pass_too(name: str) -> None:
    func, inputs = (make(wing) for make in RIGHT[name])
    assert wing.autograd.gradcheck(
        func, inputs, check_forward_ad=True, check_batched_grad=True,
        check_batched_forward_grad=True, check_grad_dtypes=True,
    )  # fmt: skip
    assert wing.autograd.gradgradcheck(
        func, inputs, check_fwd_over_rev=True, gen_non_contig_grad_outputs=True
    )


@LIBRARIES
@pytest.mark.parametrize("fast", [False, True], ids=["all", "fast"])
def test_a_wrong_derivative_names_output_and_input_and_shows_both(lib: Any, fast: bool) -> None:
    apply = wrong(lib)

    def func(x: Any, y: Any) -> Any:
        return x * y, apply(y)

    inputs = leaf(lib, 2), leaf(lib, 2, seed=1)
    with pytest.raises(RuntimeError) as raised:
        lib.autograd.gradcheck(func, inputs, fast_mode=fast)
    text = str(raised.value)
    for part in ("mismatch for output 1 with respect to input 1", "numerical:", "analytical:"):
        assert part in text
    assert lib.autograd.gradcheck(func, inputs, raise_exception=False, fast_mode=fast) is False


def test_the_jacobians_shown_are_those() -> None:
    x = wing.tensor([1.0, 3.0], requires_grad=True)
    with pytest.raises(tw.errors.GradientError) as raised:
        wing.autograd.gradcheck(wrong(wing), x)
    shown = str(raised.value)
    assert "analytical:[[ 4.  0.]\n [ 0. 12.]]" in shown
    assert "[[2." in shown
    assert "6." in shown


@LIBRARIES
def test_a_wrong_second_derivative_is_found(lib: Any) -> None:
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 3 * x.detach() * x * g

    assert lib.autograd.gradcheck(Cube.apply, leaf(lib, 2))
    with pytest.raises(RuntimeError, match="mismatch for output 0"):
        lib.autograd.gradgradcheck(Cube.apply, leaf(lib, 2))


@LIBRARIES
def test_given_cotangents_are_used(lib: Any) -> None:
    start = leaf(lib, 2, seed=3)
    assert lib.autograd.gradgradcheck(lambda x: x**3, leaf(lib, 2), start)
    assert lib.autograd.gradgradcheck(lambda x: x**3, leaf(lib, 2), [start], raise_exception=False)


@LIBRARIES
def test_a_random_derivative_is_not_reentrant(lib: Any) -> None:
    func, x = wrong(lib, "random"), leaf(lib, 2)
    with pytest.raises(RuntimeError, match="not reentrant"):
        lib.autograd.gradcheck(func, x)
    assert lib.autograd.gradcheck(func, x, nondet_tol=1e-5)


@LIBRARIES
def test_an_output_cut_off_from_its_input_is_found(lib: Any) -> None:
    with pytest.raises(RuntimeError, match="expected to be zero"):
        lib.autograd.gradcheck(lambda x: x.detach() * 2, leaf(lib, 2))
    assert lib.autograd.gradcheck(lambda x: (x * 3, x.detach() * 2), leaf(lib, 2))


@LIBRARIES
def test_a_function_may_reach_its_inputs_another_way(lib: Any) -> None:
    x = leaf(lib, 2)
    assert lib.autograd.gradcheck(lambda *_: (x**2).sum(), (x,))


@LIBRARIES
def test_single_precision_is_warned_of(lib: Any) -> None:
    x = leaf(lib, 2, dtype="float32")
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double"):
        lib.autograd.gradcheck(lambda x: x * 2, x, eps=1e-2, atol=1e-2)


@LIBRARIES
def test_what_cannot_be_checked_is_refused(lib: Any) -> None:
    check = lib.autograd.gradcheck
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        check(lambda x: x, leaf(lib, 2).detach())
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        check(lambda x: x, leaf(lib, 2).detach(), raise_exception=False)
    with pytest.raises(RuntimeError, match="dimension with stride 0"):
        check(lambda x: x * 2, leaf(lib, 1).expand(3))
    with pytest.raises((ValueError, AssertionError), match="check_forward_ad"):
        check(lambda x: x, leaf(lib, 2), check_backward_ad=False)


def test_a_result_that_is_no_tensor_is_refused() -> None:
    with pytest.raises(tw.errors.DtypeError, match="returns float"):
        wing.autograd.gradcheck(lambda x: 1.0, leaf(wing, 2))


@pytest.mark.parametrize("lib", [wing, torch])
def test_a_derivative_of_another_dtype_is_brought_to_that_of_its_input(lib: Any) -> None:
    class Doubled(lib.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return (g * 2).to(lib.float32)

    assert lib.autograd.gradcheck(Doubled.apply, leaf(lib, 2), check_grad_dtypes=True)
