"""Control flow that depends on values: loops and branches as parts of a program."""
