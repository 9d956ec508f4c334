"""What a module's parameters and buffers are as a dictionary, and how they are read back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, StateError, printable
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.hooks import Hooked
from thalweg.torch.nn.parameter import Parameter, copy_into

_EXTRA = "_extra_state"


class _IncompatibleKeys(NamedTuple):
    """The names by which a dictionary and a module differ."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        missing, unexpected = self
        return f"_IncompatibleKeys(missing_keys={missing}, unexpected_keys={unexpected})"


class WithState(Hooked):
    """Parameters, buffers and modules whose values can be taken out and put back."""

    _version: int = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _transient: set[str]

    def get_extra_state(self) -> Any:
        """Return what belongs to the state beside tensors; a module may define it."""
        raise NotImplementedError("get_extra_state is not defined; define it and set_extra_state.")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned; a module may define it."""
        raise NotImplementedError("set_extra_state is not defined; define it and get_extra_state.")

    # ---- taking out

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Return all parameters and persistent buffers by their dotted names.

        Args:
            destination: A dictionary to add them to; by default a new one.
            prefix: What the names begin with.
            keep_vars: Whether the parameters themselves are returned, not detached tensors on
                their memory.

        Returns:
            An ordered dictionary; its attribute `_metadata` has the modules' versions.

        Example:
            >>> from thalweg.torch import nn
            >>> list(nn.Linear(3, 2).state_dict())
            ['weight', 'bias']
        """
        if destination is None:
            # A plain ordered dictionary, which is a tree, with the versions as an attribute.
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._hooks_of("state_dict_pre").values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._hooks_of("state_dict_post").values():
            if hook(self, destination, prefix, metadata) is not None:
                raise StateError(
                    "A state_dict post-hook must return None, and one returned something else. "
                    "Change the dictionary in place."
                )
        return destination  # type: ignore[no-any-return]

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, member in self._state_members().items():
            destination[prefix + name] = member if keep_vars else self._detached(member)
        if type(self).get_extra_state is not WithState.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def _detached(self, member: Tensor) -> Tensor:
        """Return a member's value as it is taken out."""
        return member.detach()

    def _state_members(self) -> dict[str, Tensor]:
        buffers = {k: v for k, v in self._buffers.items() if k not in self._transient}
        return {k: v for k, v in {**self._parameters, **buffers}.items() if v is not None}

    # ---- putting back

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy values into the parameters and buffers, by their dotted names.

        Args:
            state_dict: Tensors or arrays by name, as `state_dict` returns them; PyTorch's too.
            strict: Whether all names must match.
            assign: Whether the given tensors become the parameters, instead of being copied.

        Returns:
            The missing and the unexpected names.

        Raises:
            CallError: If it is no mapping.
            StateError: If shapes differ, or names differ and `strict` is given.
        """
        if not isinstance(state_dict, Mapping):
            raise CallError(
                f"Expected state_dict to be dict-like, got {type(state_dict)}. Give what "
                "state_dict() returned."
            )
        metadata = getattr(state_dict, "_metadata", {})
        keys = _IncompatibleKeys([], [])
        messages: list[str] = []

        def load(module: WithState, entries: dict[str, Any], prefix: str) -> None:
            local = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(entries, prefix, local, True, *keys, messages)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    theirs = ((k, v) for k, v in entries.items() if k.startswith(below))
                    load(child, OrderedDict(theirs), below)
            module._after_loading(keys)

        load(self, OrderedDict(state_dict), "")
        if strict:
            messages = _differences(keys) + messages
        if messages:
            lines = "\n\t".join(messages)
            raise StateError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}"
            )
        return keys

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Copy this module's own entries; a module with older versions of them may extend it."""
        for hook in self._hooks_of("load_pre").values():
            hook(
                self, state_dict, prefix, local_metadata, strict,
                missing_keys, unexpected_keys, error_msgs,
            )  # fmt: skip
        members = self._state_members()
        assign = bool(local_metadata.get("assign_to_params_buffers", False))
        for name, member in members.items():
            key = prefix + name
            if key in state_dict:
                message = self._take(name, member, key, state_dict[key], assign)
                error_msgs += [message] if message else []
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA
        takes_extra = type(self).set_extra_state is not WithState.set_extra_state
        if takes_extra and extra in state_dict:
            self.set_extra_state(state_dict[extra])
        elif takes_extra and strict:
            missing_keys.append(extra)
        if strict:
            known = {*members, *([_EXTRA] if takes_extra else [])}
            for key in (key for key in state_dict if key.startswith(prefix)):
                name, dot, _ = key[len(prefix) :].partition(".")
                if name not in (self._modules if dot else known):
                    unexpected_keys.append(key)

    def _after_loading(self, keys: _IncompatibleKeys) -> None:
        for hook in self._hooks_of("load_post").values():
            if hook(self, keys) is not None:
                raise ArgumentError(
                    "A load_state_dict post-hook must return None, and one returned something "
                    "else. Change missing_keys and unexpected_keys in place."
                )

    def _take(self, name: str, member: Tensor, key: str, value: Any, assign: bool) -> str:
        """Give a member its loaded value; return what is wrong with it, if anything."""
        if not isinstance(value, Tensor | np.ndarray) and not hasattr(value, "__dlpack__"):
            return (
                f'While copying the parameter named "{printable(key)}", expected thalweg.Tensor or '
                f"Tensor-like object from checkpoint but received {type(value)}"
            )
        loaded = value if isinstance(value, Tensor) else as_tensor(np.asarray(value))
        if not member.shape and len(loaded.shape) == 1 and loaded.size == 1:
            loaded = loaded.reshape(())
        if loaded.shape != member.shape:
            return (
                f"size mismatch for {printable(key)}: copying a param with shape {loaded.shape!r} "
                f"from checkpoint, the shape in current model is {member.shape!r}."
            )
        if not assign:
            copy_into(member, loaded)
            return ""
        if isinstance(member, Parameter):
            wanted = member.requires_grad
            loaded = loaded if isinstance(loaded, Parameter) else Parameter(loaded, wanted)
            loaded.requires_grad = wanted
        setattr(self, name, loaded)
        return ""


def _differences(keys: _IncompatibleKeys) -> list[str]:
    kinds = (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys))
    quoted = [(what, ", ".join(f'"{printable(name)}"' for name in names)) for what, names in kinds]
    return [f"{what} key(s) in state_dict: {names}. " for what, names in quoted if names]
