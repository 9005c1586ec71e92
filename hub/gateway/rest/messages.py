"""Messages over HTTP: send, page, read, and sync."""

from hub.chat.receipts import MoveReceipt, Receipt
from hub.chat.sender import SendMessage, Sent
from hub.errors import (
    ConversationClosed,
    ConversationNotFound,
    MessageConflict,
    RateLimited,
    RequestInvalid,
    RequestTooLarge,
    SlowMode,
)
from hub.gateway import fields, wire
from hub.gateway.envelope import check_text
from hub.gateway.fields import is_user_id
from hub.gateway.handlers import SyncResults
from hub.gateway.ratelimit import SENDS
from hub.gateway.rest.conversations import conversation_id_of
from hub.gateway.rest.routes import Call, Reply, route


class HistoryQuery(wire.Request, frozen=True):
    """A page of messages."""

    before_seq: fields.Seq | None = None
    limit: fields.Limit = 50


class SyncQuery(wire.Request, frozen=True):
    """Cursors as `conversation_id:rev`, separated by commas; or one as `conversation_id` and `rev`."""

    cursors: str | None = None
    conversation_id: fields.ConversationId | None = None
    rev: fields.Rev = 0


@route(
    "PUT",
    "/conversations/{conversation_id}/messages/{client_message_id}",
    tag="conversations",
    body=wire.PutMessage,
    answer=Sent,
    errors=(ConversationNotFound, ConversationClosed, SlowMode, MessageConflict, RequestTooLarge, RateLimited),
)
async def put_message(call: Call) -> Reply:
    """Sends a message; repeating the request gives the stored one back."""
    if not is_user_id(call.path["client_message_id"]):  # the same characters and length
        raise RequestInvalid({"field": "client_message_id", "reason": "1-128 of A-Z a-z 0-9 _ . : @ -"})
    await call.hub.limiter.take(SENDS, call.identity.user_id)
    wish = SendMessage(
        conversation_id=conversation_id_of(call),
        sender_id=call.identity.user_id,
        client_message_id=call.path["client_message_id"],
        body=check_text("body", call.body.body),
        kind=call.body.kind,
        reply_to_seq=call.body.reply_to_seq,
    )
    return Reply(await call.hub.sender.send(wish))


@route(
    "GET",
    "/conversations/{conversation_id}/messages",
    tag="conversations",
    query=HistoryQuery,
    answer=wire.MessagesPage,
    errors=(ConversationNotFound,),
)
async def get_messages(call: Call) -> Reply:
    """A page of messages, oldest first."""
    page, more = await call.hub.changes.history(
        call.identity.user_id, conversation_id_of(call), before_seq=call.query.before_seq, limit=call.query.limit
    )
    return Reply(wire.MessagesPage(page, more))


@route(
    "POST",
    "/conversations/{conversation_id}/read",
    tag="conversations",
    body=wire.PostRead,
    answer=Receipt,
    errors=(ConversationNotFound, RequestInvalid),
)
async def post_read(call: Call) -> Reply:
    """Everything up to `seq` was read by the caller."""
    wish = MoveReceipt(conversation_id_of(call), call.identity.user_id, call.body.seq, "read")
    return Reply(await call.hub.receipts.move(wish))


@route("GET", "/sync", tag="conversations", query=SyncQuery, answer=SyncResults, errors=(ConversationNotFound,))
async def get_sync(call: Call) -> Reply:
    """What changed after each cursor, or a declared reset."""
    return Reply(SyncResults(await call.hub.sync.all_changes(call.identity.user_id, _cursors(call.query))))


def _cursors(query: SyncQuery) -> list[tuple[str, int]]:
    if query.conversation_id is not None:
        return [(query.conversation_id, query.rev)]
    found = []
    for each in filter(None, (query.cursors or "").split(",")):
        conversation_id, _, rev = each.strip().rpartition(":")
        if not fields.is_conversation_id(conversation_id) or not rev.isdecimal() or len(rev) > 9:  # noqa: PLR2004
            raise RequestInvalid({"field": "cursors", "reason": "write conversation_id:rev,conversation_id:rev"})
        found.append((conversation_id, int(rev)))
    if not 1 <= len(found) <= 50:  # noqa: PLR2004  (as conversation.sync)
        raise RequestInvalid({"field": "cursors", "reason": "name 1 to 50 cursors"})
    return found
