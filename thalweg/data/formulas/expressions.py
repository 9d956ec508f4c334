"""What a formula's parts may be made of: columns, numbers, and functions that are known here.

formulaic evaluates parts as Python. So each is parsed here first and refused if there is anything
in it but what is listed below; what is evaluated is written anew from the checked tree.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from thalweg.errors import SpecError, did_you_mean, shown

# Of one number a row each, as NumPy has them.
ELEMENTWISE = frozenset({
    "abs", "arccos", "arcsin", "arctan", "cbrt", "ceil", "cos", "cosh", "exp", "exp2", "expm1",
    "floor", "log", "log10", "log1p", "log2", "maximum", "minimum", "sign", "sin", "sinh", "sqrt",
    "tan", "tanh", "where",
})  # fmt: skip

# Of one number a row each, under names of formulaic.
PLAIN = frozenset({"I", "exp10"})

# Of how many columns, if not of one: NumPy would write into a further one.
ARGUMENTS = {"maximum": 2, "minimum": 2, "where": 3}

# What is learnt from the training rows and kept: means, knots, norms.
STATEFUL = frozenset({"bs", "cc", "center", "cr", "cs", "poly", "scale", "standardize"})

# How categories become columns.
CODINGS = frozenset({"C", "Diff", "Helmert", "Poly", "Sum", "Treatment"})
# Those that patsy's users name without calling them: C(town, Sum).
NAMED_CODINGS = frozenset({"Diff", "Helmert", "Poly", "Sum"})
CONTRASTS = frozenset({"diff", "helmert", "poly", "SAS", "sum", "treatment"})

FUNCTIONS = ELEMENTWISE | PLAIN | STATEFUL | CODINGS | {"Q"}

OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.UAdd, ast.USub, ast.Invert, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip

MAX_CHARACTERS = 2000
# Powers and products of numbers beyond could take for ever.
MAX_INTEGER = 10**15

_TEXTS_AND_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`([^`]*)`""")
_ALIAS = re.compile(r"_quoted_((?:[0-9a-f]{2})*)_")


@dataclass(frozen=True)
class Factor:
    """One factor of a term: a column, a number, or an expression of columns.

    Args:
        text: As it is written in a formula.
        code: As it is evaluated: names that Python does not take have an alias.
        kind: A column's name to look up, a number, or Python to evaluate.
        names: The columns it needs.
        functions: The functions it calls.

    Example:
        >>> factor = read_factor("log(`living area` + 1)")
        >>> factor.kind, factor.names, factor.functions
        ('python', ('living area',), frozenset({'log'}))
    """

    text: str
    code: str
    kind: Literal["lookup", "literal", "python"]
    names: tuple[str, ...]
    functions: frozenset[str]


def quoted(name: str) -> str:
    """Return a column's name as a formula has it: between backticks unless it is plain.

    >>> quoted("area"), quoted("living area")
    ('area', '`living area`')
    """
    return name if _is_plain(name) else f"`{name}`"


def alias(name: str) -> str:
    """Return a name that Python takes for a column of any name."""
    return name if _is_plain(name) else f"_quoted_{name.encode().hex()}_"


def with_names(text: str) -> str:
    """Return a text of evaluated code with the columns' own names, quoted within expressions.

    >>> with_names(f"log({alias('living area')})[1]:{alias('a town')}[T.Como]")
    'log(`living area`)[1]:a town[T.Como]'
    """

    def own(found: re.Match[str]) -> str:
        name = bytes.fromhex(found[1]).decode(errors="replace")
        before, after = text[: found.start()], text[found.end() :]
        alone = before[-1:] in ("", ":") and after[:1] in ("", ":", "[")
        return name if alone else quoted(name)

    return _ALIAS.sub(own, text)


def _is_plain(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


def read_factor(text: str) -> Factor:
    """Read a factor, and make sure that evaluating it only computes.

    Raises:
        SpecError: If it holds anything but columns, numbers, and known operators and functions.
    """
    if len(text) > MAX_CHARACTERS:
        raise SpecError(
            f"A part of the formula has {len(text)} characters, and at most {MAX_CHARACTERS} are "
            "read. Compute the column first."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of 1(x), which is refused below
            tree = _Unquoting().visit(ast.parse(_without_backticks(text).strip(), mode="eval"))
    except (MemoryError, RecursionError, SyntaxError, ValueError) as error:
        reason = getattr(error, "msg", "") or str(error)
        raise SpecError(f"The formula's part {shown(text)} cannot be read: {reason}.") from error
    reader = _Checker(text)
    reader.visit(tree.body)
    names = tuple(dict.fromkeys(reader.names))
    if clash := sorted({alias(name) for name in names} & reader.functions):
        raise SpecError(
            f"The formula's part {shown(text)} calls {clash[0]}, which is a column there too. "
            "Rename the column."
        )
    kind: Literal["lookup", "literal", "python"] = "python"
    if isinstance(tree.body, ast.Name):
        kind = "lookup"
    elif isinstance(tree.body, ast.Constant):
        kind = "literal"
    return Factor(text, ast.unparse(tree), kind, names, frozenset(reader.functions))


def _without_backticks(text: str) -> str:
    def unquoted(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else f" {alias(found[1])} "

    return _TEXTS_AND_QUOTED.sub(unquoted, text)


class _Unquoting(ast.NodeTransformer):
    """Puts the column in the place of Q("its name"), as patsy's users write it, by its alias."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = _ALIAS.fullmatch(node.id)
        return node if known else ast.copy_location(ast.Name(alias(node.id), node.ctx), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called != "Q" or node.keywords or len(node.args) != 1:
            return node
        name = node.args[0]
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return node
        return ast.copy_location(ast.Name(alias(name.value), ast.Load()), node)


class _Checker(ast.NodeVisitor):
    """A walk over a tree, in which only the kinds of nodes with a method mean anything."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: list[str] = []
        self.functions: set[str] = set()
        self.within: list[str] = []

    def refusal(self, what: str, remedy: str = "Compute the column first.") -> SpecError:
        return SpecError(f"The formula's part {shown(self.text)} has {what}. {remedy}")

    def generic_visit(self, node: ast.AST) -> None:
        raise self.refusal(f"{shown(_written(node))}, which no formula here may hold")

    def visit_Name(self, node: ast.Name) -> None:
        self.names.append(with_names(node.id))

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str):
            # Of functions that learn, formulaic puts the text of the call into code of its own.
            simple = value.isidentifier() or not STATEFUL & set(self.within)
            around = self.within[-1] if self.within else "I"
            computed = around in ELEMENTWISE | PLAIN
            if computed or not simple or set(value) & set("`\\\n"):
                raise self.refusal(f"the text {shown(value)} where none is taken")
        elif isinstance(value, int | float):
            if not abs(value) < MAX_INTEGER and isinstance(value, int):
                raise self.refusal(f"a number beyond {MAX_INTEGER:g}", "Scale the column.")
        elif value is not None:
            self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.operator(node.op, [node.operand])

    def visit_BinOp(self, node: ast.BinOp) -> None:
        sides = [node.left, node.right]
        if isinstance(node.op, ast.Pow) and not any(map(_has_column, sides)):
            raise self.refusal("a power of numbers", "Write the number itself.")
        self.operator(node.op, sides)

    def visit_Compare(self, node: ast.Compare) -> None:
        if len(node.ops) > 1:
            raise self.refusal("two comparisons in one", "Join them by &: (0 < x) & (x < 9).")
        self.within.append("")
        self.operator(node.ops[0], [node.left, *node.comparators])
        self.within.pop()

    def operator(self, kind: ast.AST, operands: list[ast.expr]) -> None:
        if not isinstance(kind, OPERATORS):
            raise self.refusal("an operator that no formula here may hold")
        for operand in operands:
            text = isinstance(operand, ast.Constant) and isinstance(operand.value, str)
            comparing = isinstance(kind, ast.cmpop)
            if isinstance(operand, ast.List | ast.Tuple | ast.Dict) or (text and not comparing):
                raise self.refusal(f"{shown(_written(operand))} where a number is wanted")
            self.visit(operand)

    def visit_List(self, node: ast.List) -> None:
        self.items(node.elts)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self.items(node.elts)

    def items(self, items: list[ast.expr]) -> None:
        around = self.within[-1] if self.within else "I"
        if around in ELEMENTWISE | PLAIN or any(map(_has_column, items)):
            raise self.refusal("a list where a column or a number is wanted")
        for item in items:
            self.visit(item)

    def visit_Call(self, node: ast.Call) -> None:
        name = self.called(node.func)
        self.arguments(name, node)
        self.within.append(name)
        for position, argument in enumerate(node.args):
            coding = argument.id if isinstance(argument, ast.Name) else ""
            if name == "C" and position and coding in NAMED_CODINGS:
                self.functions.add(coding)
            else:
                self.visit(argument)
        for given in node.keywords:
            if given.arg is None or given.arg.startswith("_"):
                raise self.refusal("arguments that are not by name")
            self.visit(given.value)
        self.within.pop()

    def arguments(self, name: str, node: ast.Call) -> None:
        """Refuse arguments that a function does not take."""
        if name == "Q":
            raise self.refusal("Q without one name in quotes", "Write Q('living area').")
        if name in ELEMENTWISE | PLAIN:
            wanted = ARGUMENTS.get(name, 1)
            if len(node.args) != wanted or node.keywords:
                given = len(node.args) + len(node.keywords)
                raise self.refusal(
                    f"{given} arguments of {name}", f"It takes {wanted}, without a name."
                )

    def called(self, function: ast.expr) -> str:
        """Return the name of a function that may be called."""
        written = _written(function)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            owner, name = function.value.id, function.attr
            known = {"np": ELEMENTWISE, "contr": CONTRASTS}.get(owner, frozenset())
            if name in known:
                self.functions.add(owner)
                return name
        elif isinstance(function, ast.Name) and function.id in FUNCTIONS:
            self.functions.add(function.id)
            return function.id
        guess = did_you_mean(written, FUNCTIONS)
        raise self.refusal(
            f"the function {shown(written)}, which is not among those known here",
            f"{guess} There are {', '.join(sorted(FUNCTIONS))}.".strip(),
        )


def _has_column(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) for part in _values(node))


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without the names of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func):
            yield from _values(child)


def _written(node: ast.AST) -> str:
    try:
        return with_names(ast.unparse(node))
    except (RecursionError, ValueError):
        return type(node).__name__
