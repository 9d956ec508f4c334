"""Machine code: made, kept, and run."""
