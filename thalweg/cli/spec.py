"""What texts of the command line name: optimizers from a registry, and models."""

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from thalweg import optim
from thalweg.cli.grammar import Map, Spec
from thalweg.errors import SpecError, shown

__all__ = ["Model", "build", "optimizers", "parse_model"]

MAX_LAYERS = 32
MAX_LAYER_SIZE = 1 << 16

# Transformations whose arguments, functions or trees of parameters, no text can write.
OF_FUNCTIONS = frozenset({
    "masked", "multi_transform", "named_chain", "partition", "stateless", "stateless_with_tree_map",
})  # fmt: skip


def build(spec: Spec, registry: Mapping[str, Callable[..., object]]) -> object:
    """Call what a spec names, from the innermost call outwards.

    Args:
        spec: What `parse` returned.
        registry: The names that mean something, and what they call. No other name is looked up.

    Raises:
        SpecError: If a name is unknown, an argument is wrong, or a call refuses its arguments.

    Example:
        >>> from thalweg.cli.grammar import parse
        >>> build(parse("plus(1, plus(2, b=3))"), {"plus": lambda a, b: a + b})
        6
    """
    if spec.name not in registry:
        raise SpecError(f"there is no {shown(spec.name)}; {_nearest(spec.name, registry)}.")
    function = registry[spec.name]
    arguments = [_built(value, registry) for value in spec.arguments]
    keywords = {name: _built(value, registry) for name, value in spec.keywords}
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        raise SpecError(_argument_error(spec, signature, str(error))) from error
    try:
        return function(*arguments, **keywords)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise SpecError(f"{shown(str(spec))} was refused: {reason}.") from error


def _built(value: object, registry: Mapping[str, Callable[..., object]]) -> object:
    if isinstance(value, Spec):
        return build(value, registry)
    if isinstance(value, Map):
        return {key: _built(item, registry) for key, item in value.items}
    if isinstance(value, tuple):
        return [_built(item, registry) for item in value]
    return value


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if near:
        return f"perhaps {' or '.join(near)} is meant"
    return f"choose one of {', '.join(names)}"


def _argument_error(spec: Spec, signature: inspect.Signature, reason: str) -> str:
    parameters = signature.parameters
    unknown = next((name for name, _ in spec.keywords if name not in parameters), None)
    hint = f"; it is called as {spec.name}({', '.join(map(_parameter, parameters.values()))})."
    if unknown is not None:
        near = difflib.get_close_matches(unknown, parameters, n=1, cutoff=0.5)
        perhaps = f", perhaps {near[0]} is meant" if near else ""
        return f"{spec.name} has no argument {shown(unknown)}{perhaps}{hint}"
    return f"{spec.name}: {reason}{hint}"


def _parameter(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}"


def optimizers() -> dict[str, Callable[..., object]]:
    """Return what an optimizer may be written with: transformations and schedules, by name.

    >>> sorted(optimizers())[:3]
    ['adagrad', 'adam', 'adamw']
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


# ---- models


@dataclass(frozen=True)
class Model:
    """A model by name: linear, or a multilayer perceptron with the sizes of its hidden layers.

    >>> print(parse_model("mlp: 64, 32"))
    mlp:64,32
    """

    kind: str
    hidden: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(map(str, self.hidden))}" if self.hidden else self.kind


def parse_model(text: str) -> Model:
    """Read a model: `linear`, or `mlp:` and the sizes of its hidden layers.

    Raises:
        SpecError: If it is anything else, or a size is not from 1 to 65536.

    Example:
        >>> parse_model("mlp:64,32")
        Model(kind='mlp', hidden=(64, 32))
    """
    kind, colon, sizes = (part.strip() for part in text.partition(":"))
    if kind not in ("linear", "mlp"):
        raise SpecError(f"there is no model {shown(text)}; choose linear, or mlp:64,32.")
    if kind == "linear":
        if colon:
            raise SpecError(f"the model {shown(text)} has sizes; linear has none, mlp:64,32 has.")
        return Model("linear")
    hidden = [size.strip() for size in sizes.split(",")]
    if len(hidden) > MAX_LAYERS:
        raise SpecError(f"the model has {len(hidden)} hidden layers; give at most {MAX_LAYERS}.")
    for size in hidden:
        if not re.fullmatch(r"0*[1-9][0-9]{0,4}", size) or int(size) > MAX_LAYER_SIZE:
            raise SpecError(
                f"the model {shown(text)} has a layer of size {shown(size)}; give whole numbers "
                f"from 1 to {MAX_LAYER_SIZE}, as in mlp:64,32."
            )
    return Model("mlp", tuple(map(int, hidden)))
