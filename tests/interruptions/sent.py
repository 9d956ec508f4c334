"""Ctrl-C sent to this very process."""

from __future__ import annotations

import os
import signal
import threading


def interrupt_after(seconds: float) -> threading.Timer:
    """Send SIGINT to this process after some seconds; return what waits until then."""
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer
