"""Nobody listens to a conversation that they take no part in, also when the database fails at that moment."""

from sqlalchemy import text

from persistence.engine import Connections
from tests.running import RunningHub


async def test_a_stranger_hears_nothing_when_the_membership_cannot_be_read(hub: RunningHub, database_url: str) -> None:
    conversation_id = await hub.order_chat()
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    await creator.ask("conversation.open", conversation_id=conversation_id)
    await hub.user("stranger")
    await _execute(database_url, "ALTER TABLE conversation_member RENAME COLUMN joined_at TO elsewhere")
    stranger = hub.person("stranger")
    await stranger.client.connect(
        hub.base, auth={"token": stranger.token, "resume": {conversation_id: 0}}, transports=["websocket"]
    )
    await stranger.received("conversation.resync")

    await _execute(database_url, "ALTER TABLE conversation_member RENAME COLUMN elsewhere TO joined_at")
    await fan.send(conversation_id, "between us")
    await creator.received("message.new")
    assert stranger.named("message.new") == []
    inside = {each.user_id for each in hub.hub.services.fanout.sessions(f"conversation:{conversation_id}")}
    assert inside == {"creator"}


async def _execute(url: str, statement: str) -> None:
    connections = Connections(url)
    async with connections.write() as connection:
        await connection.execute(text(statement))
    await connections.close()
