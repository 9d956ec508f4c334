"""PyTorch's `torch.sparse`: matrices of which the elements that are not 0 are stored.

A sparse tensor is no `torch.Tensor` here: it multiplies and adds, and `to_dense()` leads back.
"""

from thalweg.torch.sparse.functions import *
from thalweg.torch.sparse.layouts import SparseCoordinates, SparseRows, sparse_coo, sparse_csr
