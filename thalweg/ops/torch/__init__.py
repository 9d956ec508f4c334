"""What PyTorch's names mean, called on tensors."""
