"""Steps along the gradient itself, its running sum or its signs."""
