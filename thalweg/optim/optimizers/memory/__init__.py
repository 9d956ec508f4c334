"""Adaptive steps that keep less than a number a parameter: factored or covered averages."""
