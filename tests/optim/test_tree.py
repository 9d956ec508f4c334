"""Functions of whole trees compute what Optax's do, and their derivatives are those of JAX."""

import inspect
import math
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import Layer, params
from thalweg import optim
from thalweg.errors import ArgumentError, MissingEntry, ShapeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

Call = Callable[[Any, Any, Any], Any]


def other() -> Any:
    """Return a tree of the parameters' structure with other numbers."""
    rng = np.random.default_rng(7)
    return tw.tree.map(lambda p: rng.normal(size=p.shape), params())


def complex_leaves() -> Any:
    rng = np.random.default_rng(8)
    return {"z": rng.normal(size=3) + 1j * rng.normal(size=3), "r": rng.normal(size=2)}


# Each is called with Optax's module or ours, and two trees.
REAL: dict[str, list[Call]] = {
    "add": [lambda t, x, y: t.add(x, y), lambda t, x, y: t.add(x, y, x, y)],
    "sub": [lambda t, x, y: t.sub(x, y)],
    "mul": [lambda t, x, y: t.mul(x, y)],
    "div": [lambda t, x, y: t.div(x, y)],
    "scale": [lambda t, x, y: t.scale(0.3, x)],
    "add_scale": [lambda t, x, y: t.add_scale(x, -0.7, y)],
    "vdot": [lambda t, x, y: t.vdot(x, y)],
    "sum": [lambda t, x, y: t.sum(x), lambda t, x, y: t.sum(x, True)],
    "max": [lambda t, x, y: t.max(x), lambda t, x, y: t.max({"none": np.zeros((0, 2)), "x": x})],
    "min": [lambda t, x, y: t.min(x)],
    "size": [lambda t, x, y: t.size(x)],
    "conj": [lambda t, x, y: t.conj(x)],
    "real": [lambda t, x, y: t.real(x)],
    "norm": [
        lambda t, x, y: t.norm(x),
        lambda t, x, y: t.norm(x, 2, squared=True),
        lambda t, x, y: t.norm(x, ord=1),
        lambda t, x, y: t.norm(x, ord="inf"),
        lambda t, x, y: t.norm(x, math.inf, True),
    ],
    "batch_shape": [lambda t, x, y: t.batch_shape(x, (2, 3)), lambda t, x, y: t.batch_shape(x)],
    "zeros_like": [lambda t, x, y: t.zeros_like(x), lambda t, x, y: t.zeros_like(x, "float32")],
    "ones_like": [lambda t, x, y: t.ones_like(x), lambda t, x, y: t.ones_like(x, "int32")],
    "full_like": [lambda t, x, y: t.full_like(x, 2.5), lambda t, x, y: t.full_like(x, 2, "int32")],
    "clip": [lambda t, x, y: t.clip(x, -0.5, 0.3), lambda t, x, y: t.clip(x, max_value=0.1)],
    "cast": [lambda t, x, y: t.cast(x, "float32"), lambda t, x, y: t.cast(x, None)],
    "cast_like": [lambda t, x, y: t.cast_like(x, t.ones_like(x, "float32"))],
    "dtype": [
        lambda t, x, y: str(t.dtype(x)),
        lambda t, x, y: str(t.dtype([np.ones(1), np.ones(1, np.float32)], "lowest")),
        lambda t, x, y: str(t.dtype([np.ones(1, np.float32), np.ones(1)], "highest")),
        lambda t, x, y: str(t.dtype([np.ones(1, np.float16), np.ones(1, np.float32)], "promote")),
    ],
    "update_moment": [lambda t, x, y: t.update_moment(x, y, 0.9, 2)],
    "update_infinity_moment": [lambda t, x, y: t.update_infinity_moment(x, y, 0.9, 1e-3)],
    "update_moment_per_elem_norm": [
        lambda t, x, y: t.update_moment_per_elem_norm(x, y, 0.9, 3),
    ],
    "bias_correction": [lambda t, x, y: t.bias_correction(x, 0.9, np.int32(3))],
    "where": [lambda t, x, y: t.where(True, x, y), lambda t, x, y: t.where(False, x, y)],
    "allclose": [
        lambda t, x, y: t.allclose(x, y),
        lambda t, x, y: t.allclose(x, t.scale(1 + 1e-7, x)),
        lambda t, x, y: t.allclose(x, y, atol=100.0),
    ],
    "get": [
        lambda t, x, y: t.get(x, "matrix"),
        lambda t, x, y: t.get(x, "weights"),
        lambda t, x, y: t.get(x, "Layer"),
        lambda t, x, y: t.get(x, "absent", y),
    ],
    "get_all_with_path": [
        lambda t, x, y: [v for _, v in t.get_all_with_path([x, {"x": y}], "matrix")],
        lambda t, x, y: [str(p[-1]) for p, _ in t.get_all_with_path([x, y], "weights")],
    ],
    "set": [
        lambda t, x, y: t.set(x, matrix=y["vector"], weights=1.0),
        lambda t, x, y: t.set([x, (x, y)], vector=3.0),
        lambda t, x, y: t.set({"a": x, "b": y}, lambda path, v: v.sum() == x["vector"].sum(),
                              vector=0.0),
    ],
}  # fmt: skip

COMPLEX: list[Call] = [
    lambda t, x, y: t.norm(x),
    lambda t, x, y: t.norm(x, 1, squared=True),
    lambda t, x, y: t.vdot(x, y),
    lambda t, x, y: t.conj(x),
    lambda t, x, y: t.real(x),
    lambda t, x, y: t.update_moment_per_elem_norm(x, t.real(y), 0.9, 2),
    lambda t, x, y: t.update_moment_per_elem_norm(x, t.real(y), 0.9, 3),
    lambda t, x, y: t.update_moment(x, y, 0.9, 1),
    lambda t, x, y: t.update_infinity_moment(x, t.real(y), 0.9, 0.1),
]

# Their results are no numbers that gradients flow through, or none at all.
FIXED = {"allclose", "cast", "cast_like", "dtype", "get", "get_all_with_path", "set", "size"}
OTHERWISE_TESTED = {"map_params", "random_like", "split_key_like", "unwrap_random_key_data"}


def listed(rows: dict[str, list[Call]]) -> list[Any]:
    return [
        pytest.param(call, id=f"{name}-{i}")
        for name, calls in rows.items()
        for i, call in enumerate(calls)
    ]


def assert_same(ours: Any, theirs: Any) -> None:
    mine, yours = tw.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(mine) == len(yours)
    for a, b in zip(mine, yours, strict=True):
        if isinstance(b, str):
            assert a == b
        else:
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-14)


def test_every_function_has_a_row() -> None:
    assert REAL.keys() | OTHERWISE_TESTED == set(optim.tree.__all__)
    assert {name for name in dir(optax.tree) if name[0] != "_"} == set(optim.tree.__all__)


@pytest.mark.parametrize("call", listed(REAL))
def test_every_function_computes_what_optax_computes(call: Call) -> None:
    with jax.enable_x64(True):
        theirs = call(optax.tree, *jax.tree.map(jax.numpy.asarray, (params(), other())))
        assert_same(call(optim.tree, params(), other()), theirs)


@pytest.mark.parametrize("call", COMPLEX)
def test_complex_leaves_are_those_of_optax(call: Call) -> None:
    x, y = complex_leaves(), tw.tree.map(lambda v: v[::-1].copy(), complex_leaves())
    with jax.enable_x64(True):
        theirs = call(optax.tree, *jax.tree.map(jax.numpy.asarray, (x, y)))
        assert_same(call(optim.tree, x, y), theirs)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("call", listed({k: v for k, v in REAL.items() if k not in FIXED}))
def test_gradients_are_those_of_jax(call: Call) -> None:
    def of(module: Any, add: Any) -> Any:
        def loss(x: Any, y: Any) -> Any:
            leaves = tw.tree.leaves(call(module, x, y))
            return sum((add(leaf * leaf) for leaf in leaves), x["scalar"] * y["scalar"])

        return loss

    ours = tw.grad(of(optim.tree, tw.sum), (0, 1))(params(), other())
    with jax.enable_x64(True):
        theirs = jax.grad(of(optax.tree, jax.numpy.sum), (0, 1))(
            *jax.tree.map(jax.numpy.asarray, (params(), other()))
        )
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", sorted(optim.tree.__all__))
def test_arguments_and_defaults_are_those_of_optax(name: str) -> None:
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters for module in (optim.tree, optax.tree)
    )
    found = [(p.name, p.kind) for p in ours.values()]
    assert found == [(p.name, p.kind) for p in theirs.values()]
    pairs = zip(ours.values(), theirs.values(), strict=True)
    assert all(a.default == b.default or callable(b.default) for a, b in pairs)
    assert getattr(optim.tree_utils, f"tree_{name}") is getattr(optim.tree, name)


def test_older_names_warn_and_work() -> None:
    x = [np.array([3.0, -4.0])]
    for name, expected in {"tree_l1_norm": 7.0, "tree_l2_norm": 5.0, "tree_linf_norm": 4.0}.items():
        with pytest.warns(DeprecationWarning, match=f"{name} is deprecated"):
            assert getattr(optim.tree_utils, name)(x) == expected
    with warnings.catch_warnings(action="ignore"):
        assert optim.tree_utils.tree_scalar_mul is optim.tree.scale
        assert optim.tree_utils.tree_add_scalar_mul is optim.tree.add_scale
    with pytest.raises(AttributeError, match="tree_nrom"):
        _ = optim.tree_utils.tree_nrom


def test_empty_trees_have_neutral_numbers() -> None:
    assert optim.tree.sum({}) == 0
    assert optim.tree.norm([None]) == 0
    assert optim.tree.max(()) == -math.inf
    assert optim.tree.min(()) == math.inf
    assert optim.tree.size(None) == 0
    assert optim.tree.allclose((), ())
    assert optim.tree.vdot({}, {}) == 0


def test_keys_and_draws_are_those_of_jax() -> None:
    tree = params(np.float32)
    keys = optim.tree.split_key_like(tw.random.key(3), tree)
    theirs = optax.tree.split_key_like(jax.random.key(3), tree)
    for ours, key in zip(tw.tree.leaves(keys), jax.tree.leaves(theirs), strict=True):
        expected = np.asarray(jax.random.key_data(key)).view(np.int32)
        np.testing.assert_array_equal(ours.numpy(), expected)
    drawn = optim.tree.random_like(tw.random.key(3), tree)
    expected = optax.tree.random_like(jax.random.key(3), jax.tree.map(jax.numpy.asarray, tree))
    for ours, x in zip(tw.tree.leaves(drawn), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(np.asarray(ours), x, rtol=2e-6, atol=1e-6)


def test_norms_of_other_orders_are_refused() -> None:
    with pytest.raises(ArgumentError, match="Unsupported ord: 3"):
        optim.tree.norm([1.0], 3)


def test_dtypes_that_differ_are_refused_unless_a_handler_is_given() -> None:
    mixed = {"w": np.ones(1), "b": np.ones(1, np.float32)}
    with pytest.raises(ArgumentError, match=r"Expected dtype=float32 for \['w'\] but got float64"):
        optim.tree.dtype(mixed)
    with pytest.raises(ArgumentError, match="Invalid value for mixed_dtype_handler='least'"):
        optim.tree.dtype(mixed, "least")
    halves = [np.ones(1, np.int32), np.ones(1, np.float32)]
    with pytest.raises(ArgumentError, match="neither holds"):
        optim.tree.dtype(halves, "highest")


def test_trees_of_two_structures_are_refused() -> None:
    with pytest.raises(ShapeError, match="structure"):
        optim.tree.add({"w": 1.0}, {"b": 1.0})


# ---- states


def test_several_values_of_a_name_are_refused_unless_one_is_chosen() -> None:
    state = optim.chain(optim.adam(0.1), optim.scale_by_adam()).init([0.0])
    with pytest.raises(KeyError, match="Found multiple values for 'mu'"):
        optim.tree.get(state, "mu")
    last = optim.tree.get(state, "mu", filtering=lambda path, value: str(path[0]) == "[1]")
    assert last is state[1].mu
    with pytest.raises(MissingEntry, match="Found no values matching 'absent'"):
        optim.tree.set(state, absent=1.0)


def test_a_state_keeps_its_classes_when_a_value_is_set() -> None:
    state = optim.named_chain(("a", optim.trace(0.9)), ("b", optim.adam(0.1))).init({"w": 1.0})
    changed = optim.tree.set(state, count=np.int32(7))
    assert type(changed) is OrderedDict
    assert changed["b"][0].count == 7
    assert tw.tree.structure(changed) == tw.tree.structure(state)
    key = optim.tree_utils.NamedTupleKey("ScaleByAdamState", "count")
    assert optim.tree.get_all_with_path(changed, "count")[0][0][-1] == key


@pytest.mark.parametrize(
    "make",
    [
        lambda o: o.adam(0.1),
        lambda o: o.masked(o.adam(0.1), {"w": True, "b": False}),
        lambda o: o.partition({0: o.adam(0.1), 1: o.sgd(0.1, momentum=0.9)}, {"w": 0, "b": 1}),
        lambda o: o.inject_hyperparams(o.adam)(learning_rate=0.1),
        lambda o: o.chain(o.ema(0.9), o.apply_if_finite(o.adam(0.1), 3)),
    ],
)
def test_what_belongs_to_parameters_is_mapped_as_by_optax(make: Callable[[Any], Any]) -> None:
    start = {"w": np.ones(2), "b": np.zeros(3)}

    def mapped(o: Any, state: Any) -> Any:
        return o.tree_map_params(
            make(o), lambda x: "param", state, transform_non_params=lambda x: "other"
        )

    ours = mapped(optim, make(optim).init(start))
    theirs = mapped(optax, make(optax).init(start))
    # A masked optimizer's placeholders stand where the other parameters are.
    assert tw.tree.leaves(ours) == jax.tree.leaves(theirs)


def test_named_tuples_and_none_stay_what_they_are() -> None:
    found = optim.tree.scale(2.0, Layer(np.ones(1), None))
    assert isinstance(found, Layer)
    assert found.nothing is None
