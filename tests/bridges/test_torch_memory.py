"""Native steps touch the memory of the tensors they are given, and no other."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import optim

torch = pytest.importorskip("torch")

from thalweg.bridges.torch import Optimizer  # noqa: E402
from thalweg.bridges.torch.memory import Lying, overlaps  # noqa: E402
from thalweg.errors import EngineError  # noqa: E402


def adam(params: Any) -> Any:
    return Optimizer(params, optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1)))


def reference(values: list[Any], gradients: list[Any], steps: int = 1) -> list[Any]:
    """Return parameters after steps with the same gradients, by PyTorch's own optimizer."""
    params = [torch.nn.Parameter(value.clone().contiguous()) for value in values]
    optimizer = torch.optim.Adam(params, 0.1)
    for _ in range(steps):
        for param, gradient in zip(params, gradients, strict=True):
            param.grad = gradient.clone().contiguous()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
    return [param.detach() for param in params]


def made_natively(optimizer: Any) -> bool:
    """Tell whether the last step was one of native code."""
    return any(w.native is not None and w.native._apart for w in optimizer._steps[0]._ways.values())


def drawn(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_a_step_is_native_and_right() -> None:
    params = [torch.nn.Parameter(drawn(5, 3)), torch.nn.Parameter(drawn(3))]
    gradients = [drawn(5, 3) + 1, drawn(3) - 1]
    wanted = reference([p.detach() for p in params], gradients, 3)
    optimizer = adam(params)
    for _ in range(3):
        for param, gradient in zip(params, gradients, strict=True):
            param.grad = gradient.clone()
        optimizer.step()
    assert made_natively(optimizer)
    torch.testing.assert_close([p.detach() for p in params], wanted, rtol=1e-5, atol=1e-6)


def test_what_lies_around_a_parameter_stays() -> None:
    """Vectors end in the middle of one, as the array does."""
    room = torch.full((64,), 7.0)
    for size in range(1, 20):
        param = torch.nn.Parameter(room[16 : 16 + size])
        param.grad = torch.ones(size)
        optimizer = adam([param])
        optimizer.step()
        assert made_natively(optimizer)
        assert (room[:16] == 7.0).all()
        assert (room[16 + size :] == 7.0).all()
        assert (room[16 : 16 + size] < 7.0).all()
        room.fill_(7.0)


STRANGE: dict[str, Callable[[], Any]] = {
    "every other": lambda: drawn(10)[::2],
    "expanded": lambda: drawn(4, 1).expand(4, 3),
    "negative": lambda: torch._neg_view(drawn(4)),
    "half": lambda: drawn(4).half(),
    "empty": lambda: torch.empty(0, 3),
    "elsewhere": lambda: torch.empty(3, device="meta"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_lies_otherwise_is_no_matter_of_native_code(name: str) -> None:
    with pytest.raises(EngineError):
        Lying(STRANGE[name]())


@pytest.mark.parametrize("name", ["every other", "negative", "empty"])
def test_steps_of_such_parameters_are_right_all_the_same(name: str) -> None:
    param = torch.nn.Parameter(STRANGE[name]())
    gradient = torch.ones_like(param)
    (wanted,) = reference([param.detach()], [gradient])
    param.grad = gradient
    optimizer = adam([param])
    optimizer.step()
    assert not made_natively(optimizer)
    torch.testing.assert_close(param.detach().contiguous(), wanted, rtol=1e-5, atol=1e-6)


def test_an_expanded_gradient_is_read_as_it_is() -> None:
    param = torch.nn.Parameter(drawn(4, 3))
    (wanted,) = reference([param.detach()], [torch.ones(4, 3)])
    param.sum().backward()  # PyTorch's gradient of a sum is expanded
    optimizer = adam([param])
    optimizer.step()
    torch.testing.assert_close(param.detach(), wanted, rtol=1e-5, atol=1e-6)


def test_parameters_that_share_memory_are_no_matter_of_native_code() -> None:
    room = drawn(12)
    params = [torch.nn.Parameter(room[:8]), torch.nn.Parameter(room[4:])]
    for param in params:
        param.grad = torch.ones(8)
    before = room.clone()
    optimizer = adam(params)
    optimizer.step()
    assert not made_natively(optimizer)
    moved = before - room
    # Each step is 0.1: what belongs to both is moved twice.
    torch.testing.assert_close(moved[4:8], torch.full((4,), 0.2), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(moved[:4], torch.full((4,), 0.1), rtol=1e-3, atol=1e-3)


def test_a_gradient_may_lie_in_the_parameter() -> None:
    param = torch.nn.Parameter(drawn(6))
    (wanted,) = reference([param.detach()], [param.detach()])
    param.grad = param.detach()
    optimizer = adam([param])
    optimizer.step()
    assert not made_natively(optimizer)
    torch.testing.assert_close(param.detach(), wanted, rtol=1e-5, atol=1e-6)


def test_overlaps_are_found_where_one_is_written() -> None:
    assert not overlaps([0, 8, 16], [8, 8, 8], [True, True, True])
    assert overlaps([0, 4], [8, 8], [True, False])
    assert overlaps([4, 0], [8, 8], [True, False])
    assert not overlaps([0, 4], [8, 8], [False, False])
    assert overlaps([0, 2, 20], [30, 2, 4], [False, False, True])
    assert overlaps([0, 2, 20], [30, 2, 4], [True, False, False])


def step_with(optimizer: Any, param: Any) -> None:
    param.grad = torch.ones_like(param)
    optimizer.step()


def test_memory_that_is_exchanged_between_steps() -> None:
    param = torch.nn.Parameter(drawn(6))
    optimizer = adam([param])
    step_with(optimizer, param)
    old = param.data
    kept = old.clone()
    param.data = drawn(6)
    before = param.detach().clone()
    step_with(optimizer, param)
    assert torch.equal(old, kept)
    assert (param < before).all()


def test_a_dtype_that_is_exchanged_between_steps() -> None:
    model = torch.nn.Linear(3, 2)
    optimizer = adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    model.double()
    optimizer.zero_grad()
    model(torch.ones(1, 3, dtype=torch.float64)).sum().backward()
    before = copy.deepcopy(model.state_dict())
    optimizer.step()
    assert all((before[name] > value).all() for name, value in model.state_dict().items())
    assert model.weight.dtype == torch.float64


def test_memory_that_is_taken_away_is_not_touched() -> None:
    param = torch.nn.Parameter(drawn(6))
    optimizer = adam([param])
    step_with(optimizer, param)
    gradient = torch.ones(6)
    param.grad = gradient
    gradient.untyped_storage().resize_(0)
    (ways,) = optimizer._steps[0]._ways.values()
    state = optimizer.state[param]
    leaves = [state["count"], state["mu"], state["nu"]]
    numbers = optimizer._options.numbers(optimizer.param_groups[0])
    assert not ways.native.run(numbers, [param], [gradient], leaves)
    gradient.untyped_storage().resize_(12)
    assert not ways.native.run(numbers, [param], [gradient], leaves)
    gradient.untyped_storage().resize_(24)
    assert ways.native.run(numbers, [param], [gradient], leaves)


def test_a_parameter_that_is_resized_is_refused() -> None:
    param = torch.nn.Parameter(drawn(6))
    optimizer = adam([param])
    step_with(optimizer, param)
    param.grad = None
    param.data = drawn(3)
    param.grad = torch.ones(3)
    with pytest.raises((RuntimeError, ValueError)):  # its moments are of six numbers still
        optimizer.step()


def test_what_is_written_natively_is_seen_by_the_tape() -> None:
    param = torch.nn.Parameter(drawn(4))
    loss = param.square().sum()
    optimizer = adam([param])
    step_with(optimizer, param)
    assert made_natively(optimizer)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_subclasses_of_tensors_are_no_matter_of_native_code() -> None:
    class Named(torch.Tensor):
        pass

    with pytest.raises(EngineError):
        Lying(torch.ones(3).as_subclass(Named))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit(threads: int) -> None:
    before = torch.get_num_threads()
    shapes = [(300, 700), (700,), (17,), (123, 457), ()]
    found = []
    for count in (1, threads):
        params = [torch.nn.Parameter(drawn(*shape)) for shape in shapes]
        optimizer = adam(params)
        torch.set_num_threads(count)
        try:
            for _ in range(3):
                for param in params:
                    param.grad = param.detach() * 0.1 + 1
                optimizer.step()
        finally:
            torch.set_num_threads(before)
        (ways,) = optimizer._steps[0]._ways.values()
        assert len(ways.native._located._stages[-1]) == count
        found.append([param.detach() for param in params])
    assert all(map(torch.equal, *found))


def test_conjugated_views_are_refused() -> None:
    param = torch.nn.Parameter(torch.tensor([1.0 + 2.0j]).conj())
    with pytest.raises(ValueError, match="conjugated"):
        adam([param])


def test_steps_in_inference_mode() -> None:
    param = torch.nn.Parameter(drawn(4))
    optimizer = adam([param])
    before = param.detach().clone()
    with torch.inference_mode():
        for _ in range(2):
            step_with(optimizer, param)
    assert (param < before).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_numbers_are_on_the_cpu_whatever_the_default_device_is(dtype: Any) -> None:
    param = torch.nn.Parameter(drawn(4).to(dtype))
    optimizer = Optimizer([param], optim.add_noise(0.1, 0.5, 3))
    before = torch.get_default_device()
    torch.set_default_device("meta")
    try:
        step_with(optimizer, param)
    finally:
        torch.set_default_device(before)
    assert param.isfinite().all()


def test_what_a_rule_holds_is_read_at_every_step() -> None:
    """Both where native code reads it and where PyTorch does."""
    for dtype in (torch.float32, torch.bfloat16):
        masks = np.array([1.0, 0.0, 1.0], np.float32)
        param = torch.nn.Parameter(torch.zeros(3, dtype=dtype))
        held = optim.stateless(functools.partial(_masked, mask=masks))
        optimizer = Optimizer([param], optim.chain(held, optim.sgd(1.0)))
        optimizer._steps_of(0)._pure = True
        step_with(optimizer, param)
        masks[:] = [0.0, 1.0, 1.0]
        step_with(optimizer, param)
        assert param.tolist() == [-1.0, -1.0, -2.0]


def _masked(updates: Any, params: Any, mask: Any) -> Any:
    return {name: update * mask for name, update in updates.items()}


def test_axes_may_lie_in_any_order_where_nothing_depends_on_it() -> None:
    values = [drawn(3, 5).T, drawn(2, 3, 4, 5).to(memory_format=torch.channels_last), drawn(3, 1)]
    params = [torch.nn.Parameter(value) for value in values]
    gradients = [torch.empty_like(value).copy_(drawn(*value.shape) + 1.0) for value in values]
    wanted = reference(values, gradients, 2)
    optimizer = adam(params)
    for _ in range(2):
        for param, gradient in zip(params, gradients, strict=True):
            param.grad = gradient.clone(memory_format=torch.preserve_format)
        optimizer.step()
    assert made_natively(optimizer)
    found = [param.detach().contiguous() for param in params]
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    assert optimizer.state[params[1]]["mu"].stride() == params[1].stride()


def test_axes_in_another_order_than_the_gradients() -> None:
    param = torch.nn.Parameter(drawn(3, 5).T)
    gradient = drawn(5, 3) + 1.0
    (wanted,) = reference([param.detach()], [gradient])
    param.grad = gradient
    optimizer = adam([param])
    optimizer.step()
    assert not made_natively(optimizer)
    torch.testing.assert_close(param.detach().contiguous(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rule", [optim.adaptive_grad_clip(0.1), optim.contrib.muon(0.1)])
def test_rows_are_rows_however_they_lie(rule: Any) -> None:
    values = drawn(4, 3)
    found = []
    for made in (values.clone(), values.T.contiguous().T):
        param = torch.nn.Parameter(made)
        optimizer = Optimizer([param], optim.chain(rule, optim.scale(-1.0)))
        param.grad = torch.empty_like(param).copy_(values + 1.0)
        optimizer.step()
        assert made_natively(optimizer) is param.is_contiguous()
        found.append(param.detach().contiguous())
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)
