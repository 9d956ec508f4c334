"""Recomputation: the values and derivatives of PyTorch's, and fewer values kept."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, same, same_error
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing
from thalweg.torch import nn
from thalweg.torch.utils.checkpoint import checkpoint, checkpoint_sequential


def model_of(lib: Library) -> Any:
    layers = lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Dropout(0.5), lib.nn.Linear(4, 2)
    return fill(lib.nn.Sequential(*layers), lib)


@pytest.mark.parametrize("reentrant", [True, False])
def test_derivatives_are_those_of_pytorch(reentrant: bool) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        model, x = model_of(lib), lib.range(5, 3).requires_grad_()
        run = space.utils.checkpoint.checkpoint
        out = run(model, x, use_reentrant=reentrant)
        (out**2).sum().backward()
        gradients = [p.grad for p in model.parameters()]
        return out, x.grad, gradients, space.rand(2)

    same(code)


def test_segments_are() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        model, x = model_of(lib), lib.range(5, 3).requires_grad_()
        out = space.utils.checkpoint.checkpoint_sequential(model, 2, x, use_reentrant=False)
        (out**2).sum().backward()
        return out, x.grad, [p.grad for p in model.parameters()]

    same(code)


def test_several_results_and_arguments_of_every_kind() -> None:
    def code(lib: Library) -> Any:
        run = root(lib).utils.checkpoint.checkpoint
        x, outer = lib.range(3).requires_grad_(), lib.ones(3).requires_grad_()
        computed = outer.exp()

        def function(x: Any, power: int, *, scale: Any = None) -> Any:
            return x**power * scale["of"] * computed, {"same": x, "plain": 3}

        out, more = run(function, x, 2, scale={"of": 2.0}, use_reentrant=False)
        (out.sum() + more["same"].sum()).backward()
        return out, more, x.grad, outer.grad

    same(code)


def test_derivatives_of_derivatives() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        x = lib.range(3).requires_grad_()
        out = space.utils.checkpoint.checkpoint(lambda x: (x**3).sin(), x, use_reentrant=False)
        (first,) = space.autograd.grad(out.sum(), x, create_graph=True)
        (second,) = space.autograd.grad(first.sum(), x)
        return first, second

    same(code)


def test_hooks_of_what_it_depends_on_are_called_once() -> None:
    def code(lib: Library) -> Any:
        x, called = lib.range(3).requires_grad_(), []
        x.register_hook(lambda g: called.append(g) or 2 * g)
        run = root(lib).utils.checkpoint.checkpoint
        run(lambda: x.exp(), use_reentrant=False).sum().backward()
        return called, x.grad

    same(code)


def test_nothing_is_recorded_where_nothing_is_wanted() -> None:
    def code(lib: Library) -> Any:
        run, x = root(lib).utils.checkpoint.checkpoint, lib.range(3)
        free = run(lambda x: x.exp(), x, use_reentrant=False)
        with lib.no_grad():
            held = run(lambda x: x.exp(), x.requires_grad_(), use_reentrant=False)
        return free.requires_grad, held.requires_grad

    same(code)


def test_contexts_and_errors() -> None:
    def code(lib: Library) -> Any:
        from contextlib import contextmanager

        called: list[str] = []

        @contextmanager
        def telling(name: str) -> Any:
            called.append(name)
            yield

        run, x = root(lib).utils.checkpoint.checkpoint, lib.range(3).requires_grad_()
        out = run(
            lambda x: x.exp(), x, use_reentrant=False,
            context_fn=lambda: (telling("first"), telling("second")),
        )  # fmt: skip
        out.sum().backward()
        return called

    same(code)
    same_error(
        lambda lib: root(lib).utils.checkpoint.checkpoint(
            lambda x, y: x, lib.ones(2), use_reentrant=True, y=1
        ),
        "Unexpected keyword arguments: y",
    )


def test_the_way_is_asked_for() -> None:
    with pytest.warns(UserWarning, match="the use_reentrant parameter should be"):
        checkpoint(lambda x: x, wing.ones(2))


def test_less_memory_is_kept() -> None:
    def kept(run: Any) -> int:
        x = wing.ones(10_000).requires_grad_()

        def many(x: Any) -> Any:
            for _ in range(20):
                x = x.sin()
            return x

        tracemalloc.start()
        try:
            out = run(many, x)
            found = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        out.sum().backward()
        return found

    plain = kept(lambda function, x: function(x))
    assert kept(lambda function, x: checkpoint(function, x, use_reentrant=False)) < plain / 5


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_checkpointed_module_trains_in_a_run(dropout: float) -> None:
    class Model(nn.Module):
        def __init__(self, recomputes: bool) -> None:
            super().__init__()
            wing.manual_seed(0)
            self.body = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(dropout))
            self.head, self.recomputes = nn.Linear(4, 1), recomputes

        def forward(self, x: Any) -> Any:
            if self.recomputes:
                return self.head(checkpoint(self.body, x, use_reentrant=False))
            return self.head(self.body(x))

    x = np.random.default_rng(0).normal(size=(8, 3))
    results = []
    for recomputes in (True, False):
        model = Model(recomputes)
        tw.fit(
            model, (x, x[:, :1]), loss=nn.functional.mse_loss, optimizer=tw.optim.sgd(0.1),
            epochs=3, batch_size=4, seed=1,
        )  # fmt: skip
        results.append(model.head.weight.numpy(force=True))
    np.testing.assert_allclose(*results, rtol=1e-12)


@pytest.mark.parametrize("way", ["whole", "segments"])
def test_a_module_with_buffers_trains_in_a_run(way: str) -> None:
    class Model(nn.Module):
        def __init__(self, recomputes: bool) -> None:
            super().__init__()
            wing.manual_seed(0)
            self.body = nn.Sequential(
                nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1)
            )
            self.recomputes = recomputes

        def forward(self, x: Any) -> Any:
            if not self.recomputes:
                return self.body(x)
            if way == "segments":
                return checkpoint_sequential(self.body, 2, x, use_reentrant=False)
            return checkpoint(self.body, x, use_reentrant=False)

    x = np.random.default_rng(0).normal(size=(8, 3))
    results = []
    for recomputes in (True, False):
        model = Model(recomputes)
        tw.fit(
            model, (x, x[:, :1]), loss=nn.functional.mse_loss, optimizer=tw.optim.sgd(0.1),
            epochs=3, batch_size=4, seed=1,
        )  # fmt: skip
        results.append([value.tolist() for value in model.state_dict().values()])
    assert results[0] == results[1]
