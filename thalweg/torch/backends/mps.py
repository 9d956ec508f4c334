"""Apple's GPUs: not in use here."""


def is_available() -> bool:
    """Tell that it is not in use."""
    return False


def is_built() -> bool:
    """Tell that nothing was built for it."""
    return False
