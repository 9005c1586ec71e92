"""For every action that changes something: its live events, applied to the state before, give a fresh snapshot."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub.chat.sync import RESET_BEYOND
from tests.conftest import in_thread, make_settings
from tests.model.client import Client
from tests.model.history import check
from tests.model.play import Play
from tests.running import RunningHub

Act = Callable[[Play, Client], Awaitable[Any]]


async def send(stage: Play, fan: Client) -> None:
    await fan.send("a new message")


async def send_a_reply(stage: Play, fan: Client) -> None:
    answer = await fan.ask(
        "message.send",
        conversation_id=stage.conversation_id,
        client_message_id="reply-1",
        body="a reply",
        reply_to_seq=1,
    )
    assert answer["success"]


async def send_over_http(stage: Play, fan: Client) -> None:
    path = f"/api/v1/conversations/{stage.conversation_id}/messages/over-http"
    await stage.hub.ok("PUT", path, {"body": "over HTTP"}, token=fan.token)


async def edit(stage: Play, fan: Client) -> None:
    assert (await fan.change("message.edit", 2, body="edited"))["success"]


async def delete(stage: Play, fan: Client) -> None:
    assert (await fan.change("message.delete", 2))["success"]


async def react(stage: Play, fan: Client) -> None:
    assert (await fan.change("message.react", 1, emoji="👍"))["success"]


async def take_a_reaction_away(stage: Play, fan: Client) -> None:
    assert (await fan.change("message.react", 2, emoji="❤️", action="remove"))["success"]


async def read(stage: Play, fan: Client) -> None:
    await fan.mark("read", 3)


async def deliver(stage: Play, fan: Client) -> None:
    await fan.mark("delivered", 3)


async def read_over_http(stage: Play, fan: Client) -> None:
    await stage.hub.ok("POST", f"/api/v1/conversations/{stage.conversation_id}/read", {"seq": 3}, token=fan.token)


async def close(stage: Play, fan: Client) -> None:
    await stage.hub.ok("POST", f"/api/v1/conversations/{stage.conversation_id}/close", {"reason": "done"})


async def open_with_an_end(stage: Play, fan: Client) -> None:
    body = {"closes_at": "2099-01-01T00:00:00.000Z"}
    await stage.hub.ok("POST", f"/api/v1/conversations/{stage.conversation_id}/open", body)


async def erase(stage: Play, fan: Client) -> None:
    await stage.hub.ok("DELETE", "/api/v1/users/fan")


async def read_too_far(stage: Play, fan: Client) -> None:
    await fan.mark("read", 99)


async def edit_what_is_not_mine(stage: Play, fan: Client) -> None:
    assert not (await fan.change("message.edit", 1, body="not mine"))["success"]


async def repeat_a_change(stage: Play, fan: Client) -> None:
    assert (await fan.change("message.edit", 2, body="second"))["success"]


async def nothing_and_then_something(stage: Play, fan: Client) -> None:
    """Three changes in a row arrive in their order."""
    await edit(stage, fan)
    await delete(stage, fan)
    await send(stage, fan)


ACTIONS: list[Act] = [
    *(send, send_a_reply, send_over_http, edit, delete, react, take_a_reaction_away, read, deliver, read_over_http),
    *(close, open_with_an_end, erase, read_too_far, edit_what_is_not_mine, repeat_a_change),
    nothing_and_then_something,
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """One database for all of these: each has a conversation of its own."""
    kind: str = request.param
    url: str = in_thread(request.getfixturevalue(f"{'postgres' if kind == 'postgresql' else kind}_databases").fresh)
    return url


@pytest.fixture
def database_url(shared_url: str) -> str:
    return shared_url


@pytest.mark.parametrize("act", ACTIONS, ids=lambda act: act.__name__)
async def test_the_live_events_of_an_action_lead_to_a_fresh_snapshot(hub: RunningHub, act: Act) -> None:
    stage = Play(hub)
    await stage.begin()
    fan, _, creator, watcher = stage.clients
    await creator.send("first")
    await fan.send("second")
    await creator.send("third")
    await fan.change("message.react", 2, emoji="❤️")

    await act(stage, fan)

    for client in (creator, watcher, stage.clients[1]):
        fresh = Client(hub.base, client.token, client.user_id, stage.conversation_id)
        stage.clients.append(fresh)
        await fresh.connect()
        truth = await stage.truth(client.user_id)
        assert fresh.state == truth
        try:
            await client.until(lambda client=client, truth=truth: client.state == truth)  # type: ignore[misc]
        except TimeoutError:
            raise AssertionError(check(client.history, truth)) from None
        assert check(client.history, truth) == []
    await stage.close()


async def test_a_lost_event_is_noticed_at_the_next_one_and_fetched(hub: RunningHub) -> None:
    stage = Play(hub)
    await stage.begin()
    fan, laptop, creator, _ = stage.clients
    for client in (laptop, creator):
        client.lose = 2
    for number in range(3):
        await fan.send(f"message {number}")

    truth = await stage.truth("fan")

    await laptop.until(lambda: laptop.state["messages"] == truth["messages"])
    await creator.until(lambda: creator.state["messages"] == truth["messages"])
    assert check(laptop.history, truth) == []
    await stage.close()


async def test_a_client_that_was_away_for_very_long_gets_a_declared_reset(
    sqlite_url: str, start_hub: Callable[..., Awaitable[RunningHub]]
) -> None:
    stage = Play(await start_hub(make_settings(sqlite_url, rate_limits="off")))
    await stage.begin()
    fan, laptop, _, _ = stage.clients
    await laptop.abort()
    for number in range(RESET_BEYOND + 1):
        await fan.send(f"message {number}", wait=False)
    await fan.flush()

    await laptop.connect()

    truth = await stage.truth("fan")
    await laptop.until(lambda: laptop.state == truth)
    assert [kind for kind, _ in laptop.history.entries].count("snapshot") >= 2
    await stage.close()
