"""Other libraries' conventions around thalweg's optimizers."""
