"""Distributions of whole numbers and categories."""
