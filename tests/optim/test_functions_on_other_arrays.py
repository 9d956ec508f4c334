"""Functions of `optim` that are no transformations, on other libraries' arrays: as on NumPy's.

The calls are those that are compared with Optax elsewhere; JAX computes them compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim import test_losses_of_optax, test_numerics, test_projections, test_tree
from tests.optim.samples import params
from thalweg import optim

pytestmark = pytest.mark.sampled(3)

RANDOM = np.random.default_rng(0)
X, Y, W = RANDOM.normal(size=(12, 3)), RANDOM.normal(size=12), RANDOM.normal(size=3)
SQUARE = RANDOM.normal(size=(5, 5))
SYMMETRIC = SQUARE @ SQUARE.T
TALL, RIGHT = RANDOM.normal(size=(8, 4)), RANDOM.normal(size=8)
PARAMS = {"w": RANDOM.normal(size=4), "b": np.float64(0.7), "none": None}
KEY = tw.random.key(3).numpy()

# A call: of the arrays it is given, made of NumPy's, and the library's module.
Call = Callable[[Callable[[Any], Any], Any], Any]


def loss_of(library: Any) -> Callable[..., Any]:
    """Return a loss of parameters, inputs and targets that is written for a library."""
    return lambda p, x, y: library.sum((library.tanh(x @ p["w"]) * p["b"] - y) ** 2)


def best(library: Any) -> Callable[[Any], Any]:
    """Return a function with steps, written for a library."""
    return lambda x: {
        "one": library.where(x["a"] == library.max(x["a"]), 1.0, 0.0),
        "sum": library.sum(x["b"] ** 2),
    }


def in_parts(kind: str, real: int | None) -> Call:
    def loss(w: Any, x: Any, *, y: Any) -> Any:
        residual = x @ w - y
        if kind == "CONCAT":
            return {"a": residual, "b": x * 2.0}
        return {"a": (residual**2).sum(), "b": x.sum(0)}

    accumulator = getattr(optim.microbatching.AccumulationType, kind)
    part = optim.microbatch(loss, 1, 4, accumulator, argnames="y", num_real_microbatches=real)
    return lambda a, _: part(a(W), a(X), y=a(Y))


def of_examples(size: int | None, keep: bool, aux: bool) -> Call:
    def loss(w: Any, x: Any, y: Any) -> Any:
        value = ((x @ w - y) ** 2).sum()
        return (value, {"seen": y}) if aux else value

    def call(a: Any, library: Any) -> Any:
        gradient = optim.microbatching.micro_grad(
            *(loss, aux, 0),
            batch_argnums=(1, 2),
            keep_batch_dim=keep,
            microbatch_size=size,
            transform_fn=lambda g: library.sign(g),
            metrics_fn=lambda g: {"norm": optim.tree.norm(g)},
        )
        return gradient(a(W), a(X), a(Y))

    return call


def mapped(kind: str, size: int | None) -> Call:
    square = optim.microbatching.micro_vmap(
        lambda w, x, *, y: (x @ w - y) ** 2,
        (None, 0),
        microbatch_size=size,
        accumulator=getattr(optim.microbatching.AccumulationType, kind),
    )
    return lambda a, _: square(a(W), a(X), y=a(Y))


def remembered(value: float) -> Call:
    def call(a: Any, library: Any) -> Any:
        both = optim.value_and_grad_from_state(lambda w: library.sum(w**2))
        return both(a(W), state=a({"value": np.float64(value), "grad": np.zeros(3)}))

    return call


ROWS: dict[str, Call] = {
    "hvp": lambda a, m: optim.second_order.hvp(
        loss_of(m), a(np.full(5, 0.3)), a(PARAMS), a(TALL), a(RIGHT)
    ),
    "hessian_diag": lambda a, m: optim.second_order.hessian_diag(
        loss_of(m), a(PARAMS), a(TALL), a(RIGHT)
    ),
    "fisher_diag": lambda a, m: optim.second_order.fisher_diag(
        loss_of(m), a(PARAMS), a(TALL), a(RIGHT)
    ),
    "power_iteration": lambda a, m: optim.power_iteration(a(SYMMETRIC)),
    "power_iteration-v0": lambda a, m: optim.power_iteration(
        a(SYMMETRIC), v0=a(np.ones(5)), num_iters=3
    ),
    "power_iteration-function": lambda a, m: optim.power_iteration(
        lambda v: {"a": 2.0 * v["a"], "b": [m.abs(3.0 * v["b"][0])]},
        v0=a({"a": np.ones(2), "b": [np.ones(3)]}),
    ),
    "matrix_inverse_pth_root": lambda a, m: optim.matrix_inverse_pth_root(a(SYMMETRIC), 4),
    "nnls": lambda a, m: optim.nnls(a(TALL), a(RIGHT), 17),
    "hungarian": lambda a, m: optim.assignment.hungarian_algorithm(a(SQUARE)),
    "base_hungarian": lambda a, m: optim.assignment.base_hungarian_algorithm(a(TALL)),
    "make_perturbed_fun": lambda a, m: optim.perturbations.make_perturbed_fun(best(m), 40, 0.5)(
        a(KEY), a({"a": W, "b": X[:2]})
    ),
    "make_perturbed_fun-normal": lambda a, m: optim.perturbations.make_perturbed_fun(
        best(m), 10, 0.5, optim.perturbations.Normal(), use_baseline=False
    )(KEY, a({"a": W, "b": X[:2]})),
    "gumbel": lambda a, m: optim.perturbations.Gumbel().log_prob(a(W)),
    "gumbel-sample": lambda a, m: optim.perturbations.Gumbel().sample(a(KEY), (3,)),
    "multi_normal": lambda a, m: optim.multi_normal(a(W), a(W)).log_prob(a(X)),
    "multi_normal-sample": lambda a, m: optim.multi_normal(a(W), a(W)).sample((4,), KEY),
    "split_key_like": lambda a, m: optim.tree.split_key_like(a(KEY), a(PARAMS)),
    "random_like": lambda a, m: optim.tree.random_like(a(KEY), a(PARAMS)),
    "reshape_batch_axis": lambda a, m: optim.microbatching.reshape_batch_axis(a(X), 4),
    "per_example_global_norm_clip": lambda a, m: optim.per_example_global_norm_clip([a(X)], 1.0),
    "per_example_layer_norm_clip": lambda a, m: optim.per_example_layer_norm_clip([a(X)], 1.0),
    "skip_not_finite": lambda a, m: optim.skip_not_finite(a(PARAMS), a(np.int32(0)), None),
    "skip_large_updates": lambda a, m: optim.skip_large_updates(
        a(PARAMS), a(np.int32(0)), None, 1.0
    ),
    "schedule_free_eval_params": lambda a, m: optim.contrib.schedule_free_eval_params(
        optim.contrib.schedule_free_sgd(0.1).init(a(PARAMS)), a(PARAMS)
    ),
    "safe_increment": lambda a, m: optim.safe_increment(a(np.int32(2**31 - 1))),
    "value_and_grad_from_state": remembered(np.inf),
    "value_and_grad_from_state-known": remembered(1.0),
    "fenchel_young": lambda a, m: optim.losses.make_fenchel_young_loss(
        lambda s: m.log(m.sum(m.exp(s)))
    )(a(X), a(X)),
    "ranking": lambda a, m: optim.losses.ranking_softmax_loss(
        a(X), a(X**2), reduce_fn=lambda losses, where: m.sum(losses)
    ),
    **{
        f"microbatch-{kind}-{real}": in_parts(kind, real)
        for kind in ("MEAN", "SUM", "RUNNING_MEAN", "CONCAT")
        for real in (None, 2)
    },
    **{
        f"micro_vmap-{kind}-{size}": mapped(kind, size)
        for kind in ("MEAN", "CONCAT")
        for size in (None, 4)
    },
    **{
        f"micro_grad-{size}-{keep}-{aux}": of_examples(size, keep, aux)
        for size, keep, aux in ((None, True, False), (3, True, True), (3, False, False))
    },
    **{
        f"{name}-{i}": lambda a, m, call=call, start=start: call(optim.projections, a(start))
        for name, rows in test_projections.ROWS.items()
        for i, (call, start) in enumerate(rows)
    },
    **{
        f"{name}-{i}": lambda a, m, row=row: row.call(optim.losses, a(row.start))
        for name, rows in test_losses_of_optax.ROWS.items()
        for i, row in enumerate(rows)
    },
    **{
        f"tree-{name}-{i}": lambda a, m, call=call: call(
            optim.tree, a(params()), a(test_tree.other())
        )
        for name, calls in test_tree.REAL.items()
        for i, call in enumerate(calls)
    },
    **{
        f"tree-complex-{i}": lambda a, m, call=call: call(
            optim.tree,
            a(test_tree.complex_leaves()),
            a(tw.tree.map(lambda v: v[::-1].copy(), test_tree.complex_leaves())),
        )
        for i, call in enumerate(test_tree.COMPLEX)
    },
    **{
        name: lambda a, m, call=call, x=x: call(optim, a(x))
        for name, (call, x) in test_numerics.CALLS.items()
    },
}

# They look at what is known of arrays, or at paths; or a loop ends when it has converged.
OF_KNOWN = ("tree-allclose", "tree-get", "tree-set", "tree-dtype", "tree-size")

# What a row does itself with an array: steps backwards in PyTorch, methods of arrays without any.
NOT_OF_PYTORCH = {"incremental_update"}
NOT_OF_THE_ARRAY_API = {"tree-set-2"}


def each_row_but(names: set[str]) -> Any:
    """Run a test with all rows but some."""
    return pytest.mark.parametrize("name", [name for name in ROWS if name not in names])


of_second_order = pytest.mark.filterwarnings(
    "ignore:The function .* is deprecated:DeprecationWarning",
    "ignore:`torch.jit.script` is deprecated",
)


def check(found: Any, wanted: Any, kind: type | None) -> None:
    """Fail unless a result has the values of another one, and all its arrays are of the kind."""
    pairs = zip(tw.tree.leaves(found), tw.tree.leaves(wanted), strict=True)
    for x, y in pairs:
        if type(y) in (str, int, float, bool):
            assert x == y
            continue
        expected = np.asarray(y)
        assert kind is None or isinstance(x, kind), type(x)
        assert str(x.dtype).rpartition(".")[2] == expected.dtype.name
        np.testing.assert_allclose(np.asarray(x), expected, rtol=1e-12, atol=1e-12)


@of_second_order
@each_row_but(NOT_OF_PYTORCH)
def test_on_tensors_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    call = ROWS[name]
    found = call(lambda t: tw.tree.map(lambda x: torch.from_numpy(np.array(x)), t), torch)
    check(found, call(lambda t: t, np), torch.Tensor)


@of_second_order
@each_row_but(NOT_OF_THE_ARRAY_API)
def test_on_arrays_of_the_array_api(name: str) -> None:
    strict = pytest.importorskip("array_api_strict")
    call = ROWS[name]
    found = call(lambda t: tw.tree.map(strict.asarray, t), tw)
    # Densities of them are tensors, as they are of NumPy's.
    tensors = name.partition("-")[0] in ("gumbel", "multi_normal")
    kind = None if tensors else type(strict.ones(1))
    check(found, call(lambda t: t, np), kind)


@of_second_order
@each_row_but(set())
def test_on_arrays_of_jax_inside_jit(name: str) -> None:
    jax = pytest.importorskip("jax")
    call = ROWS[name]
    with jax.enable_x64():
        if name.startswith(OF_KNOWN):
            found = call(lambda t: tw.tree.map(jax.numpy.asarray, t), jax.numpy)
            check(found, call(lambda t: t, np), jax.Array)
            return
        given: list[Any] = []
        call(lambda t: given.append(t) or t, np)

        @jax.jit
        def compiled(given: list[Any]) -> Any:
            rest = iter(given)
            found = call(lambda t: next(rest), jax.numpy)
            assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(found))
            return found

        check(compiled(given), call(lambda t: t, np), jax.Array)
