"""The line searches by name."""

from __future__ import annotations

from thalweg.solvers.linesearches.line import LineSearch
from thalweg.solvers.linesearches.more_thuente import more_thuente

SEARCHES: dict[str, LineSearch] = {"more-thuente": more_thuente}
