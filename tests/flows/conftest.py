"""Nothing that these tests do may log an error or a traceback."""

from typing import Any

import pytest

from tests.conftest import make_settings
from tests.logs import quiet_logs
from tests.running import RunningHub

__all__ = ["quiet_logs"]


@pytest.fixture
async def live_hub(sqlite_url: str, start_hub: Any) -> RunningHub:
    """A hub for what lives in memory alone: the kind of database does not matter."""
    running: RunningHub = await start_hub(make_settings(sqlite_url))
    return running
