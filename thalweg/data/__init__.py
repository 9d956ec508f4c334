"""Data: reading files and frames into columns, and columns into arrays."""
