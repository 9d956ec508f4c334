"""Elements by their positions: read, written, repeated, put in and taken out."""
