"""Says what a run is doing and how long it still takes, on stderr, so that stdout holds the results alone."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BEAT_SECONDS = 5.0


class Progress:
    """Counts down a run that was planned to take `planned` seconds."""

    def __init__(self, planned: float) -> None:
        self._ends = time.monotonic() + planned

    def say(self, text: str) -> None:
        """One line, with the time that is left of the whole run."""
        left = max(0.0, self._ends - time.monotonic())
        print(f"  [{left:3.0f} s left] {text}", file=sys.stderr, flush=True)

    @asynccontextmanager
    async def phase(self, name: str, seconds: float) -> AsyncIterator[None]:
        """Announces a phase of about `seconds`, and repeats how long it still takes."""
        self.say(f"{name}, {seconds:g} s")
        beat = asyncio.create_task(self._beat(name, time.monotonic() + seconds))
        try:
            yield
        finally:
            beat.cancel()

    async def _beat(self, name: str, ends: float) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            left = ends - time.monotonic()
            if left > 1:
                self.say(f"{name}, {left:.0f} s of it left")
