"""Who runs a program: the NumPy reference, the native engine, and other libraries' engines."""
