"""What is looked at before a run, and refused."""
