"""Whether operations are recorded: no_grad, enable_grad, and the search for anomalies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar, Self

from thalweg.core.program import tracing
from thalweg.core.tape import recording, set_recording


class _Mode(set_recording):
    """A setting that is a `with` block, a decorator, and a bare decorator."""

    __slots__ = ()

    records: ClassVar[bool]

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """Return the block; or, used as a bare decorator, the decorated function."""
        block = super().__new__(cls)
        if function is None:
            return block
        cls.__init__(block)
        return block(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(self.records)

    def __enter__(self) -> None:
        super().__enter__()
        tracing.cuts = not self.records

    def _again(self) -> set_recording:
        return type(self)()


class no_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Record nothing on the tape inside a `with` block or a decorated function, in this thread.

    `grad`, `vjp` and the like still differentiate a function that is called inside.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor([1.0, 2.0], requires_grad=True)
        >>> with tw.no_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        False
    """

    records = False


class enable_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Record on the tape again, inside `no_grad`; a `with` block or a decorator.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor([1.0, 2.0], requires_grad=True)
        >>> with tw.no_grad(), tw.enable_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        True
    """

    records = True


class _Unchanged(contextlib.nullcontext[None], contextlib.ContextDecorator):
    """A `with` block or decorator that changes nothing."""


class inference_mode(_Mode):  # noqa: N801 - PyTorch's name
    """Record nothing, as `no_grad` does; with False, leave as it is whether operations are."""

    records = False

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        """Return the block; or, used as a bare decorator, the decorated function."""
        if callable(mode):
            return super().__new__(cls, mode)
        return super().__new__(cls) if mode else _Unchanged()

    def __init__(self, mode: bool | Callable[..., Any] = True) -> None:
        super().__init__()


class set_grad_enabled(set_recording):  # noqa: N801 - PyTorch's name
    """Switch recording on or off: at once as a call, until its end as a `with` block."""

    def __init__(self, mode: bool) -> None:
        super().__init__(mode)
        self._before.append((recording.enabled, tracing.cuts))
        self.__enter__()

    def __enter__(self) -> None:
        recording.enabled, tracing.cuts = self._enabled, not self._enabled

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function, which alone is run with this setting."""
        self.__exit__()
        return (enable_grad if self._enabled else no_grad)()(function)


def is_grad_enabled() -> bool:
    """Tell whether operations are recorded on the tape in this thread."""
    return recording.enabled


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """Find the operation whose derivative is NaN: its line is named when `backward()` meets it.

    It costs time: every recorded operation looks up the line of code that made it.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._wanted, self._before = check_nan, recording.anomalies

    def __enter__(self) -> Self:
        self._before, recording.anomalies = recording.anomalies, self._wanted
        return self

    def __exit__(self, *exception: object) -> None:
        recording.anomalies = self._before


class set_detect_anomaly(detect_anomaly):  # noqa: N801 - PyTorch's name
    """Switch the search for anomalies on or off: at once, or until the end of a `with` block."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(mode and check_nan)
        recording.anomalies = self._wanted

    def __enter__(self) -> Self:
        return self


def is_anomaly_enabled() -> bool:
    """Tell whether `backward()` looks for NaN in this thread."""
    return recording.anomalies
