"""Modules: what is registered under which names, and modes, conversions and printing."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import THALWEG, Library, fill, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


def network(lib: Library) -> Any:
    """Return a module with everything in it: nesting, a tied weight, buffers, None."""

    class Network(lib.nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = lib.nn.Linear(3, 4)
            self.body = lib.nn.Sequential(lib.nn.Linear(4, 4), lib.nn.Identity())
            self.again = self.first
            self.scale = lib.nn.Parameter(lib.ones(4))
            self.tied = self.body[0].weight
            self.register_buffer("steps", lib.ones(2))
            self.register_buffer("hidden", lib.ones(1), persistent=False)
            self.register_buffer("absent", None)
            self.register_parameter("nothing", None)
            self.number = 3

        def forward(self, x: Any) -> Any:
            return self.body(self.first(x)) * self.scale

        def fit(self, n: int) -> int:
            return n + self.number

    return fill(Network(), lib)


# ---- what is in a module


@pytest.mark.parametrize("kind", ["named_parameters", "named_buffers", "named_modules"])
@pytest.mark.parametrize("options", [{}, {"remove_duplicate": False}, {"prefix": "net"}])
def test_everything_is_listed_under_the_names_and_in_the_order_of_pytorch(
    kind: str, options: dict[str, Any]
) -> None:
    same(lambda lib: [name for name, _ in getattr(network(lib), kind)(**options)])


@pytest.mark.parametrize("kind", ["named_parameters", "named_buffers"])
def test_members_of_members_can_be_left_out(kind: str) -> None:
    same(lambda lib: [name for name, _ in getattr(network(lib), kind)(recurse=False)])


def test_children_are_listed_once() -> None:
    names = same(lambda lib: [name for name, _ in network(lib).named_children()])
    assert names == ["first", "body"]
    same(lambda lib: [len(list(getattr(network(lib), k)())) for k in ("children", "modules")])
    same(lambda lib: [len(list(getattr(network(lib), k)())) for k in ("parameters", "buffers")])


def test_apply_calls_members_first() -> None:
    def code(lib: Library) -> list[str]:
        seen: list[str] = []
        network(lib).apply(lambda module: seen.append(type(module).__name__))
        return seen

    assert same(code)[-1] == "Network"


def test_dir_lists_the_members() -> None:
    assert {"first", "scale", "steps"} <= set(dir(network(THALWEG)))
    assert "0" not in dir(network(THALWEG).body)


# ---- attributes


def test_assigning_again_keeps_the_place_and_assigning_another_kind_moves_it() -> None:
    def code(lib: Library) -> Any:
        module = network(lib)
        module.scale = lib.nn.Parameter(lib.ones(4) * 2)
        module.steps = lib.ones(3)
        module.steps = None
        module.steps = lib.ones(1)
        module.number = lib.nn.Parameter(lib.ones(1))
        module.first = lib.nn.Identity()
        module.plain = lib.ones(2)
        del module.tied, module.hidden
        module.hidden = lib.nn.Linear(1, 1)
        module.body = lib.nn.Parameter(lib.ones(1))
        names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
        return names, list(module.state_dict()), [n for n, _ in module.named_modules()]

    same(code)


def test_a_deleted_member_is_gone() -> None:
    module = network(THALWEG)
    del module.scale
    assert not hasattr(module, "scale")
    with pytest.raises(AttributeError):
        del module.scale


def before_init(attribute: Callable[[Library], Any]) -> Callable[[Library], None]:
    def code(lib: Library) -> None:
        class Hasty(lib.nn.Module):  # type: ignore[name-defined,misc]
            def __init__(self) -> None:
                self.member = attribute(lib)

        Hasty()

    return code


@pytest.mark.parametrize(
    ("attribute", "what"),
    [
        (lambda lib: lib.nn.Parameter(lib.ones(1)), "parameters"),
        (lambda lib: lib.nn.Identity(), "module"),
        (lambda lib: lib.nn.Buffer(lib.ones(1)), "buffer"),
    ],
)
def test_members_before_init_are_refused(attribute: Any, what: str) -> None:
    text = rf"cannot assign {what} before Module\.__init__\(\) call"
    assert "super().__init__()" in same_error(before_init(attribute), text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda m, lib: setattr(m, "scale", 3), "cannot assign 'int' as parameter 'scale'"),
        (lambda m, lib: setattr(m, "scale", lib.ones(4)), "as parameter 'scale'"),
        (lambda m, lib: setattr(m, "first", 3), "cannot assign 'int' as child module 'first'"),
        (lambda m, lib: setattr(m, "steps", 3), "cannot assign 'int' as buffer 'steps'"),
        (lambda m, lib: m.register_parameter("a.b", None), 'parameter name can.*t contain "."'),
        (lambda m, lib: m.register_parameter("", None), "parameter name can.*t be empty string"),
        (lambda m, lib: m.register_parameter(3, None), "parameter name should be a string. Got"),
        (lambda m, lib: m.register_parameter("number", None), "attribute 'number' already exists"),
        (lambda m, lib: m.register_parameter("new", lib.ones(1)), "object to parameter 'new'"),
        (lambda m, lib: m.register_buffer("a.b", None), 'buffer name can.*t contain "."'),
        (lambda m, lib: m.register_buffer("", None), "buffer name can.*t be empty string"),
        (lambda m, lib: m.register_buffer(3, None), "buffer name should be a string. Got"),
        (lambda m, lib: m.register_buffer("scale", None), "attribute 'scale' already exists"),
        (lambda m, lib: m.register_buffer("new", 3), "cannot assign 'int' object to buffer 'new'"),
        (lambda m, lib: m.add_module("a.b", None), 'module name can.*t contain "."'),
        (lambda m, lib: m.add_module("", None), "module name can.*t be empty string"),
        (lambda m, lib: m.add_module(3, None), "module name should be a string. Got"),
        (lambda m, lib: m.register_module("scale", None), "attribute 'scale' already exists"),
        (lambda m, lib: m.add_module("new", 3), "int is not a Module subclass"),
        (lambda m, lib: m.train("yes"), "training mode is expected to be boolean"),
        (lambda m, lib: m.to("int64" if lib is THALWEG else lib.ones(1).long().dtype), "only acc"),
        (lambda m, lib: m.get_submodule("nope"), "Network has no attribute `nope`"),
        (lambda m, lib: m.get_submodule("scale"), "`scale` is not an nn.Module"),
        (lambda m, lib: m.get_submodule("body.7"), "Sequential has no attribute `7`"),
        (lambda m, lib: m.get_parameter("steps"), "`steps` is not an nn.Parameter"),
        (lambda m, lib: m.get_parameter("first.nope"), "Linear has no attribute `nope`"),
        (lambda m, lib: m.get_buffer("scale"), "`scale` is not a buffer"),
        (lambda m, lib: m.get_buffer("nope"), "Network has no attribute `nope`"),
        (lambda m, lib: m.set_submodule("", lib.nn.Identity()), "without a target name"),
        (lambda m, lib: m.set_submodule("first", 3), "`module` is not an nn.Module"),
        (lambda m, lib: m.set_submodule("a.b", lib.nn.Identity()), "Network has no attribute `a`"),
        (lambda m, lib: m.set_submodule("a", lib.nn.Identity(), strict=True), "has no attribute"),
        (lambda m, lib: m.set_submodule("scale", lib.nn.Identity()), "`scale` is not an nn.Module"),
    ],
)
def test_what_is_no_member_is_refused_as_in_pytorch(code: Any, text: str) -> None:
    same_error(lambda lib: code(network(lib), lib), text)


def test_an_unknown_attribute_is_named_with_its_class() -> None:
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'foo'"):
        _ = nn.Linear(1, 1).foo


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(3)


def test_members_are_found_under_dotted_names() -> None:
    module = network(THALWEG)
    assert module.get_submodule("") is module
    assert module.get_submodule("body.0") is module.body[0]
    assert module.get_parameter("body.0.weight") is module.tied
    assert module.get_buffer("steps") is module.steps
    layer = nn.Identity()
    module.set_submodule("body.1", layer)
    assert module.body[1] is layer
    module.set_submodule("fresh", layer)
    assert module.fresh is layer


def test_a_misspelt_member_is_suggested() -> None:
    with pytest.raises(tw.errors.MemberError, match="Did you mean 'scale'"):
        network(THALWEG).get_parameter("scal")


def test_users_may_call_a_method_fit() -> None:
    assert network(THALWEG).fit(2) == 5


# ---- results and gradients


def test_results_and_gradients_are_those_of_pytorch() -> None:
    def code(lib: Library) -> Any:
        module = network(lib)
        out = module(lib.range(5, 3))
        (out**2).sum().backward()
        return out, [p.grad for p in module.parameters()]

    same(code, rel=1e-12)


def test_gradients_are_forgotten_or_set_to_zero() -> None:
    module = network(THALWEG)
    for _ in range(2):
        module(wing.ones((2, 3))).sum().backward()
        module.zero_grad(set_to_none=False)
        assert all(not p.grad.numpy().any() for p in module.parameters())
    module.zero_grad()
    assert all(p._grad is None for p in module.parameters())


def test_parameters_can_be_frozen_together() -> None:
    module = network(THALWEG).requires_grad_(False)
    assert not any(p.requires_grad for p in module.parameters())
    assert module.requires_grad_().scale.requires_grad


# ---- modes and conversions


def test_modes_reach_all_members() -> None:
    module = network(THALWEG)
    assert all(m.training for m in module.modules())
    assert module.eval() is module
    assert not any(m.training for m in module.modules())
    module.body.train()
    assert module.body[0].training
    assert not module.training


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda m: m.float(), "float32"),
        (lambda m: m.half(), "float16"),
        (lambda m: m.float().double(), "float64"),
        (lambda m: m.to(wing.float32), "float32"),
        (lambda m: m.to("float32"), "float32"),
        (lambda m: m.to(wing.zeros(1, dtype=wing.float32)), "float32"),
        (lambda m: m.to("cpu", wing.float32), "float32"),
        (lambda m: m.to(device="cpu", dtype=wing.float32, non_blocking=True), "float32"),
        (lambda m: m.to("cpu").cpu(), "float64"),
        (lambda m: m.to(dtype=wing.float32), "float32"),
    ],
)
def test_conversions_keep_the_parameters_and_convert_gradients_and_buffers(
    convert: Any, dtype: str
) -> None:
    module = network(THALWEG)
    module.register_buffer("count", wing.zeros(1, dtype=wing.int64))
    scale = module.scale
    module(wing.ones((2, 3))).sum().backward()
    assert convert(module) is module
    assert module.scale is scale
    assert scale.requires_grad
    assert scale.is_leaf
    assert module.tied is module.body[0].weight
    floats = [*module.parameters(), module.steps, scale.grad]
    assert {str(t.dtype) for t in floats} == {f"torch.{dtype}"}
    assert module.count.dtype == np.int64
    module.zero_grad()
    module(wing.ones((2, 3), dtype=dtype)).sum().backward()
    assert str(scale.grad.dtype) == f"torch.{dtype}"


def test_type_converts_integers_too() -> None:
    module = nn.Module()
    module.register_buffer("count", wing.zeros(1, dtype=wing.int64))
    assert module.type(wing.float32).count.dtype == np.float32


def test_other_devices_are_refused() -> None:
    with pytest.raises(tw.errors.ArgumentError, match="the device 'cuda'"):
        nn.Linear(1, 1).to("cuda")


# ---- printing and copies


def test_modules_print_as_in_pytorch() -> None:
    same(network)
    same(lambda lib: lib.nn.Module())

    def described(lib: Library) -> Any:
        class Wordy(lib.nn.Module):  # type: ignore[name-defined,misc]
            def extra_repr(self) -> str:
                return "one=1,\ntwo=2"

        module = Wordy()
        module.inner = Wordy()
        module.none = None
        module.inner.layer = lib.nn.Linear(1, 2, bias=False)
        return module

    same(described)


def test_deep_copies_and_pickles_are_the_same_module_with_its_ties() -> None:
    module = network(THALWEG)
    copied = copy.deepcopy(module)
    assert copied.tied is copied.body[0].weight
    assert copied.tied is not module.tied
    assert copied.again is copied.first
    x = wing.ones((2, 3))
    assert copied(x).tolist() == module(x).tolist()
    layer = nn.Sequential(nn.Linear(3, 2), nn.Flatten()).eval()
    loaded = pickle.loads(pickle.dumps(layer))
    assert loaded(x).tolist() == layer(x).tolist()
    assert not loaded[0].training


def test_on_the_device_meta_a_module_has_shapes_alone() -> None:
    for lib in (wing, torch):
        layer = lib.nn.Linear(2, 3).to("meta")
        norm = lib.nn.BatchNorm1d(3).to(lib.device("meta"))
        assert repr(layer.weight).endswith(
            "tensor(..., device='meta', size=(3, 2), requires_grad=True)"
        )
        assert repr(norm.running_mean) == "tensor(..., device='meta', size=(3,))"
        assert layer.weight.is_meta
        assert str(layer.weight.device) == "meta"
        assert tuple(layer.weight.shape) == (3, 2)
        assert [p.numel() for p in layer.parameters()] == [6, 3]
        for read in (lambda p: p.sum().item(), lambda p: p.tolist()):
            with pytest.raises((RuntimeError, NotImplementedError)):
                read(layer.weight)
        with pytest.raises(RuntimeError):
            layer(lib.ones(1, 2))
        with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
            layer.to("cpu")
        full = lib.nn.Linear(2, 3)
        called = lib.func.functional_call(layer, dict(full.named_parameters()), lib.ones(1, 2))
        assert called.tolist() == full(lib.ones(1, 2)).tolist()
        layer.load_state_dict(full.state_dict(), assign=True)
        assert not layer.weight.is_meta
        assert layer(lib.ones(1, 2)).tolist() == called.tolist()
        assert tuple(norm.to_empty(device="cpu").running_mean.shape) == (3,)
        assert str(norm.running_mean.device) == "cpu"
