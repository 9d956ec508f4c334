"""Parameters by name: patterns of names, rules for them, states saved by them."""
