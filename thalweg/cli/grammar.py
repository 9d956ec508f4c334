"""Optimizers and schedules written as text, read by a grammar and never evaluated.

call      ::= name [ "(" [ argument { "," argument } [ "," ] ] ")" ]
argument  ::= [ name "=" ] value
value     ::= call | number | string | "True" | "False" | "None" | list | map
list      ::= "[" [ value { "," value } [ "," ] ] "]"
map       ::= "{" [ key ":" value { "," key ":" value } [ "," ] ] "}"     key ::= number | string
number    ::= [ "-" | "+" ] digits, a point and an exponent as in Python
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from thalweg.errors import SpecError, shown

__all__ = ["Map", "Spec", "parse"]

MAX_CHARACTERS = 2000
MAX_DEPTH = 20


@dataclass(frozen=True)
class Map:
    """Numbers or texts, each with a value, in the order written."""

    items: tuple[tuple[int | float | str, object], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in self.items) + "}"


@dataclass(frozen=True)
class Spec:
    """A name with its arguments, as written; printing it gives a text that reads back equal.

    Args:
        name: What is called.
        arguments: Values by position.
        keywords: Values by name, in the order written.

    Example:
        >>> print(parse("sgd(1e-1,momentum = .9)"))
        sgd(0.1, momentum=0.9)
    """

    name: str
    arguments: tuple[object, ...] = ()
    keywords: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        values = [_written(value) for value in self.arguments]
        values += [f"{name}={_written(value)}" for name, value in self.keywords]
        return f"{self.name}({', '.join(values)})" if values else self.name


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return str(value) if isinstance(value, Spec | Map) else repr(value)


# ---- reading

TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<string>\"[^\"\\\n]*\"|'[^'\\\n]*')"
    r"|(?P<mark>[-+()\[\]{},:=])"
    r"|(?P<end>$)"
    r")",
    re.ASCII,
)
LITERALS: dict[str, bool | None] = {"True": True, "False": False, "None": None}
CLOSING = {"(": ")", "[": "]", "{": "}"}


def parse(text: str) -> Spec:
    """Read an optimizer, schedule or any other nest of calls.

    Args:
        text: At most 2000 characters, nested at most 20 deep.

    Raises:
        SpecError: If it does not follow the grammar; the message says where and what was expected.

    Example:
        >>> parse("adam(0.01)")
        Spec(name='adam', arguments=(0.01,), keywords=())
    """
    if len(text) > MAX_CHARACTERS:
        raise SpecError(
            f"the optimizer has {len(text)} characters, and at most {MAX_CHARACTERS} are read; "
            "write it in Python."
        )
    reader = _Reader(text, _tokens(text))
    spec = reader.call(depth=0)
    reader.expect("", "the end")
    return spec


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip(" \t\n\r\f\v"))
            raise _refusal(text, at, "a name, a number or one of ( ) [ ] { } , : = was expected")
        kind = match.lastgroup
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return tokens


def _refusal(text: str, at: int, wanted: str) -> SpecError:
    found = f"{text[at]!r} at character {at + 1}" if at < len(text) else "the end"
    return SpecError(
        f"{shown(text)} is no optimizer: {wanted}, not {found}; write it like adam(0.01) or "
        "sgd(0.1, momentum=0.9)."
    )


class _Reader:
    """A descent through the grammar, one token ahead."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.position = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def advance(self) -> _Token:
        token = self.token
        self.position += token.kind != "end"
        return token

    def accept(self, mark: str) -> bool:
        if self.token.kind not in ("mark", "end") or self.token.text != mark:
            return False
        self.advance()
        return True

    def expect(self, mark: str, wanted: str) -> None:
        if not self.accept(mark):
            raise self.refusal(f"{wanted} was expected")

    def refusal(self, wanted: str) -> SpecError:
        return _refusal(self.text, self.token.at, wanted)

    def call(self, depth: int) -> Spec:
        if self.token.kind != "name":
            raise self.refusal("a name was expected")
        name = self.advance().text
        arguments: list[object] = []
        keywords: dict[str, object] = {}
        for _ in self.items("(", depth) if self.accept("(") else ():
            start = self.position
            value = self.value(depth + 1)
            if not self.accept("="):
                if keywords:
                    self.position = start
                    raise self.refusal("an argument with a name was expected after another")
                arguments.append(value)
                continue
            if self.position - start != 2 or not isinstance(value, Spec):
                self.position = start
                raise self.refusal("the name of an argument was expected before =")
            if value.name in keywords:
                self.position = start
                raise self.refusal(f"one value for {value.name} was expected")
            keywords[value.name] = self.value(depth + 1)
        return Spec(name, tuple(arguments), tuple(keywords.items()))

    def items(self, opening: str, depth: int) -> Iterator[None]:
        """Yield before each item of a bracketed, comma-separated list, and close it."""
        if depth >= MAX_DEPTH:
            raise self.refusal(f"at most {MAX_DEPTH} brackets in one another were expected")
        closing = CLOSING[opening]
        while not self.accept(closing):
            yield
            if self.token.text != closing:
                self.expect(",", f"a comma or {closing}")

    def value(self, depth: int) -> object:
        token = self.token
        if token.kind == "name":
            if token.text in LITERALS:
                return LITERALS[self.advance().text]
            return self.call(depth)
        if token.kind == "string":
            return self.advance().text[1:-1]
        if self.accept("["):
            return tuple(self.value(depth + 1) for _ in self.items("[", depth))
        if self.accept("{"):
            return self.map(depth)
        return self.number()

    def map(self, depth: int) -> Map:
        entries: dict[int | float | str, object] = {}
        for _ in self.items("{", depth):
            if self.token.kind == "string":
                key: int | float | str = self.advance().text[1:-1]
            else:
                key = self.number()
            if key in entries:
                raise self.refusal(f"one value for {key!r} was expected")
            self.expect(":", "a colon")
            entries[key] = self.value(depth + 1)
        return Map(tuple(entries.items()))

    def number(self) -> int | float:
        negative = self.accept("-")
        if not negative:
            self.accept("+")
        if self.token.kind != "number":
            raise self.refusal("a value was expected")
        text = self.token.text
        whole = text.isdigit() and len(text) < 20
        number = int(text) if whole else float(text)
        if math.isinf(number):
            raise self.refusal("a number within the range of float64 was expected")
        self.advance()
        return -number if negative else number
