"""A session in which everything happens: each frame and each ack is as the documents say, and all kinds occur."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from jsonschema import ValidationError

from hub.clock import rfc3339
from hub.gateway.documents.asyncapi import EMITTED
from hub.gateway.handlers import HANDLERS
from tests.contracts.frames import Answers, Frames
from tests.flows.notified import told
from tests.people import push_keys
from tests.rawsocket import RawSocket
from tests.running import Person, RunningHub

CREATOR = [{"user_id": "creator", "role": "creator"}]
Ask = Callable[..., Awaitable[Any]]
NOTHING = "01900000-0000-7000-8000-000000000000"
NAMES = ("user_id", "conversation_id", "client_message_id", "notification_id", "device_id")
"""Variables of paths."""


class Recorder:
    """Asks, and checks every answer."""

    def __init__(self) -> None:
        self.frames = Frames()
        self.acked: set[str] = set()

    async def ask(self, person: Person, event: str, **payload: Any) -> Any:
        self.frames.check_request(event, payload)
        answer = await person.client.call(event, payload, timeout=8)
        self.frames.check_ack(event, answer)
        assert answer["success"], answer
        self.acked.add(event)
        return answer["data"]


async def in_a_live_room(hub: RunningHub, record: Recorder, fan: Person, creator: Person) -> None:
    live = await hub.ok("POST", "/api/v1/conversations", {"kind": "live", "members": CREATOR})
    room = {"conversation_id": live["conversation"]["id"]}
    hub.hub.services.audience.every_seconds = 0.05
    await record.ask(fan, "live.join", **room, limit=5)
    await record.ask(fan, "live.send", **room, client_message_id="m-1", body="hello")
    await record.ask(creator, "live.join", **room)
    await fan.received("live.viewers", lambda told: told["viewers"] == 2)
    await hub.ok("POST", f"/api/v1/conversations/{room['conversation_id']}/evict", {"reason": "over"})
    await fan.received("conversation.left")
    await record.ask(creator, "live.leave", **room)


async def with_the_inbox(hub: RunningHub, record: Recorder, fan: Person) -> None:
    ids = [await told(hub, kind=kind) for kind in ("order.placed", "payout.sent", "no_such.event")]
    for notification_id in ids:
        await fan.received("notification.new", lambda event, of=notification_id: event["notification"]["id"] == of)
    page = await record.ask(fan, "notification.list", limit=2, filter="unread")
    await record.ask(fan, "notification.list", limit=2, cursor=page["next"])
    await record.ask(fan, "notification.seen", up_to=ids[0])
    await record.ask(fan, "notification.read", notification_id=ids[0])
    await record.ask(fan, "notification.archive", notification_id=ids[1])
    until = rfc3339(hub.hub.services.clock.now() + 3_600_000)
    await record.ask(fan, "notification.snooze", notification_id=ids[2], until=until)
    await fan.received("notification.updated", lambda event: event["unseen"] == 0)
    await record.ask(fan, "notification.list", filter="snoozed")


async def test_every_frame_and_every_ack_is_as_the_document_says(hub_on_sqlite: RunningHub) -> None:
    hub, record = hub_on_sqlite, Recorder()
    conversation_id = await hub.order_chat(title="An order", closes_at="2999-01-01T00:00:00Z")
    here = {"conversation_id": conversation_id}
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    brief = await hub.person("fan", seconds=1).connect()

    await record.ask(fan, "time.get")
    await record.ask(fan, "conversation.list", limit=10, state="open")
    for person in (fan, creator):
        await record.ask(person, "conversation.open", **here)
    await record.ask(creator, "presence.subscribe", user_ids=["fan", "stranger"])
    await record.ask(fan, "presence.set", status="busy")
    await record.ask(fan, "focus.set", **here)
    await record.ask(fan, "focus.set", conversation_id=None)
    await record.ask(fan, "typing.start", **here)
    await record.ask(fan, "typing.stop", **here)
    for number in range(3):
        await record.ask(fan, "message.send", **here, client_message_id=f"m-{number}", body="hi", kind="text")
    await record.ask(fan, "message.send", **here, client_message_id="m-0", body="hi")
    await record.ask(creator, "message.send", **here, client_message_id="re", body="re", reply_to_seq=1)
    await record.ask(fan, "message.edit", **here, seq=1, body="hello")
    await record.ask(creator, "message.react", **here, seq=1, emoji="👍", action="add")
    await record.ask(fan, "message.delete", **here, seq=2)
    await record.ask(creator, "message.delivered", **here, seq=2)
    await record.ask(creator, "message.read", **here, seq=3)
    await record.ask(fan, "conversation.history", **here, limit=2, before_seq=4)
    for rev in (0, 99):
        await record.ask(fan, "conversation.sync", cursors=[{**here, "rev": rev}])
    await hub.ok("POST", f"/api/v1/conversations/{conversation_id}/close", {"reason": "done"})
    await record.ask(fan, "conversation.open", **here)
    await record.ask(fan, "session.refresh", token=hub.token("fan", "fan"))
    await record.ask(creator, "presence.unsubscribe", user_ids=["fan"])
    await record.ask(fan, "conversation.leave", **here)
    for event, payload in (("message.send", {**here, "client_message_id": "m", "body": "x"}), ("time.get", {"x": 1})):
        record.frames.check_ack(event, await fan.client.call(event, payload))
    await fan.client.emit("message.send", {})
    await fan.received("request.error")
    resumed = await hub.connected("creator", "creator", resume={conversation_id: 0, NOTHING: 3})
    await creator.received("conversation.updated", lambda payload: "unread" in payload)
    await brief.received("session.expired")
    await in_a_live_room(hub, record, fan, creator)
    await with_the_inbox(hub, record, fan)
    stopping = asyncio.create_task(hub.stop_gateway())
    await fan.received("session.draining")
    await fan.received("session.closing")
    await stopping

    seen = set()
    for person in (fan, creator, brief, resumed):
        for name, payload in person.events:
            if name != "disconnect":
                record.frames.check_event(name, payload)
                seen.add(name)
    assert seen == set(EMITTED)
    assert record.acked == set(HANDLERS)


async def test_a_refused_connect_is_as_the_document_says(hub_on_sqlite: RunningHub) -> None:
    frames = Frames()
    async with RawSocket(hub_on_sqlite.base) as socket:
        await socket.say('40{"token":"garbage"}')
        refusal = json.loads((await socket.frame("44"))[2:])

    assert set(refusal) == {"message", "data"}
    frames.check_ack("time.get", {"success": False, "error": refusal["data"], "request_id": "any"})


async def ask_what_came_with_live_rooms(hub: RunningHub, ask: Ask, members: list[dict[str, str]]) -> None:
    live = await ask("POST", "/conversations", {"kind": "live", "members": members, "slow_mode_seconds": 5}, expect=201)
    message = "/conversations/{conversation_id}/messages/{client_message_id}"
    room = {"conversation_id": live["conversation"]["id"]}
    host = hub.token("creator", "creator")
    await ask("POST", "/conversations/{conversation_id}/slow-mode", {"seconds": 30}, **room, token=host)
    await ask("POST", "/conversations/{conversation_id}/slow-mode", {"seconds": -1}, **room, token=host, expect=400)
    await ask("POST", "/conversations/{conversation_id}/evict", {}, **room, token=hub.token("x", "fan"), expect=403)
    await ask("POST", "/conversations/{conversation_id}/evict", {"reason": "over"}, **room, token=host)
    stranger = hub.token("stranger", "fan")
    await ask("PUT", message, {"body": "hi"}, **room, client_message_id="m", token=stranger)
    await ask("PUT", message, {"body": "ho"}, **room, client_message_id="n", token=stranger, expect=429)
    await ask("POST", "/users/{user_id}/disconnect", user_id="fan")
    await ask("DELETE", "/users/{user_id}/sessions", {"reason": "replaced"}, user_id="fan")
    await ask("GET", "/me", token=hub.token("fan", "fan"))


async def ask_about_notifications(hub: RunningHub, ask: Ask) -> None:
    fan = hub.token("fan", "fan")
    first, second = await told(hub), await told(hub, kind="payout.sent")
    entry = "/me/notifications/{notification_id}"
    await ask("GET", "/me/notifications", token=fan, query="?limit=1")
    await ask("GET", "/me/notifications", token=fan, query="?limit=0", expect=400)
    await ask("POST", "/me/notifications/seen", {"up_to": first}, token=fan)
    for act in ("read", "unread", "archive", "unarchive"):
        await ask("POST", f"{entry}/{act}", {}, notification_id=second, token=fan)
    until = {"until": rfc3339(hub.hub.services.clock.now() + 3_600_000)}
    await ask("POST", entry + "/snooze", until, notification_id=second, token=fan)
    await ask("GET", "/me/notifications", token=fan, query="?filter=snoozed")
    await ask("POST", entry + "/read", {}, notification_id=NOTHING, token=fan, expect=404)
    await ask("POST", "/me/notifications/read-all", {}, token=fan)
    await ask("GET", "/notifications/{notification_id}/trace", notification_id=first, token=fan)
    await ask("GET", "/notifications/{notification_id}/trace", notification_id=NOTHING, expect=404)
    changes = {"locale": "ht", "settings": [{"scope": "all", "channel": "sms", "allowed": True}]}
    await ask("PUT", "/me/preferences", changes, token=fan)
    await ask("PUT", "/me/preferences", {"time_zone": "x"}, token=fan, expect=400)
    await ask("GET", "/me/preferences", token=fan)
    subscription = {"endpoint": "https://push.example.com/x", "keys": push_keys(), "label": "Phone"}
    device = await ask("POST", "/me/push-subscriptions", subscription, token=fan, expect=201)
    await ask("POST", "/me/push-subscriptions", {**subscription, "endpoint": "x"}, token=fan, expect=400)
    await ask("GET", "/me/push-subscriptions", token=fan)
    await ask("DELETE", "/me/push-subscriptions", {"endpoint": "https://push.example.com/y"}, token=fan)
    await ask("DELETE", "/me/push-subscriptions/{device_id}", device_id=device["subscription"]["id"], token=fan)
    await ask("GET", "/push/key", token="")
    link = f"?token={hub.hub.services.unsubscriber.make('fan', 'email', 'messages')}"
    for method in ("GET", "POST", "DELETE"):
        await ask(method, "/unsubscribe", token="", query=link)
        await ask(method, "/unsubscribe", token="", query="?token=x", expect=404)
    await ask("GET", "/dev/deliveries", token="", query="?user_id=fan")


async def test_every_http_answer_is_as_the_document_says(hub_on_sqlite: RunningHub) -> None:
    hub, answers = hub_on_sqlite, Answers()
    fan = hub.token("fan", "fan")
    wrong: set[str] = set()

    async def ask(method: str, path: str, body: Any = None, *, expect: int = 200, **options: Any) -> Any:
        names = {k: options.pop(k) for k in NAMES if k in options}
        query = options.pop("query", "")
        status, answer = await hub.http(method, "/api/v1" + path.format(**names) + query, body, **options)
        assert status == expect, (method, path, answer)
        try:
            answers.check(method, "/api/v1" + path, status, answer)
        except (AssertionError, ValidationError) as error:
            wrong.add(str(error).partition("\n")[0])
        return answer.get("data")

    quiet = {"start": "22:00", "end": "07:00"}
    full = {
        "display_name": "Fan",
        "email": "fan@example.com",
        "phone": "+50934123456",
        "roles": ["fan"],
        "quiet_hours": quiet,
    }
    await ask("PUT", "/users/{user_id}", full, user_id="fan")
    await ask("PUT", "/users/{user_id}", {"display_name": 1}, user_id="fan", expect=400)
    await ask("PUT", "/users/{user_id}", full, user_id="fan", token="garbage", expect=401)
    await ask("PUT", "/users/{user_id}", full, user_id="fan", token=fan, expect=403)
    await ask("GET", "/users/{user_id}", user_id="fan")
    await ask("GET", "/users/{user_id}", user_id="nobody", expect=404)
    await ask("GET", "/me", token=fan)
    members = [{"user_id": "fan", "role": "fan"}, {"user_id": "creator", "role": "creator"}]
    new = {"kind": "order", "order_id": "o-1", "title": "T", "members": members, "opens_at": "2020-01-01T00:00:00Z"}
    created = await ask("POST", "/conversations", new, expect=201)
    await ask("POST", "/conversations", {**new, "kind": "x"}, expect=400)
    key = {"Idempotency-Key": "k"}
    await ask("POST", "/conversations", new, headers=key, expect=201)
    await ask("POST", "/conversations", {**new, "title": "U"}, headers=key, expect=422)
    here = {"conversation_id": created["conversation"]["id"]}
    message = "/conversations/{conversation_id}/messages/{client_message_id}"
    await ask("PUT", message, {"body": "hi"}, **here, client_message_id="m", token=fan)
    await ask("PUT", message, {"body": "other"}, **here, client_message_id="m", token=fan, expect=409)
    await ask("PUT", message, {"body": "x" * 9000}, **here, client_message_id="n", token=fan, expect=413)
    await ask("GET", "/conversations", token=fan, query="?limit=1")
    await ask("GET", "/conversations/{conversation_id}", **here, token=fan)
    await ask("GET", "/conversations/{conversation_id}", **here)
    await ask("GET", "/conversations/{conversation_id}/messages", **here, token=fan)
    await ask("POST", "/conversations/{conversation_id}/read", {"seq": 1}, **here, token=fan)
    await ask("GET", "/sync", token=fan, query=f"?conversation_id={here['conversation_id']}&rev=0")
    await ask("GET", "/sync", token=fan, query=f"?conversation_id={here['conversation_id']}&rev=50")
    await ask("POST", "/conversations/{conversation_id}/close", {"reason": "done"}, **here)
    await ask("PUT", message, {"body": "hi"}, **here, client_message_id="late", token=fan, expect=403)
    await ask("POST", "/conversations/{conversation_id}/open", {"closes_at": "2999-01-01T00:00:00Z"}, **here)
    await ask_what_came_with_live_rooms(hub, ask, members)
    await ask_about_notifications(hub, ask)
    await ask("GET", "/dev/personas", token="", expect=404)
    await ask("GET", "/users/{user_id}/export", user_id="fan")
    await ask("DELETE", "/users/{user_id}", user_id="fan")
    await ask("DELETE", "/users/{user_id}", user_id="nobody", expect=404)
    assert wrong == set()
