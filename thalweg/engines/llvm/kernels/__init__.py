"""How each kind of kernel is written."""
