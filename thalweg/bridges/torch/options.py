"""The numbers of a transformation as options of parameter groups, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.errors import ArgumentError, CallError, did_you_mean
from thalweg.optim.scaling import scale
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain

Group = dict[str, Any]

# What groups hold beside numbers.
MAXIMIZE = "maximize"

_RATE = "lr"

_BETAS = "betas"

# Of two numbers that schedulers know as one pair.
_PAIR = ("b1", "b2")

_TAKEN = frozenset({"params", "param_names", "initial_lr", _RATE, _BETAS, MAXIMIZE})


class GroupOptions:
    """Where each number of a transformation is among the options of a group.

    A number goes by the name of its argument, if only one has that name, and else by its whole
    name, as `[1].decay`; the learning rate by `lr`, b1 and b2 together by `betas`. Where there
    is not exactly one learning rate that is a number, `lr` is a factor of the updates.

    Args:
        transformation: The transformation.
        given: Options that differ from the transformation's numbers.

    Raises:
        ArgumentError: If there is no such option.
    """

    def __init__(self, transformation: GradientTransformation, given: Mapping[str, Any]) -> None:
        self.transformation = transformation
        numbers = transformation.hyperparameters
        arguments = [name.rpartition(".")[2] for name in numbers]
        paired = all(arguments.count(name) == 1 for name in _PAIR)
        self.has_rate = arguments.count("learning_rate") == 1
        # The option of each number, and which of a pair it is.
        self._places = [
            self._place(name, argument, arguments.count(argument) == 1, paired)
            for name, argument in zip(numbers, arguments, strict=True)
        ]
        self.defaults: Group = {_RATE: 1.0}
        for (option, index), value in zip(self._places, numbers.values(), strict=True):
            self.defaults[option] = (
                value if index is None else (*self.defaults.get(option, ()), value)
            )
        self.defaults[MAXIMIZE] = False
        for name, value in given.items():
            if name not in self.defaults:
                raise ArgumentError(
                    f"Optimizer got the option {name!r}; {transformation} has "
                    f"{', '.join(self.defaults)}.{did_you_mean(name, self.defaults)}"
                )
            self.defaults[name] = value

    @staticmethod
    def _place(name: str, argument: str, single: bool, paired: bool) -> tuple[str, int | None]:
        if argument == "learning_rate" and single:
            return _RATE, None
        if paired and argument in _PAIR:
            return _BETAS, _PAIR.index(argument)
        return (argument if single and argument not in _TAKEN else name), None

    def numbers(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        """Return a group's numbers in the transformation's order, then the factor if there is one.

        Raises:
            CallError: If one is no number.
            ArgumentError: If one is a tensor of more than one.
        """
        found = [
            _plain(option, group[option] if index is None else group[option][index])
            for option, index in self._places
        ]
        return (*found, *([] if self.has_rate else [_plain(_RATE, group[_RATE])]))

    def check(self, group: Mapping[str, Any]) -> None:
        """Accept the numbers of a group.

        Raises:
            CallError: If one is no number.
            ArgumentError: If one is outside its range, where weights do not grow, as in PyTorch.
        """
        decay = group.get("weight_decay", 0.0)
        if _plain("weight_decay", decay) < 0:
            raise ArgumentError(
                f"Invalid weight_decay value: {decay}. Give zero or a positive number."
            )
        pair = group.get(_BETAS, ())
        if len({isinstance(beta, (int, float)) for beta in pair}) > 1:
            raise ArgumentError(
                "betas must be either both floats or both Tensors, but are of two kinds. Write "
                "both as numbers."
            )
        self.build(self.numbers(group))

    def build(self, numbers: Sequence[Any]) -> GradientTransformation:
        """Return the transformation with other numbers, which may be traced.

        Raises:
            ArgumentError: If one is outside its range.
        """
        if self.has_rate:
            return self.transformation.rebuild(numbers)
        *own, factor = numbers
        return chain(self.transformation.rebuild(own), scale(factor))


def _plain(name: str, value: Any) -> float:
    """Return an option as a Python float."""
    if isinstance(value, (int, float)):
        return float(value)
    if not hasattr(value, "item"):
        raise CallError(f"{name}={value!r} was given; it wants a number. Give one such as 0.01.")
    if getattr(value, "numel", lambda: 1)() != 1:
        raise ArgumentError(
            f"Tensor {name} must be 1-element, but has shape {tuple(value.shape)}. Give one "
            "number; parameters that need different ones belong in different groups."
        )
    return float(value.item())
