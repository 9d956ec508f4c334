"""States of optimizers in files, by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
import thalweg.torch as wing
from tests.optim.contrib_samples import CONTRIB, Names, params_of
from tests.optim.samples import OPTIMIZERS, listed
from thalweg import optim
from thalweg.errors import ArgumentError, CheckpointError, MissingFile

nn = wing.nn


def stepped(optimizer: Any, params: Any, steps: int = 3) -> Any:
    state = optimizer.init(params)
    for step in range(steps):
        gradients = tw.tree.map(lambda p, s=step: np.cos(p + s), params)
        _, state = optimizer.update(gradients, state, params)
    return state


def assert_same(one: Any, other: Any) -> None:
    assert tw.tree.structure(one) == tw.tree.structure(other)
    for a, b in zip(*map(tw.tree.leaves, (one, other)), strict=True):
        assert type(a) is type(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.filterwarnings("ignore:`optimistic_adam` is deprecated")
@pytest.mark.parametrize("sample", listed({k: v[:1] for k, v in (OPTIMIZERS | CONTRIB).items()}))
def test_every_state_comes_back_as_it_was(sample: Any, tmp_path: Path) -> None:
    optimizer = sample(Names(optim))
    state = optimizer.init(params_of("galore"))
    tw.save_state(tmp_path / "state", state)
    assert_same(tw.load_state(tmp_path / "state", state), state)


W, B, NEW = np.arange(3.0), np.array(0.5), np.ones(2)


def test_other_order_and_nesting_do_not_matter(tmp_path: Path) -> None:
    optimizer = optim.adam(0.1)
    saved = stepped(optimizer, {"a.w": W, "z": {"b": B}})
    tw.save_state(tmp_path / "f", saved)
    bigger = optim.chain(optim.clip(1.0), optimizer)
    found = tw.load_state(tmp_path / "f", bigger.init({"z.b": B, "a": {"w": W}}))
    np.testing.assert_array_equal(found[1][0].mu["a"]["w"], saved[0].mu["a.w"])
    np.testing.assert_array_equal(found[1][0].nu["z.b"], saved[0].nu["z"]["b"])
    assert found[1][0].count == 3


def test_a_model_with_a_further_layer_takes_what_there_is(tmp_path: Path) -> None:
    def parameters(model: Any) -> dict[str, Any]:
        return {name: p.detach().numpy() for name, p in model.named_parameters()}

    small, large = nn.Sequential(nn.Linear(3, 2)), nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    optimizer = optim.adam(0.1)
    saved = stepped(optimizer, parameters(small))
    tw.save_state(tmp_path / "f", saved)
    like = optimizer.init(parameters(large))
    with pytest.raises(CheckpointError, match=r"Not in the file: ScaleByAdamState.mu.1.bias, Sc"):
        tw.load_state(tmp_path / "f", like)
    with pytest.warns(UserWarning, match=r"Not in the file, as in `like`: ScaleByAdamState.mu.1.b"):
        found = tw.load_state(tmp_path / "f", like, strict=False)
    np.testing.assert_array_equal(found[0].mu["0.weight"], saved[0].mu["0.weight"])
    np.testing.assert_array_equal(found[0].mu["1.weight"], 0.0)
    tw.save_state(tmp_path / "f", found)
    with pytest.warns(UserWarning, match=r"Left out: ScaleByAdamState.mu.1.bias") as told:
        back = tw.load_state(tmp_path / "f", optimizer.init(parameters(small)), strict=False)
    assert_same(back, saved)
    assert told[0].filename == __file__


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("other", "text"),
    [
        (np.ones(4), r"trace.w \(float64\[3\] in the file, float64\[4\] wanted\)"),
        (np.ones(3, "float32"), r"trace.w \(float64\[3\] in the file, float32\[3\] wanted\)"),
    ],
)
def test_other_shapes_and_dtypes_are_refused(
    other: Any, text: str, strict: bool, tmp_path: Path
) -> None:
    optimizer = optim.trace(0.9)
    tw.save_state(tmp_path / "f", optimizer.init({"w": W}))
    with pytest.raises(CheckpointError, match=text):
        tw.load_state(tmp_path / "f", optimizer.init({"w": other}), strict=strict)


def test_the_kind_of_array_is_that_of_the_state_wanted(tmp_path: Path) -> None:
    jnp, torch = pytest.importorskip("jax.numpy"), pytest.importorskip("torch")
    optimizer = optim.chain(optim.trace(0.9), optim.scale_by_schedule(lambda step: 0.5**step))
    values = np.arange(3.0, dtype="float32")
    kinds = [values, tw.Tensor(values), jnp.asarray(values), torch.asarray(values)]
    for kind in kinds:
        _, state = optimizer.update({"w": kind}, optimizer.init({"w": kind}))
        tw.save_state(tmp_path / "f", state)
        for like in kinds:
            wanted = optimizer.init({"w": like})
            found = tw.load_state(tmp_path / "f", wanted)
            leaf = found[0].trace["w"]
            assert type(leaf) is type(wanted[0].trace["w"])
            np.testing.assert_array_equal(np.asarray(leaf), values)
            assert type(found[1].count) is type(wanted[1].count)
            assert int(found[1].count) == 1


def test_complex_numbers_and_plain_ones_come_back(tmp_path: Path) -> None:
    state = {"z": np.array([1 + 2j, -0.0 - 1j]), "c": np.complex64(1j), "x": 0.5, "n": 3}
    tw.save_state(tmp_path / "f", state)
    found = tw.load_state(tmp_path / "f", {"z": np.zeros(2, complex), "c": np.complex64(0),
                                           "x": 0.0, "n": 0})  # fmt: skip
    assert_same(found, state)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        tw.load_state(tmp_path / "none", 1.0)
    tw.save({"w": 1.0}, tmp_path / "saved")
    with pytest.raises(CheckpointError, match=r"holds no state that save_state wrote"):
        tw.load_state(tmp_path / "saved", 1.0)
    tw.save_state(tmp_path / "state", {"w": W})
    with pytest.raises(CheckpointError):
        tw.load(tmp_path / "state")
    with pytest.raises(ArgumentError, match=r"have the name a\.b"):
        tw.save_state(tmp_path / "state", {"a.b": 1.0, "a": {"b": 1.0}})


def test_a_run_goes_on_with_a_further_parameter(tmp_path: Path) -> None:
    def loss(p: Any) -> Any:
        return sum(((leaf - 1.0) ** 2).sum() for leaf in p.values())

    optimizer = optim.adam(0.1)
    fit = tw.fit(loss, {"w": W}, None, optimizer=optimizer, steps=3)
    tw.save_state(tmp_path / "f", fit.opt_state)
    with pytest.warns(UserWarning, match="Not in the file"):
        state = tw.load_state(
            tmp_path / "f", optimizer.init({"a": NEW, **fit.params}), strict=False
        )
    np.testing.assert_array_equal(state[0].mu["w"], fit.opt_state[0].mu["w"])
