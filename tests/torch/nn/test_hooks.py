"""Hooks around forward and backward: called, ordered and replaced as in PyTorch."""

from typing import Any

import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, plain, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


def layer(lib: Library) -> Any:
    return fill(lib.nn.Linear(2, 2), lib)


def test_forward_hooks_are_called_in_order_and_may_replace_arguments_and_outputs() -> None:
    def code(lib: Library) -> Any:
        told: list[Any] = []
        module = layer(lib)

        def hook(name: str, result: Any = None) -> Any:
            def called(m: Any, *given: Any) -> Any:
                told.append((name, type(m).__name__, plain(given)))
                return result(*given) if result else None

            return called

        module.register_forward_pre_hook(hook("second"))
        module.register_forward_pre_hook(hook("third", lambda args: args[0] * 2))
        module.register_forward_pre_hook(hook("first"), prepend=True)
        module.register_forward_hook(hook("after", lambda args, out: out + 1))
        handle = module.register_forward_hook(hook("before"), prepend=True)
        results = [module(lib.ones(1, 2))]
        handle.remove()
        handle.remove()
        results.append(module(lib.ones(1, 2)))
        return told, results

    same(code)


def test_hooks_with_keywords_see_and_replace_them() -> None:
    def code(lib: Library) -> Any:
        class Scaling(lib.nn.Module):  # type: ignore[name-defined,misc]
            def forward(self, x: Any, *, by: float = 1.0) -> Any:
                return x * by

        module = Scaling()
        told: list[Any] = []
        module.register_forward_pre_hook(
            lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True
        )
        module.register_forward_hook(
            lambda m, args, kwargs, out: told.append(kwargs), with_kwargs=True
        )
        return module(lib.ones(2), by=2.0), told

    same(code)


def test_a_hook_before_forward_that_forgets_the_keywords_is_refused() -> None:
    def code(lib: Library) -> None:
        module = layer(lib)
        module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
        module(lib.ones(1, 2))

    with pytest.raises(tw.errors.CallError, match="must return None or a tuple of"):
        code(Library(nn, lambda v: wing.tensor(v), wing.no_grad))


def test_hooks_that_are_always_called_are_called_when_forward_fails() -> None:
    def code(lib: Library) -> Any:
        told: list[str] = []
        module = lib.nn.Module()
        module.register_forward_hook(
            lambda m, a, out: told.append(f"always {out}"), always_call=True
        )
        module.register_forward_hook(lambda m, a, out: told.append("never"))
        with pytest.raises(NotImplementedError):
            module(1)
        return told

    assert same(code) == ["always None"]


def test_a_failing_hook_after_another_failure_warns() -> None:
    module = nn.Module()

    def fails(*given: Any) -> None:
        raise ValueError("mine")

    module.register_forward_hook(fails, always_call=True)
    with pytest.warns(RuntimeWarning, match="mine"), pytest.raises(NotImplementedError):
        module(1)


def test_a_handle_takes_its_hook_away_at_the_end_of_a_with_block() -> None:
    module = nn.Identity()
    with module.register_forward_hook(lambda m, args, out: out * 2):
        assert module(2) == 4
    assert module(2) == 2


def backward(lib: Library, module: Any, inputs: list[Any], told: list[Any]) -> Any:
    def before(m: Any, grad_output: Any) -> None:
        told.append(("before", plain(grad_output)))

    def after(m: Any, grad_input: Any, grad_output: Any) -> None:
        told.append(("after", plain(grad_input), plain(grad_output)))

    module.register_full_backward_pre_hook(before)
    module.register_full_backward_hook(after)
    out = module(*inputs)
    outputs = out if isinstance(out, tuple) else (out,)
    sum((o**2).sum() for o in outputs).backward()
    gradients = [i.grad for i in inputs if hasattr(i, "requires_grad") and i.requires_grad]
    return told, gradients, [p.grad for p in module.parameters()]


def test_backward_hooks_are_told_the_gradients_of_inputs_and_outputs() -> None:
    def code(lib: Library) -> Any:
        return backward(lib, layer(lib), [lib.range(3, 2).requires_grad_()], [])

    same(code)


def test_backward_hooks_of_modules_with_many_inputs_and_outputs() -> None:
    def code(lib: Library) -> Any:
        class Many(lib.nn.Module):  # type: ignore[name-defined,misc]
            def forward(self, a: Any, number: float, b: Any, c: Any) -> Any:
                return a * b, (b * number).sum(), c

        a, b, c = (lib.range(*shape).requires_grad_() for shape in ((2,), (2, 2), (1,)))
        return backward(lib, Many(), [a, 3.0, b, c], [])

    same(code)


def test_backward_hooks_where_no_input_requires_gradients() -> None:
    def code(lib: Library) -> Any:
        return backward(lib, layer(lib), [lib.range(3, 2)], [])

    same(code)


def test_backward_hooks_may_replace_the_gradients() -> None:
    def code(lib: Library) -> Any:
        module = layer(lib)
        module.register_full_backward_pre_hook(lambda m, g: (g[0] * 3,))
        module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
        module.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,), prepend=True)
        x = lib.range(3, 2).requires_grad_()
        module(x).sum().backward()
        return x.grad, [p.grad for p in module.parameters()]

    same(code)


def test_a_backward_hook_that_returns_too_many_gradients_is_refused() -> None:
    def code(lib: Library) -> None:
        module = layer(lib)
        module.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
        module(lib.ones(1, 2).requires_grad_()).sum().backward()

    with pytest.raises(tw.errors.ArgumentError, match="invalid number of grad_input, got 2"):
        code(Library(nn, lambda v: wing.tensor(v), wing.no_grad))


def test_a_backward_hook_cannot_replace_what_no_input_requires() -> None:
    def code(lib: Library) -> None:
        module = layer(lib)
        module.register_full_backward_hook(lambda m, gi, go: (go[0],))
        module(lib.ones(1, 2)).sum().backward()

    same_error(code, "where no input requires gradient should always return None")


def test_backward_hooks_want_tensors_as_outputs() -> None:
    module = nn.Identity()
    module.register_full_backward_hook(lambda *given: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor"):
        module([wing.ones(1)])


def test_without_recording_nothing_is_watched() -> None:
    module = nn.Identity()
    module.register_full_backward_hook(lambda *given: None)
    x = wing.ones(2).requires_grad_()
    with wing.no_grad():
        assert module(x) is x
