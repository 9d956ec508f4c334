"""Special functions, in float64 throughout."""
