"""Matrices taken apart by PyTorch's names."""

from thalweg.torch.functions.matrices import householder, ldl, lengths, lowrank, lu, older
