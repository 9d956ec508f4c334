"""vmap's random numbers, chunks and names are those of torch.func.vmap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

torch = pytest.importorskip("torch")

Drawing = Callable[[Any], Callable[[Any], Any]]

DRAWS: dict[str, Drawing] = {
    "rand": lambda lib: lambda x: x + lib.rand(3, dtype=lib.float64),
    "rand of no axes": lambda lib: lambda x: x * lib.rand((), dtype=lib.float64),
    "randn": lambda lib: lambda x: x + lib.randn(20, dtype=lib.float64).sum(),
    "randint": lambda lib: lambda x: x + lib.randint(0, 100, (3,)),
    "normal": lambda lib: lambda x: x + lib.normal(1.0, 2.0, (3,), dtype=lib.float64),
    "twice": lambda lib: (
        lambda x: x * lib.rand(3, dtype=lib.float64) + lib.randn(3, dtype=lib.float64).sum()
    ),
    "rand_like": lambda lib: lambda x: x + lib.rand_like(x),
    "randn_like": lambda lib: lambda x: x + lib.randn_like(x),
    "in place": lambda lib: lambda x: (x * 1.0).uniform_(1.0, 2.0) + x,
    "in place, normal": lambda lib: lambda x: (x * 1.0).normal_(1.0, 2.0) + x,
}
# What PyTorch draws example by example, or refuses for all of them at once.
OWN_DRAWS: dict[str, Drawing] = {
    "randperm": lambda lib: lambda x: x + lib.randperm(3),
    "bernoulli": lambda lib: lambda x: lib.bernoulli(lib.sigmoid(x)),
    "bernoulli of a number": lambda lib: lambda x: lib.bernoulli(x, 0.5) + x,
    "multinomial": lambda lib: lambda x: x + lib.multinomial(lib.ones(5), 3),
    "dropout": lambda lib: lambda x: lib.nn.functional.dropout(x, 0.5),
    "rrelu": lambda lib: lambda x: lib.nn.functional.rrelu(x - 100.0, training=True),
    "normal of tensors": lambda lib: lambda x: lib.normal(x, lib.ones(3) * 2.0),
    "bernoulli_": lambda lib: lambda x: (x * 1.0).bernoulli_(0.5) + x,
}


def batch(lib: Any, *shape: int) -> Any:
    return lib.tensor(np.random.default_rng(0).normal(size=shape))


@pytest.mark.parametrize("randomness", ["different", "same"])
@pytest.mark.parametrize("name", DRAWS)
def test_the_numbers_are_torchs(name: str, randomness: str) -> None:
    found = []
    for lib in (wing, torch):
        if "in place" in name and randomness == "same" and lib is torch:
            # PyTorch refuses to fill what differs between examples with the same numbers.
            continue
        lib.manual_seed(5)
        mapped = lib.func.vmap(DRAWS[name](lib), randomness=randomness)
        found += [np.asarray(mapped(batch(lib, 4, 3)))]
        found += [np.asarray(lib.rand(2, dtype=lib.float64))]
    if len(found) == 4:
        np.testing.assert_allclose(found[0], found[2], rtol=1e-14)
        np.testing.assert_array_equal(found[1], found[3])


@pytest.mark.parametrize("name", [*DRAWS, *OWN_DRAWS])
def test_same_numbers_do_not_depend_on_the_example_and_different_ones_do(name: str) -> None:
    function = {**DRAWS, **OWN_DRAWS}[name](wing)
    rows = wing.ones((6, 3), dtype=wing.float64) * 0.25
    same = wing.vmap(function, randomness="same")(rows)
    assert bool((same == same[0]).all())
    different = wing.vmap(function, randomness="different")(rows)
    assert not bool((different == different[0]).all())


@pytest.mark.parametrize("name", [*DRAWS, *OWN_DRAWS])
def test_drawing_is_an_error_unless_asked_for(name: str) -> None:
    function = {**DRAWS, **OWN_DRAWS}[name]
    # PyTorch's vmap does not know its rrelu.
    for lib in (wing, torch) if name != "rrelu" else (wing,):
        with pytest.raises(RuntimeError, match="randomness"):
            lib.func.vmap(function(lib))(batch(lib, 4, 3))


def test_randperm_draws_for_one_example_after_the_other() -> None:
    found = []
    for lib in (wing, torch):
        lib.manual_seed(3)
        mapped = lib.func.vmap(lambda x, lib=lib: x + lib.randperm(6), randomness="different")
        found.append(np.asarray(mapped(lib.zeros(4, 1, dtype=lib.float64))))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("outer", ["different", "same"])
@pytest.mark.parametrize("inner", ["different", "same"])
def test_batches_of_batches_draw_as_torchs(outer: str, inner: str) -> None:
    found = []
    for lib in (wing, torch):
        lib.manual_seed(1)
        function = lib.func.vmap(DRAWS["rand"](lib), randomness=inner)
        found.append(np.asarray(lib.func.vmap(function, randomness=outer)(batch(lib, 2, 4, 3))))
    np.testing.assert_allclose(*found, rtol=1e-14)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 7, 100, None])
@pytest.mark.parametrize("randomness", ["different", "same"])
def test_chunks_give_what_torchs_give(chunk_size: int | None, randomness: str) -> None:
    found = []
    for lib in (wing, torch):
        lib.manual_seed(2)

        def function(x: Any, w: Any, lib: Any = lib) -> Any:
            return {"a": lib.sin(x) @ w + lib.rand((), dtype=lib.float64), "b": (x, x * w)}

        mapped = lib.func.vmap(
            function, (1, None), {"a": 0, "b": (1, 0)}, randomness, chunk_size=chunk_size
        )
        result = mapped(batch(lib, 3, 7), batch(lib, 3))
        found.append([np.asarray(result["a"]), *map(np.asarray, result["b"])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_chunks_are_differentiated_and_no_larger_than_asked() -> None:
    seen = []

    def function(x: Any) -> Any:
        seen.append(x.shape)
        return (x**3).sum()

    def total(x: Any) -> Any:
        return wing.vmap(function, chunk_size=2)(x).sum()

    x = batch(wing, 5, 3)
    np.testing.assert_allclose(tw.grad(total)(x), 3 * x**2)
    assert len(seen) == 3


def test_results_that_all_examples_share_are_not_put_together_from_chunks() -> None:
    found = wing.vmap(lambda x: (x, wing.ones(2)), out_dims=(0, None), chunk_size=2)(batch(wing, 5))
    assert [tuple(part.shape) for part in found] == [(5,), (2,)]


def test_both_names_of_the_axes_are_understood() -> None:
    x = batch(wing, 3, 4)
    found = wing.vmap(lambda x: x * 2.0, in_dims=1, out_dims=1)(x)
    np.testing.assert_array_equal(found, 2 * x)
    np.testing.assert_array_equal(wing.vmap(lambda x: x, 1, 1)(x), x)


def test_what_is_no_randomness_or_chunk_is_refused() -> None:
    for lib in (wing, torch):
        with pytest.raises(RuntimeError, match="Only allowed values for randomness"):
            lib.func.vmap(lib.sin, randomness="some")(lib.ones(2))
        with pytest.raises(ValueError, match="chunk_size should be None or greater than 0"):
            lib.func.vmap(lib.sin, chunk_size=0)(lib.ones(2))


def test_a_gradient_for_each_example_under_dropout_draws_a_mask_for_each() -> None:
    def loss(w: Any, x: Any) -> Any:
        return (wing.nn.functional.dropout(x, 0.5) * w).sum()

    w, x = wing.ones(8), wing.ones((5, 8))
    gradients = wing.vmap(tw.grad(loss), (None, 0), randomness="different")(w, x)
    assert set(np.unique(gradients.numpy())) == {0.0, 2.0}
    assert len(np.unique(gradients, axis=0)) > 1
