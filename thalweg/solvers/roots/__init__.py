"""Algorithms that find roots and fixed points."""
