"""Transformations and schedules on other libraries' arrays: as on NumPy's, and of their kind.

What is compared is thalweg with itself: that it computes the right thing is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from tests.optim.contrib_samples import CONTRIB, Names, along_quartic, extra_of, params_of, quartic
from tests.optim.samples import (
    EXTRA,
    MASK,
    OF_PAIRS,
    OPTIMIZERS,
    OWN_SCHEDULES,
    OWN_TRANSFORMATIONS,
    SCHEDULES,
    SEARCHING,
    TRANSFORMATIONS,
    Sample,
    listed,
    params,
)
from thalweg import optim

pytestmark = pytest.mark.sampled(6)

STEPS = 3

TOLERANCE = {"float32": 1e-4, "float64": 1e-12}

OF_MATRICES = ("orthogonalize", "scale_by_shape")

# What Optax has not.
BEYOND: dict[str, list[Sample]] = {
    "soap": [lambda o: o.soap(0.01, precondition_frequency=2)],
    "scale_by_soap": [lambda o: o.chain(o.scale_by_soap(eps=1e-3), o.sgd(0.01))],
    "scale_by_shampoo": [lambda o: o.chain(o.scale_by_shampoo(), o.sgd(0.01))],
    "shampoo": [lambda o: o.shampoo(0.1, 0.9, precondition_frequency=2, mask=MASK)],
    "mars": [lambda o: o.mars(0.01)],
    "cautious": [lambda o: o.cautious(o.adam(0.05))],
    "reduce_variance": [lambda o: o.chain(o.reduce_variance(), o.lion(0.01))],
}

TABLES = {
    "optimizers": OPTIMIZERS,
    "transformations": TRANSFORMATIONS,
    "own": OWN_TRANSFORMATIONS,
    "pairs": OF_PAIRS,
    "searching": SEARCHING,
    "contrib": CONTRIB,
    "beyond": BEYOND,
}

ROUGH = {
    "orthogonalize": 2e-2,  # it rounds to eight bits
    "scale_by_lbfgs": 1e-10,  # rounding errors grow
    "muon": 1e-7,
    "galore": 1e-7,  # of singular vectors of singular matrices
    "scale_by_galore": 1e-7,
}

# A user's function of the step, in which PyTorch computes by its own rules: of whole numbers it
# makes float32.
OF_STEPS = {
    "sgd-4", "scale_by_schedule-1", "ademamix-2", "simplified_ademamix-2", "adopt-3",
    "scale_by_factored_rms-3",
}  # fmt: skip


class Kind(NamedTuple):
    """Arrays of a library in a dtype."""

    module: str
    dtype: str
    array: Callable[[Any], Any]
    kind: type


NAMES = ["jax-float32", "torch-float32", "torch-float64", "strict-float64"]


@pytest.fixture(params=NAMES, scope="module")
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return one kind of arrays after another."""
    name, _, dtype = request.param.partition("-")
    module = pytest.importorskip("array_api_strict" if name == "strict" else name)
    if name == "jax":
        return Kind(name, dtype, module.numpy.asarray, module.Array)
    if name == "torch":
        return Kind(name, dtype, lambda x: module.from_numpy(np.array(x)), module.Tensor)
    return Kind(name, dtype, module.asarray, type(module.ones(1)))


class Case(NamedTuple):
    """A sample of a table, and what it is run with."""

    table: str
    name: str
    number: int
    sample: Sample
    last: bool  # of its row

    @property
    def label(self) -> str:
        """What tests call it."""
        return f"{self.name}-{self.number}"

    def made(self) -> Any:
        """Return the transformation."""
        return self.sample(Names(optim) if self.table in ("contrib", "beyond") else optim)

    def start(self, dtype: str) -> Any:
        """Return the parameters before the first step."""
        start = params_of(self.name) if self.table == "contrib" else params(dtype)
        if self.name in OF_MATRICES:
            return {"matrix": start["matrix"]}
        return tw.tree.map(lambda x: x.astype(dtype), start)

    def rough(self, kind: Kind) -> float:
        """Return the tolerance for what is computed with."""
        loose = 1e-6 if kind.module == "torch" and self.label in OF_STEPS else 0.0
        return max(TOLERANCE[kind.dtype], ROUGH.get(self.name, 0.0), loose)

    def first(self, transformation: Any, values: Any) -> Any:
        """Return parameters and the first state."""
        if self.table == "pairs":
            values = optim.LookaheadParams.init_synced(values)
        return values, transformation.init(values)

    def step(
        self, transformation: Any, carried: Any, gradient: Any, number: Any, cos: Any = np.cos
    ) -> Any:
        """Return parameters and state after a further step."""
        values, state = carried
        extra = extra_of(number, cos) if self.table in ("contrib", "beyond") else EXTRA
        if self.table == "searching":
            slope = along_quartic(values, 0)
            gradient = tw.tree.map(lambda g: -g, slope) if "linesearch" in self.name else slope
            extra = {"value": value_of(values), "grad": slope, "value_fn": quartic}
        updates, state = transformation.update(gradient, state, values, **extra)
        return optim.apply_updates(values, updates), state


def value_of(values: Any) -> Any:
    """Return the loss, also of arrays that have no methods."""
    has = all(hasattr(leaf, "sum") for leaf in tw.tree.leaves(values))
    return quartic(values if has else tw.tree.map(np.asarray, values))


def gradients(start: Any) -> list[Any]:
    """Return the gradients of all steps."""
    rng = np.random.default_rng(1)
    return [
        tw.tree.map(lambda p: rng.normal(size=p.shape).astype(p.dtype), start) for _ in range(STEPS)
    ]


def run(case: Case, array: Callable[[Any], Any], dtype: str) -> tuple[Any, Any]:
    """Return parameters and state at first, and after some steps."""
    transformation, start = case.made(), case.start(dtype)
    first = carried = case.first(transformation, tw.tree.map(array, start))
    for number, gradient in enumerate(gradients(start)):
        carried = case.step(transformation, carried, tw.tree.map(array, gradient), number)
    return first, carried


def check(found: Any, wanted: Any, kind: Kind, close: float) -> None:
    """Fail unless a tree has the values of another one, and all its arrays are of the kind."""
    pairs = zip(tw.tree.leaves(found), tw.tree.leaves(wanted), strict=True)
    for x, y in pairs:
        if x is y and isinstance(x, bool):
            continue
        y = np.asarray(y)
        assert isinstance(x, kind.kind), type(x)
        assert str(x.dtype).rpartition(".")[2] == narrowed(y.dtype.name, kind)
        tolerance = close if y.dtype.kind == "f" else 0
        np.testing.assert_allclose(np.asarray(x), y, rtol=tolerance, atol=tolerance)


def narrowed(dtype: str, kind: Kind) -> str:
    """Return the dtype that the library has in place of one: JAX has no 64 bits of its own."""
    return dtype.replace("64", "32") if (kind.module, kind.dtype) == ("jax", "float32") else dtype


CASES = [
    Case(table, name, number, sample, sample is samples[-1])
    for table, rows in TABLES.items()
    for name, samples in rows.items()
    for number, sample in enumerate(samples)
]

quiet = pytest.mark.filterwarnings(
    "ignore:`optimistic_adam` is deprecated",
    "ignore:`torch.jit.script` is deprecated",  # by what PyTorch has for forward derivatives
)


@quiet
@pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(name, case, id=f"{name}-{case.label}")
        for name in NAMES
        for case in CASES
        # In float32 one sample of an optimizer.
        if "64" in name or (case.table == "optimizers" and not case.number)
    ],
    indirect=["kind"],
)
def test_transformation(case: Case, kind: Kind) -> None:
    """A transformation gives on arrays of each kind what it gives on NumPy's."""
    pairs = zip(run(case, kind.array, kind.dtype), run(case, np.asarray, kind.dtype), strict=True)
    for found, wanted in pairs:
        check(found, wanted, kind, case.rough(kind))


def assert_strong(tree: Any) -> None:
    """Fail if a number is weakly typed: a step compiled for it would be compiled anew."""
    assert not any(getattr(leaf, "weak_type", False) for leaf in tw.tree.leaves(tree))


@quiet
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_transformation_inside_jit_and_scan(case: Case) -> None:
    """A whole run of JAX's, compiled, is that on NumPy's arrays; what is carried keeps its type."""
    jax = pytest.importorskip("jax")

    @jax.jit
    def everything(start: Any, gradients: Any) -> Any:
        transformation = case.made()

        def step(carried: Any, given: Any) -> Any:
            found = case.step(transformation, carried, *given, jax.numpy.cos)
            assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(found))
            assert_strong(found)
            return found, None

        first = case.first(transformation, start)
        assert_strong(first)
        return first, jax.lax.scan(step, first, (gradients, jax.numpy.arange(STEPS * 1.0)))[0]

    start = case.start("float64")
    wanted = run(case, np.asarray, "float64")
    with jax.enable_x64():
        stacked = tw.tree.map(lambda *rows: np.stack(rows), *gradients(start))
        if case.last:
            kind = Kind("jax", "float64", jax.numpy.asarray, jax.Array)
            for one, other in zip(everything(start, stacked), wanted, strict=True):
                check(one, other, kind, case.rough(kind))
        else:  # one of a row is compiled, the others are traced
            pairs = zip(
                jax.tree.leaves(jax.eval_shape(everything, start, stacked)),
                tw.tree.leaves(wanted),
                strict=True,
            )
            for found, leaf in pairs:
                assert (found.shape, found.dtype) == (np.shape(leaf), np.asarray(leaf).dtype)


each_schedule = pytest.mark.parametrize("sample", listed(SCHEDULES | OWN_SCHEDULES))

COUNTS = np.arange(0, 160, 9, dtype=np.int32)


@each_schedule
def test_schedule(sample: Sample, kind: Kind) -> None:
    """A schedule maps counts of each kind to numbers of that kind."""
    schedule = sample(optim)
    found, wanted = schedule(kind.array(COUNTS)), schedule(COUNTS)
    assert isinstance(found, kind.kind)
    close = 1e-4 if kind.module == "jax" else 1e-12
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=close, atol=close / 10)


@each_schedule
def test_schedule_in_64_bits_of_jax(sample: Sample) -> None:
    jax = pytest.importorskip("jax")
    schedule = sample(optim)
    with jax.enable_x64():
        found = jax.jit(schedule)(COUNTS)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, schedule(COUNTS), rtol=1e-12, atol=1e-14)
