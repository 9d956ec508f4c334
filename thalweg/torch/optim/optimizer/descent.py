"""What PyTorch's classes have in common: options, and what comes before and after every rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.optim.scaling import add_decayed_weights, scale, scale_by_learning_rate
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain
from thalweg.torch.optim.optimizer.groups import is_zero, options_of, plain_number
from thalweg.torch.optim.optimizer.optimizer import Optimizer

Number = float | Tensor

Options = Mapping[str, Any]

Links = list[GradientTransformation]


def names(**fields: str) -> Mapping[str, str]:
    """Return PyTorch's names for what is remembered of a parameter, by Optax's."""
    return MappingProxyType(fields)


class Descent(Optimizer):
    """A rule between what comes before every rule and the step down the slope.

    Gradients are negated to maximize; weights decay as part of the gradient, or decoupled, beside
    the rule.

    Args:
        params: Tensors, or groups of them.
        given: The variables of a subclass's constructor: its arguments, which are the options.
    """

    # The options that PyTorch's groups name before the others, where these are not in the order
    # of the arguments.
    first = ""
    # Whether weights decay beside the rule, if no option says so.
    decoupled = False

    def __init__(self, params: Any, given: Options) -> None:
        options = options_of(given, self.first)
        self._check(options)
        check_flags(options)
        super().__init__(params, options)

    def transformation(self, options: Options) -> GradientTransformation:
        """Return the rule with a group's options, and what comes before and after it."""
        decay = self._decay(options)
        decaying = [] if is_zero(decay) else [add_decayed_weights(decay)]
        decoupled = options.get("decoupled_weight_decay", self.decoupled)
        links = [] if decoupled else decaying
        links = [*links, *self._rule(options), *(decaying if decoupled else [])]
        climbing = [scale(-1.0)] if options.get("maximize") else []
        return chain(*climbing, *links, scale_by_learning_rate(self._rate(options)))

    # ---- what a subclass may say

    def _check(self, options: Options) -> None:
        """Refuse options that the rule cannot use."""
        check_known(options)

    def _rule(self, options: Options) -> Links:
        """Return the rule's transformations."""
        return []

    def _decay(self, options: Options) -> Any:
        """Return the pull towards zero."""
        return options.get("weight_decay", 0.0)

    def _rate(self, options: Options) -> Any:
        """Return the learning rate; a schedule counts steps, None leaves updates as they are."""
        return options["lr"]


_NON_NEGATIVE = {
    *("lr", "eps", "weight_decay", "momentum", "momentum_decay", "lr_decay"),
    "initial_accumulator_value",
}


def check_known(options: Mapping[str, Any]) -> None:
    """Accept options whose names mean the same in every rule, where they are in their ranges.

    Raises:
        ArgumentError: If one is outside.
    """
    require_non_negative(
        **{name: value for name, value in options.items() if name in _NON_NEGATIVE}
    )
    if "betas" in options:
        check_betas(options["betas"])


def require_non_negative(**options: Any) -> None:
    """Accept options that are zero or positive.

    Raises:
        ArgumentError: If one is negative or NaN.
    """
    for name, value in options.items():
        if not plain_number(name, value) >= 0.0:
            raise ArgumentError(f"Invalid {_title(name)}: {value}. Give zero or a positive number.")


def check_betas(pair: tuple[Any, Any]) -> None:
    """Accept two shares of the past, both numbers or both tensors.

    Raises:
        ArgumentError: If one is outside [0, 1), or they are of two kinds.
    """
    first, second = pair
    if isinstance(first, Tensor) is not isinstance(second, Tensor):
        raise ArgumentError(
            "betas must be either both floats or both Tensors, but are of two kinds. Write both "
            "as numbers."
        )
    for index, beta in enumerate(pair):
        if not 0.0 <= plain_number(f"betas[{index}]", beta) < 1.0:
            raise ArgumentError(
                f"Invalid beta parameter at index {index}: {beta}. Give a number in [0, 1)."
            )


def check_flags(options: Mapping[str, Any]) -> None:
    """Accept PyTorch's ways of running a step, which mean nothing here, where they fit together.

    Raises:
        ArgumentError: If two exclude each other, or the step is to be differentiated.
    """
    foreach, fused = options.get("foreach"), options.get("fused")
    if foreach and fused:
        raise ArgumentError("`fused` and `foreach` cannot be `True` together. Leave both out.")
    if fused and options.get("differentiable"):
        raise ArgumentError("`fused` does not support `differentiable`. Leave `fused` out.")
    if foreach and not options.get("capturable"):
        for name, value in (("lr", options.get("lr")), *_numbered(options.get("betas"))):
            if isinstance(value, Tensor):
                raise ArgumentError(
                    f"{name} as a Tensor is not supported for capturable=False and foreach=True. "
                    "Leave foreach out; it changes nothing here."
                )


def _numbered(pair: Any) -> list[tuple[str, Any]]:
    return [(f"betas[{i}]", value) for i, value in enumerate(pair or ())]


def _title(name: str) -> str:
    return {"lr": "learning rate", "eps": "epsilon value"}.get(name, f"{name} value")


def require_real(rule: str, group: Mapping[str, Any]) -> None:
    """Accept a group whose parameters are real.

    Raises:
        ArgumentError: If one is complex.
    """
    if any(param.dtype.kind == "c" for param in group["params"]):
        raise ArgumentError(
            f"{rule} does not support complex parameters. Give their real and imaginary parts."
        )
