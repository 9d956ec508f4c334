"""Exit statuses of the program."""

DONE = 0
# A demonstration that disagrees, or an error in thalweg itself.
FAILED = 1
MISTAKEN = 2
DIVERGED = 3
INTERRUPTED = 130
