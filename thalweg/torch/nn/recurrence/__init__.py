"""Recurrent networks: their cells, passes along time, and layers of these."""
