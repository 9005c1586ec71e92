"""A process that holds people online until it is killed: `python -m tests.cluster.presence_process URL COUNT`."""

import asyncio
import sys

from tests.cluster.nodes import presence_node


async def main(url: str, people: int) -> None:
    async with presence_node(url) as presence:
        for n in range(people):
            await presence.arrived(f"fan-{n}", "s")
        await presence._teller.until_told()
        print("ready", flush=True)  # noqa: T201  (the test reads it)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
