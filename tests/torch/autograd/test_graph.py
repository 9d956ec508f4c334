"""What the tape keeps, older names, and the state of the random numbers."""

from typing import Any

import pytest

from tests.torch.nn.libraries import Library, same, same_error
from tests.torch.nn.utils.roots import root


def test_saving_on_the_cpu_changes_nothing() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(3).requires_grad_()
        with root(lib).autograd.graph.save_on_cpu(pin_memory=True):
            y = x.exp() * x
        y.sum().backward()
        return y, x.grad

    same(code)


@pytest.mark.parametrize("hooks", ["saved_tensors_hooks(abs, abs)", "save_on_cpu()"])
def test_packing_is_disabled_with_a_text(hooks: str) -> None:
    def code(lib: Library) -> None:
        graph = root(lib).autograd.graph
        with graph.disable_saved_tensors_hooks("not here"), eval(f"graph.{hooks}"):
            pass

    assert same_error(code, "not here") == "not here"


def test_variables_are_tensors() -> None:
    def code(lib: Library) -> Any:
        variable = root(lib).autograd.Variable
        x, y = variable(lib.ones(2), requires_grad=True), variable(lib.ones(2))
        (x * y).sum().backward()
        return isinstance(y, variable), isinstance(2, variable), x.grad, y.requires_grad

    same(code)


def test_threads_are_accepted() -> None:
    def code(lib: Library) -> Any:
        autograd = root(lib).autograd
        seen = [autograd.is_multithreading_enabled()]
        with autograd.set_multithreading_enabled(False):
            seen.append(autograd.is_multithreading_enabled())
        seen.append(autograd.is_multithreading_enabled())
        with autograd.grad_mode.set_grad_enabled(False), autograd.grad_mode.no_grad():
            return seen, (2 * lib.ones(2).requires_grad_()).requires_grad

    same(code)


@pytest.mark.parametrize("given", [{}, {"enabled": False}, {"devices": []}])
def test_random_numbers_are_forked(given: Any) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        space.random.manual_seed(7)
        with space.random.fork_rng(**given):
            first = space.rand(2)
        return first, space.rand(2), space.random.initial_seed()

    same(code)


def test_what_is_behind_the_inputs_is_kept() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(3).requires_grad_()
        y = x.exp()
        found = root(lib).autograd.grad((y * y).sum(), y)
        y.sum().backward()
        return found, x.grad

    same(code)


def test_what_leads_to_the_inputs_is_freed() -> None:
    def code(lib: Library) -> None:
        x = lib.range(3).requires_grad_()
        y = x.exp()
        root(lib).autograd.grad((y * y).sum(), [x, y])
        y.sum().backward()

    same_error(code, "Trying to backward through the graph a second time")
