"""Optimizers and schedules written as text: read as Python reads it, and never evaluated.

A text is a name or a call, as adam(exponential_decay(0.1, 100, 0.9), b1=0.95). Arguments are names
and calls again, numbers, texts, True, False, None, and lists, tuples and maps of all these.
"""

import ast
import difflib
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from thalweg import optim
from thalweg.errors import SpecError, shown

MAX_CHARACTERS = 2000
MAX_DEPTH = 20
# Whole numbers beyond become floats.
MAX_INTEGER = 2**63

# Transformations whose arguments, functions or trees of parameters, no text can write.
OF_FUNCTIONS = frozenset({
    "masked", "multi_transform", "named_chain", "partition", "stateless", "stateless_with_tree_map",
})  # fmt: skip

Registry = Mapping[str, Callable[..., object]]


def optimizer(text: str) -> optim.GradientTransformation:
    """Return the optimizer that a text names.

    Raises:
        SpecError: If it means nothing, or is a schedule.

    Example:
        >>> optimizer("sgd(1e-1, momentum=.9)")
        sgd(learning_rate=0.1, momentum=0.9)
    """
    made = build(text, optimizers())
    if not isinstance(made, optim.GradientTransformation):
        raise SpecError(
            f"The optimizer {text} is a schedule of learning rates. Put it in an optimizer, as in "
            f"adam({text})."
        )
    return made


def optimizers() -> dict[str, Callable[..., object]]:
    """Return what an optimizer may be written with: transformations and schedules, by name.

    >>> [name in optimizers() for name in ("adam", "chain", "exponential_decay", "stateless")]
    [True, True, True, False]
    """
    named = {name: getattr(optim, name) for name in optim.__all__}
    made = {"GradientTransformation", "GradientTransformationExtraArgs", "Schedule"}
    return {
        name: value
        for name, value in named.items()
        if inspect.isfunction(value)
        and inspect.signature(value).return_annotation in made
        and name not in OF_FUNCTIONS
    }


def build(text: str, registry: Registry) -> object:
    """Call what a text names, from the innermost call outwards.

    Args:
        text: At most 2000 characters, nested at most 20 deep.
        registry: The names that mean something, and what they call. No other name is looked up.

    Raises:
        SpecError: If the text is no nest of calls, a name is unknown, an argument is wrong, or a
            call refuses its arguments.

    Example:
        >>> build("plus(1, plus(2, b=3))", {"plus": lambda a, b: a + b})
        6
    """
    source = _source(text)
    return _Reader(source, registry).visit(_tree(source))


def rewrite(text: str) -> str:
    """Return a text that `build` takes as it is printed in all places.

    >>> rewrite(" sgd( 1e-1,momentum = .9 )")
    'sgd(0.1, momentum=0.9)'
    """
    return ast.unparse(_tree(_source(text)))


def _source(text: str) -> str:
    # On one line places are easy to count; to this grammar, breaks are spaces.
    return text.replace("\r", " ").replace("\n", " ").strip()


def _tree(source: str) -> ast.expr:
    if len(source) > MAX_CHARACTERS:
        raise SpecError(
            f"the optimizer has {len(source)} characters, and at most {MAX_CHARACTERS} are read; "
            "write it in Python."
        )
    if not source:
        raise _refusal(source, "a name was expected, not the end")
    if "\0" in source:
        # Python's own words for it differ between its versions.
        first = source.index("\0") + 1
        raise _refusal(source, rf"it has null bytes at '\x00', character {first}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of escapes that mean nothing
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        # Of assignments and comparisons, Python's advice is for programs.
        reason = re.sub(r"[.,] (maybe|perhaps) you meant .*", "", error.msg, flags=re.IGNORECASE)
        at = (error.offset or 1) - 1
        place = f"at {source[at]!r}, character {at + 1}" if at < len(source) else "at the end"
        raise _refusal(source, f"{reason.rstrip('?')} {place}") from error
    except (MemoryError, RecursionError, ValueError) as error:
        raise _refusal(source, str(error) or type(error).__name__) from error


def _refusal(source: str, reason: str) -> SpecError:
    return SpecError(
        f"{shown(source)} is no optimizer: {reason}; write it like adam(0.01) or "
        "sgd(0.1, momentum=0.9)."
    )


class _Reader(ast.NodeVisitor):
    """A walk over a tree, in which only the kinds of nodes with a method mean anything."""

    def __init__(self, source: str, registry: Registry) -> None:
        self.source = source
        self.registry = registry
        self.depth = 0

    def refusal(self, wanted: str, node: Any) -> SpecError:
        at = len(self.source.encode()[: node.col_offset].decode())
        found = shown(ast.get_source_segment(self.source, node) or "")
        return _refusal(self.source, f"{wanted}, not {found} at character {at + 1}")

    def visit(self, node: ast.AST) -> Any:
        if self.depth > MAX_DEPTH:
            raise self.refusal(f"at most {MAX_DEPTH} brackets in one another were expected", node)
        if not self.depth and not isinstance(node, ast.Call | ast.Name):
            raise self.refusal("a name was expected", node)
        self.depth += 1
        value = super().visit(node)
        self.depth -= 1
        return value

    def generic_visit(self, node: ast.AST) -> Any:
        raise self.refusal("a value was expected", node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        value = node.value
        if value is None or isinstance(value, bool | str):
            return value
        if not isinstance(value, int | float):
            return self.generic_visit(node)
        if abs(value) > sys.float_info.max:
            raise self.refusal("a number within the range of float64 was expected", node)
        return value if abs(value) < MAX_INTEGER else float(value)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        number = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if type(number) not in (int, float) or not isinstance(node.op, ast.USub | ast.UAdd):
            return self.generic_visit(node)
        number = self.visit(node.operand)
        return -number if isinstance(node.op, ast.USub) else number

    def visit_List(self, node: ast.List) -> Any:
        return [self.visit(item) for item in node.elts]

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.visit(item) for item in node.elts)

    def visit_Dict(self, node: ast.Dict) -> Any:
        entries: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant | ast.UnaryOp):
                raise self.refusal("a value was expected", key or value)
            name = self.visit(key)
            if name in entries:
                raise self.refusal(f"one value for {name!r} was expected", key)
            entries[name] = self.visit(value)
        return entries

    def visit_Name(self, node: ast.Name) -> Any:
        return self.called(node, node, [], {})

    def visit_Call(self, node: ast.Call) -> Any:
        arguments = [self.visit(argument) for argument in node.args]
        keywords: dict[str, Any] = {}
        for keyword in node.keywords:
            name = self.name(keyword, keyword.arg or "")
            if name in keywords:
                raise self.refusal(f"one value for {name} was expected", keyword)
            keywords[name] = self.visit(keyword.value)
        return self.called(node, node.func, arguments, keywords)

    def name(self, node: ast.AST, name: str) -> str:
        # Python knows letters of other scripts, and reads some as if they were ours.
        written = ast.get_source_segment(self.source, node) or ""
        if not (name and name.isascii() and written.startswith(name)):
            raise self.refusal("a name was expected", node)
        return name

    def called(
        self, node: ast.AST, function: ast.expr, arguments: list[Any], keywords: dict[str, Any]
    ) -> Any:
        name = self.name(function, function.id if isinstance(function, ast.Name) else "")
        if name not in self.registry:
            raise SpecError(f"there is no {shown(name)}; {_nearest(name, self.registry)}.")
        signature = inspect.signature(self.registry[name])
        try:
            signature.bind(*arguments, **keywords)
        except TypeError as error:
            raise SpecError(_argument_error(name, keywords, signature, str(error))) from error
        try:
            return self.registry[name](*arguments, **keywords)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise SpecError(f"{shown(ast.unparse(node))} was refused: {reason}.") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if near:
        return f"perhaps {' or '.join(near)} is meant"
    return f"choose one of {', '.join(names)}"


def _argument_error(
    name: str, keywords: Iterable[str], signature: inspect.Signature, reason: str
) -> str:
    parameters = signature.parameters
    bare = [p.replace(annotation=p.empty) for p in parameters.values()]
    called = signature.replace(parameters=bare, return_annotation=signature.empty)
    hint = f"; it is called as {name}{called}."
    unknown = next((keyword for keyword in keywords if keyword not in parameters), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, parameters, n=1, cutoff=0.5)
        perhaps = f", perhaps {near[0]} is meant" if near else ""
        return f"{name} has no argument {shown(unknown)}{perhaps}{hint}"
    return f"{name}: {reason}{hint}"
