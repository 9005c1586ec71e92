"""Access windows: when a conversation takes messages, who is told, and that everything stays readable."""

from typing import Any

import pytest

from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.flows.story import conversation, opened
from tests.running import Person, RunningHub


class Window:
    """A conversation of a fan and a creator under a clock that moves."""

    def __init__(self, hub: RunningHub, clock: MovableClock) -> None:
        self.hub, self.clock = hub, clock

    async def begin(self, **times: str) -> tuple[Person, Person]:
        self.id = await conversation(self.hub, "fan", **times)
        fan = await opened(self.hub, self.id, "fan")
        return fan, await opened(self.hub, self.id, "creator", "creator")

    async def post(self, action: str, **body: Any) -> Any:
        data = await self.hub.ok("POST", f"/api/v1/conversations/{self.id}/{action}", body)
        return data["conversation"]

    async def refused(self, person: Person, event: str = "message.send", **more: Any) -> str:
        if event == "message.send":
            more = {"client_message_id": "refused", "body": "late", **more}
        error = await person.refused(event, conversation_id=self.id, **more)
        assert error["code"] == "conversation.closed", (event, error)
        return str(error["details"]["reason"])


@pytest.fixture
async def window(database_url: str, start_hub: Any) -> Window:
    clock = MovableClock()
    return Window(await start_hub(make_settings(database_url), clock=clock), clock)


async def test_a_conversation_that_has_not_begun_takes_no_messages_until_its_time(window: Window) -> None:
    fan, _ = await window.begin(opens_at=window.clock.text(seconds=3600))

    snapshot = await fan.ask("conversation.open", conversation_id=window.id)
    assert (snapshot["can_send"], snapshot["reason"]) == (False, "not_open_yet")
    assert await window.refused(fan) == "not_open_yet"
    window.clock.forward(3600)
    assert (await fan.send(window.id, "now"))["seq"] == 1


async def test_a_window_that_ends_refuses_at_once_and_everybody_is_told(window: Window) -> None:
    fan, creator = await window.begin(closes_at=window.clock.text(seconds=3600))
    await fan.send(window.id, "in time", "m-1")

    window.clock.forward(3600)

    assert await window.refused(fan) == "expired"
    for person in (fan, creator):
        told = await person.received("conversation.updated", lambda payload: "conversation" in payload)
        assert (told["rev"], told["conversation"]["state"], told["conversation"]["reason"]) == (2, "closed", "expired")
    snapshot = await fan.ask("conversation.open", conversation_id=window.id)
    assert (snapshot["can_send"], snapshot["reason"], snapshot["head"]["rev"]) == (False, "expired", 2)
    assert [message["body"] for message in snapshot["messages"]] == ["in time"]
    assert (await fan.send(window.id, "in time", "m-1"))["seq"] == 1  # a repeat is no new message


async def test_the_platform_closes_with_a_reason_and_opens_again(window: Window) -> None:
    fan, creator = await window.begin()
    await fan.send(window.id, "hello")

    closed = await window.post("close", reason="order_completed")
    again = await window.post("close", reason="order_completed")

    assert (closed["state"], closed["reason"], closed["head"]["rev"]) == ("closed", "order_completed", 2)
    assert again["head"]["rev"] == 2  # nothing has changed
    assert await window.refused(fan) == "order_completed"
    told = await creator.received("conversation.updated", lambda payload: "conversation" in payload)
    assert told["conversation"]["reason"] == "order_completed"

    reopened = await window.post("open", closes_at=window.clock.text(seconds=60))
    assert (reopened["state"], reopened["head"]["rev"]) == ("open", 3)
    assert (await fan.send(window.id, "back"))["rev"] == 4
    window.clock.forward(60)
    assert await window.refused(fan) == "expired"


async def test_a_closed_conversation_is_readable_and_takes_no_change_but_deletion(window: Window) -> None:
    fan, creator = await window.begin()
    await fan.send(window.id, "hello")
    await fan.send(window.id, "sorry")
    await window.post("close")

    assert await window.refused(fan, "message.edit", seq=1, body="late") == "closed"
    assert await window.refused(creator, "message.react", seq=1, emoji="👍") == "closed"
    history = await creator.ask("conversation.history", conversation_id=window.id)
    synced = await creator.ask("conversation.sync", cursors=[{"conversation_id": window.id, "rev": 0}])
    read = await creator.ask("message.read", conversation_id=window.id, seq=2)
    assert [message["body"] for message in history["messages"]] == ["hello", "sorry"]
    assert [change["rev"] for change in synced["results"][0]["changes"]] == [1, 2, 3]
    assert read["unread"] == 0
    deleted = await fan.ask("message.delete", conversation_id=window.id, seq=2)
    assert deleted["message"]["body_state"] == "deleted"


async def test_nobody_is_shown_typing_in_a_closed_conversation(window: Window) -> None:
    fan, creator = await window.begin()
    await window.post("close")

    assert await window.refused(fan, "typing.start") == "closed"
    await creator.ask("time.get")
    assert creator.named("typing") == []


async def test_opening_by_the_platform_opens_a_conversation_that_has_not_begun(window: Window) -> None:
    fan, _ = await window.begin(opens_at=window.clock.text(seconds=3600))

    shown = await window.post("open")

    assert shown["state"] == "open"
    assert (await fan.send(window.id, "early"))["seq"] == 1


async def test_operators_open_and_close_only_where_they_take_part(window: Window) -> None:
    await window.begin()
    path = f"/api/v1/conversations/{window.id}/close"

    for user_id, role, expected in (
        ("fan", "fan", (403, "access.denied")),
        ("creator", "creator", (403, "access.denied")),
        ("outsider", "support", (404, "conversation.not_found")),
    ):
        status, answer = await window.hub.http("POST", path, {}, token=window.hub.token(user_id, role))
        assert (status, answer["error"]["code"]) == expected
    staff = await window.hub.ok("POST", path, {"reason": "reviewed"}, token=window.hub.token("creator", "support"))
    assert staff["conversation"]["reason"] == "reviewed"
