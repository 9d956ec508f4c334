"""What programs with loops and branches are made of."""
