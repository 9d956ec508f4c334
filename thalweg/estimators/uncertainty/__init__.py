"""What training rows tell of a linear model: of its coefficients, and of its predictions."""
