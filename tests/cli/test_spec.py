"""Optimizers and models by name: what is built, what is explained, and what is never looked up."""

from collections.abc import Callable
from contextlib import suppress

import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thalweg.cli.grammar import parse
from thalweg.cli.spec import Model, build, parse_model
from thalweg.errors import SpecError

REGISTRY: dict[str, Callable[..., object]] = {
    name: getattr(optax, name)
    for name in (
        "adam",
        "adamw",
        "sgd",
        "chain",
        "clip_by_global_norm",
        "exponential_decay",
        "piecewise_constant_schedule",
        "join_schedules",
    )
}
REGISTRY["echo"] = lambda *args, **kwargs: (args, kwargs)


def picky(rate: object) -> None:
    raise ValueError(f"the rate\nis {rate}, and 1.5 was wanted.")


REGISTRY["picky"] = picky


def echoed(text: str) -> object:
    return build(parse(text), REGISTRY)


# ---- what is built


@pytest.mark.parametrize(
    "text",
    [
        "adam(0.01)",
        "sgd(0.1, momentum=0.9, nesterov=True)",
        "adam(exponential_decay(0.1, 100, 0.9))",
        "chain(clip_by_global_norm(1.0), adamw(1e-3))",
        "sgd(piecewise_constant_schedule(0.1, {100: 0.5}))",
        "sgd(join_schedules([exponential_decay(1.0, 2, 0.5), exponential_decay(2.0, 2, .1)], [5]))",
    ],
)
def test_optax_optimizers_are_built(text: str) -> None:
    assert isinstance(echoed(text), optax.GradientTransformation)


def test_arguments_arrive_as_they_were_written() -> None:
    assert echoed("echo(1, [2, 'x'], m={1: echo}, n=None)") == (
        (1, [2, "x"]),
        {"m": {1: ((), {})}, "n": None},
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("adm(0.1)", r"there is no 'adm'; perhaps (adam or adamw|adamw or adam) is meant"),
        ("Adam(0.1)", "there is no 'Adam'; perhaps adam"),
        ("zzz", "there is no 'zzz'; choose one of adam, adamw, chain"),
        ("sgd(0.1, nesterov=true)", "there is no 'true'; "),
        ("chain(adm(0.1))", "there is no 'adm'"),
        ("adam", "adam: missing a required argument: 'learning_rate'; it is called as adam"),
        ("clip_by_global_norm(1, 2)", r"too many positional arguments; it is .*norm\(max_norm\)"),
        ("sgd(0.1, momentun=0.9)", "sgd has no argument 'momentun', perhaps momentum is meant"),
        ("sgd(0.1, learning_rate=1)", "multiple values for argument 'learning_rate'"),
        ("picky(3)", r"'picky\(3\)' was refused: the rate is 3, and 1\.5 was wanted\.$"),
        ("echo(1, picky('a'))", "the rate is a"),
    ],
)
def test_a_name_or_argument_that_is_wrong_is_explained(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says) as refusal:
        echoed(text)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["__import__('os')", "eval('1')", "open('x')", "print(1)"])
def test_only_names_of_the_registry_are_looked_up(text: str) -> None:
    spec = parse(text)  # it follows the grammar, and means nothing
    with pytest.raises(SpecError, match="there is no"):
        build(spec, REGISTRY)


# ---- models


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("linear", Model("linear")),
        (" linear ", Model("linear")),
        ("mlp:64", Model("mlp", (64,))),
        ("mlp:64,32", Model("mlp", (64, 32))),
        ("mlp: 64 , 32", Model("mlp", (64, 32))),
    ],
)
def test_a_model_is_read(text: str, model: Model) -> None:
    assert parse_model(text) == model
    assert parse_model(str(model)) == model


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no model ''; choose linear, or mlp:64,32"),
        ("linaer", "there is no model 'linaer'; choose linear"),
        ("MLP:3", "there is no model 'MLP:3'"),
        ("linear:3", "linear has none"),
        ("mlp", "layer of size ''; give whole numbers from 1 to 65536"),
        ("mlp:", "layer of size ''"),
        ("mlp:64,", "layer of size ''"),
        ("mlp:0", "layer of size '0'"),
        ("mlp:-3", "layer of size '-3'"),
        ("mlp:3.5", "layer of size '3.5'"),
        ("mlp:６４", "layer of size '６４'"),
        ("mlp:99999", "layer of size '99999'"),
        ("mlp:" + ",".join(["2"] * 40), "40 hidden layers; give at most 32"),
    ],
)
def test_a_model_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        parse_model(text)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.text(max_size=20), st.text("mlp:linear0123456789, ", max_size=20)))
def test_any_text_is_a_model_or_a_refusal(text: str) -> None:
    with suppress(SpecError):
        assert isinstance(parse_model(text), Model)
