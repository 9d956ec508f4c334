"""Layers of images, signals and volumes."""
