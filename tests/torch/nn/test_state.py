"""The state of modules as dictionaries: PyTorch's keys, errors and hooks."""

import copy
import re
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from tests.torch.nn.libraries import THALWEG, Library, fill, same, same_error
from tests.torch.nn.test_module import network
from thalweg import torch as wing
from thalweg.torch import nn


def test_the_state_has_the_keys_order_values_and_versions_of_pytorch() -> None:
    def code(lib: Library) -> Any:
        class Newer(lib.nn.Linear):  # type: ignore[name-defined,misc]
            _version = 3

        module = network(lib)
        module.newer = fill(Newer(1, 1), lib)
        state = module.state_dict()
        return state, dict(state._metadata), module.body.state_dict(prefix="p.")

    same(code)


def test_the_state_shares_the_memory_of_the_parameters_and_has_no_history() -> None:
    layer = nn.Linear(2, 1)
    state = layer.state_dict()
    assert not state["weight"].requires_grad
    layer.weight.detach().fill_(7.0)
    assert state["weight"].tolist() == [[7.0, 7.0]]
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_the_state_can_be_added_to_a_dictionary() -> None:
    state: dict[str, Any] = {}
    assert nn.Linear(2, 1).state_dict(destination=state, prefix="x.") is state
    assert list(state) == ["x.weight", "x.bias"]


def test_a_state_moves_between_libraries_and_gives_the_same_outputs() -> None:
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)).double()
    ours = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    assert repr(ours.load_state_dict(theirs.state_dict())) == "<All keys matched successfully>"
    x = np.linspace(-1, 1, 15).reshape(5, 3)
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours(x).detach().numpy(), expected, rtol=1e-14, atol=1e-15)
    back = {name: torch.from_numpy(value.numpy()) for name, value in ours.state_dict().items()}
    assert repr(theirs.load_state_dict(back)) == "<All keys matched successfully>"


def test_loading_writes_into_the_parameters_themselves() -> None:
    source, target = network(THALWEG), network(THALWEG)
    with wing.no_grad():
        source.scale.fill_(9.0)
        source.steps.fill_(8.0)
    scale, array = target.scale, target.scale.array
    keys = target.load_state_dict(source.state_dict())
    assert (keys.missing_keys, keys.unexpected_keys) == ([], [])
    assert target.scale is scale
    assert scale.array is array
    assert scale.tolist() == [9.0] * 4
    assert target.steps.tolist() == [8.0, 8.0]
    assert scale.requires_grad


def test_loading_converts_to_the_dtype_of_the_module_and_takes_arrays() -> None:
    layer = nn.Linear(2, 1).float()
    layer.load_state_dict({"weight": np.ones((1, 2)), "bias": np.array([3])})
    assert layer.weight.dtype == np.float32
    assert layer.bias.tolist() == [3.0]


def test_assigning_makes_the_loaded_tensors_the_parameters() -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.Linear(2, 1)
        layer.bias.requires_grad_(False)
        layer.register_buffer("seen", lib.ones(1))
        mine = lib.nn.Parameter(lib.range(1))
        plain = lib.range(1, 2)
        seen = lib.ones(1)
        state = {"weight": plain, "bias": mine, "seen": seen}
        layer.load_state_dict(state, assign=True)
        assert layer.bias is mine
        assert layer.seen is seen
        assert isinstance(layer.weight, lib.nn.Parameter)
        with lib.no_grad():
            plain[0, 0] = 9.0
        return [layer.weight, layer.weight.requires_grad, layer.bias.requires_grad]

    same(code)


@pytest.mark.parametrize("strict", [True, False])
def test_the_names_that_differ_are_told_as_in_pytorch(strict: bool) -> None:
    def code(lib: Library) -> Any:
        module = network(lib)
        state = dict(module.state_dict())
        for name in ("scale", "body.0.bias"):
            del state[name]
        state.update({"foo": lib.ones(1), "body.1.x": lib.ones(1), "zoo.x": 1, "first": 2})
        return repr(module.load_state_dict(state, strict=strict))

    if strict:
        message = same_error(code, r"Error\(s\) in loading state_dict for Network:\n\tMissing")
        missing = '\tMissing key(s) in state_dict: "scale", "body.0.bias". \n'
        unexpected = '\tUnexpected key(s) in state_dict: "foo", "zoo.x", "first", "body.1.x". '
        assert missing in message
        assert unexpected in message
    else:
        same(code)


@pytest.mark.parametrize("strict", [True, False])
def test_shapes_that_differ_are_refused_in_any_case(strict: bool) -> None:
    def code(lib: Library) -> None:
        state = {"weight": lib.ones(3, 2), "bias": lib.ones(2), "foo": lib.ones(1)}
        lib.nn.Linear(2, 2).load_state_dict(state, strict=strict)

    message = same_error(code, "size mismatch for weight: copying a param with shape ")
    shapes = re.findall(r"\w+\.Size\(\[[\d, ]*\]\)", message)
    assert shapes == ["torch.Size([3, 2])", "torch.Size([2, 2])"]


def test_what_is_no_tensor_and_what_is_no_dictionary_are_refused() -> None:
    same_error(
        lambda lib: lib.nn.Linear(1, 1).load_state_dict({"weight": 3, "bias": lib.ones(1)}),
        'While copying the parameter named "weight", expected .*Tensor or Tensor-like object',
    )
    same_error(
        lambda lib: lib.nn.Linear(1, 1).load_state_dict([1]),
        "Expected state_dict to be dict-like, got <class 'list'>",
    )


def test_a_single_element_is_loaded_into_a_scalar() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.Module()
        module.scale = lib.nn.Parameter(lib.array(1.0))
        module.load_state_dict({"scale": lib.array([5.0])})
        return module.scale

    assert same(code) == 5.0


def test_extra_state_is_saved_and_loaded() -> None:
    def code(lib: Library) -> Any:
        class Counting(lib.nn.Module):  # type: ignore[name-defined,misc]
            count = 0

            def get_extra_state(self) -> Any:
                return {"count": self.count}

            def set_extra_state(self, state: Any) -> None:
                self.count = state["count"]

        outer = lib.nn.Sequential(Counting())
        outer[0].count = 4
        state = outer.state_dict()
        other = lib.nn.Sequential(Counting())
        told = [repr(other.load_state_dict(state)), other[0].count]
        missing = other.load_state_dict({}, strict=False)
        plain = lib.nn.Sequential(lib.nn.Identity()).load_state_dict(state, strict=False)
        return list(state), told, list(missing), list(plain)

    same(code)


def test_hooks_of_the_state_are_called_as_in_pytorch() -> None:
    def code(lib: Library) -> Any:
        told: list[Any] = []
        module = lib.nn.Sequential(OrderedDict(inner=fill(lib.nn.Linear(1, 1), lib)))
        inner = module.inner

        def before(m: Any, prefix: str, keep_vars: bool) -> None:
            told.append(("before", type(m).__name__, prefix, keep_vars))

        def after(m: Any, state: Any, prefix: str, metadata: Any) -> None:
            told.append(("after", list(state), prefix, metadata))
            state[prefix + "extra"] = lib.ones(1)

        def loading(m: Any, state: Any, prefix: str, metadata: Any, *rest: Any) -> None:
            told.append(("loading", sorted(state), prefix, len(rest)))
            state.pop(prefix + "extra", None)

        def loaded(m: Any, keys: Any) -> None:
            told.append(("loaded", keys.missing_keys, keys.unexpected_keys))
            keys.missing_keys.clear()

        inner.register_state_dict_pre_hook(before)
        inner.register_state_dict_post_hook(after)
        inner.register_load_state_dict_pre_hook(loading)
        handle = inner.register_load_state_dict_post_hook(loaded)
        state = module.state_dict()
        module.load_state_dict(state)
        del state["inner.bias"]
        module.load_state_dict(state)
        handle.remove()
        told.append(repr(module.load_state_dict(state, strict=False)))
        return told

    same(code)


def test_hooks_that_return_something_are_refused() -> None:
    layer = nn.Linear(1, 1)
    layer.register_state_dict_post_hook(lambda *given: 1)
    with pytest.raises(RuntimeError, match="must return None"):
        layer.state_dict()


def test_a_layer_can_upgrade_older_states_by_their_version() -> None:
    def code(lib: Library) -> Any:
        class Renamed(lib.nn.Linear):  # type: ignore[name-defined,misc]
            _version = 2

            def _load_from_state_dict(
                self, state: Any, prefix: str, metadata: Any, *rest: Any
            ) -> None:
                if metadata.get("version", 1) < 2:
                    state[prefix + "weight"] = state.pop(prefix + "w")
                super()._load_from_state_dict(state, prefix, metadata, *rest)

        old = OrderedDict({"0.w": lib.ones(1, 1), "0.bias": lib.ones(1)})
        old._metadata = {"": {"version": 1}, "0": {"version": 1}}  # type: ignore[attr-defined]
        module = lib.nn.Sequential(Renamed(1, 1))
        return repr(module.load_state_dict(old)), module.state_dict()

    same(code)


def test_a_copied_state_stays_as_it_was() -> None:
    layer = nn.Linear(1, 1)
    kept = copy.deepcopy(layer.state_dict())
    layer.weight.detach().fill_(100.0)
    assert kept["weight"].tolist() != [[100.0]]
    layer.load_state_dict(kept)
    assert layer.weight.tolist() == kept["weight"].tolist()


@pytest.mark.parametrize("names", [[], ["weight"]])
def test_a_plain_dictionary_may_lack_the_count_of_batches(names: list[str]) -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.BatchNorm1d(3)
        given = {name: lib.range(3) for name in names}
        return list(module.load_state_dict(given, strict=False).missing_keys)

    same(code)
