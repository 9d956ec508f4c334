"""Every public factory and function of optim says its mathematics, its source, and shows a run."""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from thalweg import optim

MODULES = [
    optim, optim.assignment, optim.contrib, optim.losses, optim.microbatching, optim.numerics,
    optim.perturbations, optim.projections, optim.schedules, optim.second_order, optim.transforms,
    optim.tree, optim.experimental,
]  # fmt: skip

# What applies transformations, functions or names to parts of a tree, or observes: its mathematics
# is theirs.
COMBINING = {
    "flatten", "freeze", "groups", "inject_hyperparams", "inject_stateful_hyperparams", "masked",
    "measure_with_ema", "monitor", "multi_transform", "named_chain", "partition",
    "selective_transform", "snapshot", "split_real_and_imaginary", "stateless",
    "stateless_with_tree_map", "with_extra_args_support",
}  # fmt: skip

# An old name, which warns of the new one.
OLD = {"convex_kl_divergence"}

# A formula stands on lines of its own, indented, before what the arguments are.
_FORMULA = re.compile(r"^ {4,}\S.*(?:[=←√Σ‖·≤{(]).*$", re.MULTILINE)
_SECTION = re.compile(r"^(?:Args|Returns|Raises|Source|Example|Attributes):$", re.MULTILINE)


def functions() -> Iterator[Any]:
    found: dict[int, tuple[str, Any]] = {}
    for module in MODULES:
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            if name.startswith("_") or isinstance(value, ModuleType) or inspect.isclass(value):
                continue
            if callable(value) and getattr(value, "__module__", "").startswith("thalweg"):
                found.setdefault(id(value), (f"{module.__name__.removeprefix('thalweg.')}.{name}",
                                             value))  # fmt: skip
    for name, value in sorted(found.values(), key=lambda pair: pair[0]):
        yield pytest.param(value, id=name)


ALL = [*functions()]


def made_by(value: Any) -> str:
    returned = inspect.signature(value).return_annotation
    return returned if isinstance(returned, str) else getattr(returned, "__name__", str(returned))


OPTIMIZING = [p for p in ALL if "GradientTransformation" in made_by(p.values[0])]


def described(value: Any) -> str:
    """Return a docstring up to its first section."""
    return _SECTION.split(inspect.getdoc(value) or "")[0]


def is_optimizer(value: Any) -> bool:
    alone = value is not optim.scale_by_learning_rate  # which is that product and nothing else
    return alone and "learning_rate" in inspect.signature(value).parameters


def test_all_are_looked_at() -> None:
    assert len(ALL) > 250
    assert len(OPTIMIZING) > 100


@pytest.mark.parametrize("value", [p for p in ALL if p.values[0].__name__ not in OLD])
def test_each_has_an_example(value: Any) -> None:
    assert re.search(r"^ *>>> ", value.__doc__ or "", re.MULTILINE)


@pytest.mark.parametrize("value", [p for p in OPTIMIZING if p.values[0].__name__ not in COMBINING])
def test_each_optimizer_and_transformation_has_its_formula(value: Any) -> None:
    assert _FORMULA.search(described(value))


@pytest.mark.parametrize("value", [p for p in OPTIMIZING if is_optimizer(p.values[0])])
def test_each_optimizer_has_its_source(value: Any) -> None:
    assert re.search(r"Source:\n +\S.*\b(?:19|20)\d\d\b", value.__doc__, re.DOTALL)


SCHEDULES = [p for p in ALL if made_by(p.values[0]) == "Schedule"]


@pytest.mark.parametrize("value", SCHEDULES)
def test_each_schedule_has_its_formula(value: Any) -> None:
    assert _FORMULA.search(described(value))


LOSSES = [getattr(optim.losses, name) for name in optim.losses.__all__ if name not in OLD]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_each_loss_has_its_formula_on_lines_of_its_own_or_in_its_first(loss: Any) -> None:
    text = described(loss)
    assert _FORMULA.search(text) or re.search(r"[=²√Σ|½·−]| - |\(\w", text)
