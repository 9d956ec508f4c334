"""PyTorch's members of tensors that are no function of the namespace, or one under other words."""

from thalweg.torch.functions.members import activations, elements, storage
