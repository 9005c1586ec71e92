"""Focus: a device that shows the conversation gets no e-mail about it."""

import asyncio
from typing import Any

from hub.channels.base import Accepted, Channel, Email, Go, Message, NotWanted, Outcome
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.flows.story import conversation
from tests.running import PATIENCE, RunningHub


class Mailbox:
    """An e-mail provider that takes everything and says when."""

    channel: Channel = "email"
    provider = "mailbox"
    repeatable = True
    reports = False

    def __init__(self) -> None:
        self.mails: asyncio.Queue[Email] = asyncio.Queue()

    async def send(self, message: Message, go: Go) -> Outcome:
        assert isinstance(message, Email)
        if not await go():
            return NotWanted()
        await self.mails.put(message)
        return Accepted()

    async def ask(self, message: Message) -> Outcome | None:
        return None

    async def close(self) -> None:
        """Holds nothing."""

    async def next(self) -> str:
        """Whom the next e-mail is for."""
        async with asyncio.timeout(PATIENCE):
            return (await self.mails.get()).user_id


async def test_who_looks_at_the_conversation_gets_no_email_until_they_look_away(
    database_url: str, start_hub: Any
) -> None:
    clock, mailbox = MovableClock(), Mailbox()
    settings = make_settings(database_url, unread_email_seconds=30)
    hub: RunningHub = await start_hub(settings, clock=clock, senders={"email": mailbox})
    for user_id in ("fan", "other", "creator"):
        await hub.user(user_id, email=f"{user_id}@example.com")
    conversation_id = await conversation(hub, "fan", "other")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    assert await fan.ask("focus.set", conversation_id=conversation_id) == {}

    await creator.send(conversation_id, "hello")
    clock.forward(31)
    assert await mailbox.next() == "other"
    assert mailbox.mails.empty()  # the fan's was looked at in the same round

    await fan.ask("focus.set", conversation_id=None)
    clock.forward(6)
    assert await mailbox.next() == "fan"
