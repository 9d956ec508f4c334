"""From a program to a better one, and from there to kernels and buffers."""
