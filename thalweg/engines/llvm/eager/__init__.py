"""Machine code that eager calls run: loops that NumPy calls as universal functions of its own."""
