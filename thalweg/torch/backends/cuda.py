"""NVIDIA's GPUs: not in use here."""

from types import SimpleNamespace


def is_available() -> bool:
    """Tell that it is not in use."""
    return False


def is_built() -> bool:
    """Tell that nothing was built for it."""
    return False


# Scripts set this; nothing reads it: products of float32 are computed in float32.
matmul = SimpleNamespace(allow_tf32=False)
