"""What changes with what: derivatives, batching, and the stateful habit over the same tape."""
