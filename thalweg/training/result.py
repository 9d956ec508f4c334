"""What a fit returns: its history, its report, and how to go on from it."""

from __future__ import annotations

import html as markup
import os
import typing
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal

import numpy as np

from thalweg import tree
from thalweg.errors import ArgumentError, printable
from thalweg.training.carrying import Carrying
from thalweg.training.plots import data_url, draw_history, spans_decades
from thalweg.training.record import History, Record, Trees, write_record

Array = np.ndarray[Any, Any]

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from thalweg.inference import Inference

    Params = TypeVar("Params", default=Any)
else:
    Params = typing.TypeVar("Params")

_BARS = "▁▂▃▄▅▆▇█"

_MOST_LEAVES = 8


def text(fit: Fit) -> str:
    """Return what prints for a fit."""
    return "\n".join([_title(fit), *(f"  {name:<11} {value}" for name, value in _rows(fit))])


def html(fit: Fit) -> str:
    """Return what a notebook shows for a fit."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{markup.escape(name)}</th>"
        f"<td style='text-align:left'>{markup.escape(value)}</td></tr>"
        for name, value in _rows(fit)
    )
    table = f"<table><caption>{markup.escape(_title(fit))}</caption>{rows}</table>"
    if len(fit.record.losses) < 2:
        return table
    picture = data_url(fit.plot().figure)
    return f'{table}<img alt="losses against epochs" src="{picture}">'


def _title(fit: Fit) -> str:
    record = fit.record
    layout = record.layout
    parts = [record.loss]
    if layout.batch_size:
        parts.append(f"batch {layout.batch_size:,} of {layout.rows:,}")
        parts.append(f"{_count(fit.epochs, 'epoch')} ({_count(fit.steps, 'step')})")
    else:
        parts.append(_count(fit.steps, "step"))
    if not fit.finished:
        parts.append("interrupted")
    return printable(f"thalweg fit: {', '.join(parts)}")


def _rows(fit: Fit) -> list[tuple[str, str]]:
    losses = fit.record.losses
    rows = [("optimizer", str(fit.record.optimizer))]
    if len(losses):
        rows.append(("loss", f"{losses[-1]:.6g}  (first {losses[0]:.6g})  {sparkline(losses)}"))
    validation = fit.record.validation
    if len(validation) and not np.isnan(validation).all():
        best = int(np.nanargmin(validation))
        rows.append((
            "validation",
            f"{validation[-1]:.6g}  (best {validation[best]:.6g} at step "
            f"{int(fit.record.validation_step[best]):,})  {sparkline(validation)}",
        ))  # fmt: skip
    rows.append((
        "time",
        f"{fit.seconds:.3g} s  ({fit.us_per_step:.3g} µs/step, compile "
        f"{fit.compile_seconds:.3g} s, engine {fit.engine})",
    ))  # fmt: skip
    shares = [f"{what}: {share:.0%} of the steps' time" for what, share in fit.called.items()]
    if shares:
        rows.append(("in NumPy", ", ".join(shares)))
    params = fit.params
    leaves = tree.leaves(params)
    for path, leaf in list(zip(tree.paths(params), leaves, strict=True))[:_MOST_LEAVES]:
        rows.append((f"params{path}", _summary(leaf)))
    if len(leaves) > _MOST_LEAVES:
        rows.append(("", f"and {len(leaves) - _MOST_LEAVES} more"))
    return [(printable(name), printable(value)) for name, value in rows]


def _summary(leaf: Any) -> str:
    array = np.asarray(leaf)
    if array.ndim == 0:
        return f"{float(array):.6g}"
    values = " ".join(f"{value:.5g}" for value in array.reshape(-1)[:6])
    more = " …" if array.size > 6 else ""
    return f"{array.dtype.name}{list(array.shape)}  {values}{more}"


def sparkline(values: Any, width: int = 24) -> str:
    """Draw a series as a line of bars, its logarithm where it falls by decades.

    Example:
        >>> sparkline(np.arange(8.0))
        '▁▂▃▄▅▆▇█'
    """
    series = np.asarray(values, float)
    if len(series) > width:
        series = np.array([part.mean() for part in np.array_split(series, width)])
    series = series[np.isfinite(series)]
    if len(series) < 2 or series.min() == series.max():
        return ""
    if spans_decades(series):
        series = np.log(series)
    places = (series - series.min()) / (series.max() - series.min()) * (len(_BARS) - 1)
    return "".join(_BARS[round(place)] for place in places.tolist())


def _count(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{number} {unit}{'' if value == 1 else 's'}"


class Fit(Generic[Params]):
    """A finished or interrupted run: parameters, history, and all that continuing it needs.

    Attributes:
        record: The arrays and facts behind it, as leaves; what a file of it holds.
        trees: The trees around these leaves.
        origin: The loss and the data that it is a fit of; None for one that was read from a file.
    """

    def __init__(
        self, record: Record, trees: Trees, origin: tuple[Callable[..., Any], Any] | None = None
    ) -> None:
        self.record = record
        self.trees = trees
        self.origin = origin

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: neither the loss, which may have no name, nor the data."""
        return {**vars(self), "origin": None}

    @cached_property
    def params(self) -> Params:
        """The parameters after the last step, in the caller's tree and kinds of arrays."""
        found: Params = self.trees.params_of(self.record.params)
        return found

    @cached_property
    def best_params(self) -> Params:
        """The parameters of the least validation loss; without validation, the last ones."""
        found: Params = self.trees.params_of(self.record.best or self.record.params)
        return found

    @cached_property
    def opt_state(self) -> Any:
        """The state of the optimizer after the last step, as its `init` makes it."""
        return self.trees.state_of(self.record.state)

    @cached_property
    def history(self) -> History:
        """The loss of every step and of every evaluation."""
        record = self.record
        per_epoch = record.layout.steps_per_epoch
        return History(record.losses, record.validation, record.validation_step, per_epoch)

    @property
    def steps(self) -> int:
        """How many steps were made, counting those before a resume."""
        return self.record.step

    @property
    def epochs(self) -> float:
        """How many epochs were made, counting those before a resume."""
        return self.record.step / self.record.layout.steps_per_epoch

    @property
    def seconds(self) -> float:
        """The time the call of `fit` took after compiling, from its first step to its last."""
        return self.record.seconds

    @property
    def us_per_step(self) -> float:
        """The time of one step in microseconds: those spent in steps alone."""
        made = self.record.step - self.record.began
        return self.record.running / made * 1e6 if made else 0.0

    @property
    def called(self) -> dict[str, float]:
        """The share of the steps' time that calls from the native loop into NumPy took.

        It is told by what was called: what the native engine cannot compute, and functions given
        to `pure_callback`. Empty if all was native.
        """
        running = self.record.running
        return {
            what: min(1.0, seconds / running) if running else 0.0
            for what, seconds in self.record.called.items()
        }

    @property
    def compile_seconds(self) -> float:
        """The time it took to trace and compile; 0 if both were found ready."""
        return self.record.compiling

    @property
    def engine(self) -> str:
        """The name of the engine that ran it."""
        return self.record.engine

    @property
    def finished(self) -> bool:
        """Whether it made all its steps or stopped early; otherwise it was interrupted."""
        return self.record.finished

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit to a file that `tw.load` reads and `resume` continues.

        Args:
            path: The file, by custom named *.safetensors. It is replaced whole or not at all.

        Raises:
            CheckpointError: If it cannot be written.
        """
        write_record(path, self.record, self.trees)

    def inference(
        self,
        loss: Callable[..., Any] | None = None,
        data: Any = None,
        *,
        loss_is: Literal["likelihood", "squares"] | None = None,
        covariance: str | None = None,
        clusters: Any = None,
        level: float = 0.95,
    ) -> Inference:
        """Return what the rows tell of the parameters: standard errors, intervals, tests.

        It is of the optimum that Newton's steps lead to from `params`; how far these were from it
        is told in standard errors, beside the statistical error.

        Args:
            loss: That of the fit, by default. It is called with one row at a time too; of what is
                no mean or sum over rows, give one that returns one loss a row.
            data: Those of the fit, by default, as they are now.
            loss_is: "likelihood", if the loss is minus the logarithm of one; "squares", if it is
                squared residuals: then classical standard errors are there too.
            covariance: "classical", "HC0", "HC1", "HC2", "HC3" or "clustered"; as for
                `tw.inference.m_estimation`.
            clusters: A label a row, for clustered ones.
            level: Of intervals.

        Raises:
            ArgumentError: If loss or data are not known, or rows of the loss do not add up.

        Example:
            >>> import thalweg as tw
            >>> x, y = np.arange(6.0), np.array([1.2, 2.9, 5.1, 7.0, 9.2, 10.8])
            >>> line = lambda b, x, y: np.mean((y - b[0] - b[1] * x) ** 2)
            >>> fit = tw.fit(line, np.zeros(2), (x, y), optimizer=tw.optim.adam(0.1), steps=100)
            >>> fit.inference(loss_is="squares").std_errors.round(4)
            array([0.1215, 0.0401])
        """
        from thalweg.inference import m_estimation  # which a fit alone need not wait for

        own = self.origin or (None, None)
        loss, data = loss or own[0], own[1] if data is None else data
        if loss is None or isinstance(loss, Carrying):
            what = "was read from a file" if self.origin is None else "is of a module"
            raise ArgumentError(
                f"This fit {what}, so that its loss as a function of (params, *data) is not known. "
                "Give inference(loss, data)."
            )
        return m_estimation(
            loss, self.params, data, loss_is=loss_is, covariance=covariance, clusters=clusters,
            level=level,
        )  # fmt: skip

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses against epochs, with the validation loss where there is one.

        Args:
            ax: Matplotlib axes to draw on; by default new ones. Nothing is shown.

        Returns:
            The axes.
        """
        return draw_history(self.history, ax)

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)
