"""Chains, lists and dictionaries of modules: what PyTorch's do."""

import itertools
from collections import OrderedDict
from typing import Any

import pytest

from tests.torch.nn.libraries import THALWEG, Library, fill, same, same_error
from thalweg.torch import nn


def layers(lib: Library, *sizes: int) -> list[Any]:
    return [lib.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]


def chain(lib: Library) -> Any:
    return lib.nn.Sequential(*layers(lib, 2, 3, 4, 5), lib.nn.Identity())


def number(module: Any) -> Any:
    return [getattr(m, "out_features", None) for m in module]


@pytest.mark.parametrize(
    "code",
    [
        lambda m, lib: m,
        lambda m, lib: m[1:3],
        lambda m, lib: m[-1],
        lambda m, lib: number(m[::2]),
        lambda m, lib: [len(m), bool(m), list(m.state_dict())],
        lambda m, lib: m.append(lib.nn.Linear(5, 6)),
        lambda m, lib: m.extend(layers(lib, 5, 6, 7)),
        lambda m, lib: m.insert(1, lib.nn.Linear(3, 3)),
        lambda m, lib: m.insert(-1, lib.nn.Linear(5, 5)),
        lambda m, lib: [m.pop(1), m],
        lambda m, lib: [m.pop(-1), m],
        lambda m, lib: m + lib.nn.Sequential(lib.nn.Linear(5, 1)),
        lambda m, lib: m * 2,
        lambda m, lib: 2 * m,
    ],
)
def test_chains_behave_as_lists(code: Any) -> None:
    same(lambda lib: code(chain(lib), lib))


def test_chains_change_in_place() -> None:
    def code(lib: Library) -> Any:
        module = chain(lib)
        module[0] = lib.nn.Linear(2, 9)
        module[-1] = lib.nn.Linear(5, 8)
        del module[1:3]
        told = [repr(module), list(module.state_dict())]
        module += lib.nn.Sequential(lib.nn.Linear(1, 1))
        module *= 2
        del module[-1]
        return told, module

    same(code)


def test_named_chains_keep_their_names() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.Sequential(OrderedDict(a=lib.nn.Linear(2, 3), b=lib.nn.Linear(3, 4)))
        module.register_module("c", lib.nn.Identity())
        return module, module[1:], module.b, list(module.state_dict())

    same(code)


def test_chains_compute_one_after_the_other() -> None:
    def code(lib: Library) -> Any:
        x = lib.range(4, 2).requires_grad_()
        out = fill(chain(lib), lib)(x)
        out.sum().backward()
        return out, x.grad

    same(code, rel=1e-12)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda m, lib: m[9], "index 9 is out of range"),
        (lambda m, lib: m.pop(9), "index 9 is out of range"),
        (lambda m, lib: m.insert(9, lib.nn.Identity()), "Index out of range: 9"),
        (lambda m, lib: m.append(3), "int is not a Module subclass"),
        (lambda m, lib: lib.nn.Sequential(3), "int is not a Module subclass"),
        (lambda m, lib: m + 3, "supports only objects of Sequential class"),
        (lambda m, lib: m.__iadd__(3), "supports only objects of Sequential class"),
        (lambda m, lib: m * 0, "Non-positive multiplication factor 0"),
        (lambda m, lib: m * 1.5, "unsupported operand type"),
        (lambda m, lib: lib.nn.ModuleList(3), "should be called with an iterable, but got int"),
        (lambda m, lib: lib.nn.ModuleList([3]), "int is not a Module subclass"),
        (lambda m, lib: lib.nn.ModuleList([m])[3], "index 3 is out of range"),
        (lambda m, lib: lib.nn.ModuleDict(3), "should be called with an iterable of key/value"),
        (lambda m, lib: lib.nn.ModuleDict([3]), "element #0 should be Iterable"),
        (lambda m, lib: lib.nn.ModuleDict([["a", m, 3]]), "element #0 has length 3; 2 is required"),
        (lambda m, lib: lib.nn.ParameterList(3), "should be called with an iterable, but got int"),
        (lambda m, lib: lib.nn.ParameterList([lib.ones(1)])[3], "index 3 is out of range"),
        (lambda m, lib: lib.nn.ParameterList([lib.ones(1)])(3), "should not be called"),
        (lambda m, lib: lib.nn.ParameterDict(3), "should be called with an iterable of key/value"),
        (lambda m, lib: lib.nn.ParameterDict({3: lib.ones(1)}), "as it is not a string"),
        (lambda m, lib: lib.nn.ParameterDict({})["b"], "'b'"),
    ],
)
def test_what_containers_refuse(code: Any, text: str) -> None:
    same_error(lambda lib: code(chain(lib), lib), text)


def test_an_index_is_an_integer() -> None:
    with pytest.raises(TypeError):
        chain(THALWEG)["a"]
    with pytest.raises(KeyError):
        nn.ModuleDict()["a"]


def test_lists_of_modules() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.ModuleList(layers(lib, 2, 2, 2, 3))
        told = [repr(module), len(module), list(module.state_dict())]
        module.append(lib.nn.Identity())
        module.extend([lib.nn.Identity()])
        module += [lib.nn.Linear(3, 1)]
        module.insert(0, lib.nn.Linear(1, 1))
        module[1] = lib.nn.Sequential(lib.nn.Linear(4, 4), lib.nn.Identity())
        told += [repr(module), repr(module[1:]), repr(module.pop(2)), repr(module + module[:1])]
        del module[0], module[-1:]
        return told, module, repr(lib.nn.ModuleList())

    same(code)


def test_dictionaries_of_modules() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.ModuleDict({"b": lib.nn.Linear(1, 2), "a": lib.nn.Identity()})
        module["c"] = lib.nn.Linear(3, 4)
        module.update([("d", lib.nn.Identity()), ("b", lib.nn.Linear(7, 7))])
        module.update(lib.nn.ModuleDict({"e": lib.nn.Identity()}))
        told = [list(module), list(module.keys()), "a" in module, "z" in module, len(module)]
        del module["a"]
        told += [repr(module.pop("c")), [name for name, _ in module.items()], repr(module)]
        told.append([repr(m) for m in module.values()])
        module.clear()
        return told, module

    same(code)


def test_lists_of_parameters() -> None:
    def code(lib: Library) -> Any:
        frozen = lib.nn.Parameter(lib.ones(1), requires_grad=False)
        module = lib.nn.ParameterList([lib.ones(2), frozen])
        module.append(lib.range(2, 2))
        module.extend([lib.ones(1)])
        module += [lib.ones(3)]
        module[0] = lib.range(2)
        module[-1] = lib.range(3)
        told = [list(module.state_dict()), len(module), [p.requires_grad for p in module]]
        return told, list(module), module[2], list(module[1:3]), module.state_dict()

    same(code)


def test_lists_and_dictionaries_of_parameters_print_what_is_in_them() -> None:
    values = [THALWEG.ones(2), 3, THALWEG.ones(2, 3)]
    assert repr(nn.ParameterList(values)) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [torch.float64 of size 2]\n"
        "    (1): Object of type: int\n"
        "    (2): Parameter containing: [torch.float64 of size 2x3]\n)"
    )
    assert "(w): Parameter containing" in repr(nn.ParameterDict({"w": THALWEG.ones(2), "n": 3}))


def test_dictionaries_of_parameters() -> None:
    def code(lib: Library) -> Any:
        module = lib.nn.ParameterDict({"b": lib.ones(1), "a": lib.range(2)})
        module["c"] = lib.range(3)
        module.update([("d", lib.ones(1)), ("n", 3)])
        told: list[Any] = [list(module), list(reversed(module)), len(module), "a" in module]
        told += [module.get("z", 5), module.get("a"), module.setdefault("e", lib.ones(1))]
        told += [module.setdefault("a"), module.pop("b"), list(module.popitem())]
        del module["c"]
        other = lib.nn.ParameterDict({"x": lib.ones(1)})
        told += [list(module | other), list(module.copy()), list(module.fromkeys(["p", "q"]))]
        told.append(list({"y": lib.ones(1)} | module))
        module |= other
        told += [list(module.keys()), [k for k, _ in module.items()], len(list(module.values()))]
        told.append(list(module.state_dict()))
        module.clear()
        return told, len(module)

    same(code)


def test_a_dictionary_of_parameters_prints_types_and_a_list_dtypes() -> None:
    def code(lib: Library) -> Any:
        weight = lib.nn.Parameter(lib.range(2))
        return repr(lib.nn.ParameterDict({"a": weight, "n": 3})), repr(
            lib.nn.ParameterList([weight])
        )

    same(code)
