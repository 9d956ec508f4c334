"""Windows that slide along axes: convolution, pooling, signals, and Fourier transforms."""
