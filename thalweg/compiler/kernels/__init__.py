"""From a program to kernels and buffers: what is computed together, and where its values lie."""
