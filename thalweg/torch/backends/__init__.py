"""What computes beneath PyTorch, for scripts that ask: none of it is in use here.

>>> import thalweg.torch as torch
>>> torch.backends.cudnn.deterministic = False
>>> torch.backends.mps.is_available()
False
"""

from thalweg.torch.backends import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
