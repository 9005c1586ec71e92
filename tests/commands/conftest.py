"""Runs the `hub` command in an empty folder, with nothing of the developer's own settings."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import SECRET

LONGEST = 30


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Awaitable[Done]]


@pytest.fixture
def run_hub(tmp_path: Path) -> Run:
    """`await run_hub("config", "check", HUB_ENV="production")`"""

    async def run(*arguments: str, **variables: str) -> Done:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env={**kept, "HUB_JWT_SECRET": SECRET, "COLUMNS": "200", **variables},
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), LONGEST)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    return run
