"""Devices, older constructors, settings and guards: what scripts say around their mathematics."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, CallError

pytestmark = pytest.mark.singles

# Texts that PyTorch and the wing evaluate to the same text.
TEXTS = """
lib.Tensor(2, 3).shape
lib.Tensor(lib.Size([2, 3])).shape
lib.Tensor(4).shape
lib.Tensor().shape
lib.Tensor([1.0, 2.0])
lib.Tensor([[1, 2], [3, 4]])
lib.Tensor(numpy.ones(2))
lib.Tensor(lib.tensor([1, 2]))
lib.FloatTensor([1, 2])
lib.LongTensor([1, 2])
lib.LongTensor([[1], [2]]).dtype
lib.DoubleTensor(2).shape
lib.BoolTensor([1, 0])
lib.HalfTensor([1.5]).dtype
lib.tensor([1.0, 2.0]).type()
lib.tensor([1, 2]).type()
lib.tensor([True]).type()
lib.tensor([1.0], dtype=lib.float16).type()
lib.tensor([1, 2]).type(lib.FloatTensor)
lib.tensor([1, 2]).type(lib.float64)
lib.tensor([1, 2]).type("torch.DoubleTensor")
isinstance(lib.tensor([1.0]), lib.FloatTensor)
isinstance(lib.tensor([1]), lib.FloatTensor)
isinstance(lib.tensor([1]), (lib.LongTensor, lib.FloatTensor))
lib.FloatTensor
lib.FloatTensor.dtype
lib.tensor([1.0]).new([1, 2])
lib.tensor([1]).new(2).shape
lib.typename(lib.tensor([1.0]))
lib.typename(3)
lib.device("cpu")
lib.device("cuda:0")
lib.device("cuda", 1)
lib.device("cuda:1").index
str(lib.device("cuda:1"))
lib.device("cpu") == lib.device("cpu")
lib.device("cpu") == "cpu"
lib.device("cuda:0") == lib.device("cuda")
lib.device(lib.device("cuda:1"))
len({lib.device("cpu"), lib.device("cpu"), lib.device("cuda")})
lib.tensor([1.0]).device
lib.tensor([1.0]).device.type
lib.nn.Linear(2, 2).weight.device
lib.tensor([1.0]).is_cuda
lib.tensor([1.0]).to("cpu")
lib.tensor([1.0]).to(lib.device("cpu"), lib.float64)
lib.zeros(2, device=lib.device("cpu"))
lib.get_default_device()
lib.set_default_device("cpu")
lib.cuda.is_available()
lib.cuda.device_count()
lib.cuda.manual_seed_all(0)
lib.cuda.empty_cache()
lib.cuda.memory_allocated()
lib.accelerator.is_available()
lib.backends.cudnn.is_available()
lib.backends.cudnn.enabled
lib.backends.cudnn.benchmark
lib.backends.cudnn.deterministic
lib.backends.mps.is_available()
lib.version.cuda
lib.__version__.partition("+")[0]
lib.set_num_threads(2), lib.get_num_threads()
lib.get_float32_matmul_precision()
lib.set_float32_matmul_precision("high"), lib.get_float32_matmul_precision()
lib.set_float32_matmul_precision("highest")
lib.use_deterministic_algorithms(True), lib.are_deterministic_algorithms_enabled()
lib.get_deterministic_debug_mode()
lib.use_deterministic_algorithms(False), lib.are_deterministic_algorithms_enabled()
lib.set_deterministic_debug_mode("warn"), lib.get_deterministic_debug_mode()
lib.set_deterministic_debug_mode(0), lib.is_deterministic_algorithms_warn_only_enabled()
lib.is_autocast_enabled()
lib.is_anomaly_enabled()
lib.amp.GradScaler("cpu").get_scale()
lib.amp.GradScaler("cpu", enabled=False).get_scale()
lib.amp.GradScaler("cpu").state_dict()
lib.amp.GradScaler("cpu", enabled=False).state_dict()
lib.jit.script(lib.nn.ReLU())(lib.tensor([-1.0, 1.0]))
lib.jit.is_scripting()
lib.set_default_tensor_type("torch.DoubleTensor"), lib.tensor([1.0]).dtype, lib.Tensor([1]).dtype
lib.set_default_tensor_type(lib.FloatTensor), lib.tensor([1.0]).dtype
""".strip().split("\n")


def said(text: str, lib: Any) -> str:
    return repr(eval(text, {"lib": lib, "numpy": np}))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.filterwarnings("ignore")
def test_what_is_asked_for_is_what_pytorch_says(text: str) -> None:
    threads = torch.get_num_threads()
    try:
        assert said(text, wing) == said(text, torch)
    finally:
        torch.set_num_threads(threads)


REFUSED = """
lib.Tensor(2.5)
lib.device("gpu")
lib.device("cuda:x")
lib.device("cuda:1", 1)
lib.tensor([1]).type("torch.NoTensor")
lib.tensor([1.0]).cuda()
lib.zeros(2, device="cuda")
lib.nn.Linear(2, 2).cuda()
lib.nn.Linear(2, 2).to("cuda")
lib.tensor([1.0]).to("cuda:0")
lib.cuda.get_device_name()
lib.set_num_threads(0)
lib.set_deterministic_debug_mode("loud")
lib.amp.GradScaler("cpu", growth_factor=0.5)
lib.autocast(3)
""".strip().split("\n")


@pytest.mark.parametrize("text", REFUSED)
def test_what_pytorch_refuses_is_refused(text: str) -> None:
    with pytest.raises((AssertionError, RuntimeError, TypeError, ValueError)):
        said(text, torch)
    with pytest.raises((ArgumentError, TypeError)):
        said(text, wing)


def test_a_device_is_copied_and_a_block() -> None:
    device = wing.device("cuda:1")
    assert pickle.loads(pickle.dumps(device)) == copy.deepcopy(device) == device
    with wing.device("cpu"):
        assert wing.zeros(1).device == wing.device("cpu")
    with pytest.raises(ArgumentError, match="tensors lie on the CPU"), device:
        pass
    assert tw.zeros(1).device == "cpu"  # the Array API's word


def test_a_tensor_of_a_tensor_shares_its_memory() -> None:
    for lib in (torch, wing):
        x = lib.zeros(2)
        lib.Tensor(x)[0] = 5.0
        assert x.tolist() == [5.0, 0.0]
        x = lib.ones(2, requires_grad=True)
        (lib.Tensor(x) * 3.0).sum().backward()
        assert x.grad.tolist() == [3.0, 3.0]


def test_inference_mode_is_asked_for_or_not() -> None:
    x = wing.ones(2, requires_grad=True)
    with wing.inference_mode():
        assert not (2 * x).requires_grad
    with wing.inference_mode(False):
        assert (2 * x).requires_grad
    with wing.no_grad(), wing.inference_mode(mode=False):
        assert not (2 * x).requires_grad
    for decorate in (wing.inference_mode, wing.inference_mode(), wing.inference_mode(True)):
        assert not decorate(lambda: 2 * x)().requires_grad
    assert wing.inference_mode(False)(lambda: 2 * x)().requires_grad


def test_two_precisions_are_off_with_a_word() -> None:
    x = wing.ones(2, 2)
    with pytest.warns(UserWarning, match="CUDA is not available. Disabling"), wing.autocast("cuda"):
        assert (x @ x).dtype is wing.float32
    with pytest.warns(UserWarning, match="the CPU computes in the dtypes"):
        assert wing.autocast("cpu", dtype=wing.float16)(lambda: x @ x)().dtype is wing.float32
    with pytest.warns(UserWarning, match="Disabling"):
        assert not wing.amp.GradScaler().is_enabled()
    with pytest.warns((FutureWarning, UserWarning)) as told:
        assert wing.cuda.amp.GradScaler().scale(x) is x
    assert [warning.category for warning in told] == [FutureWarning, UserWarning]


def scaled_steps(lib: Any) -> list[Any]:
    """Train with scaled losses, one of which has an infinite gradient; tell all that is seen."""
    w = lib.tensor([2.0, 3.0], requires_grad=True)
    optimizer = lib.optim.SGD([w], lr=0.1, momentum=0.9)
    scaler = lib.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    seen: list[Any] = []
    for step in range(6):
        optimizer.zero_grad()
        loss = (w * w).sum() * (float("inf") if step == 3 else 1.0)
        scaler.scale(loss).backward()
        if step % 2:
            scaler.unscale_(optimizer)
            seen.append(float(lib.nn.utils.clip_grad_norm_([w], 1.0)))
        scaler.step(optimizer)
        scaler.update()
        seen += [*w.tolist(), scaler.get_scale(), scaler.state_dict()["_growth_tracker"]]
    other = lib.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    seen += [other.get_scale(), other.scale(w.sum()).item()]
    other.update(8.0)
    seen.append(other.get_scale())
    return seen


def test_losses_are_scaled_and_steps_with_infinite_gradients_left_out() -> None:
    np.testing.assert_allclose(scaled_steps(wing), scaled_steps(torch), rtol=1e-6)


def test_a_scaler_is_used_in_order() -> None:
    w = wing.ones(1, requires_grad=True)
    optimizer, scaler = wing.optim.SGD([w], lr=0.1), wing.amp.GradScaler("cpu")
    with pytest.raises(CallError, match="No inf checks were recorded"):
        scaler.update()
    losses = scaler.scale([w.sum(), (w.sum(),)])
    losses[0].backward()
    scaler.unscale_(optimizer)
    with pytest.raises(CallError, match=r"unscale_\(\) has already been called"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(CallError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(CallError, match=r"unscale_\(\) is being called after step"):
        scaler.unscale_(optimizer)
    with pytest.raises(ArgumentError, match="Closure use"):
        scaler.step(optimizer, closure=lambda: w.sum())
    with pytest.raises(ArgumentError, match="state dict is empty"):
        scaler.load_state_dict({})
