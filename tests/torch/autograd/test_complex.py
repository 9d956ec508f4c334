"""Derivatives by complex tensors are told as PyTorch tells them."""

from typing import Any

import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, same, same_error
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing


def numbers(lib: Library) -> Any:
    z = root(lib).complex(lib.range(3) + 1, lib.range(3) - 2)
    return z.detach().requires_grad_()


def parts(z: Any) -> Any:
    return [z.detach().resolve_conj().real, z.detach().resolve_conj().imag]


@pytest.mark.parametrize(
    "loss",
    [
        lambda t, z: (z.abs() ** 2).sum(),
        lambda t, z: ((z * (2 + 1j)).real ** 2).sum(),
        lambda t, z: (z**3).imag.sum(),
        lambda t, z: (z * z.conj()).real.sum() + z.angle().sum(),
        lambda t, z: t.fft.fft(z).abs().sum(),
        lambda t, z: t.view_as_real(z)[:, 1].exp().sum(),
        lambda t, z: (z.exp() * t.polar(z.abs(), z.real)).imag.sum(),
    ],
)
def test_the_derivative_of_a_real_loss(loss: Any) -> None:
    def code(lib: Library) -> Any:
        z = numbers(lib)
        loss(root(lib), z).backward()
        (g,) = root(lib).autograd.grad(loss(root(lib), z), z, create_graph=True)
        (second,) = root(lib).autograd.grad((g.abs() ** 2).sum(), z)
        return parts(z.grad), parts(g), parts(second)

    same(code)


def test_cotangents_hooks_and_kept_gradients() -> None:
    def code(lib: Library) -> Any:
        z, seen = numbers(lib), []
        w = z * 1j
        w.retain_grad()
        w.register_hook(lambda g: seen.append(parts(g)) or g * (1 + 1j))
        w.grad_fn.register_prehook(lambda g: seen.append(parts(g[0])))
        w.grad_fn.register_hook(lambda given, g: seen.append([parts(given[0]), parts(g[0])]))
        (w**2).backward(root(lib).complex(lib.range(3), lib.ones(3)))
        return seen, parts(w.grad), parts(z.grad)

    same(code)


def test_a_functions_backward() -> None:
    def code(lib: Library) -> Any:
        class Own(root(lib).autograd.Function):  # type: ignore[misc,name-defined]
            @staticmethod
            def forward(ctx: Any, z: Any) -> Any:
                ctx.save_for_backward(z)
                return z * z.conj() * z

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                (z,) = ctx.saved_tensors
                return g * 2 * z * z.conj() + g.conj() * z * z

        z = numbers(lib)
        Own.apply(z).abs().sum().backward()
        return parts(z.grad)

    same(code)


def test_functional_products() -> None:
    def code(lib: Library) -> Any:
        functional, z = root(lib).autograd.functional, numbers(lib).detach()
        v = root(lib).complex(lib.ones(3), lib.range(3))
        back = functional.vjp(lambda a: a**2 * a.conj(), z, v)[1]
        return parts(back), root(lib).autograd.gradcheck(lambda a: a**2 * a.conj(), numbers(lib))

    same(code)


def test_a_step_against_it_goes_down() -> None:
    def code(lib: Library) -> Any:
        p = root(lib).nn.Parameter(numbers(lib).detach())
        optimizer = root(lib).optim.SGD([p], lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            loss = ((p - (2 - 1j)).abs() ** 2).sum()
            loss.backward()
            optimizer.step()
        return loss.detach(), parts(p)

    assert same(code, rel=1e-9)[0] < 0.05


def test_sparse_ones() -> None:
    def gradient(sparse: bool) -> Any:
        table = wing.tensor([[1 + 2j], [3 - 1j], [2j]], requires_grad=True)
        rows = wing.nn.functional.embedding(wing.tensor([0, 2]), table, sparse=sparse)
        (rows.abs() ** 2).sum().backward()
        return table.grad.to_dense().tolist()

    assert gradient(True) == gradient(False)


def test_complex_losses_need_a_gradient() -> None:
    same_error(lambda lib: numbers(lib).sum().backward(), "only for real scalar outputs")
    with pytest.raises(tw.errors.GradientError, match="jacfwd"):
        wing.autograd.functional.jacobian(lambda z: z**2, wing.ones(2, dtype=wing.complex64))
