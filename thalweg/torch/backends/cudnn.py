"""PyTorch's convolutions on GPUs: not in use here."""


def is_available() -> bool:
    """Tell that it is not in use."""
    return False


def version() -> None:
    """Return its release: None."""


# Scripts set these; nothing reads them, and results are the same each time.
enabled, benchmark, deterministic, allow_tf32 = True, False, False, True
