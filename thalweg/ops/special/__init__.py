"""Special functions: the error function, gamma and beta functions, Bessel functions and more."""
