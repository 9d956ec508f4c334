"""as_strided, resize_ and views in place do what PyTorch's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")


def both(function: Callable[[Any], Any]) -> None:
    """Compare what a function says of each library."""
    ours, theirs = function(wing), function(torch)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if hasattr(b, "detach"):
            np.testing.assert_allclose(np.asarray(a.detach()), np.asarray(b.detach()))
        else:
            assert a == b, (ours, theirs)


def leaf(lib: Any, *shape: int) -> Any:
    values = np.random.default_rng(0).normal(size=shape)
    return lib.tensor(values, requires_grad=True)


def counted(lib: Any, *shape: int) -> Any:
    return lib.tensor(np.arange(float(np.prod(shape))).reshape(shape))


# ---- views in place

VIEWS: dict[str, tuple[tuple[int, ...], Callable[[Any], Any]]] = {
    "t_": ((2, 3), lambda x: x.t_()),
    "t_ of a vector": ((3,), lambda x: x.t_()),
    "transpose_": ((2, 3, 4), lambda x: x.transpose_(0, -1)),
    "transpose_ by name": ((2, 3, 4), lambda x: x.transpose_(dim0=1, dim1=2)),
    "swapaxes_": ((2, 3, 4), lambda x: x.swapaxes_(0, 1)),
    "swapdims_": ((2, 3), lambda x: x.swapdims_(0, 1)),
    "squeeze_": ((1, 3, 1), lambda x: x.squeeze_()),
    "squeeze_ of one": ((1, 3, 1), lambda x: x.squeeze_(0)),
    "squeeze_ of several": ((1, 3, 1), lambda x: x.squeeze_((0, 2))),
    "squeeze_ of none": ((2, 3), lambda x: x.squeeze_()),
    "unsqueeze_": ((2, 3), lambda x: x.unsqueeze_(-1)),
    "unsqueeze_ by name": ((2, 3), lambda x: x.unsqueeze_(dim=0)),
    "as_strided_": ((2, 3), lambda x: x.as_strided_((3, 2), (1, 3))),
    "twice": ((2, 3), lambda x: x.t_().unsqueeze_(1)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_tensor_itself_takes_the_shape_and_keeps_its_memory(name: str) -> None:
    shape, become = VIEWS[name]

    def run(lib: Any) -> Any:
        x = counted(lib, *shape)
        other, place = x[None], x.data_ptr()
        same = become(x) is x
        x.mul_(2.0)
        return same, x.data_ptr() == place, tuple(x.shape), x.stride(), x._version, x, other

    both(run)


@pytest.mark.parametrize("name", VIEWS)
def test_the_history_goes_on_through_the_view(name: str) -> None:
    shape, become = VIEWS[name]

    def run(lib: Any) -> Any:
        x = leaf(lib, *shape)
        y = x * 2.0
        earlier, before = y[None], y.sum()
        become(y)
        z = (y * counted(lib, *y.shape)).sum() + before + (earlier * 3.0).sum()
        y.mul_(counted(lib, *y.shape) + 1.0)
        later = (earlier * earlier.cos()).sum() + (y[0] * 5.0).sum()
        (grad,) = lib.autograd.grad(later, x, retain_graph=True)
        return y.is_leaf, y.requires_grad, y.grad_fn is None, y, earlier, later, grad, z.shape

    both(run)


@pytest.mark.parametrize("name", VIEWS)
def test_a_leaf_and_a_view_of_one_are_refused_while_recording(name: str) -> None:
    shape, become = VIEWS[name]
    for lib in (wing, torch):
        with pytest.raises(RuntimeError, match="leaf"):
            become(leaf(lib, *shape))
        with pytest.raises(RuntimeError, match="view of a leaf"):
            become(leaf(lib, *shape)[None][0])


def test_a_leaf_may_change_where_nothing_is_recorded() -> None:
    def run(lib: Any) -> Any:
        x = leaf(lib, 2, 3)
        with lib.no_grad():
            same = x.t_() is x
        (x * counted(lib, 3, 2)).sum().backward()
        return same, x.is_leaf, x.requires_grad, tuple(x.shape), x, x.grad

    both(run)


def test_a_part_of_a_tensor_changed_so_still_writes_into_the_whole() -> None:
    def run(lib: Any) -> Any:
        x = leaf(lib, 4, 3)
        y = x * 2.0
        part = y[1:3]
        part.t_()
        part.mul_(counted(lib, 3, 2))
        y.sum().backward()
        return tuple(part.shape), part, y, x.grad

    both(run)


def test_a_kept_gradient_has_the_shape_of_its_tensor() -> None:
    # PyTorch keeps that of the shape before.
    y = leaf(wing, 2, 3) * 2.0
    y.retain_grad()
    y.t_()
    (y * counted(wing, 3, 2)).sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), np.arange(6.0).reshape(3, 2))


def test_a_kept_gradient_is_that_of_the_new_values() -> None:
    def run(lib: Any) -> Any:
        y = leaf(lib, 3) * 1.0
        y.retain_grad()
        y.mul_(3.0)
        (y * counted(lib, 3)).sum().backward()
        return (y.grad,)

    both(run)


@pytest.mark.parametrize("lib", [wing, torch], ids=["thalweg", "torch"])
def test_values_that_a_derivative_needs_are_guarded(lib: Any) -> None:
    y = leaf(lib, 2, 3) * 2.0
    z = lib.sin(y)
    y.t_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_what_is_traced_takes_the_shape_too() -> None:
    def function(x: Any) -> Any:
        y = x * 2.0
        before = wing.sin(y).sum()
        y.t_()
        return before + (y * wing.arange(6.0).reshape(3, 2)).sum()

    x = leaf(wing, 2, 3).detach()
    wanted = 2 * np.cos(2 * np.asarray(x)) + 2 * np.arange(6.0).reshape(3, 2).T
    np.testing.assert_allclose(np.asarray(tw.jit(tw.grad(function))(x)), wanted)
    np.testing.assert_allclose(np.asarray(wing.vmap(tw.grad(function))(x[None])[0]), wanted)


# ---- changed arguments of what is differentiated


def changed_after_use(x: Any) -> Any:
    z = wing.sin(x)
    x.mul_(2.0)
    return z.sum() + x.sum()


def changed_result(x: Any) -> Any:
    y = x * 1.0
    z = wing.sin(y)
    y.mul_(2.0)
    return z.sum() + y.sum()


def changed_constant(x: Any) -> Any:
    c = x.detach() * 1.0
    z = x * c
    c.mul_(2.0)
    return z.sum()


def test_a_derivative_is_that_at_the_values_before_a_change_or_refused() -> None:
    x = wing.tensor([1.0, 2.0])
    wanted = np.cos([1.0, 2.0]) + 2.0
    for differentiated in (tw.grad, lambda f: tw.jit(tw.grad(f), engine="numpy"), tw.jacfwd):
        np.testing.assert_allclose(differentiated(changed_after_use)(x).numpy(), wanted)
    for recorded in (tw.grad, tw.jacfwd):
        with pytest.raises(tw.errors.GradientError, match="modified by an inplace operation"):
            recorded(changed_constant)(x)
    # What is traced keeps the values that it had.
    traced = tw.jit(tw.grad(changed_constant), engine="numpy")
    np.testing.assert_allclose(traced(x).numpy(), x.numpy())
    traced = tw.jit(tw.grad(changed_result), engine="numpy")
    np.testing.assert_allclose(traced(x).numpy(), wanted)
    with pytest.raises(tw.errors.GradientError, match="modified by an inplace operation"):
        tw.grad(changed_result)(x)


# ---- as_strided

STRIDED: dict[str, tuple[tuple[int, ...], tuple[Any, ...]]] = {
    "a matrix": ((6,), ((2, 3), (1, 2), 0)),
    "windows": ((6,), ((4, 3), (1, 1))),
    "one element often": ((6,), ((2, 3), (0, 0), 4)),
    "a diagonal": ((3, 3), ((3,), (4,))),
    "offset": ((3, 4), ((2, 2), (4, 1), 5)),
    "no elements": ((3,), ((0, 2), (1, 1))),
    "a number": ((3,), ((), (), 2)),
}


@pytest.mark.parametrize("name", STRIDED)
@pytest.mark.parametrize("laid", ["rows", "columns", "part"])
def test_as_strided_shows_memory_and_its_derivative_adds_up(name: str, laid: str) -> None:
    shape, arguments = STRIDED[name]

    def run(lib: Any) -> Any:
        x = leaf(lib, *shape)
        if laid == "columns":
            y = (x * 1.0).t() if len(shape) == 2 else x * 1.0
        elif laid == "part":
            y = (x * 1.0)[:]
        else:
            y = x * 1.0
        shown = lib.as_strided(y, *arguments)
        (grad,) = lib.autograd.grad((shown * (counted(lib, *shown.shape) + 1.0)).sum(), x)
        strides = shown.stride() if 0 not in shown.shape else ()
        return tuple(shown.shape), strides, shown.storage_offset(), shown, grad

    both(run)


def test_writing_into_what_as_strided_shows_writes_into_the_tensor() -> None:
    def run(lib: Any) -> Any:
        x = leaf(lib, 6)
        y = x * 2.0
        shown = y.as_strided((2, 2), (3, 1), 1)
        shown.mul_(counted(lib, 2, 2) + 2.0)
        (y * counted(lib, 6)).sum().backward()
        return y, shown, x.grad, y._version

    both(run)


def test_as_strided_of_a_part_starts_where_the_part_does() -> None:
    def run(lib: Any) -> Any:
        x = counted(lib, 10)[2:]
        return x.as_strided((2,), (1,)), x.as_strided((2,), (1,), 0), x.as_strided((2,), (3,), 1)

    both(run)


def test_as_strided_is_traced_and_batched() -> None:
    x = leaf(wing, 2, 6).detach()

    def function(row: Any) -> Any:
        shown = wing.as_strided(row, (4, 3), (1, 1))
        return (shown * wing.arange(12.0).reshape(4, 3)).sum()

    wanted = [tw.grad(function)(row).numpy() for row in x]
    np.testing.assert_allclose(wing.vmap(tw.grad(function))(x).numpy(), wanted)
    np.testing.assert_allclose(tw.jit(tw.grad(function))(x[0]).numpy(), wanted[0])


def test_as_strided_passes_gradcheck() -> None:
    x = leaf(wing, 7)
    assert wing.autograd.gradgradcheck(lambda x: (x * x).as_strided((3, 3), (2, 1)) ** 2, x)


@pytest.mark.parametrize(
    "arguments",
    [((2, 3), (3, 2)), ((2, 3), (-1, 2)), ((2, 3), (1,)), ((2,), (1,), 5), ((2,), (1,), -1)],
)
def test_what_lies_outside_the_memory_is_refused(arguments: Any) -> None:
    for lib in (wing, torch):
        with pytest.raises(RuntimeError):
            counted(lib, 6).as_strided(*arguments)


def test_memory_with_gaps_is_refused() -> None:
    with pytest.raises(tw.errors.ShapeError, match="gaps"):
        wing.from_numpy(np.arange(6.0)[::2]).as_strided((2,), (1,))


# ---- resize_


def test_resize_keeps_the_memory_if_it_suffices() -> None:
    def run(lib: Any) -> Any:
        x = counted(lib, 6)
        place, seen = x.data_ptr(), []
        for shape in ((2, 2), (3,), (6,), (1, 2, 3)):
            same = x.resize_(*shape) is x
            seen += [same, x.data_ptr() == place, tuple(x.shape), x.clone()]
        x.resize_((3, 3))
        seen += [tuple(x.shape), x.data_ptr() == place, x.reshape(-1)[:6].clone(), x._version]
        return seen

    both(run)


def test_resize_of_a_part_reaches_into_the_whole() -> None:
    def run(lib: Any) -> Any:
        x = counted(lib, 6)
        part, sparse = x[2:4], x[::2]
        return part.resize_(3), sparse.resize_(4), x

    both(run)


def test_resize_as_takes_the_shape_of_another() -> None:
    both(lambda lib: (counted(lib, 6).resize_as_(counted(lib, 2, 2)),))


def test_resize_is_refused_where_a_gradient_is_wanted() -> None:
    for lib in (wing, torch):
        with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
            leaf(lib, 6).resize_(2, 3)
        with pytest.raises(RuntimeError):
            counted(lib, 6).resize_(-1, 2)
    with pytest.raises(tw.errors.TracingError, match="resize_"):
        tw.jit(lambda x: x.resize_(2))(wing.ones(4))
