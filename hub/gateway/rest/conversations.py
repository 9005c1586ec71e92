"""Conversations over HTTP: create, list, show, open and close."""

from typing import Literal

from hub.chat.conversations import NewConversation
from hub.chat.users import add_bare
from hub.clock import parse_rfc3339
from hub.errors import AccessDenied, ConversationNotFound, IdempotencyConflict, RequestInvalid, UserNotFound
from hub.gateway import fields, wire
from hub.gateway.paging import from_cursor, to_cursor
from hub.gateway.rest.idempotency import once
from hub.gateway.rest.routes import Call, Reply, route
from hub.views import LIVE_KINDS, Conversation
from persistence.engine import Connection
from persistence.uow import Tx

OPERATORS = ("service", "support", "moderator", "admin")

CREATED_BY_CREATORS = ("fan", "creator", "host")
"""Members whom a creator may name."""


class ListQuery(wire.Request, frozen=True):
    """A page of conversations."""

    cursor: str | None = None
    limit: fields.Limit = 30
    state: Literal["open", "closed"] | None = None


@route(
    "POST",
    "/conversations",
    tag="conversations",
    body=wire.PostConversation,
    answer=wire.ConversationData,
    roles=("service", "creator"),
    errors=(RequestInvalid, UserNotFound, IdempotencyConflict),
    idempotent=True,
    status=201,
)
async def post_conversation(call: Call) -> Reply:
    """Creates a conversation. A creator takes part in their own; the platform names whom it likes."""
    body: wire.PostConversation = call.body
    ids = [member.user_id for member in body.members]
    if not all(fields.is_user_id(each) for each in ids):
        raise RequestInvalid({"field": "members", "reason": "a user_id is 1-128 of A-Z a-z 0-9 _ . : @ -"})
    service = "service" in call.identity.roles
    if not service:
        _check_creators(call.identity.user_id, body)
    new = NewConversation(
        kind=body.kind,
        members=body.members,
        order_id=body.order_id,
        title=body.title,
        opens_at=_time("opens_at", body.opens_at),
        closes_at=_time("closes_at", body.closes_at),
        slow_mode_seconds=body.slow_mode_seconds,
    )

    async def create(tx: Tx) -> wire.ConversationData:
        # The platform may be ahead of its own user upserts; a creator cannot make people up.
        await add_bare(tx, ids if service else [call.identity.user_id])
        conversation_id = await call.hub.conversations.create(tx, new, created_by=call.identity.user_id)
        return wire.ConversationData(await view_of(call, tx.connection, conversation_id))

    return Reply(await once(call, create), status=201)


def _check_creators(user_id: str, body: wire.PostConversation) -> None:
    """What a creator may not make up: support conversations, staff, or a conversation of others."""
    if body.kind == "support" or any(member.role not in CREATED_BY_CREATORS for member in body.members):
        raise AccessDenied({"reason": "only the platform creates support conversations and names staff"})
    if not any(member.user_id == user_id and member.role == "creator" for member in body.members):
        raise AccessDenied({"reason": "a creator takes part, as creator, in the conversations that they create"})


@route("GET", "/conversations", tag="conversations", query=ListQuery, answer=wire.ConversationsPage, paged=True)
async def get_conversations(call: Call) -> Reply:
    """The caller's conversations, newest activity first."""
    query: ListQuery = call.query
    views, following = await call.hub.conversations.list_of(
        call.identity.user_id, limit=query.limit, before=from_cursor(query.cursor), state=query.state
    )
    cursor = None if following is None else to_cursor(following)
    return Reply(wire.ConversationsPage(conversations=views), paged=True, next=cursor)


@route(
    "GET",
    "/conversations/{conversation_id}",
    tag="conversations",
    answer=wire.ConversationData,
    errors=(ConversationNotFound,),
)
async def get_conversation(call: Call) -> Reply:
    """One conversation as the caller sees it."""
    async with call.hub.database.read() as connection:
        return Reply(wire.ConversationData(await view_of(call, connection, conversation_id_of(call))))


@route(
    "POST",
    "/conversations/{conversation_id}/close",
    tag="conversations",
    body=wire.PostClose,
    answer=wire.ConversationData,
    roles=(*OPERATORS, "creator"),
    errors=(ConversationNotFound,),
)
async def close_conversation(call: Call) -> Reply:
    """Closes a conversation for writing; its history stays readable. Creators close the live rooms that they host."""
    return await _set_window(call, "closed", call.body.reason, None)


@route(
    "POST",
    "/conversations/{conversation_id}/open",
    tag="conversations",
    body=wire.PostOpen,
    answer=wire.ConversationData,
    roles=(*OPERATORS, "creator"),
    errors=(ConversationNotFound, RequestInvalid),
)
async def open_conversation(call: Call) -> Reply:
    """Opens a conversation for writing, for ever or until a time. Creators open the live rooms that they host."""
    return await _set_window(call, "open", None, _time("closes_at", call.body.closes_at))


async def _set_window(call: Call, state: str, reason: str | None, closes_at: int | None) -> Reply:
    conversation_id = conversation_id_of(call)
    async with call.hub.database.begin() as tx:
        await check_leads(call, tx, conversation_id)
        await call.hub.conversations.set_window(tx, conversation_id, state=state, reason=reason, closes_at=closes_at)
        return Reply(wire.ConversationData(await view_of(call, tx.connection, conversation_id)))


async def check_leads(call: Call, tx: Tx, conversation_id: str) -> None:
    """Raises unless the caller may open, close and empty this conversation.

    ConversationNotFound also for an operator who takes no part; AccessDenied for members who are no operators, but
    hosts lead their live rooms.
    """
    view, who = await view_of(call, tx.connection, conversation_id), call.identity
    if view.kind in LIVE_KINDS:
        await call.hub.live.check_leads(tx, who.user_id, who.roles, conversation_id)
    else:
        who.require(*OPERATORS)


async def view_of(call: Call, connection: Connection, conversation_id: str) -> Conversation:
    """The conversation as the caller sees it; the platform's service sees all. Raises ConversationNotFound."""
    try:
        return await call.hub.conversations.view(connection, conversation_id, call.identity.user_id)
    except ConversationNotFound:
        if "service" not in call.identity.roles:
            raise
        return await call.hub.conversations.operator_view(connection, conversation_id)


def conversation_id_of(call: Call) -> str:
    """The id in the path. Raises ConversationNotFound for what cannot be one."""
    conversation_id = call.path["conversation_id"]
    if not fields.is_conversation_id(conversation_id):
        raise ConversationNotFound
    return conversation_id


def _time(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise RequestInvalid({"field": field, "reason": f"not an RFC 3339 time: {error}"}) from None
