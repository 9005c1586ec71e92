"""A gateway beside which the worker is a process of its own."""

from hub.app import Gateway
from hub.bootstrap import bootstrap
from hub.clock import rfc3339
from tests.conftest import make_settings
from tests.running import RunningHub


async def test_the_end_of_a_window_is_told_by_the_gateway_that_holds_the_sockets(sqlite_url: str) -> None:
    wired = bootstrap(make_settings(sqlite_url))
    gateway = Gateway(wired, with_worker=False)
    await gateway.start("127.0.0.1", 0)
    hub = RunningHub(wired, gateway)
    try:
        soon = rfc3339(wired.services.clock.now() + 500)
        conversation_id = await hub.order_chat(closes_at=soon)
        fan = await hub.connected("fan")
        await fan.ask("conversation.open", conversation_id=conversation_id)

        told = await fan.received("conversation.updated", lambda said: "conversation" in said)

        assert (told["conversation"]["state"], told["conversation"]["reason"]) == ("closed", "expired")
    finally:
        await hub.stop()
