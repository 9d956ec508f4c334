"""Weights of which some are held at zero: what is trained is `weight_orig`, times a mask.

Methods choose the mask; each is a class, and a function of its name in small letters applies it.
"""

from __future__ import annotations

import numbers
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

from thalweg.errors import ArgumentError, AxisError, CallError
from thalweg.ops.creation.copying import clone
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.functions.order import kthvalue, topk
from thalweg.torch.functions.random import rand, rand_like
from thalweg.torch.nn.hooks import Computing, computing_hooks, remove_pre_hook
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import rebind
from thalweg.torch.nn.utils.convert_parameters import parameters_to_vector

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured",
    "PruningContainer", "RandomStructured", "RandomUnstructured", "custom_from_mask",
    "global_unstructured", "identity", "is_pruned", "l1_unstructured", "ln_structured",
    "random_structured", "random_unstructured", "remove",
]  # fmt: skip

Pruned = TypeVar("Pruned", bound=Module)


class PruningError(ArgumentError, AssertionError):
    """Scores, masks or tensors that do not belong together."""


def _methods_of(module: Module) -> list[BasePruningMethod]:
    hooks = computing_hooks(module)
    return [hook for hook in hooks if isinstance(hook, BasePruningMethod)]


def _ones_like(x: Any) -> Any:
    return x.new_ones(x.shape)


def _require_shape(scores: Any, wanted: Any, what: str) -> None:
    if tuple(scores.shape) != tuple(wanted.shape):
        raise PruningError(
            f"importance_scores should have the same shape as {what}, got {scores.shape} vs "
            f"{wanted.shape}"
        )


class BasePruningMethod(Computing):
    """How a mask is chosen, and the hook that multiplies a tensor by it before each call.

    A subclass defines `compute_mask` and states its `PRUNING_TYPE`: "unstructured" if it chooses
    among elements, "structured" if among slices along its attribute `dim`, "global" if it is given
    everything whatever was pruned before.
    """

    PRUNING_TYPE: ClassVar[str]
    _tensor_name: str | None = None

    def __call__(self, module: Module, inputs: Any) -> None:
        """Give the module its tensor, times the mask."""
        setattr(module, self.attribute, self.apply_mask(module))

    @property
    def attribute(self) -> str:
        """The tensor's name."""
        if self._tensor_name is None:
            raise PruningError("The module has to be pruned first: call the method's apply().")
        return self._tensor_name

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask, of ones and zeros, for scores and the mask that there is already."""

    def apply_mask(self, module: Module) -> Any:
        """Return the tensor, times its mask."""
        mask, original = (getattr(module, f"{self.attribute}_{part}") for part in ("mask", "orig"))
        return mask.to(original.dtype) * original

    def computed(self, module: Module) -> Any:
        """Return the tensor, times its mask."""
        return self.apply_mask(module)

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a tensor of a module, beyond what is pruned of it already.

        Args:
            module: The module.
            name: The tensor's name.
            args: What the method is made of.
            importance_scores: What the mask is chosen by; by default the tensor.
            kwargs: What the method is made of, by name.

        Returns:
            The hook: the method, or a container of all methods that were applied.
        """
        method = cls._joined(module, name, *args, **kwargs)
        first = not isinstance(method, PruningContainer)
        original = getattr(module, name)
        if importance_scores is not None:
            _require_shape(importance_scores, original, f"parameter {name} of {module}")
        scores = original if importance_scores is None else importance_scores
        before = _ones_like(original) if first else getattr(module, f"{name}_mask").clone()
        mask = method.compute_mask(scores.detach(), default_mask=before)
        if first:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
        module.register_buffer(f"{name}_mask", mask)
        for older in cls._hooks_of(module, name):
            remove_pre_hook(module, older)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    @classmethod
    def _joined(cls, module: Module, name: str, *args: Any, **kwargs: Any) -> BasePruningMethod:
        """Return a new method, in a container with those that were applied to the tensor before."""
        method = cls(*args, **kwargs)
        method._tensor_name = name
        before = cls._hooks_of(module, name)
        if not before:
            return method
        older = before[0].methods if isinstance(before[0], PruningContainer) else before
        return PruningContainer(*older, method)

    @staticmethod
    def _hooks_of(module: Module, name: str) -> list[BasePruningMethod]:
        return [hook for hook in _methods_of(module) if hook._tensor_name == name]

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """Return a tensor times a mask, without a module."""
        if importance_scores is not None:
            _require_shape(importance_scores, t, "tensor t")
        scores = t if importance_scores is None else importance_scores
        before = _ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=before)

    def remove(self, module: Module) -> None:
        """Let the tensor be a parameter again, with zeros where it is pruned."""
        weight = self.apply_mask(module)
        original: Any = module._parameters[f"{self.attribute}_orig"]
        if hasattr(module, self.attribute):
            delattr(module, self.attribute)
        rebind(original, weight.detach())
        del module._parameters[f"{self.attribute}_orig"]
        del module._buffers[f"{self.attribute}_mask"]
        setattr(module, self.attribute, original)


class PruningContainer(BasePruningMethod):
    """Methods applied to one tensor in turn.

    Args:
        args: The methods.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self.methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method for the same tensor.

        Raises:
            CallError: If it is none.
            ArgumentError: If it is for another tensor.
        """
        if not isinstance(method, BasePruningMethod):
            raise CallError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ArgumentError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self.methods += (method,)

    def __len__(self) -> int:
        return len(self.methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self.methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self.methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask with what the last method prunes of what is left."""
        method: Any = self.methods[-1]
        mask = default_mask.to(t.dtype)
        if method.PRUNING_TYPE == "unstructured":
            place: Any = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            place = self._left(method, t, default_mask)
        elif method.PRUNING_TYPE == "global":
            place = (slice(None),) * t.ndim
        else:
            raise ArgumentError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        found = method.compute_mask(t[place], default_mask=default_mask[place])
        mask[place] = found.to(mask.dtype)
        return mask

    @staticmethod
    def _left(method: Any, t: Any, mask: Any) -> Any:
        """Return the index of slices that are not wholly pruned."""
        if not hasattr(method, "dim"):
            raise AttributeError(
                'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` '
                "defined."
            )
        dim = method.dim + t.ndim if method.dim < 0 else method.dim
        if dim < 0:
            raise AxisError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
        others = [axis for axis in range(t.ndim) if axis != dim]
        place: list[Any] = [slice(None)] * t.ndim
        place[dim] = mask.sum(dim=others) != 0
        return tuple(place)


class _Nothing(BasePruningMethod):
    """Prunes nothing, but makes the tensor a pruned one."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask that there is."""
        return default_mask


# PyTorch's name, which it has for a layer too.
Identity = _Nothing
Identity.__name__ = Identity.__qualname__ = "Identity"


class _OfAmount(BasePruningMethod):
    """A method that prunes a number of elements or slices, or a part of them.

    Args:
        amount: The number, or as a float the part.
    """

    def __init__(self, amount: float) -> None:
        _require_amount(amount)
        self.amount = amount

    def _count(self, size: int) -> int:
        """Return how many of so many are pruned."""
        if not isinstance(self.amount, numbers.Integral):
            return round(self.amount * size)
        count = int(self.amount)
        if count > size:
            raise ArgumentError(
                f"amount={count} should be smaller than the number of parameters to prune={size}"
            )
        return count


def _require_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise CallError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if float(amount) < 0.0 or (not whole and float(amount) > 1.0):
        raise ArgumentError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
            "integer"
        )


def _without(mask: Any, indices: Any) -> Any:
    """Return a copy of a mask with zeros at places of its flattened elements."""
    flat: Any = clone(reshape(mask, (-1,)))
    flat[indices] = 0
    return reshape(flat, mask.shape)


class RandomUnstructured(_OfAmount):
    """Prunes elements drawn at random."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask without as many elements."""
        count = self._count(t.numel())
        if not count:
            return default_mask.clone()
        return _without(default_mask, topk(reshape(rand_like(t), (-1,)), count).indices)


class L1Unstructured(_OfAmount):
    """Prunes the elements of the smallest magnitude."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask without as many elements."""
        count = self._count(t.numel())
        if not count:
            return default_mask.clone()
        smallest = topk(reshape(absolute(t), (-1,)), count, largest=False)
        return _without(default_mask, smallest.indices)


class _OfSlices(_OfAmount):
    """A method that prunes slices along a dimension.

    Args:
        amount: Their number, or as a float the part of them.
        dim: The dimension.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the mask without as many slices."""
        if t.ndim <= 1:
            raise ArgumentError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor "
                f"of shape {t.shape} with {t.ndim} dims"
            )
        if self.dim >= t.ndim:
            raise AxisError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        count = self._count(t.shape[self.dim])
        if not count:
            return default_mask
        mask = t.new_zeros(t.shape)
        place: list[Any] = [slice(None)] * t.ndim
        place[self.dim] = self._kept(t, count)
        mask[tuple(place)] = 1
        return mask * default_mask.to(mask.dtype)

    def _kept(self, t: Any, count: int) -> Any:
        """Return the index of the slices that stay when so many are pruned."""
        raise NotImplementedError


class RandomStructured(_OfSlices):
    """Prunes slices drawn at random."""

    def _kept(self, t: Any, count: int) -> Any:
        drawn = rand(t.shape[self.dim])
        return drawn > kthvalue(drawn, count).values


class LnStructured(_OfSlices):
    """Prunes the slices of the smallest norm.

    Args:
        amount: Their number, or as a float the part of them.
        n: The order of the norm.
        dim: The dimension.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _kept(self, t: Any, count: int) -> Any:
        others = tuple(axis for axis in range(t.ndim) if axis != self.dim % t.ndim)
        norms = norm_of_vectors(t, self.n, others, False)
        return topk(norms, t.shape[self.dim] - count).indices


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is 0.

    Args:
        mask: The mask.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Return the product of both masks."""
        if tuple(default_mask.shape) != tuple(self.mask.shape):
            raise PruningError(
                f"default_mask shape {default_mask.shape} must match self.mask shape "
                f"{self.mask.shape}"
            )
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: Pruned, name: str) -> Pruned:
    """Make a tensor a pruned one, of which nothing is pruned yet."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Pruned, name: str, amount: float) -> Pruned:
    """Prune elements of a tensor drawn at random.

    Args:
        module: The module.
        name: The tensor's name.
        amount: How many elements, or as a float which part of them.
    """
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(
    module: Pruned, name: str, amount: float, importance_scores: Any = None
) -> Pruned:
    """Prune the elements of a tensor that are smallest in magnitude.

    Args:
        module: The module.
        name: The tensor's name.
        amount: How many elements, or as a float which part of them.
        importance_scores: What is compared; by default the tensor itself.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> from thalweg.torch.nn.utils import prune
        >>> layer = prune.l1_unstructured(nn.Linear(4, 2), "weight", amount=3)
        >>> (layer.weight == 0).sum().item(), list(layer.state_dict())
        (3, ['bias', 'weight_orig', 'weight_mask'])
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Pruned, name: str, amount: float, dim: int) -> Pruned:
    """Prune slices of a tensor along a dimension, drawn at random."""
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(
    module: Pruned, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None
) -> Pruned:
    """Prune the slices of a tensor along a dimension whose norm is smallest.

    Args:
        module: The module.
        name: The tensor's name.
        amount: How many slices, or as a float which part of them.
        n: The order of the norm.
        dim: The dimension.
        importance_scores: What the norm is taken of; by default the tensor itself.
    """
    LnStructured.apply(
        module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
    )
    return module


def custom_from_mask(module: Pruned, name: str, mask: Any) -> Pruned:
    """Prune a tensor where a mask is 0."""
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Any = None,
    **kwargs: Any,
) -> None:
    """Prune several tensors by one comparison of all their elements.

    Args:
        parameters: Modules with the names of their tensors.
        pruning_method: A method that chooses among elements.
        importance_scores: By module and name, what is compared in place of a tensor.
        kwargs: What the method is made of: `amount`.

    Raises:
        CallError: If these are no pairs and no dictionary, or the method chooses among slices.
    """
    if not isinstance(parameters, Iterable):
        raise CallError("global_unstructured(): parameters is not an Iterable. Give pairs.")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise CallError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise CallError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    tensors = [getattr(module, name) for module, name in pairs]
    compared = [scores.get(pair, t) for pair, t in zip(pairs, tensors, strict=True)]
    masks = [
        getattr(module, f"{name}_mask", _ones_like(t))
        for (module, name), t in zip(pairs, tensors, strict=True)
    ]
    whole = PruningContainer(method).compute_mask(
        parameters_to_vector(compared).detach(), parameters_to_vector(masks)
    )
    start = 0
    for (module, name), tensor in zip(pairs, tensors, strict=True):
        part = reshape(whole[start : start + tensor.numel()], tensor.shape)
        custom_from_mask(module, name, mask=part)
        start += tensor.numel()


def remove(module: Pruned, name: str) -> Pruned:
    """Let a pruned tensor be a parameter again, with zeros where it is pruned.

    Raises:
        ArgumentError: If it is not pruned.
    """
    for hook in BasePruningMethod._hooks_of(module, name):
        hook.remove(module)
        remove_pre_hook(module, hook)
        return module
    raise ArgumentError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module: Module) -> bool:
    """Tell whether a tensor of a module, or of one in it, is pruned."""
    return any(_methods_of(part) for part in module.modules())
