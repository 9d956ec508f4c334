"""Module: what every layer and every model is; and hooks around the calls of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import get_annotations, signature
from typing import Any, ClassVar, Self

import numpy as np

from thalweg.autodiff.hooks import Handle
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import (
    ArgumentError,
    CallError,
    DtypeError,
    MemberError,
    did_you_mean,
    printable,
)
from thalweg.torch.devices import is_meta
from thalweg.torch.naming import adopted, make
from thalweg.torch.nn.hooks import Hook, register_for_all
from thalweg.torch.nn.parameter import Buffer, Parameter, convert, is_lazy, without_values
from thalweg.torch.nn.state import WithState
from thalweg.torch.typed import dtype_of

__all__ = ["Module"]

# Where a module keeps its members, by name.
REGISTRIES = ("_parameters", "_buffers", "_modules")


class Module(WithState):
    """A part of a model: parameters, buffers and modules, and `forward`, which uses them.

    What is assigned to an attribute is registered if it is a `Parameter`, a `Buffer` or a Module.
    A subclass calls `super().__init__()` first, and defines `forward`.

    Attributes:
        training: Whether layers behave as in training, which `train` and `eval` set.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> class Line(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope = nn.Parameter(torch.ones(1))
        ...     def forward(self, x):
        ...         return self.slope * x
        >>> line = Line()
        >>> line(torch.tensor([2.0, 3.0])).tolist()
        [2.0, 3.0]
        >>> [name for name, _ in line.named_parameters()]
        ['slope']
    """

    __fit__: ClassVar[Callable[..., Any]]  # how `tw.fit` trains it: see `nn/fitting.py`
    training: bool
    _modules: dict[str, Module | None]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={}, _transient=set(), _hooks={}
        )

    # ---- attributes

    def __getattr__(self, name: str) -> Any:
        attributes = self.__dict__
        for kind in REGISTRIES:
            members = attributes.get(kind)
            if members is not None and name in members:
                return members[name]
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            self._make_room(name, "_parameters", "parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._make_room(name, "_modules", "module")
            self.register_module(name, value)
        elif isinstance(value, Buffer):
            self._make_room(name, "_buffers", "buffer")
            self.register_buffer(name, value, value.persistent)
        elif any(name in attributes.get(kind, ()) for kind in REGISTRIES):
            self._reassign(name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kind in REGISTRIES:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        members = (name for kind in REGISTRIES for name in self.__dict__.get(kind, ()))
        return sorted({*super().__dir__(), *(name for name in members if name.isidentifier())})

    def _make_room(self, name: str, kept: str, what: str) -> None:
        """Remove a name, unless it is of the kind it will have again: it keeps its place there."""
        self._require_initialised(what)
        self.__dict__.pop(name, None)
        for kind in REGISTRIES:
            if kind != kept:
                self.__dict__[kind].pop(name, None)
        self._transient.discard(name)

    def _reassign(self, name: str, value: Any) -> None:
        """Give a registered name None or, to a buffer, another tensor."""
        for kind, what, wanted in (
            ("_parameters", "parameter", "thalweg.torch.nn.Parameter or None"),
            ("_modules", "child module", "thalweg.torch.nn.Module or None"),
            ("_buffers", "buffer", "thalweg.torch.nn.Buffer, thalweg.Tensor or None"),
        ):
            members = self.__dict__[kind]
            if name not in members:
                continue
            if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                raise CallError(
                    f"cannot assign '{_type_name(value)}' as {what} '{name}' ({wanted} expected). "
                    f"Delete the attribute first to give the name to something else."
                )
            members[name] = value

    def _require_initialised(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise MemberError(
                f"cannot assign {what} before Module.__init__() call. Call super().__init__() "
                "first in __init__."
            )

    # ---- registering by name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None for one that the module could have but has not.

        Raises:
            CallError: If it is no Parameter, or the name is no string.
            MemberError: If the name is empty, has a dot or belongs to something else.
            ArgumentError: If it is computed from others.
        """
        self._require_initialised("parameter")
        self._require_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise CallError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                "(thalweg.torch.nn.Parameter or None required). Wrap it in nn.Parameter."
            )
        if param is not None and not param.is_leaf:
            raise ArgumentError(
                f"Cannot assign non-leaf Tensor to parameter '{name}': it was computed from "
                "others. Assign nn.Parameter(value.detach()), or compute it in forward."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained, such as a running mean.

        Args:
            name: The attribute's name.
            tensor: Its value; None for one that the module could have but has not.
            persistent: Whether it is part of `state_dict`.

        Raises:
            CallError: If it is no tensor, or the name is no string.
            MemberError: If the name is empty, has a dot or belongs to something else.
        """
        self._require_initialised("buffer")
        self._require_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise CallError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' "
                "(thalweg Tensor or None required). Convert it with torch.tensor."
            )
        self._buffers[name] = adopted(tensor)
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name; None for one that the module could have but has not.

        Raises:
            CallError: If it is no Module, or the name is no string.
            MemberError: If the name is empty, has a dot or belongs to something else.
        """
        if module is not None and not isinstance(module, Module):
            if isinstance(module, type):
                raise CallError(
                    f"the class {module.__name__} is not a Module. Give an object of it, as "
                    f"{module.__name__}()."
                )
            raise CallError(
                f"{_type_name(module)} is not a Module subclass. Give an nn.Module, or put the "
                "function into the forward of one."
            )
        self._require_initialised("module")
        self._require_name("module", name, self._modules)
        self._modules[name] = module

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name, as `register_module` does."""
        self.register_module(name, module)

    def _require_name(self, what: str, name: Any, members: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise CallError(
                f"{what} name should be a string. Got {_type_name(name)}. Give str(name)."
            )
        if "." in name:
            raise MemberError(
                f'{what} name can\'t contain ".", got: {name}. A dot leads to members of members; '
                "use another character."
            )
        if not name:
            raise MemberError(f'{what} name can\'t be empty string "". Give it a name.')
        if name not in members and hasattr(self, name):
            raise MemberError(
                f"attribute '{name}' already exists in {type(self).__name__}. Choose another name, "
                "or delete the attribute first."
            )

    # ---- copies

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # ---- lists, by dotted names

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all modules in it, with their dotted names.

        Args:
            memo: Modules to leave out; those yielded are added.
            prefix: The name of this module.
            remove_duplicate: Whether one that is found twice is yielded once.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, dotted_name(prefix, name), remove_duplicate)

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters with their dotted names.

        Args:
            prefix: What the names begin with.
            recurse: Whether those of the modules in this one are included.
            remove_duplicate: Whether one that is found under two names is yielded once.

        Example:
            >>> from thalweg.torch import nn
            >>> model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1, bias=False))
            >>> [name for name, _ in model.named_parameters()]
            ['0.weight', '0.bias', '1.weight']
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield all buffers with their dotted names; the arguments are as in `named_parameters`."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules that are members of this one, each once, with their names."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Yield this module and all modules in it."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield all parameters; without `recurse` those of this module alone."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield all buffers; without `recurse` those of this module alone."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def children(self) -> Iterator[Module]:
        """Yield the modules that are members of this one, each once."""
        return (child for _, child in self.named_children())

    def _named(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        whole = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in whole if recurse else [(prefix, self)]:
            for name, member in getattr(module, kind).items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield dotted_name(path, name), member

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call a function on every module in this one, members first, then on this one.

        Example:
            >>> from thalweg.torch import nn
            >>> model = nn.Sequential(nn.Linear(2, 1))
            >>> model.apply(lambda module: print(type(module).__name__)) is model
            Linear
            Sequential
            True
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # ---- one member, by its dotted name

    def get_submodule(self, target: str) -> Module:
        """Return the module under a dotted name; the empty name is this module's own.

        Raises:
            MemberError: If there is nothing of that name, or something else.
        """
        found = self
        for name in target.split(".") if target else ():
            member = _member(found, name)
            if not isinstance(member, Module):
                raise MemberError(
                    f"`{name}` is not an nn.Module but a {type(member).__name__}. Ask for "
                    "parameters with get_parameter, for buffers with get_buffer."
                )
            found = member
        return found

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter under a dotted name.

        Raises:
            MemberError: If there is nothing of that name, or something else.
        """
        path, _, name = target.rpartition(".")
        found = _member(self.get_submodule(path), name)
        if not isinstance(found, Parameter):
            raise MemberError(
                f"`{name}` is not an nn.Parameter but a {type(found).__name__}. Ask for buffers "
                "with get_buffer, for modules with get_submodule."
            )
        return found

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer under a dotted name.

        Raises:
            MemberError: If there is nothing of that name, or something else.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found: Tensor = _member(module, name)
        if name not in module._buffers:
            raise MemberError(
                f"`{name}` is not a buffer but a {type(found).__name__}. Ask for parameters with "
                "get_parameter, for modules with get_submodule."
            )
        return found

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module under a dotted name, in place of the one that is there.

        Args:
            target: The dotted name.
            module: What to put there.
            strict: Whether there must be a module already.

        Raises:
            ArgumentError: If the name is empty or what is given is no module.
            MemberError: If there is no such place in this module.
        """
        if not target:
            raise ArgumentError(
                "Cannot set the submodule without a target name! Give the dotted name of a member."
            )
        if not isinstance(module, Module):
            raise ArgumentError(
                f"`module` is not an nn.Module, found {type(module)}. Put the function into the "
                "forward of one."
            )
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or hasattr(parent, name):
            parent.get_submodule(name)
        setattr(parent, name, module)

    # ---- modes

    def train(self, mode: bool = True) -> Self:
        """Set `training` of this module and all modules in it.

        Raises:
            ArgumentError: If the mode is not Boolean.
        """
        if not isinstance(mode, bool):
            raise ArgumentError(
                f"training mode is expected to be boolean, and {mode!r} was given. Give True or "
                "False."
            )
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Let layers behave as in prediction: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether `backward()` computes their derivatives."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach()
                parameter.grad.zero_()

    # ---- conversions

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Convert all floating parameters and buffers to a dtype, in place.

        Args:
            args: A dtype, the device "cpu", both, or a tensor whose dtype is taken.
            device: "cpu"; or "meta", where parameters and buffers have shapes and no values.
            dtype: A floating dtype.
            non_blocking: Accepted as in PyTorch; it has no meaning here.
            memory_format: Accepted as in PyTorch; it has no meaning here.

        Raises:
            DtypeError: If the dtype is not floating.
            ArgumentError: If the device is another one.
            WithoutValues: If values are asked for that "meta" has not; a NotImplementedError.

        Example:
            >>> from thalweg.torch import nn
            >>> import thalweg.torch as torch
            >>> nn.Linear(2, 1).to(torch.float32).weight.dtype
            torch.float32
        """
        for given in args:
            if isinstance(given, Tensor):
                dtype = given.dtype
            elif _is_dtype(given):
                dtype = given
            elif not isinstance(given, bool):
                device = given
        if str(device) == "meta":
            self.to(dtype=dtype)._apply(without_values)
            return self
        _require_here(device)
        if device is not None and any(map(is_meta, (*self.parameters(), *self.buffers()))):
            raise WithoutValues(
                "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() "
                "instead of torch.nn.Module.to() when moving module from meta to a different "
                "device."
            )
        if dtype is None:
            return self
        wanted = np.dtype(dtype)
        if wanted.kind not in "fc":
            raise DtypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={wanted}. Convert the inputs instead."
            )
        return self._apply(lambda t: astype(t, wanted) if t.dtype.kind in "fc" else t)

    def float(self) -> Self:
        """Convert all floating parameters and buffers to float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Convert all floating parameters and buffers to float64."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Convert all floating parameters and buffers to float16."""
        return self.to(np.float16)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, the integers too, to a dtype."""
        wanted = np.dtype(dtype_of(dst_type))
        return self._apply(lambda t: astype(t, wanted))

    def cpu(self) -> Self:
        """Return the module, which is on the CPU already."""
        return self

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Give all parameters and buffers memory that is not filled, after `.to("meta")` or not.

        Args:
            device: "cpu", or "meta" for none.
            recurse: Whether the modules below are meant too.

        Raises:
            ArgumentError: If the device is another one.

        Example:
            >>> from thalweg.torch import nn
            >>> layer = nn.Linear(2, 1).to("meta")
            >>> layer.weight.device, layer.to_empty(device="cpu").weight.device
            (device(type='meta'), device(type='cpu'))
        """
        if str(device) == "meta":
            return self._apply(without_values, recurse)
        _require_here(device)
        return self._apply(lambda t: make(np.empty(t.shape, t.array.dtype)), recurse)

    def cuda(self, device: Any = None) -> Self:
        """Refuse to move the module to a device that is not there."""
        return self.to("cuda" if device is None else device)

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        for module in self.modules() if recurse else (self,):
            for parameter in module._parameters.values():
                if parameter is not None:
                    convert(parameter, function)
            for name, buffer in module._buffers.items():
                if is_lazy(buffer):
                    convert(buffer, function)
                elif buffer is not None:
                    module._buffers[name] = function(buffer)
        return self

    # ---- printing

    def extra_repr(self) -> str:
        """Return what stands between the parentheses when the module prints; modules define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        members = [(printable(name), repr(member)) for name, member in self._modules.items()]
        return layout(self._get_name(), self.extra_repr(), members)


# Older ways of giving a reduction, which a constructor turns into it.
_OLDER = {"size_average", "reduce"}


class Applied(Module):
    """A module that calls a function of `functional`, some of its own attributes as keywords.

    Its class line names the function, as in `class Tanh(Layer, of=functional.tanh)`, and for
    windows the number of their axes, `rank`. Keywords are what the function and the constructor
    both take, and attributes that the class annotates.
    """

    _function: ClassVar[staticmethod[..., Tensor]]
    _keywords: ClassVar[tuple[str, ...]] = ()
    rank: ClassVar[int]

    def __init_subclass__(
        cls, of: Callable[..., Tensor] | None = None, rank: int | None = None, **more: Any
    ) -> None:
        """Keep which function is applied, and to windows of how many axes, where that is said."""
        super().__init_subclass__(**more)
        if of is not None:
            cls._function = staticmethod(of)
            known = {*signature(cls.__init__).parameters} - _OLDER
            known.update(name for kind in cls.__mro__ for name in get_annotations(kind))
            cls._keywords = tuple(name for name in signature(of).parameters if name in known)
        if rank is not None:
            cls.rank = rank

    def _begin(self, given: Mapping[str, Any]) -> None:
        """Keep the arguments of a constructor, its `locals()`, that are keywords."""
        super().__init__()
        for name in self._keywords:
            if name in given:
                setattr(self, name, given[name])

    def _apply_to(self, *inputs: Any) -> Tensor:
        keywords = {}
        for name in self._keywords:  # a comprehension would cost a call of its own
            keywords[name] = getattr(self, name)
        return self._function(*inputs, **keywords)


class Layer(Applied):
    """A module that applies a function to one tensor."""

    def forward(self, input: Any) -> Tensor:
        """Return the function of the input."""
        return self._apply_to(input)


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def dotted_name(prefix: str, name: str) -> str:
    """Return the dotted name of a member of what has the prefix as its name."""
    return f"{prefix}.{name}" if prefix else name


def _member(module: Module, name: str) -> Any:
    if not hasattr(module, name):
        known = [*module._parameters, *module._buffers, *module._modules]
        raise MemberError(
            f"{type(module).__name__} has no attribute `{name}`; its members are "
            f"{', '.join(known) or 'none'}.{did_you_mean(name, known)}"
        )
    return getattr(module, name)


def layout(name: str, extra: str, members: list[tuple[str, str]]) -> str:
    """Lay out a module: on one line if it has no members and little to say."""
    if not members and "\n" not in extra:
        return f"{name}({extra})"
    labelled = [f"({label}): {text}" for label, text in members]
    lines = "\n".join([extra, *labelled] if extra else labelled).replace("\n", "\n  ")
    return f"{name}(\n  {lines}\n)"


def describe(module: Module, *names: str, **defaults: Any) -> str:
    """Return attributes as a module prints them: some always, others if they are no defaults."""
    unusual = [name for name, default in defaults.items() if getattr(module, name) != default]
    return ", ".join(f"{name}={getattr(module, name)}" for name in (*names, *unusual))


class WithoutValues(ArgumentError, NotImplementedError):
    """What lies on the device "meta" shall be moved to one with memory."""


def _is_dtype(given: Any) -> bool:
    if isinstance(given, str) and given.partition(":")[0] in ("cpu", "cuda", "mps"):
        return False
    try:
        np.dtype(given)
    except TypeError:
        return False
    return given is not None


def _require_here(device: Any) -> None:
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise ArgumentError(
            f'the device {device!r} was asked for; tensors are on the CPU. Give "cpu", or run '
            'the fit with engine="jax" to use another device.'
        )


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, args)` before every module's `forward`.

    What it returns, unless None, replaces the arguments.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> called = []
        >>> register = nn.modules.module.register_module_forward_pre_hook
        >>> with register(lambda module, args: called.append(type(module).__name__)):
        ...     _ = nn.Sequential(nn.Linear(2, 1), nn.ReLU())(torch.ones(2))
        >>> called
        ['Sequential', 'Linear', 'ReLU']
    """
    return register_for_all("forward_pre", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call a function after every module's `forward`.

    Args:
        hook: Called as `hook(module, args, output)`; what it returns, unless None, replaces the
            output. With keywords, `hook(module, args, kwargs, output)`.
        with_kwargs: Whether it is given the keyword arguments.
        always_call: Whether it is called even if the call fails.
    """
    return register_for_all("forward", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_output)` when the derivative of any module's output is known.

    What it returns, unless None, replaces `grad_output`.
    """
    return register_for_all("backward_pre", Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_input, grad_output)` when those of any module's arguments are known.

    What it returns, unless None, replaces `grad_input`.
    """
    return register_for_all("backward", Hook(hook))
