"""What a computation is: specs, tensors and their tape, primitives, programs."""
