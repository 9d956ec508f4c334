"""What a run is told to have wrong, when it stops or before it starts."""
