"""How good a model is: which rows it is judged on, by what, and what its features are worth."""
