"""The command line: `thalweg fit`, `thalweg predict`, `thalweg demo`."""

from thalweg.cli.command import main

__all__ = ["main"]
