"""PyTorch's functions for each primitive: how its tensors are computed with."""
