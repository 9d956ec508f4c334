"""What tw.save writes tw.load reads: a state goes on as PyTorch's does."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import nn

torch = pytest.importorskip("torch")


def test_nested_values_come_back_as_they_were(tmp_path: Path) -> None:
    given = {
        "tensor": tw.tensor([1.0, 2.0], requires_grad=True),
        "transposed": tw.arange(6).reshape(2, 3).t(),
        1: [True, None, "text", 3, -0.5, float("inf"), 1 + 2j],
        ("a", 2): (np.float32(1.5), np.arange(3), tw.float32, tw.zeros(2, 3).shape),
        "ordered": OrderedDict(b=tw.zeros(0), a=tw.tensor([1j, 2.0])),
        "booleans": tw.tensor([True, False]),
        "number": tw.tensor(3.0),
    }
    path = tmp_path / "values"
    tw.save(given, path)
    found = tw.load(path)
    assert list(found) == list(given)
    assert found[1] == given[1]
    assert found["tensor"].requires_grad
    assert not found["number"].requires_grad
    assert found["transposed"].tolist() == [[0, 3], [1, 4], [2, 5]]
    scalar, array, dtype, size = found["a", 2]
    assert (scalar, type(scalar), dtype, size) == (1.5, np.float32, np.dtype("float32"), (2, 3))
    assert isinstance(size, tw.Size)
    np.testing.assert_array_equal(array, np.arange(3))
    assert isinstance(found["ordered"], OrderedDict)
    assert list(found["ordered"]) == ["b", "a"]
    for name in ("tensor", "booleans", "number"):
        assert found[name].dtype == given[name].dtype
        np.testing.assert_array_equal(found[name].detach().numpy(), given[name].detach().numpy())
    np.testing.assert_array_equal(found["ordered"]["a"].numpy(), [1j, 2.0])


def test_tensors_on_one_memory_are_so_again(tmp_path: Path) -> None:
    weight = tw.ones(2)
    tw.save({"a": weight, "b": weight, "c": tw.ones(2)}, tmp_path / "tied")
    found = tw.load(tmp_path / "tied")
    found["a"].mul_(3.0)
    assert (found["b"].tolist(), found["c"].tolist()) == ([3.0, 3.0], [1.0, 1.0])


def test_parameters_come_back_as_parameters(tmp_path: Path) -> None:
    tw.save([nn.Parameter(tw.ones(1)), nn.Buffer(tw.zeros(1))], tmp_path / "kinds")
    parameter, buffer = tw.load(tmp_path / "kinds")
    assert isinstance(parameter, nn.Parameter)
    assert parameter.requires_grad
    assert isinstance(buffer, nn.Buffer)


def trained(lib: Any, path: Path, optimizer: str) -> list[Any]:
    """Train, save, load into new objects, train on; return the parameters."""
    x = lib.tensor(np.arange(8.0).reshape(4, 2) / 8)

    def new() -> Any:
        layers = lib.nn.BatchNorm1d(2), lib.nn.Linear(2, 3), lib.nn.Tanh(), lib.nn.Linear(3, 1)
        model = lib.nn.Sequential(*layers)
        model = model.to(lib.float64)
        with lib.no_grad():
            for i, parameter in enumerate(model.parameters()):
                parameter.copy_(
                    lib.tensor(np.cos(np.arange(parameter.numel()) + i)).view(parameter.shape)
                )
        return model, getattr(lib.optim, optimizer)(model.parameters(), lr=0.1)

    def train(model: Any, rule: Any) -> None:
        for _ in range(3):
            rule.zero_grad()
            (model(x) ** 2).mean().backward()
            rule.step()

    model, rule = new()
    train(model, rule)
    lib.save({"model": model.state_dict(), "rule": rule.state_dict(), "epoch": 3}, path)
    state = lib.load(path, map_location="cpu", weights_only=True)
    assert state["epoch"] == 3
    model, rule = new()
    model.load_state_dict(state["model"])
    rule.load_state_dict(state["rule"])
    train(model, rule)
    return [np.asarray(value.detach()) for value in model.state_dict().values()]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop", "NAdam"])
def test_training_goes_on_from_a_file_as_torchs(tmp_path: Path, optimizer: str) -> None:
    ours = trained(tw, tmp_path / "ours", optimizer)
    theirs = trained(torch, tmp_path / "theirs", optimizer)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_what_is_no_value_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(tw.errors.ArgumentError, match=r"Linear at \['m'\]\[0\].*state_dict"):
        tw.save({"m": [nn.Linear(1, 1)]}, tmp_path / "no")
    with pytest.raises(tw.errors.ArgumentError, match="wants a path"):
        tw.save({}, 3)  # type: ignore[arg-type]
    with pytest.raises(tw.errors.TracingError, match="traced"):
        tw.jit(lambda x: tw.save(x, tmp_path / "no") or x)(tw.ones(1))  # type: ignore[func-returns-value]
    assert not (tmp_path / "no").exists()


def test_a_damaged_file_and_another_device_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    tw.save(tw.ones(3), path)
    with pytest.raises(tw.errors.ArgumentError, match="device"):
        tw.load(path, map_location="cuda")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(tw.errors.CheckpointError, match="damaged"):
        tw.load(path)
