"""Parameters that are computed from others whenever a module asks for them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, StateError
from thalweg.torch.nn.modules.container import ModuleDict, ModuleList
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, rebind
from thalweg.torch.tensors import TorchTensor

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization",
    "remove_parametrizations", "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]  # fmt: skip

Parametrized = TypeVar("Parametrized", bound=Module)


class _Cached(threading.local):
    """Values that were computed inside a `cached` block, by what they were computed from."""

    def __init__(self) -> None:
        self.depth = 0
        self.values: dict[tuple[Any, ...], tuple[Any, list[Any]]] = {}

    def of(self, parametrization: ParametrizationList) -> Any:
        """Return the parametrized value, computed once for the same originals."""
        originals = parametrization.originals()
        # In a trace the originals stand for other values; what these are made of tells them apart.
        sources = [source for x in originals for source in (x.array, x.node)]
        key = (id(parametrization), *map(id, sources))
        if key not in self.values:
            self.values[key] = parametrization(), sources
        return self.values[key][0]


_kept = _Cached()


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized value once inside a `with` block, when it is first asked for.

    Example:
        >>> from thalweg.torch import nn
        >>> from thalweg.torch.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(nn.Linear(3, 2))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    _kept.depth += 1
    try:
        yield
    finally:
        _kept.depth -= 1
        if not _kept.depth:
            _kept.values.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, the first of which is given what is really trained.

    That is `original`; or, if the first one's `right_inverse` returns several tensors, `original0`,
    `original1`, …

    Args:
        modules: The parametrizations, of which there is at least one.
        original: The parameter or buffer they apply to.
        unsafe: Whether they may change its dtype and shape.

    Raises:
        ArgumentError: If there are none, or they return what cannot take the tensor's place.
    """

    original: Any

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ArgumentError("ParametrizationList requires one or more modules. Give one.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new = original
            for module in reversed(list(self)):
                new = _inverse(module, new)
        self.is_tensor = isinstance(new, Tensor)
        if not self.is_tensor and not isinstance(new, Sequence):
            raise ArgumentError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._keep(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            found = _require_tensor(self())
            _require_like(
                found, dtype, shape, "Registering a parametrization", "unparametrized",
                "parametrized", "`unsafe`",
            )  # fmt: skip

    def _keep(self, original: Any, new: Any) -> None:
        """Let the tensor itself be what is trained, with the value that the inverse gives."""
        if original.dtype != new.dtype:
            raise ArgumentError(
                "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {new.dtype}"
            )
        # It stays the object it is, so optimizers that have it go on with it.
        rebind(original, new)
        _register(self, "original", original)

    def _keep_several(self, original: Any, new: Sequence[Any]) -> None:
        for number, part in enumerate(new):
            if not isinstance(part, Tensor):
                raise ArgumentError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                    f"tuple...). Got element {number} of the sequence with type "
                    f"{type(part).__name__}."
                )
            if isinstance(original, Parameter):
                part = Parameter(part.detach(), original.requires_grad)
            _register(self, f"original{number}", part)

    def originals(self) -> list[Any]:
        """Return the tensors that the value is computed from."""
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{number}") for number in range(self.ntensors)]

    def right_inverse(self, value: Any) -> None:
        """Give what is trained such values that the parametrized tensor becomes a given one.

        Args:
            value: The tensor.

        Raises:
            ArgumentError: If a parametrization has no `right_inverse`, or one that returns tensors
                of another number or dtype than before.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise ArgumentError(
                        f"parametrization {type(module).__name__} does not implement "
                        "right_inverse. Define it, or assign to what is trained."
                    )
                value = module.right_inverse(value)
            if self.is_tensor:
                self._put_one(value)
            else:
                self._put_several(value)

    def _put_one(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"`right_inverse` should return a tensor. Got {_kind(value)}")
        if value.dtype != self.original.dtype:
            raise ArgumentError(
                f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` "
                f"has dtype {self.original.dtype}"
            )
        rebind(self.original, value)

    def _put_several(self, value: Any) -> None:
        wanted = "'right_inverse' must return a sequence of tensors"
        if not isinstance(value, Sequence):
            raise ArgumentError(f"{wanted}. Got {_kind(value)}.")
        if len(value) != self.ntensors:
            raise ArgumentError(
                f"{wanted} of length {self.ntensors}. Got a sequence of length {len(value)}."
            )
        for number, (original, part) in enumerate(zip(self.originals(), value, strict=True)):
            if not isinstance(part, Tensor):
                raise ArgumentError(f"{wanted}. Got element {number} of type {_kind(part)}.")
            if part.dtype != original.dtype:
                raise ArgumentError(
                    f"Tensor {number} returned by `right_inverse` has dtype {part.dtype} while "
                    f"`original{number}` has dtype {original.dtype}"
                )
            rebind(original, part)

    def forward(self) -> TorchTensor:
        """Return the parametrized value."""
        first, *others = self
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value  # type: ignore[no-any-return]


def _kind(value: Any) -> str:
    return type(value).__name__


def _inverse(module: Module, value: Any) -> Any:
    """Return a parametrization's inverse; without one it is taken to be the identity."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


def _register(module: Module, name: str, value: Any) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


def _require_tensor(found: Any) -> Any:
    if not isinstance(found, Tensor):
        raise ArgumentError(f"A parametrization must return a tensor. Got {_kind(found)}.")
    return found


def _require_like(
    found: Any, dtype: Any, shape: Any, what: str, before: str, after: str, flag: str
) -> None:
    """Refuse a value of another dtype or shape than the tensor whose place it takes.

    Raises:
        ArgumentError: If either differs.
    """
    for name, wanted, given in (("dtype", dtype, found.dtype), ("shape", shape, found.shape)):
        if given != wanted:
            raise ArgumentError(
                f"{what} may not change the {name} of the tensor, unless {flag} flag is enabled.\n"
                f"{before} {name}: {wanted}\n{after} {name}: {given}"
            )


def _refuse_pickling(module: Module) -> Any:
    raise StateError(
        "Serialization of parametrized modules is only supported through state_dict(). Save that, "
        "or remove the parametrizations first."
    )


def _copied(module: Module, memo: dict[int, Any]) -> Module:
    """Return a copy with a class of its own, from which parametrizations can be removed."""
    own, base = type(module), type(module).__bases__[0]
    replica: Module = object.__new__(base)
    memo[id(module)] = replica
    replica.__dict__.update(copy.deepcopy(module.__dict__, memo))
    members = {name: value for name, value in vars(own).items() if not name.startswith("__")}
    _own_class(replica)
    for name, value in members.items():
        setattr(type(replica), name, value)
    return replica


def _own_class(module: Module) -> None:
    """Give a module a class of its own, for the properties that compute its tensors."""
    kind = type(module)
    members: dict[str, Any] = {"__getstate__": _refuse_pickling, "__module__": kind.__module__}
    if not hasattr(kind, "__deepcopy__"):
        members["__deepcopy__"] = _copied
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), members)


def _computed(name: str) -> property:
    """Return a property that is the parametrized value of a name."""

    def value(module: Any) -> Any:
        parametrization = module.parametrizations[name]
        return _kept.of(parametrization) if _kept.depth else parametrization()

    def assign(module: Any, value: Any) -> None:
        module.parametrizations[name].right_inverse(value)

    return property(value, assign)


def register_parametrization(
    module: Parametrized, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Parametrized:
    """Let a parameter or buffer be computed by a module, from what is then trained in its place.

    The trained tensor is `module.parametrizations.<name>.original`. With further registrations
    each parametrization is given what the one before returns.

    Args:
        module: Whose tensor it is.
        tensor_name: The tensor's name.
        parametrization: Its `forward` returns the tensor. Its `right_inverse`, if it has one, is
            given the tensor and returns what is trained; assigning to the tensor calls it too.
        unsafe: Whether the tensor may change its dtype and shape, which is not checked then.

    Raises:
        ArgumentError: If there is no such tensor, or another dtype or shape comes out.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> from thalweg.torch.nn.utils import parametrize
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> torch.equal(layer.weight, layer.weight.mT)
        True
        >>> [name for name, _ in layer.named_parameters()]
        ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        found = module.parametrizations[tensor_name]
        if not unsafe:
            _require_fit(getattr(module, tensor_name), parametrization)
        found.append(parametrization)
        found.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        found = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _own_class(module)
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _computed(tensor_name))
        module.parametrizations[tensor_name] = found
    else:
        raise ArgumentError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _require_fit(value: Any, parametrization: Any) -> None:
    """Refuse a further parametrization that changes dtype or shape, or whose inverse does."""
    found = _require_tensor(parametrization(value))
    _require_like(
        found, value.dtype, value.shape, "Registering a parametrization", "module's",
        "parametrized", "the `unsafe`",
    )  # fmt: skip
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(found)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ArgumentError(
            f"parametrization.right_inverse must return a tensor. Got: {_kind(back)}"
        )
    for name in ("dtype", "shape"):
        if getattr(back, name) != getattr(value, name):
            raise ArgumentError(
                "The tensor returned by parametrization.right_inverse must have the same "
                f"{name} as the module's, unless the `unsafe` flag is enabled.\n"
                f"module's {name}: {getattr(value, name)}\nreturned {name}: {getattr(back, name)}"
            )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Tell whether a module's tensor of that name, or any of its own, is parametrized."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(
    module: Parametrized, tensor_name: str, leave_parametrized: bool = True
) -> Parametrized:
    """Let a tensor be a parameter or buffer again.

    Args:
        module: Whose tensor it is.
        tensor_name: Its name.
        leave_parametrized: Whether it keeps its present value; if not it is what was trained.

    Raises:
        ArgumentError: If it is not parametrized, or what was trained are several tensors and one of
            them is to be left.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"Module {module} does not have a parametrization on {tensor_name}")
    found = module.parametrizations[tensor_name]
    value = getattr(module, tensor_name) if leave_parametrized else None
    if found.is_tensor:
        original = found.original
        if value is not None:
            rebind(original, value.detach())
    elif value is not None:
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ArgumentError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors. Leave it parametrized."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """Return the class that a module had before a tensor of it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Parametrized, tensor_name: str | None = None
) -> Parametrized:
    """Register a module's parametrizations on another too, with what is trained shared by both.

    Args:
        from_module: The module that has them.
        to_module: The other; tensors that it lacks are made.
        tensor_name: The only tensor of which to do so; by default all.
    """
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target: Any = to_module.parametrizations[name]
        for kept, value in (*source._parameters.items(), *source._buffers.items()):
            setattr(target, kept, value)
    return to_module
