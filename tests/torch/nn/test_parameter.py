"""Parameters and buffers: tensors on the memory of their data, registered by modules."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


def test_a_parameter_requires_gradients_unless_told_and_prints_what_it_contains() -> None:
    weight = nn.Parameter(wing.ones(2))
    assert isinstance(weight, wing.Tensor)
    assert weight.requires_grad
    assert weight.is_leaf
    assert repr(weight) == f"Parameter containing:\n{wing.ones(2).requires_grad_()!r}"
    assert not nn.Parameter(wing.ones(2), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)


@pytest.mark.parametrize("kind", [nn.Parameter, nn.Buffer])
def test_a_parameter_shares_the_memory_of_its_data(kind: Any) -> None:
    data = wing.zeros(3)
    weight = kind(data)
    with wing.no_grad():
        weight[0] = 5.0
    assert data.tolist() == [5.0, 0.0, 0.0]
    array = np.zeros(2)
    shared = kind(array)
    array[1] = 4.0
    assert shared.tolist() == [0.0, 4.0]


def test_a_change_of_the_shared_data_is_noticed_by_backward() -> None:
    data = wing.ones(2)
    weight = nn.Parameter(data)
    loss = (weight**2).sum()
    data.add_(1.0)
    with pytest.raises(tw.errors.GradientError, match="modified by an inplace"):
        loss.backward()


def test_operations_on_parameters_give_plain_tensors_and_gradients_flow() -> None:
    weight = nn.Parameter(wing.tensor([1.0, 2.0]))
    product = weight * 3.0
    assert type(product) is wing.Tensor
    product.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [3.0, 3.0]


def test_a_parameter_made_from_a_computed_tensor_is_a_leaf() -> None:
    computed = wing.ones(2).requires_grad_() * 2.0
    assert nn.Parameter(computed).is_leaf


def test_integers_are_no_parameters() -> None:
    with pytest.raises(tw.errors.DtypeError, match="only Tensors of floating point"):
        nn.Parameter(wing.arange(3))
    assert nn.Parameter(wing.arange(3), requires_grad=False).dtype == np.int64


def test_a_deep_copy_is_a_parameter_in_its_own_memory_without_gradient() -> None:
    weight = nn.Parameter(wing.ones(2), requires_grad=True)
    weight.sum().backward()
    copied = copy.deepcopy([weight, weight])
    assert copied[0] is copied[1]
    assert type(copied[0]) is nn.Parameter
    assert copied[0].requires_grad
    assert copied[0]._grad is None
    with wing.no_grad():
        copied[0].zero_()
    assert weight.tolist() == [1.0, 1.0]


def test_pickles_keep_class_values_and_whether_gradients_are_wanted() -> None:
    for wanted in (True, False):
        weight = nn.Parameter(wing.tensor([[1.0, 2.0]]), requires_grad=wanted)
        weight.note = "mine"
        loaded = pickle.loads(pickle.dumps(weight))
        assert type(loaded) is nn.Parameter
        assert loaded.requires_grad is wanted
        assert loaded.tolist() == [[1.0, 2.0]]
        assert loaded.note == "mine"
    buffer = pickle.loads(pickle.dumps(nn.Buffer(wing.ones(1), persistent=False)))
    assert type(buffer) is nn.Buffer
    assert not buffer.persistent
    assert not copy.deepcopy(buffer).persistent


def test_subclasses_of_parameter_stay_what_they_are() -> None:
    class Scaled(nn.Parameter):
        pass

    scaled = Scaled(wing.ones(1))
    assert type(copy.deepcopy(scaled)) is Scaled
    assert isinstance(scaled, nn.Parameter)


def test_a_non_leaf_is_not_registered() -> None:
    def code(lib: Library) -> None:
        weight = lib.nn.Parameter(lib.ones(2))
        with lib.no_grad():
            weight.requires_grad = False
        weight.copy_(lib.ones(2).requires_grad_() * 2.0)
        lib.nn.Module().weight = weight

    same_error(code, "Cannot assign non-leaf Tensor to parameter 'weight'")


def test_a_buffer_is_listed_and_not_trained() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.Module()
        module.kept = lib.nn.Buffer(lib.ones(2))
        module.lost = lib.nn.Buffer(lib.ones(2), persistent=False)
        return [n for n, _ in module.named_buffers()], list(module.state_dict())

    assert same(code) == [["kept", "lost"], ["kept"]]
