"""JAX's functions for each primitive: how its arrays, traced ones too, are computed with."""
