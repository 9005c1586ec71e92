"""AsyncAPI 3.0 of the Socket.IO events, from the table of handlers and the list of what the server emits."""

from typing import Any

from msgspec import Struct

from hub import __version__
from hub.errors import HubError, RateLimited, RequestInvalid
from hub.gateway import wire, wire_notifications
from hub.gateway.documents.schemas import first_line, schemas
from hub.gateway.envelope import Failure
from hub.gateway.handlers import HANDLERS, Handler
from hub.gateway.namespace import RequestError

ALWAYS: tuple[type[HubError], ...] = (RequestInvalid, RateLimited, HubError)
"""Errors that any request may be answered with."""

EMITTED: dict[str, type[Struct]] = {
    "session.ready": wire.SessionReady,
    "session.expired": wire.SessionExpired,
    "session.draining": wire.SessionDraining,
    "session.closing": wire.SessionClosing,
    "request.error": RequestError,
    "message.new": wire.MessageEvent,
    "message.updated": wire.MessageEvent,
    "message.deleted": wire.MessageEvent,
    "receipt.updated": wire.ReceiptUpdated,
    "typing": wire.TypingEvent,
    "presence": wire.PresenceState,
    "conversation.updated": wire.ConversationUpdated,
    "conversation.resync": wire.ConversationResync,
    "conversation.left": wire.ConversationLeft,
    "live.viewers": wire.LiveViewers,
    "notification.new": wire_notifications.NotificationNew,
    "notification.updated": wire_notifications.NotificationUpdated,
}
"""Everything that the server sends unasked; a test checks each frame against it."""


def asyncapi() -> dict[str, Any]:
    """The document."""
    types = [each.request for each in HANDLERS.values()] + [each.answer for each in HANDLERS.values()]
    found, components = schemas([*types, *EMITTED.values(), wire.Connect, Failure])
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event, handler in HANDLERS.items():
        messages[f"{event}.request"] = _message(event, handler.call, found[handler.request])
        messages[f"{event}.ack"] = {"name": f"{event} (ack)", "payload": _ack(handler, found)}
        operations[event] = _request(event, handler)
    for event, payload in EMITTED.items():
        messages[event] = _message(event, payload, found[payload])
        operations[f"emit.{event}"] = {
            "action": "send",
            "channel": {"$ref": "#/channels/socket"},
            "summary": first_line(payload),
            "messages": [{"$ref": f"#/channels/socket/messages/{event}"}],
        }
    messages["CONNECT"] = _message("CONNECT", wire.Connect, found[wire.Connect])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hub Socket.IO events",
            "version": __version__,
            "description": "Socket.IO protocol 5, namespace `/`, path `/socket.io`. Every request event is answered "
            "by exactly one ack, in the order of asking. The actions are the server's: it receives requests and "
            "sends events.",
        },
        "channels": {"socket": {"address": "/socket.io", "messages": messages}},
        "operations": operations,
        "components": {"schemas": components},
    }


def _message(name: str, described_by: Any, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": first_line(described_by), "payload": payload}


def _ack(handler: Handler, found: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    success = {
        "type": "object",
        "required": ["success", "data"],
        "properties": {"success": {"const": True}, "data": found[handler.answer]},
    }
    return {"oneOf": [success, found[Failure]]}


def _request(event: str, handler: Handler) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/socket"},
        "summary": first_line(handler.call),
        "messages": [{"$ref": f"#/channels/socket/messages/{event}.request"}],
        "x-errors": [error.code for error in (*handler.errors, *ALWAYS)],
        "reply": {
            "channel": {"$ref": "#/channels/socket"},
            "messages": [{"$ref": f"#/channels/socket/messages/{event}.ack"}],
        },
    }
