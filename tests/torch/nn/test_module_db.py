"""Every layer and loss against PyTorch's own list of inputs: values and all gradients."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing
from thalweg.torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

MODULES = [m for m in module_db if hasattr(nn, m.module_cls.__name__)]


@contextmanager
def _float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def ours(value: Any) -> Any:
    """Return a value of PyTorch's as thalweg's: tensors as tensors, in tuples too."""
    if isinstance(value, torch.Tensor):
        array = value.detach().numpy().copy()
        return wing.tensor(array).requires_grad_(value.requires_grad)
    if isinstance(value, tuple | list):
        return type(value)(ours(v) for v in value)
    if isinstance(value, dict):
        return {k: ours(v) for k, v in value.items()}
    if isinstance(value, torch.dtype):
        return np.dtype(str(value).rpartition(".")[2])
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        return _encoder_layer(value)
    if callable(value) and hasattr(torch.nn.functional, getattr(value, "__name__", " ")):
        return getattr(nn.functional, value.__name__)
    return value


def _encoder_layer(theirs: Any) -> Any:
    """Return a layer as PyTorch's, of which an encoder is made."""
    mine = nn.TransformerEncoderLayer(
        theirs.self_attn.embed_dim, theirs.self_attn.num_heads, theirs.linear1.out_features,
        theirs.dropout.p, ours(theirs.activation), theirs.norm1.eps, theirs.self_attn.batch_first,
        theirs.norm_first, theirs.linear1.bias is not None, dtype=np.float64,
    )  # fmt: skip
    mine.load_state_dict({name: ours(v) for name, v in theirs.double().state_dict().items()})
    return mine


def leaves(value: Any) -> Any:
    """Return PyTorch's tensors as leaves of the same values, of which gradients are kept."""
    if isinstance(value, torch.Tensor):
        return value.detach().requires_grad_(value.requires_grad)
    if isinstance(value, tuple | list):
        return type(value)(leaves(v) for v in value)
    if isinstance(value, dict):
        return {k: leaves(v) for k, v in value.items()}
    return value


def outputs(value: Any) -> list[Any]:
    """Return what a module returned as a list, of pairs in it each part."""
    if isinstance(value, tuple | list):
        return [part for each in value for part in outputs(each)]
    return [value]


def gradients(module: Any, args: Any, kwargs: Any, library: Any) -> tuple[list[Any], list[Any]]:
    """Return the outputs, and the gradients of all parameters and inputs, of a weighted sum."""
    found = [result for result in outputs(module(*args, **kwargs)) if result is not None]
    losses = []
    for result in found:
        if result.requires_grad:
            weights = np.linspace(0.5, 1.5, result.numpy(force=True).size)
            weights = weights.reshape(tuple(result.shape))
            spread = torch.tensor(weights) if library is torch else wing.tensor(weights)
            losses.append((result * spread).sum())
    if losses:
        sum(losses).backward()
    given = [*module.parameters(), *args, *kwargs.values()]
    tensors = [t for t in given if isinstance(t, (torch.Tensor, wing.Tensor)) and t.requires_grad]
    return found, [t.grad for t in tensors]


def close(mine: Any, theirs: Any) -> None:
    assert (mine is None) == (theirs is None)
    if theirs is not None:
        a, b = mine.numpy(force=True), theirs.numpy(force=True)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def agree(info: Any, sample: Any, training: bool) -> None:
    args, kwargs = sample.constructor_input.args, sample.constructor_input.kwargs
    theirs = info.module_cls(*args, **kwargs).double().train(training)
    mine = getattr(nn, info.module_cls.__name__)(*ours(args), **ours(kwargs)).train(training)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    if isinstance(theirs, torch.nn.modules.lazy.LazyModuleMixin):
        mine(*ours(sample.forward_input.args))
        theirs(*sample.forward_input.args)
    mine.load_state_dict({name: ours(value) for name, value in theirs.state_dict().items()})
    assert repr(mine) == repr(theirs)
    args, kwargs = leaves(sample.forward_input.args), leaves(sample.forward_input.kwargs)
    my_args, my_kwargs = ours(args), ours(kwargs)
    my_results = gradients(mine, my_args, my_kwargs, wing)
    their_results = gradients(theirs, args, kwargs, torch)
    for one, other in zip(my_results, their_results, strict=True):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            close(a, b)
    for (name, a), b in zip(mine.named_buffers(), theirs.buffers(), strict=True):
        assert name
        close(a, b)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
@pytest.mark.parametrize("info", MODULES, ids=lambda m: m.module_cls.__name__)
def test_values_gradients_and_buffers_are_those_of_pytorch(info: Any, training: bool) -> None:
    if info.train_and_eval_differ or training:
        with _float64():
            samples = info.module_inputs_func(
                info, device="cpu", dtype=torch.float64, requires_grad=True, training=training
            )
            assert samples
            for sample in samples:
                agree(info, sample, training)


def test_no_module_gets_lost() -> None:
    # As many as PyTorch lists.
    assert len(MODULES) == len(module_db) >= 114
