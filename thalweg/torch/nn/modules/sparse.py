"""Embedding: a learned row for each of many indices."""

from __future__ import annotations

from typing import Any, Self

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.functional.linear import padding_row
from thalweg.torch.nn.modules.module import Layer, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = ["Embedding"]


class Embedding(Layer, of=functional.embedding):
    """Return the row of each index.

    Args:
        num_embeddings: The number of rows.
        embedding_dim: The length of a row.
        padding_idx: A row that is zero at first and that no derivative reaches.
        max_norm: Rows that are read and longer are shortened to it.
        norm_type: The order of that norm.
        scale_grad_by_freq: Whether the derivative of a row is divided by how often it is read.
        sparse: Accepted as in PyTorch; derivatives are dense.
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

    weight: Parameter

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
        self._begin(locals())
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            self.padding_idx = padding_row(padding_idx, num_embeddings)
        shape = (num_embeddings, embedding_dim)
        if _weight is not None and tuple(_weight.shape) != shape:
            raise ShapeError(
                f"Shape of weight does not match num_embeddings and embedding_dim: {_weight.shape} "
                f"was given, and {shape} is wanted."
            )
        if _weight is None:
            add_parameters(self, dtype, weight=shape)
        else:
            self.weight = Parameter(_weight)
        self.weight.requires_grad = not _freeze

    def reset_parameters(self) -> None:
        """Draw the rows anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

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
        rows = as_tensor(embeddings)
        if rows.ndim != 2:
            raise ShapeError(
                f"Embeddings parameter is expected to be 2-dimensional, and has shape {rows.shape}."
            )
        return cls(
            rows.shape[0], rows.shape[1], padding_idx, max_norm, norm_type, scale_grad_by_freq,
            sparse, _weight=rows, _freeze=freeze,
        )  # fmt: skip
