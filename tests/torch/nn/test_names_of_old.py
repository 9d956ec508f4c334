"""Names that PyTorch keeps from old times, beside its own: they warn and work."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import numbers, seeded
from tests.torch.nn.libraries import Library, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn

INIT: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("uniform", (0.5, 1.0)),
    ("normal", (1.0, 2.0)),
    ("constant", (3.0,)),
    ("eye", ()),
    ("xavier_uniform", (2.0,)),
    ("xavier_normal", ()),
    ("kaiming_uniform", (0.1,)),
    ("kaiming_normal", ()),
    ("orthogonal", ()),
    ("sparse", (0.3,)),
    ("dirac", ()),
)


@pytest.mark.parametrize(("name", "args"), INIT)
def test_initial_values_by_names_of_old(name: str, args: Any) -> None:
    shape = (4, 3, 5) if name == "dirac" else (4, 3)
    found = []
    for library in (torch, wing):
        seeded(3)
        tensor = library.zeros(shape, dtype=library.float64)
        text = f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`"
        with pytest.warns(FutureWarning, match=text):
            assert getattr(library.nn.init, name)(tensor, *args) is tensor
        found.append(tensor.numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10, atol=1e-12)


def test_a_container_is_a_module() -> None:
    def code(lib: Library) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return repr(lib.nn.Container(first=lib.nn.Linear(2, 1), second=None))

    same(code)
    with pytest.warns(FutureWarning, match="`nn.Container` is deprecated"):
        nn.Container()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_channels_are_divided_by_those_around_them(size: int) -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.CrossMapLRN2d(size, alpha=0.7, beta=0.6, k=2)
        return layer(lib.range(2, 6, 3, 2)), layer(lib.range(1, 2, 1, 1)), repr(layer)

    same(code, rel=1e-12)
    layer = nn.CrossMapLRN2d(size, alpha=0.7)
    tw.testing.check_gradients(lambda x: tw.sum(layer(x) ** 2), numbers(1, 5, 2, 1))
    text = "CrossMapLRN2d: Expected input to be 4D, got 2D instead"
    same_error(lambda lib: lib.nn.CrossMapLRN2d(3)(lib.ones(2, 3)), text)


def test_on_one_device_the_module_is_called() -> None:
    def code(lib: Library) -> Any:
        model = lib.nn.DataParallel(lib.nn.Bilinear(3, 2, 4), device_ids=[0])
        lib.nn.init.constant_(model.module.weight, 0.5)
        lib.nn.init.constant_(model.module.bias, 0.25)
        out = model(lib.range(5, 3), lib.range(5, 2))
        return out, repr(model), list(model.state_dict()), model.device_ids

    same(code, rel=1e-12)


def test_keywords_of_tensors() -> None:
    for library in (torch, wing):
        make = library.nn.factory_kwargs
        assert make(None) == {}
        assert make({"dtype": 1, "factory_kwargs": {"device": 2}}) == {"dtype": 1, "device": 2}
        with pytest.raises(TypeError, match=r"unexpected kwargs {'other'}"):
            make({"other": 1})
        with pytest.raises(TypeError, match="dtype specified twice"):
            make({"dtype": 1, "factory_kwargs": {"dtype": 2}})


def test_layers_are_found_where_pytorch_has_them() -> None:
    def code(lib: Library) -> Any:
        modules = lib.nn.modules
        assert modules.Linear is modules.linear.Linear is lib.nn.Linear
        assert modules.conv.Conv2d is lib.nn.Conv2d
        assert isinstance(lib.nn.BatchNorm1d(2), modules.batchnorm._BatchNorm)
        assert modules.instancenorm.InstanceNorm1d is lib.nn.InstanceNorm1d
        assert modules.rnn.LSTM is lib.nn.LSTM
        assert modules.transformer.Transformer is lib.nn.Transformer
        mixin = lib.nn.parameter.UninitializedTensorMixin
        return isinstance(lib.nn.UninitializedParameter(), mixin), hasattr(modules, "linera")

    same(code)
