"""Data classes, registered nodes and nested containers as parameters, wherever those go."""

from __future__ import annotations

import collections
import dataclasses
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optree
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, CheckpointError, DataError, DtypeError

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X.sum(axis=1)


@dataclasses.dataclass
class Line:
    w: Any
    b: Any
    degree: int = dataclasses.field(default=1, metadata={"static": True})


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    w: Any
    b: Any

    def __post_init__(self) -> None:
        if not np.all(np.isfinite(np.asarray(self.b))):
            raise ValueError("b")


@dataclasses.dataclass
class Outer:
    inner: Line
    extra: Any = None


class Node:
    """A class of one's own, registered with optree."""

    def __init__(self, w: Any, b: Any, tag: str) -> None:
        self.w, self.b, self.tag = w, b, tag


optree.register_pytree_node(
    Node,
    lambda node: ((node.w, node.b), node.tag, ("w", "b")),
    lambda tag, parts: Node(*parts, tag),
    path_entry_type=optree.GetAttrEntry,
    namespace=optree.registry.__GLOBAL_NAMESPACE,
)


class Pair(NamedTuple):
    w: Any
    b: Any


try:
    import attrs

    Attrs: Any = attrs.make_class("Attrs", ["w", "b"], frozen=True)
    Attrs.__module__ = __name__
except ImportError:  # pragma: no cover
    Attrs = Frozen


def line(p: Any) -> Any:
    """Return the part with w and b."""
    if isinstance(p, Outer):
        return p.inner
    if isinstance(p, (dict, list)):
        return Pair(*(p.values() if isinstance(p, dict) else p))
    return p


TREES: dict[str, Any] = {
    "a data class": Line(np.zeros(3), 0.0),
    "a frozen one": Frozen(np.zeros(3), 0.0),
    "one in another": Outer(Line(np.zeros(3), 0.0)),
    "a registered node": Node(np.zeros(3), 0.0, "a"),
    "a named tuple": Pair(np.zeros(3), 0.0),
    "attrs": Attrs(np.zeros(3), 0.0),
    "an ordered dictionary": collections.OrderedDict(w=np.zeros(3), b=0.0),
    "numbers for keys": {1: np.zeros(3), 2: 0.0},
    "a list": [np.zeros(3), 0.0],
    "tensors": Line(tw.zeros(3), tw.zeros(())),
}


def squared(p: Any, x: Any, y: Any) -> Any:
    found = line(p)
    return np.mean((x @ found.w + found.b - y) ** 2)


def fitted(params: Any, **options: Any) -> tw.Fit:
    given: dict[str, Any] = {"optimizer": tw.optim.adam(0.1), "batch_size": 5, **options}
    return tw.fit(squared, params, (X, Y), engine="numpy", **given)


PLAIN = fitted(Pair(np.zeros(3), 0.0), epochs=4)


@pytest.mark.parametrize("name", TREES)
def test_a_tree_goes_wherever_parameters_go(name: str, tmp_path: Path) -> None:
    params, path = TREES[name], tmp_path / "run.safetensors"
    found = fitted(params, epochs=2, checkpoint=path)
    again = fitted(params, epochs=2, resume=path)
    np.testing.assert_array_equal(again.history.loss, PLAIN.history.loss)
    assert type(again.params) is type(params)
    assert type(line(again.params).b) is type(line(params).b)
    np.testing.assert_array_equal(np.asarray(line(again.params).w), PLAIN.params.w)
    assert "params" in repr(found)
    back = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(np.asarray(line(back.params).w), np.asarray(line(found.params).w))
    loaded = tw.load(path)
    shapes = [sorted(tuple(np.shape(x)) for x in tw.tree.leaves(f.params)) for f in (loaded, found)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", TREES)
def test_a_tree_is_differentiated_and_optimized(name: str) -> None:
    params = TREES[name]
    optimizer = tw.optim.adam(0.1)
    state = optimizer.init(params)
    for _ in range(3):
        gradient = tw.grad(lambda p: squared(p, X, Y))(params)
        assert type(gradient) is type(params)
        updates, state = optimizer.update(gradient, state, params)
        params = tw.optim.apply_updates(params, updates)
    assert type(params) is type(TREES[name])
    want = fitted(TREES[name], batch_size=None, steps=3).params
    np.testing.assert_allclose(np.asarray(line(params).w), np.asarray(line(want).w), rtol=1e-12)


def test_static_fields_are_part_of_the_structure() -> None:
    loss = lambda p, x, y: np.mean(((x @ p.w) ** p.degree + p.b - y) ** 2)
    options: dict[str, Any] = {"optimizer": tw.optim.sgd(0.01), "steps": 3, "engine": "numpy"}
    one, two = (tw.fit(loss, Line(np.ones(3), 0.0, d), (X, Y), **options) for d in (1, 2))
    assert (one.params.degree, two.params.degree) == (1, 2)
    assert one.history.loss[-1] != two.history.loss[-1]
    want = tw.fit(
        lambda p, x, y: np.mean(((x @ p.w) ** 2 + p.b - y) ** 2), Pair(np.ones(3), 0.0), (X, Y),
        **options,
    )  # fmt: skip
    np.testing.assert_array_equal(two.history.loss, want.history.loss)


def test_a_data_class_that_jax_was_asked_about_is_one_of_parameters_still() -> None:
    pytest.importorskip("jax")

    @dataclasses.dataclass
    class Fresh:
        w: Any
        b: Any

    tw.tree.flatten_known(Fresh(np.zeros(3), 0.0))
    assert type(fitted(Fresh(np.zeros(3), 0.0)).params) is Fresh


def test_mistakes_in_trees_are_told() -> None:
    @dataclasses.dataclass
    class Loose:
        w: Any
        degree: int = 2

    with pytest.raises(DtypeError, match=r"params.degree has dtype int64.*\"static\": True"):
        fitted(Loose(np.zeros(3)))
    with pytest.raises(DataError, match=r"params\.inner\.w holds values that are not finite"):
        fitted(Outer(Line(np.full(3, np.nan), 0.0)))
    with pytest.raises(ArgumentError, match="Node is no data class"):
        tw.tree.register_dataclass(Node)


def test_a_tree_that_no_file_holds_is_refused_before_the_run(tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(CheckpointError, match=r"the key \('w', 1\)"):
        tw.fit(
            lambda p, x, y: np.mean((x @ p["w", 1] - y) ** 2), {("w", 1): np.zeros(3)}, (X, Y),
            optimizer=tw.optim.sgd(0.1), checkpoint=tmp_path / "run",
            callbacks=lambda info: told.append(info.step),
        )  # fmt: skip
    assert told == []


# ---- leaves that the loss ignores

IGNORED = {"w": np.zeros(3), "rest": np.ones(2), "empty": np.ones((0, 2))}


@pytest.mark.parametrize("engine", ["native", "numpy"])
@pytest.mark.parametrize(
    "optimizer",
    [
        tw.optim.adamw(0.1, weight_decay=0.1),
        tw.optim.masked(tw.optim.sgd(0.1), {"w": True, "rest": False, "empty": False}),
        tw.optim.chain(tw.optim.add_decayed_weights(0.1), tw.optim.sgd(0.1, momentum=0.9)),
    ],
    ids=range(3),
)
def test_a_leaf_that_the_loss_ignores_stays_with_one_warning(optimizer: Any, engine: str) -> None:
    loss = lambda p, x, y: np.mean((x @ p["w"] - y) ** 2)
    options: dict[str, Any] = {"optimizer": optimizer, "batch_size": 6, "epochs": 2}
    with pytest.warns(UserWarning, match=r"ignores params\['rest'\]: ") as caught:
        found = tw.fit(loss, IGNORED, (X, Y), engine=engine, **options)
    assert len(caught) == 1
    np.testing.assert_array_equal(found.params["rest"], np.ones(2))
    assert found.params["empty"].shape == (0, 2)
    assert not np.array_equal(found.params["w"], np.zeros(3))


def test_an_empty_leaf_that_is_read_stays() -> None:
    loss = lambda p, x, y: np.mean((x @ p["w"] - y) ** 2) + np.sum(p["empty"])
    params = {"w": np.zeros(3), "empty": np.ones((0, 2))}
    for engine in ("native", "numpy"):
        found = tw.fit(loss, params, (X, Y), optimizer=tw.optim.adam(0.1), steps=3, engine=engine)
        assert found.params["empty"].shape == (0, 2)
