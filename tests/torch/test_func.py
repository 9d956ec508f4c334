"""`wing.func` against `torch.func`: several models at once, random numbers under vmap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")
BOTH = [wing, torch]


def test_the_names_pytorch_s_users_import_are_modules() -> None:
    from thalweg.torch.autograd import Function, grad
    from thalweg.torch.autograd.function import once_differentiable
    from thalweg.torch.autograd.functional import hessian
    from thalweg.torch.func import vmap

    assert Function is wing.autograd.Function
    assert grad is wing.autograd.grad
    assert once_differentiable is wing.autograd.once_differentiable
    assert hessian is wing.autograd.functional.hessian
    assert vmap is wing.func.vmap


def test_the_models_of_an_ensemble_run_at_once() -> None:
    for lib in BOTH:
        models = [lib.nn.Linear(2, 3, dtype=lib.float64) for _ in range(4)]
        norms = [lib.nn.BatchNorm1d(3, dtype=lib.float64) for _ in range(4)]
        nets = [lib.nn.Sequential(*pair).eval() for pair in zip(models, norms, strict=True)]
        params, buffers = lib.func.stack_module_state(nets)
        assert all(p.requires_grad and p.is_leaf for p in params.values())
        x = lib.ones(5, 2, dtype=lib.float64)
        call = lambda p, b, lib=lib, net=nets[0], x=x: lib.func.functional_call(net, (p, b), (x,))
        found = lib.func.vmap(call)(params, buffers)
        expected = np.stack([net(x).detach().numpy() for net in nets])
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12)


def test_models_of_several_classes_do_not_stack() -> None:
    for lib in BOTH:
        with pytest.raises(RuntimeError, match="class"):
            lib.func.stack_module_state([lib.nn.Linear(1, 1), lib.nn.Identity()])


def test_random_numbers_under_vmap_are_refused_or_the_same_for_all_examples() -> None:
    def noisy(lib: Any) -> Any:
        return lambda x: x + lib.rand(2)

    for lib in BOTH:
        with pytest.raises(RuntimeError, match="randomness"):
            lib.func.vmap(noisy(lib))(lib.zeros(3))
        lib.manual_seed(0)
        found = lib.func.vmap(noisy(lib), randomness="same")(lib.zeros(3))
        lib.manual_seed(0)
        assert (found == lib.rand(2)).all()


def test_a_second_normal_number_of_a_pair_is_noticed_too() -> None:
    wing.manual_seed(0)
    wing.randn(1)
    with pytest.raises(tw.errors.ArgumentError, match="randomness"):
        wing.func.vmap(lambda x: x + wing.randn(1))(wing.zeros(3))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", ["grad", "hessian", "jacfwd", "jacrev"])
def test_derivatives_are_tensors_of_the_wing(name: str) -> None:
    function = lambda x: (x**3).sum() if name in ("grad", "hessian") else x**3
    found = getattr(wing.func, name)(function)(wing.tensor([1.0, 2.0]))
    assert type(found) is wing.Tensor
    np.testing.assert_allclose(
        found.std().numpy(),
        getattr(torch.func, name)(function)(torch.tensor([1.0, 2.0])).std().numpy(),
        rtol=1e-6,
    )
