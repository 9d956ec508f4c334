"""Hooks that keep what derivatives need: what they are given, and what is made of it."""

import threading
from typing import Any

import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, same, same_error
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing


def hooks_of(lib: Library, pack: Any, unpack: Any) -> Any:
    return root(lib).autograd.graph.saved_tensors_hooks(pack, unpack)


@pytest.mark.parametrize(
    "code",
    [
        lambda t, x, y: x + y,
        lambda t, x, y: x * y,
        lambda t, x, y: x * x,
        lambda t, x, y: (x * 2).exp(),
        lambda t, x, y: (x * y).exp() * y,
        lambda t, x, y: x @ y,
        lambda t, x, y: x**2,
        lambda t, x, y: (x - y).sin(),
    ],
)
def test_the_hooks_see_what_derivatives_read(code: Any) -> None:
    def run(lib: Library) -> Any:
        x, y, packed, unpacked = lib.range(3), lib.ones(3), [], []
        x.requires_grad_(), y.requires_grad_()
        with hooks_of(
            lib, lambda a: packed.append(a.tolist()) or a, lambda a: unpacked.append(1) or a
        ):
            z = code(root(lib), x, y)
        before = len(unpacked)
        z.sum().backward()
        grads = [None if a.grad is None else a.grad for a in (x, y)]
        return sorted(packed), before, len(unpacked), grads

    same(run)


class Keeper:
    """Keeps arrays beside, as a file would; counts what was put and taken."""

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}
        self.taken = 0

    def put(self, tensor: Any) -> int:
        self.held[len(self.held)] = tensor.detach().numpy().copy()
        return len(self.held) - 1

    def take(self, number: int) -> Any:
        self.taken += 1
        return wing.from_numpy(self.held[number].copy())


NN = wing.nn

MODELS = {
    "mlp": lambda: NN.Sequential(NN.Linear(4, 8), NN.LayerNorm(8), NN.GELU(), NN.Linear(8, 3)),
    "images": lambda: NN.Sequential(
        NN.Unflatten(1, (1, 2, 2)), NN.Conv2d(1, 4, 2, padding=1), NN.BatchNorm2d(4), NN.ReLU(),
        NN.MaxPool2d(2), NN.Flatten(), NN.Linear(4, 3),
    ),
    "attention": lambda: NN.Sequential(
        NN.Unflatten(1, (2, 2)), NN.TransformerEncoderLayer(2, 1, 4, 0.0, batch_first=True),
        NN.Flatten(), NN.Linear(4, 3),
    ),
    "elementwise": lambda: NN.Sequential(
        NN.Softplus(), NN.Tanh(), NN.Linear(4, 3), NN.Softmax(1), NN.SiLU(), NN.Sigmoid()
    ),
    "dropout": lambda: NN.Sequential(NN.Linear(4, 4), NN.Dropout(0.5), NN.ELU(), NN.Linear(4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models_have_the_same_gradients_when_all_is_kept_elsewhere(name: str) -> None:
    def gradients(keeper: Keeper | None) -> Any:
        wing.manual_seed(0)
        model, x = MODELS[name](), wing.randn(6, 4)
        if keeper is None:
            found = model(x)
        else:
            with wing.autograd.graph.saved_tensors_hooks(keeper.put, keeper.take):
                found = model(x)
        NN.functional.cross_entropy(found, wing.arange(6) % 3).backward()
        return [p.grad.tolist() for p in model.parameters()]

    keeper = Keeper()
    assert gradients(keeper) == gradients(None)
    assert keeper.taken


def test_recurrent_layers_and_what_is_written_in_place() -> None:
    def gradients(keeper: Keeper) -> Any:
        wing.manual_seed(0)
        lstm, x = NN.LSTM(2, 3), wing.randn(4, 1, 2)
        put, take = keeper.put, keeper.take
        with wing.autograd.graph.saved_tensors_hooks(put, take):
            out, _ = lstm(x)
            out = out * 2
            out[0] = 0.0
            loss = (out**2).sum()
        loss.backward()
        return [p.grad.tolist() for p in lstm.parameters()]

    plain = Keeper()
    plain.put, plain.take = (lambda a: a), (lambda a: a)  # type: ignore[method-assign,assignment,return-value]
    assert gradients(Keeper()) == gradients(plain)


def test_what_is_given_back_stands_for_what_was_kept() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(3).requires_grad_()
        with hooks_of(lib, lambda a: a.float(), lambda a: a.double() * 2):
            y = x**2
        y.sum().backward()
        return x.grad

    same(code)


def test_the_innermost_hooks_keep_and_blocks_end() -> None:
    def code(lib: Library) -> Any:
        x, seen = lib.range(3).requires_grad_(), []
        with hooks_of(lib, lambda a: seen.append("outer") or a, lambda a: a):
            with hooks_of(lib, lambda a: seen.append("inner") or a, lambda a: a):
                y = x.exp()
            z = y.exp()
        z.exp().sum().backward()
        return seen, x.grad

    same(code)


def test_derivatives_of_derivatives_pass_through_what_is_given_back() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(3).requires_grad_()
        with hooks_of(lib, lambda a: a.detach().clone(), lambda a: a):
            y = (x**3).sum()
        (g,) = root(lib).autograd.grad(y, x, create_graph=True)
        return g, root(lib).autograd.grad(g.sum(), x)

    same(code)


def test_a_function_saves_through_them() -> None:
    def code(lib: Library) -> Any:
        seen: list[Any] = []

        class Cube(root(lib).autograd.Function):  # type: ignore[misc,name-defined]
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                y = x * x
                ctx.save_for_backward(x, y, None)
                return y * x

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                _, y, _ = ctx.saved_tensors
                return 3 * g * y

        x = lib.range(3).requires_grad_()
        with hooks_of(lib, lambda a: seen.append(a.tolist()) or a, lambda a: a):
            y = Cube.apply(x)
        y.sum().backward()
        return seen, x.grad

    same(code)


def _changed(lib: Library) -> Any:
    with hooks_of(lib, lambda a: a.add_(1), lambda a: a):
        (lib.ones(2).requires_grad_() * 2).exp()


def _no_tensor(lib: Library) -> Any:
    x = lib.ones(2).requires_grad_()
    with hooks_of(lib, lambda a: 1, lambda a: a):
        y = x.exp()
    y.sum().backward()


def _disabled_inside(lib: Library) -> Any:
    graph = root(lib).autograd.graph
    with hooks_of(lib, abs, abs), graph.disable_saved_tensors_hooks("not now"):
        pass


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (_changed, "A saved tensor pack hook is modifying its input in place"),
        (_no_tensor, "Output of saved tensor unpack_hook expected to be a Tensor but got result"),
        (_disabled_inside, "not now"),
    ],
)
def test_errors_begin_as_pytorchs(code: Any, text: str) -> None:
    same_error(code, text)
    # The hooks of a block that failed are gone.
    (wing.ones(2, requires_grad=True) * 2).exp().sum().backward()


def test_what_is_no_function_is_refused() -> None:
    hooks: Any = wing.autograd.graph.saved_tensors_hooks(1, 2)  # type: ignore[arg-type]
    with pytest.raises(tw.errors.CallError, match="two functions"), hooks:
        pass


def test_what_was_changed_since_is_refused_where_pytorch_goes_on() -> None:
    x = wing.ones(2, requires_grad=True)
    with wing.autograd.graph.saved_tensors_hooks(lambda a: a, lambda a: a):
        y = (x * 2).exp()
    y.add_(1)
    with pytest.raises(tw.errors.GradientError, match="modified by an inplace operation"):
        y.sum().backward()


def test_functional_derivatives_keep_what_they_need_themselves() -> None:
    seen: list[Any] = []
    with wing.autograd.graph.saved_tensors_hooks(lambda a: seen.append(a) or a, lambda a: a):
        found = wing.func.grad(lambda x: (x**3).sum())(wing.ones(2))
        moved = wing.func.jvp(wing.exp, (wing.zeros(2),), (wing.ones(2),))
    assert found.tolist() == [3.0, 3.0]
    assert moved[1].tolist() == [1.0, 1.0]
    assert seen == []


def test_another_thread_has_none() -> None:
    seen: list[Any] = []

    def work() -> None:
        (wing.ones(2, requires_grad=True) * 2).exp().sum().backward()

    with wing.autograd.graph.saved_tensors_hooks(lambda a: seen.append(a) or a, lambda a: a):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == []


def test_checkpoints_inside_are_computed_again() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(3).requires_grad_()
        with hooks_of(lib, lambda a: a.detach().clone(), lambda a: a):
            y = root(lib).utils.checkpoint.checkpoint(
                lambda a: (a * 2).exp().sin(), x, use_reentrant=False
            )
        (y * y).sum().backward()
        return x.grad

    same(code)
