"""Tests that take `engine` run on every engine that is registered: registering one tests it."""

from __future__ import annotations

from typing import Any

import pytest

from thalweg.engines import registry


@pytest.fixture(params=list(registry.ENGINES))
def engine(request: Any) -> Any:
    return registry.engine(request.param)
