"""PyTorch's `torch.utils`: data sets and loaders."""

from thalweg.torch.utils import data
