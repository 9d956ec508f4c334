"""A bar of progress in a notebook, which IPython shows and replaces in place."""

from __future__ import annotations

import html
import sys
from typing import Any


def in_notebook() -> bool:
    """Tell whether a notebook's kernel runs this: a shell whose output is more than text."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


class Bar:
    """A bar with a line of text, shown in the cell that runs.

    Example:
        >>> Bar().html("epoch 1 <of 2>", 0.5)
        '<progress value="0.5000" max="1" style="width:20em"></progress> epoch 1 &lt;of 2&gt;'
    """

    def __init__(self) -> None:
        self._shown: Any = None

    def html(self, text: str, share: float) -> str:
        """Return the bar as it is shown."""
        return (
            f'<progress value="{share:.4f}" max="1" style="width:20em"></progress> '
            f"{html.escape(text)}"
        )

    def show(self, text: str, share: float) -> None:
        """Show it, or replace what is shown.

        Args:
            text: The line beside it.
            share: What part is done, from 0 to 1.
        """
        display = sys.modules["IPython"].display
        content = display.HTML(self.html(text, share))
        if self._shown is None:
            self._shown = display.display(content, display_id=True)
        else:
            self._shown.update(content)
