"""Breaks a part of a cluster on purpose, and mends it."""

import asyncio

from loadtests.scenario import Fault
from loadtests.topology import Cluster


async def break_and_mend(cluster: Cluster, fault: Fault) -> None:
    """Returns when what was broken works again: the process listens, the connection may be made."""
    match fault.do:
        case "kill_node":
            await cluster.nodes[fault.node].kill()
            await asyncio.sleep(fault.for_)
            await cluster.nodes[fault.node].start()
        case "stop_node":
            await cluster.nodes[fault.node].terminate()
            await asyncio.sleep(fault.for_)
            await cluster.nodes[fault.node].start()
        case "pause_node":
            cluster.nodes[fault.node].pause()
            try:
                await asyncio.sleep(fault.for_)
            finally:
                cluster.nodes[fault.node].resume()
        case "cut_node":
            cluster.cuts[fault.node].cut()
            try:
                await asyncio.sleep(fault.for_)
            finally:
                cluster.cuts[fault.node].mend()
        case "restart_redis":
            await cluster.restart_redis(fault.for_)
        case "restart_postgres":
            await cluster.restart_postgres(fault.for_)
