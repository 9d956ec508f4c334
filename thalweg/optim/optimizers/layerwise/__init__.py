"""Steps in proportion to the norm of each layer."""
