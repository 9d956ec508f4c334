"""Weights orthogonal, of unit spectral norm, or of a length of their own, as PyTorch's."""

import warnings
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, same, same_error
from tests.torch.nn.utils.roots import root, trained
from thalweg import torch as wing
from thalweg.torch import nn


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
@pytest.mark.parametrize("chosen", ["matrix_exp", "cayley", "householder", None])
@pytest.mark.parametrize("trivialized", [True, False])
def test_orthogonal_weights(shape: tuple[int, int], chosen: Any, trivialized: bool) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = lib.nn.Linear(*shape)
        space.nn.utils.parametrizations.orthogonal(
            layer, "weight", chosen, use_trivialization=trivialized
        )
        return layer, layer.weight, trained(lib, layer, shape[0])

    same(code, rel=1e-10)


def test_orthogonal_weights_are_assigned_to() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = space.nn.utils.parametrizations.orthogonal(lib.nn.Linear(3, 3))
        layer.weight = space.linalg.qr(lib.range(3, 3) + space.eye(3)).Q
        return layer.weight, layer.state_dict()

    same(code, rel=1e-12)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weights_of_a_length_of_their_own(dim: Any) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = lib.nn.Linear(4, 3)
        space.nn.utils.parametrizations.weight_norm(layer, dim=dim)
        return layer, layer.state_dict(), trained(lib, layer)

    same(code)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_the_older_weight_norm_too(dim: Any) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = lib.nn.Linear(4, 3)
        with pytest.warns(FutureWarning, match="`torch.nn.utils.weight_norm` is deprecated"):
            space.nn.utils.weight_norm(layer, dim=dim)
        before = layer, layer.state_dict(), layer.weight
        results = trained(lib, layer)
        space.nn.utils.remove_weight_norm(layer)
        return before, results, list(layer.state_dict()), layer.weight

    same(code)


def test_a_state_of_the_older_is_read_by_the_newer() -> None:
    def code(lib: Library) -> Any:
        utils = root(lib).nn.utils
        with warnings.catch_warnings(action="ignore"):
            older = utils.weight_norm(lib.nn.Linear(4, 3))
        newer = utils.parametrizations.weight_norm(lib.nn.Linear(4, 3))
        said = newer.load_state_dict(older.state_dict())
        return repr(said), newer.weight, older.weight

    same(code)


@pytest.mark.parametrize("make", ["Linear(4, 3)", "Conv2d(2, 3, 2)", "ConvTranspose1d(2, 3, 2)"])
def test_spectral_norms(make: str) -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = eval(f"nn.{make}", {"nn": lib.nn})
        space.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=2)
        state = layer.state_dict()
        (layer.weight * layer.weight.detach().exp()).sum().backward()
        layer.eval()
        return layer, state, layer.weight, layer.parametrizations.weight.original.grad

    same(code, rel=1e-12)


def test_spectral_norms_in_training() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        older = space.nn.utils.spectral_norm(lib.nn.Linear(4, 3))
        newer = space.nn.utils.parametrizations.spectral_norm(lib.nn.Linear(4, 3))
        metadata = [dict(m) for m in older.state_dict()._metadata.values()]
        results = metadata, older.weight, trained(lib, older), trained(lib, newer)
        space.nn.utils.remove_spectral_norm(older)
        return results, list(older.state_dict()), older.weight, older.state_dict()._metadata

    same(code, rel=1e-12)


def test_vectors_are_divided_by_their_length() -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.LayerNorm(4), lib)
        return root(lib).nn.utils.parametrizations.spectral_norm(layer).weight

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda u, m: u.parametrizations.orthogonal(m, "bias"), "Expected a matrix"),
        (lambda u, m: u.parametrizations.orthogonal(m, "none"), "has no parameter or buffer"),
        (lambda u, m: u.parametrizations.orthogonal(m, "weight", "exp"), "has to be one of"),
        (lambda u, m: u.parametrizations.spectral_norm(m, n_power_iterations=0), "positive"),
        (lambda u, m: u.parametrizations.spectral_norm(m, dim=2), "Dimension out of range"),
        (lambda u, m: u.remove_weight_norm(m), "weight_norm of 'weight' not found"),
        (lambda u, m: u.remove_spectral_norm(m), "spectral_norm of 'weight' not found"),
        (lambda u, m: u.spectral_norm(u.spectral_norm(m)), "Cannot register two spectral_norm"),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    same_error(lambda lib: code(root(lib).nn.utils, lib.nn.Linear(3, 2)), text)


WAYS: dict[str, Any] = {
    "orthogonal": nn.utils.parametrizations.orthogonal,
    "weight_norm": nn.utils.parametrizations.weight_norm,
    "spectral_norm": nn.utils.parametrizations.spectral_norm,
    "older weight_norm": nn.utils.weight_norm,
    "older spectral_norm": nn.utils.spectral_norm,
    "pruned": lambda layer: nn.utils.prune.l1_unstructured(layer, "weight", 0.3),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
@pytest.mark.parametrize("way", WAYS)
def test_such_a_layer_trains_in_a_run_as_in_a_loop(way: str) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(12, 4)), generator.normal(size=(12, 3))

    def model() -> Any:
        wing.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), WAYS[way](nn.Linear(5, 3)))

    looped, fitted = model(), model()
    optimizer = wing.optim.SGD(looped.parameters(), lr=0.1)
    for start in (0, 4, 8) * 2:
        optimizer.zero_grad()
        rows = slice(start, start + 4)
        nn.functional.mse_loss(looped(wing.tensor(x[rows])), wing.tensor(y[rows])).backward()
        optimizer.step()
    tw.fit(
        fitted, (x, y), loss=nn.functional.mse_loss, optimizer=tw.optim.sgd(0.1), epochs=2,
        batch_size=4, shuffle=False,
    )  # fmt: skip
    for (name, one), other in zip(
        looped.state_dict().items(), fitted.state_dict().values(), strict=True
    ):
        np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-10, err_msg=name)
    again = fitted[2].weight.tolist()
    fitted.eval()(wing.tensor(x))
    assert fitted[2].weight.tolist() == again
