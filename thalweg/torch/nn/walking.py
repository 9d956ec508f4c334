"""Walking through a module: everything in it by name, and what is found under a dotted name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, MemberError, did_you_mean
from thalweg.torch.nn.members import Members
from thalweg.torch.nn.parameter import Parameter

if TYPE_CHECKING:
    from thalweg.torch.nn.modules.module import Module


Member = TypeVar("Member")


class Walking(Members):
    """Members that can be listed with all that is in them."""

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
        yield prefix, cast("Module", self)
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, _joined(prefix, name), remove_duplicate)

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
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield all parameters; without `recurse` those of this module alone."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield all buffers; without `recurse` those of this module alone."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def children(self) -> Iterator[Module]:
        """Yield the modules that are members of this one, each once."""
        for _, child in self.named_children():
            yield child

    def _named(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, cast("Module", self))]
        )
        for path, module in modules:
            for name, member in getattr(module, kind).items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield _joined(path, name), member

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
        fn(cast("Module", self))
        return self

    # ---- one member, by its dotted name

    def get_submodule(self, target: str) -> Module:
        """Return the module under a dotted name; the empty name is this module's own.

        Raises:
            MemberError: If there is nothing of that name, or something else.
        """
        found = cast("Module", self)
        for name in target.split(".") if target else ():
            member = _member(found, name)
            if not isinstance(member, Walking):
                raise MemberError(
                    f"`{name}` is not an nn.Module but a {type(member).__name__}. Ask for "
                    "parameters with get_parameter, for buffers with get_buffer."
                )
            found = cast("Module", member)
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
        found = _member(module, name)
        if name not in module._buffers:
            raise MemberError(
                f"`{name}` is not a buffer but a {type(found).__name__}. Ask for parameters with "
                "get_parameter, for modules with get_submodule."
            )
        return cast("Tensor", found)

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
        if not isinstance(module, Walking):
            raise ArgumentError(
                f"`module` is not an nn.Module, found {type(module)}. Put the function into the "
                "forward of one."
            )
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or hasattr(parent, name):
            parent.get_submodule(name)
        setattr(parent, name, module)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _member(module: Walking, name: str) -> Any:
    if not hasattr(module, name):
        known = [*module._parameters, *module._buffers, *module._modules]
        raise MemberError(
            f"{type(module).__name__} has no attribute `{name}`; its members are "
            f"{', '.join(known) or 'none'}.{did_you_mean(name, known)}"
        )
    return getattr(module, name)
