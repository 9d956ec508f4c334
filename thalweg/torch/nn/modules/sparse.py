"""Embeddings: a learned row for each of many indices, and what bags of them give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.functional.embedding import embedding_bag, padding_row
from thalweg.torch.nn.modules.module import Layer, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Layer):
    """A layer with a row for each index."""

    weight: Parameter
    padding_idx: int | None
    num_embeddings: int
    embedding_dim: int

    def _begin_table(self, given: Mapping[str, Any]) -> None:
        """Keep the arguments of a constructor, and make the rows or take those given."""
        self._begin(given)
        rows, features = given["num_embeddings"], given["embedding_dim"]
        self.num_embeddings, self.embedding_dim = rows, features
        if self.padding_idx is not None:
            self.padding_idx = padding_row(self.padding_idx, rows)
        shape, weight = (rows, features), given["_weight"]
        if weight is not None and tuple(weight.shape) != shape:
            raise ShapeError(
                f"Shape of weight does not match num_embeddings and embedding_dim: {weight.shape} "
                f"was given, and {shape} is wanted."
            )
        if weight is None:
            add_parameters(self, given["dtype"], weight=shape)
        else:
            self.weight = Parameter(weight)

    def reset_parameters(self) -> None:
        """Draw the rows anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0


def _rows_of(embeddings: Any) -> Tensor:
    rows = as_tensor(embeddings)
    if rows.ndim != 2:
        raise ShapeError(
            f"Embeddings parameter is expected to be 2-dimensional, and has shape {rows.shape}."
        )
    return rows


class Embedding(_Table, of=functional.embedding):
    """Return the row of each index.

    Args:
        num_embeddings: The number of rows.
        embedding_dim: The length of a row.
        padding_idx: A row that is zero at first and that no derivative reaches.
        max_norm: Rows that are read and longer are shortened to it.
        norm_type: The order of that norm.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        sparse: Whether the derivative by the rows is sparse, as for `functional.embedding`.
        _weight: The rows, if they are not to be drawn.
        _freeze: Whether the rows are not to be trained.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The rows' dtype; by default the default dtype.

    Raises:
        ArgumentError: If `padding_idx` is no row.
        ShapeError: If the rows given are of another shape.

    Attributes:
        weight: The rows, of shape (num_embeddings, embedding_dim), standard normal at first.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.Embedding(10, 3, padding_idx=0)
        >>> layer
        Embedding(10, 3, padding_idx=0)
        >>> layer(torch.tensor([[0, 1], [2, 0]])).shape == (2, 2, 3)
        True
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._begin_table(locals())
        self.weight.requires_grad = not _freeze

    def extra_repr(self) -> str:
        """Return the arguments that are not the defaults."""
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        flags: dict[str, Any] = {"scale_grad_by_freq": False, "sparse": False}
        options = describe(self, padding_idx=None, max_norm=None, norm_type=2.0, **flags)
        return f"{sizes}, {options}" if options else sizes

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Return a layer with given rows, which are not trained unless `freeze` is false."""
        rows = _rows_of(embeddings)
        return cls(
            rows.shape[0], rows.shape[1], padding_idx, max_norm, norm_type, scale_grad_by_freq,
            sparse, _weight=rows, _freeze=freeze,
        )  # fmt: skip


class EmbeddingBag(_Table, of=embedding_bag):
    """Return the sum, the mean or the largest elements of the rows of each bag of indices.

    Args:
        num_embeddings: The number of rows.
        embedding_dim: The length of a row.
        max_norm: Rows that are read and longer are shortened to it.
        norm_type: The order of that norm.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        mode: "sum", "mean" or "max".
        sparse: Whether the derivative by the rows is sparse, as for `functional.embedding`.
        _weight: The rows, if they are not to be drawn.
        include_last_offset: Whether the last of the offsets is where the last bag ends.
        padding_idx: A row that does not count, and that no derivative reaches.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The rows' dtype; by default the default dtype.

    Raises:
        ArgumentError: If `padding_idx` is no row.
        ShapeError: If the rows given are of another shape.

    Attributes:
        weight: The rows, of shape (num_embeddings, embedding_dim), standard normal at first.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.EmbeddingBag(10, 3, mode="sum")
        >>> layer
        EmbeddingBag(10, 3, mode='sum')
        >>> layer(torch.tensor([1, 2, 4, 5]), torch.tensor([0, 3])).shape == (2, 3)
        True
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._begin_table(locals())

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """Return a row for each bag.

        Args:
            input: Indices: one bag a row, or all bags one after another.
            offsets: Where each bag begins, if they are one after another.
            per_sample_weights: A factor of each index's row, for sums.
        """
        return self._function(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
            self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the arguments that are not the defaults, and the mode."""
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        unusual = describe(self, max_norm=None, norm_type=2.0, scale_grad_by_freq=False)
        last = describe(self, padding_idx=None)
        return ", ".join(filter(None, (sizes, unusual, f"mode={self.mode!r}", last)))

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Return a layer with given rows, which are not trained unless `freeze` is false."""
        rows = _rows_of(embeddings)
        layer = cls(
            rows.shape[0], rows.shape[1], max_norm, norm_type, scale_grad_by_freq, mode, sparse,
            _weight=rows, include_last_offset=include_last_offset, padding_idx=padding_idx,
        )  # fmt: skip
        layer.weight.requires_grad = not freeze
        return layer
