"""What hosts and the platform do with live rooms over HTTP: slow them down, empty them."""

from hub.errors import AccessDenied, ConversationNotFound, RequestInvalid
from hub.gateway import wire
from hub.gateway.bus import CloseRoom
from hub.gateway.rest.conversations import check_leads, conversation_id_of
from hub.gateway.rest.routes import Call, Reply, route
from hub.gateway.rooms import conversation_room


@route(
    "POST",
    "/conversations/{conversation_id}/slow-mode",
    tag="conversations",
    body=wire.PostSlowMode,
    answer=wire.ConversationData,
    errors=(ConversationNotFound, AccessDenied, RequestInvalid),
)
async def set_slow_mode(call: Call) -> Reply:
    """Sets how long a viewer of a live room waits between two messages; 0 is not at all. Hosts never wait."""
    conversation_id, who = conversation_id_of(call), call.identity
    async with call.hub.database.begin() as tx:
        await call.hub.live.set_slow_mode(tx, who.user_id, who.roles, conversation_id, call.body.seconds)
        view = await call.hub.conversations.view(tx.connection, conversation_id, who.user_id)
    return Reply(wire.ConversationData(view))


@route(
    "POST",
    "/conversations/{conversation_id}/evict",
    tag="conversations",
    body=wire.PostEvict,
    answer=wire.Evicted,
    errors=(ConversationNotFound, AccessDenied),
)
async def evict_all(call: Call) -> Reply:
    """Takes everybody out of a conversation's live events; close it first if they should not write again."""
    conversation_id = conversation_id_of(call)
    async with call.hub.database.begin() as tx:
        await check_leads(call, tx, conversation_id)
    call.hub.bus.command(conversation_room(conversation_id), CloseRoom(call.body.reason))
    return Reply(wire.Evicted(evicted=True))
