"""Distributions of numbers on a line or a part of it."""
