"""The grammar of calls: what is read, what is refused, and that nothing is evaluated."""

import random
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thalweg.cli.grammar import Map, Spec, parse
from thalweg.errors import SpecError

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
        ("f([1, [2], []])", Spec("f", ((1, (2,), ()),))),
        ("f({100: 0.1, 'a': None})", Spec("f", (Map(((100, 0.1), ("a", None))),))),
        ("f(\"it's\", x='')", Spec("f", ("it's",), (("x", ""),))),
        ("f(x=g(y=1))", Spec("f", (), (("x", Spec("g", (), (("y", 1),))),))),
        ("f(\n  1,\n  2,\n)", Spec("f", (1, 2))),
        ("f(9007199254740993)", Spec("f", (9007199254740993,))),
    ],
)
def test_a_text_of_the_grammar_is_read(text: str, spec: Spec) -> None:
    assert parse(text) == spec
    assert parse(str(spec)) == spec


def test_whole_numbers_stay_whole_and_others_are_floats() -> None:
    assert [type(v) for v in parse("f(1, 1.0, 1e0, True)").arguments] == [int, float, float, bool]


numbers = st.one_of(
    st.integers(-(10**18), 10**18), st.floats(allow_nan=False, allow_infinity=False)
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("True", "False", "None")
)
strings = st.text(st.characters(blacklist_characters="\"'\\\n", codec="utf-8"), max_size=8).filter(
    lambda text: repr(text) == f"'{text}'"
)
values = st.recursive(
    st.one_of(numbers, strings, st.booleans(), st.none(), names.map(Spec)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(strings, inner, max_size=3).map(lambda d: Map(tuple(d.items()))),
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
        ("0.1", "a name was expected, not '0' at character 1"),
        ("adam(0.01", r"a comma or \) was expected, not the end"),
        ("adam(0.01))", r"the end was expected, not '\)' at character 11"),
        ("adam(0.01) sgd(0.1)", "the end was expected, not 's' at character 12"),
        ("adam(0.01, b1)b", "the end was expected, not 'b'"),
        ("adam(,)", "a value was expected, not ','"),
        ("adam(1 2)", r"a comma or \) was expected, not '2'"),
        ("adam(b1=0.9, 0.1)", "an argument with a name was expected after another, not '0'"),
        ("adam(b1=1, b1=2)", "one value for b1 was expected"),
        ("adam(1=2)", "the name of an argument was expected before =, not '1'"),
        ("adam(f()=2)", "the name of an argument was expected before =, not 'f'"),
        ("adam(True=2)", "the name of an argument was expected before =, not 'T'"),
        ("adam(b1=)", r"a value was expected, not '\)'"),
        ("adam(1e999)", "within the range of float64"),
        ("adam(10**-3)", r"not '\*' at character 8"),
        ("adam(1_000)", "not '1' at character 6"),
        ("adam(0x10)", "not '0' at character 6"),
        ("adam(1.2.3)", "not '1' at character 6"),
        ("adam(1e)", "not '1' at character 6"),
        ("adam(--1)", "a value was expected, not '-'"),
        ("optim.adam(0.1)", r"not '\.' at character 6"),
        ("adam(lambda: 0)", r"a comma or \) was expected, not ':'"),
        ("adam[0]", r"the end was expected, not '\['"),
        ("adam('a\\'b')", "was expected"),
        ("adam('a", "was expected"),
        ("adam({1: 2, 1: 3})", "one value for 1 was expected"),
        ("adam({f: 2})", "a value was expected, not 'f'"),
        ("adam({1})", "a colon was expected"),
        ("аdam(0.1)", "not 'а' at character 1"),
        ("ａdam(0.1)", "at character 1"),
        ("adam(１)", "at character 6"),
        ("adam\u00a0(1)", "at character 5"),
        ("adam(0.1)\x00", r"not '\\x00'"),
        (
            "().__class__.__bases__[0]",
            r"a name was expected, not '\(' at character 1|at character 3",
        ),
        ("adam;import os", "not ';'"),
        ("f" * 3000, "has 3000 characters, and at most 2000 are read"),
        ("f(" * 30 + ")" * 30, "at most 20 brackets in one another"),
        ("f(" + "[" * 500 + "]" * 500 + ")", "at most 20 brackets in one another"),
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


def test_reading_compiles_executes_imports_and_opens_nothing() -> None:
    seen: list[str] = []
    watching = True

    def watch(event: str, _: object) -> None:
        if watching and event in ("compile", "exec", "import", "open"):
            seen.append(event)

    parse("adam(0.1)")
    sys.addaudithook(watch)
    parse("chain(clip_by_global_norm(1.0), adamw(1e-3))")
    with suppress(SpecError):
        parse("__import__('os').system('true')")
    watching = False
    assert seen == []
