"""save and load: what comes back is what was given, and nothing is run."""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import CheckpointError, DtypeError, MissingFile
from thalweg.torch import nn


def returned(given: Any) -> Any:
    file = io.BytesIO()
    tw.save(given, file)
    file.seek(0)
    return tw.load(file)


@pytest.mark.parametrize(
    "given",
    [3, 2.5, float("inf"), 1 - 2j, "text", None, True, [], (), {}, [1, ("a", None)],
     {1: {"k": (2.0,)}}, OrderedDict(b=1, a=2)],
    ids=str,
)  # fmt: skip
def test_plain_values_and_containers_come_back(given: Any) -> None:
    found = returned(given)
    assert found == given
    assert type(found) is type(given)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int64", "float16", "float32", "float64", "complex64", "complex128"]
)
def test_tensors_and_arrays_come_back_of_their_kind_and_can_be_changed(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    found = returned({"tensor": tw.tensor(array).T, "array": array[:, ::2], "number": array[1, 2]})
    assert isinstance(found["tensor"], tw.Tensor)
    assert isinstance(found["array"], np.ndarray)
    np.testing.assert_array_equal(found["tensor"].numpy(), array.T, strict=True)
    np.testing.assert_array_equal(found["array"], array[:, ::2], strict=True)
    assert found["number"] == array[1, 2]
    found["tensor"][0] = 0
    assert not found["tensor"][0].any()


@pytest.mark.parametrize("order", ["<", ">"])
def test_complex_numbers_come_back_bit_for_bit(order: str) -> None:
    # A NaN or an infinity in one part says nothing of the other.
    parts = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, 5e-324]
    given = np.array([complex(a, b) for a in parts for b in parts], f"{order}c16").reshape(7, 7)
    found = returned([given, given[:, ::2].T, given[0, 0], given[:0]])
    for one, other in zip(found, [given, given[:, ::2].T, given[0, 0], given[:0]], strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other, "=c16").tobytes()


@pytest.mark.parametrize(
    "number", [2**64, -(2**64), 2**63, 10**5000, -(10**5000), 2**64 - 1], ids=hex
)
def test_whole_numbers_of_any_size_come_back(number: int) -> None:
    assert returned({"n": number})["n"] == number


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\0", "\x1b[31m", "\u202e", "PK\x03\x04", "a\nb", "\U0001f600", '"\\'],
    ids=ascii,
)
def test_any_text_comes_back(text: str) -> None:
    assert returned({text: text}) == {text: text}


@pytest.mark.parametrize("depth", [1, 50, 99])
def test_containers_in_containers_come_back(depth: int) -> None:
    given: Any = 1
    for turn in range(depth):
        given = [[given], (given,), {"a": given}, OrderedDict(a=given)][turn % 4]
    assert returned(given) == given


def test_what_could_not_be_loaded_is_not_saved() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    endless: list[Any] = []
    endless.append(endless)
    for given in (deep, endless):
        with pytest.raises(DtypeError, match="more than 100 containers"):
            tw.save(given, io.BytesIO())
    for odd in (np.longdouble(1), np.datetime64("2020-01-01"), np.bytes_(b"x"), np.void(b"x")):
        with pytest.raises(DtypeError, match="at obj"):
            tw.save(odd, io.BytesIO())
    for array in (np.zeros(2, np.longdouble), np.zeros(2, np.clongdouble), np.zeros(2, "M8[s]")):
        with pytest.raises(DtypeError, match="Convert it"):
            tw.save([array], io.BytesIO())
    with pytest.raises(DtypeError, match="mask would be lost"):
        tw.save(np.ma.array([1.0, 2.0], mask=[True, False]), io.BytesIO())


def test_leaves_that_require_grad_do_so_again() -> None:
    x = tw.ones(2, requires_grad=True)
    leaf, computed = returned([x, 2 * x])
    assert leaf.requires_grad
    assert not computed.requires_grad


def test_a_run_goes_on_from_a_file_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = tw.tensor(rng.normal(size=(20, 3))), tw.tensor(rng.normal(size=(20, 1)))

    def begun() -> tuple[nn.Module, Any]:
        wing.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
        return model, wing.optim.AdamW(model.parameters(), lr=0.1)

    def train(model: nn.Module, optimizer: Any, steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()

    whole = begun()
    train(*whole, 6)
    model, optimizer = begun()
    train(model, optimizer, 3)
    path = tmp_path / "run.pt"
    tw.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)
    model, optimizer = begun()
    found = tw.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(found["model"])
    optimizer.load_state_dict(found["optimizer"])
    assert found["epoch"] == 3
    train(model, optimizer, 3)
    for one, other in zip(model.state_dict().values(), whole[0].state_dict().values(), strict=True):
        assert np.array_equal(one.numpy(), other.numpy())


def test_a_whole_module_is_refused_with_what_to_save_instead() -> None:
    with pytest.raises(DtypeError, match=r"Linear at obj\['model'\].*state_dict"):
        tw.save({"model": nn.Linear(1, 1)}, io.BytesIO())
    with pytest.raises(DtypeError, match=r"set at obj\[1\]"):
        tw.save([1, {2}], io.BytesIO())


def test_files_that_are_missing_or_of_another_format_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.pt cannot be read"):
        tw.load(tmp_path / "nothing.pt")
    assert issubclass(MissingFile, CheckpointError)
    torch = pytest.importorskip("torch")
    torch.save(torch.zeros(1), tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="another library's save"):
        tw.load(tmp_path / "other.pt")
