"""Machine code for eager calls, as functions of NumPy arrays that load the compiler when asked."""
