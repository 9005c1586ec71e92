"""Requests that are wrong: each gets its code in one ack, nothing is stored, and the session goes on."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from tests.gateway.neighbours import Neighbours
from tests.rawsocket import RawSocket
from tests.running import RunningHub

INVALID, TOO_LARGE, NOT_FOUND = "request.invalid", "request.too_large", "conversation.not_found"
NOTHING = "01900000-0000-7000-8000-000000000000"


def bad_requests(of: Neighbours) -> dict[str, tuple[str, list[Any]]]:
    """Name -> expected code, and the event with its payloads."""
    here = {"conversation_id": of.conversation_id}
    return {
        "unknown event": (INVALID, ["no.such.event", {}]),
        "empty event name": (INVALID, ["", {}]),
        "forged connect": (INVALID, ["connect", {"token": of.token}]),
        "forged disconnect": (INVALID, ["disconnect", "transport close"]),
        "forged server event": (INVALID, ["message.new", {**here, "rev": 1}]),
        "attribute of the table": (INVALID, ["__class__", {}]),
        "event name is a number": (INVALID, [1, {}]),
        "event name is null": (INVALID, [None]),
        "event name is a list": (INVALID, [["time.get"], {}]),
        "no payload": (INVALID, ["message.send"]),
        "null payload": (INVALID, ["message.send", None]),
        "two payloads": (INVALID, ["time.get", {}, {}]),
        "payload is a list": (INVALID, ["time.get", []]),
        "payload is text": (INVALID, ["message.send", "hello"]),
        "payload is a number": (INVALID, ["message.send", 1e308]),
        "unknown field": (INVALID, ["message.send", of.send(boddy="hello")]),
        "unknown field where none is": (INVALID, ["time.get", {"zone": "UTC"}]),
        "body is a number": (INVALID, ["message.send", of.send(body=1)]),
        "body is null": (INVALID, ["message.send", of.send(body=None)]),
        "body is an object": (INVALID, ["message.send", of.send(body={"a": 1})]),
        "body is missing": (INVALID, ["message.send", of.send(body=...)]),
        "body is empty": (INVALID, ["message.send", of.send(body="")]),
        "body is blank": (INVALID, ["message.send", of.send(body=" \n\t\u2003 ")]),
        "body holds NUL": (INVALID, ["message.send", of.send(body="a\0b")]),
        "body of 8193 bytes": (TOO_LARGE, ["message.send", of.send(body="x" * 8193)]),
        "body of 2731 euros": (TOO_LARGE, ["message.send", of.send(body="€" * 2731)]),
        "body of 90 kB": (TOO_LARGE, ["message.send", of.send(body="x" * 90_000)]),
        "edit too large": (TOO_LARGE, ["message.edit", {**here, "seq": 1, "body": "x" * 8193}]),
        "client_message_id is missing": (INVALID, ["message.send", of.send(client_message_id=...)]),
        "client_message_id is empty": (INVALID, ["message.send", of.send(client_message_id="")]),
        "client_message_id with a space": (INVALID, ["message.send", of.send(client_message_id="a b")]),
        "client_message_id of 129": (INVALID, ["message.send", of.send(client_message_id="a" * 129)]),
        "client_message_id ends with a newline": (INVALID, ["message.send", of.send(client_message_id="a\n")]),
        "conversation_id ends with a newline": (
            INVALID,
            ["message.send", of.send(conversation_id=of.conversation_id + "\n")],
        ),
        "conversation_id in capitals": (INVALID, ["conversation.open", {"conversation_id": NOTHING.upper() + "A"}]),
        "conversation_id with NUL": (INVALID, ["conversation.open", {"conversation_id": "\0" + NOTHING[1:]}]),
        "conversation_id of SQL": (INVALID, ["conversation.open", {"conversation_id": "' OR 1=1 --"}]),
        "conversation of nobody": (NOT_FOUND, ["message.send", of.send(conversation_id=NOTHING)]),
        "kind of the platform": (INVALID, ["message.send", of.send(kind="system")]),
        "attachments": (INVALID, ["message.send", of.send(attachments=["x"])]),
        "reply to nothing": (INVALID, ["message.send", of.send(reply_to_seq=2**31 - 1)]),
        "reply to 0": (INVALID, ["message.send", of.send(reply_to_seq=0)]),
        "seq is text": (INVALID, ["message.read", {**here, "seq": "1"}]),
        "seq is a float": (INVALID, ["message.read", {**here, "seq": 1.5}]),
        "seq is true": (INVALID, ["message.read", {**here, "seq": True}]),
        "seq is negative": (INVALID, ["message.read", {**here, "seq": -1}]),
        "seq beyond 32 bits": (INVALID, ["message.read", {**here, "seq": 2**31}]),
        "seq beyond 64 bits": (INVALID, ["message.delete", {**here, "seq": 2**64}]),
        "seq to come": (INVALID, ["message.read", {**here, "seq": 1000}]),
        "rev is negative": (INVALID, ["conversation.sync", {"cursors": [{**here, "rev": -1}]}]),
        "no cursors": (INVALID, ["conversation.sync", {"cursors": []}]),
        "51 cursors": (INVALID, ["conversation.sync", {"cursors": [{**here, "rev": 0}] * 51}]),
        "limit of 0": (INVALID, ["conversation.history", {**here, "limit": 0}]),
        "limit of 101": (INVALID, ["conversation.list", {"limit": 101}]),
        "unknown state": (INVALID, ["conversation.list", {"state": "archived"}]),
        "cursor of garbage": (INVALID, ["conversation.list", {"cursor": "%%%"}]),
        "cursor of other JSON": (INVALID, ["conversation.list", {"cursor": "e30"}]),
        "cursor not ASCII": (INVALID, ["conversation.list", {"cursor": "é"}]),
        "cursor with a huge time": (INVALID, ["conversation.list", {"cursor": forged(2**70, NOTHING)}]),
        "cursor of 64 bits": (INVALID, ["conversation.list", {"cursor": forged(2**63, NOTHING)}]),
        "cursor without an id": (INVALID, ["conversation.list", {"cursor": forged(1, "x")}]),
        "cursor with NUL": (INVALID, ["conversation.list", {"cursor": forged(1, "\0")}]),
        "emoji is too long": (INVALID, ["message.react", {**here, "seq": 1, "emoji": "x" * 17}]),
        "emoji is blank": (INVALID, ["message.react", {**here, "seq": 1, "emoji": " "}]),
        "emoji holds NUL": (INVALID, ["message.react", {**here, "seq": 1, "emoji": "\0"}]),
        "unknown reaction": (INVALID, ["message.react", {**here, "seq": 1, "emoji": "x", "action": "toggle"}]),
        "user id with a space": (INVALID, ["presence.subscribe", {"user_ids": ["a b"]}]),
        "201 user ids": (INVALID, ["presence.subscribe", {"user_ids": ["a"] * 201}]),
        "unknown status": (INVALID, ["presence.set", {"status": "offline"}]),
        "typing nowhere": (NOT_FOUND, ["typing.start", {"conversation_id": NOTHING}]),
        "refresh with garbage": ("auth.invalid", ["session.refresh", {"token": "garbage"}]),
        "refresh with null": (INVALID, ["session.refresh", {"token": None}]),
    }


def forged(at: int, last_id: str) -> str:
    """A list cursor that the hub never made."""
    return urlsafe_b64encode(json.dumps([at, last_id]).encode()).decode().rstrip("=")


async def test_each_bad_request_gets_its_code_and_changes_nothing(hub: RunningHub) -> None:
    of = await Neighbours(hub).begin()
    wrong = {}
    async with RawSocket(hub.base, of.token) as socket:
        for name, (code, data) in bad_requests(of).items():
            answer = await socket.ask(*data)
            got = "success" if answer["success"] else answer["error"]["code"]
            if got != code:
                wrong[name] = got
        assert (await socket.ask("time.get"))["success"]
        assert wrong == {}
        assert socket.named("request.error") == []
        await of.live_on()
        sent = await socket.ask("message.send", of.send())
        assert sent["data"]["message"]["seq"] == 2


async def test_an_event_without_an_ack_is_told_by_request_error_and_stores_nothing(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        await socket.say("42" + json.dumps(["message.send", of.send()]))
        error = await socket.event("request.error")
        await of.live_on()

        assert error["event"] == "message.send"
        assert error["error"]["code"] == "request.invalid"
        for frame in ("42", '42["no.such"]', "42[]", "42{}", "42null", '42"text"', '42["time.get",{"x":1}]', "4"):
            await socket.say(frame)
            refused = await socket.event("request.error")
            assert refused["error"]["code"] == "request.invalid", frame
        assert (await socket.ask("time.get"))["success"]


async def test_a_body_of_exactly_8192_bytes_is_stored_as_it_is(hub: RunningHub) -> None:
    of = await Neighbours(hub).begin()
    bodies = {
        "ascii": "x" * 8192,
        "multi-byte": "€" * 2730 + "é",
        "emoji": "👩‍👩‍👧" * 400,
        "right to left": "שלום \u202eabc\u202c",
        "controls": "a\tb\r\nc\x1b[31m\x7f\u2028\u2029\ufeff",
        "quotes": "\"'\\</script>{{}}%s${x}",
    }
    async with RawSocket(hub.base, of.token) as socket:
        for name, body in bodies.items():
            answer = await socket.ask("message.send", of.send(body=body, client_message_id=name.replace(" ", "-")))
            assert answer["data"]["message"]["body"] == body, name
        history = await socket.ask("conversation.history", {"conversation_id": of.conversation_id})
        assert [message["body"] for message in history["data"]["messages"]] == list(bodies.values())


async def test_two_hundred_pipelined_requests_get_one_ack_each_in_their_order(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    kinds: list[list[Any]] = [
        ["time.get"],
        ["message.send", of.send()],
        ["no.such.event"],
        ["conversation.open", {"conversation_id": of.conversation_id}],
        ["message.send", of.send(body="")],
        ["conversation.sync", {"cursors": [{"conversation_id": of.conversation_id, "rev": 0}]}],
        ["typing.start", {"conversation_id": of.conversation_id}],
        ["message.read", {"conversation_id": of.conversation_id, "seq": 1}],
    ]
    async with RawSocket(edge.base, of.token) as socket:
        for number in range(200):
            event, *payload = kinds[number % len(kinds)]
            if event == "message.send" and payload[0]["body"]:
                payload = [{**payload[0], "client_message_id": f"m-{number}"}]
            await socket.say(f"42{number}" + json.dumps([event, *payload]))
        acks = await socket.acks(200)
        assert (await socket.ask("time.get"))["success"]

    assert [number for number, _ in acks] == list(range(200))
    assert {answer["success"] for number, answer in acks if number % len(kinds) in (0, 1, 3, 5, 6, 7)} == {True}
    assert {answer["error"]["code"] for number, answer in acks if number % len(kinds) in (2, 4)} == {"request.invalid"}
    seqs = [answer["data"]["message"]["seq"] for number, answer in acks if number % len(kinds) == 1]
    assert seqs == list(range(1, 26))
