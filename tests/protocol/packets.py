"""Socket.IO 5 packets over an Engine.IO session, as the tests write and expect them."""

import json
from typing import Any

from tests.protocol.client import Client, Socket


def packet(kind: int, namespace: str = "/", content: str = "", *, attachments: int | None = None) -> str:
    """An encoded packet, as an Engine.IO message."""
    count = "" if attachments is None else f"{attachments}-"
    return f"4{kind}{count}{'' if namespace == '/' else namespace + ','}{content}"


def event(*arguments: Any, namespace: str = "/", number: int | str = "") -> str:
    """An event, with the number of the ack that it asks for."""
    return packet(2, namespace, f"{number}{compact(list(arguments))}")


def ack(*arguments: Any, namespace: str = "/", number: int) -> str:
    """The answer to an event."""
    return packet(3, namespace, f"{number}{compact(list(arguments))}")


def placeholder(number: Any) -> dict[str, Any]:
    """Where an attachment belongs."""
    return {"_placeholder": True, "num": number}


def compact(value: Any) -> str:
    """JSON as both sides write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


async def connect(socket: Socket, namespace: str = "/", auth: Any = None) -> str:
    """Connects to the namespace; gives the session id."""
    await socket.send(packet(0, namespace, "" if auth is None else compact(auth)))
    answer, told = await socket.packets(2)
    prefix = packet(0, namespace)
    assert isinstance(answer, str)
    assert answer.startswith(prefix + "{"), answer
    opened = json.loads(answer.removeprefix(prefix))
    assert set(opened) == {"sid"}
    assert told == event("auth", {} if auth is None else auth, namespace=namespace)
    return str(opened["sid"])


async def connected(client: Client, namespace: str = "/") -> Socket:
    """A WebSocket that is connected to the namespace."""
    socket = await client.websocket()
    await connect(socket, namespace)
    return socket


async def goes_on(socket: Socket, namespace: str = "/") -> None:
    """Asserts that the next thing that the namespace says is the answer to this message."""
    await socket.send(event("message", "still here", namespace=namespace))
    assert await socket.packet() == event("message-back", "still here", namespace=namespace)
