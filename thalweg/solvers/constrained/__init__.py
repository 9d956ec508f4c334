"""Minima among constraints."""
