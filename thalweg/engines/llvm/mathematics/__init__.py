"""The functions that kernels compute in vectors."""
