"""Matrices taken apart by PyTorch's names."""
