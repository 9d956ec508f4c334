"""What NumPy's own functions mean, called on tensors."""
