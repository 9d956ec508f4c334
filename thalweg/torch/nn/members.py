"""The members of a module: what is assigned to it, and under which names it is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, MemberError
from thalweg.torch.nn.parameter import Buffer, Parameter

if TYPE_CHECKING:
    from thalweg.torch.nn.modules.module import Module


_KINDS = ("_parameters", "_buffers", "_modules")


class Members:
    """An object that keeps parameters, buffers and modules apart from its other attributes."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={}, _transient=set()
        )

    # ---- attributes

    def __getattr__(self, name: str) -> Any:
        attributes = self.__dict__
        for kind in _KINDS:
            members = attributes.get(kind)
            if members is not None and name in members:
                return members[name]
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            self._require_initialised("parameters")
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Members):
            self._require_initialised("module")
            self._forget(name, "_modules")
            self.register_module(name, value)  # type: ignore[arg-type]
        elif isinstance(value, Buffer):
            self._require_initialised("buffer")
            self._forget(name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif any(name in attributes.get(kind, ()) for kind in _KINDS):
            self._reassign(name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kind in _KINDS:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        members = (name for kind in _KINDS for name in self.__dict__.get(kind, ()))
        return sorted({*super().__dir__(), *(name for name in members if name.isidentifier())})

    def _forget(self, name: str, kept: str) -> None:
        """Remove a name, unless it is of the kind it will have again: it keeps its place there."""
        self.__dict__.pop(name, None)
        for kind in _KINDS:
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
            return

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
                "(thalweg Tensor or None required). Convert it with tw.tensor."
            )
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module under a name; None for one that the module could have but has not.

        Raises:
            CallError: If it is no Module, or the name is no string.
            MemberError: If the name is empty, has a dot or belongs to something else.
        """
        if module is not None and not isinstance(module, Members):
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


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
