"""Steps without a learning rate to choose."""
