"""Optimizers as text: what is read, built, refused and explained, and that nothing is evaluated."""

import keyword
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thalweg.cli.grammar import build, rewrite
from thalweg.errors import SpecError


class Spec(NamedTuple):
    """A name with its arguments, as a call is given them."""

    name: str
    arguments: tuple[object, ...] = ()
    keywords: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        values = [written(value) for value in self.arguments]
        values += [f"{name}={written(value)}" for name, value in self.keywords]
        return f"{self.name}({', '.join(values)})" if values else self.name


def written(value: object) -> str:
    if isinstance(value, Spec):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {written(item)}' for key, item in value.items())}}}"
    return repr(value)


class Recording(dict[str, Callable[..., object]]):
    """Every name, each a function that returns what it was called with."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Callable[..., object]:
        return lambda *args, **kwargs: Spec(name, args, tuple(kwargs.items()))


def parse(text: str) -> object:
    return build(text, Recording())


# ---- what is read


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("adam(0.01)", Spec("adam", (0.01,))),
        (" adam ( 1e-2 ) ", Spec("adam", (0.01,))),
        ("adam", Spec("adam")),
        ("adam()", Spec("adam")),
        ("adam(.5,)", Spec("adam", (0.5,))),
        (
            "sgd(0.1, momentum=0.9, nesterov=True)",
            Spec("sgd", (0.1,), (("momentum", 0.9), ("nesterov", True))),
        ),
        (
            "adam(exponential_decay(0.1, 100, 0.9))",
            Spec("adam", (Spec("exponential_decay", (0.1, 100, 0.9)),)),
        ),
        (
            "chain(clip_by_global_norm(1.0), adamw(1e-3))",
            Spec("chain", (Spec("clip_by_global_norm", (1.0,)), Spec("adamw", (0.001,)))),
        ),
        ("f(-1, +2, - 3.5)", Spec("f", (-1, 2, -3.5))),
        ("f([1, [2], []])", Spec("f", ([1, [2], []],))),
        ("f((1, (2,), ()))", Spec("f", ((1, (2,), ()),))),
        ("f({100: 0.1, 'a': None})", Spec("f", ({100: 0.1, "a": None},))),
        ("f(\"it's\", x='')", Spec("f", ("it's",), (("x", ""),))),
        ("f(x=g(y=1))", Spec("f", (), (("x", Spec("g", (), (("y", 1),))),))),
        ("f(\n  1,\n  2,\n)", Spec("f", (1, 2))),
        ("f(9007199254740993)", Spec("f", (9007199254740993,))),
        ("f(1_000, 0x10, 100000000000000000000)", Spec("f", (1000, 16, 1e20))),
    ],
)
def test_a_text_of_the_grammar_is_read(text: str, spec: Spec) -> None:
    assert parse(text) == spec
    assert parse(str(spec)) == spec
    assert parse(rewrite(text)) == spec


def test_whole_numbers_stay_whole_and_others_are_floats() -> None:
    assert [type(v) for v in parse("f(1, 1.0, 1e0, True)").arguments] == [int, float, float, bool]


numbers = st.one_of(
    st.integers(-(10**18), 10**18), st.floats(allow_nan=False, allow_infinity=False)
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)
strings = st.text(st.characters(blacklist_characters="\"'\\\n", codec="utf-8"), max_size=8).filter(
    lambda text: repr(text) == f"'{text}'"
)
values = st.recursive(
    st.one_of(numbers, strings, st.booleans(), st.none(), names.map(Spec)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(strings, inner, max_size=3),
        st.builds(
            lambda name, args, kwargs: Spec(name, tuple(args), tuple(kwargs.items())),
            names,
            st.lists(inner, max_size=3),
            st.dictionaries(names, inner, max_size=3),
        ),
    ),
    max_leaves=8,
)
specs = values.filter(lambda value: isinstance(value, Spec))


@settings(deadline=None)
@given(specs)
def test_every_spec_prints_as_a_text_that_reads_back_equal(spec: Spec) -> None:
    text = str(spec)
    if len(text) <= 2000:
        assert parse(text) == spec


# ---- what is refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a name was expected, not the end"),
        ("   ", "a name was expected, not the end"),
        ("0.1", "a name was expected, not '0.1' at character 1"),
        ("adam(0.01", r"'\(' was never closed at '\(', character 5"),
        ("adam(0.01))", r"unmatched '\)' at '\)', character 11"),
        ("adam(0.01) sgd(0.1)", "at 's', character 12"),
        ("adam(0.01, b1)b", "at 'b', character 15"),
        ("adam(,)", "at ',', character 6"),
        ("adam(1 2)", "Perhaps you forgot a comma at '1', character 6"),
        ("adam(b1=0.9, 0.1)", "positional argument follows keyword argument"),
        ("adam(b1=1, b1=2)", "one value for b1 was expected, not 'b1=2' at character 12"),
        ("adam(1=2)", "cannot contain assignment at '1', character 6"),
        ("adam(f()=2)", "cannot contain assignment at 'f', character 6"),
        ("adam(True=2)", "cannot assign to True at 'T', character 6"),
        ("adam(b1=)", r"at '[=)]', character [89]"),
        ("adam(*b)", r"a value was expected, not '\*b' at character 6"),
        ("adam(**b)", r"a name was expected, not '\*\*b' at character 6"),
        ("adam(1e999)", "within the range of float64"),
        ("adam(10**-3)", r"a value was expected, not '10\*\*-3' at character 6"),
        ("adam(é=1, b=10**-3)", "a name was expected, not 'é=1' at character 6"),
        ("adam('é', 10**-3)", r"a value was expected, not '10\*\*-3' at character 11"),
        ("adam(\n 'é',\r\n 10**-3)", r"not '10\*\*-3' at character 15"),
        ("adam(1j)", "a value was expected, not '1j'"),
        ("adam(b'1')", "a value was expected"),
        ("adam(f'{x}')", "a value was expected"),
        ("adam(-True)", "a value was expected, not '-True'"),
        ("adam(...)", "a value was expected"),
        ("adam(x := 1)", "a value was expected"),
        ("adam(x for x in y)", "a value was expected"),
        ("adam(1.2.3)", "at '1', character 6"),
        ("adam(1e)", "invalid decimal literal at '1', character 6"),
        ("adam(--1)", "a value was expected, not '--1'"),
        ("optim.adam(0.1)", "a name was expected, not 'optim.adam' at character 1"),
        ("adam(lambda: 0)", "a value was expected, not 'lambda: 0' at character 6"),
        ("adam[0]", r"a name was expected, not 'adam\[0\]' at character 1"),
        ("adam(1)(2)", r"a name was expected, not 'adam\(1\)' at character 1"),
        ("adam('\\d')", "invalid escape sequence"),
        ("adam('a", "unterminated string"),
        ("adam({1: 2, 1: 3})", "one value for 1 was expected"),
        ("adam({f: 2})", "a value was expected, not 'f'"),
        ("adam({1})", r"a value was expected, not '\{1\}'"),
        ("adam({**f})", "a value was expected, not 'f'"),
        ("аdam(0.1)", "a name was expected, not 'аdam' at character 1"),
        ("ａdam(0.1)", "a name was expected, not 'ａdam' at character 1"),
        ("adam(１)", "character 6"),
        ("adam\u00a0(1)", r"U\+00A0 at '\\xa0', character 5"),
        ("adam(0.1)\x00", r"null bytes at '\\x00', character 10"),
        ("adam(0.1)\udc80", "surrogates"),
        ("().__class__.__bases__[0]", r"a name was expected, not '\(\).* at character 1"),
        ("adam;import os", "at ';', character 5"),
        ("f" * 3000, "has 3000 characters, and at most 2000 are read"),
        ("f(" * 30 + ")" * 30, "at most 20 brackets in one another"),
        ("f(" + "[" * 500 + "]" * 500 + ")", "too many nested parentheses"),
        ("f(" + "-" * 1900 + "1)", "recursion|a value was expected"),
    ],
)
def test_a_text_outside_the_grammar_is_refused_saying_where(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says) as refusal:
        parse(text)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_a_megabyte_is_refused_at_once() -> None:
    with pytest.raises(SpecError, match="characters"):
        parse("f(" * 500_000)


ALPHABET = "adm sgchin(){}[],:=+-.0159eE'\"_\\\n\t\x00é１\u202e__import__"


@settings(max_examples=3000, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(ALPHABET, max_size=60)))
def test_any_text_is_a_spec_or_a_refusal(text: str) -> None:
    with suppress(SpecError):
        assert isinstance(parse(text), Spec)


def test_any_damage_to_a_good_text_leaves_a_spec_or_a_refusal() -> None:
    source = "chain(clip(1.0), adam(exponential_decay(0.1, 100, 0.9), b1=[.9, -1e-3], m={1: 'a'}))"
    chance = random.Random(0)
    read = 0
    for _ in range(5000):
        letters = list(source)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(letters))
            letters[at : at + chance.randint(0, 2)] = chance.choice([*ALPHABET, "", "f(", "))"])
        with suppress(SpecError):
            assert isinstance(parse("".join(letters)), Spec)
            read += 1
    assert 0 < read < 5000


def test_reading_executes_imports_and_opens_nothing_and_compiles_no_further_than_a_tree() -> None:
    seen: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        # Parsing tells of the source alone, which is text.
        parsed = event == "compile" and isinstance(arguments[0], bytes | str)
        if watching and event in ("compile", "exec", "import", "open") and not parsed:
            seen.append(event)

    parse("adam(0.1)")
    sys.addaudithook(watch)
    parse("chain(clip_by_global_norm(1.0), adamw(1e-3))")
    with suppress(SpecError):
        build("__import__('os').system('true')", {})
    watching = False
    assert seen == []


# ---- what is built


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
    return build(text, REGISTRY)


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
    assert isinstance(parse(text), Spec)  # it follows the grammar, and means nothing
    with pytest.raises(SpecError, match="there is no"):
        build(text, REGISTRY)
