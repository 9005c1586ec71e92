"""Nothing that a client sends may log an error or a traceback."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import make_settings
from tests.gateway.hostile import Hostile
from tests.logs import quiet_logs
from tests.running import RunningHub

__all__ = ["quiet_logs"]


@pytest.fixture
async def edge(sqlite_url: str, start_hub: Any) -> RunningHub:
    """A hub for what never reaches the database: its kind does not matter."""
    running: RunningHub = await start_hub(make_settings(sqlite_url))
    return running


@pytest.fixture
def hostile(edge: RunningHub) -> Iterator[Hostile]:
    """Somebody who means that hub no good."""
    somebody = Hostile(edge)
    yield somebody
    somebody.leave()
