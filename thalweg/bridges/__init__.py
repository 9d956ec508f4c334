"""Other libraries' conventions: their objects made of thalweg's, and thalweg's of theirs."""
